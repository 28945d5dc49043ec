//! Why a provider cannot have what it wants.

use cairn_chain::AccountId;
use cairn_primitives::ModelId;
use thiserror::Error;

use crate::amount::Crn;

/// Why a provider cannot have what it wants.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ProviderError {
	/// The account is no provider.
	#[error(
		"{account} is not registered as a provider. Register it with `cairn-worker provider register`, or name \
		 another account with --provider-key."
	)]
	NotRegistered {
		/// The account.
		account: AccountId,
	},
	/// The account is a provider already.
	#[error(
		"{account} is registered already. Change its address with `provider set-endpoint` and its bond with \
		 `provider bond-more`; another machine needs another account."
	)]
	AlreadyRegistered {
		/// The account.
		account: AccountId,
	},
	/// The worker's key works for somebody else.
	#[error(
		"This machine's worker key works for {provider} already. Make other keys in another data directory \
		 (--data) for another provider."
	)]
	WorkerTaken {
		/// The other provider.
		provider: AccountId,
	},
	/// The bond is below what every provider has to bond.
	#[error("A bond of {bond} is too small: it must be {least} at least. Raise --bond.")]
	BondBelowLeast {
		/// What was offered.
		bond: Crn,
		/// What it takes.
		least: Crn,
	},
	/// The bond is below what the model asks.
	#[error(
		"Model {model} asks a bond of {required}, and {free} of yours is free. Add {missing} with `cairn-worker \
		 provider bond-more`, or choose another model."
	)]
	BondTooSmall {
		/// The model.
		model: ModelId,
		/// What it asks.
		required: Crn,
		/// What is neither committed nor unbonding.
		free: Crn,
		/// The difference.
		missing: Crn,
	},
	/// There is no such model.
	#[error("There is no model {model}. `cairn-worker model list` shows those that there are.")]
	UnknownModel {
		/// Its number.
		model: ModelId,
	},
	/// The model is over.
	#[error(
		"Model {model} is retired and takes nobody. Choose another with `cairn-worker model list`."
	)]
	Retired {
		/// Its number.
		model: ModelId,
	},
	/// The provider is not in the model.
	#[error("{account} is not in model {model}. `cairn-worker status` shows where it is.")]
	NotIn {
		/// The provider.
		account: AccountId,
		/// The model.
		model: ModelId,
	},
	/// All places are taken.
	#[error(
		"No seat of model {model} is free, and no standby's place. Wait until somebody leaves, or choose another \
		 model with `cairn-worker model list`."
	)]
	NoSeatFree {
		/// The model.
		model: ModelId,
	},
	/// The lot fell on a full stage.
	#[error(
		"The lot fell on a stage of model {model} that has no place left, and the enlistment is over. Your bond for \
		 it stays locked for a while; enlist again when somebody has left, or choose another model."
	)]
	TurnedAway {
		/// The model.
		model: ModelId,
	},
	/// Part of the bond answers for models.
	#[error(
		"{committed} of the bond answers for {models}. Leave them (`provider leave`), and free it with `provider \
		 settle` when the lock is over."
	)]
	BondCommitted {
		/// How much.
		committed: Crn,
		/// For what.
		models: String,
	},
	/// Less is free than was asked for.
	#[error(
		"{free} of the bond is free to unbond, not {amount}: {least} stays with every provider, and what answers \
		 for models is locked. Ask for less, settle what you left, or `deregister` to take all."
	)]
	NotFree {
		/// What was asked for.
		amount: Crn,
		/// What can be unbonded.
		free: Crn,
		/// What stays.
		least: Crn,
	},
	/// Nothing can be withdrawn.
	#[error("Nothing is unlocked{}.", next.as_ref().map_or(
		": begin with `cairn-worker provider unbond AMOUNT`".to_string(),
		|next| format!(" yet: the next part is {next}; come back then"),
	))]
	NothingUnlocked {
		/// The next part, and when.
		next: Option<String>,
	},
	/// The commitment is locked.
	#[error("The bond for model {model} is locked until {until}. Come back then.")]
	Locked {
		/// The model.
		model: ModelId,
		/// Until when.
		until: String,
	},
	/// The provider is still in the model.
	#[error("You are still in model {model}. Leave it first with `cairn-worker provider leave {model}`.")]
	StillIn {
		/// The model.
		model: ModelId,
	},
	/// An address that nobody can reach.
	#[error(
		"`{address}` cannot be reached by others. Name this machine's public address and its port, such as \
		 203.0.113.7:4001, or a relay with --relay."
	)]
	BadAddress {
		/// The address.
		address: String,
	},
	/// More than the chain stores.
	#[error("{what}: {given} is more than the chain takes ({most}). Use fewer.")]
	TooLong {
		/// Of what.
		what: &'static str,
		/// How many.
		given: usize,
		/// At most.
		most: usize,
	},
	/// The machine could not be reached by anybody.
	#[error("Nobody could reach this machine. Name its address with --address, or a relay with --relay.")]
	NoAddress,
}
