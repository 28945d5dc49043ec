//! `provider register`.

use cairn_chain::{
	calls::{self, workers::Consent},
	views::{Hardware, HardwareClass},
	AccountId, Request, State,
};
use clap::{Args, ValueEnum};
use sp_core::Pair as _;

use super::{endpoint::Reach, CommandResult, Failed, ProviderError};
use crate::{
	amount::Crn,
	memory,
	settings::{ChainArguments, Settings},
	signer::Signer,
};

/// What the worker's key is given for fees, if it has nothing.
const FOR_FEES: &str = "1";

/// See [`super::ProviderCommand::Register`].
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  cairn-worker provider register --address 203.0.113.7:4001 --bond 100 --provider-key my.key
  cairn-worker provider register --address 127.0.0.1:4001 --bond 100 --provider-key //Alice
  cairn-worker provider register --relay https://relay.example --bond 12.5 --memory 24000")]
pub struct RegisterCommand {
	#[command(flatten)]
	reach: Reach,
	/// CRN to bond. A model asks a part of it: `model show` says how much.
	#[arg(long, value_name = "CRN")]
	bond: Crn,
	/// Memory for weights and activations, in MiB [default: what is free now]
	#[arg(long, value_name = "MIB")]
	memory: Option<u32>,
	/// Speed in canonical arithmetic, in 10⁹ FLOP/s, as you estimate it.
	#[arg(long, value_name = "NUMBER", default_value_t = 0)]
	gigaflops: u32,
	/// Kind of machine.
	#[arg(long, value_enum, default_value_t = Class::Cpu)]
	class: Class,
	/// CRN to give the worker's key for fees [default: 1, if it has nothing]
	#[arg(long, value_name = "CRN")]
	fund: Option<Crn>,
	#[command(flatten)]
	chain: ChainArguments,
}

/// What kind of machine it is.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Class {
	/// Processor only.
	Cpu,
	/// A graphics card in a personal computer.
	ConsumerGpu,
	/// An accelerator in a data centre.
	DatacenterGpu,
	/// Processor and accelerator on one memory.
	UnifiedMemory,
}

impl From<Class> for HardwareClass {
	fn from(class: Class) -> Self {
		match class {
			Class::Cpu => HardwareClass::Cpu,
			Class::ConsumerGpu => HardwareClass::ConsumerGpu,
			Class::DatacenterGpu => HardwareClass::DatacenterGpu,
			Class::UnifiedMemory => HardwareClass::UnifiedMemory,
		}
	}
}

impl RegisterCommand {
	/// Run it.
	pub async fn run(self) -> CommandResult {
		let settings = Settings::read(&self.chain)?;
		let keys = settings.keys();
		let (worker, endpoint_key) = (keys.worker_or_new()?, keys.endpoint_or_new()?);
		let endpoint = self.reach.endpoint(endpoint_key.public())?;
		let signer = Signer::open(&settings).await?;
		let (state, provider) = (signer.state().await?, signer.account());
		if state.provider(&provider).await?.is_some() {
			return Err(ProviderError::AlreadyRegistered { account: provider }.into());
		}
		if let Some(provider) = state.provider_of(&worker.public()).await? {
			return Err(ProviderError::WorkerTaken { provider }.into());
		}
		let least = Crn(state.floors()?.bond);
		if self.bond < least {
			return Err(ProviderError::BondBelowLeast { bond: self.bond, least }.into());
		}

		let consent = Consent::new(state.genesis(), &provider, &worker, &endpoint_key);
		let (addresses, relay) = (&endpoint.addresses, endpoint.relay.as_deref());
		let register =
			calls::workers::register(&consent, addresses, relay, self.hardware(), self.bond.0);
		let fund = self.fund(&state, &provider, &worker.account()).await?;
		let give = calls::balances::transfer_keep_alive(&worker.account(), fund.0);
		let mut calls = vec![&register];
		calls.extend((fund.0 > 0).then_some(&give));
		let all = self.bond.0.saturating_add(fund.0);
		signer.afford(&state, &calls, all, "of bond and for the worker's fees").await?;

		let account = provider.clone();
		let is_done = move |state: State| {
			let account = account.clone();
			async move { Ok(state.provider(&account).await?.is_some()) }
		};
		let registering = Request::from(register).unless(is_done);
		signer.submit("register the machine", registering).await?;
		println!("{provider} is a provider now, with a bond of {}.", self.bond);
		if fund.0 > 0 {
			signer.submit("pass on money for fees", Request::from(give).once()).await?;
			println!("Its worker {} was given {fund} for fees.", worker.account());
		}
		println!("Choose a model (`cairn-worker model list`) and enlist for it (`cairn-worker provider enlist MODEL`).");
		Ok(())
	}

	fn hardware(&self) -> Hardware {
		let free = || u32::try_from(memory::free() >> 20).unwrap_or(u32::MAX);
		Hardware {
			class: self.class.into(),
			memory_mib: self.memory.unwrap_or_else(free),
			gigaflops: self.gigaflops,
		}
	}

	/// What to give the worker.
	async fn fund(
		&self,
		state: &State,
		provider: &AccountId,
		worker: &AccountId,
	) -> Result<Crn, Failed> {
		// Who has one key for everything needs nothing.
		if provider == worker {
			return Ok(Crn(0));
		}
		match self.fund {
			Some(given) => Ok(given),
			None if state.balance(worker).await? > 0 => Ok(Crn(0)),
			None => Ok(FOR_FEES.parse()?),
		}
	}
}
