//! What crossed the edges of a unit, as an auditor has fetched it: to replay the unit, and to prove what was signed.

use std::collections::BTreeMap;

use bytes::Bytes;
use cairn_engine::unit::{Crossing, Crossings, Lane};
use cairn_primitives::{
	hash::blob_root,
	signing::{running_root, step_root},
	Hash, StepIndex,
};
use cairn_program::Direction;
use cairn_transport::Form;

use super::{edge::Extent, forks::Link};

/// What crossed an edge.
#[derive(Clone, Debug)]
pub struct Inputs {
	/// Bytes at each crossing: forward and, but for held-out samples, backward.
	crossed: BTreeMap<Crossing, [Bytes; 2]>,
	/// What crossed in each step, and the running root behind it.
	course: Vec<Link>,
}

impl Inputs {
	/// Out of a blob for held-out samples, if there are any, and one for each step; `None` if one has another size. Hashes all of it.
	pub fn new(blobs: Vec<Bytes>, form: &Form, extent: Extent) -> Option<Self> {
		let size = usize::try_from(form.bytes()).ok()?;
		let held_out = extent.held_out;
		let mut crossed = BTreeMap::new();
		let mut blobs = blobs.into_iter();
		if held_out > 0 {
			let blob = blobs.next()?;
			if blob.len() != size.checked_mul(held_out as usize)? {
				return None;
			}
			for microbatch in 0..held_out {
				let from = microbatch as usize * size;
				let forward = blob.slice(from..from + size);
				crossed.insert(Crossing::HeldOut { microbatch }, [forward, Bytes::new()]);
			}
		}
		for step in 0..extent.steps {
			let blob = blobs.next()?;
			if blob.len() != size.checked_mul(2 * extent.microbatches as usize)? {
				return None;
			}
			for microbatch in 0..extent.microbatches {
				let from = 2 * microbatch as usize * size;
				let [forward, backward] = [from, from + size].map(|at| blob.slice(at..at + size));
				crossed.insert(Crossing::Step { step, microbatch }, [forward, backward]);
			}
		}
		let course = course(&crossed, form, extent.steps);
		Some(Self { crossed, course })
	}

	/// The running root after the last step.
	pub fn root(&self) -> Hash {
		self.course.last().map_or(Hash::zero(), |link| link.running)
	}

	/// What crossed in each step, and the running root behind it.
	pub fn course(&self) -> &[Link] {
		&self.course
	}
}

fn course(crossed: &BTreeMap<Crossing, [Bytes; 2]>, form: &Form, steps: StepIndex) -> Vec<Link> {
	let list = |is_of: &dyn Fn(&Crossing) -> bool| -> Vec<Hash> {
		let of = crossed.iter().filter(|(at, _)| is_of(at));
		of.flat_map(|(_, [forward, backward])| {
			form.codes(forward).chain(form.codes(backward)).map(blob_root).collect::<Vec<_>>()
		})
		.collect()
	};
	let held_out = list(&|at| matches!(at, Crossing::HeldOut { .. }));
	let mut root = Hash::zero();
	if !held_out.is_empty() {
		root = running_root(root, step_root(&held_out));
	}
	let link = |step| {
		let codes = list(&|at| matches!(at, Crossing::Step { step: of, .. } if *of == step));
		let step = step_root(&codes);
		root = running_root(root, step);
		Link { step, running: root }
	};
	(0..steps).map(link).collect()
}

impl Crossings for Inputs {
	fn bytes(&self, at: Crossing, direction: Direction) -> Option<&Bytes> {
		let [forward, backward] = self.crossed.get(&at)?;
		Some(match direction {
			Direction::Forward => forward,
			Direction::Backward => backward,
		})
	}
}

/// A lane that yields what crossed, and compares what is sent with it.
#[derive(Debug)]
pub struct Replay {
	/// What crossed the edge to the stage before.
	pub upstream: Option<Inputs>,
	/// What crossed the edge to the stage after.
	pub downstream: Option<Inputs>,
	done: StepIndex,
	/// The first step in which something else was sent than is computed; what was held out is of the closing step.
	pub torn: Option<StepIndex>,
}

/// Nothing is known to have crossed there.
#[derive(Debug)]
pub struct Missing;

impl Replay {
	/// A lane that yields these.
	pub fn new(upstream: Option<Inputs>, downstream: Option<Inputs>) -> Self {
		Self { upstream, downstream, done: 0, torn: None }
	}

	fn receive(inputs: &Option<Inputs>, at: Crossing, direction: usize) -> Result<Bytes, Missing> {
		let inputs = inputs.as_ref().ok_or(Missing)?;
		Ok(inputs.crossed.get(&at).ok_or(Missing)?[direction].clone())
	}

	fn compare(&mut self, sent: Bytes, at: Crossing, bytes: &[u8]) {
		if sent != bytes {
			let step = match at {
				// It is compared in the closing step.
				Crossing::HeldOut { .. } => StepIndex::MAX,
				Crossing::Step { step, .. } => step,
			};
			self.torn = Some(self.torn.map_or(step, |torn| torn.min(step)));
		}
	}
}

impl Lane for Replay {
	type Error = Missing;

	fn receive_activations(&mut self, at: Crossing) -> Result<Bytes, Missing> {
		Self::receive(&self.upstream, at, 0)
	}

	fn send_activations(&mut self, at: Crossing, bytes: Vec<u8>) -> Result<(), Missing> {
		let sent = Self::receive(&self.downstream, at, 0)?;
		self.compare(sent, at, &bytes);
		Ok(())
	}

	fn receive_gradients(&mut self, at: Crossing) -> Result<Bytes, Missing> {
		Self::receive(&self.downstream, at, 1)
	}

	fn send_gradients(&mut self, at: Crossing, bytes: Vec<u8>) -> Result<(), Missing> {
		let sent = Self::receive(&self.upstream, at, 1)?;
		self.compare(sent, at, &bytes);
		Ok(())
	}

	fn until_settled(&mut self, _: StepIndex) -> Result<(), Missing> {
		Ok(())
	}

	fn step_done(&mut self, step: StepIndex, _: Option<f32>) -> Result<(), Missing> {
		self.done = step + 1;
		Ok(())
	}

	fn settled(&mut self) -> StepIndex {
		self.done
	}
}
