//! What the state consists of.

use std::collections::BTreeMap;

use cairn_runtime::AllPalletsWithSystem;
use frame_support::traits::StorageInfoTrait;
use sp_state_machine::{Backend, IterArgs};

use crate::chain::Chain;

/// Entries of one kind.
#[derive(Clone, Copy, Debug, Default)]
pub struct Part {
	/// How many.
	pub entries: u64,
	/// Bytes of their keys and values.
	pub bytes: u64,
}

/// The state at one time.
pub struct Census {
	/// Windows that every model had closed.
	pub windows: u32,
	/// Entries by pallet and storage, such as `Contributions.Units`.
	pub parts: BTreeMap<String, Part>,
	/// Bytes of the trie's nodes and their keys.
	pub nodes: u64,
}

impl Census {
	/// Count the whole state. The events of the newest block are no part of it.
	pub fn take(chain: &Chain, windows: u32) -> Self {
		let names: BTreeMap<Vec<u8>, String> = AllPalletsWithSystem::storage_info()
			.into_iter()
			.map(|info| {
				let name = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
				let name = format!("{}.{}", name(&info.pallet_name), name(&info.storage_name));
				(info.prefix, name)
			})
			.collect();
		let state = chain.state();
		let mut by_prefix: BTreeMap<Vec<u8>, Part> = BTreeMap::new();
		for pair in state.pairs(IterArgs::default()).expect("the state is in memory") {
			let (key, value) = pair.expect("the state is whole");
			let prefix = &key[..key.len().min(32)];
			let bytes = (key.len() + value.len()) as u64;
			match by_prefix.get_mut(prefix) {
				Some(part) => {
					part.entries += 1;
					part.bytes += bytes;
				},
				None => drop(by_prefix.insert(prefix.to_vec(), Part { entries: 1, bytes })),
			}
		}
		let mut parts: BTreeMap<String, Part> = BTreeMap::new();
		for (prefix, part) in by_prefix {
			let name = names.get(&prefix).cloned().unwrap_or_else(|| "other".into());
			let sum = parts.entry(name).or_default();
			sum.entries += part.entries;
			sum.bytes += part.bytes;
		}
		parts.remove("System.Events");
		Self { windows, parts, nodes: chain.node_bytes() }
	}

	/// Entries of a kind.
	pub fn part(&self, name: &str) -> Part {
		self.parts.get(name).copied().unwrap_or_default()
	}

	/// Bytes of all keys and values.
	pub fn bytes(&self) -> u64 {
		self.parts.values().map(|part| part.bytes).sum()
	}

	/// Bytes that each entry of a kind takes, and those of other kinds that exist for its sake.
	fn per(&self, name: &str, others: &[&str]) -> f64 {
		let part = self.part(name);
		let bytes: u64 =
			part.bytes + others.iter().map(|other| self.part(other).bytes).sum::<u64>();
		bytes as f64 / part.entries.max(1) as f64
	}

	/// Bytes of a unit from its finalisation until it is pruned: its row, and its part of its stage's and window's.
	pub fn bytes_per_final_unit(&self) -> f64 {
		self.per("Contributions.Units", &["Contributions.Stages", "Contributions.Windows"])
	}

	/// Bytes of a unit in escrow: besides, its place in its provider's queue.
	pub fn bytes_per_unit(&self) -> f64 {
		self.bytes_per_final_unit() + self.per("Contributions.Queue", &[])
	}

	/// Bytes of an open or answered audit.
	pub fn bytes_per_audit(&self) -> f64 {
		self.per("Contributions.Audits", &[])
	}
}
