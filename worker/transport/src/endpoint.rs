//! The endpoint of a machine: one socket, one identity, and everything that runs over it.

use std::{
	net::SocketAddr,
	sync::{Arc, Mutex, PoisonError},
	time::Duration,
};

use bytes::Bytes;
use cairn_primitives::Hash;
use futures::{stream, StreamExt, TryStreamExt};
use iroh::{
	endpoint::{
		presets::Minimal, BindError as IrohError, ControllerFactory, Incoming, PortmapperConfig,
		QuicTransportConfig, VarInt,
	},
	EndpointAddr, EndpointId, NetReportConfig, RelayMode, RelayUrl, SecretKey, TransportAddr,
};
use noq_proto::congestion::{Bbr3Config, CubicConfig};
use tokio::{
	sync::mpsc,
	task::{AbortHandle, JoinSet},
	time::timeout,
};

use crate::{
	ask::{self, Answering, Asking},
	blobs::{self, Blobs},
	edge,
	lines::Lines,
	link::LinkSocket,
	Admissions, AskError, BlobError, BlobStore, CloseCode, EdgeChannel, EdgeConfig, FetchError,
	Fetched, Link, OpenError, Question, Shelf,
};

/// Largest stream window. noq 1.4 gives up a connection when more than 2,048 packets of a stream lie unread, which at 1,200
/// bytes each is little more than this.
pub const MAX_STREAM_WINDOW: u32 = 2 << 20;

/// Most connections that are served at once; a lane needs two, merges and audits a few dozen.
const MAX_CONNECTIONS: usize = 256;
/// Tensors that a neighbour may have begun and this end does not yet read. Each takes a stream window of memory.
const MAX_STREAMS: u32 = 8;
/// Blobs that are fetched at once: small ones take two round trips each, whatever the link carries.
const FETCHES: usize = 32;
/// The longest that iroh lets a path be silent.
const MAX_IDLE: Duration = Duration::from_secs(15);
/// The longest that iroh goes without a sign of life.
const MAX_KEEP_ALIVE: Duration = Duration::from_secs(5);

/// How fast packets are sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Congestion {
	/// By a model of the path: loss alone does not slow it down. At 0.1 % loss and 50 ms it is 16 times as fast as CUBIC.
	#[default]
	Bbr3,
	/// By loss, as most of the internet does.
	Cubic,
}

/// Parameters of QUIC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tuning {
	/// Bytes of one stream that may be under way or unread, at most [`MAX_STREAM_WINDOW`].
	pub stream_window: u32,
	/// Bytes of a connection that may be sent and not yet acknowledged.
	pub send_window: u64,
	/// How fast packets are sent.
	pub congestion: Congestion,
	/// How long a peer may be silent before its connection counts as lost; at most 15 s.
	pub idle_timeout: Duration,
}

impl Default for Tuning {
	fn default() -> Self {
		Self {
			stream_window: MAX_STREAM_WINDOW,
			send_window: 16 << 20,
			congestion: Congestion::Bbr3,
			idle_timeout: Duration::from_secs(10),
		}
	}
}

impl Tuning {
	fn build(&self) -> QuicTransportConfig {
		let controller: Arc<dyn ControllerFactory + Send + Sync> = match self.congestion {
			Congestion::Bbr3 => Arc::new(Bbr3Config::default()),
			Congestion::Cubic => Arc::new(CubicConfig::default()),
		};
		let idle = self.idle_timeout.min(MAX_IDLE);
		let keep_alive = (idle / 4).min(MAX_KEEP_ALIVE);
		QuicTransportConfig::builder()
			.stream_receive_window(VarInt::from_u32(self.stream_window.min(MAX_STREAM_WINDOW)))
			.send_window(self.send_window)
			.congestion_controller_factory(controller)
			.max_concurrent_uni_streams(VarInt::from_u32(MAX_STREAMS))
			.max_idle_timeout(idle.try_into().ok())
			.default_path_max_idle_timeout(idle)
			.keep_alive_interval(keep_alive)
			.default_path_keep_alive_interval(keep_alive)
			.build()
	}
}

/// Who a peer is, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
	/// Its endpoint's public key.
	pub id: EndpointId,
	/// Where it can be reached directly.
	pub addresses: Vec<SocketAddr>,
	/// The relay through which it can be reached.
	pub relay: Option<RelayUrl>,
}

impl Peer {
	/// A peer that is reached directly.
	pub fn new(id: EndpointId, addresses: impl IntoIterator<Item = SocketAddr>) -> Self {
		Self { id, addresses: addresses.into_iter().collect(), relay: None }
	}
}

/// Why an endpoint could not be bound.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
	/// The stream window is larger than [`MAX_STREAM_WINDOW`].
	#[error("a stream window of {0} bytes breaks connections; the largest is {MAX_STREAM_WINDOW}")]
	StreamWindow(u32),
	/// A link is simulated in front of one socket.
	#[error("with a simulated link an endpoint binds one address, not {0}")]
	LinkAddresses(usize),
	/// What goes through a relay would not go through the simulated link.
	#[error("a simulated link and a relay exclude each other")]
	LinkAndRelay,
	/// The address is taken, or not one of this machine.
	#[error("{0} cannot be bound: {1}")]
	Address(SocketAddr, std::io::Error),
	/// No endpoint came about.
	#[error("the endpoint cannot be bound: {0}")]
	Endpoint(#[from] IrohError),
	/// The store of blobs cannot be opened.
	#[error(transparent)]
	Blobs(#[from] BlobError),
}

/// Says how an [`Endpoint`] is to be, and binds it.
#[derive(Clone, Debug)]
pub struct Builder {
	secret: SecretKey,
	addresses: Vec<SocketAddr>,
	relay: Option<RelayUrl>,
	tuning: Tuning,
	link: Option<Link>,
	admissions: Admissions,
	blobs: BlobStore,
	collection: Duration,
	patience: Duration,
	questions: Option<mpsc::Sender<Question>>,
}

impl Builder {
	/// Bind this address, too: at most one of IPv4 and one of IPv6. Without any, all of IPv4 at any port.
	pub fn bind_address(mut self, address: SocketAddr) -> Self {
		self.addresses.push(address);
		self
	}

	/// Be reachable through a relay. Without one, no server of any kind is contacted.
	pub fn relay(mut self, relay: RelayUrl) -> Self {
		self.relay = Some(relay);
		self
	}

	/// Set the parameters of QUIC.
	pub fn tuning(mut self, tuning: Tuning) -> Self {
		self.tuning = tuning;
		self
	}

	/// Simulate a link between the endpoint and its socket.
	pub fn link(mut self, link: Link) -> Self {
		self.link = Some(link);
		self
	}

	/// Use this table of admissions.
	pub fn admissions(mut self, admissions: Admissions) -> Self {
		self.admissions = admissions;
		self
	}

	/// Keep blobs here. In memory if not said.
	pub fn blobs(mut self, store: BlobStore) -> Self {
		self.blobs = store;
		self
	}

	/// Delete blobs that lie on no shelf every so often. Five minutes if not said.
	pub fn collect_every(mut self, interval: Duration) -> Self {
		self.collection = interval;
		self
	}

	/// Give up on a peer that is silent for so long in a fetch, and turn to the next; or that does not answer a question in
	/// this time. Twenty seconds if not said.
	pub fn patience(mut self, silence: Duration) -> Self {
		self.patience = silence;
		self
	}

	/// Give the questions of peers to whoever receives here. Without one, all are refused.
	pub fn answer(mut self, questions: mpsc::Sender<Question>) -> Self {
		self.questions = Some(questions);
		self
	}

	/// Bind the endpoint and serve its peers.
	pub async fn bind(mut self) -> Result<Endpoint, BindError> {
		if self.tuning.stream_window > MAX_STREAM_WINDOW {
			return Err(BindError::StreamWindow(self.tuning.stream_window));
		}
		if self.addresses.is_empty() {
			self.addresses.push(([0, 0, 0, 0], 0).into());
		}
		let link = self.link.map(|link| self.bind_link(link)).transpose()?;
		let relay = match self.relay.clone() {
			Some(relay) => RelayMode::custom([relay]),
			None => RelayMode::Disabled,
		};
		let mut builder = iroh::Endpoint::builder(Minimal)
			.secret_key(self.secret.clone())
			.alpns([edge::ALPN, blobs::ALPN, ask::ALPN].map(<[u8]>::to_vec).to_vec())
			.transport_config(self.tuning.build())
			.relay_mode(relay)
			.portmapper_config(PortmapperConfig::Disabled)
			.net_report_config(NetReportConfig::minimal())
			.clear_ip_transports();
		match &link {
			Some(link) => builder = builder.add_custom_transport(link.clone()),
			None => {
				for address in &self.addresses {
					builder = builder.bind_addr(*address).expect("a socket address is one; qed");
				}
			},
		}
		let blobs = Blobs::open(&self.blobs, self.collection, self.patience).await?;
		let iroh = builder.bind().await?;
		let answering = Answering::new(self.questions, self.admissions.clone());
		let server = Server {
			iroh,
			admissions: self.admissions,
			arrivals: Arc::default(),
			blobs,
			answering,
		};
		let serving = tokio::spawn(server.clone().run()).abort_handle();
		tracing::info!(id = %server.iroh.id(), addresses = ?self.addresses, "endpoint bound");
		let asking = Asking::new(server.iroh.clone(), self.patience);
		Ok(Endpoint(Arc::new(Inner { server, asking, link, serving })))
	}

	fn bind_link(&self, link: Link) -> Result<Arc<LinkSocket>, BindError> {
		let [address] = self.addresses[..] else {
			return Err(BindError::LinkAddresses(self.addresses.len()));
		};
		if self.relay.is_some() {
			return Err(BindError::LinkAndRelay);
		}
		let socket = LinkSocket::bind(address, link);
		socket.map(Arc::new).map_err(|error| BindError::Address(address, error))
	}
}

/// The endpoint of a machine. Clones share it; it closes when the last is dropped, at once, or in order by [`Self::close`].
#[derive(Clone, Debug)]
pub struct Endpoint(Arc<Inner>);

#[derive(Debug)]
struct Inner {
	server: Server,
	asking: Asking,
	link: Option<Arc<LinkSocket>>,
	serving: AbortHandle,
}

impl Drop for Inner {
	fn drop(&mut self) {
		self.serving.abort();
	}
}

impl Endpoint {
	/// An endpoint with this identity.
	pub fn builder(secret: SecretKey) -> Builder {
		Builder {
			secret,
			addresses: Vec::new(),
			relay: None,
			tuning: Tuning::default(),
			link: None,
			admissions: Admissions::new(),
			blobs: BlobStore::Memory,
			collection: Duration::from_secs(300),
			patience: Duration::from_secs(20),
			questions: None,
		}
	}

	/// The public key by which peers know this endpoint.
	pub fn id(&self) -> EndpointId {
		self.0.server.iroh.id()
	}

	/// The addresses that are bound. One that is unspecified (`0.0.0.0`) stands for all of the machine.
	pub fn addresses(&self) -> Vec<SocketAddr> {
		match &self.0.link {
			Some(link) => vec![link.address()],
			None => self.0.server.iroh.bound_sockets(),
		}
	}

	/// This endpoint as its peers may name it.
	pub fn as_peer(&self) -> Peer {
		Peer::new(self.id(), self.addresses())
	}

	/// Who may do what.
	pub fn admissions(&self) -> &Admissions {
		&self.0.server.admissions
	}

	/// The blobs that are kept here.
	pub fn blobs(&self) -> &Blobs {
		&self.0.server.blobs
	}

	/// Open one end of an edge, to a neighbour that is admitted to it. The upper end dials; the lower waits to be dialled, for
	/// as long as it takes: put a deadline around it. A neighbour that learns of the window later than we do refuses at first
	/// ([`Failure::NotAdmitted`](crate::Failure)); then try again.
	pub async fn open_edge(
		&self,
		neighbour: &Peer,
		config: &EdgeConfig,
	) -> Result<EdgeChannel, OpenError> {
		let Server { iroh, arrivals, admissions, .. } = &self.0.server;
		edge::open(iroh, arrivals, admissions, self.locate(neighbour), config).await
	}

	/// Fetch a blob of at most `limit` bytes from the first of the peers that delivers it, and put it on a shelf. What is here
	/// of it already is not fetched again; what came stays when the call is cancelled or no peer delivers the rest.
	pub async fn fetch(
		&self,
		hash: Hash,
		peers: &[Peer],
		limit: u64,
		shelf: &Shelf,
	) -> Result<Fetched, FetchError> {
		let peers = peers.iter().map(|peer| self.locate(peer));
		self.blobs().fetch(&self.providers(), hash, peers, limit, shelf).await
	}

	/// Fetch blobs of at most `limit` bytes each as [`Self::fetch`] does, several at once and over one connection to each peer,
	/// and say of each what came of it, in their order. The peer that delivered last is tried first.
	pub async fn fetch_all(
		&self,
		hashes: &[Hash],
		peers: &[Peer],
		limit: u64,
		shelf: &Shelf,
	) -> Result<Vec<Fetched>, FetchError> {
		let (providers, last) = (self.providers(), Mutex::new(None));
		let fetch = async |hash| {
			let first = *last.lock().unwrap_or_else(PoisonError::into_inner);
			let mut peers: Vec<_> = peers.iter().map(|peer| self.locate(peer)).collect();
			peers.sort_by_key(|peer| Some(peer.id) != first);
			let peers = peers.into_iter();
			let fetched = self.blobs().fetch(&providers, hash, peers, limit, shelf).await?;
			if fetched.from.is_some() {
				*last.lock().unwrap_or_else(PoisonError::into_inner) = fetched.from;
			}
			Ok(fetched)
		};
		let fetches: Vec<_> = hashes.iter().map(|hash| fetch(*hash)).collect();
		stream::iter(fetches).buffered(FETCHES).try_collect().await
	}

	/// Ask a peer, and wait for its answer as long as patience lasts. The connection is kept for the next question. If one that
	/// was kept turns out to be lost, as when the peer has restarted, the question is asked once more: it may come twice.
	pub async fn ask(&self, peer: &Peer, question: Bytes) -> Result<Bytes, AskError> {
		self.0.asking.ask(self.locate(peer), question).await
	}

	/// Close all connections and the store of blobs, and wait until that is done. Edges are to be closed before, or the last
	/// receipts may not arrive.
	pub async fn close(&self) {
		self.0.serving.abort();
		self.0.server.iroh.close().await;
		self.blobs().close().await;
	}

	/// Connections to those who give blobs, for one call.
	fn providers(&self) -> Lines {
		Lines::new(self.0.server.iroh.clone(), blobs::ALPN)
	}

	/// How iroh reaches a peer: through the simulated link, if there is one.
	fn locate(&self, peer: &Peer) -> EndpointAddr {
		let direct = peer.addresses.iter().map(|address| match &self.0.link {
			Some(_) => LinkSocket::name(*address),
			None => TransportAddr::Ip(*address),
		});
		let relay = peer.relay.iter().cloned().map(TransportAddr::Relay);
		EndpointAddr::from_parts(peer.id, direct.chain(relay))
	}
}

/// Takes in peers that connect.
#[derive(Clone, Debug)]
struct Server {
	iroh: iroh::Endpoint,
	admissions: Admissions,
	arrivals: Arc<edge::Arrivals>,
	blobs: Blobs,
	answering: Answering,
}

impl Server {
	async fn run(self) {
		let mut guests = JoinSet::new();
		while let Some(incoming) = self.iroh.accept().await {
			while guests.try_join_next().is_some() {}
			if guests.len() >= MAX_CONNECTIONS {
				incoming.refuse();
				continue;
			}
			guests.spawn(self.clone().welcome(incoming));
		}
	}

	/// Let a peer in, if it may do what it comes for.
	async fn welcome(self, incoming: Incoming) {
		let Ok(accepting) = incoming.accept() else { return };
		let Ok(Ok(connection)) = timeout(edge::PATIENCE, accepting).await else { return };
		let peer = connection.remote_id();
		if self.admissions.get(&peer).is_empty() {
			tracing::debug!(peer = %peer.fmt_short(), "refused a peer");
			return CloseCode::NotAdmitted.close(&connection);
		}
		match connection.alpn() {
			edge::ALPN => {
				let arrived = edge::receive_hello(connection, &self.admissions).await;
				arrived.into_iter().for_each(|arrived| self.arrivals.insert(arrived));
			},
			ask::ALPN => self.answering.serve(connection).await,
			_ => self.blobs.serve(connection, &self.admissions).await,
		}
	}
}
