//! Pallet `contributions`: what workers commit to, and what auditors answer.

use cairn_primitives::{
	signing::Edge, Attestation, EdgeReceipt, Hash, LaneIndex, ModelId, StageIndex, StepIndex,
	UnitId, Verdict, WindowIndex,
};
use subxt::utils::Static;

use super::Call;
use crate::{api, views::to_chain, AccountId};

/// Commit to the work of the running window. The worker of the lane's seat.
pub fn attest(attestation: Attestation<AccountId>) -> Call {
	api::tx().contributions().attest(Static(attestation)).into()
}

/// Draw which units of a closed window's stage are audited. Anybody; the last stage comes first.
pub fn draw_lots(model: ModelId, window: WindowIndex, stage: StageIndex) -> Call {
	api::tx().contributions().draw_lots(model, window, stage).into()
}

/// Draw an auditor for a unit that has none, or whose auditor is silent. Anybody.
pub fn redraw_audit(unit: UnitId) -> Call {
	api::tx().contributions().redraw_audit(Static(unit)).into()
}

/// Answer an audit. The auditor's worker.
pub fn verdict(unit: UnitId, verdict: Verdict) -> Call {
	api::tx().contributions().verdict(Static(unit), Static(verdict)).into()
}

/// Answer an audit: the inputs cannot be fetched. The auditor's worker.
pub fn report_unavailable(unit: UnitId) -> Call {
	api::tx().contributions().report_unavailable(Static(unit)).into()
}

/// Show by a unit's checkpoint leaves that its auditor approved it without the work. The unit's worker.
pub fn expose_audit(unit: UnitId, leaves: Vec<Hash>) -> Call {
	api::tx().contributions().expose_audit(Static(unit), leaves).into()
}

/// Vouch with a bond that a lane of a closed window is wrong. A worker at the model.
pub fn suspect(model: ModelId, window: WindowIndex, lane: LaneIndex) -> Call {
	api::tx().contributions().suspect(model, window, lane).into()
}

/// Return or take the bond of a suspicion. Anybody.
pub fn settle_suspicion(model: ModelId, window: WindowIndex, lane: LaneIndex) -> Call {
	api::tx().contributions().settle_suspicion(model, window, lane).into()
}

/// Dispute a unit that was re-executed to other checkpoints. A worker entitled to the stage.
pub fn challenge(unit: UnitId, checkpoints: Hash) -> Call {
	api::tx().contributions().challenge(Static(unit), checkpoints).into()
}

/// Prove that the merge which a window's stage started from is wrong. Anybody.
pub fn refute_merge(
	model: ModelId,
	window: WindowIndex,
	stage: StageIndex,
	evidence: Vec<u8>,
) -> Call {
	api::tx().contributions().refute_merge(model, window, stage, evidence).into()
}

/// Prove that a provider signed two roots for one edge and step. Anybody.
pub fn report_equivocation(
	provider: &AccountId,
	edge: Edge,
	steps: StepIndex,
	first: EdgeReceipt,
	second: EdgeReceipt,
) -> Call {
	let (first, second) = (Static(first), Static(second));
	api::tx()
		.contributions()
		.report_equivocation(to_chain(provider), Static(edge), steps, first, second)
		.into()
}

/// Prove that two neighbours attested roots of their edge that do not continue each other. Anybody.
pub fn report_fork(edge: Edge, previous: Hash, steps: Vec<Hash>) -> Call {
	api::tx().contributions().report_fork(Static(edge), previous, steps).into()
}

/// Finalise a unit and its audit. Anybody.
pub fn finalise(unit: UnitId) -> Call {
	api::tx().contributions().finalise(Static(unit)).into()
}

/// Remove what is left of a stage's window. Anybody.
pub fn prune(model: ModelId, window: WindowIndex, stage: StageIndex) -> Call {
	api::tx().contributions().prune(model, window, stage).into()
}
