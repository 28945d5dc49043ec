//! Causal attention, forward and backward, without a matrix of queries × keys in memory.

use cairn_program::{elementary, operation::BLOCK};
use gemm::Parallelism;
use rayon::prelude::*;

use super::{
	kernel,
	product::{accumulate, assign, Matrix},
	reduce, Panel,
};

/// Queries that are done together: what is computed above the diagonal in vain grows with it, overhead shrinks.
const ROWS: usize = 64;
/// Sums over queries and over keys are cut here, so a tile of the backward pass is as large.
const TILE: usize = BLOCK as usize;

/// Shapes of an attention.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Attention {
	/// Tokens of a sample.
	pub context: usize,
	/// Query heads.
	pub heads: usize,
	/// Key and value heads.
	pub kv_heads: usize,
	/// Features of a head.
	pub width: usize,
	/// What scores are multiplied by.
	pub scale: f32,
}

/// What attention reads: tokens × queries, tokens × keys, tokens × keys.
#[derive(Clone, Copy, Debug)]
pub struct Inputs<'a> {
	/// Queries after RoPE.
	pub queries: &'a [f32],
	/// Keys after RoPE.
	pub keys: &'a [f32],
	/// Values.
	pub values: &'a [f32],
}

/// What attention forward leaves for the way back.
#[derive(Debug)]
pub struct Outputs<'a> {
	/// The weighted means: tokens × queries.
	pub attended: &'a mut [f32],
	/// Largest score of each query: tokens × heads.
	pub maxima: &'a mut [f32],
	/// Sum of the exponentials of each query: tokens × heads.
	pub sums: &'a mut [f32],
}

/// What attention backward reads beside its inputs.
#[derive(Clone, Copy, Debug)]
pub struct Backward<'a> {
	/// As forward left it.
	pub attended: &'a [f32],
	/// As forward left it.
	pub maxima: &'a [f32],
	/// As forward left it.
	pub sums: &'a [f32],
	/// Gradient of the weighted means: tokens × queries.
	pub gradient: &'a [f32],
}

/// Gradients of the inputs, of the same shapes.
#[derive(Debug)]
pub struct Gradients<'a> {
	/// Of the queries.
	pub queries: &'a mut [f32],
	/// Of the keys.
	pub keys: &'a mut [f32],
	/// Of the values.
	pub values: &'a mut [f32],
}

impl Outputs<'_> {
	/// So many tokens at a time; the last chunk may be shorter.
	fn in_chunks(
		&mut self,
		attention: &Attention,
		tokens: usize,
	) -> impl IndexedParallelIterator<Item = Outputs<'_>> {
		let (width, heads) = (attention.query_width(), attention.heads);
		let attended = self.attended.par_chunks_mut(tokens * width);
		let maxima = self.maxima.par_chunks_mut(tokens * heads);
		let sums = self.sums.par_chunks_mut(tokens * heads);
		let chunks = attended.zip(maxima).zip(sums);
		chunks.map(|((attended, maxima), sums)| Outputs { attended, maxima, sums })
	}
}

impl Attention {
	fn query_width(&self) -> usize {
		self.heads * self.width
	}

	fn key_width(&self) -> usize {
		self.kv_heads * self.width
	}

	/// Key head of a query head.
	fn key_head(&self, head: usize) -> usize {
		head / (self.heads / self.kv_heads)
	}

	/// Floats of scratch memory that a thread needs.
	pub fn scratch(&self) -> usize {
		let tile = self.context.min(TILE);
		(ROWS.min(self.context) * self.context).max(2 * tile * tile)
	}

	/// From tokens on, the features of a head of tokens × queries.
	fn of_head<'a>(&self, queries: &'a [f32], token: usize, head: usize) -> Matrix<'a> {
		let width = self.query_width();
		Matrix::new(&queries[token * width + head * self.width..], width)
	}

	/// From tokens on, the features of a key head of tokens × keys.
	fn of_key_head<'a>(&self, keys: &'a [f32], token: usize, head: usize) -> Matrix<'a> {
		let width = self.key_width();
		Matrix::new(&keys[token * width + head * self.width..], width)
	}

	/// Weighted means of the values.
	pub fn forward(&self, inputs: Inputs, mut outputs: Outputs) {
		let samples = outputs.in_chunks(self, self.context).enumerate();
		samples.for_each(|(sample, mut outputs)| {
			let blocks = outputs.in_chunks(self, ROWS).enumerate();
			blocks.for_each(|(block, outputs)| {
				self.forward_block(inputs, outputs, sample, block * ROWS);
			});
		});
	}

	/// All heads of some queries of a sample.
	fn forward_block(&self, inputs: Inputs, outputs: Outputs, sample: usize, first: usize) {
		let rows = outputs.maxima.len() / self.heads;
		let keys = first + rows; // of the last of these queries
		let sample = sample * self.context;
		super::with_scratch(self.scratch(), |scratch| {
			let scores = &mut scratch[..rows * keys];
			let mut attended = Panel::new(outputs.attended, self.query_width());
			for head in 0..self.heads {
				let key_head = self.key_head(head);
				self.scores(scores, inputs, sample, head, first..keys, 0..keys);
				let (maxima, sums) = (&mut *outputs.maxima, &mut *outputs.sums);
				exponentials(scores, keys, first, self.scale, head, self.heads, maxima, sums);
				let mut out = attended.part(0..rows, head * self.width..(head + 1) * self.width);
				let values = self.of_key_head(inputs.values, sample, key_head);
				assign(&mut out, Matrix::new(scores, keys), values, keys, Parallelism::None);
				for row in 0..rows {
					let sum = sums[row * self.heads + head];
					out.row(row).iter_mut().for_each(|x| *x /= sum);
				}
			}
		});
	}

	/// Products of queries and keys, not scaled: rows of `keys.len()`.
	fn scores(
		&self,
		scores: &mut [f32],
		inputs: Inputs,
		sample: usize,
		head: usize,
		queries: std::ops::Range<usize>,
		keys: std::ops::Range<usize>,
	) {
		let left = self.of_head(inputs.queries, sample + queries.start, head);
		let right = self.of_key_head(inputs.keys, sample + keys.start, self.key_head(head));
		let mut out = Panel::new(scores, keys.len());
		assign(&mut out, left, right.transposed(), self.width, Parallelism::None);
	}

	/// Gradients of queries, keys and values.
	pub fn backward(&self, inputs: Inputs, backward: Backward, gradients: Gradients) {
		let group = self.heads / self.kv_heads * self.width;
		let queries = Panel::new(gradients.queries, self.query_width()).split(self.context, group);
		let keys = Panel::new(gradients.keys, self.key_width()).split(self.context, self.width);
		let values = Panel::new(gradients.values, self.key_width()).split(self.context, self.width);
		let tasks: Vec<_> = queries.zip(keys).zip(values).enumerate().collect();
		tasks.into_par_iter().for_each(|(number, ((queries, keys), values))| {
			let (sample, key_head) = (number / self.kv_heads, number % self.kv_heads);
			self.backward_group(inputs, backward, sample, key_head, [queries, keys, values]);
		});
	}

	/// The query heads that share a key head, for a sample: the sums over queries run over heads, then over tiles of queries,
	/// those over keys over tiles of keys.
	fn backward_group(
		&self,
		inputs: Inputs,
		backward: Backward,
		sample: usize,
		key_head: usize,
		[mut queries, mut keys, mut values]: [Panel; 3],
	) {
		for panel in [&mut queries, &mut keys, &mut values] {
			(0..panel.rows()).for_each(|row| panel.row(row).fill(0.0));
		}
		let group = self.heads / self.kv_heads;
		let start = sample * self.context;
		super::with_scratch(self.scratch(), |scratch| {
			let (probabilities, gradients) = scratch.split_at_mut(scratch.len() / 2);
			for member in 0..group {
				let head = key_head * group + member;
				let features = member * self.width..(member + 1) * self.width;
				for first in (0..self.context).step_by(TILE) {
					let tile_queries = first..(first + TILE).min(self.context);
					for first_key in (0..tile_queries.end).step_by(TILE) {
						let tile = Tile {
							head,
							key_head,
							sample: start,
							queries: tile_queries.clone(),
							keys: first_key..(first_key + TILE).min(tile_queries.end),
						};
						self.fill(&tile, inputs, backward, probabilities, gradients);
						let mut rows = queries.part(tile.queries.clone(), features.clone());
						self.add_to_queries(&tile, inputs, gradients, &mut rows);
						let mut rows = keys.part(tile.keys.clone(), 0..self.width);
						let factor = self.of_head(inputs.queries, start + first, head);
						self.add_to_keys(&tile, gradients, factor, &mut rows);
						let mut rows = values.part(tile.keys.clone(), 0..self.width);
						let factor = self.of_head(backward.gradient, start + first, head);
						self.add_to_keys(&tile, probabilities, factor, &mut rows);
					}
				}
			}
		});
	}

	/// Probabilities of a tile, and gradients of its scores: queries × keys each, +0 above the diagonal.
	fn fill(
		&self,
		tile: &Tile,
		inputs: Inputs,
		backward: Backward,
		probabilities: &mut [f32],
		gradients: &mut [f32],
	) {
		let width = tile.keys.len();
		for first in tile.queries.clone().step_by(ROWS) {
			let rows = first..(first + ROWS).min(tile.queries.end);
			let here =
				(first - tile.queries.start) * width..(rows.end - tile.queries.start) * width;
			let (probabilities, gradients) =
				(&mut probabilities[here.clone()], &mut gradients[here]);
			// Keys beyond the last of these queries count for none of them.
			let keys = tile.keys.start..tile.keys.end.min(rows.end);
			let left = self.of_head(inputs.queries, tile.sample + first, tile.head);
			let right = self.of_key_head(inputs.keys, tile.sample + keys.start, tile.key_head);
			let mut out = Panel::new(probabilities, width);
			let mut out = out.part(0..rows.len(), 0..keys.len());
			assign(&mut out, left, right.transposed(), self.width, Parallelism::None);
			let left = self.of_head(backward.gradient, tile.sample + first, tile.head);
			let right = self.of_key_head(inputs.values, tile.sample + keys.start, tile.key_head);
			let mut out = Panel::new(gradients, width);
			let mut out = out.part(0..rows.len(), 0..keys.len());
			assign(&mut out, left, right.transposed(), self.width, Parallelism::None);
			for (query, (probabilities, gradients)) in
				rows.zip(probabilities.chunks_mut(width).zip(gradients.chunks_mut(width)))
			{
				let token = tile.sample + query;
				let at = token * self.heads + tile.head;
				let features = token * self.query_width() + tile.head * self.width;
				let features = features..features + self.width;
				let counted = (query + 1).saturating_sub(tile.keys.start).min(width);
				score_gradients(
					probabilities,
					gradients,
					counted,
					self.scale,
					backward.maxima[at],
					backward.sums[at],
					&backward.gradient[features.clone()],
					&backward.attended[features],
				);
			}
		}
	}

	/// Gradient of the queries of a tile: scores' gradients · keys.
	fn add_to_queries(&self, tile: &Tile, inputs: Inputs, gradients: &[f32], out: &mut Panel) {
		let width = tile.keys.len();
		for first in tile.queries.clone().step_by(ROWS) {
			let rows = first..(first + ROWS).min(tile.queries.end);
			let depth = tile.keys.end.min(rows.end) - tile.keys.start;
			let here = rows.start - tile.queries.start..rows.end - tile.queries.start;
			let left = Matrix::new(&gradients[here.start * width..], width);
			let right = self.of_key_head(inputs.keys, tile.sample + tile.keys.start, tile.key_head);
			let mut out = out.part(here, 0..self.width);
			accumulate(&mut out, left, right, depth, Parallelism::None);
		}
	}

	/// Gradient of the keys or values of a tile: scores, transposed, · what belongs to queries. Above the diagonal they are
	/// +0, and a chain may begin behind leading zeros.
	fn add_to_keys(&self, tile: &Tile, scores: &[f32], factor: Matrix, out: &mut Panel) {
		let width = tile.keys.len();
		for first in (0..width).step_by(ROWS) {
			let columns = first..(first + ROWS).min(width);
			let skipped = (tile.keys.start + first).saturating_sub(tile.queries.start);
			let depth = tile.queries.len() - skipped;
			let left = Matrix::new(&scores[skipped * width + first..], width).transposed();
			let right = Matrix { elements: &factor.elements[skipped * factor.row..], ..factor };
			let mut out = out.part(columns, 0..self.width);
			accumulate(&mut out, left, right, depth, Parallelism::None);
		}
	}
}

/// Up to 512 queries and 512 keys of a head.
struct Tile {
	head: usize,
	key_head: usize,
	/// First token of the sample.
	sample: usize,
	queries: std::ops::Range<usize>,
	keys: std::ops::Range<usize>,
}

kernel! {
	/// Scores of queries from `first` on become exponentials, their maxima and sums are noted.
	fn exponentials(
		scores: &mut [f32],
		keys: usize,
		first: usize,
		scale: f32,
		head: usize,
		heads: usize,
		maxima: &mut [f32],
		sums: &mut [f32],
	) {
		for (row, scores) in scores.chunks_exact_mut(keys).enumerate() {
			let (counted, masked) = scores.split_at_mut(first + row + 1);
			counted.iter_mut().for_each(|x| *x *= scale);
			let max = reduce::max(counted);
			counted.iter_mut().for_each(|x| *x = elementary::exp(*x - max));
			masked.fill(0.0);
			maxima[row * heads + head] = max;
			sums[row * heads + head] = reduce::sum(counted);
		}
	}
}

kernel! {
	/// A row of products of a query and keys becomes probabilities, and one of products of gradient and values becomes the
	/// gradient of the scores. The first `counted` keys count.
	fn score_gradients(
		probabilities: &mut [f32],
		gradients: &mut [f32],
		counted: usize,
		scale: f32,
		max: f32,
		sum: f32,
		attended_gradient: &[f32],
		attended: &[f32],
	) {
		let dot = reduce::sum_of_products(attended_gradient, attended);
		for (p, d) in probabilities[..counted].iter_mut().zip(&mut gradients[..counted]) {
			*p = elementary::exp(*p * scale - max) / sum;
			*d = (*p * (*d - dot)) * scale;
		}
		probabilities[counted..].fill(0.0);
		gradients[counted..].fill(0.0);
	}
}
