//! Random histories with adversarial amounts, with the invariants checked all along.

use crate::{mock::*, Event};
use cairn_primitives::{
	traits::{Fault, Providers},
	Balance, ModelId,
};
use frame_support::storage::with_storage_layer;
use rand::{seq::SliceRandom, Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sp_runtime::DispatchError;

const OPERATIONS: u32 = 100_000;
/// Operations between two checks of all invariants.
const CHECKED_EVERY: u32 = 50;
const WEALTH: Balance = 1_000_000_000_000_000_000_000_000_000_000;
const FAULTS: [Fault; 5] =
	[Fault::Unit, Fault::Equivocation, Fault::Unavailable, Fault::Merge, Fault::Audit];

/// Any magnitude from 1 to 10³⁰ is as likely as any other.
fn amount(random: &mut ChaCha8Rng) -> Balance {
	let magnitude = random.gen_range(0..=30);
	let bound = 10u128.pow(magnitude);
	random.gen_range(bound / 10 + 1..=bound)
}

/// One operation of a random provider.
fn operate(random: &mut ChaCha8Rng) -> Result<(), DispatchError> {
	let number = random.gen_range(1..=4);
	let provider = account(number);
	let origin = || signed(&provider);
	let model: ModelId = random.gen_range(0..2);
	let amount = amount(random);
	match random.gen_range(0..12) {
		// Signatures are slow: only where they can count.
		0 if crate::Ledgers::<Test>::contains_key(&provider) => {
			Register::bond_more(origin(), amount)
		},
		0 => Machine::new(number).register(&provider, amount),
		1 => Register::bond_more(origin(), amount),
		2 | 3 => Register::unbond(origin(), amount),
		4 => Register::withdraw(origin()),
		5 if random.gen_bool(0.2) => Register::recommit(&provider, model, amount),
		5 | 6 => Register::commit(&provider, model, amount),
		7 if random.gen_bool(0.5) => {
			Register::release(&provider, model);
			Ok(())
		},
		7 | 8 => Register::settle_commitment(origin(), provider.clone(), model)
			.map(drop)
			.map_err(|error| error.error),
		9 => {
			let fault = *FAULTS.choose(random).unwrap_or(&Fault::Unit);
			let prover = random.gen_bool(0.7).then(|| account(random.gen_range(1..9)));
			let before = Register::committed(&provider, model);
			let fine = Register::fine(&provider, model, fault, prover.as_ref());
			assert_eq!(fine, fault.fine().mul_floor(before));
			Ok(())
		},
		10 if random.gen_bool(0.8) => Register::deregister(origin()),
		_ => {
			OpenUnits::set(random.gen_range(0..2));
			OpenModel::set(random.gen_bool(0.3).then_some(random.gen_range(0..2)));
			pass(random.gen_range(0..40));
			Ok(())
		},
	}
}

#[test]
fn random_histories_lose_nothing_but_what_is_burned() {
	ExtBuilder::default().endowment(WEALTH).build_and_execute(|| {
		// Short enough for providers to come and go.
		LeaveLock::set(20);
		UnbondingPeriod::set(10);
		let mut random = ChaCha8Rng::seed_from_u64(2026);
		let mut issuance = Balances::total_issuance();
		let (mut done, mut fines, mut gone) = (0u32, 0u32, 0u32);
		for operation in 0..OPERATIONS {
			System::reset_events();
			// As a block does: what fails changes nothing.
			done += u32::from(with_storage_layer(|| operate(&mut random)).is_ok());
			for event in events() {
				match event {
					Event::Fined { burned, reward, treasury, .. } => {
						issuance -= burned;
						fines += u32::from(burned > 0 && reward + treasury > 0);
					},
					Event::Deregistered { .. } => gone += 1,
					_ => {},
				}
			}
			assert_eq!(Balances::total_issuance(), issuance, "operation {operation}");
			if operation % CHECKED_EVERY == 0 {
				Register::do_try_state().unwrap();
			}
		}
		assert!(done > OPERATIONS / 4, "only {done} operations were legal");
		assert!(fines > 1_000 && gone > 10, "{fines} fines, {gone} departures: hardly a test");
	});
}
