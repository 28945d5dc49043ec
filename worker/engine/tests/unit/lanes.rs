//! Lanes of tests: channels between threads, and what an auditor has fetched.
#![allow(dead_code)] // each test file uses its own part

use std::{
	collections::BTreeMap,
	convert::Infallible,
	sync::mpsc::{channel, Receiver, Sender},
};

use bytes::Bytes;
use cairn_engine::unit::{Crossing, Lane};
use cairn_primitives::StepIndex;

/// What crossed the edges of a stage.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Crossed {
	/// Received activations, sent ones, received gradients, sent ones.
	pub messages: [BTreeMap<Crossing, Vec<u8>>; 4],
	/// Losses of steps.
	pub losses: Vec<Option<f32>>,
}

impl Crossed {
	/// Messages of held-out samples.
	pub fn held_out(&self) -> usize {
		let crossings = self.messages.iter().flat_map(|messages| messages.keys());
		crossings.filter(|at| matches!(at, Crossing::HeldOut { .. })).count()
	}
}

pub const ACTIVATIONS: usize = 0;
pub const SENT_ACTIVATIONS: usize = 1;
pub const GRADIENTS: usize = 2;
pub const SENT_GRADIENTS: usize = 3;

/// An end of an edge: a way for messages and one for signatures, both ways.
pub struct Neighbour {
	messages: (Option<Sender<Vec<u8>>>, Receiver<Vec<u8>>),
	receipts: (Option<Sender<StepIndex>>, Receiver<StepIndex>),
	/// Steps that the neighbour has signed.
	signed: StepIndex,
}

/// Both ends of an edge.
pub fn edge() -> [Neighbour; 2] {
	let (down, down_end) = channel();
	let (up, up_end) = channel();
	let (down_receipts, down_receipts_end) = channel();
	let (up_receipts, up_receipts_end) = channel();
	let end = |messages: (_, _), receipts: (_, _)| Neighbour {
		messages: (Some(messages.0), messages.1),
		receipts: (Some(receipts.0), receipts.1),
		signed: 0,
	};
	[
		end((down, up_end), (down_receipts, up_receipts_end)),
		end((up, down_end), (up_receipts, down_receipts_end)),
	]
}

/// Why nothing crosses any more.
#[derive(Debug)]
pub struct Broken;

/// A lane through channels. It breaks before the call with a given number.
pub struct Channels {
	pub up: Option<Neighbour>,
	pub down: Option<Neighbour>,
	pub breaks_at: Option<usize>,
	pub calls: usize,
	/// Steps that were done and signed.
	pub signed: StepIndex,
	pub crossed: Crossed,
}

impl Channels {
	pub fn new(up: Option<Neighbour>, down: Option<Neighbour>) -> Self {
		let crossed = Crossed::default();
		Self { up, down, breaks_at: None, calls: 0, signed: 0, crossed }
	}

	fn call(&mut self) -> Result<(), Broken> {
		if self.breaks_at == Some(self.calls) {
			return Err(Broken);
		}
		self.calls += 1;
		Ok(())
	}

	fn receive(&mut self, is_up: bool, kind: usize, at: Crossing) -> Result<Bytes, Broken> {
		self.call()?;
		let neighbour = if is_up { &self.up } else { &self.down };
		let bytes = neighbour.as_ref().unwrap().messages.1.recv().map_err(|_| Broken)?;
		assert_eq!(self.crossed.messages[kind].insert(at, bytes.clone()), None);
		Ok(bytes.into())
	}

	fn send(
		&mut self,
		is_up: bool,
		kind: usize,
		at: Crossing,
		bytes: Vec<u8>,
	) -> Result<(), Broken> {
		self.call()?;
		let neighbour = if is_up { &self.up } else { &self.down };
		assert_eq!(self.crossed.messages[kind].insert(at, bytes.clone()), None);
		let sender = neighbour.as_ref().unwrap().messages.0.as_ref().unwrap();
		sender.send(bytes).map_err(|_| Broken)
	}

	fn neighbours(&mut self) -> impl Iterator<Item = &mut Neighbour> {
		self.up.iter_mut().chain(&mut self.down)
	}
}

impl Lane for Channels {
	type Error = Broken;

	fn receive_activations(&mut self, at: Crossing) -> Result<Bytes, Broken> {
		self.receive(true, ACTIVATIONS, at)
	}

	fn send_activations(&mut self, at: Crossing, bytes: Vec<u8>) -> Result<(), Broken> {
		self.send(false, SENT_ACTIVATIONS, at, bytes)
	}

	fn receive_gradients(&mut self, at: Crossing) -> Result<Bytes, Broken> {
		self.receive(false, GRADIENTS, at)
	}

	fn send_gradients(&mut self, at: Crossing, bytes: Vec<u8>) -> Result<(), Broken> {
		self.send(true, SENT_GRADIENTS, at, bytes)
	}

	fn until_settled(&mut self, steps: StepIndex) -> Result<(), Broken> {
		self.call()?;
		assert_eq!(self.signed, steps, "a step at a time");
		for neighbour in self.neighbours() {
			while neighbour.signed < steps {
				neighbour.signed = neighbour.receipts.1.recv().map_err(|_| Broken)?;
			}
		}
		Ok(())
	}

	fn step_done(&mut self, step: StepIndex, loss: Option<f32>) -> Result<(), Broken> {
		self.call()?;
		assert_eq!(self.signed, step);
		self.signed += 1;
		self.crossed.losses.push(loss);
		for neighbour in self.neighbours() {
			// That a neighbour has left shows where something is awaited from it.
			let _ = neighbour.receipts.0.as_ref().unwrap().send(step + 1);
		}
		Ok(())
	}

	fn settled(&mut self) -> StepIndex {
		let mut settled = self.signed;
		let signed = self.signed;
		for neighbour in self.neighbours() {
			// Whoever waits for more hears that no more will come.
			(neighbour.messages.0, neighbour.receipts.0) = (None, None);
		}
		for neighbour in self.neighbours() {
			while neighbour.signed < signed {
				let Ok(receipt) = neighbour.receipts.1.recv() else { break };
				neighbour.signed = receipt;
			}
			settled = settled.min(neighbour.signed);
		}
		settled
	}
}

/// What an auditor has: everything that a stage received, and what it is said to have sent.
pub struct Replay {
	pub crossed: Crossed,
	/// Steps that both ends have signed.
	pub signed: StepIndex,
	/// Messages that are no more than what was signed: what is sent is compared only if it is there.
	pub is_whole: bool,
	pub done: StepIndex,
}

impl Replay {
	pub fn new(crossed: &Crossed, signed: StepIndex) -> Self {
		Self { crossed: crossed.clone(), signed, is_whole: true, done: 0 }
	}

	fn take(&mut self, kind: usize, at: Crossing) -> Bytes {
		self.crossed.messages[kind].remove(&at).unwrap().into()
	}

	fn compare(&mut self, kind: usize, at: Crossing, bytes: &[u8]) {
		let found = self.crossed.messages[kind].remove(&at);
		assert!(!self.is_whole || found.as_deref() == Some(bytes), "{at:?}");
	}
}

impl Lane for Replay {
	type Error = Infallible;

	fn receive_activations(&mut self, at: Crossing) -> Result<Bytes, Infallible> {
		Ok(self.take(ACTIVATIONS, at))
	}

	fn send_activations(&mut self, at: Crossing, bytes: Vec<u8>) -> Result<(), Infallible> {
		self.compare(SENT_ACTIVATIONS, at, &bytes);
		Ok(())
	}

	fn receive_gradients(&mut self, at: Crossing) -> Result<Bytes, Infallible> {
		Ok(self.take(GRADIENTS, at))
	}

	fn send_gradients(&mut self, at: Crossing, bytes: Vec<u8>) -> Result<(), Infallible> {
		self.compare(SENT_GRADIENTS, at, &bytes);
		Ok(())
	}

	fn until_settled(&mut self, _: StepIndex) -> Result<(), Infallible> {
		Ok(())
	}

	fn step_done(&mut self, step: StepIndex, _: Option<f32>) -> Result<(), Infallible> {
		self.done = step + 1;
		Ok(())
	}

	fn settled(&mut self) -> StepIndex {
		self.signed
	}
}
