//! Why a unit cannot be computed.

use cairn_primitives::{Hash, StageIndex, StepIndex};

use crate::{data::DatasetError, StageError};

/// Why a unit cannot be computed. That a lane breaks is none of these: see [`super::End`].
#[derive(Debug, thiserror::Error)]
pub enum UnitError {
	/// An attestation does not name the inner state that a window begins with, so that no such unit can be audited.
	#[error("the spec carries the inner optimizer's state across windows, which units cannot")]
	CarriedState,
	/// The trainer, the weights or the momenta are not of this stage.
	#[error(
		"what was given is not of stage {0}: trainer, weights and outer momenta must be its own"
	)]
	OtherStage(StageIndex),
	/// The first stage reads tokens, the last what is to be predicted.
	#[error("stage {0} needs the dataset")]
	NoDataset(StageIndex),
	/// The dataset is not the spec's.
	#[error("the spec names dataset {expected:?}, this one is {found:?}")]
	WrongDataset {
		/// Of the spec.
		expected: Hash,
		/// As given.
		found: Hash,
	},
	/// The dataset is damaged, or too small.
	#[error(transparent)]
	Dataset(#[from] DatasetError),
	/// The lane goes back further than it said.
	#[error("{settled} steps are settled, but the lane said that there were more: after {computed} steps, no state is kept from so far back")]
	TooFarBack {
		/// Steps that are settled.
		settled: StepIndex,
		/// Steps that were done.
		computed: StepIndex,
	},
	/// The stage failed.
	#[error(transparent)]
	Stage(#[from] StageError),
}
