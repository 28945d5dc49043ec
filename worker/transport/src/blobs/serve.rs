//! Gives blobs to whoever is admitted to them.

use cairn_primitives::Hash;
use iroh::{endpoint::Connection, EndpointId};
use iroh_blobs::{
	protocol::GetRequest,
	provider::{
		events::{AbortReason, EventMask, EventSender, ObserveMode, ProviderMessage, RequestMode},
		handle_connection,
	},
};

use super::{from_store, Blobs};
use crate::{Admission, Admissions, CloseCode};

/// Requests of a connection that may wait to be allowed.
const QUEUE: usize = 16;

/// Ask before every request for a blob; refuse all that is not such a request.
const MASK: EventMask = EventMask {
	get: RequestMode::Intercept,
	get_many: RequestMode::Disabled,
	push: RequestMode::Disabled,
	observe: ObserveMode::Intercept,
	..EventMask::DEFAULT
};

impl Blobs {
	/// Serve a connection until it ends.
	pub(crate) async fn serve(&self, connection: Connection, admissions: &Admissions) {
		let peer = connection.remote_id();
		if !admissions.allow(&peer, Admission::may_fetch) {
			return CloseCode::NotAdmitted.close(&connection);
		}
		admissions.guard(&connection, Admission::may_fetch);
		let (events, mut requests) = EventSender::channel(QUEUE, MASK);
		let answer = async {
			while let Some(message) = requests.recv().await {
				self.answer(peer, message, admissions).await;
			}
		};
		tokio::select! {
			() = handle_connection(connection, self.store.clone(), events) => {},
			() = answer => {},
		}
	}

	async fn answer(&self, peer: EndpointId, message: ProviderMessage, admissions: &Admissions) {
		// That the peer no longer waits for the answer is no matter.
		match message {
			ProviderMessage::GetRequestReceived(message) => {
				let answer = self.allow(peer, &message.inner.request, admissions).await;
				let _ = message.tx.send(answer).await;
			},
			ProviderMessage::ObserveRequestReceived(message) => {
				let _ = message.tx.send(Err(AbortReason::Permission)).await;
			},
			_ => {},
		}
	}

	async fn allow(
		&self,
		peer: EndpointId,
		request: &GetRequest,
		admissions: &Admissions,
	) -> Result<(), AbortReason> {
		let hash = from_store(request.hash);
		// A sequence of hashes would give what the peer is not admitted to.
		if request.ranges.is_blob() && self.may_have(&admissions.get(&peer), hash).await {
			return Ok(());
		}
		tracing::debug!(peer = %peer.fmt_short(), ?hash, "refused a blob");
		Err(AbortReason::Permission)
	}

	async fn may_have(&self, admission: &Admission, hash: Hash) -> bool {
		if admission.blobs.contains(&hash) {
			return true;
		}
		for shelf in &admission.shelves {
			if self.lies_on(shelf, hash).await {
				return true;
			}
		}
		false
	}
}
