use super::*;
use crate::{views::identities_milli, ExtractionPrice, SeatRecord};
use cairn_primitives::{spec::Access, traits::Seats};

#[test]
fn extraction_takes_as_many_identities_as_a_collector_of_coupons_needs() {
	assert_eq!(identities_milli(1), 1_000);
	assert_eq!(identities_milli(2), 3_000);
	assert_eq!(identities_milli(3), 5_500);
	assert_eq!(identities_milli(6), 14_700);
	assert_eq!(identities_milli(8), 21_742); // 21.742857…
	assert_eq!(identities_milli(64), 303_609); // 303.609…
}

#[test]
fn extraction_price_is_what_all_identities_bond() {
	ExtBuilder::build_and_execute(|| {
		let sealed = add_model(8, 1, Access::Sealed);
		assert_eq!(
			Shards::extraction_price(sealed),
			Some(ExtractionPrice {
				stages: 8,
				identities_milli: 21_742,
				bond_per_identity: BOND,
				total: 2_174
			})
		);
		let open = add_model(8, 1, Access::Open);
		assert_eq!(Shards::extraction_price(open).unwrap().total, BOND);
		assert_eq!(Shards::extraction_price(9), None);
	});
}

#[test]
fn lots_of_a_fork_cost_what_they_cost_where_its_family_is_cheapest() {
	ExtBuilder::build_and_execute(|| {
		let root = add_model(8, 1, Access::Sealed);
		let child = fork(root);
		// As dear as the root: whoever wants the fork's shards draws there.
		assert_eq!(Shards::extraction_price(child).unwrap().total, 2_174);
		// Much dearer: whoever wants them draws at the root, and bonds for the fork only where a lot is new.
		world(|world| world.bonded.insert(child, 1_000));
		let price = Shards::extraction_price(child).unwrap();
		assert_eq!((price.bond_per_identity, price.total), (1_000, 2_174 + 8 * 1_000));
	});
}

#[test]
fn lanes_and_places_agree_with_the_window() {
	ExtBuilder::build_and_execute(|| {
		let model = add_model(3, 4, Access::Sealed);
		let end = fill_seats(model, 1);
		assert_eq!(Shards::lanes(model), vec![]);
		let window = start_window(model);
		let lanes = Shards::lanes(model);
		assert_eq!(lanes.len(), 4);
		for lane in &lanes {
			assert_eq!(lane.providers.len(), 3);
			for (stage, provider) in (0..).zip(&lane.providers) {
				let roster = <Shards as Seats>::roster(model, stage).unwrap();
				assert_eq!(roster.in_lane(window.seed, stage, lane.lane), Some(provider));
				let (at, seat) = seat_of(model, *provider).unwrap();
				assert_eq!(at, stage);
				assert_eq!(
					Shards::seat_of(model, *provider),
					Some(Place::Seat {
						stage,
						seat,
						lane: Some(lane.lane),
						record: SeatRecord::default()
					})
				);
			}
		}
		let mut seated: Vec<_> = lanes.into_iter().flat_map(|lane| lane.providers).collect();
		seated.sort_unstable();
		assert_eq!(seated, (1..end).collect::<Vec<_>>());
		assert_eq!(Shards::seat_of(model, 99), None);
		assert_eq!(Shards::clock(model).unwrap().next, 0);
	});
}
