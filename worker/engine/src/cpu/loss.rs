//! Cross entropy, forward and backward in one pass over the logits.

use cairn_program::elementary;
use rayon::prelude::*;

use super::{kernel, reduce, ROWS};

/// Logits become their gradient, `(softmax − onehot) · scale`; `losses` takes the loss of each row.
pub fn cross_entropy(logits: &mut [f32], targets: &[u32], scale: f32, losses: &mut [f32]) {
	for_rows(logits, targets, losses, |logits, width, targets, losses| {
		gradients(logits, width, targets, scale, losses);
	});
}

/// The loss of each row; logits are used up.
pub fn losses(logits: &mut [f32], targets: &[u32], losses: &mut [f32]) {
	for_rows(logits, targets, losses, |logits, width, targets, losses| {
		for ((logits, target), loss) in logits.chunks_exact_mut(width).zip(targets).zip(losses) {
			*loss = exponentials(logits, *target as usize).0;
		}
	});
}

/// Some rows at a time: their logits, the width of a row, their targets and losses.
fn for_rows(
	logits: &mut [f32],
	targets: &[u32],
	losses: &mut [f32],
	rows: impl Fn(&mut [f32], usize, &[u32], &mut [f32]) + Sync,
) {
	if targets.is_empty() {
		return;
	}
	let width = logits.len() / targets.len();
	logits
		.par_chunks_mut(ROWS * width)
		.zip(targets.par_chunks(ROWS))
		.zip(losses.par_chunks_mut(ROWS))
		.for_each(|((logits, targets), losses)| rows(logits, width, targets, losses));
}

kernel! {
	fn gradients(logits: &mut [f32], width: usize, targets: &[u32], scale: f32, losses: &mut [f32]) {
		for ((logits, target), loss) in logits.chunks_exact_mut(width).zip(targets).zip(losses) {
			let (row_loss, sum) = exponentials_of(logits, *target as usize);
			*loss = row_loss;
			// The one-hot part: subtracting +0 changes no bit of what is positive.
			let hot = (logits[*target as usize] / sum - 1.0) * scale;
			for x in logits.iter_mut() {
				*x = (*x / sum) * scale;
			}
			logits[*target as usize] = hot;
		}
	}
}

kernel! {
	fn exponentials(logits: &mut [f32], target: usize) -> (f32, f32) {
		exponentials_of(logits, target)
	}
}

/// Logits become their exponentials; loss of the row, and the sum.
#[inline(always)]
fn exponentials_of(logits: &mut [f32], target: usize) -> (f32, f32) {
	let max = reduce::max(logits);
	let picked = logits[target];
	for x in logits.iter_mut() {
		*x = elementary::exp(*x - max);
	}
	let sum = reduce::sum(logits);
	((elementary::ln(sum) + max) - picked, sum)
}
