//! What it costs to hash a tensor, and to bring it into its bytes and out of them.

use std::{hint::black_box, time::Instant};

use cairn_engine::Message;
use cairn_primitives::{hash::blob_root, ModelSpec};

use crate::{channels::tensor, median, model, Failed};

/// How often each is measured.
const TIMES: usize = 15;

/// Seconds a tensor.
#[derive(Clone, Copy, Debug)]
pub struct Prices {
	/// Roots of its codes.
	pub hash: f64,
	/// Numbers to bytes.
	pub write: f64,
	/// Bytes to numbers.
	pub read: f64,
}

impl Prices {
	/// Of what crosses the edges of a model.
	pub fn of(spec: &ModelSpec) -> Result<Self, Failed> {
		let form = model::form(spec)?;
		let bytes = tensor(&form, 0);
		let mut message = Message::from_bytes(&model::stage(spec, 0)?, &bytes)?;
		let codes = || form.codes(&bytes).map(blob_root).collect::<Vec<_>>();
		Ok(Self {
			hash: time(codes),
			write: time(|| message.to_bytes()),
			read: time(|| message.read_bytes(&bytes)),
		})
	}
}

/// The median time that something takes.
fn time<T>(mut what: impl FnMut() -> T) -> f64 {
	let times = (0..TIMES).map(|_| {
		let start = Instant::now();
		black_box(what());
		start.elapsed().as_secs_f64()
	});
	median(times.collect())
}
