//! `provider show`.

use cairn_chain::{
	views::{HardwareClass, Place, Provider, Unbonding},
	AccountId, State,
};
use cairn_primitives::ModelId;
use clap::Args;
use serde::Serialize;

use super::{endpoint::reached, registered, CommandResult, Failed};
use crate::{
	amount::Crn,
	commands::{place::PlaceShown, print_json, short, time::at},
	keys::endpoint_id,
	progress,
	settings::{ChainArguments, Settings},
};

/// See [`super::ProviderCommand::Show`].
#[derive(Debug, Args)]
pub struct ShowCommand {
	/// The provider's account [default: that of your key]
	account: Option<AccountId>,
	/// For programs: JSON, with amounts of CRN as text.
	#[arg(long)]
	json: bool,
	#[command(flatten)]
	chain: ChainArguments,
}

/// A provider as programs read it.
#[derive(Clone, Debug, Serialize)]
pub struct ProviderShown {
	account: AccountId,
	worker: AccountId,
	endpoint: String,
	addresses: Vec<String>,
	relay: Option<String>,
	class: &'static str,
	memory_mib: u32,
	gigaflops: u32,
	bond: Crn,
	committed: Crn,
	free: Crn,
	unbonding: Vec<UnbondingShown>,
	units: u32,
	points: u128,
	faults: u32,
	absences: u32,
	since: u32,
	models: Vec<CommitmentShown>,
}

#[derive(Clone, Debug, Serialize)]
struct UnbondingShown {
	amount: Crn,
	unlock: u32,
}

#[derive(Clone, Debug, Serialize)]
struct CommitmentShown {
	model: ModelId,
	bond: Crn,
	unlock: Option<u32>,
	place: Option<PlaceShown>,
}

impl ShowCommand {
	/// Run it.
	pub async fn run(self) -> CommandResult {
		let settings = Settings::read(&self.chain)?;
		let account = match self.account {
			Some(account) => account,
			None => settings.provider_key()?.account(),
		};
		let connection = progress::during("connecting to the node", settings.look()).await?;
		let state = connection.state().await?;
		let provider = registered(&state, &account).await?;
		let shown = ProviderShown::gather(&state, account, &provider).await?;
		if self.json {
			return print_json(&shown);
		}
		print(&shown, &provider, state.height());
		Ok(())
	}
}

impl ProviderShown {
	/// What the chain knows of a provider.
	async fn gather(
		state: &State,
		account: AccountId,
		provider: &Provider,
	) -> Result<Self, Failed> {
		let mut models = Vec::new();
		for (model, commitment) in state.commitments(&account).await? {
			let place: Option<Place> = state.place(model, &account).await?;
			let (bond, unlock) = (Crn(commitment.amount), commitment.unlock);
			models.push(CommitmentShown { model, bond, unlock, place: place.map(Into::into) });
		}
		let part =
			|part: &Unbonding| UnbondingShown { amount: Crn(part.amount), unlock: part.unlock };
		let (hardware, conduct) = (provider.hardware, provider.reputation);
		Ok(Self {
			free: Crn(state.free_bond(&account).await?.unwrap_or_default()),
			account,
			worker: provider.worker.into(),
			endpoint: endpoint_id(&provider.endpoint.key),
			addresses: provider.endpoint.addresses.clone(),
			relay: provider.endpoint.relay.clone(),
			class: class(hardware.class),
			memory_mib: hardware.memory_mib,
			gigaflops: hardware.gigaflops,
			bond: Crn(provider.bond),
			committed: Crn(provider.committed),
			unbonding: provider.unbonding.iter().map(part).collect(),
			units: conduct.units,
			points: conduct.points,
			faults: conduct.faults,
			absences: conduct.absences,
			since: conduct.since,
			models,
		})
	}
}

fn print(shown: &ProviderShown, provider: &Provider, now: u32) {
	println!("provider    {}", shown.account);
	println!("worker      {}", shown.worker);
	println!("endpoint    {}", shown.endpoint);
	println!("reached at  {}", reached(&provider.endpoint));
	println!(
		"machine     {}, {} MiB, {} GFLOP/s by its own word",
		shown.class, shown.memory_mib, shown.gigaflops
	);
	println!("bond        {}: {} committed, {} free", shown.bond, shown.committed, shown.free);
	for part in &shown.unbonding {
		println!("unbonding   {} at {}", part.amount, at(part.unlock, now));
	}
	println!(
		"conduct     {} units final, {} FLOPs, {} faults, {} absences since block {}",
		shown.units,
		short(shown.points as f64),
		shown.faults,
		shown.absences,
		shown.since
	);
	for commitment in &shown.models {
		let place = match (&commitment.place, commitment.unlock) {
			(Some(place), _) => place.words(),
			(None, Some(unlock)) => format!("left; locked until {}", at(unlock, now)),
			(None, None) => "left".into(),
		};
		println!("model {:<5} {place}; {} of bond", commitment.model, commitment.bond);
	}
}

fn class(class: HardwareClass) -> &'static str {
	match class {
		HardwareClass::Cpu => "cpu",
		HardwareClass::ConsumerGpu => "consumer-gpu",
		HardwareClass::DatacenterGpu => "datacenter-gpu",
		HardwareClass::UnifiedMemory => "unified-memory",
	}
}
