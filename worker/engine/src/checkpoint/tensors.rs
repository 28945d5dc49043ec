//! Tensors of a safetensors file.

use std::{borrow::Cow, fs, io, path::Path};

use safetensors::{Dtype, SafeTensorError, SafeTensors, View};

use super::{finite, CheckpointError};
use crate::folder::{self, WriteError};

/// Little-endian bytes of floats.
pub(crate) fn bytes(floats: &[f32]) -> Vec<u8> {
	// Arrays are written as a whole, bytes one by one would take five times as long.
	floats.iter().map(|x| x.to_le_bytes()).collect::<Vec<_>>().into_flattened()
}

/// Floats of little-endian bytes.
pub(crate) fn floats_of(bytes: &[u8]) -> Vec<f32> {
	bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect()
}

/// Floats of a tensor, whose bytes are made when it is their turn to be written: a file never is in memory as a whole.
pub(crate) struct Floats<F> {
	/// Size along each axis.
	pub shape: Vec<usize>,
	/// Makes the bytes.
	pub bytes: F,
}

impl<F: Fn() -> Vec<u8>> View for Floats<F> {
	fn dtype(&self) -> Dtype {
		Dtype::F32
	}

	fn shape(&self) -> &[usize] {
		&self.shape
	}

	fn data(&self) -> Cow<'_, [u8]> {
		(self.bytes)().into()
	}

	fn data_len(&self) -> usize {
		4 * self.shape.iter().product::<usize>()
	}
}

/// Write a safetensors file that takes its name when all of it is on disk.
pub(crate) fn write_tensors(
	path: &Path,
	tensors: impl IntoIterator<Item = (String, impl View)>,
) -> Result<(), WriteError> {
	write(path, tensors).map_err(WriteError::of(path))
}

fn write(path: &Path, tensors: impl IntoIterator<Item = (String, impl View)>) -> io::Result<()> {
	let partial = folder::partial_file(path)?;
	let permissions = partial.as_file().metadata()?.permissions();
	let partial = partial.into_temp_path();
	safetensors::serialize_to_file(tensors, None, &partial).map_err(|error| match error {
		SafeTensorError::IoError(error) => error,
		other => io::Error::other(other),
	})?;
	// The library has put a file of its own in its place, which only the owner may read.
	fs::set_permissions(&partial, permissions)?;
	fs::File::open(&partial)?.sync_all()?;
	partial.persist(path)?;
	Ok(())
}

/// Write rows of floats, numbered.
pub(crate) fn write_rows(path: &Path, rows: &[Vec<f32>]) -> Result<(), WriteError> {
	let rows = rows.iter().enumerate().map(|(number, row)| {
		(row_name(number), Floats { shape: vec![row.len()], bytes: || bytes(row) })
	});
	write_tensors(path, rows)
}

/// Read rows of the sizes that are expected, all finite.
pub(crate) fn read_rows(
	path: &Path,
	sizes: impl Iterator<Item = usize>,
) -> Result<Vec<Vec<f32>>, CheckpointError> {
	let bytes =
		fs::read(path).map_err(|error| CheckpointError::Unreadable { path: path.into(), error })?;
	let file = SafeTensors::deserialize(&bytes)
		.map_err(|error| CheckpointError::Broken { path: path.into(), error })?;
	let row = |(number, expected): (usize, usize)| {
		let name = row_name(number);
		match file.tensor(&name) {
			Ok(view) if view.shape() == [expected] && view.dtype() == Dtype::F32 => {
				finite(name, floats_of(view.data()))
			},
			Ok(_) => Err(CheckpointError::WrongRow { path: path.into(), name, expected }),
			Err(_) => Err(CheckpointError::Missing { path: path.into(), name }),
		}
	};
	sizes.enumerate().map(row).collect()
}

fn row_name(number: usize) -> String {
	format!("{number:06}")
}
