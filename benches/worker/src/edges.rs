//! Tensors over one edge, between two endpoints of this process.

use std::{
	sync::Arc,
	time::{Duration, Instant},
};

use bytes::Bytes;
use cairn_primitives::{signing::Edge, Hash};
use cairn_transport::{
	EdgeChannel, EdgeConfig, Endpoint, Form, Link, Position, SecretKey, SendError, Side, Terms,
};
use sp_core::{sr25519, Pair};

use crate::{channels::tensor, cpu::Cpu, Failed};

const EDGE: Edge = Edge { model: 0, window: 0, lane: 0, upper: 0 };

/// Both ends of an edge, with as many microbatches in its one step as there are tensors to send.
pub struct Ends {
	upper: EdgeChannel,
	lower: EdgeChannel,
	tensor: Bytes,
	tensors: u32,
	_endpoints: [Endpoint; 2],
}

/// When tensors came, from the first that was sent.
pub struct Arrivals {
	/// Since then.
	pub came: Vec<Duration>,
	/// CPU-seconds of both ends.
	pub cpu: f64,
}

impl Ends {
	/// Open an edge for so many tensors of a form.
	pub async fn open(form: Form, tensors: u32, link: Option<Link>) -> Result<Self, Failed> {
		let bind = |place: u8| {
			let builder = Endpoint::builder(SecretKey::from_bytes(&[place; 32]))
				.bind_address(([127, 0, 0, 1], 0).into());
			match link {
				Some(link) => builder.link(link).bind(),
				None => builder.bind(),
			}
		};
		let (above, below) = (bind(1).await?, bind(2).await?);
		above.admissions().admit_to_edge(below.id(), EDGE);
		below.admissions().admit_to_edge(above.id(), EDGE);
		let [above_key, below_key] = [1, 2].map(|seed| sr25519::Pair::from_seed(&[seed; 32]));
		let (genesis, seed) = (Hash::zero(), Hash::zero());
		let terms = Terms { edge: EDGE, genesis, seed, held_out: 0, microbatches: tensors, form };
		let config = |side, ours: &sr25519::Pair, theirs: &sr25519::Pair| {
			EdgeConfig::new(terms, side, Arc::new(ours.clone()), theirs.public())
		};
		let upper = config(Side::Upper, &above_key, &below_key);
		let lower = config(Side::Lower, &below_key, &above_key);
		let (above_peer, below_peer) = (above.as_peer(), below.as_peer());
		let (upper, lower) = tokio::try_join!(
			above.open_edge(&below_peer, &upper),
			below.open_edge(&above_peer, &lower)
		)?;
		let tensor = tensor(&form, 0);
		Ok(Self { upper, lower, tensor, tensors, _endpoints: [above, below] })
	}

	/// Send all tensors as fast as they go.
	pub async fn stream(self) -> Result<Arrivals, Failed> {
		let Self { mut upper, mut lower, tensor, tensors, _endpoints } = self;
		let (start, before) = (Instant::now(), Cpu::now());
		let sending = tokio::spawn(async move {
			for microbatch in 0..tensors {
				upper.sender.send(Position::Step { step: 0, microbatch }, tensor.clone()).await?;
			}
			Ok::<_, SendError>(upper)
		});
		let mut came = Vec::new();
		for _ in 0..tensors {
			lower.receiver.receive().await?;
			came.push(start.elapsed());
		}
		let cpu = Cpu::now() - before;
		drop(sending.await??);
		Ok(Arrivals { came, cpu: cpu.process })
	}

	/// Send a tensor when the one before has come; how long each took.
	pub async fn one_by_one(self) -> Result<Vec<Duration>, Failed> {
		let Self { mut upper, mut lower, tensor, tensors, _endpoints } = self;
		let mut times = Vec::new();
		for microbatch in 0..tensors {
			let start = Instant::now();
			upper.sender.send(Position::Step { step: 0, microbatch }, tensor.clone()).await?;
			lower.receiver.receive().await?;
			times.push(start.elapsed());
		}
		Ok(times)
	}
}
