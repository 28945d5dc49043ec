//! A runtime with this pallet and mocks of its neighbours.

use cairn_primitives::{
	dispute::UnitContext,
	lcg::Lcg,
	model::{ModelInfo, PauseReason},
	traits::{DisputeOutcome, Disputes as _, Fault, Models, Providers},
	voucher::Price,
	Balance, BlockNumber, DatasetId, Hash, ModelId, ModelSpec, Points, Terms, UnitId, WindowIndex,
};
use frame_support::{derive_impl, dispatch::DispatchResult, parameter_types, weights::Weight};
use sp_core::sr25519;
use sp_runtime::{BuildStorage, DispatchError};

use crate::{self as pallet_disputes, Games, Side};

pub type AccountId = u64;

#[frame_support::runtime]
mod runtime {
	#[runtime::runtime]
	#[runtime::derive(
		RuntimeCall,
		RuntimeEvent,
		RuntimeError,
		RuntimeOrigin,
		RuntimeFreezeReason,
		RuntimeHoldReason,
		RuntimeSlashReason,
		RuntimeLockId,
		RuntimeTask,
		RuntimeViewFunction
	)]
	pub struct Test;

	#[runtime::pallet_index(0)]
	pub type System = frame_system::Pallet<Test>;
	#[runtime::pallet_index(1)]
	pub type Disputes = pallet_disputes::Pallet<Test>;
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = frame_system::mocking::MockBlock<Test>;
}

/// The unit that most tests are about.
pub const UNIT: UnitId = UnitId { model: 0, window: 3, stage: 1, lane: 0 };
/// The provider that attested it, whose worker key is `worker(DEFENDER)`.
pub const DEFENDER: AccountId = 1;
/// A provider that disputes it.
pub const CHALLENGER: AccountId = 2;
/// Another provider that disputes it.
pub const RIVAL: AccountId = 3;
/// An account that has no part in anything.
pub const STRANGER: AccountId = 99;
/// A model that is not registered.
pub const UNKNOWN_MODEL: ModelId = 7;

/// Sets worker keys apart from providers.
const WORKERS: AccountId = 1_000;

/// The worker key of a provider.
pub fn worker(provider: AccountId) -> AccountId {
	WORKERS + provider
}

parameter_types! {
	pub static ClockBudget: BlockNumber = 40;
	pub static ClockExtension: BlockNumber = 5;
	pub const MaxGamesPerUnit: u32 = 3;
	/// Steps of a window, and steps between its checkpoints.
	pub static Shape: (u32, u32) = (100, 25);
	/// What `Outcome` was told, in order.
	pub static Told: Vec<(UnitId, AccountId, Side)> = vec![];
	/// Whether `Outcome` fails.
	pub static OutcomeFails: bool = false;
}

/// A spec of the current [`Shape`].
pub fn spec() -> ModelSpec {
	let mut spec = ModelSpec::example(Hash::zero(), 2, 1);
	(spec.window.steps, spec.window.checkpoint_every) = Shape::get();
	spec
}

pub struct MockModels;

impl Models for MockModels {
	type AccountId = AccountId;

	fn spec(model: ModelId) -> Option<ModelSpec> {
		(model != UNKNOWN_MODEL).then(spec)
	}
	fn terms(_: ModelId) -> Option<Terms> {
		unreachable!("disputes do not ask for terms")
	}
	fn info(_: ModelId) -> Option<ModelInfo<AccountId>> {
		unreachable!("disputes do not ask for lineage")
	}
	fn data_owner(_: DatasetId) -> Option<AccountId> {
		unreachable!("disputes do not ask for data")
	}
	fn price(_: ModelId) -> Option<Price> {
		unreachable!("disputes do not ask for prices")
	}
	fn accept_window(_: ModelId, _: WindowIndex, _: u64) -> DispatchResult {
		unreachable!("disputes do not accept windows")
	}
	fn judge_gate(_: ModelId, _: WindowIndex, _: u64) -> DispatchResult {
		unreachable!("disputes do not judge gates")
	}
	fn conclude_gate(_: ModelId, _: WindowIndex, _: Option<u64>) -> DispatchResult {
		unreachable!("disputes do not judge gates")
	}
	fn bonded_points(_: ModelId) -> Option<Points> {
		unreachable!("disputes do not touch bonds")
	}
	fn pause(_: ModelId, _: PauseReason) -> DispatchResult {
		unreachable!("disputes do not pause models")
	}
}

pub struct MockProviders;

impl Providers for MockProviders {
	type AccountId = AccountId;

	fn provider_of(worker: &AccountId) -> Option<AccountId> {
		worker.checked_sub(WORKERS)
	}
	fn worker_key(_: &AccountId) -> Option<sr25519::Public> {
		unreachable!("disputes do not verify signatures")
	}
	fn worker_key_at(_: &AccountId, _: BlockNumber) -> Option<sr25519::Public> {
		unreachable!("disputes do not verify signatures")
	}
	fn required_bond(_: Points) -> Balance {
		unreachable!("disputes do not touch bonds")
	}
	fn commit(_: &AccountId, _: ModelId, _: Balance) -> DispatchResult {
		unreachable!("disputes do not touch bonds")
	}
	fn recommit(_: &AccountId, _: ModelId, _: Balance) -> DispatchResult {
		unreachable!("disputes do not touch bonds")
	}
	fn committed(_: &AccountId, _: ModelId) -> Balance {
		unreachable!("disputes do not touch bonds")
	}
	fn release(_: &AccountId, _: ModelId) {
		unreachable!("disputes do not touch bonds")
	}
	fn fine(_: &AccountId, _: ModelId, _: Fault, _: Option<&AccountId>) -> Balance {
		unreachable!("disputes do not fine")
	}
	fn note_work(_: &AccountId, _: Points) {
		unreachable!("disputes do not note work")
	}
	fn note_absence(_: &AccountId) {
		unreachable!("disputes do not note absence")
	}
}

/// Notes what it is told and moots a refuted unit, as contributions do.
pub struct MockOutcome;

impl MockOutcome {
	fn note(unit: &UnitId, challenger: &AccountId, winner: Side) -> DispatchResult {
		assert!(!Games::<Test>::contains_key(unit, challenger), "a game outlives its report");
		if OutcomeFails::get() {
			return Err(DispatchError::Other("the outcome cannot be taken in"));
		}
		Told::mutate(|told| told.push((*unit, *challenger, winner)));
		Ok(())
	}
}

impl DisputeOutcome for MockOutcome {
	type AccountId = AccountId;

	fn refuted(unit: &UnitId, challenger: &AccountId) -> DispatchResult {
		Self::note(unit, challenger, Side::Challenger)?;
		Disputes::moot(unit);
		Ok(())
	}
	fn upheld(unit: &UnitId, challenger: &AccountId) -> DispatchResult {
		Self::note(unit, challenger, Side::Defender)
	}
}

/// Weights that tell calls and lengths of evidence apart, which measured ones need not.
pub struct TestWeights;

impl crate::WeightInfo for TestWeights {
	fn reveal() -> Weight {
		Weight::from_parts(1_000_000, 0)
	}
	fn advance() -> Weight {
		Weight::from_parts(2_000_000, 0)
	}
	fn choose() -> Weight {
		Weight::from_parts(3_000_000, 0)
	}
	fn prove_leaf(evidence: u32) -> Weight {
		Weight::from_parts(4_000_000, 0).saturating_add(Weight::from_parts(evidence.into(), 0))
	}
	fn time_out() -> Weight {
		Weight::from_parts(5_000_000, 0)
	}
}

impl crate::Config for Test {
	type Models = MockModels;
	type Providers = MockProviders;
	type Outcome = MockOutcome;
	type Leaf = Lcg;
	type ClockBudget = ClockBudget;
	type ClockExtension = ClockExtension;
	type MaxGamesPerUnit = MaxGamesPerUnit;
	type WeightInfo = TestWeights;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = ();
}

/// Builds the world of a test.
pub struct ExtBuilder;

impl ExtBuilder {
	/// A fresh world: block 1, nothing told, the first values of all parameters.
	pub fn build(self) -> sp_io::TestExternalities {
		ClockBudget::set(40);
		ClockExtension::set(5);
		Shape::set((100, 25));
		Told::take();
		OutcomeFails::set(false);
		let storage = frame_system::GenesisConfig::<Test>::default()
			.build_storage()
			.expect("the genesis of the system pallet builds");
		let mut ext = sp_io::TestExternalities::from(storage);
		ext.execute_with(|| System::set_block_number(1));
		ext
	}

	/// Run a test, and check the invariants after it.
	pub fn build_and_execute(self, test: impl FnOnce()) {
		self.build().execute_with(|| {
			test();
			check_invariants();
		});
	}
}

/// Fails with the invariant that does not hold.
pub fn check_invariants() {
	Disputes::do_try_state().expect("the invariants hold");
}

/// Let time pass until `block`.
pub fn run_to(block: BlockNumber) {
	let block = u64::from(block);
	assert!(block >= System::block_number(), "time does not go back");
	System::set_block_number(block);
}

/// The current block.
pub fn now() -> BlockNumber {
	Disputes::now()
}

/// Open a game about a context between the usual providers.
pub fn open(context: &UnitContext, challenger: AccountId) -> DispatchResult {
	Disputes::open(context.clone(), DEFENDER, challenger, Hash::repeat_byte(0xcc))
}
