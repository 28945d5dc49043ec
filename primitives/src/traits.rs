//! What Cairn's pallets ask of each other. Each trait is implemented by one pallet and used by its neighbours, so that
//! every pallet is tested with mocks of the others.

use alloc::vec::Vec;

use frame_support::dispatch::DispatchResult;
use sp_core::sr25519;
use sp_runtime::{DispatchError, Permill};

use crate::{
	attestation::checkpoint_steps,
	dispute::UnitContext,
	model::{ModelInfo, PauseReason},
	spec::Nano,
	Balance, BlockNumber, DatasetId, Hash, LaneIndex, ModelId, ModelSpec, Points, Roster,
	StageIndex, Terms, UnitId, Window, WindowIndex,
};

/// The registry of models (pallet-models).
pub trait Models {
	/// Account of a person or of a key.
	type AccountId;

	/// The complete description of a model.
	fn spec(model: ModelId) -> Option<ModelSpec>;
	/// How its shares and revenue are split.
	fn terms(model: ModelId) -> Option<Terms>;
	/// Its lineage and state.
	fn info(model: ModelId) -> Option<ModelInfo<Self::AccountId>>;
	/// Who is paid for a dataset.
	fn data_owner(dataset: DatasetId) -> Option<Self::AccountId>;
	/// What tokens of it cost; `None` while it has no price.
	fn price(model: ModelId) -> Option<crate::voucher::Price>;
	/// Take in the samples of a window that counted; ends training when the schedule is done.
	fn accept_window(model: ModelId, window: WindowIndex, samples: u64) -> DispatchResult;
	/// FLOPs that the bond of a provider answers for: 16 · stages · dearest unit, of this model or of one that it descends
	/// from, whichever asks more, because who works on a fork holds what its parents trained.
	fn bonded_points(model: ModelId) -> Option<Points>;
	/// Pause the model if the median held-out loss that a gate window attested (see `NonNegative::to_millionths`) is above
	/// the best so far by more than the spec's tolerance.
	fn judge_gate(model: ModelId, window: WindowIndex, loss_millionths: u64) -> DispatchResult;
	/// Compare later gates with the median held-out loss of a gate window, of which only audited units count, if it is
	/// better than the best so far. It replaces what the window came to before; `None` if nothing of it counts any more.
	fn conclude_gate(
		model: ModelId,
		window: WindowIndex,
		loss_millionths: Option<u64>,
	) -> DispatchResult;
	/// Pause a model.
	fn pause(model: ModelId, reason: PauseReason) -> DispatchResult;
}

/// What a fault costs the worker that is at fault.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	codec::Encode,
	codec::Decode,
	codec::DecodeWithMemTracking,
	codec::MaxEncodedLen,
	scale_info::TypeInfo,
)]
pub enum Fault {
	/// A unit was refuted: half of the bond.
	Unit,
	/// Two different things were signed where only one can be true: half of the bond.
	Equivocation,
	/// The inputs of a unit could not be fetched by two auditors, and nobody else fetched them: half of the bond.
	Unavailable,
	/// An auditor approved without the work, or accused falsely: a fifth of the bond.
	Audit,
	/// A wrong merged root was attested: half of the bond.
	Merge,
}

impl Fault {
	/// Part of the bond committed to the model that goes.
	pub fn fine(&self) -> Permill {
		match self {
			Fault::Unit | Fault::Equivocation | Fault::Unavailable | Fault::Merge => {
				Permill::from_percent(50)
			},
			Fault::Audit => Permill::from_percent(20),
		}
	}
}

/// The register of providers and their bonds (pallet-workers).
///
/// A provider is an account that owns bond, points and shares; its worker key is a hot key on one machine. Who runs
/// several machines uses several provider accounts.
pub trait Providers {
	/// Account of a person or of a key.
	type AccountId;

	/// The provider that a worker key (as the signer of an extrinsic) works for.
	fn provider_of(worker: &Self::AccountId) -> Option<Self::AccountId>;
	/// The key with which a provider's worker signs extrinsics.
	fn worker_key(provider: &Self::AccountId) -> Option<sr25519::Public>;
	/// The key that a provider's worker had when `block` began: what it shows its neighbours in a window is signed with the
	/// key that it had when the window started, whatever it changed it to since.
	fn worker_key_at(provider: &Self::AccountId, block: BlockNumber) -> Option<sr25519::Public>;
	/// Bond for so many FLOPs ([`Models::bonded_points`]).
	fn required_bond(points: Points) -> Balance;
	/// Commit `amount` of a provider's free bond to a model; fails with a named error if too little is free, or if a
	/// commitment to the model exists.
	fn commit(provider: &Self::AccountId, model: ModelId, amount: Balance) -> DispatchResult;
	/// Commit as [`Providers::commit`] does, or take up a commitment that was released and is not settled: it answers for
	/// the model as before, with at least `amount`. What it lacks comes from the free bond.
	fn recommit(provider: &Self::AccountId, model: ModelId, amount: Balance) -> DispatchResult;
	/// What is committed to a model.
	fn committed(provider: &Self::AccountId, model: ModelId) -> Balance;
	/// Begin to free a commitment: it stays locked, and can be fined, for the post-leave lock.
	fn release(provider: &Self::AccountId, model: ModelId);
	/// Fine a provider for a fault in a model: of the fined amount half goes to `prover` (to the treasury where there is
	/// none), 30 % are burned, the rest goes to the treasury. Returns the whole fine.
	fn fine(
		provider: &Self::AccountId,
		model: ModelId,
		fault: Fault,
		prover: Option<&Self::AccountId>,
	) -> Balance;
	/// Note a finalised unit or audit in the provider's reputation.
	fn note_work(provider: &Self::AccountId, points: Points);
	/// Note a window in which a seated provider did not attest.
	fn note_absence(provider: &Self::AccountId);
}

/// Who may hold which stage of a family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entitlement {
	/// Nothing of this family was drawn for the provider yet.
	None,
	/// The one stage that was drawn, for ever.
	Stage(StageIndex),
	/// Every stage: the model is open.
	Any,
}

impl Entitlement {
	/// Whether a stage may be held and audited.
	pub fn covers(&self, stage: StageIndex) -> bool {
		match self {
			Entitlement::None => false,
			Entitlement::Stage(held) => *held == stage,
			Entitlement::Any => true,
		}
	}
}

/// Seats and the window clock (pallet-shards).
pub trait Seats {
	/// Account of a person or of a key.
	type AccountId;

	/// The running window of a model, until it is closed; attestations count in `start..=deadline`.
	fn window(model: ModelId) -> Option<Window>;
	/// A window that was closed and not yet forgotten.
	fn closed_window(model: ModelId, window: WindowIndex) -> Option<ClosedWindow>;
	/// Everyone at a stage, as of the running window; changes take effect only between windows.
	fn roster(model: ModelId, stage: StageIndex) -> Option<Roster<Self::AccountId>>;
	/// What a provider may hold of a model's family.
	fn entitlement(provider: &Self::AccountId, model: ModelId) -> Entitlement;
	/// Remove a provider from a model at once after a fault; its seat falls vacant when the window closes.
	fn expel(provider: &Self::AccountId, model: ModelId);
}

/// A window that is over.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	codec::Encode,
	codec::Decode,
	codec::DecodeWithMemTracking,
	codec::MaxEncodedLen,
	scale_info::TypeInfo,
)]
pub struct ClosedWindow {
	/// The window as it was fixed when it started.
	pub window: Window,
	/// Whether fewer than half of the seats attested: then nothing of it counts and nobody is penalised.
	pub is_void: bool,
}

/// Randomness that nobody knew when the things it judges were committed to (pallet-shards keeps it).
pub trait Beacon {
	/// The VRF outputs of all blocks up to and including `block`, chained; `None` if that is not known yet or no longer.
	fn at(block: BlockNumber) -> Option<Hash>;
}

/// Counts of a window.
#[derive(
	Clone,
	Copy,
	Debug,
	Default,
	PartialEq,
	Eq,
	codec::Encode,
	codec::Decode,
	codec::DecodeWithMemTracking,
	codec::MaxEncodedLen,
	scale_info::TypeInfo,
)]
pub struct Tally {
	/// Units attested.
	pub attested: u32,
	/// Samples that last stages attested.
	pub samples: u64,
}

/// Attested work (pallet-contributions).
pub trait Work {
	/// Account of a person or of a key.
	type AccountId;

	/// Counts of a window.
	fn tally(model: ModelId, window: WindowIndex) -> Tally;
	/// Bit `lane` is set where a stage's unit of that lane is attested.
	fn attested_lanes(model: ModelId, window: WindowIndex, stage: StageIndex) -> u16;
	/// Units and audits of a provider that are not final: while there is one, no bond is paid out.
	fn open_units(provider: &Self::AccountId) -> u32;
	/// Whether a provider has units or audits in a model that are not final: while there is one, the bond committed to the
	/// model answers for it.
	fn has_open_units(provider: &Self::AccountId, model: ModelId) -> bool;
}

/// The dispute game (pallet-disputes).
pub trait Disputes {
	/// Account of a person or of a key.
	type AccountId;

	/// Open a game about an attested unit. `challenger_checkpoints` is the root of the challenger's own checkpoints.
	fn open(
		context: UnitContext,
		defender: Self::AccountId,
		challenger: Self::AccountId,
		challenger_checkpoints: Hash,
	) -> DispatchResult;
	/// Whether a game about the unit is open.
	fn is_contested(unit: &UnitId) -> bool;
	/// End every open game about a unit that is refuted already, in favour of the challengers.
	fn moot(unit: &UnitId);
}

/// Told how games end (pallet-contributions).
pub trait DisputeOutcome {
	/// Account of a person or of a key.
	type AccountId;

	/// The challenger won: the unit is refuted.
	fn refuted(unit: &UnitId, challenger: &Self::AccountId) -> DispatchResult;
	/// The defender won this game. It vindicates nothing against other challengers.
	fn upheld(unit: &UnitId, challenger: &Self::AccountId) -> DispatchResult;
}

/// Shares and revenue of models (pallet-revenue).
pub trait Shares {
	/// Account of a person or of a key.
	type AccountId;

	/// Mint shares for verified work and split them by the model's terms; returns all that was minted. An error leaves
	/// everything as it was.
	fn mint(
		model: ModelId,
		spec: &ModelSpec,
		provider: &Self::AccountId,
		points: Points,
		samples: u64,
	) -> Result<Balance, DispatchError>;
	/// Take revenue of a model from an account.
	fn deposit(model: ModelId, from: &Self::AccountId, amount: Balance) -> DispatchResult;
	/// All shares of a model.
	fn supply(model: ModelId) -> Balance;
}

/// Leaves of a unit's checkpoints root: states at [`checkpoint_steps`] and the result.
pub fn checkpoint_leaves(spec: &ModelSpec, context: &UnitContext) -> usize {
	checkpoint_steps(context.trace_steps().saturating_sub(1), spec.window.checkpoint_every)
		.len()
		.saturating_add(1) // at most 18
}

/// The tolerance of a model's gate in the unit of [`Models::judge_gate`].
pub fn tolerance_millionths(tolerance: Nano) -> u64 {
	u64::from(tolerance.0).checked_div(1_000).unwrap_or(0)
}

/// The lanes whose bits are set.
pub fn lanes_of(bits: u16) -> Vec<LaneIndex> {
	(0..16).filter(|lane| bits.checked_shr(u32::from(*lane)).is_some_and(|b| b & 1 == 1)).collect()
}
