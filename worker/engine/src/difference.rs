//! What a lane has learned in a window: the difference between two shards.

use cairn_primitives::{
	hash::{blob_root, list_root},
	spec::MergeCodec,
	Hash, ModelSpec, StageIndex,
};
use cairn_program::{trace::Commitment, Stage, Tensor};
use rayon::prelude::*;

use crate::{
	cpu::{codec, optimizer},
	Result, Shard, ShardTensor, StageError,
};

/// The weights of a shard at the start of a window.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot(pub(crate) Vec<Vec<f32>>);

impl Snapshot {
	/// The weights of a shard as they are.
	pub fn of(shard: &Shard) -> Result<Self> {
		let weights = shard.tensors().iter().map(|tensor| Ok(tensor.weights()?));
		Ok(Self(weights.collect::<Result<_>>()?))
	}

	/// Put the weights back, with an optimizer that knows nothing.
	pub fn restore(&self, shard: &mut Shard) -> Result<()> {
		for (tensor, weights) in shard.tensors().iter().zip(&self.0) {
			tensor.set(weights)?;
		}
		Ok(())
	}

	/// A shard of a stage with these weights.
	///
	/// # Errors
	///
	/// If they are not of that stage, or the tensor library fails.
	pub fn to_shard(&self, spec: &ModelSpec, number: StageIndex) -> Result<Shard> {
		let stage = Stage::new(spec, number).ok_or(StageError::NoStage(number))?;
		let sizes = stage.tensors().into_iter().map(|tensor| {
			let (rows, columns) = stage.size(tensor);
			rows as usize * columns as usize
		});
		if !sizes.eq(self.0.iter().map(Vec::len)) {
			return Err(StageError::OtherWeights(number));
		}
		let mut weights = self.0.iter();
		Shard::from_weights(&stage, |_, _| Ok(weights.next().cloned().unwrap_or_default()))
	}

	/// The weights of each tensor, in order.
	pub fn weights(&self) -> impl Iterator<Item = &[f32]> {
		self.0.iter().map(Vec::as_slice)
	}

	/// Whether these are weights of a shard of this shape.
	pub(crate) fn is_of(&self, shard: &Shard) -> bool {
		let sizes = shard.tensors().iter().map(|tensor| tensor.len());
		sizes.eq(self.0.iter().map(Vec::len))
	}
}

/// What a lane has learned in a window, in the code that crosses a merge.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
	/// Codes and exponents of each tensor.
	pub(crate) tensors: Vec<(Vec<i8>, Vec<i8>)>,
	pub(crate) block: usize,
	/// Norm of what the codes stand for.
	pub norm: f32,
}

/// Why bytes are no difference.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DifferenceError {
	/// There is no such stage.
	#[error("the model has no stage {0}")]
	NoStage(StageIndex),
	/// More or fewer bytes than the stage's tensors take.
	#[error("a difference of this stage has {expected} bytes, not {found}")]
	WrongLength {
		/// By the spec.
		expected: usize,
		/// As given.
		found: usize,
	},
	/// No encoder writes these: what they stand for need not be finite.
	#[error(
		"the difference of {0} holds a code of -128, or an exponent that is not from -126 to 121"
	)]
	NoCode(Tensor),
	/// No attestation can state its norm.
	#[error("the norm of the difference is not finite")]
	NotFinite,
}

impl Difference {
	/// Shard after − shard before, coded.
	pub fn of(before: &Snapshot, shard: &Shard, codec: MergeCodec) -> Result<Self> {
		let MergeCodec::Int8 { block } = codec;
		let block = usize::from(block);
		let (mut tensors, mut norm) = (Vec::new(), Norm::default());
		for (tensor, before) in shard.tensors().iter().zip(&before.0) {
			let mut difference = change(tensor, before)?;
			let mut codes = vec![0; difference.len()];
			let mut exponents = vec![0; difference.len().div_ceil(block)];
			codec::encode(&difference, block, &mut codes, &mut exponents);
			codec::decode(&codes, &exponents, block, &mut difference);
			norm.add(&difference, tensor.rows, tensor.columns);
			tensors.push((codes, exponents));
		}
		Ok(Self { tensors, block, norm: norm.root() })
	}

	/// The root that is attested: of the list of each tensor's codes and exponents.
	pub fn root(&self) -> Hash {
		Commitment::Difference { list: list_root(&self.list()) }.hash()
	}

	/// Roots of the codes and of the exponents of each tensor, in order.
	pub(crate) fn list(&self) -> Vec<Hash> {
		let root = |codes: &[i8]| blob_root(&bytes_of(codes).collect::<Vec<_>>());
		let roots = |(codes, exponents): &(Vec<i8>, Vec<i8>)| [root(codes), root(exponents)];
		self.tensors.iter().flat_map(roots).collect()
	}

	/// Bytes of the code.
	pub fn bytes(&self) -> usize {
		self.tensors.iter().map(|(codes, exponents)| codes.len() + exponents.len()).sum()
	}

	/// The code: of each tensor its codes, then its exponents.
	pub fn to_bytes(&self) -> Vec<u8> {
		let mut bytes = Vec::with_capacity(self.bytes());
		for (codes, exponents) in &self.tensors {
			bytes.extend(bytes_of(codes).chain(bytes_of(exponents)));
		}
		bytes
	}

	/// Bytes that a difference of a stage has.
	pub fn length(spec: &ModelSpec, number: StageIndex) -> Result<usize, DifferenceError> {
		let stage = Stage::new(spec, number).ok_or(DifferenceError::NoStage(number))?;
		let MergeCodec::Int8 { block } = spec.merge;
		let of_tensor = |tensor| {
			let (rows, columns) = stage.size(tensor);
			let count = rows as usize * columns as usize;
			count + count.div_ceil(usize::from(block))
		};
		Ok(stage.tensors().into_iter().map(of_tensor).sum())
	}

	/// The difference of a stage that bytes hold, whoever they came from. Its norm is computed from them.
	pub fn from_bytes(
		spec: &ModelSpec,
		number: StageIndex,
		bytes: &[u8],
	) -> Result<Self, DifferenceError> {
		let stage = Stage::new(spec, number).ok_or(DifferenceError::NoStage(number))?;
		let MergeCodec::Int8 { block } = spec.merge;
		let block = usize::from(block);
		let of_tensor = |count: usize| count + count.div_ceil(block);
		let sizes = stage.tensors().into_iter().map(|tensor| {
			let (rows, columns) = stage.size(tensor);
			(tensor, rows as usize, columns as usize)
		});
		let expected = Self::length(spec, number)?;
		if bytes.len() != expected {
			return Err(DifferenceError::WrongLength { expected, found: bytes.len() });
		}
		let (mut tensors, mut norm, mut rest) = (Vec::new(), Norm::default(), bytes);
		for (tensor, rows, columns) in sizes {
			let count = rows * columns;
			let (own, behind) = rest.split_at(of_tensor(count));
			rest = behind;
			let (codes, exponents) = own.split_at(count);
			let (codes, exponents) = (integers(codes), integers(exponents));
			let is_code = codes.par_iter().all(|code| *code != i8::MIN)
				&& exponents.par_iter().all(|exponent| (-126..=121).contains(exponent));
			if !is_code {
				return Err(DifferenceError::NoCode(tensor));
			}
			let mut difference = vec![0.0; count];
			codec::decode(&codes, &exponents, block, &mut difference);
			norm.add(&difference, rows, columns);
			tensors.push((codes, exponents));
		}
		let norm = norm.root();
		match norm.is_finite() {
			true => Ok(Self { tensors, block, norm }),
			false => Err(DifferenceError::NotFinite),
		}
	}
}

/// Norm of the difference as it is: what is attested where there is nothing to merge.
pub(crate) fn change_norm(before: &Snapshot, shard: &Shard) -> Result<f32> {
	let mut norm = Norm::default();
	for (tensor, before) in shard.tensors().iter().zip(&before.0) {
		norm.add(&change(tensor, before)?, tensor.rows, tensor.columns);
	}
	Ok(norm.root())
}

/// By how much a tensor has changed.
fn change(tensor: &ShardTensor, before: &[f32]) -> Result<Vec<f32>> {
	let mut difference = tensor.weights()?;
	difference.par_iter_mut().zip(before).for_each(|(after, before)| *after -= before);
	Ok(difference)
}

/// The norm of tensors, in the order of the stage program.
#[derive(Default)]
struct Norm {
	squares: Option<f32>,
}

impl Norm {
	fn add(&mut self, tensor: &[f32], rows: usize, columns: usize) {
		let mut sums = vec![0.0; rows];
		let own = optimizer::squared_norm(tensor, columns, &mut sums);
		self.squares = Some(self.squares.map_or(own, |squares| squares + own));
	}

	fn root(&self) -> f32 {
		self.squares.unwrap_or(0.0).sqrt()
	}
}

/// Small integers as bytes.
pub(crate) fn bytes_of(integers: &[i8]) -> impl Iterator<Item = u8> + '_ {
	integers.iter().map(|integer| *integer as u8)
}

/// Bytes as small integers.
fn integers(bytes: &[u8]) -> Vec<i8> {
	bytes.iter().map(|byte| *byte as i8).collect()
}
