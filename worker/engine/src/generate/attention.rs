//! Causal attention of new tokens over everything that a sequence's cache holds.

use gemm::Parallelism;
use rayon::prelude::*;

use super::cache::{Cache, Head};
use crate::cpu::{
	product::{assign_in_any_order, Matrix},
	serving::{combine, dots, softmax, FEW},
	Panel,
};

/// New tokens that are done together: their scores fit into a processor's cache.
pub(super) const TOKENS: usize = 32;

/// Shapes of an attention.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attention {
	pub kv_heads: usize,
	/// Query heads that share a key head.
	pub group: usize,
	pub head_width: usize,
	/// What scores are multiplied by.
	pub scale: f32,
}

/// The new tokens of a sequence, whose keys and values its cache has already.
#[derive(Debug)]
pub(super) struct NewTokens<'a> {
	pub cache: &'a Cache,
	/// Rows of all query heads.
	pub queries: &'a [f32],
	/// Of the same shape: the weighted means of values.
	pub attended: &'a mut [f32],
}

impl Attention {
	/// Attend in a layer: all sequences, heads and tokens side by side.
	pub fn attend(&self, layer: u16, sequences: Vec<NewTokens>) {
		let row = self.kv_heads * self.group * self.head_width;
		let columns = self.group * self.head_width;
		let mut tasks = Vec::new();
		for NewTokens { cache, queries, attended } in sequences {
			let panels = Panel::new(attended, row).split(TOKENS, columns);
			for (number, panel) in panels.enumerate() {
				let (block, head) = (number / self.kv_heads, number % self.kv_heads);
				let first = block * TOKENS;
				let queries = &queries[first * row + head * columns..];
				let heads = cache.layer(layer);
				tasks.push((&heads[head], cache.tokens() + first, queries, panel));
			}
		}
		tasks.into_par_iter().for_each(|(head, before, queries, mut panel)| {
			self.group_of_heads(head, before, queries, row, &mut panel);
		});
	}

	/// The query heads of a key head, for tokens that have `before` ones in front of them.
	fn group_of_heads(
		&self,
		head: &Head,
		before: usize,
		queries: &[f32],
		stride: usize,
		attended: &mut Panel,
	) {
		let (tokens, width) = (attended.rows(), self.head_width);
		let (rows, keys) = (tokens * self.group, before + tokens);
		// One query head behind the other, so that they are one product.
		let mut own = Vec::with_capacity(rows * width);
		for token in 0..tokens {
			own.extend_from_slice(&queries[token * stride..][..self.group * width]);
		}
		let (seen, mut scores) = (keys * width, vec![0.0; rows * keys]);
		let (keys_seen, values) = (&head.keys[..seen], &head.values[..seen]);
		if rows <= FEW {
			dots(&own, width, keys_seen, &mut Panel::new(&mut scores, keys));
		} else {
			let (left, right) = (Matrix::new(&own, width), Matrix::new(keys_seen, width));
			let mut out = Panel::new(&mut scores, keys);
			assign_in_any_order(&mut out, left, right.transposed(), width, Parallelism::None);
		}
		for (row, scores) in scores.chunks_exact_mut(keys).enumerate() {
			softmax(scores, before + row / self.group + 1, self.scale);
		}
		let mut means = Panel::new(&mut own, width);
		if rows <= FEW {
			combine(&scores, values, &mut means);
		} else {
			let (left, right) = (Matrix::new(&scores, keys), Matrix::new(values, width));
			assign_in_any_order(&mut means, left, right, keys, Parallelism::None);
		}
		for (token, means) in own.chunks_exact(self.group * width).enumerate() {
			attended.row(token).copy_from_slice(means);
		}
	}
}
