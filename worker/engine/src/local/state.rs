//! The state of a run on disk: a folder for each window that was finished, of which only the newest is kept. A folder takes
//! its name when everything is in it, so that a run that is killed goes on from the last window it finished.

use std::{
	collections::BTreeMap,
	fs::{self, File, TryLockError},
	io,
	path::{Path, PathBuf},
};

use cairn_primitives::{hash::blob_root, Hash, ModelSpec, WindowIndex};
use serde::{Deserialize, Serialize};

use super::LaneState;
use crate::{
	checkpoint::{load_seat, read_rows, write_rows, write_stage, CheckpointError},
	folder::{self, WriteError},
	OuterState, Shard, StageError,
};

/// How the names of folders begin that are not whole yet.
const PARTIAL: &str = ".window-";
/// The file of a window's folder that says how far the run is.
const PROGRESS: &str = "progress.json";

/// How far a run is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
	/// The window that comes next.
	pub window: WindowIndex,
	/// Samples of the training so far.
	pub samples: u64,
}

/// Why the state could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
	/// A file or folder could not be read or removed.
	#[error("{path}: {error}")]
	File {
		/// The file or folder.
		path: PathBuf,
		/// Why.
		error: io::Error,
	},
	/// A file or folder could not be written.
	#[error(transparent)]
	Unwritable(#[from] WriteError),
	/// Another process has the folder.
	#[error("{0} is in use by another process that trains: let that end, stop it, or choose another folder")]
	InUse(PathBuf),
	/// The folder holds a run of another spec.
	#[error("{0} holds a run of another spec: choose another folder")]
	OtherSpec(PathBuf),
	/// What is in a file is not what was written.
	#[error("{path} is damaged: {reason}")]
	Damaged {
		/// The file.
		path: PathBuf,
		/// What is wrong.
		reason: String,
	},
	/// A shard could not be read or written.
	#[error(transparent)]
	Checkpoint(#[from] CheckpointError),
	/// A stage failed.
	#[error(transparent)]
	Stage(#[from] StageError),
}

/// A state that was read.
pub(super) struct Stored {
	pub progress: Progress,
	pub shards: Vec<(Shard, OuterState)>,
}

#[derive(Serialize, Deserialize)]
struct Header {
	spec: Hash,
	#[serde(flatten)]
	progress: Progress,
	/// BLAKE3 of the window's other files, by their names: weights that are damaged may still be weights.
	files: BTreeMap<String, Hash>,
}

fn spec_hash(spec: &ModelSpec) -> Hash {
	blob_root(&serde_json::to_vec(spec).expect("a spec is plain data"))
}

fn file(path: &Path) -> impl FnOnce(io::Error) -> StateError + '_ {
	move |error| StateError::File { path: path.into(), error }
}

/// Keep other processes from a folder for as long as the lock lives; the folder is made if it is not there.
pub(super) fn lock(folder: &Path) -> Result<File, StateError> {
	fs::create_dir_all(folder).map_err(file(folder))?;
	let path = folder.join(".lock");
	let lock = File::create(&path).map_err(file(&path))?;
	match lock.try_lock() {
		Ok(()) => Ok(lock),
		Err(TryLockError::WouldBlock) => Err(StateError::InUse(folder.into())),
		Err(TryLockError::Error(error)) => Err(file(&path)(error)),
	}
}

/// The newest state in a folder; `None` if there is none.
pub(super) fn load(spec: &ModelSpec, folder: &Path) -> Result<Option<Stored>, StateError> {
	let Some(newest) = newest_window(folder)? else {
		return Ok(None);
	};
	let header = header(&newest)?;
	if header.spec != spec_hash(spec) {
		return Err(StateError::OtherSpec(folder.into()));
	}
	verify(&newest, &header)?;
	let mut shards = Vec::new();
	for number in 0..spec.stages.len() as u8 {
		shards.push(load_seat(&newest, spec, number)?);
	}
	Ok(Some(Stored { progress: header.progress, shards }))
}

fn header(window: &Path) -> Result<Header, StateError> {
	let path = window.join(PROGRESS);
	let bytes = fs::read(&path).map_err(file(&path))?;
	serde_json::from_slice(&bytes)
		.map_err(|error| StateError::Damaged { path, reason: error.to_string() })
}

/// Check that the files of a window's folder are those that were written.
pub fn verify_window(window: &Path) -> Result<(), StateError> {
	verify(window, &header(window)?)
}

fn verify(window: &Path, header: &Header) -> Result<(), StateError> {
	for (name, expected) in &header.files {
		let path = window.join(name);
		let found = hash_of(&path)?;
		if found != *expected {
			let reason = format!("its BLAKE3 is {found:?}, {PROGRESS} says {expected:?}");
			return Err(StateError::Damaged { path, reason });
		}
	}
	Ok(())
}

/// BLAKE3 of a file, of which a part is in memory at a time.
fn hash_of(path: &Path) -> Result<Hash, StateError> {
	let mut hasher = blake3::Hasher::new();
	let read = File::open(path).and_then(|content| hasher.update_reader(content).map(|_| ()));
	read.map_err(file(path))?;
	Ok(Hash::from(*hasher.finalize().as_bytes()))
}

/// Hashes of the files in a folder, by their names.
fn hashes(folder: &Path) -> Result<BTreeMap<String, Hash>, StateError> {
	let mut hashes = BTreeMap::new();
	for entry in fs::read_dir(folder).map_err(file(folder))? {
		let entry = entry.map_err(file(folder))?;
		hashes.insert(entry.file_name().to_string_lossy().into(), hash_of(&entry.path())?);
	}
	Ok(hashes)
}

/// The inner state that lanes carry: as it is stored, or as a run begins. `sizes` are those of every tensor's moments, stage
/// by stage.
pub(super) fn load_lanes(
	spec: &ModelSpec,
	folder: &Path,
	sizes: &[Vec<usize>],
) -> Result<Vec<LaneState>, StateError> {
	let newest = newest_window(folder)?;
	let lane = |lane| match &newest {
		None => Ok(sizes.iter().flatten().map(|size| vec![0.0; *size]).collect()),
		Some(newest) => {
			let path = newest.join(format!("lane-{lane}.safetensors"));
			Ok(read_rows(&path, sizes.iter().flatten().copied())?)
		},
	};
	let lanes = if spec.inner.carries_state() { spec.lanes } else { 0 };
	(0..lanes).map(lane).collect()
}

/// Store a state, and remove those before it.
pub(super) fn store<'a>(
	spec: &ModelSpec,
	folder: &Path,
	progress: Progress,
	shards: impl Iterator<Item = (&'a Shard, &'a OuterState)>,
	carried: &[LaneState],
) -> Result<(), StateError> {
	let before = windows(folder)?;
	folder::remove_partial(PARTIAL, folder)?;
	let partial = folder::partial(PARTIAL, folder)?;
	for (number, (shard, outer)) in (0..).zip(shards) {
		write_stage(partial.path(), spec, number, shard, outer)?;
	}
	for (lane, moments) in carried.iter().enumerate() {
		write_rows(&partial.path().join(format!("lane-{lane}.safetensors")), moments)?;
	}
	let header = Header { spec: spec_hash(spec), progress, files: hashes(partial.path())? };
	let path = partial.path().join(PROGRESS);
	let json = serde_json::to_vec_pretty(&header).expect("progress is plain data");
	folder::write_file(&path, &json)?;
	let path = folder.join(format!("window-{:06}", progress.window));
	folder::finish(partial, &path)?;
	for old in before.into_iter().filter(|old| *old != path) {
		fs::remove_dir_all(&old).map_err(file(&old))?;
	}
	Ok(())
}

/// The folder of the newest window of a run, which has the shards of all stages; `None` if there is none.
pub fn newest_window(folder: &Path) -> Result<Option<PathBuf>, StateError> {
	let windows = windows(folder)?;
	match windows.iter().rfind(|window| window.join(PROGRESS).is_file()) {
		None if !windows.is_empty() => {
			let (path, reason) =
				(windows[windows.len() - 1].clone(), format!("it has no {PROGRESS}"));
			Err(StateError::Damaged { path, reason })
		},
		newest => Ok(newest.cloned()),
	}
}

/// Folders of windows, oldest first.
fn windows(folder: &Path) -> Result<Vec<PathBuf>, StateError> {
	let mut windows = Vec::new();
	for entry in fs::read_dir(folder).map_err(file(folder))? {
		let path = entry.map_err(file(folder))?.path();
		let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
		let number = name.strip_prefix("window-").and_then(|number| number.parse::<u32>().ok());
		let number = number.filter(|_| path.is_dir());
		windows.extend(number.map(|number| (number, path)));
	}
	windows.sort();
	Ok(windows.into_iter().map(|(_, path)| path).collect())
}
