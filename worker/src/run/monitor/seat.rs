//! What happens at one place.

use std::collections::VecDeque;

use cairn_chain::{views::Peer, AccountId};
use cairn_primitives::{BlockNumber, LaneIndex, ModelId, StageIndex, StepIndex, WindowIndex};
use cairn_transport::Side;
use serde::Serialize;

use crate::run::{lane::Progress, window::Duty};

/// Losses that are remembered.
const REMEMBERED: usize = 512;

/// How a place is.
#[derive(Clone, Debug, Serialize)]
pub struct SeatStatus {
	/// The model.
	pub model: ModelId,
	/// The stage.
	pub stage: StageIndex,
	/// The lane of the window below.
	pub lane: Option<LaneIndex>,
	/// What is being done.
	pub doing: Doing,
	/// The window in which the seat worked last.
	pub window: Option<WindowIndex>,
	/// Its last block.
	pub deadline: Option<BlockNumber>,
	/// Steps of it that are computed.
	pub step: StepIndex,
	/// Steps that it has.
	pub steps: StepIndex,
	/// Tokens a second in it, so far.
	pub tokens_per_second: f64,
	/// The neighbours in its lane.
	pub neighbours: Vec<Neighbour>,
	/// Mean loss of the last step, on the last stage.
	pub loss: Option<f32>,
	/// The losses before it, oldest first.
	pub losses: VecDeque<f32>,
	/// Loss of held-out samples at the last gate, on the last stage.
	pub held_out: Option<f32>,
	/// Why the work does not go on, if it does not.
	pub waits_for: Option<String>,
	/// What was done since the place was taken.
	pub totals: Totals,
	/// What was noted of the running lane last.
	#[serde(skip)]
	noted: Progress,
}

/// What is being done at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Doing {
	/// Waits for the next window.
	Waiting,
	/// Stands by, in case a seat is lost.
	StandingBy,
	/// Gets the shard with which a window begins: from disk, by merging, or from others.
	Preparing,
	/// Waits for the neighbours in the lane.
	Connecting,
	/// Computes.
	Computing,
	/// Has others hold what it has learned.
	Exchanging,
	/// Has its attestation included.
	Attesting,
	/// Has no place any more, but serves auditors of what it did there.
	Leaving,
}

/// A neighbour in a lane.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Neighbour {
	/// `upstream` or `downstream`.
	pub role: &'static str,
	/// Who it is.
	pub provider: AccountId,
	/// Whether the edge to it is open.
	pub connected: bool,
}

/// What was done since a place was taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Totals {
	/// Units attested.
	pub units: u64,
	/// Lanes that ended early.
	pub broken: u64,
	/// Steps computed.
	pub steps: u64,
	/// Tokens of them.
	pub tokens: u64,
	/// Seconds that the thread spent computing.
	pub computing: f64,
	/// Seconds that it waited for neighbours.
	pub waiting: f64,
	/// Bytes of tensors sent.
	pub sent: u64,
	/// Bytes of tensors received.
	pub received: u64,
	/// Units of others that came to what was attested.
	pub audits_passed: u64,
	/// Units of others that came to something else.
	pub audits_failed: u64,
	/// Units of others whose inputs nobody gave.
	pub audits_unavailable: u64,
	/// Moves made in disputes.
	pub moves: u64,
}

/// What an audit came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audited {
	/// To what was attested.
	Passed,
	/// To something else.
	Failed,
	/// To nothing: nobody gave the inputs.
	Unavailable,
}

impl Doing {
	/// All of it.
	pub const ALL: [Self; 8] = [
		Self::Waiting,
		Self::StandingBy,
		Self::Preparing,
		Self::Connecting,
		Self::Computing,
		Self::Exchanging,
		Self::Attesting,
		Self::Leaving,
	];

	/// In a word, as JSON has it.
	pub fn word(self) -> &'static str {
		match self {
			Self::Waiting => "waiting",
			Self::StandingBy => "standing-by",
			Self::Preparing => "preparing",
			Self::Connecting => "connecting",
			Self::Computing => "computing",
			Self::Exchanging => "exchanging",
			Self::Attesting => "attesting",
			Self::Leaving => "leaving",
		}
	}
}

impl SeatStatus {
	/// Of a place that was just taken.
	pub fn new(model: ModelId, stage: StageIndex) -> Self {
		Self {
			model,
			stage,
			lane: None,
			doing: Doing::Waiting,
			window: None,
			deadline: None,
			step: 0,
			steps: 0,
			tokens_per_second: 0.0,
			neighbours: Vec::new(),
			loss: None,
			losses: VecDeque::new(),
			held_out: None,
			waits_for: None,
			totals: Totals::default(),
			noted: Progress::default(),
		}
	}

	/// The work in a window of so many steps begins.
	pub fn begin(&mut self, Duty { window, unit, neighbours }: &Duty, steps: StepIndex) {
		if self.window != Some(window.index) {
			(self.step, self.tokens_per_second) = (0, 0.0);
		}
		self.doing = Doing::Preparing;
		self.lane = Some(unit.lane);
		(self.window, self.deadline) = (Some(window.index), Some(window.deadline));
		self.steps = steps;
		self.noted = Progress::default();
		let of = |role, peer: &Peer| {
			let provider = peer.provider.clone();
			Neighbour { role, provider, connected: false }
		};
		let upstream = neighbours.upstream.iter().map(|peer| of("upstream", peer));
		let downstream = neighbours.downstream.iter().map(|peer| of("downstream", peer));
		self.neighbours = upstream.chain(downstream).collect();
	}

	/// The edge of which this seat is the `side` is open.
	pub fn connected(&mut self, side: Side) {
		let role = match side {
			Side::Lower => "upstream",
			Side::Upper => "downstream",
		};
		let line = self.neighbours.iter_mut().find(|line| line.role == role);
		line.into_iter().for_each(|line| line.connected = true);
	}

	/// The computing is so far; a step has so many tokens.
	pub fn computed(&mut self, now: Progress, tokens: u64) {
		let before = std::mem::replace(&mut self.noted, now);
		let steps = u64::from(now.steps.saturating_sub(before.steps));
		let waited = now.waited.saturating_sub(before.waited);
		let took = now.elapsed.saturating_sub(before.elapsed);
		self.totals.steps += steps;
		self.totals.tokens += steps * tokens;
		self.totals.waiting += waited.as_secs_f64();
		self.totals.computing += took.saturating_sub(waited).as_secs_f64();
		self.step = now.steps;
		let seconds = now.elapsed.as_secs_f64().max(f64::EPSILON);
		self.tokens_per_second = (u64::from(now.steps) * tokens) as f64 / seconds;
		if let Some(loss) = now.loss {
			self.loss = Some(loss);
			if self.losses.len() == REMEMBERED {
				self.losses.pop_front();
			}
			self.losses.push_back(loss);
		}
	}

	/// The lane is over; `held_out` is what it came to on held-out samples, if it looked.
	pub fn lane_over(&mut self, is_broken: bool, held_out: Option<f32>) {
		self.totals.broken += u64::from(is_broken);
		self.held_out = held_out.or(self.held_out);
		self.neighbours.iter_mut().for_each(|line| line.connected = false);
	}

	/// The unit is attested.
	pub fn attested(&mut self) {
		self.totals.units += 1;
		self.doing = Doing::Waiting;
	}

	/// A unit of somebody else is audited.
	pub fn audited(&mut self, came_to: Audited) {
		let counter = match came_to {
			Audited::Passed => &mut self.totals.audits_passed,
			Audited::Failed => &mut self.totals.audits_failed,
			Audited::Unavailable => &mut self.totals.audits_unavailable,
		};
		*counter += 1;
	}
}

#[cfg(test)]
mod tests {
	use std::time::Duration;

	use cairn_chain::views::Neighbours;
	use cairn_primitives::{UnitId, Window};

	use super::*;

	fn progress(steps: StepIndex, loss: f32, waited: u64, elapsed: u64) -> Progress {
		Progress {
			steps,
			loss: Some(loss),
			waited: Duration::from_secs(waited),
			elapsed: Duration::from_secs(elapsed),
		}
	}

	#[test]
	fn the_time_of_steps_is_split_even_if_some_were_not_seen() {
		let mut seat = SeatStatus::new(0, 1);
		seat.computed(progress(1, 5.0, 1, 4), 100);
		seat.computed(progress(3, 4.0, 2, 10), 100);
		let Totals { steps, tokens, computing, waiting, .. } = seat.totals;
		assert_eq!((steps, tokens, computing, waiting), (3, 300, 8.0, 2.0));
		assert_eq!((seat.step, seat.loss, seat.tokens_per_second), (3, Some(4.0), 30.0));
		assert_eq!(seat.losses, [5.0, 4.0]);
	}

	#[test]
	fn totals_go_on_from_window_to_window() {
		let mut seat = SeatStatus::new(0, 1);
		for index in [4, 5] {
			let seed = Default::default();
			let duty = Duty {
				window: Window { index, start: 10, deadline: 30, seed, samples: 0 },
				unit: UnitId { model: 0, window: index, stage: 1, lane: 1 },
				neighbours: Neighbours {
					upstream: None,
					downstream: None,
					seats: Vec::new(),
					standbys: Vec::new(),
				},
			};
			seat.begin(&duty, 2);
			assert_eq!((seat.window, seat.step), (Some(index), 0));
			seat.computed(progress(2, 3.0, 1, 2), 10);
			seat.lane_over(index == 5, None);
			seat.attested();
		}
		assert_eq!((seat.totals.steps, seat.totals.units, seat.totals.broken), (4, 2, 1));
		assert_eq!(seat.totals.waiting, 2.0);
	}

	#[test]
	fn words_are_those_of_json() {
		for doing in Doing::ALL {
			assert_eq!(serde_json::to_value(doing).unwrap(), doing.word());
		}
	}
}
