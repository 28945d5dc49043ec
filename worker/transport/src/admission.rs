//! Who may do what, now.
//!
//! Endpoint ids prove who a peer is; [`Admissions`] says what for. The daemon keeps the table from what the chain says: a
//! neighbour in a lane is admitted to one edge of one window, a stage peer to the shelf of a merge, an auditor to the hashes
//! that it audits. Whoever is not in the table is refused when it connects; a connection whose admission is withdrawn is
//! closed.

use std::{
	collections::{BTreeSet, HashMap},
	sync::Arc,
};

use cairn_primitives::{signing::Edge, Hash};
use iroh::{endpoint::Connection, EndpointId};
use tokio::sync::watch;

use crate::{CloseCode, Shelf};

/// What one peer may do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Admission {
	/// Edges at whose other end it sits.
	pub edges: BTreeSet<Edge>,
	/// Shelves of which it may fetch every blob.
	pub shelves: BTreeSet<Shelf>,
	/// Blobs that it may fetch, wherever they are kept.
	pub blobs: BTreeSet<Hash>,
	/// Whether it may ask questions, as may everybody who may do anything else.
	pub asks: bool,
}

impl Admission {
	/// Whether there is nothing that the peer may do.
	pub fn is_empty(&self) -> bool {
		self.edges.is_empty() && !self.may_fetch() && !self.asks
	}

	/// Whether there is anything that the peer may fetch.
	pub(crate) fn may_fetch(&self) -> bool {
		!self.shelves.is_empty() || !self.blobs.is_empty()
	}
}

/// The table of all admissions. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Admissions(Arc<watch::Sender<HashMap<EndpointId, Admission>>>);

impl Admissions {
	/// An empty table: nobody may do anything.
	pub fn new() -> Self {
		Self::default()
	}

	/// What a peer may do.
	pub fn get(&self, peer: &EndpointId) -> Admission {
		self.0.borrow().get(peer).cloned().unwrap_or_default()
	}

	/// Admit a peer to an edge.
	pub fn admit_to_edge(&self, peer: EndpointId, edge: Edge) {
		self.change(peer, |admission| admission.edges.extend([edge]));
	}

	/// Admit a peer to every blob on a shelf, those that are put there later, too.
	pub fn admit_to_shelf(&self, peer: EndpointId, shelf: Shelf) {
		self.change(peer, |admission| admission.shelves.extend([shelf]));
	}

	/// Admit a peer to a blob.
	pub fn admit_to_blob(&self, peer: EndpointId, hash: Hash) {
		self.change(peer, |admission| admission.blobs.extend([hash]));
	}

	/// Admit a peer to asking questions, where it may do nothing else.
	pub fn admit_to_ask(&self, peer: EndpointId) {
		self.change(peer, |admission| admission.asks = true);
	}

	/// Change what a peer may do.
	pub fn change(&self, peer: EndpointId, change: impl FnOnce(&mut Admission)) {
		self.0.send_modify(|table| {
			let admission = table.entry(peer).or_default();
			change(admission);
			if admission.is_empty() {
				table.remove(&peer);
			}
		});
	}

	/// Replace the whole table, as when a window begins.
	pub fn replace(&self, table: impl IntoIterator<Item = (EndpointId, Admission)>) {
		self.0.send_replace(table.into_iter().collect());
	}

	/// Whether a peer may do `what`.
	pub(crate) fn allow(&self, peer: &EndpointId, what: impl Fn(&Admission) -> bool) -> bool {
		self.0.borrow().get(peer).is_some_and(what)
	}

	/// Close a connection as soon as its peer may no longer do `what`.
	pub(crate) fn guard(
		&self,
		connection: &Connection,
		what: impl Fn(&Admission) -> bool + Send + Sync + 'static,
	) {
		let peer = connection.remote_id();
		let mut table = self.0.subscribe();
		// Weak: a guard does not keep alive what it guards.
		let weak = connection.weak_handle();
		let closed = weak.closed();
		tokio::spawn(async move {
			let withdrawn = async {
				// Fails when the table is dropped, with whoever could admit anyone.
				let _ = table.wait_for(|table| !table.get(&peer).is_some_and(&what)).await;
			};
			tokio::select! {
				_ = closed => {},
				() = withdrawn => {
					if let Some(connection) = weak.upgrade() {
						tracing::debug!(peer = %peer.fmt_short(), "admission ended");
						CloseCode::AdmissionEnded.close(&connection);
					}
				},
			}
		});
	}
}

#[cfg(test)]
mod tests {
	use iroh::SecretKey;

	use super::*;

	fn edge(upper: u8) -> Edge {
		Edge { model: 1, window: 2, lane: 3, upper }
	}

	#[test]
	fn a_peer_may_do_what_its_admission_says_until_it_is_changed() {
		let admissions = Admissions::new();
		let peer = SecretKey::from_bytes(&[7; 32]).public();
		let may_cross = |upper| admissions.allow(&peer, |a| a.edges.contains(&edge(upper)));
		assert!(!may_cross(0));

		admissions.admit_to_edge(peer, edge(0));
		assert!(may_cross(0));
		assert!(!may_cross(1));
		assert!(!admissions.get(&peer).may_fetch());

		admissions.replace([]);
		assert!(!may_cross(0));
		assert!(admissions.get(&peer).is_empty());
	}
}
