//! An account that has things done by the chain, and is told beforehand what they cost.

use cairn_chain::{
	calls::Call, AccountId, Connection, Done, Failure, Key, Request, State, Submitter, Tips,
	ViewError,
};
use cairn_primitives::Balance;
use thiserror::Error;

use crate::{amount::Crn, commands::Failed, progress, settings::Settings};

/// A person waits for these calls, so that they may cost a little more where the pool is full: 0.1 CRN at most.
const TIPS: Tips = Tips { least: 0, step: 1_000_000_000, most: 100_000_000_000 };

/// An account that has things done.
pub struct Signer {
	/// The chain.
	pub connection: Connection,
	/// What it signs with.
	pub key: Key,
	submitter: Submitter,
}

/// An account has too little for what it wants.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
	"{account} has {has} to spend, and this takes {needs}: {what}. Send it some CRN, or name another account \
	 with --provider-key."
)]
pub struct NoFunds {
	/// The account.
	pub account: AccountId,
	/// What it can spend.
	pub has: Crn,
	/// What it needs.
	pub needs: Crn,
	/// What that consists of.
	pub what: String,
}

impl Signer {
	/// The account that the settings name, on the chain that they name.
	pub async fn open(settings: &Settings) -> Result<Self, Failed> {
		let key = settings.provider_key()?;
		let connecting = settings.connect();
		let connection = progress::during("connecting to the node", connecting).await?;
		let horizon = settings.horizon(&key.account());
		let submitter = Submitter::start(connection.clone(), key.clone(), TIPS, &horizon)
			.map_err(Failure::from)?;
		Ok(Self { connection, key, submitter })
	}

	/// The account.
	pub fn account(&self) -> AccountId {
		self.key.account()
	}

	/// The newest final state.
	pub async fn state(&self) -> Result<State, ViewError> {
		self.connection.state().await
	}

	/// Have something done, and wait until that is final. `what` completes "waiting for the chain to".
	pub async fn submit(&self, what: &str, request: impl Into<Request>) -> Result<Done, Failure> {
		let waiting = format!("waiting for the chain to {what}");
		progress::during(&waiting, self.submitter.submit(request)).await
	}

	/// The fee of calls that cost `amount` besides, if the account can pay all of that. `what` says what the amount is for.
	pub async fn afford(
		&self,
		state: &State,
		calls: &[&Call],
		amount: Balance,
		what: &str,
	) -> Result<Crn, Failed> {
		let account = self.account();
		let mut fee: Balance = 0;
		for call in calls {
			fee = fee.saturating_add(call.fee(state, &self.key).await?);
		}
		let has = state.balance(&account).await?;
		let least = state.floors()?.account;
		let needs = amount.saturating_add(fee).saturating_add(least);
		if has >= needs {
			return Ok(Crn(fee));
		}
		let fees = format!("{} of fees, and {} that every account keeps", Crn(fee), Crn(least));
		let what = match amount {
			0 => fees,
			_ => format!("{} {what}, {fees}", Crn(amount)),
		};
		Err(NoFunds { account, has: Crn(has), needs: Crn(needs), what }.into())
	}
}
