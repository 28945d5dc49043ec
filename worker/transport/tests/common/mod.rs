//! Endpoints on loopback, and a neighbour that does as it likes.
#![allow(dead_code)] // each test file uses some of it

use std::{sync::Arc, time::Duration};

use cairn_primitives::{
	attestation::EdgeReceipt,
	hash::blob_root,
	signing::{edge_message, step_root, Edge},
	Hash,
};
use cairn_transport::{
	Builder, Codec, Direction, EdgeChannel, EdgeConfig, Endpoint, Form, Peer, Position, SecretKey,
	Side, Terms, Tuning,
};
use codec::Encode;
use iroh::{
	endpoint::{presets::Minimal, Connection, RecvStream, SendStream},
	EndpointAddr, RelayMode,
};
use sp_core::{sr25519, Pair};

pub const EDGE: Edge = Edge { model: 1, window: 2, lane: 3, upper: 4 };
pub const EDGE_ALPN: &[u8] = b"cairn/edge/1";

/// No test waits for longer: what takes so long has failed, and is not slow.
pub const LONG: Duration = Duration::from_secs(60);

pub fn terms(microbatches: u32, rows: u32) -> Terms {
	Terms {
		edge: EDGE,
		genesis: Hash::repeat_byte(1),
		seed: Hash::repeat_byte(2),
		held_out: 0,
		microbatches,
		form: Form { codec: Codec::Int8 { block: 32 }, rows, columns: 64 },
	}
}

/// Terms of a gate.
pub fn gate(held_out: u32, microbatches: u32, rows: u32) -> Terms {
	Terms { held_out, ..terms(microbatches, rows) }
}

pub fn worker(seed: u8) -> sr25519::Pair {
	sr25519::Pair::from_seed(&[seed; 32])
}

/// The upper end is worker 1, the lower worker 2.
pub fn config(side: Side, terms: Terms) -> EdgeConfig {
	let (ours, theirs) = match side {
		Side::Upper => (1, 2),
		Side::Lower => (2, 1),
	};
	EdgeConfig::new(terms, side, Arc::new(worker(ours)), worker(theirs).public())
}

pub fn builder(secret: u8) -> Builder {
	let tuning = Tuning { idle_timeout: Duration::from_secs(3), ..Tuning::default() };
	Endpoint::builder(SecretKey::from_bytes(&[secret; 32]))
		.bind_address(([127, 0, 0, 1], 0).into())
		.tuning(tuning)
}

pub async fn endpoint(secret: u8) -> Endpoint {
	builder(secret).bind().await.unwrap()
}

pub fn admit(here: &Endpoint, peer: &Endpoint) {
	here.admissions().admit_to_edge(peer.id(), EDGE);
}

/// Open both ends of an edge between two endpoints.
pub async fn connect(
	above: &Endpoint,
	below: &Endpoint,
	upper: &EdgeConfig,
	lower: &EdgeConfig,
) -> (EdgeChannel, EdgeChannel) {
	admit(above, below);
	admit(below, above);
	let (above_peer, below_peer) = (above.as_peer(), below.as_peer());
	let both = async {
		tokio::join!(above.open_edge(&below_peer, upper), below.open_edge(&above_peer, lower))
	};
	let (upper, lower) = tokio::time::timeout(LONG, both).await.unwrap();
	(upper.unwrap(), lower.unwrap())
}

/// An edge on loopback.
pub async fn edge(terms: Terms) -> (Endpoint, Endpoint, EdgeChannel, EdgeChannel) {
	let (above, below) = (endpoint(1).await, endpoint(2).await);
	let (upper, lower) = (config(Side::Upper, terms), config(Side::Lower, terms));
	let (upper, lower) = connect(&above, &below, &upper, &lower).await;
	(above, below, upper, lower)
}

pub fn at(step: u32, microbatch: u32) -> Position {
	Position::Step { step, microbatch }
}

pub fn held_out(microbatch: u32) -> Position {
	Position::HeldOut { microbatch }
}

/// Roots of the codes that a tensor consists of, by definition: integers, and the exponents behind them.
pub fn codes(terms: &Terms, tensor: &[u8]) -> Vec<Hash> {
	let integers = (terms.form.rows * terms.form.columns) as usize;
	match terms.form.codec {
		Codec::Dense => vec![blob_root(tensor)],
		Codec::Int8 { .. } => {
			let (integers, exponents) = tensor.split_at(integers);
			vec![blob_root(integers), blob_root(exponents)]
		},
	}
}

/// A position as the README describes it.
pub fn place(position: Position) -> Vec<u8> {
	let (part, step, microbatch) = match position {
		Position::HeldOut { microbatch } => (0, 0, microbatch),
		Position::Step { step, microbatch } => (1, step, microbatch),
	};
	[&[part][..], &step.to_le_bytes(), &microbatch.to_le_bytes()].concat()
}

/// Bytes that differ from tensor to tensor.
pub fn tensor(terms: &Terms, direction: Direction, position: Position) -> Vec<u8> {
	let mut seed = vec![direction as u8];
	seed.extend(place(position));
	blob_root(&seed).0.into_iter().cycle().take(terms.form.bytes() as usize).collect()
}

pub async fn bare_endpoint(secret: u8, alpn: &[u8]) -> iroh::Endpoint {
	iroh::Endpoint::builder(Minimal)
		.secret_key(SecretKey::from_bytes(&[secret; 32]))
		.relay_mode(RelayMode::Disabled)
		.clear_ip_transports()
		.bind_addr("127.0.0.1:0")
		.unwrap()
		.alpns(vec![alpn.to_vec()])
		.bind()
		.await
		.unwrap()
}

/// A header as the README describes it, to be made wrong.
#[derive(Clone, Debug)]
pub struct RawHeader {
	pub version: u16,
	pub direction: u8,
	pub edge: Edge,
	pub position: Position,
	pub rows: u32,
	pub length: u64,
	pub root: Hash,
}

impl RawHeader {
	pub fn new(terms: &Terms, direction: Direction, position: Position, body: &[u8]) -> Self {
		Self {
			version: 2,
			direction: direction as u8,
			edge: terms.edge,
			position,
			rows: terms.form.rows,
			length: body.len() as u64,
			root: step_root(&codes(terms, body)),
		}
	}

	pub fn bytes(&self) -> Vec<u8> {
		let mut bytes = Vec::new();
		bytes.extend(self.version.to_le_bytes());
		bytes.extend([self.direction, 1]);
		bytes.extend(self.edge.model.to_le_bytes());
		bytes.extend(self.edge.window.to_le_bytes());
		bytes.extend([self.edge.lane, self.edge.upper, 32, 0]);
		bytes.extend(place(self.position));
		bytes.extend(self.rows.to_le_bytes());
		bytes.extend([64, 0, 0, 0]);
		bytes.extend(self.length.to_le_bytes());
		bytes.extend(self.root.as_bytes());
		bytes
	}
}

/// What an end says first.
fn hello(terms: &Terms) -> Vec<u8> {
	let terms = terms.encode();
	[&[2, 0], &(terms.len() as u16).to_le_bytes()[..], &terms].concat()
}

/// An end of an edge in bare QUIC, as somebody would write it who wants to cheat.
pub struct Liar {
	pub terms: Terms,
	pub connection: Connection,
	pub send: SendStream,
	pub receive: RecvStream,
	_endpoint: iroh::Endpoint,
}

impl Liar {
	/// Dial an endpoint and say hello with these terms.
	pub async fn dial(to: &Endpoint, terms: Terms) -> Self {
		let endpoint = bare_endpoint(9, EDGE_ALPN).await;
		let address = EndpointAddr::new(to.id()).with_ip_addr(to.addresses()[0]);
		let connection = endpoint.connect(address, EDGE_ALPN).await.unwrap();
		let (mut send, receive) = connection.open_bi().await.unwrap();
		send.write_all(&hello(&terms)).await.unwrap();
		Self { terms, connection, send, receive, _endpoint: endpoint }
	}

	/// How an endpoint knows the liar that dials it.
	pub fn peer() -> Peer {
		Peer::new(SecretKey::from_bytes(&[9; 32]).public(), [])
	}

	/// Dial an endpoint that admits the liar, and open its end of the edge.
	pub async fn open(to: &Endpoint, terms: Terms) -> (Self, EdgeChannel) {
		let peer = Self::peer();
		to.admissions().admit_to_edge(peer.id, EDGE);
		let lower = config(Side::Lower, terms);
		let (mut liar, channel) = tokio::join!(Self::dial(to, terms), to.open_edge(&peer, &lower));
		let mut theirs = hello(&terms);
		liar.receive.read_exact(&mut theirs).await.unwrap();
		(liar, channel.unwrap())
	}

	/// Be dialled by an endpoint that admits the liar: the lower end of the edge.
	pub async fn below(of: &Endpoint, terms: Terms) -> (Self, EdgeChannel) {
		let endpoint = bare_endpoint(9, EDGE_ALPN).await;
		let peer = Peer::new(endpoint.id(), endpoint.bound_sockets());
		of.admissions().admit_to_edge(peer.id, EDGE);
		let upper = config(Side::Upper, terms);
		let answers = async {
			let connection = endpoint.accept().await.unwrap().await.unwrap();
			let (mut send, mut receive) = connection.accept_bi().await.unwrap();
			receive.read_exact(&mut hello(&terms)).await.unwrap();
			send.write_all(&hello(&terms)).await.unwrap();
			(connection, send, receive)
		};
		let ((connection, send, receive), channel) =
			tokio::join!(answers, of.open_edge(&peer, &upper));
		let liar = Self { terms, connection, send, receive, _endpoint: endpoint };
		(liar, channel.unwrap())
	}

	/// Send bytes on a stream of their own.
	pub async fn stream(&self, header: &RawHeader, body: &[u8]) {
		let mut stream = self.connection.open_uni().await.unwrap();
		// The other end may hang up after the header.
		if stream.write_all(&header.bytes()).await.is_ok() && stream.write_all(body).await.is_ok() {
			let _ = stream.finish();
		}
	}

	/// Send a tensor as it should be. Returns the roots of its codes.
	pub async fn honest(&self, position: Position) -> Vec<Hash> {
		let (terms, direction) = (&self.terms, Direction::Forward);
		let body = tensor(terms, direction, position);
		self.stream(&RawHeader::new(terms, direction, position, &body), &body).await;
		codes(terms, &body)
	}

	/// Send a receipt that a worker signs.
	pub async fn receipt(&mut self, steps: u32, root: Hash, signer: u8) -> EdgeReceipt {
		let terms = &self.terms;
		let message = edge_message(terms.genesis, terms.seed, &terms.edge, steps, root);
		let signature = worker(signer).sign(message.as_bytes());
		let mut bytes = steps.to_le_bytes().to_vec();
		bytes.extend(root.as_bytes());
		bytes.extend(AsRef::<[u8]>::as_ref(&signature));
		self.send.write_all(&bytes).await.unwrap();
		EdgeReceipt { root, signature }
	}

	/// Why the other end closed the connection.
	pub async fn closed(&self) -> (u64, String) {
		match self.connection.closed().await {
			iroh::endpoint::ConnectionError::ApplicationClosed(close) => {
				(close.error_code.into_inner(), String::from_utf8_lossy(&close.reason).into_owned())
			},
			other => panic!("closed otherwise: {other}"),
		}
	}
}
