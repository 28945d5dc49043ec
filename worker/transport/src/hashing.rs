//! Hashing of tensors, off the threads that carry packets.

use bytes::Bytes;
use cairn_primitives::{hash::blob_root, Hash};

use crate::Form;

/// What is smaller is hashed faster than handed to another thread.
const SMALL: usize = 64 * 1024;

/// Plain BLAKE3 of each code that a tensor consists of.
pub(crate) async fn roots_of(form: Form, bytes: Bytes) -> Vec<Hash> {
	let is_small = bytes.len() <= SMALL;
	let hash = move || form.codes(&bytes).map(blob_root).collect();
	if is_small {
		return hash();
	}
	let hashing = tokio::task::spawn_blocking(hash);
	hashing.await.expect("hashing does not panic and is not aborted; qed")
}
