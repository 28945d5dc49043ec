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
	/// Everything that moves no tokens and no shares out of the account. It can lose them: whoever chooses the worker key or the
	/// session keys decides what they sign, and false statements are fined.
	///
	/// It neither acts for those whose proxy the account is, nor in its name in a multisig: calls inside of those begin with a new
	/// origin, which knows nothing of this restriction.
	#[codec(index = 1)]
	NonTransfer,
	/// Voting and proposing in the council and the treasury.
	#[codec(index = 2)]
	Governance,
	/// Rejecting announced calls of other proxies.
	#[codec(index = 3)]
	CancelProxy,
	/// Daily work of a provider's machine. The principal is the *worker key*, not the provider: the chain knows work by that
	/// key, and a proxy of this type that the provider names cannot work.
	///
	/// It can transfer neither tokens nor shares and cannot withdraw the bond, but it can lose them, as the worker key itself
	/// can. Each `suspect` and `challenge` holds at least 10 CRN of the provider's balance, more where the work is worth more, which are gone if nothing is found; a false
	/// verdict costs a fifth of the bond in the model, two signatures where one is true and wrong work half of it.
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
					| RuntimeCall::Proxy(pallet_proxy::Call::reject_announcement { .. })
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
