//! What governance cannot set by accident.

use frame_support::traits::dynamic_params::AggregatedKeyValue;

use super::*;
use crate::parameters::RuntimeParameters;

/// What the runtime reads after root set all parameters to `value`.
fn after_setting_all_to(value: u32) -> ProtocolTimes {
	use protocol::*;
	let mut times = None;
	in_network("development", || {
		let before = times_in_force();
		for parameter in [
			Parameters::EscrowBlocks(EscrowBlocks, Some(value)),
			Parameters::DisputeBudget(DisputeBudget, Some(value)),
			Parameters::DisputeExtension(DisputeExtension, Some(value)),
			Parameters::RetentionWindows(RetentionWindows, Some(value)),
			Parameters::UnbondingBlocks(UnbondingBlocks, Some(value)),
			Parameters::PostLeaveLock(PostLeaveLock, Some(value)),
			Parameters::AuditDeadline(AuditDeadline, Some(value)),
			Parameters::StreamBlocks(StreamBlocks, Some(value)),
			Parameters::SettlementWindow(SettlementWindow, Some(value)),
			Parameters::BeaconDelay(BeaconDelay, Some(value)),
			Parameters::EscrowWindows(EscrowWindows, Some(value)),
			Parameters::AuditWindows(AuditWindows, Some(value)),
		] {
			let key_value = RuntimeParameters::Protocol(parameter);
			assert_ok!(crate::Parameters::set_parameter(RuntimeOrigin::root(), key_value.clone()));
			assert!(pallet_parameters::Parameters::<Runtime>::contains_key(
				key_value.into_parts().0
			));
		}
		assert_ne!(times_in_force(), before);
		times = Some(times_in_force());
	});
	times.expect("the test ran")
}

#[test]
fn a_time_of_nothing_leaves_room_to_act() {
	assert_eq!(
		after_setting_all_to(0),
		ProtocolTimes {
			escrow: 1,
			escrow_windows: 1,
			dispute_budget: 2,
			dispute_extension: 2,
			retention_windows: 1,
			unbonding: 1,
			post_leave_lock: 1,
			audit_deadline: 2,
			audit_windows: 1,
			stream: 1,
			settlement_window: 2,
			beacon_delay: 1,
		}
	);
}

#[test]
fn lots_are_drawn_before_the_beacon_forgets_their_seed() {
	let times = after_setting_all_to(u32::MAX);
	assert_eq!(times.beacon_delay, 1_000);
	assert!(times.beacon_delay < <Runtime as pallet_shards::Config>::BeaconLength::get());
	assert_eq!(times.escrow, u32::MAX);
}
