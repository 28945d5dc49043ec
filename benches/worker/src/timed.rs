//! A lane that knows how long its stage waits for it.

use std::time::{Duration, Instant};

use bytes::Bytes;
use cairn_engine::unit::{Crossing, Lane};
use cairn_primitives::StepIndex;
use serde::{Deserialize, Serialize};

use crate::cpu::Cpu;

/// The end of a step.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Mark {
	/// Seconds since the unit began.
	pub at: f64,
	/// Seconds of them in which the stage waited for tensors to come, to be taken or to be settled.
	pub waited: f64,
	/// CPU-seconds of the process.
	pub cpu: Cpu,
}

/// A lane that knows how long its stage waits for it.
pub struct Timed<L> {
	lane: L,
	start: Instant,
	waited: Duration,
	marks: Vec<Mark>,
}

impl<L> Timed<L> {
	/// Begins now.
	pub fn new(lane: L) -> Self {
		Self { lane, start: Instant::now(), waited: Duration::ZERO, marks: Vec::new() }
	}

	/// The lane, and the ends of steps.
	pub fn into_parts(self) -> (L, Vec<Mark>) {
		(self.lane, self.marks)
	}

	fn wait<T>(&mut self, call: impl FnOnce(&mut L) -> T) -> T {
		let start = Instant::now();
		let done = call(&mut self.lane);
		self.waited += start.elapsed();
		done
	}
}

impl<L: Lane> Lane for Timed<L> {
	type Error = L::Error;

	fn receive_activations(&mut self, at: Crossing) -> Result<Bytes, L::Error> {
		self.wait(|lane| lane.receive_activations(at))
	}

	fn send_activations(&mut self, at: Crossing, bytes: Vec<u8>) -> Result<(), L::Error> {
		self.wait(|lane| lane.send_activations(at, bytes))
	}

	fn receive_gradients(&mut self, at: Crossing) -> Result<Bytes, L::Error> {
		self.wait(|lane| lane.receive_gradients(at))
	}

	fn send_gradients(&mut self, at: Crossing, bytes: Vec<u8>) -> Result<(), L::Error> {
		self.wait(|lane| lane.send_gradients(at, bytes))
	}

	fn until_settled(&mut self, steps: StepIndex) -> Result<(), L::Error> {
		self.wait(|lane| lane.until_settled(steps))
	}

	fn step_done(&mut self, step: StepIndex, loss: Option<f32>) -> Result<(), L::Error> {
		let (at, waited) = (self.start.elapsed().as_secs_f64(), self.waited.as_secs_f64());
		self.marks.push(Mark { at, waited, cpu: Cpu::now() });
		self.lane.step_done(step, loss)
	}

	fn settled(&mut self) -> StepIndex {
		self.lane.settled()
	}
}

/// What a stage does in a step, once its pipeline is full and its connections are warm.
#[derive(Clone, Copy, Debug, Default)]
pub struct Steady {
	/// Seconds.
	pub seconds: f64,
	/// Seconds of them that it waits.
	pub waited: f64,
	/// CPU-seconds of its process.
	pub cpu: Cpu,
}

impl Steady {
	/// The mean step behind so many that warm up.
	pub fn of(marks: &[Mark], warmup: usize) -> Option<Self> {
		let (first, last) = (marks.get(warmup.checked_sub(1)?)?, marks.last()?);
		let steps = marks.len().checked_sub(warmup).filter(|steps| *steps > 0)? as f64;
		let cpu = last.cpu - first.cpu;
		Some(Self {
			seconds: (last.at - first.at) / steps,
			waited: (last.waited - first.waited) / steps,
			cpu: Cpu { process: cpu.process / steps, compute: cpu.compute / steps },
		})
	}
}
