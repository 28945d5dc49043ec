//! What a transaction pool answers.

use subxt::rpcs::{Error, UserError};

// Codes of `sc_rpc_api::author`.
const INVALID: i32 = 1010;
const UNKNOWN_VALIDITY: i32 = 1011;
const BANNED: i32 = 1012;
const ALREADY_THERE: i32 = 1013;
const PRIORITY_TOO_LOW: i32 = 1014;
const DROPPED_AT_ONCE: i32 = 1016;
const FUTURE: i32 = 1021;

/// What a pool made of a transaction, as far as it matters what to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
	/// It is in the pool.
	Taken,
	/// The node did not answer: it may be in the pool or not.
	Silence,
	/// Another transaction with this nonce is in the pool, and no worse, or in a block already.
	NonceTaken,
	/// The pool is full of transactions that pay more.
	NoRoom,
	/// It cannot be judged or taken just now.
	NotNow,
	/// The account cannot pay the fee.
	Unpayable,
	/// It is not valid, for this reason.
	Invalid(String),
}

impl Answer {
	/// Whether the transaction surely is in no pool.
	pub fn is_refusal(&self) -> bool {
		!matches!(self, Answer::Taken | Answer::Silence)
	}
}

impl From<&Error> for Answer {
	fn from(error: &Error) -> Self {
		match error {
			Error::User(refusal) => refusal.into(),
			_ => Answer::Silence,
		}
	}
}

impl From<&UserError> for Answer {
	fn from(refusal: &UserError) -> Self {
		match refusal.code {
			INVALID => invalid(&reason(refusal)),
			ALREADY_THERE => Answer::Taken,
			PRIORITY_TOO_LOW => Answer::NonceTaken,
			DROPPED_AT_ONCE => Answer::NoRoom,
			UNKNOWN_VALIDITY | BANNED | FUTURE => Answer::NotNow,
			_ => Answer::Invalid(reason(refusal)),
		}
	}
}

/// The sentences are those of `sp_runtime::transaction_validity::InvalidTransaction`.
fn invalid(reason: &str) -> Answer {
	if reason.contains("Inability to pay") {
		Answer::Unpayable
	} else if reason.contains("is outdated") {
		Answer::NonceTaken
	} else if reason.contains("would exhaust") {
		Answer::NotNow
	} else {
		Answer::Invalid(reason.into())
	}
}

/// What the node says: the explanation, where there is one.
fn reason(refusal: &UserError) -> String {
	let text = |raw: &serde_json::value::RawValue| serde_json::from_str(raw.get()).ok();
	refusal.data.as_deref().and_then(text).unwrap_or_else(|| refusal.message.clone())
}

#[cfg(test)]
mod tests {
	use sp_runtime::transaction_validity::InvalidTransaction;

	use super::*;

	fn answer(code: i32, data: Option<&str>) -> Answer {
		let data = data.map(|text| serde_json::value::to_raw_value(text).unwrap());
		(&UserError { code, message: "a message".into(), data }).into()
	}

	fn answer_to(invalid: InvalidTransaction) -> Answer {
		answer(INVALID, Some(invalid.into()))
	}

	#[test]
	fn refusals_are_told_apart_by_the_sentences_of_the_sdk() {
		assert_eq!(answer_to(InvalidTransaction::Payment), Answer::Unpayable);
		assert_eq!(answer_to(InvalidTransaction::Stale), Answer::NonceTaken);
		assert_eq!(answer_to(InvalidTransaction::ExhaustsResources), Answer::NotNow);
		let Answer::Invalid(reason) = answer_to(InvalidTransaction::BadProof) else {
			panic!("a bad signature is invalid")
		};
		assert!(reason.contains("bad signature"), "{reason}");
	}

	#[test]
	fn a_pool_that_has_the_transaction_has_taken_it() {
		assert_eq!(answer(ALREADY_THERE, None), Answer::Taken);
		assert!(!Answer::Taken.is_refusal());
	}

	#[test]
	fn a_lost_connection_leaves_open_whether_the_pool_has_it() {
		let error = Error::Client("the connection was closed".into());
		assert_eq!(Answer::from(&error), Answer::Silence);
		assert!(!Answer::Silence.is_refusal());
	}

	#[test]
	fn an_unknown_refusal_tells_its_message() {
		assert_eq!(answer(-32602, None), Answer::Invalid("a message".into()));
	}
}
