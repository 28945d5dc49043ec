//! How the next token is chosen.

use rand::Rng;
use rand_chacha::{rand_core::SeedableRng, ChaCha8Rng};

use super::GenerateError;

/// How the next token is chosen from a model's logits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sampling {
	/// What logits are divided by: 0 takes the likeliest token, 1 samples as the model says, more is bolder.
	pub temperature: f32,
	/// Sample among the likeliest tokens only that together have this probability (nucleus sampling: Holtzman et al.,
	/// arXiv 1904.09751, section 3.1); 1 is all of them.
	pub top_p: f32,
	/// Equal seeds choose equal tokens.
	pub seed: u64,
}

impl Sampling {
	/// The likeliest token, always.
	pub const GREEDY: Self = Self { temperature: 0.0, top_p: 1.0, seed: 0 };
}

/// Chooses the tokens of a sequence.
#[derive(Clone, Debug)]
pub struct Sampler {
	sampling: Sampling,
	random: ChaCha8Rng,
	/// Tokens that can be chosen, and their probabilities.
	candidates: Vec<(u32, f32)>,
}

impl Sampler {
	/// For a sequence.
	pub fn new(sampling: Sampling) -> Result<Self, GenerateError> {
		let Sampling { temperature, top_p, seed } = sampling;
		if !(temperature.is_finite() && temperature >= 0.0) {
			return Err(GenerateError::BadSampling("the temperature is 0 or more"));
		}
		if !(top_p > 0.0 && top_p <= 1.0) {
			return Err(GenerateError::BadSampling("top-p is above 0 and at most 1"));
		}
		Ok(Self { sampling, random: ChaCha8Rng::seed_from_u64(seed), candidates: Vec::new() })
	}

	/// Choose the next token. Of equally likely ones the first is the likeliest.
	pub fn choose(&mut self, logits: &[f32]) -> Result<u32, GenerateError> {
		let mut likeliest = 0;
		for (token, logit) in logits.iter().enumerate() {
			if !logit.is_finite() {
				return Err(GenerateError::NotFinite);
			}
			if *logit > logits[likeliest] {
				likeliest = token;
			}
		}
		if self.sampling.temperature == 0.0 {
			return Ok(likeliest as u32);
		}
		self.weigh(logits, logits[likeliest]);
		let mut rest: f32 = self.candidates.iter().map(|(_, weight)| weight).sum();
		rest *= self.random.gen::<f32>();
		for (token, weight) in &self.candidates {
			rest -= weight;
			if rest < 0.0 {
				return Ok(*token);
			}
		}
		Ok(likeliest as u32) // rounding has left something of the sum
	}

	/// Fill the candidates with the tokens of the nucleus.
	fn weigh(&mut self, logits: &[f32], max: f32) {
		let Sampling { temperature, top_p, .. } = self.sampling;
		let weight = |logit: f32| ((logit - max) / temperature).exp();
		let sum: f32 = logits.iter().map(|logit| weight(*logit)).sum();
		// All tokens below this together have less than what top-p leaves out, so none of them is in the nucleus.
		let least = (1.0 - top_p) * sum / logits.len() as f32;
		self.candidates.clear();
		let weights =
			logits.iter().enumerate().map(|(token, logit)| (token as u32, weight(*logit)));
		self.candidates.extend(weights.filter(|(_, weight)| *weight >= least));
		if top_p == 1.0 {
			return;
		}
		self.candidates
			.sort_unstable_by(|(a, one), (b, other)| other.total_cmp(one).then(a.cmp(b)));
		let (mut seen, mut count) = (0.0, 0);
		for (_, weight) in &self.candidates {
			seen += weight;
			count += 1;
			if seen >= top_p * sum {
				break;
			}
		}
		self.candidates.truncate(count);
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	const LOGITS: [f32; 5] = [0.0, 2.0, 1.0, 2.0, -50.0];

	/// How often each token is chosen in so many draws.
	fn counts(sampling: Sampling, draws: u32) -> [u32; 5] {
		let mut sampler = Sampler::new(sampling).unwrap();
		let mut counts = [0; 5];
		(0..draws).for_each(|_| counts[sampler.choose(&LOGITS).unwrap() as usize] += 1);
		counts
	}

	#[test]
	fn the_likeliest_token_is_the_first_of_the_largest() {
		assert_eq!(counts(Sampling::GREEDY, 3), [0, 3, 0, 0, 0]);
	}

	#[test]
	fn tokens_come_as_often_as_they_are_likely() {
		let sampling = Sampling { temperature: 1.0, top_p: 1.0, seed: 7 };
		let weights = LOGITS.map(f32::exp);
		let sum: f32 = weights.iter().sum();
		for (count, weight) in counts(sampling, 20_000).iter().zip(weights) {
			let expected = 20_000.0 * weight / sum;
			let deviation = expected.sqrt().max(1.0);
			assert!((*count as f32 - expected).abs() < 5.0 * deviation, "{count} {expected}");
		}
	}

	#[test]
	fn the_nucleus_leaves_out_the_unlikely() {
		// 1 and 3 have 0.39 each, 2 has 0.14, 0 has 0.05.
		let at =
			|top_p| counts(Sampling { temperature: 1.0, top_p, seed: 1 }, 1_000).map(|n| n > 0);
		assert_eq!(at(0.3), [false, true, false, false, false]);
		assert_eq!(at(0.7), [false, true, false, true, false]);
		assert_eq!(at(0.9), [false, true, true, true, false]);
		assert_eq!(at(0.99), [true, true, true, true, false]);
	}

	#[test]
	fn equal_seeds_choose_equal_tokens() {
		let draw = |seed| {
			let sampling = Sampling { temperature: 1.5, top_p: 0.95, seed };
			let mut sampler = Sampler::new(sampling).unwrap();
			(0..50).map(|_| sampler.choose(&LOGITS).unwrap()).collect::<Vec<_>>()
		};
		assert_eq!(draw(3), draw(3));
		assert_ne!(draw(3), draw(4));
	}

	#[test]
	fn what_means_nothing_is_refused() {
		for (temperature, top_p) in [(-1.0, 1.0), (f32::NAN, 1.0), (1.0, 0.0), (1.0, 1.1)] {
			let error = Sampler::new(Sampling { temperature, top_p, seed: 0 }).unwrap_err();
			assert!(matches!(error, GenerateError::BadSampling(_)), "{error}");
		}
		let mut sampler = Sampler::new(Sampling::GREEDY).unwrap();
		let error = sampler.choose(&[0.0, f32::NAN]).unwrap_err();
		assert!(matches!(error, GenerateError::NotFinite));
	}
}
