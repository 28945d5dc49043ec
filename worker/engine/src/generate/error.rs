//! What can go wrong while a model generates.

use cairn_primitives::StageIndex;

use crate::StageError;

/// Why a stage could not go on with its sequences. They stand where they stood before.
#[derive(Debug, thiserror::Error)]
pub enum GenerateError {
	/// There is no such stage.
	#[error("the model has no stage {0}")]
	NoStage(StageIndex),
	/// A token is not of the vocabulary.
	#[error(
		"token {token} is beyond the vocabulary of {vocabulary}: the tokenizer is not the model's"
	)]
	TokenOutOfRange {
		/// The token.
		token: u32,
		/// Tokens that there are.
		vocabulary: u32,
	},
	/// A sequence would become longer than the model can tell positions apart.
	#[error("a sequence of {tokens} tokens does not fit the model's context of {context}: shorten the prompt, or ask for fewer tokens")]
	TooLong {
		/// Tokens that it would have.
		tokens: usize,
		/// Tokens that it can have.
		context: u32,
	},
	/// A sequence is given no token.
	#[error("a sequence needs at least one token to go on from: the prompt is empty")]
	NoTokens,
	/// What came from the stage before does not have the size of the tokens, or comes where tokens should.
	#[error("the stage was given {found} numbers where {expected} belong to the tokens")]
	WrongInput {
		/// As the tokens ask for.
		expected: usize,
		/// As given.
		found: usize,
	},
	/// The weights overflow.
	#[error("the model yields numbers that are not finite: its weights are damaged, or its training has diverged")]
	NotFinite,
	/// The settings mean nothing.
	#[error("{0}")]
	BadSampling(&'static str),
	/// There is no memory for the weights.
	#[error(transparent)]
	Stage(#[from] StageError),
	/// The tensor library failed, for lack of memory mostly.
	#[error("the tensor library failed: {0}")]
	Tensor(#[from] candle_core::Error),
}
