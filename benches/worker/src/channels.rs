//! Lanes within a process.

use std::{
	sync::mpsc::{channel, Receiver, Sender},
	time::Instant,
};

use bytes::Bytes;
use cairn_engine::unit::{Crossing, Lane};
use cairn_primitives::StepIndex;
use cairn_transport::{Codec, Form};

/// The other end of an edge is gone.
#[derive(Debug)]
pub struct Gone;

/// An end of an edge.
struct End {
	sends: Sender<Bytes>,
	receives: Receiver<Bytes>,
}

impl End {
	fn send(end: &Option<Self>, bytes: Vec<u8>) -> Result<(), Gone> {
		let End { sends, .. } = end.as_ref().ok_or(Gone)?;
		sends.send(bytes.into()).map_err(|_| Gone)
	}

	fn receive(end: &Option<Self>) -> Result<Bytes, Gone> {
		let End { receives, .. } = end.as_ref().ok_or(Gone)?;
		receives.recv().map_err(|_| Gone)
	}
}

/// The lane of a stage whose neighbours are threads of the same process. Nobody signs anything.
#[derive(Default)]
pub struct Channels {
	upstream: Option<End>,
	downstream: Option<End>,
	done: StepIndex,
}

impl Channels {
	/// A lane of so many stages.
	pub fn lane(stages: usize) -> Vec<Self> {
		let mut lane: Vec<Self> = (0..stages).map(|_| Self::default()).collect();
		for upper in 1..stages {
			let (down, from_above) = channel();
			let (up, from_below) = channel();
			lane[upper - 1].downstream = Some(End { sends: down, receives: from_below });
			lane[upper].upstream = Some(End { sends: up, receives: from_above });
		}
		lane
	}
}

impl Lane for Channels {
	type Error = Gone;

	fn receive_activations(&mut self, _: Crossing) -> Result<Bytes, Gone> {
		End::receive(&self.upstream)
	}

	fn send_activations(&mut self, _: Crossing, bytes: Vec<u8>) -> Result<(), Gone> {
		End::send(&self.downstream, bytes)
	}

	fn receive_gradients(&mut self, _: Crossing) -> Result<Bytes, Gone> {
		End::receive(&self.downstream)
	}

	fn send_gradients(&mut self, _: Crossing, bytes: Vec<u8>) -> Result<(), Gone> {
		End::send(&self.upstream, bytes)
	}

	fn until_settled(&mut self, _: StepIndex) -> Result<(), Gone> {
		Ok(())
	}

	fn step_done(&mut self, step: StepIndex, _: Option<f32>) -> Result<(), Gone> {
		self.done = step + 1;
		Ok(())
	}

	fn settled(&mut self) -> StepIndex {
		self.done
	}
}

/// The lane of a stage that never waits: everything is there before it is asked for.
pub struct Ready {
	activations: Bytes,
	gradients: Bytes,
	done: StepIndex,
	/// When the optimizer's step began.
	finishing: Instant,
	/// Seconds of the optimizer's steps.
	finishes: f64,
}

impl Ready {
	/// Tensors of a form, all the same.
	pub fn new(form: &Form) -> Self {
		let (activations, gradients) = (tensor(form, 0), tensor(form, 10));
		Self { activations, gradients, done: 0, finishing: Instant::now(), finishes: 0.0 }
	}

	/// Seconds of the mean optimizer's step.
	pub fn finish(&self) -> f64 {
		self.finishes / f64::from(self.done)
	}
}

/// A tensor of numbers around 2 to the power of minus this.
pub fn tensor(form: &Form, scale: i8) -> Bytes {
	let values = form.rows as usize * form.columns as usize;
	// Neither zeros nor a pattern that is as long as a row.
	let integers = (0..values).map(|place| (place.wrapping_mul(2_654_435_761) >> 16) as i8 >> 1);
	match form.codec {
		Codec::Dense => {
			let unit = 2f32.powi(-i32::from(scale) - 6);
			integers.flat_map(|integer| (f32::from(integer) * unit).to_le_bytes()).collect()
		},
		Codec::Int8 { block } => {
			let exponents = std::iter::repeat_n((-6 - scale) as u8, values / usize::from(block));
			integers.map(|integer| integer as u8).chain(exponents).collect()
		},
	}
}

impl Lane for Ready {
	type Error = Gone;

	fn receive_activations(&mut self, _: Crossing) -> Result<Bytes, Gone> {
		Ok(self.activations.clone())
	}

	fn send_activations(&mut self, _: Crossing, _: Vec<u8>) -> Result<(), Gone> {
		Ok(())
	}

	fn receive_gradients(&mut self, _: Crossing) -> Result<Bytes, Gone> {
		Ok(self.gradients.clone())
	}

	fn send_gradients(&mut self, _: Crossing, _: Vec<u8>) -> Result<(), Gone> {
		Ok(())
	}

	fn until_settled(&mut self, _: StepIndex) -> Result<(), Gone> {
		self.finishing = Instant::now();
		Ok(())
	}

	fn step_done(&mut self, step: StepIndex, _: Option<f32>) -> Result<(), Gone> {
		self.done = step + 1;
		self.finishes += self.finishing.elapsed().as_secs_f64();
		Ok(())
	}

	fn settled(&mut self) -> StepIndex {
		self.done
	}
}
