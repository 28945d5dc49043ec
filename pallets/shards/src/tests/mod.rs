//! Tests by topic.

mod beacon;
mod clock;
mod enlistment;
mod random;
mod rosters;
mod views;

use crate::{mock::*, Event, Place};
use cairn_primitives::{ModelId, SeatIndex, StageIndex};

/// Stage and seat of a provider that sits.
fn seat_of(model: ModelId, provider: AccountId) -> Option<(StageIndex, SeatIndex)> {
	match Shards::seat_of(model, provider)? {
		Place::Seat { stage, seat, .. } => Some((stage, seat)),
		Place::Enlisted { .. } | Place::Standby { .. } => None,
	}
}

/// Stage of a provider that stands by.
fn standby_at(model: ModelId, provider: AccountId) -> Option<StageIndex> {
	match Shards::seat_of(model, provider)? {
		Place::Standby { stage, .. } => Some(stage),
		Place::Enlisted { .. } | Place::Seat { .. } => None,
	}
}

/// Whether a bond is committed and not released.
fn is_committed(model: ModelId, provider: AccountId) -> bool {
	world(|world| world.commitments.get(&(provider, model)) == Some(&false))
}

/// Whether a bond was released and is still locked.
fn is_released(model: ModelId, provider: AccountId) -> bool {
	world(|world| world.commitments.get(&(provider, model)) == Some(&true))
}

fn signed(who: AccountId) -> RuntimeOrigin {
	RuntimeOrigin::signed(who)
}

fn assert_last(event: Event<Test>) {
	System::assert_last_event(event.into());
}
