//! What people ask of seats.

use crate::{Config, ExtractionPrice, Lane, Pallet, Place, Places, Requests, Rosters, SeatRecords};
use alloc::vec::Vec;
use cairn_primitives::{
	lottery::lanes_of_seats,
	spec::Access,
	traits::{Models, Providers, Seats},
	Balance, LaneIndex, ModelId, SeatIndex, StageIndex, MAX_STAGES,
};

/// A common multiple of all numbers of stages: sums of their reciprocals are exact in units of its reciprocal.
const MULTIPLE: u128 = common_multiple(MAX_STAGES as u128);

impl<T: Config> Pallet<T> {
	/// Where a provider stands in a model.
	pub(crate) fn place_of(model: ModelId, provider: &T::AccountId) -> Option<Place> {
		if let Some(seed_at) = Requests::<T>::get(model, provider) {
			return Some(Place::Enlisted { seed_at });
		}
		let stage = Places::<T>::get(model, provider)?;
		let roster = Rosters::<T>::get(model, stage)?;
		let Some(seat) = roster.seat_of(provider) else {
			let standby = roster.standbys.iter().find(|standby| standby.provider == *provider)?;
			return Some(Place::Standby { stage, held: standby.held });
		};
		let lane = Self::lane_of(model, stage, roster.seats.len() as u8, seat); // at most 16
		let records = SeatRecords::<T>::get(model, stage);
		let record = records.get(usize::from(seat)).copied().unwrap_or_default();
		Some(Place::Seat { stage, seat, lane, record })
	}

	/// Who works in which lane in the running window.
	pub(crate) fn lanes_of(model: ModelId) -> Vec<Lane<T::AccountId>> {
		let Some((window, spec)) = <Self as Seats>::window(model).zip(T::Models::spec(model))
		else {
			return Vec::new();
		};
		let stages = spec.stage_count() as StageIndex; // at most 64
		let rosters: Vec<_> =
			(0..stages).filter_map(|stage| Rosters::<T>::get(model, stage)).collect();
		(0..spec.lanes)
			.map(|lane| {
				let worker = |(stage, roster): (StageIndex, &cairn_primitives::Roster<_>)| {
					roster.in_lane(window.seed, stage, lane).cloned()
				};
				Lane { lane, providers: (0..).zip(&rosters).filter_map(worker).collect() }
			})
			.collect()
	}

	/// What it costs to collect all shards of a model.
	pub(crate) fn price_of_extraction(model: ModelId) -> Option<ExtractionPrice> {
		let spec = T::Models::spec(model)?;
		let stages = spec.stage_count();
		let bond_in = |model| T::Models::bonded_points(model).map(T::Providers::required_bond);
		let bond_per_identity = bond_in(model)?;
		let identities_milli = match spec.access {
			Access::Sealed => identities_milli(stages),
			Access::Open => 1_000, // one identity may ask for every shard
		};
		// Saturating, here and below: a price beyond all money is as good as infinite.
		let of_all = |bond: Balance| {
			let milli = bond.saturating_mul(u128::from(identities_milli));
			milli.checked_div(1_000).unwrap_or_default()
		};
		let drawn_here = of_all(bond_per_identity);
		let total = match spec.access {
			Access::Open => drawn_here,
			Access::Sealed => {
				// No bond of a family is lower than its root's: lots may be drawn there, and only one identity a stage
				// bonds here too.
				let one_a_stage = bond_per_identity.saturating_mul(u128::from(stages));
				let root = T::Models::info(model)?.root;
				drawn_here.min(of_all(bond_in(root)?).saturating_add(one_a_stage))
			},
		};
		Some(ExtractionPrice { stages, identities_milli, bond_per_identity, total })
	}

	fn lane_of(model: ModelId, stage: StageIndex, lanes: u8, seat: SeatIndex) -> Option<LaneIndex> {
		let window = <Self as Seats>::window(model)?;
		lanes_of_seats(window.seed, stage, lanes).get(usize::from(seat)).copied()
	}
}

/// How many lots over `stages` equally likely stages it takes on average until each was drawn, in thousandths, rounded
/// down: S · (1/1 + 1/2 + … + 1/S), computed exactly.
pub(crate) fn identities_milli(stages: u32) -> u64 {
	let stages = u128::from(stages.min(MAX_STAGES));
	let harmonic = (1..=stages).filter_map(|k| MULTIPLE.checked_div(k)).sum::<u128>();
	// Below 2⁹¹ · 5 · 64 000: fits u128.
	harmonic
		.saturating_mul(stages)
		.saturating_mul(1_000)
		.checked_div(MULTIPLE)
		.and_then(|milli| u64::try_from(milli).ok())
		.unwrap_or(u64::MAX)
}

// Evaluated by the compiler, which refuses what overflows.
#[allow(clippy::arithmetic_side_effects)]
const fn common_multiple(up_to: u128) -> u128 {
	let (mut multiple, mut next) = (1, 2);
	while next <= up_to {
		let (mut a, mut b) = (multiple, next);
		while b != 0 {
			(a, b) = (b, a % b);
		}
		multiple *= next / a;
		next += 1;
	}
	multiple
}
