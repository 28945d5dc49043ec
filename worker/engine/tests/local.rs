//! Whole runs in one process.

mod runs;

use std::{fs, path::Path, sync::Arc};

use cairn_engine::{
	data::DatasetError,
	local::{LocalError, LocalTraining, StateError, WindowDone},
	CheckpointError, Compute, Recompute,
};
use cairn_primitives::{
	hash::blob_root,
	spec::{BoundaryCodec, InnerOptimizer, Nano},
	ModelSpec,
};
use runs::{dataset, spec};

fn open(
	folder: &Path,
	spec: &ModelSpec,
	run: &str,
	threads: usize,
) -> Result<LocalTraining, LocalError> {
	let compute = Arc::new(Compute::new(threads).unwrap());
	LocalTraining::open(
		spec.clone(),
		dataset(folder),
		folder.join(run),
		Recompute::Selective,
		compute,
	)
}

/// Windows until the schedule ends, with what each came to.
fn run(folder: &Path, spec: &ModelSpec, name: &str, threads: usize) -> Vec<WindowDone> {
	let mut training = open(folder, spec, name, threads).unwrap();
	let mut windows = Vec::new();
	while !training.is_done() {
		let mut steps = 0;
		windows.push(
			training
				.window(|_| {
					steps += 1;
					Ok(())
				})
				.unwrap(),
		);
		assert_eq!(steps, 6 * u32::from(spec.lanes) + 1, "steps, and the window");
	}
	windows
}

#[test]
fn a_run_learns_and_ends_with_its_schedule() {
	let folder = tempfile::tempdir().unwrap();
	for lanes in [1, 2] {
		let windows =
			run(folder.path(), &spec(folder.path(), &[2], lanes), &format!("run-{lanes}"), 2);
		assert_eq!(windows.len() as u64, 144 / (24 * u64::from(lanes)));
		assert_eq!(windows.last().unwrap().samples, 144);
		let (first, last) = (windows[0], windows[windows.len() - 1]);
		assert!(last.held_out < first.held_out - 0.3, "{windows:?}");
		assert_eq!(first.merge_bytes > 0, lanes > 1);
	}
}

#[test]
fn a_run_that_was_stopped_goes_on_to_the_same_bits() {
	let folder = tempfile::tempdir().unwrap();
	let mut carried = spec(folder.path(), &[1, 1], 2);
	carried.inner = match carried.inner {
		InnerOptimizer::AdamW { beta1, beta2, epsilon, weight_decay, clip, .. } => {
			InnerOptimizer::AdamW { beta1, beta2, epsilon, weight_decay, clip, carry: true }
		},
		other => other,
	};
	for (name, spec) in [("reset", spec(folder.path(), &[1, 1], 2)), ("carried", carried)] {
		let whole = run(folder.path(), &spec, &format!("{name}-whole"), 2);
		let stopped = format!("{name}-stopped");
		let mut windows = Vec::new();
		for _ in 0..whole.len() {
			// Opened anew for each window, with what a killed run leaves lying about.
			fs::create_dir_all(folder.path().join(&stopped).join(".window-partial")).unwrap();
			let mut training = open(folder.path(), &spec, &stopped, 1).unwrap();
			windows.push(training.window(|_| Ok(())).unwrap());
			assert!(!folder.path().join(&stopped).join(".window-partial").exists());
		}
		assert_eq!(windows, whole, "{name}");
		assert!(open(folder.path(), &spec, &stopped, 1).unwrap().is_done());
	}
}

#[test]
fn stages_with_dense_edges_train_like_the_whole_model() {
	let folder = tempfile::tempdir().unwrap();
	// Gradients are clipped stage by stage; of batches as large as these they stay below the highest limit.
	let gentle = |stages: &[u16]| {
		let mut spec = spec(folder.path(), stages, 1);
		assert_eq!(spec.boundary, BoundaryCodec::Dense);
		if let InnerOptimizer::AdamW { clip, .. } = &mut spec.inner {
			*clip = Nano(u32::MAX);
		}
		for point in spec.schedule.points.iter_mut() {
			point.batch = 64;
			point.learning_rate = Nano(1_000_000);
		}
		spec
	};
	let whole = run(folder.path(), &gentle(&[3]), "whole", 2);
	for (stages, name, threads) in [(&[1, 2][..], "cut", 1), (&[1, 1, 1], "thrice", 2)] {
		let mut cut = run(folder.path(), &gentle(stages), name, threads);
		for window in &mut cut {
			// 6 steps, 64 samples of 16 tokens, a width of 24; there and back.
			let edge = 6 * 64 * 16 * 24 * 4 * 2;
			assert_eq!(std::mem::take(&mut window.edge_bytes), (stages.len() - 1) * edge);
		}
		assert_eq!(cut, whole);
	}
}

#[test]
fn a_window_that_nobody_can_hear_of_is_not_done() {
	let folder = tempfile::tempdir().unwrap();
	let spec = spec(folder.path(), &[2], 2);
	let expected = run(folder.path(), &spec, "expected", 2);
	let mut training = open(folder.path(), &spec, "run", 2).unwrap();
	for deaf in [0, 7, 12] {
		let mut events = 0;
		let error = training.window(|_| {
			events += 1;
			if events > deaf {
				Err("the disk is full".into())
			} else {
				Ok(())
			}
		});
		assert!(error.unwrap_err().to_string().contains("the disk is full"));
		assert_eq!(training.progress().window, 0);
		assert!(!folder.path().join("run/window-000001").exists());
	}
	assert_eq!(training.window(|_| Ok(())).unwrap(), expected[0]);
}

#[test]
fn folders_that_are_no_windows_hide_none() {
	let folder = tempfile::tempdir().unwrap();
	let spec = spec(folder.path(), &[2], 1);
	fs::create_dir_all(folder.path().join("run")).unwrap();
	fs::write(folder.path().join("run/window-3"), "a note").unwrap();
	open(folder.path(), &spec, "run", 1).unwrap().window(|_| Ok(())).unwrap();
	fs::create_dir(folder.path().join("run/window-000009")).unwrap();
	assert_eq!(open(folder.path(), &spec, "run", 1).unwrap().progress().window, 1);
	// Without its progress, a run does not begin anew beside what is there.
	fs::remove_file(folder.path().join("run/window-000001/progress.json")).unwrap();
	let error = open(folder.path(), &spec, "run", 1).unwrap_err();
	assert!(matches!(error, LocalError::State(StateError::Damaged { .. })), "{error}");
}

#[test]
fn what_does_not_fit_is_named() {
	let folder = tempfile::tempdir().unwrap();
	let path = folder.path();
	let good = spec(path, &[2], 2);
	let opened = |spec: &ModelSpec| open(path, spec, "run", 1).map(|_| ()).unwrap_err();
	let mut other = good.clone();
	other.dataset = Default::default();
	assert!(matches!(opened(&other), LocalError::WrongDataset { .. }));
	let mut other = good.clone();
	other.tokenizer = Default::default();
	assert!(matches!(opened(&other), LocalError::WrongTokenizer { .. }));
	let tokenizer = path.join("dataset/tokenizer.json");
	let whole = fs::read(&tokenizer).unwrap();
	fs::write(&tokenizer, [&whole[..], b"\n"].concat()).unwrap();
	let error = opened(&good);
	assert!(matches!(error, LocalError::Dataset(DatasetError::WrongHash { .. })), "{error}");
	fs::write(&tokenizer, whole).unwrap();
	let mut other = good.clone();
	other.architecture.vocabulary = 200;
	assert!(matches!(opened(&other), LocalError::WrongVocabulary { dataset: 280, spec: 200 }));
	let mut other = good.clone();
	other.architecture.context = 60_000;
	assert!(matches!(opened(&other), LocalError::DatasetTooSmall(60_000)));

	let mut training = open(path, &good, "run", 1).unwrap();
	training.window(|_| Ok(())).unwrap();
	assert!(matches!(opened(&good), LocalError::State(StateError::InUse(_))));
	drop(training);
	let mut other = good.clone();
	other.seed = Default::default();
	assert!(matches!(opened(&other), LocalError::State(StateError::OtherSpec(_))));
	let window = path.join("run/window-000001");
	for file in ["progress.json", "stage-0.safetensors", "stage-0.outer.safetensors"] {
		let whole = fs::read(window.join(file)).unwrap();
		fs::write(window.join(file), &whole[..whole.len() / 2]).unwrap();
		let error = opened(&good);
		assert!(matches!(error, LocalError::State(StateError::Damaged { .. })), "{file}: {error}");
		fs::write(window.join(file), whole).unwrap();
	}
	open(path, &good, "run", 1).unwrap();
}

/// Let the progress of a window say that its files are as they are.
fn sign(window: &Path, file: &str) {
	let path = window.join("progress.json");
	let mut progress: serde_json::Value =
		serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
	let hash = blob_root(&fs::read(window.join(file)).unwrap());
	progress["files"][file] = serde_json::to_value(hash).unwrap();
	fs::write(&path, progress.to_string()).unwrap();
}

#[test]
fn a_number_that_has_changed_on_disk_is_found_in_every_file() {
	let folder = tempfile::tempdir().unwrap();
	let path = folder.path();
	let mut spec = spec(path, &[1, 1], 2);
	spec.inner = runs::common::adamw(true);
	open(path, &spec, "run", 1).unwrap().window(|_| Ok(())).unwrap();
	let window = path.join("run/window-000001");
	let opened = || open(path, &spec, "run", 1).map(|_| ()).unwrap_err();
	let files: Vec<_> = fs::read_dir(&window).unwrap().map(|file| file.unwrap().path()).collect();
	assert_eq!(files.len(), 2 * 2 + 2 + 1, "shards and momenta, lanes, progress");
	for file in files.iter().filter(|file| !file.ends_with("progress.json")) {
		let name = file.file_name().unwrap().to_str().unwrap();
		let whole = fs::read(file).unwrap();
		let with_last = |number: f32| [&whole[..whole.len() - 4], &number.to_le_bytes()].concat();
		for number in [0.125, f32::NAN, f32::NEG_INFINITY] {
			fs::write(file, with_last(number)).unwrap();
			match opened() {
				LocalError::State(StateError::Damaged { path, .. }) => assert_eq!(path, *file),
				error => panic!("{name}: {error}"),
			}
		}
		// Nor would it be taken if it had been written like that.
		sign(&window, name);
		let error = opened();
		let not_finite = matches!(
			error,
			LocalError::State(StateError::Checkpoint(CheckpointError::NotFinite { .. }))
		);
		assert!(not_finite, "{name}: {error}");
		fs::write(file, whole).unwrap();
		sign(&window, name);
	}
	open(path, &spec, "run", 1).unwrap();
}

#[test]
fn a_run_that_diverges_says_where_and_keeps_its_state() {
	let folder = tempfile::tempdir().unwrap();
	let good = spec(folder.path(), &[2], 1);
	let mut training = open(folder.path(), &good, "run", 1).unwrap();
	training.window(|_| Ok(())).unwrap();
	let stored = fs::read(folder.path().join("run/window-000001/stage-0.safetensors")).unwrap();
	// Weights that are finite, and products that are not.
	let wild = folder.path().join("wild");
	fs::create_dir(&wild).unwrap();
	fs::rename(folder.path().join("run/window-000001"), wild.join("window-000001")).unwrap();
	let path = wild.join("window-000001/stage-0.safetensors");
	let file = safetensors::SafeTensors::deserialize(&stored).unwrap();
	let view = file.tensor("model.layers.0.mlp.up_proj.weight").unwrap();
	let offset = view.data().as_ptr() as usize - stored.as_ptr() as usize;
	let mut bytes = stored.clone();
	for weight in bytes[offset..offset + view.data().len()].chunks_exact_mut(4) {
		weight.copy_from_slice(&3e38f32.to_le_bytes());
	}
	fs::write(&path, &bytes).unwrap();
	sign(&wild.join("window-000001"), "stage-0.safetensors");
	let mut training = open(folder.path(), &good, "wild", 1).unwrap();
	let error = training.window(|_| Ok(())).unwrap_err();
	assert!(matches!(error, LocalError::Diverged { window: 1, lane: 0, step: 0, .. }), "{error}");
	assert_eq!(fs::read(&path).unwrap(), bytes);
}
