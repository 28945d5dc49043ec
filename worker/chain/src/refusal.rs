//! Why the chain refused a call, by name.

use subxt::{
	error::{DispatchError, ModuleError, TokenError},
	ArcMetadata,
};
use thiserror::Error;

/// The chain executed a call and refused it. The fee is spent, nothing else changed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{name}: {explanation}")]
pub struct Refusal {
	/// The error's name as wallets show it, such as `shards.NotIn`.
	pub name: String,
	/// What the runtime's documentation says about it: what is wrong, and what to do.
	pub explanation: String,
}

impl Refusal {
	/// Whether it is this error, such as `shards.NotIn`.
	pub fn is(&self, name: &str) -> bool {
		self.name == name
	}

	/// Reads a dispatch error as it is in the event `ExtrinsicFailed`.
	pub(crate) fn decode(bytes: &[u8], metadata: ArcMetadata) -> Self {
		match DispatchError::decode_from(bytes, metadata) {
			Ok(DispatchError::Module(error)) => of_module(&error),
			Ok(DispatchError::Token(error)) => of_token(&error),
			Ok(DispatchError::BadOrigin) => Self::new(
				"BadOrigin",
				"The signer may not do this: it takes governance, or another account.",
			),
			Ok(other) => Self::new(variant(&other), other),
			Err(error) => Self::new("Unknown", format!("The error cannot be read: {error}.")),
		}
	}

	fn new(name: impl Into<String>, explanation: impl ToString) -> Self {
		Self { name: name.into(), explanation: explanation.to_string() }
	}
}

fn of_module(error: &ModuleError) -> Refusal {
	let Ok(details) = error.details() else { return Refusal::new("Unknown", error) };
	let name = format!("{}.{}", lower_first(details.pallet.name()), details.variant.name);
	let mut explanation = details.variant.docs.join(" ").trim().to_string();
	// What an error holds, such as a stage or the error of a spec, is in the bytes behind its two indices.
	if !details.variant.fields.is_empty() {
		explanation += &format!(" (Details: {:?}.)", &error.bytes()[2..]);
	}
	Refusal { name, explanation }
}

fn of_token(error: &TokenError) -> Refusal {
	let name = format!("token.{error:?}");
	match error {
		TokenError::FundsUnavailable => Refusal::new(
			name,
			"The account has less than that, or it must keep the existential deposit. Send it some \
			 money.",
		),
		TokenError::Frozen => Refusal::new(name, "The funds are on hold or frozen."),
		other => Refusal::new(name, other),
	}
}

/// The name of a variant without what it holds.
fn variant(error: &DispatchError) -> String {
	let text = format!("{error:?}");
	text.split(['(', ' ']).next().unwrap_or_default().to_string()
}

/// Pallets are written as wallets write them.
fn lower_first(name: &str) -> String {
	let mut letters = name.chars();
	letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn pallets_are_named_as_in_wallets() {
		assert_eq!(lower_first("TransactionPayment"), "transactionPayment");
		assert_eq!(lower_first(""), "");
	}

	#[test]
	fn variants_are_named_without_what_they_hold() {
		assert_eq!(variant(&DispatchError::RootNotAllowed), "RootNotAllowed");
		let nested = DispatchError::Arithmetic(subxt::error::ArithmeticError::Overflow);
		assert_eq!(variant(&nested), "Arithmetic");
	}
}
