use crate::{mock::*, Awaited, Outputs};
use cairn_primitives::{
	hash::{hash, Domain},
	spec::Access,
	traits::Beacon,
	Hash,
};
use frame_support::{assert_ok, traits::Get};

#[test]
fn a_value_is_known_from_the_block_after_its_own() {
	ExtBuilder::build_and_execute(|| {
		run_to(10);
		assert!(Shards::at(9).is_some());
		assert_eq!(Shards::at(10), None);
		run_to(11);
		assert!(Shards::at(10).is_some());
	});
}

#[test]
fn a_value_chains_the_output_of_its_own_block_to_the_value_before() {
	ExtBuilder::build_and_execute(|| {
		run_to(10);
		let before = Shards::at(8).unwrap();
		// The mock names outputs after the parent of the block that is being initialised.
		let output = World::get().unwrap();
		assert_eq!(output, hash(Domain::State, &(0u64, 9u32)));
		assert_eq!(Shards::at(9), Some(hash(Domain::Beacon, &(before, 9u32, output))));
	});
}

#[test]
fn one_different_output_changes_every_later_value() {
	let values = |salt_in_block_5: u64| {
		new_test_ext().execute_with(|| {
			run_to(4);
			world(|world| world.salt = salt_in_block_5);
			run_to(5);
			world(|world| world.salt = 0);
			run_to(9);
			(0..9).map(|block| Shards::at(block).unwrap()).collect::<Vec<_>>()
		})
	};
	let (a, b) = (values(0), values(1));
	assert_eq!(a[..4], b[..4]);
	assert!((4..9).all(|block| a[block] != b[block]));
}

#[test]
fn without_an_output_the_parents_hash_takes_its_place() {
	ExtBuilder::build_and_execute(|| {
		run_to(5);
		world(|world| world.without_vrf = true);
		let parent = Hash::repeat_byte(9);
		System::initialize(&6, &parent, &Default::default());
		Shards::extend_beacon(6);
		let before = Shards::at(4).unwrap();
		assert_eq!(Shards::at(5), Some(hash(Domain::Beacon, &(before, 5u32, parent))));
	});
}

#[test]
fn the_beacon_keeps_its_length_and_forgets_the_oldest() {
	ExtBuilder::build_and_execute(|| {
		let length = BeaconLength::get();
		run_to(u64::from(length) + 7);
		assert_eq!(Outputs::<Test>::iter().count(), length as usize);
		assert_eq!(Shards::at(6), None);
		assert!(Shards::at(7).is_some());
	});
}

#[test]
fn a_value_that_something_waits_for_is_kept_until_the_last_of_them_is_done() {
	ExtBuilder::build_and_execute(|| {
		// GIVEN two lots that block 4 decides, and one that block 5 does
		let model = add_model(2, 2, Access::Open);
		let signed = RuntimeOrigin::signed;
		assert_ok!(Shards::enlist(signed(1), model));
		assert_ok!(Shards::enlist(signed(2), model));
		run(1);
		assert_ok!(Shards::enlist(signed(3), model));
		assert_eq!((Awaited::<Test>::get(4), Awaited::<Test>::get(5)), (2, 1));
		// WHEN the beacon forgets all others of that time
		run(10 * BeaconLength::get());
		let (length, now) = (u64::from(BeaconLength::get()), System::block_number());
		assert_eq!(Outputs::<Test>::iter().count() as u64, length + 2);
		assert!([4, 5].iter().all(|block| Shards::at(*block).is_some()));
		// THEN each of them is kept for as long as a lot waits for it
		assert_ok!(Shards::draw_seat(signed(0), model, 3));
		assert_eq!((Shards::at(5), Awaited::<Test>::contains_key(5)), (None, false));
		assert_ok!(Shards::draw_seat(signed(0), model, 1));
		assert!(Shards::at(4).is_some());
		assert_ok!(Shards::leave(signed(2), model));
		assert_eq!((Shards::at(4), Awaited::<Test>::iter().count()), (None, 0));
		assert!((now - length..now).all(|block| Shards::at(block as u32).is_some()));
	});
}

#[test]
fn a_value_of_the_last_blocks_stays_when_nothing_waits_for_it_any_more() {
	ExtBuilder::build_and_execute(|| {
		let model = add_model(1, 1, Access::Open);
		assert_ok!(Shards::enlist(RuntimeOrigin::signed(1), model));
		run_to(4 + u64::from(BeaconLength::get()));
		assert_ok!(Shards::draw_seat(RuntimeOrigin::signed(0), model, 1));
		assert!(Shards::at(4).is_some(), "audits may still ask for it");
		run(1);
		assert_eq!(Shards::at(4), None);
	});
}
