//! Memory of a stage: candle tensors that are allocated once and written in place.

use std::cell::RefCell;

use candle_core::{CpuStorage, DType, Device, InplaceOp1, Layout, Result, Storage, Tensor};

/// So many floats on a device.
#[derive(Clone, Debug)]
pub struct Buffer(Tensor);

impl Buffer {
	/// Zeros.
	pub fn zeros(floats: usize, device: &Device) -> Result<Self> {
		Ok(Self(Tensor::zeros(floats, DType::F32, device)?))
	}

	/// Given floats.
	pub fn from_vec(floats: Vec<f32>, device: &Device) -> Result<Self> {
		let count = floats.len();
		Ok(Self(Tensor::from_vec(floats, count, device)?))
	}

	/// Number of floats.
	pub fn len(&self) -> usize {
		self.0.elem_count()
	}

	/// A copy of the floats in the processor's memory.
	pub fn to_vec(&self) -> Result<Vec<f32>> {
		self.0.to_vec1()
	}

	/// All floats.
	pub(crate) fn all(&self) -> Slice<'_> {
		self.slice(0, self.len())
	}

	/// `count` floats from `from` on.
	pub(crate) fn slice(&self, from: usize, count: usize) -> Slice<'_> {
		debug_assert!(from + count <= self.len(), "{from} + {count} of {}", self.len());
		Slice { buffer: self, from, count }
	}

	/// Read the floats in the processor's memory.
	pub(crate) fn read<T>(&self, read: impl FnOnce(&[f32]) -> Result<T>) -> Result<T> {
		self.all().read(read)
	}

	/// Write the floats in the processor's memory.
	pub(crate) fn write(&self, write: impl FnMut(&mut [f32]) -> Result<()>) -> Result<()> {
		self.all().write(write)
	}
}

/// Some floats of a buffer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slice<'a> {
	buffer: &'a Buffer,
	from: usize,
	count: usize,
}

impl Slice<'_> {
	/// Read them in the processor's memory.
	pub fn read<T>(&self, read: impl FnOnce(&[f32]) -> Result<T>) -> Result<T> {
		let (storage, _) = self.buffer.0.storage_and_layout();
		match &*storage {
			Storage::Cpu(CpuStorage::F32(floats)) => {
				read(&floats[self.from..self.from + self.count])
			},
			_ => candle_core::bail!("the buffer is not in the processor's memory"),
		}
	}

	/// Write them in the processor's memory.
	pub fn write(&self, mut write: impl FnMut(&mut [f32]) -> Result<()>) -> Result<()> {
		let range = self.from..self.from + self.count;
		let write = |floats: &mut [f32]| write(&mut floats[range.clone()]);
		self.buffer.0.inplace_op1(&Write(RefCell::new(write)))
	}
}

/// candle's way to write a tensor in place.
struct Write<F>(RefCell<F>);

impl<F: FnMut(&mut [f32]) -> Result<()>> InplaceOp1 for Write<F> {
	fn name(&self) -> &'static str {
		"write"
	}

	fn cpu_fwd(&self, storage: &mut CpuStorage, _: &Layout) -> Result<()> {
		match storage {
			CpuStorage::F32(floats) => (self.0.borrow_mut())(floats),
			_ => candle_core::bail!("the buffer does not hold binary32"),
		}
	}
}

/// Read several buffers at once: `read!([a, b], |a, b| ...)`.
macro_rules! read {
	([$buffer:expr], |$name:ident| $body:expr) => {
		$buffer.read(|$name| $body)
	};
	([$buffer:expr, $($rest:expr),+], |$name:ident, $($names:ident),+| $body:expr) => {
		$buffer.read(|$name| $crate::buffer::read!([$($rest),+], |$($names),+| $body))
	};
}
pub(crate) use read;

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn what_is_written_in_place_is_seen_by_every_clone() {
		let buffer = Buffer::from_vec(vec![1.0, 2.0], &Device::Cpu).unwrap();
		let clone = buffer.clone();
		buffer
			.write(|floats| {
				floats.iter_mut().for_each(|x| *x += 1.0);
				Ok(())
			})
			.unwrap();
		assert_eq!(clone.to_vec().unwrap(), [2.0, 3.0]);
		assert_eq!(read!([clone, buffer], |a, b| Ok(a[0] + b[1])).unwrap(), 5.0);
	}
}
