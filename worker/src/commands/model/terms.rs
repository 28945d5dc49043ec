//! Terms, in percent.

use std::str::FromStr;

use cairn_primitives::{terms::TermsError, Terms};
use clap::Args;
use sp_runtime::Permill;
use thiserror::Error;

use super::ModelError;

/// Millionths of one percent.
const PERCENT: u32 = 10_000;

/// A part of a whole, in percent with up to four decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Percent(pub Permill);

/// Why a text is no percentage.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{text}` is no percentage: write a number from 0 to 100 with up to four decimals, such as 12.5")]
pub struct NoPercent {
	text: String,
}

impl FromStr for Percent {
	type Err = NoPercent;

	fn from_str(text: &str) -> Result<Self, NoPercent> {
		let wrong = || NoPercent { text: text.into() };
		let number = text.trim_end_matches('%');
		let (whole, part) = number.split_once('.').unwrap_or((number, "0"));
		let are_digits =
			|digits: &str| !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
		if !are_digits(whole) || !are_digits(part) || part.len() > 4 {
			return Err(wrong());
		}
		let whole: u32 = whole.parse().map_err(|_| wrong())?;
		let part: u32 = format!("{part:0<4}").parse().map_err(|_| wrong())?;
		let parts = whole.checked_mul(PERCENT).and_then(|whole| whole.checked_add(part));
		match parts {
			Some(parts) if parts <= Permill::one().deconstruct() => {
				Ok(Self(Permill::from_parts(parts)))
			},
			_ => Err(wrong()),
		}
	}
}

/// As people write it: `12.5 %`.
pub fn percent(part: Permill) -> String {
	let parts = part.deconstruct();
	let text = format!("{}.{:04}", parts / PERCENT, parts % PERCENT);
	format!("{} %", text.trim_end_matches('0').trim_end_matches('.'))
}

/// How shares and revenue of a model are split, for ever.
#[derive(Args, Clone, Copy, Debug)]
#[command(next_help_heading = "Terms, in percent")]
pub struct TermsArguments {
	/// Of each mint, for the owner of the dataset.
	#[arg(long, value_name = "PERCENT", default_value = "5")]
	data_part: Percent,
	/// Of each mint, for you.
	#[arg(long, value_name = "PERCENT", default_value = "10")]
	researcher_part: Percent,
	/// Of each mint, for the treasury. What is left goes to those who compute: at least half.
	#[arg(long, value_name = "PERCENT", default_value = "5")]
	treasury_part: Percent,
	/// Of a fork's revenue, for this model's holders.
	#[arg(long, value_name = "PERCENT", default_value = "10")]
	royalty: Percent,
	/// Of what clients pay, for the seats that serve; the rest is revenue of the holders.
	#[arg(long, value_name = "PERCENT", default_value = "30")]
	serving_fee: Percent,
}

impl TermsArguments {
	/// The terms, if the chain takes them.
	pub fn terms(&self) -> Result<Terms, ModelError> {
		let terms = Terms {
			data: self.data_part.0,
			researcher: self.researcher_part.0,
			treasury: self.treasury_part.0,
			royalty: self.royalty.0,
			serving_fee: self.serving_fee.0,
		};
		terms.validate().map_err(|error| ModelError::InvalidTerms {
			name: format!("{error:?}"),
			reason: match error {
				TermsError::ComputeBelowHalf => {
					"--data-part, --researcher-part and --treasury-part must be 50 together at most"
				},
				TermsError::RoyaltyTooHigh => "--royalty must be 50 at most",
				TermsError::ServingFeeTooHigh => "--serving-fee must be 50 at most",
			},
		})?;
		Ok(terms)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn percentages_are_exact() {
		for (text, parts, shown) in [
			("0", 0, "0 %"),
			("12.5", 125_000, "12.5 %"),
			("100", 1_000_000, "100 %"),
			("0.0001%", 1, "0.0001 %"),
			("30.00", 300_000, "30 %"),
		] {
			let Percent(part) = text.parse().unwrap();
			assert_eq!((part.deconstruct(), percent(part).as_str()), (parts, shown));
		}
		for text in ["", "-1", "100.0001", "101", "0.00001", "1e1", "4294967296", "."] {
			assert!(text.parse::<Percent>().is_err(), "{text}");
		}
	}
}
