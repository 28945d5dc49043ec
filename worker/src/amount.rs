//! Amounts of money and of shares, to the last unit.

use std::{fmt, str::FromStr};

use cairn_primitives::Balance;
use serde::{Serialize, Serializer};
use thiserror::Error;

/// Decimal places of CRN and of shares.
const DECIMALS: usize = 12;
/// Smallest units of one CRN, or of one share.
const ONE: Balance = 1_000_000_000_000;

/// An amount of money: `12.5 CRN`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Crn(pub Balance);

/// An amount of shares: `12.5 shares`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shares(pub Balance);

/// Why a text is no amount.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AmountError {
	/// It is not spelt as one.
	#[error("`{text}` is no amount of CRN: write it like 100 or 0.25")]
	NotANumber {
		/// The text.
		text: String,
	},
	/// It is finer than the chain counts.
	#[error("`{text}` is finer than the chain counts: CRN have 12 decimals")]
	TooFine {
		/// The text.
		text: String,
	},
	/// It is more than there can be.
	#[error("`{text}` is more CRN than the chain can count")]
	TooLarge {
		/// The text.
		text: String,
	},
}

impl FromStr for Crn {
	type Err = AmountError;

	fn from_str(text: &str) -> Result<Self, AmountError> {
		let number = text.trim().strip_suffix("CRN").unwrap_or(text).trim();
		let (whole, part) = number.split_once('.').unwrap_or((number, "0"));
		let are_digits =
			|digits: &str| !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
		if !are_digits(whole) || !are_digits(part) {
			return Err(AmountError::NotANumber { text: text.into() });
		}
		let part = part.trim_end_matches('0');
		if part.len() > DECIMALS {
			return Err(AmountError::TooFine { text: text.into() });
		}
		let too_large = || AmountError::TooLarge { text: text.into() };
		let whole: Balance = whole.parse().map_err(|_| too_large())?;
		// Twelve digits at most.
		let part: Balance = format!("{part:0<DECIMALS$}").parse().map_err(|_| too_large())?;
		let all = whole.checked_mul(ONE).and_then(|whole| whole.checked_add(part));
		all.map(Crn).ok_or_else(too_large)
	}
}

impl fmt::Display for Crn {
	fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
		formatter.pad(&format!("{} CRN", decimal(self.0)))
	}
}

impl fmt::Display for Shares {
	fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
		formatter.pad(&format!("{} shares", decimal(self.0)))
	}
}

/// In JSON an amount is text: what reads numbers as floats would lose units.
impl Serialize for Crn {
	fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
		serializer.serialize_str(&decimal(self.0))
	}
}

impl Serialize for Shares {
	fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
		serializer.serialize_str(&decimal(self.0))
	}
}

/// With as many decimals as it takes.
fn decimal(amount: Balance) -> String {
	let (whole, part) = (amount / ONE, amount % ONE);
	let part = format!("{part:0DECIMALS$}");
	match part.trim_end_matches('0') {
		"" => whole.to_string(),
		part => format!("{whole}.{part}"),
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn amounts_are_exact_and_read_as_they_are_shown() {
		for (text, units) in [
			("0", 0),
			("1", ONE),
			("12.5", 12_500_000_000_000),
			("0.000000000001", 1),
			("3.10", 3_100_000_000_000),
			("2 CRN", 2 * ONE),
			("340282366920938463463374607.431768211455", Balance::MAX),
		] {
			let amount: Crn = text.parse().unwrap();
			assert_eq!(amount, Crn(units), "{text}");
			assert_eq!(amount.to_string().parse(), Ok(amount));
		}
		assert_eq!(Crn(12_500_000_000_000).to_string(), "12.5 CRN");
		assert_eq!(serde_json::to_string(&Shares(1)).unwrap(), "\"0.000000000001\"");
	}

	#[test]
	fn what_is_no_amount_is_refused_with_the_reason() {
		let refused = |text: &str| text.parse::<Crn>().unwrap_err();
		for text in ["", "-1", "1e3", "1.", ".5", "1,5", "1.2.3", "CRN", "ten", "+1"] {
			assert!(matches!(refused(text), AmountError::NotANumber { .. }), "{text}");
		}
		assert!(matches!(refused("0.0000000000001"), AmountError::TooFine { .. }));
		for text in ["340282366920938463463374607.431768211456", &"9".repeat(40)] {
			assert!(matches!(refused(text), AmountError::TooLarge { .. }), "{text}");
		}
	}
}
