//! Rows of a table by number, and their gradients.

use rayon::prelude::*;

use cairn_program::operation::BLOCK;

use super::{kernel, Panel, ROWS};

/// Rows of a table that tokens name.
pub fn gather(table: &[f32], width: usize, tokens: &[u32], rows: &mut [f32]) {
	rows.par_chunks_mut(ROWS * width).zip(tokens.par_chunks(ROWS)).for_each(|(rows, tokens)| {
		for (row, token) in rows.chunks_exact_mut(width).zip(tokens) {
			row.copy_from_slice(&table[*token as usize * width..][..width]);
		}
	});
}

/// A token, and its place among the tokens.
pub type Placed = (u32, u32);

/// The places of tokens: in each block of 512 those of one token side by side, ascending.
pub fn place(tokens: &[u32], places: &mut Vec<Placed>) {
	places.clear();
	places.extend(tokens.iter().copied().zip(0..));
	places.chunks_mut(BLOCK as usize).for_each(<[_]>::sort_unstable);
}

/// Add the gradients of rows to the gradient of the table: the product of one-hot columns and gradients. In each block of 512
/// tokens the rows of one token are added up before they join the table's.
pub fn scatter(gradients: &[f32], width: usize, places: &[Placed], table: &mut [f32]) {
	/// Columns that a thread takes.
	const COLUMNS: usize = 128;
	let rows = table.len() / width;
	let panels: Vec<Panel> = Panel::new(table, width).split(rows, COLUMNS).collect();
	panels.into_par_iter().enumerate().for_each(|(number, mut panel)| {
		let mut sum = [0f32; COLUMNS];
		for block in places.chunks(BLOCK as usize) {
			for places in block.chunk_by(|(token, _), (other, _)| token == other) {
				let sum = &mut sum[..panel.columns()];
				sum.fill(0.0);
				for (_, place) in places {
					let from = *place as usize * width + number * COLUMNS;
					add(&gradients[from..from + sum.len()], sum);
				}
				add(sum, panel.row(places[0].0 as usize));
			}
		}
	});
}

kernel! {
	fn add(summand: &[f32], sum: &mut [f32]) {
		for (sum, summand) in sum.iter_mut().zip(summand) {
			*sum += summand;
		}
	}
}
