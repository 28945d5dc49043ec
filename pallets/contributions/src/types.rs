//! What this pallet stores.

use cairn_primitives::{
	attestation::{NonNegative, Outcome},
	dispute::UnitContext,
	traits::Tally,
	Balance, BlockNumber, Hash, LaneIndex, ModelSpec, Points, StageIndex, UnitId, WindowIndex,
	MAX_LANES,
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sp_core::{sr25519, ConstU32};
use sp_runtime::{BoundedVec, Permill};

/// Auditors who are asked in turn before a unit stays unaudited.
pub const MAX_AUDITORS: u32 = 3;
/// Auditors who have to say that a unit's inputs cannot be fetched, and nobody else fetches them, for it to be refuted.
pub const UNAVAILABLE_REPORTS: u8 = 2;
/// Units from which on a provider of a model is no novice.
pub const NOVICE_UNITS: u32 = 20;
/// Units that are audited after a fault.
pub const PROBATION_UNITS: u32 = 20;
/// Final units without a fault from which on the lowest audit rate applies.
pub const VETERAN_UNITS: u32 = 200;

/// Attested work.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Unit<AccountId> {
	/// Who did it.
	pub provider: AccountId,
	/// The worker key that attested it: what the provider's signatures of this window are checked against, even after
	/// the key was rotated.
	pub worker: sr25519::Public,
	/// Root of the shard that it started from.
	pub shard_before: Hash,
	/// How it ended.
	pub outcome: Outcome,
	/// Running root of the upstream edge.
	pub upstream: Option<Hash>,
	/// Running root of the downstream edge.
	pub downstream: Option<Hash>,
	/// Root of everything attested about the result.
	pub result: Hash,
	/// Composed root of its checkpoints.
	pub checkpoints: Hash,
	/// Root of the coded difference.
	pub difference: Hash,
	/// Norm of the difference.
	pub norm: NonNegative,
	/// Training loss; at the last stage.
	pub loss: Option<NonNegative>,
	/// Held-out loss; at the last stage of gate windows.
	pub held_out: Option<NonNegative>,
	/// What it is worth.
	pub points: Points,
	/// The generation of its provider's record when it was attested: points of an older one are forfeited.
	pub generation: u32,
	/// Its place in its provider's queue, while it is pending.
	pub index: u32,
	/// The first block in which it can become final.
	pub due: BlockNumber,
	/// Whether a majority of its stage's holders signed that they hold the difference.
	pub in_merge: bool,
	/// What the lots and the auditors made of it.
	pub check: Check,
	/// Whether its fate is decided.
	pub phase: Phase,
}

impl<AccountId> Unit<AccountId> {
	/// Whether its fate is open.
	pub fn is_pending(&self) -> bool {
		self.phase == Phase::Pending
	}

	/// Whether it did every step of its window.
	pub fn is_whole(&self, spec: &ModelSpec) -> bool {
		self.outcome.steps() == spec.window.steps
	}

	/// Everything that its trace depends on.
	pub fn context(&self, genesis: Hash, unit: UnitId, samples: u64) -> UnitContext {
		UnitContext {
			genesis,
			unit,
			shard_before: self.shard_before,
			outcome: self.outcome,
			samples,
			upstream: self.upstream,
			downstream: self.downstream,
			result: self.result,
			checkpoints: self.checkpoints,
		}
	}

	/// What re-executing it earns: its points and a tenth.
	pub fn audit_points(&self) -> Points {
		// Points of a unit stay below 2¹⁰⁰.
		self.points.saturating_mul(11).checked_div(10).unwrap_or(0)
	}
}

/// What the lots and the auditors made of a unit.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub enum Check {
	/// The lots of its stage are not drawn.
	Waiting,
	/// The lot did not fall on it.
	Spared,
	/// It is being audited; nothing is decided until that is over.
	Open,
	/// An auditor came to the same result.
	Approved,
	/// It was to be audited, but nobody could: it counts as unaudited and can be challenged.
	NoAuditor,
}

/// Whether a unit's fate is decided.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub enum Phase {
	/// Its points are in escrow.
	Pending,
	/// Its points minted shares.
	Final,
	/// It earned nothing.
	Void(VoidReason),
}

/// Why work earned nothing.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub enum VoidReason {
	/// It was refuted.
	Refuted,
	/// Fewer than half of the seats attested in its window.
	Window,
	/// It did not start from the shard that its stage agreed on.
	Minority,
	/// Its provider was found at fault in the same model before it was final.
	Forfeited,
	/// An audit: its answer was exposed, or the unit that it approved was refuted.
	Audit,
}

/// An audit that is not over: without an answer, or answered and not final.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Audit<AccountId> {
	/// Who was asked before and is not asked again.
	pub tried: BoundedVec<AccountId, ConstU32<MAX_AUDITORS>>,
	/// How many of them could not fetch the inputs.
	pub unavailable: u8,
	/// How far it is.
	pub state: AuditState<AccountId>,
}

/// How far an audit is.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum AuditState<AccountId> {
	/// The next auditor is drawn from randomness that nobody knows yet.
	Drawing {
		/// The block whose randomness decides.
		seed_at: BlockNumber,
	},
	/// An auditor is at work.
	Assigned {
		/// Who it is.
		auditor: AccountId,
		/// The last block in which it can answer.
		deadline: BlockNumber,
	},
	/// An auditor approved the unit, and its pay is in escrow.
	Answered {
		/// Who it is.
		auditor: AccountId,
		/// What it answered; see `audit_root` of the primitives.
		root: Hash,
		/// Its place in the auditor's queue.
		index: u32,
		/// The first block in which it can become final.
		due: BlockNumber,
		/// The generation of the auditor's record when it answered.
		generation: u32,
	},
	/// An auditor came to another result, and a game decides who is right.
	Accused {
		/// Who it is.
		auditor: AccountId,
	},
}

/// What waits in a provider's queue.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	PartialOrd,
	Ord,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub enum Item {
	/// A unit that it did.
	Work(UnitId),
	/// A unit that it approved as an auditor.
	Audit(UnitId),
}

/// A provider's history in one model. It outlives the provider's seat, so that leaving does not wipe out a fault.
#[derive(
	Clone,
	Debug,
	Default,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct Record {
	/// Units that became final since the last fault.
	pub clean: u32,
	/// Units whose lots were drawn since the last fault.
	pub drawn: u32,
	/// Whether there ever was a fault.
	pub is_faulted: bool,
	/// Units that ended before the window's last step. A broken edge cannot be attributed, but the lots over lanes
	/// expose who is always there.
	pub broken: u32,
	/// Raised by each fault: what was done under an older generation is forfeited.
	pub generation: u32,
	/// Points of pending units and audits of this generation.
	pub escrow: Points,
	/// Accusations by this provider as an auditor whose games are open.
	pub accusations: u32,
	/// The oldest place of the queue that may be taken.
	pub head: u32,
	/// The next free place of the queue.
	pub tail: u32,
	/// Items in the queue. Places between head and tail may be empty, because items are finalised in any order.
	pub queued: u32,
}

impl Record {
	/// How often units of this provider are audited outside gates: 20 % at first, then 5 %, 2 % for veterans, all after
	/// a fault.
	pub fn audit_rate(&self) -> Permill {
		if self.is_faulted && self.drawn < PROBATION_UNITS {
			Permill::one()
		} else if self.drawn < NOVICE_UNITS {
			Permill::from_percent(20)
		} else if self.clean < VETERAN_UNITS {
			Permill::from_percent(5)
		} else {
			Permill::from_percent(2)
		}
	}

	/// Forget everything good: the next units are audited.
	pub fn put_on_probation(&mut self) {
		self.clean = 0;
		self.drawn = 0;
		self.is_faulted = true;
	}

	/// Forget everything good, and forfeit all that is not final.
	pub fn fault(&mut self) {
		self.put_on_probation();
		self.generation = self.generation.saturating_add(1); // a fault costs a bond: never 2³² of them
		self.escrow = 0;
	}
}

/// A window of a model in which something was attested.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct WindowRow {
	/// Last block in which an attestation was accepted.
	pub deadline: BlockNumber,
	/// The first block in which its units can become final. Nobody can challenge them before the window closes: who attests
	/// early shortens nobody's time.
	pub due: BlockNumber,
	/// Samples that the chain had accepted before it.
	pub samples: u64,
	/// Where its shards come from.
	pub base: Base,
	/// Until when it is needed as the base of a later window.
	pub needed_until: BlockNumber,
	/// Counts.
	pub tally: Tally,
	/// Units of it whose rows are gone.
	pub pruned: u32,
	/// Stages of it that have a row.
	pub stages: u8,
	/// Bit `lane` is set where all units of the lane are audited because of a suspicion.
	pub suspected: u16,
	/// Bit `lane` is set where a bonded suspicion is not settled.
	pub open_suspicions: u16,
}

impl WindowRow {
	/// Count a stage, as it was before anything is noted of it, if that is the first thing.
	pub fn count(&mut self, before: &StageRow) {
		if before.is_new() {
			self.stages = self.stages.saturating_add(1); // at most 64 stages
		}
	}
}

/// Where the shards that a window starts from come from.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub enum Base {
	/// They are the model's first ones, whose roots the spec names.
	Initial,
	/// The merge after this window.
	Merge(WindowIndex),
	/// A refuted merge lies between: where the model goes on from is its owner's decision.
	Open,
}

/// The newest window of a model with a row.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct Latest {
	/// The window.
	pub window: WindowIndex,
	/// Whether a merge was refuted since: what the next window starts from is then for people to decide.
	pub is_broken: bool,
}

/// What the stage of one window came to.
#[derive(
	Clone,
	Debug,
	Default,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct StageRow {
	/// Bit `lane` is set where the unit of the lane is attested.
	pub lanes: u16,
	/// The roots that units started from.
	pub roots: BoundedVec<RootTally, ConstU32<MAX_LANES>>,
	/// Whether audits are drawn.
	pub lots: Lots,
	/// Bit `2·lane` is set where the unit's provider was found to have signed two roots for the edge below this
	/// stage; bit `2·lane + 1` where the provider of the next stage was.
	pub equivocated: u32,
}

/// How many units of a stage started from one root.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct RootTally {
	/// The root.
	pub root: Hash,
	/// Units that attested it.
	pub units: u8,
	/// The lowest lane of them.
	pub lane: LaneIndex,
	/// Whether it was proven not to be what the merge before came to.
	pub is_refuted: bool,
}

/// Whether the audits of a stage are drawn.
#[derive(
	Clone,
	Copy,
	Debug,
	Default,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub enum Lots {
	/// Not yet.
	#[default]
	Waiting,
	/// In this block. Inputs of units that were spared are kept for a while from then on.
	Drawn(BlockNumber),
	/// Never: the window is void.
	Void,
}

impl StageRow {
	/// Whether nothing is noted of it, and it is not stored.
	pub fn is_new(&self) -> bool {
		self.lanes == 0 && self.equivocated == 0
	}

	/// Whether the unit of a lane is attested.
	pub fn has(&self, lane: LaneIndex) -> bool {
		self.lanes & bit(lane) != 0
	}

	/// Count the unit of a lane.
	pub fn admit(&mut self, lane: LaneIndex, root: Hash) {
		self.lanes |= bit(lane);
		match self.roots.iter_mut().find(|tally| tally.root == root) {
			Some(tally) => {
				tally.units = tally.units.saturating_add(1); // at most one per lane
				tally.lane = tally.lane.min(lane);
			},
			// As many places as lanes, and each lane attests once: there is room.
			None => {
				let _ = self.roots.try_push(RootTally { root, units: 1, lane, is_refuted: false });
			},
		}
	}

	/// The root that most units attested; of several the one of the lowest lane.
	pub fn claimed_root(&self) -> Option<Hash> {
		Self::plurality(self.roots.iter())
	}

	/// The same among the roots that are not refuted.
	pub fn majority_root(&self) -> Option<Hash> {
		Self::plurality(self.roots.iter().filter(|tally| !tally.is_refuted))
	}

	/// Mark a root as refuted.
	pub fn refute_root(&mut self, root: Hash) {
		for tally in self.roots.iter_mut().filter(|tally| tally.root == root) {
			tally.is_refuted = true;
		}
	}

	fn plurality<'a>(roots: impl Iterator<Item = &'a RootTally>) -> Option<Hash> {
		roots
			.max_by_key(|tally| (tally.units, core::cmp::Reverse(tally.lane)))
			.map(|tally| tally.root)
	}
}

/// The bit of a stage.
pub(crate) fn stage_bit(stage: StageIndex) -> u64 {
	1u64.checked_shl(stage.into()).unwrap_or(0)
}

/// The bit of a lane.
pub(crate) fn bit(lane: LaneIndex) -> u16 {
	1u16.checked_shl(lane.into()).unwrap_or(0)
}

/// A suspicion that somebody vouches for.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Suspicion<AccountId> {
	/// Who raised it.
	pub by: AccountId,
	/// What is on hold for it.
	pub bond: Balance,
	/// Bit `stage` is set where the lane's unit was refuted before: that proves nothing for this suspicion.
	pub known: u64,
}

/// A challenge whose game is open.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Challenge<AccountId> {
	/// Who raised it.
	pub by: AccountId,
	/// What is on hold for it.
	pub bond: Balance,
}

/// What an auditor has to do.
#[derive(
	Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, MaxEncodedLen, TypeInfo,
)]
pub struct AuditTask {
	/// The unit to re-execute.
	pub unit: UnitId,
	/// The last block in which it can be answered.
	pub deadline: BlockNumber,
}
