//! Random numbers without a stream: each is a function of a seed, a purpose and its place, so that anybody can compute any
//! one of them. They come from BLAKE3's extendable output (BLAKE3 paper, section 2.6).

use cairn_primitives::{Hash, ModelSpec};

use crate::{fraction::ratio, Float, Matrix, SoftFloat, Stage, Tensor};

/// What random numbers are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Purpose {
	/// The weights that a model starts from.
	Weights = 0,
	/// The order in which samples are read.
	Samples = 1,
}

/// Words of 32 bits for a purpose and an index, from any place on.
fn words(seed: &Hash, purpose: Purpose, index: u64, from: u64) -> blake3::OutputReader {
	let mut hasher = blake3::Hasher::new_keyed(&seed.0);
	hasher.update(&[purpose as u8]).update(&index.to_le_bytes());
	let mut output = hasher.finalize_xof();
	output.set_position(from * 4);
	output
}

/// The weights that a tensor of a model starts from: uniform, with a standard deviation of 1/√columns; those of the
/// matrices that write to the residual stream are smaller by √(2 · layers of the model), as in GPT-2 (Radford et al., 2019,
/// section 2.3).
#[derive(Clone, Debug)]
pub struct Initial<F> {
	output: blake3::OutputReader,
	bound: F,
}

impl<F: Float> Initial<F> {
	/// The weights of a tensor of stage number `number` from element `from` on, in the order of its elements.
	pub fn new(spec: &ModelSpec, number: u8, stage: &Stage, tensor: Tensor, from: u64) -> Self {
		// The layer's number in the model, so that the weights do not depend on where it is cut.
		let before: u32 =
			spec.stages.iter().take(number.into()).map(|layers| u32::from(*layers)).sum();
		let layers: u32 = spec.stages.iter().map(|layers| u32::from(*layers)).sum();
		let index = match tensor {
			Tensor::Embedding => 0,
			Tensor::Head => 1,
			Tensor::Expand => 2 + 2 * u64::from(number),
			Tensor::Compress => 3 + 2 * u64::from(number),
			Tensor::Layer(layer, matrix) => {
				1 << 32 | (u64::from(before) + u64::from(layer)) << 8 | matrix as u64
			},
		};
		let (_, columns) = stage.size(tensor);
		// The standard deviation of a uniform number up to a is a/√3.
		let shrink = match tensor {
			Tensor::Layer(_, Matrix::Output | Matrix::Down) => 2 * layers.max(1),
			_ => 1,
		};
		let bound = ratio::<SoftFloat>(3, columns.saturating_mul(shrink)).sqrt();
		let output = words(&spec.seed, Purpose::Weights, index, from);
		Self { output, bound: F::from_bits(bound.to_bits()) }
	}
}

impl<F: Float> Iterator for Initial<F> {
	type Item = F;

	fn next(&mut self) -> Option<F> {
		let mut word = [0; 4];
		self.output.fill(&mut word);
		// 24 bits: the middle of one of 2²⁴ equal parts of −1 to 1, but for the last bit, which no float has.
		let uniform = F::integer((u32::from_le_bytes(word) >> 8) as i32 - (1 << 23));
		Some(uniform * F::literal(1.0 / 8_388_608.0) * self.bound)
	}
}

/// The sample of a dataset that is read at a position of the training: a permutation of all samples, another one in each
/// epoch. `samples` is how many the dataset has; at least 1.
pub fn sample_at(seed: &Hash, samples: u64, position: u64) -> u64 {
	let samples = samples.max(1);
	let (epoch, index) = (position / samples, position % samples);
	// A balanced Feistel network over the smallest even number of bits that holds all samples (Luby and Rackoff, 1988: four
	// rounds).
	let half = (64 - (samples - 1).leading_zeros()).div_ceil(2).max(1);
	let mask = (1u64 << half) - 1;
	walk(index, samples, |value| {
		let (mut left, mut right) = (value >> half, value & mask);
		for round in 0..4u64 {
			let mut word = [0; 8];
			words(seed, Purpose::Samples, epoch, (right << 2 | round) * 2).fill(&mut word);
			(left, right) = (right, left ^ (u64::from_le_bytes(word) & mask));
		}
		left << half | right
	})
}

/// Most steps of a walk. As at least one value in four is a sample, one walk in 10¹⁶ would be longer: the chain has a bound
/// for its work, and no training notices.
const MAX_WALK: u32 = 128;

/// Walk along the cycle of a permutation until it comes back to the samples: fewer than four steps on average.
fn walk(index: u64, samples: u64, mut next: impl FnMut(u64) -> u64) -> u64 {
	let mut value = index;
	for _ in 0..MAX_WALK {
		value = next(value);
		if value < samples {
			return value;
		}
	}
	value % samples
}

#[cfg(test)]
mod tests {
	use alloc::{collections::BTreeSet, vec::Vec};

	use super::*;

	const PLACES: [u64; 6] = [223, 230, 833, 46, 526, 160];
	const WEIGHTS: [u32; 3] = [3_180_184_226, 3_168_971_020, 1_028_526_063];

	#[test]
	fn a_walk_ends() {
		let mut steps = 0;
		let sample = walk(3, 10, |value| {
			steps += 1;
			value + 10
		});
		assert_eq!((steps, sample), (MAX_WALK, 3));
		assert_eq!(walk(5, 10, |value| (value + 6) % 16), 1);
	}

	#[test]
	fn every_epoch_reads_every_sample_once_in_another_order() {
		let seed = Hash::repeat_byte(7);
		for samples in [1, 2, 3, 5, 64, 65, 1_000, 4_097] {
			let epoch = |e: u64| -> Vec<u64> {
				(e * samples..(e + 1) * samples).map(|p| sample_at(&seed, samples, p)).collect()
			};
			for e in 0..2 {
				let read: BTreeSet<u64> = epoch(e).into_iter().collect();
				assert!(read.into_iter().eq(0..samples), "{samples} samples, epoch {e}");
			}
			if samples > 60 {
				assert_ne!(epoch(0), epoch(1));
				assert_ne!(epoch(0), (0..samples).collect::<Vec<_>>());
				let other = Hash::repeat_byte(8);
				assert_ne!(
					epoch(0),
					(0..samples).map(|p| sample_at(&other, samples, p)).collect::<Vec<_>>()
				);
			}
		}
		assert!(sample_at(&seed, u64::MAX, 5) < u64::MAX);
		assert_eq!(sample_at(&seed, 0, 5), 0);
	}

	#[test]
	fn places_and_weights_are_pinned() {
		let seed = Hash::repeat_byte(1);
		let places: Vec<u64> = (0..6).map(|p| sample_at(&seed, 1_000, p)).collect();
		assert_eq!(places, PLACES);
		let mut spec = ModelSpec::example(Default::default(), 2, 1);
		let stage = Stage::new(&spec, 1).unwrap();
		let weights = |spec: &ModelSpec, number, tensor, from| -> Vec<u32> {
			let weights = Initial::<f32>::new(spec, number, &stage, tensor, from);
			weights.take(3).map(f32::to_bits).collect()
		};
		let down = Tensor::Layer(0, Matrix::Down);
		let pinned = weights(&spec, 1, down, 0);
		assert_eq!(pinned, WEIGHTS);
		assert_eq!(weights(&spec, 1, down, 1)[..2], pinned[1..]);
		// The same layer of the model, cut otherwise.
		spec.stages = alloc::vec![2].try_into().unwrap();
		assert_eq!(weights(&spec, 0, Tensor::Layer(1, Matrix::Down), 0), pinned);
		assert_ne!(weights(&spec, 0, Tensor::Layer(1, Matrix::Up), 0), pinned);
	}

	#[test]
	fn weights_spread_as_they_should() {
		let spec = ModelSpec::example(Default::default(), 2, 1);
		let stage = Stage::new(&spec, 0).unwrap();
		for (tensor, expected) in [
			(Tensor::Embedding, 1.0 / 64f64.sqrt()),
			(Tensor::Layer(0, Matrix::Gate), 1.0 / 64f64.sqrt()),
			(Tensor::Layer(0, Matrix::Down), 1.0 / (128.0 * 4.0f64).sqrt()),
		] {
			let (rows, columns) = stage.size(tensor);
			let count = (rows * columns) as usize;
			let weights: Vec<f64> = Initial::<f32>::new(&spec, 0, &stage, tensor, 0)
				.take(count)
				.map(f64::from)
				.collect();
			let mean = weights.iter().sum::<f64>() / count as f64;
			let deviation = (weights.iter().map(|w| w * w).sum::<f64>() / count as f64).sqrt();
			assert!(mean.abs() < 0.05 * expected, "{tensor}: mean {mean}");
			assert!((deviation / expected - 1.0).abs() < 0.05, "{tensor}: deviation {deviation}");
		}
	}

	#[test]
	fn the_order_is_not_a_shift() {
		// Neighbours lie apart by as many different distances as chance makes: about 1 − 1/e of all.
		let at = |p| sample_at(&Hash::repeat_byte(1), 4_096, p);
		let distances: BTreeSet<u64> =
			(0..4_095).map(|p| (at(p + 1) + 4_096 - at(p)) % 4_096).collect();
		assert!((2_400..2_800).contains(&distances.len()), "{}", distances.len());
	}
}
