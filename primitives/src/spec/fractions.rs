//! Decimal fractions, so that a spec reads the same in a file, in a wallet and on chain.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// A number from 0 to 4.29 in units of 10⁻⁹. In canonical arithmetic it stands for the binary32 nearest to it.
#[derive(
	Clone,
	Copy,
	Debug,
	Default,
	PartialEq,
	Eq,
	PartialOrd,
	Ord,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
#[serde(transparent)]
pub struct Nano(pub u32);

impl Nano {
	/// 0.
	pub const ZERO: Self = Self(0);
	/// 1.
	pub const ONE: Self = Self(1_000_000_000);
}
