//! `provider …`: a machine's life on chain.

mod bond;
mod endpoint;
mod enlist;
mod error;
mod register;
mod show;

use cairn_chain::{views::Provider, AccountId, State};
use clap::{Args, Subcommand};

use super::{CommandResult, Failed};
use crate::{
	amount::Crn,
	settings::{ChainArguments, Settings},
};
pub use error::ProviderError;

/// See [`crate::Command`].
#[derive(Debug, Subcommand)]
#[command(after_help = "In this order:
  cairn-worker key new
  cairn-worker provider register --address 203.0.113.7:4001 --bond 100 --provider-key my.key
  cairn-worker model list
  cairn-worker provider enlist 3 --provider-key my.key
  cairn-worker status
and to end it:
  cairn-worker provider leave 3 --provider-key my.key
  cairn-worker provider settle 3 --provider-key my.key      (after the lock)
  cairn-worker provider deregister --provider-key my.key")]
pub enum ProviderCommand {
	/// Register this machine under your account, with a bond.
	///
	/// The keys of this machine sign that they belong to your account; they are made if there are none. The bond is held, not
	/// spent: it answers for the work, and comes back when you leave. The worker's key pays the fees of what the machine does, most
	/// of which come back: if it has nothing, it is given a little from your account.
	Register(register::RegisterCommand),
	/// Show a provider: its machine, bond, conduct and commitments.
	Show(show::ShowCommand),
	/// Enlist for a model, and wait until the lot has given a seat or a standby's place.
	///
	/// You choose the model, the chain draws the stage: in a sealed model you will never see another one. The lot is decided by
	/// randomness that comes some blocks after the enlistment. The same command goes on where it was stopped.
	Enlist(enlist::EnlistCommand),
	/// Leave a model when its running window closes.
	///
	/// The bond for it stays locked, and can be fined, for a while: 90 days on public networks.
	Leave(ModelArguments),
	/// Free the bond that answers for a model which you left, after the lock.
	Settle(ModelArguments),
	/// Add to the bond.
	BondMore(AmountArguments),
	/// Begin to take back bond that answers for no model.
	///
	/// It is unlocked some time later, a week on public networks; `withdraw` takes it back then.
	Unbond(AmountArguments),
	/// Take back what is unlocked.
	Withdraw(AccountArguments),
	/// Change how this machine is reached.
	///
	/// What is given replaces all of what was there: addresses, relay and the key of the endpoint, which is the one in this data
	/// directory. Neighbours learn of it before the next window.
	SetEndpoint(endpoint::SetEndpointCommand),
	/// End the registration and take back the whole bond.
	Deregister(AccountArguments),
}

/// A model, and who signs.
#[derive(Debug, Args)]
pub struct ModelArguments {
	/// The model's number (see `model list`).
	model: u32,
	#[command(flatten)]
	chain: ChainArguments,
}

/// An amount, and who signs.
#[derive(Debug, Args)]
pub struct AmountArguments {
	/// CRN, with up to 12 decimals.
	amount: Crn,
	#[command(flatten)]
	chain: ChainArguments,
}

/// Who signs.
#[derive(Debug, Args)]
pub struct AccountArguments {
	#[command(flatten)]
	chain: ChainArguments,
}

impl ProviderCommand {
	/// Run it.
	pub fn run(self) -> CommandResult {
		super::run(async {
			match self {
				Self::Register(command) => command.run().await,
				Self::Show(command) => command.run().await,
				Self::Enlist(command) => command.run().await,
				Self::Leave(arguments) => {
					enlist::leave(&settings(&arguments.chain)?, arguments.model).await
				},
				Self::Settle(arguments) => {
					bond::settle(&settings(&arguments.chain)?, arguments.model).await
				},
				Self::BondMore(arguments) => {
					bond::bond_more(&settings(&arguments.chain)?, arguments.amount).await
				},
				Self::Unbond(arguments) => {
					bond::unbond(&settings(&arguments.chain)?, arguments.amount).await
				},
				Self::Withdraw(arguments) => bond::withdraw(&settings(&arguments.chain)?).await,
				Self::SetEndpoint(command) => command.run().await,
				Self::Deregister(arguments) => bond::deregister(&settings(&arguments.chain)?).await,
			}
		})
	}
}

fn settings(arguments: &ChainArguments) -> Result<Settings, Failed> {
	Ok(Settings::read(arguments)?)
}

/// The registration of an account.
async fn registered(state: &State, account: &AccountId) -> Result<Provider, Failed> {
	let found = state.provider(account).await?;
	Ok(found.ok_or_else(|| ProviderError::NotRegistered { account: account.clone() })?)
}
