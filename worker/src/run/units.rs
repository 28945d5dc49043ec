//! What a seat remembers of its units on disk: what it signed, so that it never signs anything else, and what audits and
//! disputes ask for.

use std::{
	collections::BTreeMap,
	fs, io,
	path::{Path, PathBuf},
};

use cairn_chain::AccountId;
use cairn_engine::folder;
use cairn_primitives::{signing::Edge, Attestation, Hash, UnitId, WindowIndex};
use codec::{DecodeAll, Encode};
use serde::{Deserialize, Serialize};
use sp_core::Bytes;

use super::edge::EdgeRecord;

/// A unit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UnitRecord {
	/// Which one.
	pub unit: UnitId,
	/// Seed of its window: one that takes the number of a window which was reorganised away is another.
	pub seed: Hash,
	/// Root of the shard that it began with.
	pub shard_before: Hash,
	/// What it came to; nothing while it is computed. If the process dies meanwhile, it is not computed again: other roots would be
	/// signed for the same steps.
	pub result: Option<UnitResult>,
}

/// What a unit came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UnitResult {
	/// Leaves under the root of its checkpoints.
	pub leaves: Vec<Hash>,
	/// The blob with its difference, where lanes are merged.
	pub difference: Option<Hash>,
	/// What crossed the edge to the stage before.
	pub upstream: Option<EdgeRecord>,
	/// What crossed the edge to the stage after.
	pub downstream: Option<EdgeRecord>,
	/// The attestation in SCALE; none before it is signed.
	pub attestation: Option<Bytes>,
}

impl UnitResult {
	/// The attestation.
	pub fn attestation(&self) -> Option<Attestation<AccountId>> {
		Attestation::decode_all(&mut self.attestation.as_ref()?.0.as_slice()).ok()
	}

	/// Note the attestation.
	pub fn attest(&mut self, attestation: &Attestation<AccountId>) {
		self.attestation = Some(Bytes(attestation.encode()));
	}
}

impl UnitRecord {
	/// What crossed an edge of the unit.
	pub fn crossed(&self, edge: &Edge) -> Option<&EdgeRecord> {
		let result = self.result.as_ref()?;
		if Edge::upstream(&self.unit).as_ref() == Some(edge) {
			return result.upstream.as_ref();
		}
		let is_downstream = edge.model == self.unit.model
			&& edge.window == self.unit.window
			&& edge.lane == self.unit.lane
			&& edge.upper == self.unit.stage;
		result.downstream.as_ref().filter(|_| is_downstream)
	}
}

/// The records of a seat's units, by window.
#[derive(Debug)]
pub struct UnitStore {
	folder: PathBuf,
	records: BTreeMap<WindowIndex, UnitRecord>,
}

/// Why a unit cannot be remembered.
#[derive(Debug, thiserror::Error)]
pub enum UnitStoreError {
	/// A file cannot be read.
	#[error("{path} cannot be read: {error}. Check the disk and the file's owner")]
	Unreadable {
		/// The file.
		path: PathBuf,
		/// Why.
		error: io::Error,
	},
	/// A file is not what was written.
	#[error("{path} is damaged: {error}. Delete it once its window is over")]
	Damaged {
		/// The file.
		path: PathBuf,
		/// Why.
		error: serde_json::Error,
	},
	/// A file cannot be written.
	#[error(transparent)]
	Unwritable(#[from] folder::WriteError),
}

impl UnitStore {
	/// In a folder, which is made if need be.
	pub fn open(folder: PathBuf) -> Result<Self, UnitStoreError> {
		let unreadable = |path: &Path| {
			let path = path.to_path_buf();
			move |error| UnitStoreError::Unreadable { path, error }
		};
		fs::create_dir_all(&folder).map_err(unreadable(&folder))?;
		let mut records = BTreeMap::new();
		for entry in fs::read_dir(&folder).map_err(unreadable(&folder))? {
			let path = entry.map_err(unreadable(&folder))?.path();
			if path.extension().is_some_and(|extension| extension == "json") {
				let bytes = fs::read(&path).map_err(unreadable(&path))?;
				let record: UnitRecord = serde_json::from_slice(&bytes)
					.map_err(|error| UnitStoreError::Damaged { path, error })?;
				records.insert(record.unit.window, record);
			}
		}
		Ok(Self { folder, records })
	}

	/// Whether a folder has records.
	pub fn is_used(folder: &Path) -> bool {
		let mut entries = fs::read_dir(folder).into_iter().flatten().flatten();
		entries.any(|entry| entry.path().extension().is_some_and(|extension| extension == "json"))
	}

	/// The record of a window.
	pub fn get(&self, window: WindowIndex) -> Option<&UnitRecord> {
		self.records.get(&window)
	}

	/// All records, oldest first.
	pub fn all(&self) -> impl Iterator<Item = &UnitRecord> {
		self.records.values()
	}

	/// Write a record down.
	pub fn put(&mut self, record: UnitRecord) -> Result<(), UnitStoreError> {
		let json = serde_json::to_vec_pretty(&record).expect("records are plain data");
		folder::write_file(&self.path(record.unit.window), &json)?;
		self.records.insert(record.unit.window, record);
		Ok(())
	}

	/// Forget a window.
	pub fn remove(&mut self, window: WindowIndex) {
		if self.records.remove(&window).is_none() {
			return;
		}
		if let Err(error) = fs::remove_file(self.path(window)) {
			tracing::warn!(window, %error, "the record of an old window cannot be removed");
		}
	}

	fn path(&self, window: WindowIndex) -> PathBuf {
		self.folder.join(format!("window-{window:06}.json"))
	}
}
