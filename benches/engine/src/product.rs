//! Products of matrices.

use std::time::Instant;

use cairn_engine::cpu::{
	product::{assign, Matrix},
	Panel,
};
use clap::Args;
use gemm::Parallelism;
use serde_json::json;

use crate::median;

/// Shapes of a layer's products with 2,048 tokens: rows, columns, terms.
const SHAPES: [(usize, usize, usize); 6] = [
	(2048, 384, 1024),
	(2048, 1024, 384),
	(1024, 640, 1728),
	(1024, 1728, 640),
	(2048, 384, 4096),
	(1024, 4096, 1024),
];

/// Shapes that take other paths in the library, and are computed without it: a single row or column, one term or two.
const IRREGULAR: [(usize, usize, usize); 4] =
	[(1, 4096, 1024), (4096, 1, 1024), (2048, 1024, 1), (2048, 1024, 2)];

/// The canonical product against the library's plain one.
#[derive(Debug, Args)]
pub struct ProductCommand {
	#[arg(long)]
	threads: usize,
	#[arg(long, default_value_t = 15)]
	rounds: usize,
}

impl ProductCommand {
	/// A line of JSON: billions of operations per second of both.
	pub fn run(self) -> serde_json::Value {
		let pool = rayon::ThreadPoolBuilder::new()
			.num_threads(self.threads)
			.build()
			.expect("this machine has threads");
		let parallelism = match self.threads {
			1 => Parallelism::None,
			threads => Parallelism::Rayon(threads),
		};
		let (mut canonical, mut plain) = (Vec::new(), Vec::new());
		for (rows, columns, depth) in SHAPES.into_iter().chain(IRREGULAR) {
			let left: Vec<f32> = (0..rows * depth).map(|i| (i % 251) as f32 - 125.0).collect();
			let right: Vec<f32> = (0..columns * depth).map(|i| (i % 241) as f32 - 120.0).collect();
			let mut out = vec![0f32; rows * columns];
			let (mut ours, mut theirs) = (Vec::new(), Vec::new());
			pool.install(|| {
				for _ in 0..self.rounds {
					let start = Instant::now();
					let (l, r) =
						(Matrix::new(&left, depth), Matrix::new(&right, depth).transposed());
					assign(&mut Panel::new(&mut out, columns), l, r, depth, parallelism);
					ours.push(start.elapsed().as_secs_f64());
					let start = Instant::now();
					library(&mut out, (rows, columns, depth), &left, &right, parallelism);
					theirs.push(start.elapsed().as_secs_f64());
				}
			});
			let operations = 2.0 * (rows * columns * depth) as f64 / 1e9;
			canonical.push(operations / median(ours));
			plain.push(operations / median(theirs));
		}
		let measured = |shapes: &[_], from: usize| {
			let range = from..from + shapes.len();
			json!({ "shapes": shapes, "canonical": canonical[range.clone()], "plain": plain[range] })
		};
		json!({ "regular": measured(&SHAPES, 0), "irregular": measured(&IRREGULAR, SHAPES.len()) })
	}
}

/// One call for the whole product, as one would write it without a canonical order.
#[allow(unsafe_code)] // the library's only interface
fn library(
	out: &mut [f32],
	(rows, columns, depth): (usize, usize, usize),
	left: &[f32],
	right: &[f32],
	parallelism: Parallelism,
) {
	assert!(
		out.len() == rows * columns && left.len() == rows * depth && right.len() == columns * depth
	);
	// SAFETY: the three slices have the sizes of the matrices, whose rows follow each other.
	unsafe {
		gemm::gemm(
			rows,
			columns,
			depth,
			out.as_mut_ptr(),
			1,
			columns as isize,
			false,
			left.as_ptr(),
			1,
			depth as isize,
			right.as_ptr(),
			depth as isize,
			1,
			0.0,
			1.0,
			false,
			false,
			false,
			parallelism,
		);
	}
}
