//! A line to a worker that a test can cut.

use std::{
	collections::{HashMap, HashSet},
	net::{SocketAddr, UdpSocket},
	sync::{Arc, Mutex},
	thread,
};

/// Largest UDP payload.
const MAX_PAYLOAD: usize = 65_535;

/// Stands before a worker, hands on what is sent to it and what it answers, and drops what comes from some.
pub struct Proxy {
	/// Where others reach the worker.
	pub address: SocketAddr,
	dropped: Arc<Mutex<HashSet<SocketAddr>>>,
}

impl Proxy {
	/// Stand before a socket, until the process ends.
	pub fn start(target: SocketAddr) -> Self {
		let socket = Arc::new(UdpSocket::bind(("127.0.0.1", 0)).unwrap());
		let proxy = Self { address: socket.local_addr().unwrap(), dropped: Arc::default() };
		let dropped = proxy.dropped.clone();
		thread::spawn(move || {
			let mut peers: HashMap<SocketAddr, Arc<UdpSocket>> = HashMap::new();
			let mut buffer = vec![0; MAX_PAYLOAD];
			loop {
				// Whoever is not there refuses packets; others may be.
				let Ok((length, from)) = socket.recv_from(&mut buffer) else { continue };
				if dropped.lock().unwrap().contains(&from) {
					continue;
				}
				let peer = peers.entry(from).or_insert_with(|| {
					let peer = Arc::new(UdpSocket::bind(("127.0.0.1", 0)).unwrap());
					peer.connect(target).unwrap();
					hand_back(peer.clone(), socket.clone(), from, dropped.clone());
					peer
				});
				let _ = peer.send(&buffer[..length]);
			}
		});
		proxy
	}

	/// Drop what comes from an address, and what would go to it; or no longer.
	pub fn cut(&self, from: SocketAddr, is_cut: bool) {
		let mut dropped = self.dropped.lock().unwrap();
		match is_cut {
			true => dropped.insert(from),
			false => dropped.remove(&from),
		};
	}
}

/// Hand on what the worker answers to somebody.
fn hand_back(
	worker: Arc<UdpSocket>,
	socket: Arc<UdpSocket>,
	to: SocketAddr,
	dropped: Arc<Mutex<HashSet<SocketAddr>>>,
) {
	thread::spawn(move || {
		let mut buffer = vec![0; MAX_PAYLOAD];
		loop {
			let Ok(length) = worker.recv(&mut buffer) else { continue };
			if !dropped.lock().unwrap().contains(&to) {
				let _ = socket.send_to(&buffer[..length], to);
			}
		}
	});
}
