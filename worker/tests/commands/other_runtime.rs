//! A node whose runtime is another one than this program was built for.

use std::{
	io::{self, Read, Write},
	net::{Shutdown, SocketAddr, TcpListener, TcpStream},
	thread,
};

/// The name of a pallet, as a node tells it within its metadata in hexadecimal.
const PALLET: &[u8] = b"436f6e747269627574696f6e73";
/// A pallet that this program does not know.
const OTHER: &[u8] = b"436f6e747269627574696f6e7a";

/// Stand before a node, and rename a pallet in all that it says.
pub fn before(node: SocketAddr) -> SocketAddr {
	let listener = TcpListener::bind("127.0.0.1:0").unwrap();
	let address = listener.local_addr().unwrap();
	thread::spawn(move || {
		for client in listener.incoming() {
			let (client, node) = (client.unwrap(), TcpStream::connect(node).unwrap());
			let (mut asks, mut asked) = (client.try_clone().unwrap(), node.try_clone().unwrap());
			thread::spawn(move || {
				let _ = io::copy(&mut asks, &mut asked);
				let _ = asked.shutdown(Shutdown::Both);
			});
			thread::spawn(move || {
				let _ = rename(&node, &client);
				let _ = client.shutdown(Shutdown::Both);
			});
		}
	});
	address
}

/// Hand on what a node says, with another name for the pallet.
fn rename(mut node: &TcpStream, mut client: &TcpStream) -> io::Result<()> {
	let (mut buffer, mut said) = ([0; 1 << 16], Vec::new());
	loop {
		let length = node.read(&mut buffer)?;
		if length == 0 {
			return client.write_all(&said);
		}
		said.extend_from_slice(&buffer[..length]);
		let mut at = 0;
		while let Some(found) = said[at..].windows(PALLET.len()).position(|part| part == PALLET) {
			at += found;
			said[at..at + OTHER.len()].copy_from_slice(OTHER);
		}
		// What may be the beginning of the name waits for the rest of it.
		let is_beginning = |length: &usize| said.ends_with(&PALLET[..*length]);
		let waiting = (1..PALLET.len()).rev().find(is_beginning).unwrap_or(0);
		let whole = said.len() - waiting;
		client.write_all(&said[..whole])?;
		said.drain(..whole);
	}
}
