//! A UDP socket behind a simulated link, as a transport for iroh.

use std::{
	io::{self, IoSliceMut},
	net::{IpAddr, SocketAddr, UdpSocket as StdSocket},
	num::NonZeroUsize,
	sync::{Arc, Mutex, PoisonError},
	task::{Context, Poll},
	time::Instant,
};

use bytes::Bytes;
use iroh::endpoint::transports::{
	CustomEndpoint, CustomSender, CustomTransport, RecvInfo, Transmit,
};
use iroh_base::{CustomAddr, TransportAddr};
use n0_watcher::{Direct, Watchable};
use noq_udp::RecvMeta;
use tokio::{
	net::UdpSocket,
	sync::mpsc::{channel, Receiver, Sender},
	task::AbortHandle,
	time::sleep_until,
};

use super::{shaper::Shaper, Link};

/// "Cairn"; iroh lets applications choose.
const TRANSPORT_ID: u64 = 0x63_61_69_72_6e;
/// Most packets under way in one direction; more are dropped. Bandwidth × delay of a gigabit link over half the world.
const MAX_PACKETS: usize = 64 * 1024;
/// Packets that QUIC hands over at once.
const BATCH: NonZeroUsize = NonZeroUsize::new(16).unwrap();
/// Largest UDP payload.
const MAX_PAYLOAD: usize = 65_535;

/// A packet, and the other end's address.
#[derive(Debug)]
struct Packet {
	due: Instant,
	peer: SocketAddr,
	bytes: Bytes,
}

/// A bound socket and the link in front of it.
#[derive(Debug)]
pub(crate) struct LinkSocket {
	socket: StdSocket,
	address: SocketAddr,
	link: Link,
}

impl LinkSocket {
	/// Bind a socket behind a link.
	pub(crate) fn bind(address: SocketAddr, link: Link) -> io::Result<Self> {
		let socket = StdSocket::bind(address)?;
		socket.set_nonblocking(true)?;
		let address = socket.local_addr()?;
		Ok(Self { socket, address, link })
	}

	/// Where the socket is bound.
	pub(crate) fn address(&self) -> SocketAddr {
		self.address
	}

	/// How iroh names an address that is reached through the link.
	pub(crate) fn name(address: SocketAddr) -> TransportAddr {
		TransportAddr::Custom(encode(address))
	}
}

impl CustomTransport for LinkSocket {
	fn bind(&self) -> io::Result<Box<dyn CustomEndpoint>> {
		let socket = Arc::new(UdpSocket::from_std(self.socket.try_clone()?)?);
		let (outgoing, to_send) = channel(MAX_PACKETS);
		let (arriving, to_deliver) = channel(MAX_PACKETS);
		let (delivered, received) = channel(MAX_PACKETS);
		// What arrives was delayed and lost, if at all, by the link of whoever sent it.
		let incoming = Link { bandwidth: self.link.bandwidth, ..Link::default() };
		// Ends by itself when the last packets, those of closed connections, have left.
		tokio::spawn(transmit(socket.clone(), to_send));
		let receiving = tokio::spawn(receive(socket, Shaper::new(incoming), arriving));
		tokio::spawn(deliver(to_deliver, delivered)); // ends with the one before
		Ok(Box::new(LinkEndpoint {
			address: Watchable::new(vec![encode(self.address)]),
			sender: Arc::new(LinkSender { shaper: Mutex::new(Shaper::new(self.link)), outgoing }),
			received,
			receiving: receiving.abort_handle(),
		}))
	}
}

/// Put packets on the wire when they have passed the link.
async fn transmit(socket: Arc<UdpSocket>, mut packets: Receiver<Packet>) {
	while let Some(packet) = packets.recv().await {
		sleep_until(packet.due.into()).await;
		if let Err(error) = socket.send_to(&packet.bytes, packet.peer).await {
			tracing::trace!(%error, peer = %packet.peer, "packet not sent");
		}
	}
}

/// Take packets off the wire and let them into the link.
async fn receive(socket: Arc<UdpSocket>, mut shaper: Shaper, arriving: Sender<Packet>) {
	let mut buffer = vec![0; MAX_PAYLOAD];
	loop {
		let (length, peer) = match socket.recv_from(&mut buffer).await {
			Ok(received) => received,
			Err(error) => {
				// An unreachable peer's refusal; the socket goes on.
				tracing::trace!(%error, "packet not received");
				continue;
			},
		};
		if let Some(due) = shaper.admit(Instant::now(), length) {
			let packet = Packet { due, peer, bytes: Bytes::copy_from_slice(&buffer[..length]) };
			let _ = arriving.try_send(packet); // full: dropped
		}
	}
}

/// Hand packets to QUIC when they have passed the link.
async fn deliver(mut arriving: Receiver<Packet>, delivered: Sender<Packet>) {
	while let Some(packet) = arriving.recv().await {
		sleep_until(packet.due.into()).await;
		let _ = delivered.try_send(packet); // full: dropped
	}
}

#[derive(Debug)]
struct LinkEndpoint {
	address: Watchable<Vec<CustomAddr>>,
	sender: Arc<LinkSender>,
	received: Receiver<Packet>,
	receiving: AbortHandle,
}

impl Drop for LinkEndpoint {
	fn drop(&mut self) {
		self.receiving.abort();
	}
}

impl CustomEndpoint for LinkEndpoint {
	fn watch_local_addrs(&self) -> Direct<Vec<CustomAddr>> {
		self.address.watch()
	}

	fn create_sender(&self) -> Arc<dyn CustomSender> {
		self.sender.clone()
	}

	fn poll_recv(
		&mut self,
		context: &mut Context,
		buffers: &mut [IoSliceMut<'_>],
		metas: &mut [RecvMeta],
		infos: &mut [RecvInfo],
	) -> Poll<io::Result<usize>> {
		let mut filled = 0;
		let slots = buffers.iter_mut().zip(metas).zip(infos);
		for ((buffer, meta), info) in slots {
			let packet = match self.received.poll_recv(context) {
				Poll::Ready(Some(packet)) => packet,
				Poll::Ready(None) => return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
				Poll::Pending if filled == 0 => return Poll::Pending,
				Poll::Pending => break,
			};
			// A packet that does not fit is cut, as a socket would; QUIC then discards it.
			let length = packet.bytes.len().min(buffer.len());
			buffer[..length].copy_from_slice(&packet.bytes[..length]);
			*meta = RecvMeta::default();
			(meta.len, meta.stride) = (length, length);
			*info = RecvInfo::new(encode(packet.peer), None);
			filled += 1;
		}
		Poll::Ready(Ok(filled))
	}

	fn max_transmit_segments(&self) -> NonZeroUsize {
		BATCH
	}
}

#[derive(Debug)]
struct LinkSender {
	shaper: Mutex<Shaper>,
	outgoing: Sender<Packet>,
}

impl CustomSender for LinkSender {
	fn is_valid_send_addr(&self, address: &CustomAddr) -> bool {
		decode(address).is_some()
	}

	fn poll_send(
		&self,
		_: &mut Context,
		destination: &CustomAddr,
		_: Option<&CustomAddr>,
		transmit: &Transmit<'_>,
	) -> Poll<io::Result<()>> {
		let peer = decode(destination).ok_or(io::ErrorKind::AddrNotAvailable)?;
		let now = Instant::now();
		let mut shaper = self.shaper.lock().unwrap_or_else(PoisonError::into_inner);
		let segment = transmit.segment_size.unwrap_or(transmit.contents.len()).max(1);
		for packet in transmit.contents.chunks(segment) {
			if let Some(due) = shaper.admit(now, packet.len()) {
				let packet = Packet { due, peer, bytes: Bytes::copy_from_slice(packet) };
				let _ = self.outgoing.try_send(packet); // full: dropped
			}
		}
		Poll::Ready(Ok(()))
	}
}

/// The bytes of the address, and those of the port.
fn encode(address: SocketAddr) -> CustomAddr {
	let mut bytes = match address.ip() {
		IpAddr::V4(ip) => ip.octets().to_vec(),
		IpAddr::V6(ip) => ip.octets().to_vec(),
	};
	bytes.extend(address.port().to_be_bytes());
	CustomAddr::from_parts(TRANSPORT_ID, &bytes)
}

fn decode(address: &CustomAddr) -> Option<SocketAddr> {
	if address.id() != TRANSPORT_ID {
		return None;
	}
	let (ip, port) = address.data().split_last_chunk::<2>()?;
	let ip = match ip.len() {
		4 => IpAddr::from(<[u8; 4]>::try_from(ip).ok()?),
		_ => IpAddr::from(<[u8; 16]>::try_from(ip).ok()?),
	};
	Some(SocketAddr::new(ip, u16::from_be_bytes(*port)))
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn addresses_survive_their_encoding() {
		for text in ["127.0.0.1:80", "[2001:db8::7]:65535"] {
			let address: SocketAddr = text.parse().unwrap();
			assert_eq!(decode(&encode(address)), Some(address));
		}
		assert_eq!(decode(&CustomAddr::from_parts(1, &[127, 0, 0, 1, 0, 80])), None);
		assert_eq!(decode(&CustomAddr::from_parts(TRANSPORT_ID, &[1, 2, 3])), None);
	}
}
