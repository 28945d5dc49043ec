//! Shards that a stage begins windows with: in memory, on disk by their roots, and as blobs for those who need them.

use std::{
	fs,
	path::{Path, PathBuf},
};

use cairn_engine::{
	load_seat, shard_root, store_seat, BlobError, CheckpointError, Compute, Difference, OuterState,
	Result, Shard, Snapshot,
};
use cairn_primitives::{
	dispute::Merged, hash::list_root, Hash, ModelSpec, StageIndex, StepIndex, WindowIndex,
	GATE_EVERY,
};
use cairn_program::trace::Commitment;

/// Windows whose shards are kept: audits of the last ones begin with them.
const KEPT_WINDOWS: u32 = 6;
/// Gates whose shards are kept beyond that: what a model may be restarted from.
const KEPT_GATES: u32 = 2;

/// A shard that a stage begins a window with, and the momentum of its merges.
#[derive(Debug)]
pub struct Held {
	/// What names it on chain.
	pub root: Hash,
	/// The weights.
	pub weights: Snapshot,
	/// The momentum; nothing where there is one lane.
	pub outer: OuterState,
}

impl Held {
	/// The shard that a spec's seed yields.
	pub fn initial(spec: &ModelSpec, stage: StageIndex) -> Result<Self> {
		let shard = Shard::initial(spec, stage)?;
		let outer = match spec.lanes {
			1 => OuterState::default(),
			_ => OuterState::new(&shard),
		};
		Self::of(&shard, outer)
	}

	/// A shard with its momentum.
	pub fn of(shard: &Shard, outer: OuterState) -> Result<Self> {
		Ok(Self { root: shard_root(shard, &outer)?, weights: Snapshot::of(shard)?, outer })
	}

	/// Out of blobs: those of the tensors, then those of their momenta.
	pub fn from_blobs(
		spec: &ModelSpec,
		stage: StageIndex,
		mut blobs: Vec<Vec<u8>>,
	) -> Result<Self, BlobError> {
		let tensors = match spec.lanes {
			1 => blobs.len(),
			_ => blobs.len() / 2,
		};
		let momenta = blobs.split_off(tensors);
		let shard = Shard::from_blobs(spec, stage, blobs)?;
		let outer = OuterState::from_blobs(spec, stage, momenta)?;
		Ok(Self::of(&shard, outer)?)
	}

	/// The root of the shard that consists of these blobs.
	pub fn root_of_list(list: &[Hash]) -> Hash {
		Commitment::Shard { list: list_root(list) }.hash()
	}

	/// What the differences of lanes make of it, lanes ascending.
	pub fn merged(
		&self,
		spec: &ModelSpec,
		stage: StageIndex,
		members: &[Merged],
		differences: Vec<Difference>,
		compute: &Compute,
	) -> Result<Self> {
		let (mut shard, mut outer) = (self.weights.to_shard(spec, stage)?, self.outer.clone());
		let lanes = attested_lanes(members, differences);
		compute.run(|| outer.merge(&mut shard, &self.weights, &lanes, &spec.outer))?;
		compute.run(|| Self::of(&shard, outer))
	}
}

/// What lanes bring to a merge. What was attested of the norms counts, whatever the codes come to.
pub fn attested_lanes(
	members: &[Merged],
	differences: Vec<Difference>,
) -> Vec<(StepIndex, Difference)> {
	let members = members.iter().zip(differences);
	let lanes = members.map(|(member, mut difference)| {
		difference.norm = f32::from_bits(member.norm.0);
		(member.steps, difference)
	});
	lanes.collect()
}

/// The shards of a stage on disk.
#[derive(Debug)]
pub struct ShardStore {
	folder: PathBuf,
	stage: StageIndex,
}

impl ShardStore {
	/// In a folder, which is made if need be.
	pub fn open(folder: PathBuf, stage: StageIndex) -> std::io::Result<Self> {
		fs::create_dir_all(&folder)?;
		Ok(Self { folder, stage })
	}

	/// Where the shard with a root lies.
	fn path(&self, root: Hash) -> PathBuf {
		self.folder.join(format!("{root:x}"))
	}

	/// Whether the shard with a root is here.
	pub fn has(&self, root: Hash) -> bool {
		self.path(root).is_dir()
	}

	/// Store a shard.
	pub fn save(&self, spec: &ModelSpec, held: &Held) -> Result<(), CheckpointError> {
		if self.has(held.root) {
			return Ok(());
		}
		let shard = held.weights.to_shard(spec, self.stage)?;
		store_seat(&self.path(held.root), spec, self.stage, &shard, &held.outer)
	}

	/// The shard with a root, if it is here and whole: one that is damaged is removed.
	pub fn load(&self, spec: &ModelSpec, root: Hash) -> Result<Option<Held>, CheckpointError> {
		let path = self.path(root);
		if !path.is_dir() {
			return Ok(None);
		}
		let found = load_seat(&path, spec, self.stage)
			.and_then(|(shard, outer)| Ok(Held::of(&shard, outer)?));
		match found {
			Ok(held) if held.root == root => Ok(Some(held)),
			Ok(_) => {
				tracing::warn!(path = %path.display(), "a stored shard is damaged: it is fetched anew");
				remove(&path);
				Ok(None)
			},
			Err(error) => {
				tracing::warn!(%error, "a stored shard cannot be read: it is fetched anew");
				remove(&path);
				Ok(None)
			},
		}
	}

	/// Remove all shards but these.
	pub fn keep(&self, roots: &[Hash]) {
		let Ok(entries) = fs::read_dir(&self.folder) else { return };
		for entry in entries.flatten() {
			let name = entry.file_name();
			let is_kept = roots.iter().any(|root| *name == *format!("{root:x}"));
			let is_shard = entry.path().is_dir() && name.len() == 64;
			if is_shard && !is_kept {
				remove(&entry.path());
			}
		}
	}
}

/// Which windows' shards are kept when a window is the newest.
pub fn is_kept(window: WindowIndex, newest: WindowIndex) -> bool {
	let is_recent = window.saturating_add(KEPT_WINDOWS) > newest;
	let follows_gate = window.is_multiple_of(GATE_EVERY);
	is_recent || (follows_gate && window.saturating_add(KEPT_GATES * GATE_EVERY) > newest)
}

fn remove(path: &Path) {
	if let Err(error) = fs::remove_dir_all(path) {
		tracing::warn!(path = %path.display(), %error, "a shard that is no longer needed cannot be removed");
	}
}
