//! Benchmarks of every call, each in its worst case.

use alloc::{vec, vec::Vec};

use cairn_primitives::{
	attestation::checkpoints_root,
	dispute::{Leaf, UnitContext, MAX_EVIDENCE},
	lcg::Lcg,
	traits::{checkpoint_leaves, Models},
	Hash, Outcome, UnitId,
};
use codec::Encode;
use frame_benchmarking::v2::{account, benchmarks, impl_test_function, BenchmarkError};
use frame_support::traits::Get;
use frame_system::{pallet_prelude::BlockNumberFor, RawOrigin};
use sp_runtime::traits::One;

use crate::{
	AccountIdOf, Call, Config, Dispute, Event, Evidence, Game, Games, Hashes, Leaves, OpenGames,
	Pallet, Phase, Place, Range, Side, Times,
};

/// What benchmarks need of neighbours. The implementation for `()` serves runtimes whose models and outcomes need no
/// preparation and whose arithmetic is the linear congruential program.
pub trait BenchmarkHelper<AccountId> {
	/// Bring about a unit that `defender` has attested and that each of `challengers` may win a game about. Its model
	/// should have as many checkpoints as a model may have.
	fn attested_unit(defender: &AccountId, challengers: &[AccountId]) -> UnitContext;

	/// A leaf of the unit's trace, and evidence of `size` bytes, the dearest of that size, that it is wrong.
	fn refuted_leaf(context: &UnitContext, size: u32) -> (Leaf, Vec<u8>);
}

impl<AccountId> BenchmarkHelper<AccountId> for () {
	fn attested_unit(_: &AccountId, _: &[AccountId]) -> UnitContext {
		UnitContext {
			genesis: Hash::repeat_byte(1),
			unit: UnitId { model: 0, window: 0, stage: 0, lane: 0 },
			shard_before: Hash::repeat_byte(2),
			outcome: Outcome::Done { steps: 100 },
			samples: 0,
			upstream: None,
			downstream: None,
			result: Hash::repeat_byte(3),
			checkpoints: Hash::repeat_byte(4),
		}
	}

	fn refuted_leaf(_: &UnitContext, size: u32) -> (Leaf, Vec<u8>) {
		let state = 1u64;
		let mut evidence = state.encode();
		evidence.resize(size as usize, 0);
		let after = Hash::repeat_byte(5);
		(Leaf { step: 0, operation: 0, piece: 0, before: Lcg::commit(state), after }, evidence)
	}
}

fn attested_unit<T: Config>(
	defender: &AccountIdOf<T>,
	challengers: &[AccountIdOf<T>],
) -> UnitContext {
	#[cfg(feature = "runtime-benchmarks")]
	return T::BenchmarkHelper::attested_unit(defender, challengers);
	// The tests' configuration has no helper without that feature.
	#[cfg(not(feature = "runtime-benchmarks"))]
	<() as BenchmarkHelper<_>>::attested_unit(defender, challengers)
}

fn refuted_leaf<T: Config>(context: &UnitContext, size: u32) -> (Leaf, Vec<u8>) {
	#[cfg(feature = "runtime-benchmarks")]
	return T::BenchmarkHelper::refuted_leaf(context, size);
	#[cfg(not(feature = "runtime-benchmarks"))]
	<() as BenchmarkHelper<AccountIdOf<T>>>::refuted_leaf(context, size)
}

/// One game out of as many about its unit as there may be.
struct Scene<T: Config> {
	unit: UnitId,
	defender: AccountIdOf<T>,
	challenger: AccountIdOf<T>,
	leaves: Leaves,
}

/// Open as many games as there may be, in the given phase.
fn scene<T: Config>(
	phase: impl Fn(&UnitContext, &Leaves) -> Phase,
) -> Result<Scene<T>, BenchmarkError> {
	let defender: AccountIdOf<T> = account("defender", 0, 0);
	let challengers: Vec<AccountIdOf<T>> =
		(0..T::MaxGamesPerUnit::get()).map(|index| account("challenger", index, 0)).collect();
	let mut context = attested_unit::<T>(&defender, &challengers);
	let unit = context.unit;
	let spec = T::Models::spec(unit.model)
		.ok_or(BenchmarkError::Stop("the helper's unit has no model"))?;

	let count = checkpoint_leaves(&spec, &context);
	let inner = vec![Hash::repeat_byte(6); count.saturating_sub(2)];
	let leaves: Vec<Hash> =
		[context.shard_before].into_iter().chain(inner).chain([context.result]).collect();
	context.checkpoints = checkpoints_root(context.genesis, &unit, &leaves);
	let leaves = Leaves::truncate_from(leaves);

	for challenger in &challengers {
		Pallet::<T>::do_open(context.clone(), defender.clone(), challenger.clone(), Hash::zero())?;
		Games::<T>::mutate(unit, challenger, |dispute| {
			if let Some(Dispute { game, .. }) = dispute {
				let times = Times { budget: 10, extension: 10 };
				let phase = phase(&context, &leaves);
				*game = Game::open(context.clone(), Pallet::<T>::now(), times);
				game.clocks = crate::Clocks::start(phase.side(), Pallet::<T>::now(), times);
				game.phase = phase;
			}
		});
	}
	let challenger =
		challengers.last().cloned().ok_or(BenchmarkError::Stop("MaxGamesPerUnit is 0"))?;
	Ok(Scene { unit, defender, challenger, leaves })
}

/// All steps of the trace.
fn whole_trace(context: &UnitContext) -> Range {
	Range {
		place: Place::Trace,
		from: 0,
		to: context.trace_steps().into(),
		before: context.shard_before,
		after: context.result,
	}
}

/// The disputed range is a whole trace, split by as many hashes as there may be.
fn split_trace(context: &UnitContext) -> Phase {
	let range = whole_trace(context);
	let count = cairn_primitives::dispute::split(range.from, range.to).len();
	Phase::ChooseChild(range, Hashes::truncate_from(vec![Hash::repeat_byte(7); count]))
}

fn assert_won<T: Config>(unit: UnitId, challenger: &AccountIdOf<T>) {
	assert!(!Games::<T>::contains_key(unit, challenger));
	let won = frame_system::Pallet::<T>::read_events_no_consensus().any(|record| {
		let expected = Event::<T>::GameEnded {
			unit,
			challenger: challenger.clone(),
			winner: Side::Challenger,
			ending: crate::Ending::Proof,
		};
		record.event == <T as frame_system::Config>::RuntimeEvent::from(expected)
	});
	assert!(won, "the evidence refutes the leaf");
}

#[benchmarks]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn reveal() -> Result<(), BenchmarkError> {
		let Scene::<T> { unit, defender, challenger, leaves } = scene(|_, _| Phase::Reveal)?;

		#[extrinsic_call]
		_(RawOrigin::Signed(defender), unit, challenger.clone(), leaves.clone());

		let dispute = Games::<T>::get(unit, challenger).ok_or("the game goes on")?;
		assert_eq!(dispute.game.phase, Phase::ChooseCheckpoint(leaves));
		Ok(())
	}

	#[benchmark]
	fn advance() -> Result<(), BenchmarkError> {
		let scene = scene::<T>(|context, _| Phase::Split(whole_trace(context)))?;
		let dispute = Games::<T>::get(scene.unit, &scene.challenger).ok_or("the game is open")?;
		let expected = split_trace(&dispute.game.context);
		let Phase::ChooseChild(_, hashes) = expected.clone() else {
			return Err(BenchmarkError::Stop("a split trace is to be chosen from"));
		};

		#[extrinsic_call]
		_(RawOrigin::Signed(scene.defender), scene.unit, scene.challenger.clone(), hashes);

		let dispute = Games::<T>::get(scene.unit, scene.challenger).ok_or("the game goes on")?;
		assert_eq!(dispute.game.phase, expected);
		Ok(())
	}

	#[benchmark]
	fn choose() -> Result<(), BenchmarkError> {
		// The last range is the closing step alone, which has to be looked into.
		let scene = scene::<T>(|_, leaves| Phase::ChooseCheckpoint(leaves.clone()))?;
		let last = (scene.leaves.len() as u8).saturating_sub(2);
		let who = RawOrigin::Signed(scene.challenger.clone());

		#[extrinsic_call]
		_(who, scene.unit, scene.challenger.clone(), last);

		let dispute = Games::<T>::get(scene.unit, scene.challenger).ok_or("the game goes on")?;
		assert_eq!(dispute.game.turn().side, Side::Defender);
		Ok(())
	}

	#[benchmark]
	fn prove_leaf(e: Linear<8, { MAX_EVIDENCE }>) -> Result<(), BenchmarkError> {
		let scene = scene::<T>(|context, _| Phase::Prove(refuted_leaf::<T>(context, e).0))?;
		let dispute = Games::<T>::get(scene.unit, &scene.challenger).ok_or("the game is open")?;
		let evidence = Evidence::truncate_from(refuted_leaf::<T>(&dispute.game.context, e).1);
		let who = RawOrigin::Signed(scene.challenger.clone());

		#[extrinsic_call]
		_(who, scene.unit, scene.challenger.clone(), evidence);

		assert_won::<T>(scene.unit, &scene.challenger);
		Ok(())
	}

	#[benchmark]
	fn time_out() -> Result<(), BenchmarkError> {
		let scene = scene::<T>(|_, _| Phase::Reveal)?;
		let dispute = Games::<T>::get(scene.unit, &scene.challenger).ok_or("the game is open")?;
		let deadline: BlockNumberFor<T> = dispute.game.clocks.deadline.into();
		frame_system::Pallet::<T>::set_block_number(deadline + One::one());
		let who = RawOrigin::Signed(account("anyone", 0, 0));

		#[extrinsic_call]
		_(who, scene.unit, scene.challenger.clone());

		assert!(!Games::<T>::contains_key(scene.unit, &scene.challenger));
		assert!(!OpenGames::<T>::get(scene.unit).contains(&scene.challenger));
		Ok(())
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::ExtBuilder.build(), crate::mock::Test);
}
