//! What this pallet stores.

use cairn_primitives::{Balance, BlockNumber, Points};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{traits::ConstU32, BoundedVec};
use scale_info::TypeInfo;
use sp_core::{ed25519, sr25519};

/// Most addresses of an endpoint.
pub const MAX_ADDRESSES: u32 = 4;
/// Most bytes of an address.
pub const MAX_ADDRESS: u32 = 64;
/// Most bytes of a relay's URL.
pub const MAX_RELAY: u32 = 128;
/// Most parts of a bond that unbond at the same time.
pub const MAX_UNBONDING: u32 = 8;

/// Socket addresses at which an endpoint can be reached directly, as text.
pub type Addresses = BoundedVec<BoundedVec<u8, ConstU32<MAX_ADDRESS>>, ConstU32<MAX_ADDRESSES>>;
/// URL of the relay through which an endpoint can be reached.
pub type Relay = BoundedVec<u8, ConstU32<MAX_RELAY>>;

/// What kind of machine a worker runs on. Nothing is decided by it: it is a provider's own word, for others to plan with.
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
pub enum HardwareClass {
	/// Processor only.
	#[default]
	Cpu,
	/// A graphics card in a personal computer.
	ConsumerGpu,
	/// An accelerator in a data centre.
	DatacenterGpu,
	/// Processor and accelerator on one memory.
	UnifiedMemory,
}

/// A worker's machine, by its provider's own word.
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
pub struct Hardware {
	/// Kind of machine.
	pub class: HardwareClass,
	/// Memory for weights and activations, in MiB.
	pub memory_mib: u32,
	/// Estimated speed in canonical arithmetic, in 10⁹ FLOP/s.
	pub gigaflops: u32,
}

/// How a provider's worker can be reached.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Endpoint {
	/// Its transport key.
	pub key: ed25519::Public,
	/// Where it can be reached directly.
	pub addresses: Addresses,
	/// Through whom it can be reached otherwise.
	pub relay: Option<Relay>,
}

/// A part of a bond on its way out.
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
pub struct Unbonding {
	/// How much.
	pub amount: Balance,
	/// First block in which it can be withdrawn.
	pub unlock: BlockNumber,
}

/// The last change of a worker's key.
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
pub struct Rotation {
	/// The key until then.
	pub from: sr25519::Public,
	/// The block in which it was replaced.
	pub at: BlockNumber,
}

/// What is known of a provider's conduct.
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
pub struct Reputation {
	/// Units and audits that became final.
	pub units: u32,
	/// Points they earned.
	pub points: Points,
	/// Faults that were proven.
	pub faults: u32,
	/// Windows in which it sat and did not attest.
	pub absences: u32,
	/// Block of the registration.
	pub since: BlockNumber,
}

/// The first fields of a [`Ledger`], which begin its encoding.
#[derive(Decode)]
pub(crate) struct Keys {
	/// The key that the worker signs with.
	pub worker: sr25519::Public,
	/// When that key replaced which one, if it is not the first.
	pub rotation: Option<Rotation>,
}

impl Keys {
	/// The key that the worker had when `block` began. Right for every block after the last rotation but one.
	pub fn at(&self, block: BlockNumber) -> sr25519::Public {
		match self.rotation {
			Some(rotation) if rotation.at >= block => rotation.from,
			_ => self.worker,
		}
	}
}

/// Everything about a provider but its commitments. The first fields are those of `Keys`.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Ledger {
	/// The key that its worker signs with.
	pub worker: sr25519::Public,
	/// When that key replaced which one, if it is not the first.
	pub rotation: Option<Rotation>,
	/// How its worker can be reached.
	pub endpoint: Endpoint,
	/// Its worker's machine.
	pub hardware: Hardware,
	/// Everything on hold for it: committed, free and unbonding.
	pub bond: Balance,
	/// The sum of its commitments.
	pub committed: Balance,
	/// Parts on their way out, the one that unlocks first in front.
	pub unbonding: BoundedVec<Unbonding, ConstU32<MAX_UNBONDING>>,
	/// Its conduct.
	pub reputation: Reputation,
}

impl Ledger {
	/// What is on its way out.
	pub fn unbonding_sum(&self) -> Balance {
		// Saturating: the parts are parts of the bond.
		self.unbonding.iter().fold(0, |sum: Balance, part| sum.saturating_add(part.amount))
	}

	/// What stays if nothing more is unbonded.
	pub fn staying(&self) -> Balance {
		self.bond.saturating_sub(self.unbonding_sum()) // parts of the bond
	}

	/// What is neither committed nor on its way out.
	pub fn free(&self) -> Balance {
		self.staying().saturating_sub(self.committed) // a commitment is never unbonded
	}

	/// Remove the parts that are unlocked at `now`, and return their sum.
	pub fn take_unlocked(&mut self, now: BlockNumber) -> Balance {
		let before = self.unbonding_sum();
		self.unbonding.retain(|part| part.unlock > now);
		before.saturating_sub(self.unbonding_sum()) // parts were only removed
	}
}

/// A part of a bond that answers for a provider's work in one model.
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
pub struct Commitment {
	/// How much.
	pub amount: Balance,
	/// First block in which it can be settled; none while the provider is in the model.
	pub unlock: Option<BlockNumber>,
}

impl Commitment {
	/// Whether the provider left and the lock is over.
	pub fn is_over(&self, now: BlockNumber) -> bool {
		self.unlock.is_some_and(|unlock| unlock <= now)
	}
}
