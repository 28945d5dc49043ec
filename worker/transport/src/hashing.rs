//! Hashing of tensors, off the threads that carry packets.

use bytes::Bytes;
use cairn_primitives::{hash::blob_root, Hash};

/// What is smaller is hashed faster than handed to another thread.
const SMALL: usize = 64 * 1024;

/// Plain BLAKE3 of some bytes.
pub(crate) async fn root_of(bytes: Bytes) -> Hash {
	if bytes.len() <= SMALL {
		return blob_root(&bytes);
	}
	let hashing = tokio::task::spawn_blocking(move || blob_root(&bytes));
	hashing.await.expect("hashing does not panic and is not aborted; qed")
}
