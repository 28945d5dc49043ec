//! What is asked of a submitter.

use std::{future::Future, pin::Pin, sync::Arc};

use cairn_primitives::BlockNumber;

use super::rules::Rules;
use crate::{
	calls::Call,
	views::{State, ViewError},
};

type Answer = Pin<Box<dyn Future<Output = Result<bool, ViewError>> + Send>>;
type Check = Arc<dyn Fn(State) -> Answer + Send + Sync>;

/// Something to have done by the chain.
#[derive(Clone)]
pub struct Request {
	pub(super) call: Call,
	pub(super) check: Option<Check>,
	is_once: bool,
	until: Option<BlockNumber>,
}

impl Request {
	/// A call that the chain itself refuses to do twice, or that does no harm if it is done twice.
	pub fn new(call: Call) -> Self {
		Self { call, check: None, is_once: false, until: None }
	}

	/// It must not be done twice: nor if the process dies and the request is made again. It then waits until nothing is on its way
	/// any more that the key has sent before. Tell how to see that it is done ([`Request::unless`]), unless who asks knows.
	pub fn once(mut self) -> Self {
		self.is_once = true;
		self
	}

	/// How to see in a state that it is done already: it is asked before each new transaction, and after a refusal.
	pub fn unless<F, Fut>(mut self, is_done: F) -> Self
	where
		F: Fn(State) -> Fut + Send + Sync + 'static,
		Fut: Future<Output = Result<bool, ViewError>> + Send + 'static,
	{
		self.check = Some(Arc::new(move |state| Box::pin(is_done(state))));
		self
	}

	/// The block from which on it is pointless.
	pub fn until(mut self, block: BlockNumber) -> Self {
		self.until = Some(block);
		self
	}

	pub(super) fn rules(&self) -> Rules {
		Rules { has_check: self.check.is_some(), is_once: self.is_once, until: self.until }
	}
}

impl From<Call> for Request {
	fn from(call: Call) -> Self {
		Self::new(call)
	}
}
