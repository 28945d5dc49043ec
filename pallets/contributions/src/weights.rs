//! Weights of the calls. Estimates until a benchmark on reference hardware replaces them: 25 µs, 60 µs for each signature,
//! and the storage accesses of the code, counted by hand.

use core::marker::PhantomData;

use frame_support::{
	traits::Get,
	weights::{constants::ParityDbWeight, Weight},
};

/// What the calls cost.
pub trait WeightInfo {
	/// `attest` with `h` signatures of holders, finalising two units on the way.
	fn attest(h: u32) -> Weight;
	/// `draw_lots` of a gate's last stage with 16 lanes, all of them audited.
	fn draw_lots() -> Weight;
	/// `redraw_audit` that finds an auditor at the last stage asked.
	fn redraw_audit() -> Weight;
	/// `verdict` that approves.
	fn verdict_ok() -> Weight;
	/// `verdict` that opens a dispute.
	fn verdict_bad() -> Weight;
	/// `report_unavailable` by the second auditor.
	fn report_unavailable() -> Weight;
	/// `expose_audit` of a pending unit.
	fn expose_audit() -> Weight;
	/// `suspect` a lane of `s` stages.
	fn suspect(s: u32) -> Weight;
	/// `settle_suspicion` of a lane of `s` stages.
	fn settle_suspicion(s: u32) -> Weight;
	/// `challenge`.
	fn challenge() -> Weight;
	/// `refute_merge` of 16 lanes with `e` bytes of evidence.
	fn refute_merge(e: u32) -> Weight;
	/// `report_equivocation`.
	fn report_equivocation() -> Weight;
	/// `report_fork` with `n` steps between the ends, of which both are refuted.
	fn report_fork(n: u32) -> Weight;
	/// `finalise` a unit and its audit.
	fn finalise() -> Weight;
	/// `prune` a stage of 16 lanes.
	fn prune() -> Weight;
}

/// What finalising one item reads and writes: its row, stage, window, record, games, mint (pool, holders, model),
/// reputation, queue, count.
const SETTLEMENT: (u64, u64) = (12, 10);

/// What refuting one unit reads and writes: unit, audit, record, queue, counts, games, challenges, bond and its hold, roster.
const REFUTATION: (u64, u64) = (16, 14);

fn estimate<D: Get<frame_support::weights::RuntimeDbWeight>>(
	micros: u64,
	proof: u64,
	(reads, writes): (u64, u64),
) -> Weight {
	Weight::from_parts(micros.saturating_mul(1_000_000), proof)
		.saturating_add(D::get().reads_writes(reads, writes))
}

fn times((reads, writes): (u64, u64), count: u64) -> (u64, u64) {
	(reads.saturating_mul(count), writes.saturating_mul(count))
}

fn plus(left: (u64, u64), right: (u64, u64)) -> (u64, u64) {
	(left.0.saturating_add(right.0), left.1.saturating_add(right.1))
}

/// The estimates for a database.
struct Estimates<D>(PhantomData<D>);

impl<D: Get<frame_support::weights::RuntimeDbWeight>> WeightInfo for Estimates<D> {
	fn attest(h: u32) -> Weight {
		let h = u64::from(h);
		// Reads: key, provider, spec, window, three rosters, stage, two neighbours, info, newest, row, base, record, count.
		// Writes: row, newest, base, stage, unit, record, queue, count.
		let micros = 300u64.saturating_add(h.saturating_mul(60));
		let own = (17u64.saturating_add(h), 8);
		estimate::<D>(micros, 20_000, plus(own, times(SETTLEMENT, 2)))
	}

	fn draw_lots() -> Weight {
		// Reads: spec, window, stage twice, clock twice, beacon, model; per unit: unit, record, two neighbours, challenges,
		// five rosters, key. Writes: window, stage, model; per unit: unit, record, audit.
		estimate::<D>(2_500, 200_000, plus((8, 4), times((11, 3), 16)))
	}

	fn redraw_audit() -> Weight {
		// Reads: audit, unit, spec, beacon, two neighbours, challenges, five rosters, keys. Writes: audit, unit.
		estimate::<D>(200, 30_000, (44, 2))
	}

	fn verdict_ok() -> Weight {
		// Reads: provider, audit, unit, spec, record, count. Writes: audit, unit, record, queue, count.
		estimate::<D>(60, 12_000, (6, 5))
	}

	fn verdict_bad() -> Weight {
		// Reads: provider, audit, unit, window, genesis, spec, games, count. Writes: audit, games twice, count.
		estimate::<D>(70, 14_000, (9, 5))
	}

	fn report_unavailable() -> Weight {
		estimate::<D>(150, 25_000, plus((3, 1), REFUTATION))
	}

	fn expose_audit() -> Weight {
		// Reads: provider, unit, audit, genesis, record, count, spec, bond. Writes: audit, unit, record, queue, count, bond.
		estimate::<D>(150, 25_000, plus((4, 2), REFUTATION))
	}

	fn suspect(s: u32) -> Weight {
		let s = u64::from(s);
		// Reads: provider, spec, window, clock twice, hold twice; per stage: roster, unit, stage. Writes: hold twice,
		// suspicion, window; per stage: unit, audit.
		let micros = 80u64.saturating_add(s.saturating_mul(15));
		estimate::<D>(micros, 10_000, plus((7, 4), times((3, 2), s)))
	}

	fn settle_suspicion(s: u32) -> Weight {
		let s = u64::from(s);
		// Reads: suspicion, spec, window, three accounts and their holds; per stage: unit. Writes: suspicion, window, accounts.
		let micros = 120u64.saturating_add(s.saturating_mul(5));
		estimate::<D>(micros, 10_000, plus((9, 7), times((1, 0), s)))
	}

	fn challenge() -> Weight {
		// Reads: provider, unit, spec, stage, entitlement, audit, challenges, hold twice, window, genesis, games.
		// Writes: hold twice, challenges, games twice.
		estimate::<D>(100, 16_000, (13, 5))
	}

	fn refute_merge(e: u32) -> Weight {
		// Reads: spec, window, two stages, newest, model; per lane two units. Writes: stage, newest, model.
		let micros = 400u64.saturating_add(u64::from(e).checked_div(20).unwrap_or(0));
		let units = plus((6, 3), times((2, 0), 16));
		estimate::<D>(micros, 250_000, plus(units, times(REFUTATION, 16)))
	}

	fn report_equivocation() -> Weight {
		// Reads: stage, spec, clock, two units, two rosters, key, window, newest, base, record. Writes: stage, window,
		// newest, base, record.
		estimate::<D>(250, 30_000, plus((14, 6), REFUTATION))
	}

	fn report_fork(n: u32) -> Weight {
		// Reads: two units, key. Writes: none but those of the refutations.
		let micros = 250u64.saturating_add(u64::from(n));
		estimate::<D>(micros, 30_000, plus((3, 0), times(REFUTATION, 2)))
	}

	fn finalise() -> Weight {
		estimate::<D>(150, 20_000, times(SETTLEMENT, 2))
	}

	fn prune() -> Weight {
		// Reads: stage, window, clock, model, newest; per lane: unit, audit. Writes: stage, window, newest; per lane: unit.
		estimate::<D>(120, 50_000, plus((6, 3), times((2, 1), 16)))
	}
}

/// Weights for the runtime's own database.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	fn attest(h: u32) -> Weight {
		Estimates::<T::DbWeight>::attest(h)
	}

	fn draw_lots() -> Weight {
		Estimates::<T::DbWeight>::draw_lots()
	}

	fn redraw_audit() -> Weight {
		Estimates::<T::DbWeight>::redraw_audit()
	}

	fn verdict_ok() -> Weight {
		Estimates::<T::DbWeight>::verdict_ok()
	}

	fn verdict_bad() -> Weight {
		Estimates::<T::DbWeight>::verdict_bad()
	}

	fn report_unavailable() -> Weight {
		Estimates::<T::DbWeight>::report_unavailable()
	}

	fn expose_audit() -> Weight {
		Estimates::<T::DbWeight>::expose_audit()
	}

	fn suspect(s: u32) -> Weight {
		Estimates::<T::DbWeight>::suspect(s)
	}

	fn settle_suspicion(s: u32) -> Weight {
		Estimates::<T::DbWeight>::settle_suspicion(s)
	}

	fn challenge() -> Weight {
		Estimates::<T::DbWeight>::challenge()
	}

	fn refute_merge(e: u32) -> Weight {
		Estimates::<T::DbWeight>::refute_merge(e)
	}

	fn report_equivocation() -> Weight {
		Estimates::<T::DbWeight>::report_equivocation()
	}

	fn report_fork(n: u32) -> Weight {
		Estimates::<T::DbWeight>::report_fork(n)
	}

	fn finalise() -> Weight {
		Estimates::<T::DbWeight>::finalise()
	}

	fn prune() -> Weight {
		Estimates::<T::DbWeight>::prune()
	}
}

impl WeightInfo for () {
	fn attest(h: u32) -> Weight {
		Estimates::<ParityDbWeight>::attest(h)
	}

	fn draw_lots() -> Weight {
		Estimates::<ParityDbWeight>::draw_lots()
	}

	fn redraw_audit() -> Weight {
		Estimates::<ParityDbWeight>::redraw_audit()
	}

	fn verdict_ok() -> Weight {
		Estimates::<ParityDbWeight>::verdict_ok()
	}

	fn verdict_bad() -> Weight {
		Estimates::<ParityDbWeight>::verdict_bad()
	}

	fn report_unavailable() -> Weight {
		Estimates::<ParityDbWeight>::report_unavailable()
	}

	fn expose_audit() -> Weight {
		Estimates::<ParityDbWeight>::expose_audit()
	}

	fn suspect(s: u32) -> Weight {
		Estimates::<ParityDbWeight>::suspect(s)
	}

	fn settle_suspicion(s: u32) -> Weight {
		Estimates::<ParityDbWeight>::settle_suspicion(s)
	}

	fn challenge() -> Weight {
		Estimates::<ParityDbWeight>::challenge()
	}

	fn refute_merge(e: u32) -> Weight {
		Estimates::<ParityDbWeight>::refute_merge(e)
	}

	fn report_equivocation() -> Weight {
		Estimates::<ParityDbWeight>::report_equivocation()
	}

	fn report_fork(n: u32) -> Weight {
		Estimates::<ParityDbWeight>::report_fork(n)
	}

	fn finalise() -> Weight {
		Estimates::<ParityDbWeight>::finalise()
	}

	fn prune() -> Weight {
		Estimates::<ParityDbWeight>::prune()
	}
}
