//! Which old windows something may still be asked for of: what a unit was computed from is kept until the unit is final if a lot fell on
//! it or anybody disputes it, by its worker and by both of its neighbours.

use std::collections::BTreeSet;

use cairn_chain::{
	views::{Check, Lots, State, UnitPhase},
	AccountId, ViewError,
};
use cairn_primitives::{StageIndex, UnitId, WindowIndex};

use super::desk::Desk;

/// Those of some windows of which something may still be asked for, and all of which this worker needs something itself.
pub async fn needed(
	state: &State,
	desk: &Desk,
	provider: &AccountId,
	windows: &BTreeSet<WindowIndex>,
) -> Result<BTreeSet<WindowIndex>, ViewError> {
	let games = state.games(provider).await?.into_iter().map(|game| game.unit);
	let audits = state.audit_tasks(provider).await?.into_iter().map(|task| task.unit);
	let mut needed: BTreeSet<_> = games
		.chain(audits)
		.filter(|unit| unit.model == desk.model)
		.map(|unit| unit.window)
		.collect();
	for own in desk.units() {
		if !windows.contains(&own.window) || needed.contains(&own.window) {
			continue;
		}
		for unit in with_neighbours(own, |stage| desk.spec.has_stage(stage)) {
			if is_asked_for(state, unit).await? {
				needed.insert(own.window);
				break;
			}
		}
	}
	Ok(needed)
}

/// A unit, and those whose edges it shares.
fn with_neighbours(
	own: UnitId,
	has_stage: impl Fn(StageIndex) -> bool,
) -> impl Iterator<Item = UnitId> {
	let stages = [Some(own.stage), own.stage.checked_sub(1), own.stage.checked_add(1)];
	let stages = stages.into_iter().flatten().filter(move |stage| has_stage(*stage));
	stages.map(move |stage| UnitId { stage, ..own })
}

async fn is_asked_for(state: &State, id: UnitId) -> Result<bool, ViewError> {
	let Some(unit) = state.unit(id).await? else { return Ok(false) };
	if unit.phase != UnitPhase::Pending {
		return Ok(false);
	}
	Ok(match unit.check {
		Check::Open | Check::Approved | Check::NoAuditor => true,
		Check::Waiting => {
			// A void window draws none.
			state.lots(id.model, id.window, id.stage).await? == Some(Lots::Waiting)
		},
		Check::Spared => state.is_contested(id).await?,
	})
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn the_neighbours_of_a_unit_are_those_of_its_lane() {
		let unit = |stage| UnitId { model: 1, window: 2, stage, lane: 3 };
		let found = |stage| {
			let found: Vec<_> = with_neighbours(unit(stage), |stage| stage < 3).collect();
			found
		};
		assert_eq!(found(0), [unit(0), unit(1)]);
		assert_eq!(found(1), [unit(1), unit(0), unit(2)]);
		assert_eq!(found(2), [unit(2), unit(1)]);
	}
}
