//! What all tasks of a daemon share.

use std::{
	collections::HashMap,
	ffi::OsStr,
	fs,
	path::PathBuf,
	sync::{Arc, Mutex, PoisonError},
};

use cairn_chain::{AccountId, Connection, Key, Submitter};
use cairn_engine::{data::Dataset, Compute, Recompute};
use cairn_primitives::{DatasetId, Hash, ModelId, StageIndex};
use cairn_transport::{Admission, Endpoint, EndpointId, Signer};
use sp_core::sr25519;

use super::{conduct::Conduct, dataset::Seeder, monitor::Monitor, units::UnitStore};

/// What all tasks of a daemon share.
pub struct Worker {
	/// The chain.
	pub connection: Connection,
	/// Hash of its first block.
	pub genesis: Hash,
	/// Has calls of the worker's key done.
	pub submitter: Submitter,
	/// The worker's key.
	pub key: Key,
	/// The provider that it works for.
	pub provider: AccountId,
	/// The transport.
	pub endpoint: Endpoint,
	/// Threads that compute.
	pub compute: Arc<Compute>,
	/// What is computed twice to save memory.
	pub recompute: Recompute,
	/// What it does where it could do something else.
	pub conduct: Arc<dyn Conduct>,
	/// Where everything is kept.
	pub folder: PathBuf,
	/// Folders of datasets.
	pub datasets: Vec<PathBuf>,
	/// Whom to fetch datasets from.
	pub seeders: Vec<Seeder>,
	/// Where tasks note what happens.
	pub monitor: Monitor,
	/// Held while a unit of others is computed again.
	pub replays: tokio::sync::Mutex<()>,
	/// What the peers of each place may do.
	pub admissions: Mutex<HashMap<(ModelId, StageIndex), Table>>,
}

/// What peers may do.
pub type Table = HashMap<EndpointId, Admission>;

impl Worker {
	/// Let the peers of a place do what the table says, and nothing else.
	pub fn admit(&self, model: ModelId, stage: StageIndex, table: Table) {
		let mut all = self.admissions.lock().unwrap_or_else(PoisonError::into_inner);
		all.insert((model, stage), table);
		let mut merged = Table::new();
		for (peer, admission) in all.values().flatten() {
			let entry = merged.entry(*peer).or_default();
			entry.edges.extend(&admission.edges);
			entry.shelves.extend(admission.shelves.iter().cloned());
			entry.blobs.extend(&admission.blobs);
			entry.asks |= admission.asks;
		}
		self.endpoint.admissions().replace(merged);
	}

	/// Where everything is kept that belongs to a place.
	pub fn place_folder(&self, model: ModelId, stage: StageIndex) -> PathBuf {
		self.folder.join(format!("model-{model}/stage-{stage}"))
	}

	/// Stages of a model at which units were computed that may be asked for still.
	pub fn stages_with_units(&self, model: ModelId) -> Vec<StageIndex> {
		let folder = self.folder.join(format!("model-{model}"));
		let entries = fs::read_dir(folder).into_iter().flatten().flatten();
		let stage = |name: &OsStr| name.to_str()?.strip_prefix("stage-")?.parse().ok();
		let stages = entries.filter_map(|entry| stage(&entry.file_name()));
		stages.filter(|stage| UnitStore::is_used(&self.units_folder(model, *stage))).collect()
	}

	/// Where units are remembered that were computed at a place.
	pub fn units_folder(&self, model: ModelId, stage: StageIndex) -> PathBuf {
		self.place_folder(model, stage).join("units")
	}

	/// Where a dataset is kept that is fetched.
	pub fn dataset_folder(&self, root: DatasetId) -> PathBuf {
		self.folder.join("datasets").join(format!("{root:x}"))
	}

	/// The dataset with a root, if its folder was named or it was fetched.
	pub fn dataset(&self, root: DatasetId) -> Option<Dataset> {
		let fetched = self.dataset_folder(root);
		let fetched = fetched.join("manifest.json").exists().then_some(fetched);
		self.datasets.iter().chain(&fetched).find_map(|folder| match Dataset::open(folder) {
			Ok(dataset) => Some(dataset).filter(|dataset| dataset.manifest().root() == root),
			Err(error) => {
				tracing::warn!("{error}");
				None
			},
		})
	}

	/// Signs receipts with the worker's key.
	pub fn signer(&self) -> Arc<dyn Signer> {
		Arc::new(KeySigner(self.key.clone()))
	}
}

struct KeySigner(Key);

impl Signer for KeySigner {
	fn sign(&self, message: Hash) -> sr25519::Signature {
		self.0.sign(message.as_bytes())
	}
}
