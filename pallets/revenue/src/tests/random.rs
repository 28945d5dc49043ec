//! A hundred thousand random operations with adversarial amounts: nothing is lost, to the unit.

use cairn_primitives::{Balance, ModelId, ModelStatus};
use frame_support::{
	dispatch::DispatchResult,
	traits::{
		fungibles::Mutate,
		tokens::{Fortitude, Precision, Preservation},
	},
};
use rand::{seq::SliceRandom, Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sp_runtime::DispatchError;

use crate::{mock::*, Holders, Pools};

/// A family with a chain of three and a second fork, and a model of its own with terms that pay everyone.
const MODELS: [ModelId; 5] = [ROOT, CHILD, GRANDCHILD, SHARED, SIBLING];
const SIBLING: ModelId = 4;
/// Some have money for deposits, others have no account until they are paid.
const FUNDED: std::ops::Range<AccountId> = 1..20;
const UNFUNDED: std::ops::Range<AccountId> = 60..75;

struct Chaos(ChaCha8Rng);

impl Chaos {
	/// Any order of magnitude is as likely as another.
	fn amount(&mut self, digits: u32) -> Balance {
		let most = 10u128.pow(self.0.gen_range(0..=digits));
		match self.0.gen_range(0..4) {
			0 => most,
			_ => self.0.gen_range(1..=most),
		}
	}

	fn model(&mut self) -> ModelId {
		*MODELS.choose(&mut self.0).unwrap()
	}

	fn account(&mut self) -> AccountId {
		let unfunded = self.0.gen_bool(0.3);
		self.0.gen_range(if unfunded { UNFUNDED } else { FUNDED })
	}

	/// A part of what an account holds: mostly all of it, or an arbitrary part.
	fn part(&mut self, model: ModelId, who: AccountId) -> Balance {
		let shares = Revenue::shares_of(model, who);
		match self.0.gen_range(0..4) {
			0 => self.amount(30),
			1 => self.0.gen_range(0..=shares),
			_ => shares,
		}
	}

	fn operation(&mut self) -> DispatchResult {
		let (model, who, other) = (self.model(), self.account(), self.account());
		match self.0.gen_range(0..100) {
			0..=24 => deposit_from(CLIENT, model, self.amount(30)),
			25..=39 => {
				let points = self.amount(24);
				try_mint(model, who, points).map(|minted| assert_eq!(minted, points))
			},
			40..=59 => transfer(model, who, other, self.part(model, who)),
			60..=74 => self.claim(who, &[model]),
			75..=79 => self.claim(who, &MODELS),
			80..=85 => fold(model),
			86..=87 => self.burn(model, who),
			88 => {
				let states = [ModelStatus::Proposed, ModelStatus::Training, ModelStatus::Retired];
				set_status(model, *states.choose(&mut self.0).unwrap());
				Ok(())
			},
			89 => {
				WorkIsOpen::set(self.0.gen());
				StreamBlocks::set(*[0, 1, 7, 100, 28_800].choose(&mut self.0).unwrap());
				Ok(())
			},
			_ => {
				pass(self.amount(2) as u32);
				Ok(())
			},
		}
	}

	/// Claim; what is paid is what the views promised.
	fn claim(&mut self, who: AccountId, models: &[ModelId]) -> DispatchResult {
		let owed: Balance = models.iter().map(|model| Revenue::claimable(*model, who)).sum();
		let pot = Balances::free_balance(Revenue::pot());
		claim_many(who, models)?;
		assert_eq!(pot - Balances::free_balance(Revenue::pot()), owed);
		Ok(())
	}

	fn burn(&mut self, model: ModelId, who: AccountId) -> DispatchResult {
		let amount = self.part(model, who);
		let expendable = Preservation::Expendable;
		Revenue::burn_from(
			model,
			&who,
			amount,
			expendable,
			Precision::BestEffort,
			Fortitude::Polite,
		)
		.map(|_| ())
	}
}

/// Errors that are answers, not accidents.
fn is_expected(error: DispatchError) -> bool {
	[
		Error::ZeroAmount,
		Error::UnknownModel,
		Error::NothingToClaim,
		Error::NothingToFold,
		Error::NotEnoughShares,
		Error::TransferToSelf,
		Error::PayoutBelowExistentialDeposit,
		Error::CannotPayRowDeposit,
		Error::RetiredWithoutShares,
	]
	.map(DispatchError::from)
	.contains(&error)
}

/// Let every stream run out, from the leaves of the family to its root.
fn run_dry() {
	StreamBlocks::set(1);
	for model in [GRANDCHILD, SIBLING, CHILD, ROOT, SHARED] {
		pass(30_000);
		let _ = fold(model);
	}
	pass(30_000);
}

fn nothing_is_lost(seed: u64, operations: u32) {
	build_and_execute(|| {
		register(SIBLING, Some(ROOT), SPLIT);
		for who in UNFUNDED {
			assert_eq!(Balances::free_balance(who), 0);
		}
		let issuance = Balances::total_issuance();
		let mut chaos = Chaos(ChaCha8Rng::seed_from_u64(seed));
		let mut done = 0;
		for operation in 0..operations {
			match chaos.operation() {
				Ok(()) => done += 1,
				Err(error) => assert!(is_expected(error), "operation {operation}: {error:?}"),
			}
			if operation % 500 == 0 {
				Revenue::do_try_state().unwrap();
				System::reset_events();
			}
		}
		assert!(
			done > operations / 2,
			"most operations failed: {done} of {operations} went through"
		);

		// WHEN all streams have run dry and everyone has claimed
		run_dry();
		for who in FUNDED.chain(UNFUNDED).chain([RESEARCHER, DATA_OWNER, TREASURY]) {
			let _ = claim_many(who, &MODELS);
		}
		Revenue::do_try_state().unwrap();

		// THEN what is left in the pot is, for each model, less than a unit for each of its rows and one for the
		// remainder, but for what waits without shares or is too little to open an account.
		let mut rest = ExistentialDeposit::get();
		for (model, pool) in Pools::<Test>::iter() {
			let left = pool.owed().unwrap();
			let rows: Vec<_> = Holders::<Test>::iter_prefix_values(model).collect();
			let credit: Balance = rows.iter().map(|row| row.credit).sum();
			assert!(rows.iter().all(|row| row.credit < ExistentialDeposit::get()));
			let fractions = left - credit - pool.unallocated - pool.stream.left() - pool.due;
			assert!(
				fractions <= rows.len() as Balance + (pool.rem >> 64) + 1,
				"{fractions} units lost"
			);
			rest += left;
		}
		assert_eq!(Balances::free_balance(Revenue::pot()), rest);
		assert_eq!(Balances::total_issuance(), issuance);
	});
}

#[test]
fn nothing_is_lost_over_a_hundred_thousand_random_operations() {
	for seed in 0..4 {
		nothing_is_lost(seed, 25_000);
	}
}
