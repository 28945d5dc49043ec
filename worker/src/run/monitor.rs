//! The one place where the daemon's tasks note what happens, and which all views of it read.
//!
//! A note is an assignment under a lock that nobody holds for long. Views look when they like, or are told that something has changed.

mod ledger;
mod seat;
mod status;

use std::time::{Duration, SystemTime};

use cairn_chain::AccountId;
use cairn_primitives::{BlockNumber, ModelId, StageIndex};
use cairn_transport::EndpointId;
use tokio::sync::watch;

pub use ledger::keep_books;
pub use seat::{Audited, Doing, Neighbour, SeatStatus};
pub use status::{ChainStatus, Status, Told};

/// Where tasks note what happens. Its clones are one.
#[derive(Clone, Debug)]
pub struct Monitor(watch::Sender<Status>);

impl Monitor {
	/// Of a daemon that asks a node at this address.
	pub fn new(node: &str) -> Self {
		Self(watch::Sender::new(Status::new(node)))
	}

	/// How things are now.
	pub fn status(&self) -> Status {
		self.0.borrow().clone()
	}

	/// Tells of changes.
	pub fn watch(&self) -> watch::Receiver<Status> {
		self.0.subscribe()
	}

	/// The daemon knows for whom it works, and under which name others find it.
	pub fn works_for(&self, provider: &AccountId, endpoint: EndpointId) {
		self.0.send_modify(|status| {
			status.provider = Some(provider.clone());
			status.endpoint = Some(endpoint.to_string());
		});
	}

	/// A block is final.
	pub fn finalised(&self, height: BlockNumber) {
		self.0.send_modify(|status| {
			status.chain.r#final = height;
			status.chain.silence = None;
		});
	}

	/// Nothing has become final for so long.
	pub fn stalled(&self, silence: Duration, node_answers: bool) {
		self.0.send_modify(|status| {
			status.chain.silence = Some(silence.as_secs());
			status.chain.answers = node_answers;
		});
	}

	/// The daemon ends after the running windows.
	pub fn leaving(&self) {
		self.0.send_modify(|status| status.leaving = true);
	}

	/// Something was told that a person should know.
	pub fn told(&self, words: &str) {
		self.0.send_modify(|status| status.tell(words, SystemTime::now()));
	}

	/// A place is taken.
	pub fn took(&self, model: ModelId, stage: StageIndex) {
		self.0.send_modify(|status| {
			status.seats.retain(|seat| (seat.model, seat.stage) != (model, stage));
			status.seats.push(SeatStatus::new(model, stage));
			status.seats.sort_by_key(|seat| (seat.model, seat.stage));
		});
	}

	/// A place is given up.
	pub fn gave_up(&self, model: ModelId, stage: StageIndex) {
		let is_it = |seat: &SeatStatus| (seat.model, seat.stage) == (model, stage);
		self.0.send_modify(|status| status.seats.retain(|seat| !is_it(seat)));
	}

	/// Something happens at a place.
	pub fn seat(&self, model: ModelId, stage: StageIndex, note: impl FnOnce(&mut SeatStatus)) {
		let is_it = |seat: &&mut SeatStatus| (seat.model, seat.stage) == (model, stage);
		self.0.send_modify(|status| {
			if let Some(seat) = status.seats.iter_mut().find(is_it) {
				note(seat);
			}
		});
	}

	/// Counts what crosses the edges of a place.
	pub fn meter(&self, model: ModelId, stage: StageIndex) -> Meter {
		Meter { monitor: self.clone(), model, stage }
	}
}

/// Counts bytes of tensors.
#[derive(Clone, Debug)]
pub struct Meter {
	monitor: Monitor,
	model: ModelId,
	stage: StageIndex,
}

impl Meter {
	/// A tensor of so many bytes has come, or goes.
	pub fn count(&self, is_received: bool, bytes: usize) {
		self.monitor.seat(self.model, self.stage, |seat| {
			let counter =
				if is_received { &mut seat.totals.received } else { &mut seat.totals.sent };
			*counter += bytes as u64;
		});
	}
}
