//! Neighbours that lie: each lie has its error, and the liar is told.

mod common;

use cairn_primitives::{
	signing::{edge_message, running_root, step_root, verify_worker},
	Hash,
};
use cairn_transport::{
	BodyError, CloseCode, Direction, EdgeChannel, Endpoint, Failure, HeaderError, ReceiptError,
	SettleError, Terms,
};
use common::{
	at, builder, codes, endpoint, gate, held_out, tensor, terms, worker, Liar, RawHeader, LONG,
};
use sp_core::Pair;
use tokio::time::timeout;

/// A small queue, so that little is early.
async fn liar(terms: Terms) -> (Endpoint, Liar, EdgeChannel) {
	let below = endpoint(2).await;
	let (liar, channel) = timeout(LONG, Liar::open(&below, terms)).await.unwrap();
	(below, liar, channel)
}

/// What an end says of a tensor whose header and body were changed.
async fn caught(change: impl FnOnce(&mut RawHeader, &mut Vec<u8>)) -> Failure {
	let ends = liar(terms(2, 10)).await;
	caught_by(ends, Direction::Forward, change).await
}

async fn caught_by(
	(_here, liar, mut channel): (Endpoint, Liar, EdgeChannel),
	direction: Direction,
	change: impl FnOnce(&mut RawHeader, &mut Vec<u8>),
) -> Failure {
	let mut body = tensor(&liar.terms, direction, at(0, 0));
	let mut header = RawHeader::new(&liar.terms, direction, at(0, 0), &body);
	change(&mut header, &mut body);
	liar.stream(&header, &body).await;
	let failure = timeout(LONG, channel.receiver.receive()).await.unwrap().unwrap_err();
	let (code, words) = timeout(LONG, liar.closed()).await.unwrap();
	assert_eq!((code, words), (CloseCode::Violation as u64, failure.to_string()));
	failure
}

#[tokio::test]
async fn wrong_bytes_are_caught() {
	let failure = caught(|_, body| body[3] ^= 1).await;
	let Failure::Body { position, error: BodyError::Root { claimed, found } } = failure else {
		panic!("{failure}");
	};
	let mut wrong = tensor(&terms(2, 10), Direction::Forward, at(0, 0));
	assert_eq!((position, claimed), (at(0, 0), step_root(&codes(&terms(2, 10), &wrong))));
	wrong[3] ^= 1;
	assert_eq!(found, step_root(&codes(&terms(2, 10), &wrong)));
}

#[tokio::test]
async fn a_tensor_that_goes_on_is_caught() {
	let failure = caught(|_, body| body.push(0)).await;
	assert!(matches!(failure, Failure::Body { error: BodyError::Long, .. }), "{failure}");
}

#[tokio::test]
async fn a_tensor_that_breaks_off_is_caught() {
	let failure = caught(|_, body| body.truncate(body.len() - 1)).await;
	assert!(matches!(failure, Failure::Body { error: BodyError::Short, .. }), "{failure}");
}

#[tokio::test]
async fn a_tensor_that_is_announced_too_large_is_caught_before_its_bytes() {
	let failure = caught(|header, _| header.length = u64::MAX).await;
	assert!(matches!(failure, Failure::Header(HeaderError::Length { .. })), "{failure}");
}

#[tokio::test]
async fn a_tensor_of_another_shape_edge_or_direction_is_caught() {
	let failure = caught(|header, _| header.rows += 1).await;
	assert!(matches!(failure, Failure::Header(HeaderError::Form { .. })), "{failure}");
	let failure = caught(|header, _| header.edge.window += 1).await;
	assert!(matches!(failure, Failure::Header(HeaderError::Edge { .. })), "{failure}");
	let failure = caught(|header, _| header.direction = 1).await;
	assert!(matches!(failure, Failure::Header(HeaderError::Direction(_))), "{failure}");
	let failure = caught(|header, _| header.version = 1).await;
	assert!(matches!(failure, Failure::Header(HeaderError::Version(1))), "{failure}");
}

#[tokio::test]
async fn a_tensor_of_a_step_or_microbatch_that_cannot_be_is_caught() {
	// The queue holds four: two steps of two microbatches.
	let failure = caught(|header, _| header.position = at(2, 0)).await;
	assert!(matches!(failure, Failure::Header(HeaderError::Early { .. })), "{failure}");
	let failure = caught(|header, _| header.position = at(0, 2)).await;
	assert!(matches!(failure, Failure::Header(HeaderError::Microbatch(_))), "{failure}");
}

#[tokio::test]
async fn a_tensor_that_comes_twice_is_caught() {
	let (_below, liar, mut channel) = liar(terms(2, 10)).await;
	liar.honest(at(0, 0)).await;
	timeout(LONG, channel.receiver.receive()).await.unwrap().unwrap();
	liar.honest(at(0, 0)).await;
	let failure = timeout(LONG, channel.receiver.receive()).await.unwrap().unwrap_err();
	assert!(
		matches!(failure, Failure::Header(HeaderError::Duplicate(position)) if position == at(0, 0)),
		"{failure}"
	);
}

#[tokio::test]
async fn what_is_held_out_wrongly_is_caught() {
	let caught = async |position| {
		let ends = liar(gate(2, 2, 10)).await;
		caught_by(ends, Direction::Forward, |header, _| header.position = position).await
	};
	let failure = caught(held_out(2)).await;
	assert!(
		matches!(failure, Failure::Header(HeaderError::Microbatch(at)) if at == held_out(2)),
		"{failure}"
	);
	// The queue holds four: what is held out, and the first step.
	let failure = caught(at(1, 0)).await;
	let Failure::Header(HeaderError::Early { expected, found }) = failure else {
		panic!("{failure}")
	};
	assert_eq!((expected, found), (held_out(0), at(1, 0)));
}

#[tokio::test]
async fn what_is_held_out_where_there_is_no_gate_is_caught() {
	let failure = caught(|header, _| header.position = held_out(0)).await;
	assert!(
		matches!(failure, Failure::Header(HeaderError::Microbatch(at)) if at == held_out(0)),
		"{failure}"
	);
}

#[tokio::test]
async fn what_is_held_out_comes_once_and_not_after_the_first_step() {
	for first in [&[held_out(0)][..], &[held_out(0), at(0, 0)]] {
		let (_below, liar, mut channel) = liar(gate(1, 2, 10)).await;
		for position in first {
			liar.honest(*position).await;
			let received = timeout(LONG, channel.receiver.receive()).await.unwrap().unwrap();
			assert_eq!(received.position, *position);
		}
		liar.honest(held_out(0)).await;
		let failure = timeout(LONG, channel.receiver.receive()).await.unwrap().unwrap_err();
		assert!(
			matches!(failure, Failure::Header(HeaderError::Duplicate(at)) if at == held_out(0)),
			"{failure}"
		);
	}
}

#[tokio::test]
async fn gradients_of_what_is_held_out_are_caught() {
	let below = async || {
		let above = endpoint(1).await;
		let (liar, channel) = timeout(LONG, Liar::below(&above, gate(2, 2, 10))).await.unwrap();
		(above, liar, channel)
	};
	let change = |header: &mut RawHeader, _: &mut Vec<u8>| header.position = held_out(0);
	let failure = caught_by(below().await, Direction::Backward, change).await;
	assert!(
		matches!(failure, Failure::Header(HeaderError::HeldOutGradients(at)) if at == held_out(0)),
		"{failure}"
	);
	let failure = caught_by(below().await, Direction::Forward, change).await;
	assert!(
		matches!(failure, Failure::Header(HeaderError::Direction(Direction::Forward))),
		"{failure}"
	);
}

#[tokio::test]
async fn an_end_that_leaves_out_of_its_root_what_was_held_out_is_caught_with_both() {
	let (_below, mut liar, mut channel) = liar(gate(1, 1, 10)).await;
	let first = running_root(Hash::zero(), step_root(&liar.honest(held_out(0)).await));
	channel.receiver.receive().await.unwrap();
	let root = cross(&liar, &mut channel, 0, first).await;
	let without = settled_root(&liar.terms, Hash::zero());
	let lie = liar.receipt(1, without, 1).await;
	let settled = timeout(LONG, channel.receipts.settle(0)).await.unwrap();
	let Err(SettleError::Failed(Failure::Fork(fork))) = settled else { panic!("{settled:?}") };
	assert_eq!((fork.first.root, fork.second), (root, lie));
}

/// The running root after a first step of one microbatch, by definition.
fn settled_root(terms: &Terms, previous: Hash) -> Hash {
	let both = [Direction::Forward, Direction::Backward];
	let codes = both.map(|direction| codes(terms, &tensor(terms, direction, at(0, 0))));
	running_root(previous, step_root(&codes.concat()))
}

/// Let one microbatch cross in both directions, as it should. Returns the running root.
async fn cross(liar: &Liar, channel: &mut EdgeChannel, step: u32, previous: Hash) -> Hash {
	let down = liar.honest(at(step, 0)).await;
	channel.receiver.receive().await.unwrap();
	let gradients = tensor(&liar.terms, Direction::Backward, at(step, 0));
	let codes = [down, codes(&liar.terms, &gradients)].concat();
	channel.sender.send(at(step, 0), gradients.into()).await.unwrap();
	running_root(previous, step_root(&codes))
}

fn is_signed(
	terms: &Terms,
	steps: u32,
	receipt: &cairn_primitives::EdgeReceipt,
	signer: u8,
) -> bool {
	let message = edge_message(terms.genesis, terms.seed, &terms.edge, steps, receipt.root);
	verify_worker(message, &receipt.signature, &worker(signer).public())
}

#[tokio::test]
async fn ends_that_sign_different_roots_hold_both() {
	let (_below, mut liar, mut channel) = liar(terms(1, 10)).await;
	let root = cross(&liar, &mut channel, 0, Hash::zero()).await;
	let lie = liar.receipt(1, Hash::repeat_byte(9), 1).await;
	let settled = timeout(LONG, channel.receipts.settle(0)).await.unwrap();
	let Err(SettleError::Failed(Failure::Fork(fork))) = settled else { panic!("{settled:?}") };
	assert_eq!((fork.edge, fork.seed, fork.steps), (liar.terms.edge, liar.terms.seed, 1));
	assert_eq!((fork.first.root, &fork.second), (root, &lie));
	assert!(is_signed(&liar.terms, 1, &fork.first, 2));
	assert!(is_signed(&liar.terms, 1, &fork.second, 1));
	assert_eq!(channel.receipts.settled(), [None, None]);
}

#[tokio::test]
async fn an_end_that_leaves_a_fork_behind_first_delivers_its_own_receipt() {
	// Tensors take a second on this link, and are under way when the edge is left.
	let below = builder(2).link("1mbit".parse().unwrap()).bind().await.unwrap();
	let (mut liar, mut channel) = timeout(LONG, Liar::open(&below, terms(1, 2_000))).await.unwrap();
	let root = timeout(LONG, cross(&liar, &mut channel, 0, Hash::zero())).await.unwrap();
	liar.receipt(1, Hash::repeat_byte(9), 1).await;
	let settled = timeout(LONG, channel.receipts.settle(0)).await.unwrap();
	assert!(matches!(settled, Err(SettleError::Failed(Failure::Fork(_)))), "{settled:?}");
	tokio::join!(channel.close(), async {
		let mut ours = [0; 100];
		timeout(LONG, liar.receive.read_exact(&mut ours)).await.unwrap().unwrap();
		assert_eq!(&ours[4..36], root.as_bytes());
	});
}

#[tokio::test]
async fn a_neighbour_that_signs_two_roots_for_a_step_is_caught_with_both() {
	let (_below, mut liar, mut channel) = liar(terms(1, 10)).await;
	let root = cross(&liar, &mut channel, 0, Hash::zero()).await;
	let truth = liar.receipt(1, root, 1).await;
	let settled = timeout(LONG, channel.receipts.settle(0)).await.unwrap().unwrap();
	assert_eq!(settled.theirs, truth);

	cross(&liar, &mut channel, 1, root).await;
	let lie = liar.receipt(1, Hash::repeat_byte(9), 1).await;
	let caught = timeout(LONG, channel.receipts.settle(1)).await.unwrap();
	let Err(SettleError::Failed(Failure::Equivocation(proof))) = caught else {
		panic!("{caught:?}")
	};
	assert_eq!((proof.steps, proof.first, proof.second), (1, truth, lie));
	// What was settled stays so.
	assert_eq!(channel.receipts.settled(), [Some(&settled), None]);
}

#[tokio::test]
async fn a_receipt_for_other_steps_or_of_another_key_is_caught() {
	for (steps, signer) in [(2, 1), (1, 3)] {
		let (_below, mut liar, mut channel) = liar(terms(1, 10)).await;
		let root = cross(&liar, &mut channel, 0, Hash::zero()).await;
		liar.receipt(steps, root, signer).await;
		let settled = timeout(LONG, channel.receipts.settle(0)).await.unwrap();
		let Err(SettleError::Failed(Failure::Receipt(error))) = settled else {
			panic!("{settled:?}")
		};
		let expected = match signer {
			1 => ReceiptError::Steps { expected: 1, found: 2 },
			_ => ReceiptError::Signature,
		};
		assert_eq!(error, expected);
	}
}
