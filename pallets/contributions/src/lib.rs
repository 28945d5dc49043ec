#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]
// What runs in a block must not panic.
#![cfg_attr(
	not(any(test, feature = "runtime-benchmarks")),
	deny(
		clippy::arithmetic_side_effects,
		clippy::expect_used,
		clippy::indexing_slicing,
		clippy::panic,
		clippy::unwrap_used
	)
)]

extern crate alloc;

mod attesting;
mod auditing;
#[cfg(any(test, feature = "runtime-benchmarks"))]
mod benchmarking;
mod challenges;
mod equivocation;
mod faults;
mod lots;
mod merges;
#[cfg(test)]
mod mock;
mod pruning;
mod queue;
mod settlement;
mod suspicions;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod try_state;
pub mod types;
mod views;
pub mod weights;
mod windows;

#[cfg(any(test, feature = "runtime-benchmarks"))]
pub use benchmarking::{BenchmarkHelper, WrongMerge};
pub use pallet::*;
pub use types::*;
pub use weights::WeightInfo;

/// Target of this pallet's log lines.
pub(crate) const LOG_TARGET: &str = "runtime::contributions";

#[allow(clippy::expect_used, reason = "FRAME's macros expand to it")]
#[frame_support::pallet]
pub mod pallet {
	use alloc::vec::Vec;

	use cairn_primitives::{
		attestation::{Attestation, EdgeReceipt, Verdict},
		dispute::{MergeVerifier, Merged, MAX_EVIDENCE},
		signing::Edge,
		traits::{Beacon, Disputes, Fault, Models, Providers, Seats, Shares},
		Balance, BlockNumber, Hash, LaneIndex, ModelId, Points, StageIndex, StepIndex, UnitId,
		WindowIndex, MAX_CHECKPOINTS, MAX_LANES, MAX_STAGES, MAX_STEPS,
	};
	use frame_support::{
		dispatch::DispatchResultWithPostInfo,
		pallet_prelude::*,
		traits::fungible::{Mutate, MutateHold},
	};
	use frame_system::pallet_prelude::*;

	use super::{attesting::Effects, types::*, weights::WeightInfo};

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	/// A runtime's accounts.
	pub type AccountIdOf<T> = <T as frame_system::Config>::AccountId;
	/// A unit, with the runtime's accounts.
	pub type UnitOf<T> = Unit<AccountIdOf<T>>;
	/// An audit, with the runtime's accounts.
	pub type AuditOf<T> = Audit<AccountIdOf<T>>;
	/// The checkpoint leaves of a unit: states, and the result.
	pub type Leaves = BoundedVec<Hash, ConstU32<{ MAX_CHECKPOINTS + 2 }>>;

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	#[pallet::config]
	pub trait Config: frame_system::Config<Hash = Hash> {
		/// The registry of models.
		type Models: Models<AccountId = Self::AccountId>;

		/// Providers, their keys and bonds.
		type Providers: Providers<AccountId = Self::AccountId>;

		/// Seats and the window clock.
		type Seats: Seats<AccountId = Self::AccountId>;

		/// Randomness after the fact.
		type Beacon: Beacon;

		/// The dispute game, which reports to this pallet.
		type Disputes: Disputes<AccountId = Self::AccountId>;

		/// Shares of models.
		type Shares: Shares<AccountId = Self::AccountId>;

		/// The arithmetic of merges.
		type Merges: MergeVerifier;

		/// The currency of the bonds of suspicions and challenges.
		type Currency: Mutate<Self::AccountId, Balance = Balance>
			+ MutateHold<Self::AccountId, Reason: From<HoldReason>>;

		/// Where a part of lost bonds goes.
		type Treasury: Get<Self::AccountId>;

		/// Blocks between a window's deadline, or any later draw's occasion, and the block whose randomness decides.
		type LotDelay: Get<BlockNumber>;

		/// Least blocks after their window's deadline for which points stay in escrow.
		type EscrowBlocks: Get<BlockNumber>;

		/// Least lengths of a window after its deadline for which points stay in escrow.
		type EscrowWindows: Get<u32>;

		/// Least blocks that an auditor has.
		type AuditBlocks: Get<BlockNumber>;

		/// Least lengths of a window that an auditor has.
		type AuditWindows: Get<u32>;

		/// Lengths of a window for which the inputs of units that were spared are kept after the lots.
		type RetentionWindows: Get<u32>;

		/// What vouches for a suspicion.
		type SuspicionBond: Get<Balance>;

		/// What vouches for a challenge.
		type ChallengeBond: Get<Balance>;

		/// Most open challenges of one unit. Lowering it needs a migration.
		#[pallet::constant]
		type MaxChallenges: Get<u32>;

		/// Weights of the calls.
		type WeightInfo: WeightInfo;

		/// Brings the neighbours into the states that benchmarks need.
		#[cfg(any(test, feature = "runtime-benchmarks"))]
		type BenchmarkHelper: super::BenchmarkHelper<Self::AccountId>;
	}

	/// Why this pallet holds funds.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// The bond of a suspicion.
		#[codec(index = 0)]
		Suspicion,
		/// The bond of a challenge.
		#[codec(index = 1)]
		Challenge,
	}

	/// Attested work.
	#[pallet::storage]
	pub type Units<T: Config> = StorageMap<_, Twox64Concat, UnitId, UnitOf<T>>;

	/// Audits that are not over.
	#[pallet::storage]
	pub type Audits<T: Config> = StorageMap<_, Twox64Concat, UnitId, AuditOf<T>>;

	/// Windows in which something was attested.
	#[pallet::storage]
	pub type Windows<T: Config> =
		StorageDoubleMap<_, Twox64Concat, ModelId, Twox64Concat, WindowIndex, WindowRow>;

	/// The newest of a model's [`Windows`].
	#[pallet::storage]
	pub type Newest<T: Config> = StorageMap<_, Twox64Concat, ModelId, Latest>;

	/// Stages of windows.
	#[pallet::storage]
	pub type Stages<T: Config> = StorageNMap<
		_,
		(
			NMapKey<Twox64Concat, ModelId>,
			NMapKey<Twox64Concat, WindowIndex>,
			NMapKey<Twox64Concat, StageIndex>,
		),
		StageRow,
		ValueQuery,
	>;

	/// A provider's history in a model.
	#[pallet::storage]
	pub type Records<T: Config> = StorageDoubleMap<
		_,
		Blake2_128Concat,
		T::AccountId,
		Twox64Concat,
		ModelId,
		Record,
		ValueQuery,
	>;

	/// A provider's pending units and audits in a model, in the order in which they fall due. What was finalised out
	/// of turn leaves a gap, which the head skips.
	#[pallet::storage]
	pub type Queue<T: Config> = StorageNMap<
		_,
		(
			NMapKey<Blake2_128Concat, AccountIdOf<T>>,
			NMapKey<Twox64Concat, ModelId>,
			NMapKey<Twox64Concat, u32>,
		),
		Item,
	>;

	/// How many entries of [`Queue`] and open accusations a provider has. While there is one, its bond stays.
	#[pallet::storage]
	pub type OpenUnits<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, u32, ValueQuery>;

	/// Bonded suspicions that are not settled.
	#[pallet::storage]
	pub type Suspicions<T: Config> = StorageNMap<
		_,
		(
			NMapKey<Twox64Concat, ModelId>,
			NMapKey<Twox64Concat, WindowIndex>,
			NMapKey<Twox64Concat, LaneIndex>,
		),
		Suspicion<AccountIdOf<T>>,
	>;

	/// Bonded challenges of a unit whose games are open.
	#[pallet::storage]
	pub type Challenges<T: Config> = StorageMap<
		_,
		Twox64Concat,
		UnitId,
		BoundedVec<Challenge<AccountIdOf<T>>, T::MaxChallenges>,
		ValueQuery,
	>;

	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A seat committed to its work of a window.
		Attested {
			/// The unit.
			unit: UnitId,
			/// Who did it.
			provider: T::AccountId,
			/// Steps that count.
			steps: StepIndex,
			/// What it is worth.
			points: Points,
			/// Whether it is part of the merge.
			in_merge: bool,
		},
		/// The audits of a stage were drawn.
		LotsDrawn {
			/// The model.
			model: ModelId,
			/// The window.
			window: WindowIndex,
			/// The stage.
			stage: StageIndex,
			/// Bit `lane` is set where the unit of the lane is audited.
			audited: u16,
		},
		/// A window turned out void: nothing of it counts.
		WindowVoided {
			/// The model.
			model: ModelId,
			/// The window.
			window: WindowIndex,
			/// The stage.
			stage: StageIndex,
		},
		/// A gate's held-out loss could not be handed to the model.
		GateNotTaken {
			/// The model.
			model: ModelId,
			/// The window.
			window: WindowIndex,
			/// Why.
			error: DispatchError,
		},
		/// An auditor was drawn: it re-executes the unit and answers.
		AuditorDrawn {
			/// The unit.
			unit: UnitId,
			/// The auditor.
			auditor: T::AccountId,
			/// The last block in which it can answer.
			deadline: BlockNumber,
		},
		/// A new auditor will be drawn from the randomness of a block to come.
		AuditorDue {
			/// The unit.
			unit: UnitId,
			/// The block whose randomness decides.
			seed_at: BlockNumber,
		},
		/// Nobody is left to audit a unit: it counts as unaudited and can be challenged.
		AuditorNotFound {
			/// The unit.
			unit: UnitId,
		},
		/// An auditor came to the same result.
		UnitApproved {
			/// The unit.
			unit: UnitId,
			/// The auditor.
			auditor: T::AccountId,
		},
		/// An auditor came to another result: a game is open.
		UnitAccused {
			/// The unit.
			unit: UnitId,
			/// The auditor.
			auditor: T::AccountId,
		},
		/// An auditor could not fetch the inputs of a unit.
		InputsMissed {
			/// The unit.
			unit: UnitId,
			/// The auditor.
			auditor: T::AccountId,
		},
		/// A worker proved that an auditor approved its unit without the work.
		AuditExposed {
			/// The unit.
			unit: UnitId,
			/// The auditor.
			auditor: T::AccountId,
			/// What the auditor was fined.
			fine: Balance,
		},
		/// A lane of a window is suspected: all units of it are audited.
		LaneSuspected {
			/// The model.
			model: ModelId,
			/// The window.
			window: WindowIndex,
			/// The lane.
			lane: LaneIndex,
			/// Who vouches for it; nobody where the lane's loss speaks for itself.
			by: Option<T::AccountId>,
		},
		/// A bonded suspicion is over.
		SuspicionSettled {
			/// The model.
			model: ModelId,
			/// The window.
			window: WindowIndex,
			/// The lane.
			lane: LaneIndex,
			/// Whether a unit was refuted, and the bond returned.
			was_right: bool,
		},
		/// A unit was challenged: a game is open.
		UnitChallenged {
			/// The unit.
			unit: UnitId,
			/// Who challenged it.
			challenger: T::AccountId,
		},
		/// A worker won a game about its unit.
		UnitUpheld {
			/// The unit.
			unit: UnitId,
			/// Who lost the game.
			challenger: T::AccountId,
		},
		/// A unit was refuted.
		UnitRefuted {
			/// The unit.
			unit: UnitId,
			/// Who attested it.
			provider: T::AccountId,
			/// What it did.
			fault: Fault,
			/// Who proved it.
			prover: Option<T::AccountId>,
			/// What the provider was fined.
			fine: Balance,
		},
		/// A merge that a majority attested was refuted.
		MergeRefuted {
			/// The model.
			model: ModelId,
			/// The window that started from it.
			window: WindowIndex,
			/// The stage.
			stage: StageIndex,
			/// The wrong root.
			claimed: Hash,
			/// Whether that paused the model.
			is_paused: bool,
		},
		/// The two ends of an edge attested as many steps and different roots: `report_fork` proves that both are at fault.
		EndsDiffer {
			/// The edge.
			edge: Edge,
		},
		/// A provider signed two roots for one edge and step.
		Equivocated {
			/// The edge.
			edge: Edge,
			/// The step.
			steps: StepIndex,
			/// The provider.
			provider: T::AccountId,
			/// What it was fined.
			fine: Balance,
		},
		/// Work minted shares.
		UnitFinalised {
			/// The unit.
			unit: UnitId,
			/// Who did it.
			provider: T::AccountId,
			/// What it was worth.
			points: Points,
			/// All shares that were minted for it.
			shares: Balance,
		},
		/// Work came to nothing.
		UnitVoided {
			/// The unit.
			unit: UnitId,
			/// Who did it.
			provider: T::AccountId,
			/// Why.
			reason: VoidReason,
		},
		/// An audit minted shares.
		AuditFinalised {
			/// The audited unit.
			unit: UnitId,
			/// The auditor.
			auditor: T::AccountId,
			/// What it was worth.
			points: Points,
			/// All shares that were minted for it.
			shares: Balance,
		},
		/// An audit came to nothing.
		AuditVoided {
			/// The audited unit.
			unit: UnitId,
			/// The auditor.
			auditor: T::AccountId,
			/// Why.
			reason: VoidReason,
		},
		/// The rows of a stage's window were removed.
		StagePruned {
			/// The model.
			model: ModelId,
			/// The window.
			window: WindowIndex,
			/// The stage.
			stage: StageIndex,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// The key works for no provider: register it, or sign with the provider's worker key.
		NotAWorker,
		/// There is no such model: check the number.
		UnknownModel,
		/// The model has no such stage: stages count from 0.
		UnknownStage,
		/// The model has no running window: wait until one starts.
		NoRunningWindow,
		/// The attestation is for another window than the running one: attest only that.
		WrongWindow,
		/// The window has not started: attest from its first block on.
		TooEarly,
		/// The window's deadline has passed: attest earlier in the next window.
		TooLate,
		/// Another seat works in this lane: look up yours by the window's seed.
		NotYourLane,
		/// The unit is attested already, and an attestation is final: there is nothing left to send.
		AlreadyAttested,
		/// More steps than a window has: attest at most the spec's steps, and divergence below them.
		StepsOutOfRange,
		/// The receipt of the stage before has to be there exactly if there is such a stage and a step counts: add it, or leave
		/// it out.
		UpstreamMisplaced,
		/// The receipt of the stage after has to be there exactly if there is such a stage and a step counts: add it, or leave
		/// it out.
		DownstreamMisplaced,
		/// A receipt is not signed by the neighbour's worker key over this edge, step and root: ask for another.
		BadReceipt,
		/// The loss has to be there exactly at the last stage: add it, or leave it out.
		LossMisplaced,
		/// The held-out loss has to be there exactly at the last stage of gate windows: add it, or leave it out.
		HeldOutMisplaced,
		/// The inner state has to be there exactly if the spec carries it: add it, or leave it out.
		InnerStateMisplaced,
		/// The model's first windows start from the shards whose roots its spec names: start from that of your stage.
		WrongInitialShard,
		/// A norm or loss is not a finite number from zero up: attest divergence instead.
		BadNumber,
		/// A holder is named twice: name each once.
		DuplicateHolder,
		/// A holder's signature does not match the unit and difference: leave it out.
		BadHeldSignature,
		/// Nothing was attested in this window, or it is pruned: check model and window.
		UnknownWindow,
		/// Nothing was attested in this stage or lane of the window: check their numbers.
		NothingAttested,
		/// Nobody attested this unit, or it is pruned: check its numbers.
		UnknownUnit,
		/// The window is not closed: poke the window clock first.
		WindowNotClosed,
		/// The lots of this stage are drawn already: its open audits are in `Audits`.
		LotsAlreadyDrawn,
		/// The lots of the last stage come first, because its losses decide on audits: draw them.
		LastStageFirst,
		/// The deciding randomness is not known yet: try again some blocks later.
		RandomnessNotKnown,
		/// The unit is not being audited: there is no auditor to draw or to answer for.
		NotAudited,
		/// The auditor has time left: draw another one after its deadline.
		AuditorHasTime,
		/// The audit is answered: there is no auditor to draw.
		AuditAnswered,
		/// You are not the unit's auditor: look up your audit tasks.
		NotTheAuditor,
		/// The audit's deadline has passed: another auditor will be drawn.
		AuditTooLate,
		/// The checkpoints are those that were attested: answer with an approval.
		SameCheckpoints,
		/// Only the unit's own worker can do this: sign with the worker key of the provider that attested it.
		NotYourUnit,
		/// There is no approval of this unit to expose: wait until its auditor has approved it.
		NotApproved,
		/// The leaves are not those of the attested checkpoints: reveal all of them in their order.
		LeavesDoNotMatch,
		/// The auditor's answer is right: there is nothing to expose.
		AuditIsRight,
		/// You neither sit nor stand by at this model: ask somebody who does.
		NotAtModel,
		/// All units of this lane that earn anything are audited anyway: it is suspected already, or the lots fell on all of them.
		AlreadySuspected,
		/// Inputs of units that were spared are no longer kept: raise it earlier next time.
		RetentionOver,
		/// The unit's time in escrow is over: it can no longer be challenged, only finalised.
		EscrowOver,
		/// There is no open suspicion of this lane: check model, window and lane.
		NoSuspicion,
		/// Units of the lane are still being audited: settle the suspicion after that.
		SuspicionOpen,
		/// You are not entitled to this stage: nobody would give you its inputs.
		NotEntitled,
		/// The unit is your own: only others can challenge it.
		OwnUnit,
		/// You audit or have approved this unit: answer, or let others challenge it.
		AuditorCannotChallenge,
		/// You have an open challenge of this unit: play its game.
		AlreadyChallenged,
		/// The unit has as many open challenges as it may: wait for one to end.
		TooManyChallenges,
		/// The unit's fate is decided already: nothing can change it any more.
		AlreadyDecided,
		/// The window is void: nothing of it counts anyway.
		WindowIsVoid,
		/// No merge is known that this window started from: the majority stands.
		NoMergeBefore,
		/// No unit that started from this merge is pending: nobody can be held to it any more.
		NothingAtStake,
		/// This merge is refuted already: nothing is left to prove.
		MergeAlreadyRefuted,
		/// The merge is right: recompute yours.
		MergeIsRight,
		/// The evidence does not open the merge's inputs: send the state before and the difference of every member.
		EvidenceUnproven,
		/// The steps do not lead from the root that you gave to the one that was attested: give those between the two ends.
		StepsDoNotConnect,
		/// The two roots are equal, which is no contradiction: show two different ones.
		RootsAgree,
		/// The provider did not work at this edge in this window, or the window is over and it attested nothing: check edge and
		/// provider.
		NotAtEdge,
		/// A signature is not the provider's over this edge, step and root: check which key it had when the window started.
		BadEdgeSignature,
		/// The provider was found at fault for this edge already: nothing is left to prove.
		AlreadyReported,
		/// Nothing of this unit is pending: there is nothing to finalise.
		NothingPending,
		/// The lots are not drawn: draw them first.
		LotsNotDrawn,
		/// The unit is being audited: wait for the answer, or draw another auditor.
		AuditOpen,
		/// A game about the unit is open: wait for its end.
		Contested,
		/// The points are in escrow still: wait until they are due.
		NotDue,
		/// There is nothing of this stage and window to prune: check their numbers.
		NothingToPrune,
		/// Units or audits of this stage are pending: finalise them first.
		UnitsPending,
		/// Later windows may still build on this one: prune it later.
		StillNeeded,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn integrity_test() {
			assert!(T::MaxChallenges::get() > 0, "units cannot be challenged: raise MaxChallenges");
			assert!(T::LotDelay::get() > 0, "lots would be known at the deadline: raise LotDelay");
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Commit to your work of the running window.
		///
		/// Signed by the seat's worker key, by the window's deadline. Also finalises what is due of your earlier work.
		#[pallet::call_index(0)]
		#[pallet::weight(
			Pallet::<T>::weight_of_attest(attestation.held.len() as u32, &Effects::MOST)
		)]
		pub fn attest(
			origin: OriginFor<T>,
			attestation: Attestation<T::AccountId>,
		) -> DispatchResultWithPostInfo {
			let who = ensure_signed(origin)?;
			let held = attestation.held.len() as u32;
			let effects = Self::do_attest(who, attestation)?;
			Ok((Some(Self::weight_of_attest(held, &effects)), Pays::No).into())
		}

		/// Draw which units of a closed window's stage are audited, and by whom.
		#[pallet::call_index(1)]
		#[pallet::weight(
			T::WeightInfo::draw_lots()
				.saturating_add(Pallet::<T>::foreign_reads())
				.saturating_add(T::WeightInfo::conclude_gate().saturating_mul(2))
		)]
		pub fn draw_lots(
			origin: OriginFor<T>,
			model: ModelId,
			window: WindowIndex,
			stage: StageIndex,
		) -> DispatchResultWithPostInfo {
			ensure_signed(origin)?;
			Self::do_draw_lots(model, window, stage)?;
			Ok(Pays::No.into())
		}

		/// Draw an auditor for a unit that has none, or whose auditor is silent.
		#[pallet::call_index(2)]
		#[pallet::weight(
			T::WeightInfo::redraw_audit()
				.saturating_add(Pallet::<T>::foreign_reads())
				.saturating_add(T::WeightInfo::report_unavailable())
				.saturating_add(T::WeightInfo::conclude_gate().saturating_mul(2))
		)]
		pub fn redraw_audit(origin: OriginFor<T>, unit: UnitId) -> DispatchResultWithPostInfo {
			ensure_signed(origin)?;
			Self::do_redraw_audit(unit)?;
			Ok(Pays::No.into())
		}

		/// Answer what you came to when you re-executed a unit as its auditor.
		#[pallet::call_index(3)]
		#[pallet::weight(T::WeightInfo::verdict_ok().max(T::WeightInfo::verdict_bad()))]
		pub fn verdict(
			origin: OriginFor<T>,
			unit: UnitId,
			verdict: Verdict,
		) -> DispatchResultWithPostInfo {
			let who = ensure_signed(origin)?;
			Self::do_verdict(who, unit, verdict)?;
			Ok(Pays::No.into())
		}

		/// Answer as a unit's auditor that its inputs cannot be fetched.
		///
		/// Others are asked then, up to three in all. If nobody fetches them and two say so, the unit is refuted.
		#[pallet::call_index(4)]
		#[pallet::weight(
			T::WeightInfo::report_unavailable()
				.saturating_add(T::WeightInfo::conclude_gate().saturating_mul(2))
		)]
		pub fn report_unavailable(
			origin: OriginFor<T>,
			unit: UnitId,
		) -> DispatchResultWithPostInfo {
			let who = ensure_signed(origin)?;
			Self::do_report_unavailable(who, unit)?;
			Ok(Pays::No.into())
		}

		/// Show, by your unit's checkpoints, that its auditor approved it without the work.
		#[pallet::call_index(5)]
		#[pallet::weight(T::WeightInfo::expose_audit().saturating_add(T::WeightInfo::conclude_gate()))]
		pub fn expose_audit(
			origin: OriginFor<T>,
			unit: UnitId,
			leaves: Leaves,
		) -> DispatchResultWithPostInfo {
			let who = ensure_signed(origin)?;
			Self::do_expose_audit(who, unit, leaves)?;
			Ok(Pays::No.into())
		}

		/// Vouch with a bond that a lane of a closed window is wrong: all of its units are audited.
		///
		/// Signed by the worker key of a provider at the model, who puts up the bond. The bond returns if a unit is refuted.
		#[pallet::call_index(6)]
		#[pallet::weight(T::WeightInfo::suspect(MAX_STAGES))]
		pub fn suspect(
			origin: OriginFor<T>,
			model: ModelId,
			window: WindowIndex,
			lane: LaneIndex,
		) -> DispatchResultWithPostInfo {
			let who = ensure_signed(origin)?;
			let stages = Self::do_suspect(who, model, window, lane)?;
			Ok(Some(T::WeightInfo::suspect(stages)).into())
		}

		/// Return or take the bond of a suspicion once it is clear whether it was right.
		#[pallet::call_index(7)]
		#[pallet::weight(T::WeightInfo::settle_suspicion(MAX_STAGES))]
		pub fn settle_suspicion(
			origin: OriginFor<T>,
			model: ModelId,
			window: WindowIndex,
			lane: LaneIndex,
		) -> DispatchResultWithPostInfo {
			ensure_signed(origin)?;
			let stages = Self::do_settle_suspicion(model, window, lane)?;
			Ok((Some(T::WeightInfo::settle_suspicion(stages)), Pays::No).into())
		}

		/// Open a dispute, with a bond, about a unit that you re-executed to another result.
		///
		/// Signed by the worker key of a provider entitled to the stage, who puts up the bond.
		#[pallet::call_index(8)]
		#[pallet::weight(T::WeightInfo::challenge())]
		pub fn challenge(origin: OriginFor<T>, unit: UnitId, checkpoints: Hash) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_challenge(who, unit, checkpoints)
		}

		/// Prove that the merge which a window's stage started from is wrong.
		#[pallet::call_index(9)]
		#[pallet::weight(
			T::WeightInfo::refute_merge(evidence.len() as u32)
				.saturating_add(T::WeightInfo::conclude_gate().saturating_mul(MAX_LANES.into()))
				.saturating_add(Pallet::<T>::idle_reads())
		)]
		pub fn refute_merge(
			origin: OriginFor<T>,
			model: ModelId,
			window: WindowIndex,
			stage: StageIndex,
			evidence: BoundedVec<u8, ConstU32<MAX_EVIDENCE>>,
		) -> DispatchResultWithPostInfo {
			let who = ensure_signed(origin)?;
			Self::do_refute_merge(who, model, window, stage, &evidence)?;
			Ok(Pays::No.into())
		}

		/// Prove that a provider signed two different roots for one edge and step.
		#[pallet::call_index(10)]
		#[pallet::weight(T::WeightInfo::report_equivocation())]
		pub fn report_equivocation(
			origin: OriginFor<T>,
			provider: T::AccountId,
			edge: Edge,
			steps: StepIndex,
			first: EdgeReceipt,
			second: EdgeReceipt,
		) -> DispatchResultWithPostInfo {
			let who = ensure_signed(origin)?;
			Self::do_report_equivocation(who, provider, edge, steps, first, second)?;
			Ok(Pays::No.into())
		}

		/// Finalise a unit, and its audit, if they are due and nothing speaks against them.
		#[pallet::call_index(11)]
		#[pallet::weight(T::WeightInfo::finalise())]
		pub fn finalise(origin: OriginFor<T>, unit: UnitId) -> DispatchResultWithPostInfo {
			ensure_signed(origin)?;
			Self::do_finalise(unit)?;
			Ok(Pays::No.into())
		}

		/// Remove what is left of a stage's window that nobody needs any more.
		#[pallet::call_index(12)]
		#[pallet::weight(T::WeightInfo::prune())]
		pub fn prune(
			origin: OriginFor<T>,
			model: ModelId,
			window: WindowIndex,
			stage: StageIndex,
		) -> DispatchResultWithPostInfo {
			ensure_signed(origin)?;
			Self::do_prune(model, window, stage)?;
			Ok(Pays::No.into())
		}

		/// Prove that two neighbours attested roots of the edge between them that do not continue each other.
		///
		/// `previous` is the running root after as many steps as the one of them did that did fewer; `steps` are the roots of
		/// the steps from there on; where both did as many, there are no steps, and `previous` may be anything.
		#[pallet::call_index(13)]
		#[pallet::weight(
			T::WeightInfo::report_fork(steps.len() as u32)
				.saturating_add(T::WeightInfo::conclude_gate().saturating_mul(2))
		)]
		pub fn report_fork(
			origin: OriginFor<T>,
			edge: Edge,
			previous: Hash,
			steps: BoundedVec<Hash, ConstU32<MAX_STEPS>>,
		) -> DispatchResultWithPostInfo {
			let who = ensure_signed(origin)?;
			Self::do_report_fork(who, edge, previous, &steps)?;
			Ok(Pays::No.into())
		}
	}

	#[pallet::view_functions]
	impl<T: Config> Pallet<T> {
		/// An attested unit, until it is pruned.
		pub fn unit(unit: UnitId) -> Option<UnitOf<T>> {
			Units::<T>::get(unit)
		}

		/// What the merge after a window takes in at a stage, lanes ascending.
		pub fn merge_set(model: ModelId, window: WindowIndex, stage: StageIndex) -> Vec<Merged> {
			Self::merged(model, window, stage)
		}

		/// The root that a stage started a window from: that of most of its units, unless it was refuted.
		pub fn majority_root(
			model: ModelId,
			window: WindowIndex,
			stage: StageIndex,
		) -> Option<Hash> {
			Stages::<T>::get((model, window, stage)).majority_root()
		}

		/// The units that a provider has to re-execute, the most urgent first.
		pub fn audit_tasks(provider: T::AccountId) -> Vec<AuditTask> {
			Self::tasks_of(&provider)
		}

		/// A provider's points in a model that are not final.
		pub fn escrow(provider: T::AccountId, model: ModelId) -> Points {
			Records::<T>::get(provider, model).escrow
		}

		/// A provider's history in a model.
		pub fn record(provider: T::AccountId, model: ModelId) -> Record {
			Records::<T>::get(provider, model)
		}

		/// What a challenge of a unit has to put up now.
		pub fn challenge_bond(unit: UnitId) -> Option<Balance> {
			let open = Challenges::<T>::decode_len(unit).unwrap_or_default();
			Some(Self::bond_of_challenge(&Units::<T>::get(unit)?, open))
		}

		/// What a suspicion of a lane has to put up, if there is anything left to audit.
		pub fn suspicion_bond(
			model: ModelId,
			window: WindowIndex,
			lane: LaneIndex,
		) -> Option<Balance> {
			let units = Self::lane_units(&T::Models::spec(model)?, model, window, lane);
			Self::bond_of_suspicion(&units)
		}
	}
}
