//! Neighbours that do as they should, until one of them dies.

mod common;

use std::{
	sync::mpsc,
	time::{Duration, Instant},
};

use bytes::Bytes;
use cairn_primitives::{
	signing::{edge_message, running_root, step_root, verify_worker},
	Hash,
};
use cairn_transport::{
	Crossed, Direction, EdgeChannel, Failure, OpenError, Position, SendError, SettleError, Settled,
	Side, Terms,
};
use common::{
	admit, at, codes, config, connect, edge, endpoint, gate, held_out, tensor, terms, worker, LONG,
};
use sp_core::Pair;
use tokio::time::timeout;

const STEPS: u32 = 3;

/// What crosses in a step; what is held out, before the first.
fn positions(terms: &Terms, direction: Direction, step: u32) -> Vec<Position> {
	let held_out = match (direction, step) {
		(Direction::Forward, 0) => (0..terms.held_out).map(held_out).collect(),
		_ => Vec::new(),
	};
	held_out.into_iter().chain((0..terms.microbatches).map(|m| at(step, m))).collect()
}

/// Run one end of an edge: send everything of each step while receiving, and settle it.
async fn run(channel: EdgeChannel, terms: Terms, side: Side) -> (EdgeChannel, Vec<Settled>) {
	let EdgeChannel { mut sender, mut receiver, mut receipts } = channel;
	let (sends, receives) = match side {
		Side::Upper => (Direction::Forward, Direction::Backward),
		Side::Lower => (Direction::Backward, Direction::Forward),
	};
	let mut settled = Vec::new();
	for step in 0..STEPS {
		let sending = async {
			for position in positions(&terms, sends, step) {
				sender.send(position, tensor(&terms, sends, position).into()).await.unwrap();
			}
		};
		let receiving = async {
			for position in positions(&terms, receives, step) {
				let received = receiver.receive().await.unwrap();
				assert_eq!(received.position, position);
				assert!(received.bytes == tensor(&terms, receives, received.position));
			}
		};
		tokio::join!(sending, receiving);
		settled.push(receipts.settle(step).await.unwrap());
	}
	(EdgeChannel { sender, receiver, receipts }, settled)
}

/// The root of everything until a step, by definition.
fn expected_root(terms: &Terms, steps: u32) -> Hash {
	let first = match held_out_codes(terms) {
		held_out if held_out.is_empty() || steps == 0 => Hash::zero(),
		held_out => running_root(Hash::zero(), step_root(&held_out)),
	};
	(0..steps).fold(first, |root, step| running_root(root, step_root(&step_codes(terms, step))))
}

fn held_out_codes(terms: &Terms) -> Vec<Hash> {
	let tensors = (0..terms.held_out).map(|m| tensor(terms, Direction::Forward, held_out(m)));
	tensors.flat_map(|tensor| codes(terms, &tensor)).collect()
}

fn step_codes(terms: &Terms, step: u32) -> Vec<Hash> {
	let both = [Direction::Forward, Direction::Backward];
	let tensors = (0..terms.microbatches).flat_map(|m| both.map(|way| (way, at(step, m))));
	tensors.flat_map(|(way, at)| codes(terms, &tensor(terms, way, at))).collect()
}

#[tokio::test]
async fn steps_cross_and_both_ends_hold_the_others_signature() {
	let terms = terms(6, 2_000); // 132,000 bytes, which takes many packets
	let (_above, _below, upper, lower) = edge(terms).await;
	let both =
		async { tokio::join!(run(upper, terms, Side::Upper), run(lower, terms, Side::Lower)) };
	let ((upper, above), (lower, below)) = timeout(LONG, both).await.unwrap();

	for (step, (above, below)) in above.iter().zip(&below).enumerate() {
		let steps = step as u32 + 1;
		assert_eq!(above.steps, steps);
		assert_eq!(above.ours, below.theirs);
		assert_eq!(above.theirs, below.ours);
		assert_eq!(above.ours.root, expected_root(&terms, steps));
		let before = expected_root(&terms, step as u32);
		assert_eq!(running_root(before, above.crossed.root), above.ours.root);
		assert_eq!(above.crossed.codes, step_codes(&terms, step as u32));
		assert_eq!((&above.crossed, &above.held_out), (&below.crossed, &None));
		assert_eq!(above.theirs.root, above.ours.root);
		let message = edge_message(terms.genesis, terms.seed, &terms.edge, steps, above.ours.root);
		assert!(verify_worker(message, &above.ours.signature, &worker(1).public()));
		assert!(verify_worker(message, &above.theirs.signature, &worker(2).public()));
	}
	assert_eq!(upper.receipts.settled(), [Some(&above[2]), Some(&above[1])]);
	assert_eq!(lower.receipts.settled(), [Some(&below[2]), Some(&below[1])]);

	let tensors = u64::from(STEPS * terms.microbatches);
	for stats in [upper.stats(), lower.stats()] {
		assert_eq!(stats.tensors_received, tensors);
		assert_eq!(stats.bytes_received, tensors * terms.form.bytes());
	}
}

#[tokio::test]
async fn at_a_gate_held_out_samples_cross_first_and_are_the_first_link_of_the_chain() {
	let terms = gate(5, 3, 200);
	let (_above, _below, upper, lower) = edge(terms).await;
	let both =
		async { tokio::join!(run(upper, terms, Side::Upper), run(lower, terms, Side::Lower)) };
	let ((upper, above), (_lower, below)) = timeout(LONG, both).await.unwrap();

	let codes = held_out_codes(&terms);
	assert_eq!(codes.len(), 5 * 2); // integers and exponents, and no gradients
	let held_out = Crossed { root: step_root(&codes), codes };
	for settled in [&above, &below] {
		assert_eq!(settled[0].held_out, Some(held_out.clone()));
		assert!(settled[1..].iter().all(|settled| settled.held_out.is_none()));
		// As a trace folds them: of all steps, and of what was held out before them.
		let links = [held_out.root].into_iter().chain(settled.iter().map(|s| s.crossed.root));
		let roots: Vec<Hash> = links
			.scan(Hash::zero(), |root, link| {
				*root = running_root(*root, link);
				Some(*root)
			})
			.collect();
		assert_eq!(roots.len(), STEPS as usize + 1);
		for (step, settled) in settled.iter().enumerate() {
			assert_eq!(settled.steps, step as u32 + 1);
			assert_eq!(settled.ours.root, roots[step + 1]);
			assert_eq!(settled.ours.root, expected_root(&terms, settled.steps));
			assert_eq!(settled.theirs.root, settled.ours.root);
			assert_eq!(settled.crossed.codes, step_codes(&terms, step as u32));
		}
	}
	let tensors = u64::from(STEPS * terms.microbatches);
	let stats = upper.stats();
	assert_eq!((stats.tensors_sent, stats.tensors_received), (tensors + 5, tensors));
}

#[tokio::test]
async fn what_is_held_out_is_sent_down_and_first() {
	let terms = gate(2, 2, 10);
	let (_above, _below, mut upper, mut lower) = edge(terms).await;
	let body = |position| Bytes::from(tensor(&terms, Direction::Forward, position));
	let early = upper.sender.send(at(0, 0), body(at(0, 0))).await;
	assert!(
		matches!(early, Err(SendError::OutOfTurn { expected, .. }) if expected == held_out(0)),
		"{early:?}"
	);
	let up = lower.sender.send(held_out(0), body(held_out(0))).await;
	assert!(matches!(up, Err(SendError::HeldOutGradients(at)) if at == held_out(0)), "{up:?}");
	upper.sender.send(held_out(0), body(held_out(0))).await.unwrap();
	let again = upper.sender.send(held_out(0), body(held_out(0))).await;
	assert!(
		matches!(again, Err(SendError::OutOfTurn { expected, .. }) if expected == held_out(1)),
		"{again:?}"
	);
	lower.sender.send(at(0, 0), body(at(0, 0))).await.unwrap();

	let (_above, _below, mut upper, _lower) = edge(common::terms(2, 10)).await;
	let none = upper.sender.send(held_out(0), body(held_out(0))).await;
	assert!(
		matches!(none, Err(SendError::OutOfTurn { expected, .. }) if expected == at(0, 0)),
		"{none:?}"
	);
}

#[tokio::test]
async fn a_step_without_microbatches_is_refused_at_both_ends_before_anything_crosses() {
	let (above, below) = (endpoint(1).await, endpoint(2).await);
	admit(&above, &below);
	admit(&below, &above);
	for (here, there, side) in [(&above, &below, Side::Upper), (&below, &above, Side::Lower)] {
		let none = config(side, gate(2, 0, 10));
		let opened = timeout(LONG, here.open_edge(&there.as_peer(), &none)).await.unwrap();
		assert!(matches!(opened, Err(OpenError::NoMicrobatches)), "{opened:?}");
	}
}

#[tokio::test]
async fn an_end_that_leaves_in_order_leaves_its_last_receipt_behind() {
	let terms = terms(1, 10);
	let (_above, below, upper, lower) = edge(terms).await;
	let leaves = async {
		let (upper, _) = run(upper, terms, Side::Upper).await;
		upper.close().await;
	};
	let stays = run(lower, terms, Side::Lower);
	let ((), (mut lower, settled)) =
		timeout(LONG, async { tokio::join!(leaves, stays) }).await.unwrap();
	assert_eq!(settled.len(), STEPS as usize);
	let end = timeout(LONG, lower.receiver.receive()).await.unwrap();
	assert!(matches!(end, Err(Failure::Left)), "{end:?}");
	drop(below);
}

#[tokio::test]
async fn a_receiver_that_does_not_take_stops_the_sender() {
	let terms = terms(12, 64_000); // 4.2 MB, twice the window of a stream
	let (above, below) = (endpoint(1).await, endpoint(2).await);
	let (mut upper, mut lower) = (config(Side::Upper, terms), config(Side::Lower, terms));
	(upper.in_flight, lower.queue) = (2, 2);
	let (mut upper, mut lower) = connect(&above, &below, &upper, &lower).await;

	let send = async |upper: &mut EdgeChannel, microbatch| {
		let position = at(0, microbatch);
		upper.sender.send(position, tensor(&terms, Direction::Forward, position).into()).await
	};
	// Two fill the queue, two are in flight.
	for microbatch in 0..4 {
		timeout(LONG, send(&mut upper, microbatch)).await.unwrap().unwrap();
	}
	let fifth = timeout(Duration::from_secs(2), send(&mut upper, 4)).await;
	assert!(fifth.is_err(), "a fifth tensor went where there is room for four");
	assert_eq!(upper.stats().tensors_sent, 2);

	let sending = async {
		for microbatch in 4..12 {
			send(&mut upper, microbatch).await.unwrap();
		}
	};
	let receiving = async {
		for microbatch in 0..12 {
			assert_eq!(lower.receiver.receive().await.unwrap().position, at(0, microbatch));
		}
	};
	timeout(LONG, async { tokio::join!(sending, receiving) }).await.unwrap();
	assert!(upper.stats().waited_to_send > Duration::ZERO);
}

#[tokio::test]
async fn what_should_not_be_sent_or_settled_is_an_error_and_the_edge_goes_on() {
	let terms = terms(2, 10);
	let (_above, _below, mut upper, _lower) = edge(terms).await;
	let body = |position| tensor(&terms, Direction::Forward, position);
	let mut send = async |position, body: Vec<u8>| upper.sender.send(position, body.into()).await;

	let early = send(at(0, 1), body(at(0, 1))).await;
	assert!(matches!(early, Err(SendError::OutOfTurn { .. })), "{early:?}");
	let long = send(at(0, 0), vec![0; terms.form.bytes() as usize + 1]).await;
	assert!(matches!(long, Err(SendError::Length { .. })), "{long:?}");
	for position in [at(0, 0), at(0, 1), at(1, 0), at(1, 1)] {
		send(position, body(position)).await.unwrap();
	}
	let ahead = send(at(2, 0), body(at(2, 0))).await;
	assert!(matches!(ahead, Err(SendError::Unsettled { unsettled: 0, .. })), "{ahead:?}");
	let late = upper.receipts.settle(1).await;
	assert!(matches!(late, Err(SettleError::OutOfTurn { expected: 0, found: 1 })), "{late:?}");
}

#[tokio::test]
async fn a_settlement_that_was_cancelled_goes_on() {
	let terms = terms(1, 10);
	let (_above, _below, mut upper, mut lower) = edge(terms).await;
	for (end, direction) in [(&mut upper, Direction::Forward), (&mut lower, Direction::Backward)] {
		let body = tensor(&terms, direction, at(0, 0));
		end.sender.send(at(0, 0), body.into()).await.unwrap();
	}
	let alone = timeout(Duration::from_millis(500), upper.receipts.settle(0)).await;
	assert!(alone.is_err(), "settled without the neighbour's signature");
	let both = async { tokio::join!(upper.receipts.settle(0), lower.receipts.settle(0)) };
	let (above, below) = timeout(LONG, both).await.unwrap();
	assert_eq!(above.unwrap().ours, below.unwrap().theirs);
}

#[tokio::test]
async fn an_edge_over_which_nothing_goes_lives_on() {
	let terms = terms(1, 10);
	let (_above, _below, mut upper, mut lower) = edge(terms).await;
	tokio::time::sleep(Duration::from_secs(7)).await; // the idle timeout is 3 s
	let body = tensor(&terms, Direction::Forward, at(0, 0));
	upper.sender.send(at(0, 0), body.into()).await.unwrap();
	timeout(LONG, lower.receiver.receive()).await.unwrap().unwrap();
}

#[tokio::test]
async fn ends_with_different_terms_do_not_begin() {
	let (above, below) = (endpoint(1).await, endpoint(2).await);
	admit(&above, &below);
	admit(&below, &above);
	let ours = terms(2, 10);
	for theirs in [Terms { seed: Hash::repeat_byte(3), ..ours }, gate(1, 2, 10)] {
		let (upper, lower) = (config(Side::Upper, ours), config(Side::Lower, theirs));
		let (above_peer, below_peer) = (above.as_peer(), below.as_peer());
		let both = async {
			tokio::join!(above.open_edge(&below_peer, &upper), below.open_edge(&above_peer, &lower))
		};
		let (upper, lower) = timeout(LONG, both).await.unwrap();
		assert!(matches!(upper, Err(OpenError::Terms { .. })), "{upper:?}");
		assert!(matches!(lower, Err(OpenError::Terms { .. })), "{lower:?}");
	}
}

#[tokio::test]
async fn a_neighbour_that_is_killed_mid_step_is_lost_within_the_idle_timeout() {
	let terms = terms(2, 10);
	let above = endpoint(1).await;
	let above_peer = above.as_peer();
	let (tell, told) = mpsc::channel();
	// A runtime of its own: when that is gone, nothing says goodbye.
	let neighbour = std::thread::spawn(move || {
		let runtime = tokio::runtime::Runtime::new().unwrap();
		let parts = runtime.block_on(async {
			let below = endpoint(2).await;
			below.admissions().admit_to_edge(above_peer.id, terms.edge);
			tell.send(below.as_peer()).unwrap();
			let lower = config(Side::Lower, terms);
			let mut lower = below.open_edge(&above_peer, &lower).await.unwrap();
			lower.receiver.receive().await.unwrap();
			(below, lower)
		});
		runtime.shutdown_background();
		std::mem::forget(parts); // not dropped in order either
	});
	let below_peer = told.recv().unwrap();
	above.admissions().admit_to_edge(below_peer.id, terms.edge);
	let upper = config(Side::Upper, terms);
	let mut upper = timeout(LONG, above.open_edge(&below_peer, &upper)).await.unwrap().unwrap();
	let body = tensor(&terms, Direction::Forward, at(0, 0));
	upper.sender.send(at(0, 0), body.into()).await.unwrap();
	tokio::task::spawn_blocking(|| neighbour.join().unwrap()).await.unwrap();

	let start = Instant::now();
	let received = timeout(LONG, upper.receiver.receive()).await.unwrap();
	assert!(matches!(received, Err(Failure::Lost(_))), "{received:?}");
	assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
	let settled = timeout(LONG, upper.receipts.settle(0)).await.unwrap();
	assert!(matches!(settled, Err(SettleError::Failed(Failure::Lost(_)))), "{settled:?}");
}
