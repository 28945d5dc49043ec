//! Who sits where, and in which window.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sp_core::ConstU32;
use sp_runtime::BoundedVec;

use crate::{
	lottery, BlockNumber, Hash, LaneIndex, SeatIndex, StageIndex, WindowIndex, GATE_EVERY,
	MAX_LANES, MAX_STANDBYS,
};

/// One window of a model: everything about it that was fixed when it started.
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
pub struct Window {
	/// Number of the window.
	pub index: WindowIndex,
	/// First block in which an attestation is accepted.
	pub start: BlockNumber,
	/// Last block in which an attestation is accepted.
	pub deadline: BlockNumber,
	/// Seed of the permutation of seats over lanes.
	pub seed: Hash,
	/// Samples the chain had accepted before this window: the position in the spec's schedule.
	pub samples: u64,
}

/// Whether every lane of a window also runs a held-out evaluation, and every unit of it is audited.
pub const fn is_gate(window: WindowIndex) -> bool {
	window % GATE_EVERY == GATE_EVERY - 1
}

/// A worker entitled to a stage that keeps its last shard, audits, and steps in.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Standby<AccountId> {
	/// The provider.
	pub provider: AccountId,
	/// The last window whose merged shard it declared to hold.
	pub held: Option<WindowIndex>,
}

/// Everyone at one stage of a model.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Roster<AccountId> {
	/// The provider on each seat; `None` is a vacancy. As many entries as the spec has lanes.
	pub seats: BoundedVec<Option<AccountId>, ConstU32<MAX_LANES>>,
	/// Standbys in the order in which they step in.
	pub standbys: BoundedVec<Standby<AccountId>, ConstU32<MAX_STANDBYS>>,
}

impl<AccountId: PartialEq> Roster<AccountId> {
	/// The provider that works in `lane` in the window of `seed`.
	pub fn in_lane(&self, seed: Hash, stage: StageIndex, lane: LaneIndex) -> Option<&AccountId> {
		let lanes = u8::try_from(self.seats.len()).ok()?;
		let seat = lottery::seat_in_lane(seed, stage, lanes, lane)?;
		self.seats.get(usize::from(seat))?.as_ref()
	}

	/// The seat of a provider.
	pub fn seat_of(&self, provider: &AccountId) -> Option<SeatIndex> {
		let seat = self.seats.iter().position(|seat| seat.as_ref() == Some(provider))?;
		SeatIndex::try_from(seat).ok()
	}

	/// Whether a provider sits or stands by at this stage.
	pub fn contains(&self, provider: &AccountId) -> bool {
		self.seat_of(provider).is_some()
			|| self.standbys.iter().any(|standby| standby.provider == *provider)
	}

	/// Whether every seat is taken.
	pub fn is_full(&self) -> bool {
		!self.seats.is_empty() && self.seats.iter().all(Option::is_some)
	}

	/// Those who may sign "held" for the difference of `worker`, and whose majority makes it part of the merge: the
	/// other seats, and the standbys that hold the shard of the window before (a silent standby blocks nobody).
	pub fn holders_for<'a>(
		&'a self,
		worker: &'a AccountId,
		window: WindowIndex,
	) -> impl Iterator<Item = &'a AccountId> + 'a {
		let seats = self.seats.iter().flatten();
		let standbys = self
			.standbys
			.iter()
			.filter(move |standby| {
				standby.held.is_some_and(|held| held.saturating_add(1) >= window)
			}) // only compares: saturation is harmless
			.map(|standby| &standby.provider);
		seats.chain(standbys).filter(move |provider| *provider != worker)
	}
}
