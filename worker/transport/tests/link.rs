//! What QUIC meets behind a simulated link. A loaded machine is slower, never faster, so lower bounds of time are tight and
//! upper bounds loose.

mod common;

use std::time::{Duration, Instant};

use cairn_transport::{BindError, Direction, Endpoint, Link, RelayUrl, Side, Terms};
use common::{at, builder, config, connect, tensor, terms, LONG};
use tokio::time::timeout;

async fn behind(link: &str, secret: u8) -> Endpoint {
	builder(secret).link(link.parse().unwrap()).bind().await.unwrap()
}

/// How long it takes to send so many tensors, from the first byte sent to the last received.
async fn transfer(above: &Endpoint, below: &Endpoint, terms: Terms) -> Duration {
	let (upper, lower) = (config(Side::Upper, terms), config(Side::Lower, terms));
	let (mut upper, mut lower) = connect(above, below, &upper, &lower).await;
	let start = Instant::now();
	let sending = async {
		for position in (0..terms.microbatches).map(|microbatch| at(0, microbatch)) {
			let body = tensor(&terms, Direction::Forward, position);
			upper.sender.send(position, body.into()).await.unwrap();
		}
	};
	let receiving = async {
		for _ in 0..terms.microbatches {
			lower.receiver.receive().await.unwrap();
		}
	};
	timeout(LONG, async { tokio::join!(sending, receiving) }).await.unwrap();
	start.elapsed()
}

#[tokio::test(flavor = "multi_thread")]
async fn tensors_take_as_long_as_the_bandwidth_says() {
	let (above, below) = (behind("40mbit,1ms", 1).await, behind("1gbit,1ms", 2).await);
	let terms = terms(16, 8_000); // 8.4 MB, 1.69 s at 40 Mbit/s
	let ideal = f64::from(terms.microbatches) * terms.form.bytes() as f64 * 8.0 / 40e6;
	let taken = transfer(&above, &below, terms).await.as_secs_f64();
	assert!(taken >= ideal * 0.95, "{taken} s for {ideal} s worth of bytes");
	assert!(taken <= ideal * 3.0, "{taken} s for {ideal} s worth of bytes");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_shapes_what_its_endpoint_receives_as_well() {
	let (above, below) = (behind("1gbit,1ms", 1).await, behind("40mbit,1ms", 2).await);
	let terms = terms(16, 8_000);
	let ideal = f64::from(terms.microbatches) * terms.form.bytes() as f64 * 8.0 / 40e6;
	let taken = transfer(&above, &below, terms).await.as_secs_f64();
	assert!(taken >= ideal * 0.95, "{taken} s for {ideal} s worth of bytes");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_round_trip_takes_the_latency_of_both_ends() {
	let (above, below) = (behind("40ms", 1).await, behind("60ms", 2).await);
	let terms = terms(20, 1);
	let (upper, lower) = (config(Side::Upper, terms), config(Side::Lower, terms));
	let (mut upper, mut lower) = connect(&above, &below, &upper, &lower).await;
	let mut shortest = Duration::MAX;
	for position in (0..terms.microbatches).map(|microbatch| at(0, microbatch)) {
		let body = tensor(&terms, Direction::Forward, position);
		let start = Instant::now();
		let round = async {
			upper.sender.send(position, body.into()).await.unwrap();
			let received = lower.receiver.receive().await.unwrap();
			lower.sender.send(position, received.bytes).await.unwrap();
			upper.receiver.receive().await.unwrap();
		};
		timeout(LONG, round).await.unwrap();
		shortest = shortest.min(start.elapsed());
	}
	let milliseconds = shortest.as_millis();
	assert!((100..160).contains(&milliseconds), "{milliseconds} ms");
}

#[tokio::test(flavor = "multi_thread")]
async fn tensors_cross_a_link_that_loses_packets() {
	let (above, below) = (behind("100mbit,5ms,2%", 1).await, behind("100mbit,5ms,2%", 2).await);
	transfer(&above, &below, terms(8, 8_000)).await;
}

#[tokio::test]
async fn an_endpoint_behind_a_link_talks_to_one_without() {
	let (above, below) = (behind("20ms", 1).await, builder(2).bind().await.unwrap());
	let taken = transfer(&above, &below, terms(2, 100)).await;
	assert!(taken >= Duration::from_millis(20), "{taken:?}");
}

#[tokio::test]
async fn what_would_go_around_the_link_is_refused() {
	let link: Link = "10mbit".parse().unwrap();
	let relay: RelayUrl = "https://relay.example".parse().unwrap();
	let bound = builder(1).link(link).relay(relay).bind().await;
	assert!(matches!(bound, Err(BindError::LinkAndRelay)), "{bound:?}");
	let bound = builder(1).bind_address(([127, 0, 0, 1], 0).into()).link(link).bind().await;
	assert!(matches!(bound, Err(BindError::LinkAddresses(2))), "{bound:?}");
}
