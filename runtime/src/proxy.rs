//! What a proxy account may do on behalf of its principal.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::traits::InstanceFilter;
use scale_info::TypeInfo;

use crate::RuntimeCall;

/// The kinds of proxy that an account can name.
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
)]
pub enum ProxyType {
	/// Everything.
	#[default]
	#[codec(index = 0)]
	Any,
	/// Everything that moves no tokens out of the account.
	#[codec(index = 1)]
	NonTransfer,
	/// Voting and proposing in the council and the treasury.
	#[codec(index = 2)]
	Governance,
	/// Rejecting announced calls of other proxies.
	#[codec(index = 3)]
	CancelProxy,
	/// Daily work of a provider's machine. For the hot key of a worker: it can neither move tokens
	/// or shares nor touch the bond.
	#[codec(index = 4)]
	Worker,
	/// Running a validator: its session keys and its candidacy.
	#[codec(index = 5)]
	Validator,
}

impl InstanceFilter<RuntimeCall> for ProxyType {
	fn filter(&self, call: &RuntimeCall) -> bool {
		match self {
			Self::Any => true,
			Self::NonTransfer => matches!(
				call,
				RuntimeCall::System(..)
					| RuntimeCall::Session(..)
					| RuntimeCall::Validators(..)
					| RuntimeCall::Workers(..)
					| RuntimeCall::Shards(..)
					| RuntimeCall::Contributions(..)
					| RuntimeCall::Disputes(..)
					| RuntimeCall::Revenue(
						pallet_revenue::Call::claim { .. }
							| pallet_revenue::Call::claim_many { .. }
							| pallet_revenue::Call::fold { .. }
					) | RuntimeCall::Inference(
					pallet_inference::Call::settle { .. } | pallet_inference::Call::close { .. }
				) | RuntimeCall::Council(..)
					| RuntimeCall::Treasury(..)
					| RuntimeCall::Preimage(..)
					| RuntimeCall::Scheduler(..)
					| RuntimeCall::Multisig(..)
					| RuntimeCall::Proxy(..)
					| RuntimeCall::Utility(..)
			),
			Self::Governance => matches!(
				call,
				RuntimeCall::Council(..)
					| RuntimeCall::Treasury(..)
					| RuntimeCall::Preimage(..)
					| RuntimeCall::Utility(..)
			),
			Self::CancelProxy => {
				matches!(call, RuntimeCall::Proxy(pallet_proxy::Call::reject_announcement { .. }))
			},
			Self::Worker => matches!(
				call,
				RuntimeCall::Contributions(..)
					| RuntimeCall::Disputes(..)
					| RuntimeCall::Shards(
						pallet_shards::Call::draw_seat { .. }
							| pallet_shards::Call::declare_held { .. }
							| pallet_shards::Call::poke_window { .. }
					) | RuntimeCall::Inference(pallet_inference::Call::settle { .. })
					| RuntimeCall::Utility(..)
			),
			Self::Validator => matches!(
				call,
				RuntimeCall::Session(..) | RuntimeCall::Validators(..) | RuntimeCall::Utility(..)
			),
		}
	}

	fn is_superset(&self, other: &Self) -> bool {
		match (self, other) {
			(Self::Any, _) => true,
			(_, Self::Any) => false,
			(Self::NonTransfer, _) => true,
			(mine, theirs) => mine == theirs,
		}
	}
}
