//! Differences between shards, and the outer step that merges those of all lanes.

use cairn_primitives::{
	hash::{blob_root, list_root},
	spec::{MergeCodec, OuterOptimizer},
	Hash, StepIndex,
};
use cairn_program::{
	merge::{coefficients, Contribution, Outer},
	trace::Commitment,
};
use rayon::prelude::*;

use crate::{
	cpu::{codec, optimizer},
	Result, Shard, StageError,
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
}

/// What a lane has learned in a window, in the code that crosses a merge.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
	/// Codes and exponents of each tensor.
	tensors: Vec<(Vec<i8>, Vec<i8>)>,
	block: usize,
	/// Norm of what the codes stand for.
	pub norm: f32,
}

impl Difference {
	/// Shard after − shard before, coded.
	pub fn of(before: &Snapshot, shard: &Shard, codec: MergeCodec) -> Result<Self> {
		let MergeCodec::Int8 { block } = codec;
		let block = usize::from(block);
		let (mut tensors, mut squares) = (Vec::new(), None);
		for (tensor, before) in shard.tensors().iter().zip(&before.0) {
			let mut difference = tensor.weights()?;
			difference.par_iter_mut().zip(before).for_each(|(after, before)| *after -= before);
			let mut codes = vec![0; difference.len()];
			let mut exponents = vec![0; difference.len().div_ceil(block)];
			codec::encode(&difference, block, &mut codes, &mut exponents);
			codec::decode(&codes, &exponents, block, &mut difference);
			let mut rows = vec![0.0; tensor.rows];
			let own = optimizer::squared_norm(&difference, tensor.columns, &mut rows);
			squares = Some(squares.map_or(own, |squares: f32| squares + own));
			tensors.push((codes, exponents));
		}
		Ok(Self { tensors, block, norm: squares.unwrap_or(0.0).sqrt() })
	}

	/// The root that is attested: of the list of each tensor's codes and exponents.
	pub fn root(&self) -> Hash {
		let root =
			|bytes: &[i8]| blob_root(&bytes.iter().map(|byte| *byte as u8).collect::<Vec<_>>());
		let list: Vec<Hash> = self
			.tensors
			.iter()
			.flat_map(|(codes, exponents)| [root(codes), root(exponents)])
			.collect();
		Commitment::Difference { list: list_root(&list) }.hash()
	}

	/// Bytes of the code.
	pub fn bytes(&self) -> usize {
		self.tensors.iter().map(|(codes, exponents)| codes.len() + exponents.len()).sum()
	}
}

/// Momentum of the outer optimizer: it belongs to the shard.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OuterState(pub(crate) Vec<Vec<f32>>);

impl OuterState {
	/// No momentum yet.
	pub fn new(shard: &Shard) -> Self {
		Self(shard.tensors().iter().map(|tensor| vec![0.0; tensor.len()]).collect())
	}

	/// Merge the differences of lanes, ascending, with the steps of each that count: the shard becomes that of the next window,
	/// with an optimizer that knows nothing.
	pub fn merge(
		&mut self,
		shard: &mut Shard,
		before: &Snapshot,
		lanes: &[(StepIndex, Difference)],
		outer: &OuterOptimizer,
	) -> Result<()> {
		let contributions: Vec<_> = lanes
			.iter()
			.map(|(steps, lane)| Contribution { steps: *steps, norm: lane.norm })
			.collect();
		let coefficients = coefficients(&contributions);
		let outer = Outer::<f32>::new(outer);
		for (number, tensor) in shard.tensors().iter().enumerate() {
			let mut weights = before.0[number].clone();
			let mut mean = vec![0f32; weights.len()];
			let mut decoded = vec![0f32; weights.len()];
			for ((_, lane), coefficient) in lanes.iter().zip(&coefficients) {
				let (codes, exponents) = &lane.tensors[number];
				codec::decode(codes, exponents, lane.block, &mut decoded);
				mean.par_iter_mut()
					.zip(&decoded)
					.for_each(|(mean, x)| *mean = coefficient.mul_add(*x, *mean));
			}
			let momenta = &mut self.0[number];
			weights.par_iter_mut().zip(&mut *momenta).zip(&mean).for_each(
				|((weight, momentum), mean)| {
					(*weight, *momentum) = outer.step(*weight, *momentum, *mean);
				},
			);
			if !(optimizer::is_finite(&weights) && optimizer::is_finite(momenta)) {
				return Err(StageError::MergeDiverged(tensor.tensor));
			}
			tensor.set(&weights)?;
		}
		Ok(())
	}
}
