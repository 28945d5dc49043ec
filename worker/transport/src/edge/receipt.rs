//! Receipts: what both ends sign after each step.

use std::{fmt, sync::Arc, time::Instant};

use cairn_primitives::{
	attestation::EdgeReceipt,
	signing::{edge_message, running_root, step_root, Edge},
	Hash, StepIndex,
};
use iroh::endpoint::{ReadError, ReadExactError, RecvStream, SendStream};
use sp_core::{sr25519, Pair};
use tokio::{
	sync::mpsc,
	task::{AbortHandle, JoinHandle},
	time::{timeout, Duration},
};

use super::{
	state::{Shared, StepCrossed},
	EdgeConfig, EdgeStats, Failure,
};
use crate::CloseCode;

/// Receipts that may lie here unread. An honest neighbour is one ahead at most.
const QUEUE: usize = 2;
/// How long an edge that was left waits for the neighbour to acknowledge the last receipt.
const LINGER: Duration = Duration::from_secs(3);

/// Signs receipts with a worker's key.
pub trait Signer: Send + Sync {
	/// Sign a message.
	fn sign(&self, message: Hash) -> sr25519::Signature;
}

impl Signer for sr25519::Pair {
	fn sign(&self, message: Hash) -> sr25519::Signature {
		Pair::sign(self, message.as_bytes())
	}
}

/// What crossed an edge in a step, or of held-out samples before the first: a link of the chain of running roots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crossed {
	/// The root of the list ([`step_root`]).
	pub root: Hash,
	/// BLAKE3 roots of the codes: of each microbatch those of its activations, then those of their gradients.
	pub codes: Vec<Hash>,
}

impl Crossed {
	pub(super) fn new(codes: Vec<Hash>) -> Self {
		Self { root: step_root(&codes), codes }
	}
}

/// Steps of an edge that both ends have signed alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
	/// Steps from the start of the window.
	pub steps: StepIndex,
	/// What crossed of held-out samples before the first step, with that one alone.
	pub held_out: Option<Crossed>,
	/// What crossed in the last of them.
	pub crossed: Crossed,
	/// Root of everything that crossed until then, and our signature.
	pub ours: EdgeReceipt,
	/// The same root and the neighbour's signature: what an attestation carries.
	pub theirs: EdgeReceipt,
}

/// Two different roots signed for the same steps of an edge. Each signature is under [`edge_message`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contradiction {
	/// The edge.
	pub edge: Edge,
	/// Seed of the window.
	pub seed: Hash,
	/// Steps from the start of the window.
	pub steps: StepIndex,
	/// One of the receipts.
	pub first: EdgeReceipt,
	/// The other.
	pub second: EdgeReceipt,
}

/// What is wrong with a receipt, other than its root.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
	/// It is for other steps than those that come next.
	#[error("it is for {found} steps instead of {expected}")]
	Steps {
		/// Steps that are to be settled.
		expected: StepIndex,
		/// Steps that the receipt is for.
		found: StepIndex,
	},
	/// The neighbour's key did not sign it.
	#[error("the neighbour's key did not sign it")]
	Signature,
	/// The control stream ended amid a receipt.
	#[error("it is incomplete")]
	Incomplete,
}

/// Why a step was not settled.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SettleError {
	/// Steps are settled in order.
	#[error("step {found} cannot be settled before step {expected}")]
	OutOfTurn {
		/// The next step to be settled.
		expected: StepIndex,
		/// The step that was to be settled.
		found: StepIndex,
	},
	/// Nothing crosses any more. Steps that were settled stay so.
	#[error(transparent)]
	Failed(#[from] Failure),
}

/// A receipt on the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Receipt {
	pub steps: StepIndex,
	pub receipt: EdgeReceipt,
}

impl Receipt {
	const BYTES: usize = 4 + 32 + 64;

	pub fn encode(&self) -> [u8; Self::BYTES] {
		let mut bytes = [0; Self::BYTES];
		bytes[..4].copy_from_slice(&self.steps.to_le_bytes());
		bytes[4..36].copy_from_slice(self.receipt.root.as_bytes());
		bytes[36..].copy_from_slice(self.receipt.signature.as_ref());
		bytes
	}

	fn decode(bytes: &[u8; Self::BYTES]) -> Self {
		let array = |range: std::ops::Range<usize>| &bytes[range];
		let signature = array(36..100).try_into().expect("64 bytes; qed");
		Self {
			steps: StepIndex::from_le_bytes(array(0..4).try_into().expect("4 bytes; qed")),
			receipt: EdgeReceipt { root: Hash::from_slice(array(4..36)), signature },
		}
	}
}

/// Exchanges receipts with the neighbour.
pub struct Receipts {
	shared: Arc<Shared>,
	signer: Arc<dyn Signer>,
	neighbour: sr25519::Public,
	outgoing: mpsc::Sender<Receipt>,
	incoming: mpsc::Receiver<Receipt>,
	reading: AbortHandle,
	writing: JoinHandle<()>,
	/// What crossed in the step that is being settled, and what we have signed for it.
	ours: Option<(StepCrossed, EdgeReceipt)>,
	last: Option<Settled>,
	before: Option<Settled>,
}

impl fmt::Debug for Receipts {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.debug_struct("Receipts").field("last", &self.last).finish_non_exhaustive()
	}
}

impl Drop for Receipts {
	fn drop(&mut self) {
		self.reading.abort();
	}
}

impl Receipts {
	pub(super) fn new(
		shared: Arc<Shared>,
		config: &EdgeConfig,
		send: SendStream,
		receive: RecvStream,
	) -> Self {
		let (outgoing, to_write) = mpsc::channel(QUEUE);
		let (read, incoming) = mpsc::channel(QUEUE);
		let connection = shared.connection.clone();
		let writing = tokio::spawn(async move {
			write(send, to_write).await;
			CloseCode::Done.close(&connection);
		});
		let reading = tokio::spawn(read_all(shared.clone(), receive, read)).abort_handle();
		Self {
			signer: config.signer.clone(),
			neighbour: config.neighbour,
			shared,
			outgoing,
			incoming,
			reading,
			writing,
			ours: None,
			last: None,
			before: None,
		}
	}

	/// Settle a step, which must be the next: wait until all of it has crossed, sign, and wait for the neighbour's signature
	/// under the same. Cancelled, it may be called again.
	pub async fn settle(&mut self, step: StepIndex) -> Result<Settled, SettleError> {
		let expected = self.last.as_ref().map_or(0, |settled| settled.steps);
		if step != expected {
			return Err(SettleError::OutOfTurn { expected, found: step });
		}
		let start = Instant::now();
		let steps = step + 1;
		let (StepCrossed { held_out, crossed }, ours) = self.sign(step).await?;
		let theirs = match self.incoming.recv().await {
			Some(theirs) => theirs,
			// The reader has ended, and said why.
			None => return Err(self.shared.failed().await.into()),
		};
		self.check(&ours, steps, &theirs).map_err(|failure| self.shared.fail(failure))?;

		let settled = Settled { steps, held_out, crossed, ours, theirs: theirs.receipt };
		self.ours = None;
		self.before = self.last.replace(settled.clone());
		self.shared.update(|state| {
			state.settle(step);
			state.stats.waited_to_settle += start.elapsed();
		});
		tracing::trace!(edge = ?self.shared.terms.edge, steps, root = ?settled.ours.root, "step settled");
		Ok(settled)
	}

	/// The last steps that were settled, and those one step before. A seat with two edges goes back to the steps that are
	/// settled on both.
	pub fn settled(&self) -> [Option<&Settled>; 2] {
		[self.last.as_ref(), self.before.as_ref()]
	}

	/// What crossed so far.
	pub fn stats(&self) -> EdgeStats {
		self.shared.read(|state| state.stats)
	}

	/// What has crossed in a step, and our receipt, which is signed and sent once.
	async fn sign(&mut self, step: StepIndex) -> Result<(StepCrossed, EdgeReceipt), Failure> {
		if let Some(ours) = &self.ours {
			return Ok(ours.clone());
		}
		let crossed = self.shared.until(|state| state.crossed(step)).await?;
		let Ok(place) = self.outgoing.reserve().await else {
			return Err(self.shared.failed().await);
		};
		let previous = self.last.as_ref().map_or(Hash::zero(), |settled| settled.ours.root);
		let lists = crossed.held_out.iter().chain([&crossed.crossed]);
		let root = lists.fold(previous, |root, list| running_root(root, list.root));
		let signature = self.signer.sign(self.shared.message(step + 1, root));
		let receipt = EdgeReceipt { root, signature };
		place.send(Receipt { steps: step + 1, receipt: receipt.clone() });
		let ours = (crossed, receipt);
		self.ours = Some(ours.clone());
		Ok(ours)
	}

	/// Whether the neighbour signed the same.
	fn check(&self, ours: &EdgeReceipt, steps: StepIndex, theirs: &Receipt) -> Result<(), Failure> {
		let found = theirs.steps;
		let message = self.shared.message(found, theirs.receipt.root);
		let is_signed =
			sr25519::Pair::verify(&theirs.receipt.signature, message.as_bytes(), &self.neighbour);
		if !is_signed {
			return Err(ReceiptError::Signature.into());
		}
		let contradiction = |first: &EdgeReceipt| {
			Box::new(Contradiction {
				edge: self.shared.terms.edge,
				seed: self.shared.terms.seed,
				steps: found,
				first: first.clone(),
				second: theirs.receipt.clone(),
			})
		};
		let before = self.settled().into_iter().flatten().find(|settled| settled.steps == found);
		if let Some(before) = before.filter(|before| before.theirs.root != theirs.receipt.root) {
			return Err(Failure::Equivocation(contradiction(&before.theirs)));
		}
		if found != steps {
			return Err(ReceiptError::Steps { expected: steps, found }.into());
		}
		if theirs.receipt.root != ours.root {
			return Err(Failure::Fork(contradiction(ours)));
		}
		Ok(())
	}

	/// Leave the edge, and wait until the neighbour has our last receipt, or is gone.
	pub async fn close(mut self) {
		// The writer ends when nobody can give it receipts.
		drop(std::mem::replace(&mut self.outgoing, mpsc::channel(1).0));
		let _ = (&mut self.writing).await;
	}
}

impl Shared {
	fn message(&self, steps: StepIndex, root: Hash) -> Hash {
		edge_message(self.terms.genesis, self.terms.seed, &self.terms.edge, steps, root)
	}
}

/// Write receipts until the edge is left, and wait until the neighbour has them.
async fn write(mut stream: SendStream, mut receipts: mpsc::Receiver<Receipt>) {
	while let Some(receipt) = receipts.recv().await {
		if stream.write_all(&receipt.encode()).await.is_err() {
			return; // the connection is lost, which the reader notices, too
		}
	}
	if stream.finish().is_ok() {
		let _ = timeout(LINGER, stream.stopped()).await;
	}
}

/// Read receipts until the neighbour leaves.
async fn read_all(shared: Arc<Shared>, mut stream: RecvStream, receipts: mpsc::Sender<Receipt>) {
	loop {
		let mut bytes = [0; Receipt::BYTES];
		let failure = match stream.read_exact(&mut bytes).await {
			Ok(()) => {
				if receipts.send(Receipt::decode(&bytes)).await.is_ok() {
					continue;
				}
				return; // nobody settles any more
			},
			Err(ReadExactError::FinishedEarly(0)) => Failure::Left,
			Err(ReadExactError::FinishedEarly(_)) => ReceiptError::Incomplete.into(),
			Err(ReadExactError::ReadError(ReadError::ConnectionLost(error))) => {
				shared.lost(error);
				return;
			},
			Err(ReadExactError::ReadError(_)) => Failure::Left,
		};
		shared.fail(failure);
		return;
	}
}
