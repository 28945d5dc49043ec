//! Kernels that are bound by memory, against how fast the machine copies: bytes that a kernel must read and write over the
//! time it takes.

use std::time::Instant;

use cairn_engine::{
	cpu::{codec, elementwise, norm::Norm, optimizer::AdamW, serving},
	Compute,
};
use clap::Args;
use rayon::prelude::*;
use serde_json::{json, Value};

use crate::median;

/// Floats of an array: far more than a processor's cache holds.
const FLOATS: usize = 1 << 24;
/// Features of a row.
const WIDTH: usize = 512;
const BLOCK: usize = 64;

#[derive(Debug, Args)]
pub struct KernelsCommand {
	#[arg(long)]
	threads: usize,
	#[arg(long, default_value_t = 9)]
	rounds: usize,
}

impl KernelsCommand {
	/// A line of JSON: billions of bytes per second of each kernel, and of a + s · b into c beside it.
	pub fn run(self) -> Value {
		let compute = Compute::new(self.threads).expect("the processor is fit");
		let array = |seed: usize| -> Vec<f32> {
			(0..FLOATS).map(|i| ((i * 31 + seed) % 257) as f32 / 128.0 - 1.0).collect()
		};
		let (a, b, mut c, mut d, mut e) = (array(1), array(2), array(3), array(4), array(5));
		e.iter_mut().for_each(|x| *x = x.abs());
		let mut scales = vec![0f32; FLOATS / WIDTH];
		let (mut codes, mut exponents) = (vec![0i8; FLOATS], vec![0i8; FLOATS / BLOCK]);
		let norm = Norm { width: WIDTH, epsilon: 1e-5 };
		let adamw = AdamW {
			clip: 1.0,
			first: [0.9, 0.1],
			second: [0.95, 0.05],
			rate: 1e-3,
			decay: 1e-4,
			bias1: 0.5,
			bias2: 0.5,
			epsilon: 1e-8,
		};
		let row: Vec<f32> = a[..WIDTH].to_vec();
		// Floats that each must read and write.
		let mut measured: Vec<(&str, f64, Vec<f64>)> = vec![
			("triad", 3.0, Vec::new()),
			("norm_scales", 1.0, Vec::new()),
			("norm_apply", 2.0, Vec::new()),
			("swiglu", 3.0, Vec::new()),
			("adamw", 7.0, Vec::new()),
			("int8_encode", 1.25, Vec::new()),
			("int8_decode", 1.25, Vec::new()),
			("product_of_one_row", 1.0, Vec::new()),
		];
		for _ in 0..self.rounds {
			for (name, _, times) in &mut measured {
				let start = Instant::now();
				compute.run(|| match *name {
					"triad" => triad(&a, &b, &mut c),
					"norm_scales" => drop(norm.scales(&a, &mut scales)),
					"norm_apply" => norm.apply(&a, &scales, &mut c),
					"swiglu" => elementwise::swiglu(&a, &b, &mut c),
					"adamw" => drop(adamw.step(&mut c, &mut d, &mut e, &a)),
					"int8_encode" => codec::encode(&a, BLOCK, &mut codes, &mut exponents),
					"int8_decode" => codec::decode(&codes, &exponents, BLOCK, &mut c),
					_ => serving::multiply(&row, WIDTH, &a, &mut scales),
				});
				times.push(start.elapsed().as_secs_f64());
			}
		}
		let speed = |floats: f64, times| floats * 4.0 * FLOATS as f64 / median(times) / 1e9;
		let all =
			measured.into_iter().map(|(name, n, times)| (name.into(), speed(n, times).into()));
		json!({ "gigabytes_per_second": Value::Object(all.collect()) })
	}
}

fn triad(a: &[f32], b: &[f32], c: &mut [f32]) {
	const SHARE: usize = 1 << 14;
	let inputs = a.par_chunks(SHARE).zip(b.par_chunks(SHARE));
	c.par_chunks_mut(SHARE).zip(inputs).for_each(|(c, (a, b))| {
		for (c, (a, b)) in c.iter_mut().zip(a.iter().zip(b)) {
			*c = *a + 3.0 * *b;
		}
	});
}
