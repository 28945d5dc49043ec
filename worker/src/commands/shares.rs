//! `shares show`, `claim`.

use cairn_chain::{calls, views::Position, AccountId, State, ViewError};
use cairn_primitives::ModelId;
use clap::{Args, Subcommand};
use serde::Serialize;
use thiserror::Error;

use super::{columns::Columns, print_json, CommandResult, Failed};
use crate::{
	amount::{Crn, Shares},
	progress,
	settings::{ChainArguments, Settings},
	signer::Signer,
};

/// Models about which the chain answers at once.
const AT_ONCE: ModelId = 256;
/// Models that can be claimed at once.
const MOST_CLAIMS: usize = 16;

/// See [`crate::Command`].
#[derive(Debug, Subcommand)]
pub enum SharesCommand {
	/// Show the shares of an account, and what can be claimed.
	Show(ShowCommand),
}

/// See [`SharesCommand::Show`].
#[derive(Debug, Args)]
pub struct ShowCommand {
	/// Whose [default: that of your key]
	account: Option<AccountId>,
	/// For programs: JSON, with amounts as text.
	#[arg(long)]
	json: bool,
	#[command(flatten)]
	chain: ChainArguments,
}

/// Be paid what shares of models have earned.
///
/// Revenue streams to shares over a day after it came in; what is not claimed stays yours.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  cairn-worker claim 3 --provider-key my.key
  cairn-worker claim 3 4 7")]
pub struct ClaimCommand {
	/// Numbers of the models, 16 at most.
	#[arg(required = true, num_args = 1..=MOST_CLAIMS)]
	models: Vec<ModelId>,
	#[command(flatten)]
	chain: ChainArguments,
}

/// There is nothing to claim.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
	"{account} has nothing to claim of {models}. Wait until income has streamed to your shares (`cairn-worker \
	 shares show`), or sign with another key."
)]
pub struct NothingToClaim {
	account: AccountId,
	models: String,
}

/// Shares of one model as programs read them.
#[derive(Clone, Debug, Serialize)]
pub struct Holding {
	/// The model.
	pub model: ModelId,
	/// Held by the account.
	pub shares: Shares,
	/// Of all.
	pub supply: Shares,
	/// What the account's part has earned and can be claimed.
	pub claimable: Crn,
}

impl Holding {
	/// Part of all shares, in percent.
	pub fn percent(&self) -> f64 {
		100.0 * self.shares.0 as f64 / self.supply.0.max(1) as f64
	}
}

impl From<Position> for Holding {
	fn from(position: Position) -> Self {
		Self {
			model: position.model,
			shares: Shares(position.shares),
			supply: Shares(position.supply),
			claimable: Crn(position.claimable),
		}
	}
}

/// All that an account holds.
pub async fn holdings(state: &State, account: &AccountId) -> Result<Vec<Holding>, ViewError> {
	let (count, mut found) = (state.model_count().await?, Vec::new());
	let mut first = 0;
	while first < count {
		let end = first.saturating_add(AT_ONCE).min(count);
		let positions = state.positions(account, (first..end).collect()).await?;
		found.extend(positions.into_iter().map(Holding::from));
		first = end;
	}
	Ok(found)
}

impl SharesCommand {
	/// Run it.
	pub fn run(self) -> CommandResult {
		match self {
			SharesCommand::Show(command) => super::run(command.run()),
		}
	}
}

impl ShowCommand {
	async fn run(self) -> CommandResult {
		let settings = Settings::read(&self.chain)?;
		let account = match self.account {
			Some(account) => account,
			None => settings.provider_key()?.account(),
		};
		let asking = async {
			let state = settings.look().await?.state().await?;
			Ok::<_, Failed>(holdings(&state, &account).await?)
		};
		let found = progress::during("asking the node", asking).await?;
		if self.json {
			return print_json(&found);
		}
		if found.is_empty() {
			println!("{account} has no shares.");
			return Ok(());
		}
		let mut columns = Columns::new(&[">model", ">shares", ">of all", ">claimable"]);
		for holding in &found {
			columns.row(vec![
				holding.model.to_string(),
				holding.shares.to_string(),
				format!("{:.2} %", holding.percent()),
				holding.claimable.to_string(),
			]);
		}
		columns.print("");
		Ok(())
	}
}

impl ClaimCommand {
	/// Run it.
	pub fn run(self) -> CommandResult {
		super::run(self.claim())
	}

	async fn claim(self) -> CommandResult {
		let signer = Signer::open(&Settings::read(&self.chain)?).await?;
		let (state, account) = (signer.state().await?, signer.account());
		let found = state.positions(&account, self.models.clone()).await?;
		let due: Vec<ModelId> = found
			.iter()
			.filter(|position| position.claimable > 0)
			.map(|position| position.model)
			.collect();
		let call = match due.as_slice() {
			[] => {
				let models: Vec<_> = self.models.iter().map(|id| format!("model {id}")).collect();
				return Err(NothingToClaim { account, models: models.join(", ") }.into());
			},
			[model] => calls::revenue::claim(*model),
			_ => calls::revenue::claim_many(due),
		};
		let expected: u128 = found.iter().map(|position| position.claimable).sum();
		let fee = signer.afford(&state, &[&call], 0, "").await?;
		signer.submit("pay you", call).await?;
		println!(
			"Claimed {}, and what came in meanwhile; {fee} of fees were spent.",
			Crn(expected)
		);
		Ok(())
	}
}
