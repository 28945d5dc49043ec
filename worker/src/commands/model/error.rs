//! Why a model cannot be proposed, opened or shown.

use std::path::PathBuf;

use cairn_chain::AccountId;
use cairn_primitives::{spec::SpecError, DatasetId, ModelId};
use thiserror::Error;

/// Why a model cannot be proposed, opened or shown.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ModelError {
	/// The spec is not valid.
	#[error("{} is not valid ({error:?}): {error}.", path.display())]
	InvalidSpec {
		/// Its file.
		path: PathBuf,
		/// What is wrong, and what to change.
		error: SpecError,
	},
	/// The terms are not valid.
	#[error("The terms are not valid ({name}): {reason}.")]
	InvalidTerms {
		/// The error's name on chain.
		name: String,
		/// What is wrong, and what to change.
		reason: &'static str,
	},
	/// Nobody has registered the dataset.
	#[error(
		"Nobody has registered the dataset {root:?} that the spec names. Register it with `cairn-worker dataset \
		 register FOLDER`, or name another one."
	)]
	UnknownDataset {
		/// Its root.
		root: DatasetId,
	},
	/// There is no such model.
	#[error("There is no model {model}. `cairn-worker model list` shows those that there are.")]
	UnknownModel {
		/// Its number.
		model: ModelId,
	},
	/// A fork has other shapes than its parent.
	#[error(
		"A fork keeps the stages and the architecture of its parent. Copy both from the spec of model {parent} \
		 (`cairn-worker model show {parent} --json`)."
	)]
	ForkDoesNotContinue {
		/// The parent.
		parent: ModelId,
	},
	/// A fork would give away what its parent protects.
	#[error("Model {parent} is sealed, and so must be its forks. Set \"access\" to \"Sealed\".")]
	ForkUnseals {
		/// The parent.
		parent: ModelId,
	},
	/// A fork asks less of its own forks than its parent does.
	#[error("A fork asks at least its parent's royalty of its own forks. Set --royalty to {least} or more.")]
	RoyaltyBelowParent {
		/// The parent's, in percent.
		least: String,
	},
	/// The metadata is longer than the chain stores.
	#[error("The metadata has {given} bytes, and the chain takes {most}. Shorten it, or give an address where more is said.")]
	MetadataTooLong {
		/// How many.
		given: usize,
		/// At most.
		most: usize,
	},
	/// Nobody said yes.
	#[error("Nobody can be asked here. Look at what is said above, and add --yes.")]
	NobodyToAsk,
	/// Somebody said no.
	#[error("Nothing was proposed.")]
	Declined,
	/// Somebody else decides about the model.
	#[error("Only {researcher} may open model {model}. Sign with its key (--provider-key).")]
	NotResearcher {
		/// Who may.
		researcher: AccountId,
		/// The model.
		model: ModelId,
	},
	/// The model is open.
	#[error("Model {model} is {status}: only proposed models are opened.")]
	NotProposed {
		/// The model.
		model: ModelId,
		/// What it is.
		status: &'static str,
	},
}
