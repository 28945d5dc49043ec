//! Attested work.

use cairn_primitives::{
	attestation::NonNegative, dispute::Merged, BlockNumber, Hash, LaneIndex, ModelId, Outcome,
	Points, StageIndex, UnitId, WindowIndex,
};
use sp_core::sr25519;
use subxt::utils::{AccountId32, Static};

use super::{from_chain, State, ViewError};
use crate::{
	api::{self, runtime_types::pallet_contributions::types},
	AccountId,
};

/// An attested unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
	/// Who did it.
	pub provider: AccountId,
	/// The worker key that attested it.
	pub worker: sr25519::Public,
	/// Root of the shard that it started from.
	pub shard_before: Hash,
	/// How it ended.
	pub outcome: Outcome,
	/// Running root of the upstream edge.
	pub upstream: Option<Hash>,
	/// Running root of the downstream edge.
	pub downstream: Option<Hash>,
	/// Root of everything attested about the result.
	pub result: Hash,
	/// Composed root of its checkpoints.
	pub checkpoints: Hash,
	/// Root of the coded difference.
	pub difference: Hash,
	/// Norm of the difference.
	pub norm: NonNegative,
	/// Training loss; at the last stage.
	pub loss: Option<NonNegative>,
	/// Held-out loss; at the last stage of gate windows.
	pub held_out: Option<NonNegative>,
	/// What it is worth.
	pub points: Points,
	/// The first block in which it can become final.
	pub due: BlockNumber,
	/// Whether it is part of the merge.
	pub in_merge: bool,
	/// What the lots and the auditors made of it.
	pub check: Check,
	/// Whether its fate is decided.
	pub phase: UnitPhase,
}

/// What the lots and the auditors made of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
	/// The lots of its stage are not drawn.
	Waiting,
	/// The lot did not fall on it.
	Spared,
	/// It is being audited.
	Open,
	/// An auditor came to the same result.
	Approved,
	/// Nobody could audit it.
	NoAuditor,
}

/// Whether a unit's fate is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnitPhase {
	/// Its points are in escrow.
	Pending,
	/// Its points minted shares.
	Final,
	/// It earned nothing.
	Void(VoidReason),
}

/// Why work earned nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VoidReason {
	/// It was refuted.
	Refuted,
	/// Fewer than half of the seats attested in its window.
	Window,
	/// It did not start from the shard that its stage agreed on.
	Minority,
	/// Its provider was found at fault in the same model before it was final.
	Forfeited,
	/// An audit: its answer was exposed, or the unit that it approved was refuted.
	Audit,
}

/// Whether the audits of a stage are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lots {
	/// Not yet.
	Waiting,
	/// In this block.
	Drawn(BlockNumber),
	/// Never: the window is void.
	Void,
}

impl State {
	/// An attested unit, until it is pruned.
	pub async fn unit(&self, unit: UnitId) -> Result<Option<Unit>, ViewError> {
		let found = self.view(api::view_functions().contributions().unit(Static(unit))).await?;
		Ok(found.map(Unit::from))
	}

	/// What the merge after a window takes in at a stage, lanes ascending.
	pub async fn merge_set(
		&self,
		model: ModelId,
		window: WindowIndex,
		stage: StageIndex,
	) -> Result<Vec<Merged>, ViewError> {
		let asked = api::view_functions().contributions().merge_set(model, window, stage);
		Ok(self.view(asked).await?.into_iter().map(|member| member.0).collect())
	}

	/// The root that a stage started a window from: that of most of its units, unless it was refuted.
	pub async fn majority_root(
		&self,
		model: ModelId,
		window: WindowIndex,
		stage: StageIndex,
	) -> Result<Option<Hash>, ViewError> {
		self.view(api::view_functions().contributions().majority_root(model, window, stage)).await
	}

	/// Whether the audits of a stage of a window are drawn; none if nothing was attested there, or it is pruned.
	pub async fn lots(
		&self,
		model: ModelId,
		window: WindowIndex,
		stage: StageIndex,
	) -> Result<Option<Lots>, ViewError> {
		let asked = api::storage().contributions().stages();
		let row = self.read(asked, (model, window, stage)).await?;
		// Where there is no row, the default of the storage is read.
		Ok(row.filter(|row| row.lanes != 0).map(|row| row.lots.into()))
	}

	/// The lanes of a window of which all units are audited because of a suspicion.
	pub async fn suspected(
		&self,
		model: ModelId,
		window: WindowIndex,
	) -> Result<Vec<LaneIndex>, ViewError> {
		let row = self.read(api::storage().contributions().windows(), (model, window)).await?;
		let bits = row.map_or(0, |row| row.suspected);
		Ok((0..16).filter(|lane| bits >> lane & 1 == 1).collect())
	}
}

impl From<types::Unit<AccountId32>> for Unit {
	fn from(unit: types::Unit<AccountId32>) -> Self {
		Self {
			provider: from_chain(unit.provider),
			worker: unit.worker.into(),
			shard_before: unit.shard_before,
			outcome: unit.outcome.0,
			upstream: unit.upstream,
			downstream: unit.downstream,
			result: unit.result,
			checkpoints: unit.checkpoints,
			difference: unit.difference,
			norm: unit.norm.0,
			loss: unit.loss.map(|loss| loss.0),
			held_out: unit.held_out.map(|loss| loss.0),
			points: unit.points,
			due: unit.due,
			in_merge: unit.in_merge,
			check: unit.check.into(),
			phase: unit.phase.into(),
		}
	}
}

impl From<types::Check> for Check {
	fn from(check: types::Check) -> Self {
		match check {
			types::Check::Waiting => Check::Waiting,
			types::Check::Spared => Check::Spared,
			types::Check::Open => Check::Open,
			types::Check::Approved => Check::Approved,
			types::Check::NoAuditor => Check::NoAuditor,
		}
	}
}

impl From<types::Phase> for UnitPhase {
	fn from(phase: types::Phase) -> Self {
		match phase {
			types::Phase::Pending => UnitPhase::Pending,
			types::Phase::Final => UnitPhase::Final,
			types::Phase::Void(reason) => UnitPhase::Void(reason.into()),
		}
	}
}

impl From<types::VoidReason> for VoidReason {
	fn from(reason: types::VoidReason) -> Self {
		match reason {
			types::VoidReason::Refuted => VoidReason::Refuted,
			types::VoidReason::Window => VoidReason::Window,
			types::VoidReason::Minority => VoidReason::Minority,
			types::VoidReason::Forfeited => VoidReason::Forfeited,
			types::VoidReason::Audit => VoidReason::Audit,
		}
	}
}

impl From<types::Lots> for Lots {
	fn from(lots: types::Lots) -> Self {
		match lots {
			types::Lots::Waiting => Lots::Waiting,
			types::Lots::Drawn(block) => Lots::Drawn(block),
			types::Lots::Void => Lots::Void,
		}
	}
}
