//! What final blocks tell about the submitter's transactions.

use cairn_primitives::Hash;
use subxt::{
	config::{substrate::BlakeTwo256, Hasher as _},
	extrinsics::ExtrinsicEvents,
	tx::Signer,
};

use super::{Driver, Inclusion};
use crate::{
	submitter::{
		machine::FinalBlock,
		outcome::{Failure, Included, Stopped},
	},
	views::{State, ViewError},
	walk::WalkError,
	BlockRef, Config, Refusal,
};

impl Driver {
	/// Reads a final block, and tells the machine if it is the newest: to sign on top of old ones would be in vain.
	pub(super) async fn read(&mut self, block: BlockRef) -> Result<(), Stopped> {
		loop {
			match self.try_read(&block).await {
				Ok(()) => return Ok(()),
				Err(ViewError::Incompatible(error)) => return Err(error.into()),
				Err(error) => {
					tracing::debug!("block {} is not read: {error}", block.height);
					self.connection.mend().await.map_err(WalkError::from)?;
				},
			}
		}
	}

	async fn try_read(&mut self, block: &BlockRef) -> Result<(), ViewError> {
		let found = match self.connection.link().state(block).await {
			Ok(state) => self.found_in(block, &state).await?,
			Err(ViewError::Forgotten { .. }) => self.found_without_state(block).await?,
			Err(error) => return Err(error),
		};
		self.found.extend(found);
		if self.walk.is_at_head() {
			self.tell(block).await?;
		}
		Ok(())
	}

	/// Our transactions in a block, with what became of them.
	async fn found_in(
		&mut self,
		block: &BlockRef,
		state: &State,
	) -> Result<Vec<(Hash, Inclusion)>, ViewError> {
		let at = state.client();
		let unread = |error: &dyn std::fmt::Display| {
			ViewError::new("the account's transactions", block.height, error)
		};
		let account = Signer::<Config>::account_id(&self.key);
		let nonce = at.tx().account_nonce(&account).await.map_err(|error| unread(&error))?;
		let mut found = Vec::new();
		if self.nonce.is_some_and(|known| known != nonce) {
			let link = self.connection.link();
			let body = link.body(block.hash).await.map_err(|error| unread(&error))?;
			let extrinsics = at.extrinsics().from_bytes(body).await;
			for extrinsic in extrinsics.iter() {
				let extrinsic = extrinsic.map_err(|error| unread(&error))?;
				if self.machine.knows(&extrinsic.hash()) {
					let events = extrinsic.events().await.map_err(|error| unread(&error))?;
					found.push((extrinsic.hash(), inclusion(*block, events, state)));
				}
			}
		}
		self.nonce = Some(nonce);
		self.head = Some((*block, state.clone()));
		Ok(found)
	}

	/// Our transactions in a block whose state the node has forgotten: nobody knows what became of them.
	async fn found_without_state(
		&mut self,
		block: &BlockRef,
	) -> Result<Vec<(Hash, Inclusion)>, ViewError> {
		let body = self.connection.link().body(block.hash).await;
		let body = body.map_err(|error| ViewError::new("a block", block.height, error))?;
		let hashes = body.iter().map(|bytes| BlakeTwo256.hash(bytes));
		let own = hashes.filter(|hash| self.machine.knows(hash));
		Ok(own.map(|hash| (hash, Err(Failure::Unknown { block: *block }))).collect())
	}

	/// Tells the machine where the chain is.
	async fn tell(&mut self, block: &BlockRef) -> Result<(), ViewError> {
		let account = Signer::<Config>::account_id(&self.key);
		let link = self.connection.link();
		let pool_nonce = link.rpc().system_account_next_index(&account).await;
		let pool_nonce = pool_nonce
			.map_err(|error| ViewError::new("the account's next nonce", block.height, error))?;
		self.machine.block(FinalBlock {
			height: block.height,
			nonce: self.nonce.unwrap_or_default(),
			pool_nonce,
			included: std::mem::take(&mut self.found),
		});
		Ok(())
	}
}

/// What became of a transaction, by its events.
fn inclusion(block: BlockRef, events: ExtrinsicEvents<Config>, state: &State) -> Inclusion {
	let failed = events
		.iter()
		.filter_map(Result::ok)
		.find(|event| event.pallet_name() == "System" && event.event_name() == "ExtrinsicFailed");
	match failed {
		Some(event) => Err(Refusal::decode(event.field_bytes(), state.client().metadata()).into()),
		None => Ok(Included { block, events }),
	}
}
