//! Shards in files.

#[path = "../../../primitives/program/tests/common/mod.rs"]
mod common;

use std::fs;

use cairn_engine::{CheckpointError, Shard};
use safetensors::{tensor::TensorView, Dtype, SafeTensors};

#[test]
fn a_shard_is_read_as_it_was_written() {
	let folder = tempfile::tempdir().unwrap();
	for (name, spec) in common::specs() {
		for number in 0..spec.stages.len() as u8 {
			let shard = Shard::initial(&spec, number).unwrap();
			let path = folder.path().join("shard.safetensors");
			shard.save(&spec, number, &path).unwrap();
			let read = Shard::load(&spec, number, &path).unwrap();
			for (one, other) in shard.tensors().iter().zip(read.tensors()) {
				assert_eq!(one.weights().unwrap(), other.weights().unwrap(), "{name}");
			}
			let bytes = fs::read(&path).unwrap();
			assert_eq!(bytes, read.to_safetensors(&spec, number).unwrap(), "{name}");
		}
	}
}

#[test]
fn names_are_those_of_llama_and_count_layers_through_the_model() {
	let spec = common::spec(2);
	let bytes = Shard::initial(&spec, 1).unwrap().to_safetensors(&spec, 1).unwrap();
	let file = SafeTensors::deserialize(&bytes).unwrap();
	for name in [
		"model.layers.2.self_attn.q_proj.weight",
		"model.layers.3.mlp.down_proj.weight",
		"lm_head.weight",
	] {
		assert!(file.tensor(name).is_ok(), "{name}");
	}
	assert_eq!(file.len(), 15);
}

#[test]
fn files_that_are_no_shard_are_named() {
	let folder = tempfile::tempdir().unwrap();
	let path = folder.path().join("shard.safetensors");
	let spec = common::spec(1);
	let whole = Shard::initial(&spec, 0).unwrap().to_safetensors(&spec, 0).unwrap();
	let load = |bytes: &[u8]| {
		fs::write(&path, bytes).unwrap();
		Shard::load(&spec, 0, &path).unwrap_err()
	};
	for cut in [0, 7, 100, whole.len() - 1] {
		let error = load(&whole[..cut]);
		assert!(matches!(error, CheckpointError::Broken { .. }), "{cut}: {error}");
	}
	let error = load(b"not a file of tensors at all, nor anything like it");
	assert!(matches!(error, CheckpointError::Broken { .. }), "{error}");

	// The file with one tensor changed.
	type Parts = (Dtype, Vec<usize>, Vec<u8>);
	let changed = |change: &dyn Fn(&str, &TensorView<'_>) -> Option<Parts>| {
		let file = SafeTensors::deserialize(&whole).unwrap();
		let tensors: Vec<_> = file
			.iter()
			.filter_map(|(name, view)| change(name, &view).map(|tensor| (name.to_string(), tensor)))
			.collect();
		let views = tensors.iter().map(|(name, (dtype, shape, bytes))| {
			(name, TensorView::new(*dtype, shape.clone(), bytes).unwrap())
		});
		load(&safetensors::serialize(views, None).unwrap())
	};
	let is_head = |name: &str| name == "lm_head.weight";
	let same =
		|view: &TensorView<'_>| Some((view.dtype(), view.shape().to_vec(), view.data().to_vec()));
	let error = changed(&|name, view| same(view).filter(|_| !is_head(name)));
	assert!(matches!(&error, CheckpointError::Missing { name, .. } if is_head(name)), "{error}");
	let error = changed(&|name, view| {
		same(view).map(|(dtype, mut shape, bytes)| {
			if is_head(name) {
				shape.reverse();
			}
			(dtype, shape, bytes)
		})
	});
	assert!(matches!(&error, CheckpointError::WrongShape { expected: [19, 12], .. }), "{error}");
	let error = changed(&|name, view| {
		same(view).map(|(dtype, shape, bytes)| {
			(if is_head(name) { Dtype::I32 } else { dtype }, shape, bytes)
		})
	});
	assert!(matches!(&error, CheckpointError::WrongType { found: Dtype::I32, .. }), "{error}");
	let error = changed(&|name, view| {
		same(view).map(|(dtype, shape, mut bytes)| {
			if is_head(name) {
				bytes[20..24].copy_from_slice(&f32::NAN.to_le_bytes());
			}
			(dtype, shape, bytes)
		})
	});
	assert!(matches!(&error, CheckpointError::NotFinite { element: 5, .. }), "{error}");
	fs::remove_file(&path).unwrap();
	let error = Shard::load(&spec, 0, &path).unwrap_err();
	assert!(matches!(error, CheckpointError::Unreadable { .. }), "{error}");
	let error = Shard::initial(&spec, 0)
		.unwrap()
		.save(&spec, 0, &folder.path().join("no/folder"))
		.unwrap_err();
	assert!(matches!(error, CheckpointError::Unwritable { .. }), "{error}");
}
