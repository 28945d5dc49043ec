//! The nodes of the state's trie, kept as a database keeps them, and counted.

use std::collections::{hash_map::Entry, HashMap};

use sp_runtime::traits::BlakeTwo256;
use sp_state_machine::TrieBackendStorage;
use sp_trie::{prefixed_key, PrefixedMemoryDB};

/// How the state is hashed.
pub type Hasher = BlakeTwo256;

/// All nodes that the current state refers to.
#[derive(Default)]
pub struct Nodes {
	nodes: HashMap<Vec<u8>, (Vec<u8>, i32)>,
	bytes: u64,
}

impl Nodes {
	/// Take in what a block changed. A node that nothing refers to any more is gone, as in a database that is pruned.
	pub fn apply(&mut self, mut changes: PrefixedMemoryDB<Hasher>) {
		for (key, (value, change)) in changes.drain() {
			match self.nodes.entry(key) {
				Entry::Vacant(entry) if change > 0 => {
					self.bytes += (entry.key().len() + value.len()) as u64;
					entry.insert((value, change));
				},
				Entry::Vacant(_) => assert_eq!(change, 0, "a node is removed that is not there"),
				Entry::Occupied(mut entry) => {
					entry.get_mut().1 += change;
					if entry.get().1 == 0 {
						let (key, (value, _)) = entry.remove_entry();
						self.bytes -= (key.len() + value.len()) as u64;
					}
				},
			}
		}
	}

	/// Bytes of all nodes and of the keys that they lie under.
	pub fn bytes(&self) -> u64 {
		self.bytes
	}
}

impl TrieBackendStorage<Hasher> for Nodes {
	fn get(
		&self,
		key: &sp_core::H256,
		prefix: (&[u8], Option<u8>),
	) -> Result<Option<Vec<u8>>, String> {
		Ok(self.nodes.get(&prefixed_key::<Hasher>(key, prefix)).map(|(value, _)| value.clone()))
	}
}
