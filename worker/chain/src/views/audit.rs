//! Audits and challenges.

use cairn_primitives::{Balance, BlockNumber, Hash, LaneIndex, ModelId, UnitId, WindowIndex};
use subxt::utils::{AccountId32, Static};

use super::{from_chain, to_chain, State, ViewError};
use crate::{
	api::{self, runtime_types::pallet_contributions::types},
	AccountId,
};

/// What an auditor has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditTask {
	/// The unit to re-execute.
	pub unit: UnitId,
	/// The last block in which it can be answered.
	pub deadline: BlockNumber,
}

/// An audit that is not over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audit {
	/// Who was asked before.
	pub tried: Vec<AccountId>,
	/// How many of them could not fetch the inputs.
	pub unavailable: u8,
	/// How far it is.
	pub state: AuditState,
}

/// How far an audit is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuditState {
	/// The next auditor is drawn from randomness that nobody knows yet.
	Drawing {
		/// The block whose randomness decides.
		seed_at: BlockNumber,
	},
	/// An auditor is at work.
	Assigned {
		/// Who it is.
		auditor: AccountId,
		/// The last block in which it can answer.
		deadline: BlockNumber,
	},
	/// An auditor approved the unit.
	Answered {
		/// Who it is.
		auditor: AccountId,
		/// What it answered: the unit's worker sees by it whether the work was done.
		root: Hash,
		/// The first block in which it can become final.
		due: BlockNumber,
	},
	/// An auditor came to another result, and a game decides.
	Accused {
		/// Who it is.
		auditor: AccountId,
	},
}

impl State {
	/// The units that a provider has to re-execute, the most urgent first.
	pub async fn audit_tasks(&self, provider: &AccountId) -> Result<Vec<AuditTask>, ViewError> {
		let asked = api::view_functions().contributions().audit_tasks(to_chain(provider));
		let task =
			|task: types::AuditTask| AuditTask { unit: task.unit.0, deadline: task.deadline };
		Ok(self.view(asked).await?.into_iter().map(task).collect())
	}

	/// The audit of a unit that is not over.
	pub async fn audit(&self, unit: UnitId) -> Result<Option<Audit>, ViewError> {
		let asked = api::storage().contributions().audits();
		Ok(self.read(asked, (Static(unit),)).await?.map(Audit::from))
	}

	/// What a challenge of a unit has to put up now.
	pub async fn challenge_bond(&self, unit: UnitId) -> Result<Option<Balance>, ViewError> {
		self.view(api::view_functions().contributions().challenge_bond(Static(unit))).await
	}

	/// What a suspicion of a lane has to put up, if there is anything left to audit.
	pub async fn suspicion_bond(
		&self,
		model: ModelId,
		window: WindowIndex,
		lane: LaneIndex,
	) -> Result<Option<Balance>, ViewError> {
		self.view(api::view_functions().contributions().suspicion_bond(model, window, lane)).await
	}
}

impl From<types::Audit<AccountId32>> for Audit {
	fn from(audit: types::Audit<AccountId32>) -> Self {
		Self {
			tried: audit.tried.into_iter().map(from_chain).collect(),
			unavailable: audit.unavailable,
			state: audit.state.into(),
		}
	}
}

impl From<types::AuditState<AccountId32>> for AuditState {
	fn from(state: types::AuditState<AccountId32>) -> Self {
		match state {
			types::AuditState::Drawing { seed_at } => AuditState::Drawing { seed_at },
			types::AuditState::Assigned { auditor, deadline } => {
				AuditState::Assigned { auditor: from_chain(auditor), deadline }
			},
			types::AuditState::Answered { auditor, root, due, .. } => {
				AuditState::Answered { auditor: from_chain(auditor), root, due }
			},
			types::AuditState::Accused { auditor } => {
				AuditState::Accused { auditor: from_chain(auditor) }
			},
		}
	}
}
