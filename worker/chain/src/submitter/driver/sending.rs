//! Signs, sends, and tells who waits what it came to.

use cairn_primitives::Balance;
use subxt::config::{substrate::BlakeTwo256, DefaultExtrinsicParamsBuilder, Hasher as _};

use super::{Driver, Inclusion};
use crate::{
	calls, disk,
	submitter::{
		machine::{Content, Id, Verdict, MORTALITY},
		outcome::{Done, Failure, Stopped},
		pool::Answer,
	},
};

impl Driver {
	/// Signs on top of the newest final block, notes on disk that it did, and sends. What cannot be noted is not sent: later it may.
	pub(super) async fn send(&mut self, id: Id, nonce: u64, tip: Balance, content: Content) {
		let Some((head, state)) = &self.head else { return };
		let params = DefaultExtrinsicParamsBuilder::new()
			.nonce(nonce)
			.tip(tip)
			.mortal_from_unchecked(MORTALITY.into(), head.height.into(), head.hash)
			.build();
		let last = head.height.saturating_add(MORTALITY - 1);
		let nothing = calls::system::remark(Vec::new());
		let call = match (content, self.orders.get(&id)) {
			(Content::Request, Some(order)) => &order.request.call,
			_ => &nothing,
		};
		let bytes = match call.sign(&state.client().tx(), &self.key, params) {
			Ok(bytes) => bytes,
			Err(error) => {
				return self.machine.answered(id, None, Answer::Invalid(error.to_string()));
			},
		};
		let horizon = self.horizon.with(nonce, last);
		if let Err(reason) = disk::save(&self.horizon_file, &horizon) {
			let stopped = Stopped::horizon(&self.horizon_file, reason);
			tracing::warn!("{call:?} is not sent yet: {stopped}");
			return self.machine.answered(id, None, Answer::NotNow);
		}
		self.horizon = horizon;
		let hash = BlakeTwo256.hash(&bytes);
		self.machine.signed(id, hash, content, last);
		let answer = match self.connection.link().rpc().author_submit_extrinsic(&bytes).await {
			Ok(_) => Answer::Taken,
			Err(error) => Answer::from(&error),
		};
		tracing::debug!("{call:?} with nonce {nonce} and tip {tip}: {answer:?}");
		self.machine.answered(id, Some(hash), answer);
	}

	/// Whether a request is done in the newest state that was read; none if that cannot be read.
	pub(super) async fn is_done(&mut self, id: Id) -> Option<bool> {
		let check = self.orders.get(&id)?.request.check.clone()?;
		// Not a newer one, nor one of a node that lags behind: the machine decides by the block that it knows.
		let (_, state) = self.head.clone()?;
		check(state).await.ok()
	}

	/// Tells who waits what a request came to.
	pub(super) async fn settle(&mut self, id: Id, verdict: Verdict<Inclusion>) {
		let result = match verdict {
			Verdict::Included(Ok(included)) => Ok(Done::Included(included)),
			// The chain may have refused it because it was done before.
			Verdict::Included(Err(failure)) => match self.is_done(id).await {
				Some(true) => Ok(Done::Already),
				_ => Err(failure),
			},
			Verdict::AlreadyDone => Ok(Done::Already),
			Verdict::TooLate => Err(Failure::TooLate),
			Verdict::Unpayable => Err(Failure::BalanceTooLow { account: self.key.account() }),
			Verdict::Invalid(reason) => Err(Failure::Invalid { reason }),
		};
		if let Some(order) = self.orders.remove(&id) {
			// Who asked may be gone.
			let _ = order.reply.send(result);
		}
	}
}
