//! Random histories of a few models, with the invariants checked all along.

use crate::{mock::*, NextModel, Records};
use cairn_primitives::{traits::Models, Hash, ModelSpec, ModelStatus, PauseReason};
use frame_support::storage::with_storage_layer;
use rand::{seq::SliceRandom, Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sp_runtime::DispatchError;

const OPERATIONS: u32 = 100_000;

fn operate(random: &mut ChaCha8Rng) -> Result<(), DispatchError> {
	let who = signed(*ACCOUNTS.choose(random).unwrap_or(&STRANGER));
	let other = *ACCOUNTS.choose(random).unwrap_or(&STRANGER);
	let model = random.gen_range(0..NextModel::<Test>::get() + 1);
	let owner = Records::<Test>::get(model).map_or(who.clone(), |record| signed(record.researcher));
	let window = random.gen_range(0..64);
	match random.gen_range(0..15) {
		0 => Registry::register_dataset(who, Hash::repeat_byte(random.gen_range(0..8)), name(b"x")),
		1 => Registry::transfer_dataset(who, dataset(), other),
		2 if NextModel::<Test>::get() < 40 => {
			let spec = ModelSpec::example(dataset(), random.gen_range(1..4), 2);
			let parent = random.gen_bool(0.7).then_some(model);
			Registry::propose(who, spec.into(), terms(), parent, about(b"random"))
		},
		3 => Registry::open(owner, model),
		4 => Registry::set_price(owner, model, random.gen_bool(0.5).then(Default::default)),
		5 => Registry::pause(owner, model),
		6 => Registry::resume(owner, model),
		7 => Registry::restart_from(owner, model, window),
		8 if random.gen_ratio(1, 50) => Registry::retire(owner, model),
		9 => Registry::cede(owner, model, other),
		10 => {
			// Mostly the windows that follow, sometimes one that is over.
			let last = Records::<Test>::get(model)
				.and_then(|record| record.checkpoints.last().map(|kept| kept.window))
				.unwrap_or(0);
			Registry::accept_window(model, last + window, random.gen_range(0..200_000))
		},
		11 => Registry::judge_gate(model, window, random.gen_range(0..2_000_000)),
		12 | 13 => {
			// Audits end with windows that are over.
			let next = Records::<Test>::get(model)
				.and_then(|record| record.checkpoints.last().map(|kept| kept.window + 1))
				.unwrap_or(1);
			let loss = random.gen_bool(0.8).then(|| random.gen_range(0..2_000_000));
			Registry::conclude_gate(model, window % next, loss)
		},
		_ => <Registry as Models>::pause(
			model,
			*[PauseReason::Owner, PauseReason::Gate, PauseReason::Merge]
				.choose(random)
				.unwrap_or(&PauseReason::Owner),
		),
	}
}

#[test]
fn random_histories_keep_the_invariants() {
	ExtBuilder::default().build_and_execute(|| {
		let mut random = ChaCha8Rng::seed_from_u64(2026);
		let issuance = Balances::total_issuance();
		let (mut done, mut seen) = (0u32, std::collections::BTreeSet::new());
		for operation in 0..OPERATIONS {
			// As a block does: what fails changes nothing.
			done += u32::from(with_storage_layer(|| operate(&mut random)).is_ok());
			if operation % 100 == 0 {
				Registry::do_try_state().unwrap();
				seen.extend(Records::<Test>::iter_values().map(|r| format!("{:?}", r.status)));
				System::reset_events();
			}
		}
		assert_eq!(Balances::total_issuance(), issuance);
		assert!(done > OPERATIONS / 10, "only {done} operations were legal");
		let all = [
			ModelStatus::Proposed,
			ModelStatus::Training,
			ModelStatus::Serving,
			ModelStatus::Paused(PauseReason::Owner),
			ModelStatus::Paused(PauseReason::Gate),
			ModelStatus::Paused(PauseReason::Merge),
			ModelStatus::Retired,
		];
		for status in all {
			assert!(seen.contains(&format!("{status:?}")), "no history came to {status:?}");
		}
	});
}
