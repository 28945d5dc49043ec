//! `model propose`.

use std::{
	io::{stdin, stdout, IsTerminal, Write},
	path::PathBuf,
};

use cairn_chain::{calls, events::Proposed, Request, State};
use cairn_primitives::{spec::Access, Balance, ModelId, ModelSpec, Terms};
use clap::Args;

use super::{
	estimate::Estimate,
	open::open,
	terms::{percent, TermsArguments},
	CommandResult, ModelError,
};
use crate::{
	amount::Crn,
	commands::{read_spec, short, Failed},
	settings::{ChainArguments, Settings},
	signer::Signer,
};

/// Most bytes of a model's metadata.
const MAX_METADATA: usize = 256;
/// FLOPs that a bond price is for.
const PETAFLOP: f64 = 1e15;

/// See [`super::ModelCommand::Propose`].
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  cairn-worker model propose --spec spec.json --metadata \"A whale\" --provider-key my.key
  cairn-worker model propose --spec fork.json --parent 3 --researcher-part 15 --open --yes")]
pub struct ProposeCommand {
	/// The spec (JSON).
	#[arg(long, value_name = "FILE")]
	spec: PathBuf,
	/// Name or address of its description, up to 256 bytes.
	#[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
	metadata: String,
	/// The model that it continues: a fork.
	#[arg(long, value_name = "ID")]
	parent: Option<ModelId>,
	/// Open it for training, too.
	#[arg(long)]
	open: bool,
	/// Do not ask.
	#[arg(long)]
	yes: bool,
	#[command(flatten)]
	terms: TermsArguments,
	#[command(flatten)]
	chain: ChainArguments,
}

impl ProposeCommand {
	/// Run it.
	pub async fn run(self) -> CommandResult {
		let spec = read_spec(&self.spec)?;
		let path = || self.spec.clone();
		spec.validate().map_err(|error| ModelError::InvalidSpec { path: path(), error })?;
		let terms = self.terms.terms()?;
		if self.metadata.len() > MAX_METADATA {
			let given = self.metadata.len();
			return Err(ModelError::MetadataTooLong { given, most: MAX_METADATA }.into());
		}
		let estimate = Estimate::new(&spec)?;
		let settings = Settings::read(&self.chain)?;
		let signer = Signer::open(&settings).await?;
		let state = signer.state().await?;
		check_dataset(&state, &spec).await?;
		let floor = match self.parent {
			Some(parent) => check_fork(&state, parent, &spec, &terms).await?,
			None => 0,
		};

		let call = calls::models::propose(spec.clone(), terms, self.parent, &self.metadata);
		let deposit = state.proposal_deposit(&spec, &self.metadata).await?;
		let bond = state.bond_for(&spec).await?.max(floor);
		estimate.print();
		print_terms(&terms);
		print_bond(&state, &spec, &estimate, bond, self.parent).await?;
		let fee = signer.afford(&state, &[&call], deposit, "of deposit").await?;
		println!("you pay        {} of deposit, held, and {fee} of fees, spent", Crn(deposit));
		if !self.yes {
			ask()?;
		}
		let done = signer.submit("take the proposal", Request::from(call).once()).await?;
		let proposed =
			done.event::<Proposed>().ok_or("the chain does not tell the model's number")?;
		println!("Model {} is proposed.", proposed.model);
		if self.open {
			return open(&signer, proposed.model).await;
		}
		println!("Open it with `cairn-worker model open {}`.", proposed.model);
		Ok(())
	}
}

async fn check_dataset(state: &State, spec: &ModelSpec) -> CommandResult {
	match state.dataset(spec.dataset).await? {
		Some(_) => Ok(()),
		None => Err(ModelError::UnknownDataset { root: spec.dataset }.into()),
	}
}

/// What the chain asks of a fork. Tells the bond that its parent asks, which is its own at least.
async fn check_fork(
	state: &State,
	parent: ModelId,
	spec: &ModelSpec,
	terms: &Terms,
) -> Result<Balance, Failed> {
	let unknown = || ModelError::UnknownModel { model: parent };
	let of_parent = state.spec(parent).await?.ok_or_else(unknown)?;
	let record = state.model(parent).await?.ok_or_else(unknown)?;
	if !spec.continues(&of_parent) {
		return Err(ModelError::ForkDoesNotContinue { parent }.into());
	}
	if of_parent.access == Access::Sealed && spec.access != Access::Sealed {
		return Err(ModelError::ForkUnseals { parent }.into());
	}
	if terms.royalty < record.terms.royalty {
		let least = percent(record.terms.royalty);
		return Err(ModelError::RoyaltyBelowParent { least }.into());
	}
	Ok(state.required_bond(parent).await?.unwrap_or_default())
}

fn print_terms(terms: &Terms) {
	println!(
		"of each mint   {} for compute, {} for the data's owner, {} for you, {} for the treasury",
		percent(terms.compute()),
		percent(terms.data),
		percent(terms.researcher),
		percent(terms.treasury)
	);
	println!(
		"of revenue     forks owe {} of theirs; {} of what clients pay goes to the seats that serve",
		percent(terms.royalty),
		percent(terms.serving_fee)
	);
}

async fn print_bond(
	state: &State,
	spec: &ModelSpec,
	estimate: &Estimate,
	bond: Balance,
	parent: Option<ModelId>,
) -> CommandResult {
	println!("bond           {} of each provider", Crn(bond));
	let root_bond = match parent {
		Some(parent) => {
			let root = state.model(parent).await?.map_or(parent, |record| record.root);
			state.required_bond(root).await?
		},
		None => None,
	};
	match spec.access {
		Access::Sealed => println!(
			"stealing it    takes about {:.1} identities, and {} of bonds",
			lots(spec.stage_count()),
			Crn(extraction(spec.stage_count(), bond, root_bond))
		),
		Access::Open => {
			println!("stealing it    takes nothing: an open model gives its shards to anybody")
		},
	}
	let price = state.bond_price().await?;
	let work = estimate.flops as f64 / PETAFLOP * price as f64;
	println!(
		"its compute    is worth about {} at the chain's price of {} for {} FLOPs; providers bring it for shares",
		Crn(work as Balance),
		Crn(price),
		short(PETAFLOP)
	);
	Ok(())
}

/// Lots until each stage was drawn once, on average: S · (1/1 + 1/2 + … + 1/S).
fn lots(stages: u32) -> f64 {
	f64::from(stages) * (1..=stages).map(|stage| 1.0 / f64::from(stage)).sum::<f64>()
}

/// Bonds of fresh identities that draw all stages of a sealed model: in it, or at the root of its family and then, one for each
/// stage, in it.
fn extraction(stages: u32, bond: Balance, root_bond: Option<Balance>) -> Balance {
	// In thousandths, as the chain counts them; the last digit of a float is no matter there.
	let milli = (lots(stages) * 1_000.0 + 1e-6) as Balance;
	let of_all = |bond: Balance| bond.saturating_mul(milli) / 1_000;
	let here = of_all(bond);
	let one_each = bond.saturating_mul(stages.into());
	root_bond.map_or(here, |bond| here.min(of_all(bond).saturating_add(one_each)))
}

/// Asks on a terminal.
fn ask() -> Result<(), ModelError> {
	if !stdin().is_terminal() || !stdout().is_terminal() {
		return Err(ModelError::NobodyToAsk);
	}
	print!("Propose? [y/N] ");
	let mut answer = String::new();
	let asked = stdout().flush().and_then(|()| stdin().read_line(&mut answer));
	match asked {
		Ok(_) if matches!(answer.trim(), "y" | "Y" | "yes") => Ok(()),
		_ => Err(ModelError::Declined),
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn stealing_costs_the_bonds_of_all_lots() {
		// 8 · (1 + 1/2 + … + 1/8) = 21.742…
		assert_eq!(extraction(8, 1_000, None), 21_742);
		assert_eq!(extraction(3, 1_000, None), 5_500);
		assert_eq!(extraction(1, 1_000, None), 1_000);
		// A fork that asks ten times as much as its root: lots are drawn there.
		assert_eq!(extraction(3, 10_000, Some(1_000)), 5_500 + 30_000);
		assert_eq!(extraction(3, 1_000, Some(1_000)), 5_500);
	}
}
