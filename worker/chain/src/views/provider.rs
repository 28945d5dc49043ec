//! Providers, their workers and bonds.

use std::fmt::Display;

use cairn_primitives::{Balance, BlockNumber, ModelId, Points};
use sp_core::{ed25519, sr25519};

use super::{from_chain, text, to_chain, State, ViewError};
use crate::{
	api::{self, runtime_types::pallet_workers::types},
	AccountId,
};

/// Everything about a provider but its commitments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provider {
	/// The key that its worker signs with.
	pub worker: sr25519::Public,
	/// When that key replaced which one, if it is not the first.
	pub rotation: Option<Rotation>,
	/// How its worker can be reached.
	pub endpoint: Endpoint,
	/// Its worker's machine.
	pub hardware: Hardware,
	/// Everything on hold for it: committed, free and unbonding.
	pub bond: Balance,
	/// The sum of its commitments.
	pub committed: Balance,
	/// Parts on their way out, the one that unlocks first in front.
	pub unbonding: Vec<Unbonding>,
	/// Its conduct.
	pub reputation: Reputation,
}

/// How a provider's worker can be reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
	/// Its transport key.
	pub key: ed25519::Public,
	/// Socket addresses at which it can be reached directly.
	pub addresses: Vec<String>,
	/// URL of the relay through which it can be reached otherwise.
	pub relay: Option<String>,
}

/// The last change of a worker's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rotation {
	/// The key until then.
	pub from: sr25519::Public,
	/// The block in which it was replaced.
	pub at: BlockNumber,
}

/// A worker's machine, by its provider's own word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hardware {
	/// Kind of machine.
	pub class: HardwareClass,
	/// Memory for weights and activations, in MiB.
	pub memory_mib: u32,
	/// Estimated speed in canonical arithmetic, in 10⁹ FLOP/s.
	pub gigaflops: u32,
}

/// What kind of machine a worker runs on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HardwareClass {
	/// Processor only.
	#[default]
	Cpu,
	/// A graphics card in a personal computer.
	ConsumerGpu,
	/// An accelerator in a data centre.
	DatacenterGpu,
	/// Processor and accelerator on one memory.
	UnifiedMemory,
}

/// A part of a bond on its way out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unbonding {
	/// How much.
	pub amount: Balance,
	/// First block in which it can be withdrawn.
	pub unlock: BlockNumber,
}

/// What is known of a provider's conduct.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reputation {
	/// Units and audits that became final.
	pub units: u32,
	/// Points they earned.
	pub points: Points,
	/// Faults that were proven.
	pub faults: u32,
	/// Windows in which it sat and did not attest.
	pub absences: u32,
	/// Block of the registration.
	pub since: BlockNumber,
}

/// A part of a provider's bond that answers for its work in one model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Commitment {
	/// How much.
	pub amount: Balance,
	/// First block in which it can be settled; none while the provider is in the model.
	pub unlock: Option<BlockNumber>,
}

impl Provider {
	/// The key that the worker had when a block began. Right for every block after the last rotation but one.
	pub fn worker_at(&self, block: BlockNumber) -> sr25519::Public {
		match self.rotation {
			Some(rotation) if rotation.at >= block => rotation.from,
			_ => self.worker,
		}
	}
}

impl State {
	/// A provider.
	pub async fn provider(&self, account: &AccountId) -> Result<Option<Provider>, ViewError> {
		let ledger = self.view(api::view_functions().workers().provider(to_chain(account))).await?;
		Ok(ledger.map(Provider::from))
	}

	/// The provider that a worker key works for.
	pub async fn provider_of(
		&self,
		worker: &sr25519::Public,
	) -> Result<Option<AccountId>, ViewError> {
		let provider = self.view(api::view_functions().workers().worker(worker.0)).await?;
		Ok(provider.map(from_chain))
	}

	/// What of a provider's bond answers for its work in a model.
	pub async fn commitment(
		&self,
		provider: &AccountId,
		model: ModelId,
	) -> Result<Option<Commitment>, ViewError> {
		let asked = api::view_functions().workers().commitment(to_chain(provider), model);
		let commitment = self.view(asked).await?;
		Ok(commitment.map(|found| Commitment { amount: found.amount, unlock: found.unlock }))
	}

	/// The models that a provider's bond answers for: those it is in, and those it left a while ago.
	pub async fn commitments(
		&self,
		provider: &AccountId,
	) -> Result<Vec<(ModelId, Commitment)>, ViewError> {
		let wrong = |error: &dyn Display| {
			ViewError::new("workers.commitments", self.height(), error.to_string())
		};
		let asked = api::storage().workers().commitments();
		let storage = self.client().storage();
		let mut entries =
			storage.iter(asked, (to_chain(provider),)).await.map_err(|error| wrong(&error))?;
		let mut found = Vec::new();
		while let Some(entry) = entries.next().await {
			let entry = entry.map_err(|error| wrong(&error))?;
			let key = entry.key().map_err(|error| wrong(&error))?;
			let (_, model) = key.decode().map_err(|error| wrong(&error))?;
			let value = entry.value().decode().map_err(|error| wrong(&error))?;
			found.push((model, Commitment { amount: value.amount, unlock: value.unlock }));
		}
		found.sort_by_key(|(model, _)| *model);
		Ok(found)
	}

	/// The part of a provider's bond that it can commit or unbond.
	pub async fn free_bond(&self, provider: &AccountId) -> Result<Option<Balance>, ViewError> {
		self.view(api::view_functions().workers().free_bond(to_chain(provider))).await
	}

	/// What an account has besides what is on hold.
	pub async fn balance(&self, account: &AccountId) -> Result<Balance, ViewError> {
		let found = self.read(api::storage().system().account(), (to_chain(account),)).await?;
		Ok(found.map_or(0, |found| found.data.free))
	}
}

impl From<types::Ledger> for Provider {
	fn from(ledger: types::Ledger) -> Self {
		let rotation = |last: types::Rotation| Rotation { from: last.from.into(), at: last.at };
		let unbonding =
			|part: types::Unbonding| Unbonding { amount: part.amount, unlock: part.unlock };
		Self {
			worker: ledger.worker.into(),
			rotation: ledger.rotation.map(rotation),
			endpoint: ledger.endpoint.into(),
			hardware: ledger.hardware.into(),
			bond: ledger.bond,
			committed: ledger.committed,
			unbonding: ledger.unbonding.into_iter().map(unbonding).collect(),
			reputation: ledger.reputation.into(),
		}
	}
}

impl From<types::Endpoint> for Endpoint {
	fn from(endpoint: types::Endpoint) -> Self {
		Self {
			key: endpoint.key.into(),
			addresses: endpoint.addresses.into_iter().map(text).collect(),
			relay: endpoint.relay.map(text),
		}
	}
}

impl From<types::Reputation> for Reputation {
	fn from(known: types::Reputation) -> Self {
		Self {
			units: known.units,
			points: known.points,
			faults: known.faults,
			absences: known.absences,
			since: known.since,
		}
	}
}

impl From<types::Hardware> for Hardware {
	fn from(machine: types::Hardware) -> Self {
		let class = match machine.class {
			types::HardwareClass::Cpu => HardwareClass::Cpu,
			types::HardwareClass::ConsumerGpu => HardwareClass::ConsumerGpu,
			types::HardwareClass::DatacenterGpu => HardwareClass::DatacenterGpu,
			types::HardwareClass::UnifiedMemory => HardwareClass::UnifiedMemory,
		};
		Self { class, memory_mib: machine.memory_mib, gigaflops: machine.gigaflops }
	}
}

impl From<Hardware> for types::Hardware {
	fn from(machine: Hardware) -> Self {
		let class = match machine.class {
			HardwareClass::Cpu => types::HardwareClass::Cpu,
			HardwareClass::ConsumerGpu => types::HardwareClass::ConsumerGpu,
			HardwareClass::DatacenterGpu => types::HardwareClass::DatacenterGpu,
			HardwareClass::UnifiedMemory => types::HardwareClass::UnifiedMemory,
		};
		Self { class, memory_mib: machine.memory_mib, gigaflops: machine.gigaflops }
	}
}
