//! Pallet `disputes`: the moves of a game about a unit, which is named by the unit and its challenger.

use cairn_primitives::{Hash, UnitId};
use subxt::utils::Static;

use super::Call;
use crate::{api, views::to_chain, AccountId};

/// Reveal the checkpoint leaves of the disputed unit. The defender.
pub fn reveal(unit: UnitId, challenger: &AccountId, leaves: Vec<Hash>) -> Call {
	api::tx().disputes().reveal(Static(unit), to_chain(challenger), leaves).into()
}

/// Commit to the states inside the disputed range. The defender.
pub fn advance(unit: UnitId, challenger: &AccountId, hashes: Vec<Hash>) -> Call {
	api::tx().disputes().advance(Static(unit), to_chain(challenger), hashes).into()
}

/// Name the first part of the disputed range whose end is wrong. The challenger.
pub fn choose(unit: UnitId, challenger: &AccountId, child: u8) -> Call {
	api::tx().disputes().choose(Static(unit), to_chain(challenger), child).into()
}

/// Have the chain recompute the disputed piece. Anybody.
pub fn prove_leaf(unit: UnitId, challenger: &AccountId, evidence: Vec<u8>) -> Call {
	api::tx().disputes().prove_leaf(Static(unit), to_chain(challenger), evidence).into()
}

/// End a game whose side to move let its clock run out. Anybody.
pub fn time_out(unit: UnitId, challenger: &AccountId) -> Call {
	api::tx().disputes().time_out(Static(unit), to_chain(challenger)).into()
}
