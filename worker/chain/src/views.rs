//! What the chain knows, in plain types: each question is a method of [`State`].
//!
//! Answers are those of the runtime's view functions and of its API `CairnApi` where they have them, else of its storage.

mod audit;
mod base;
mod channel;
mod clock;
mod dispute;
mod error;
mod lane;
mod model;
mod price;
mod provider;
mod revenue;
mod seat;
mod settling;
mod times;
mod unit;
mod view_function;

use std::fmt::Display;

use cairn_primitives::{BlockNumber, Hash};
use subxt::{
	client::OnlineClientAtBlock, ext::scale_decode::DecodeAsType, runtime_apis, storage,
	utils::AccountId32, view_functions,
};

pub use audit::{Audit, AuditState, AuditTask};
pub use base::Base;
pub use channel::{Channel, Settlement};
pub use clock::{Clock, ClosedWindow, Phase};
pub use dispute::{Game, GamePhase, GamePlace, Range, Side, Standing, Turn};
pub use error::ViewError;
pub use lane::{Lane, Neighbours, Peer};
pub use model::{Checkpoint, Dataset, Model};
pub use price::{Extraction, Floors};
pub use provider::{
	Commitment, Endpoint, Hardware, HardwareClass, Provider, Reputation, Rotation, Unbonding,
};
pub use revenue::{Position, Record};
pub use seat::{Departure, Place};
pub use settling::AttestedWindow;
pub use unit::{Check, Lots, Unit, UnitPhase, VoidReason};

use crate::{AccountId, BlockRef, Config};

/// The chain's state after one block. Clones are cheap; the node forgets states after a while.
#[derive(Clone)]
pub struct State {
	at: OnlineClientAtBlock<Config>,
}

impl State {
	/// The block.
	pub fn block(&self) -> BlockRef {
		BlockRef { height: self.height(), hash: self.at.block_hash() }
	}

	/// Its height.
	pub fn height(&self) -> BlockNumber {
		// The chain's heights have 32 bits.
		self.at.block_number().try_into().unwrap_or(BlockNumber::MAX)
	}

	/// Hash of the chain's first block.
	pub fn genesis(&self) -> Hash {
		self.at.genesis_hash().unwrap_or_default()
	}

	pub(crate) fn new(at: OnlineClientAtBlock<Config>) -> Self {
		Self { at }
	}

	pub(crate) fn client(&self) -> &OnlineClientAtBlock<Config> {
		&self.at
	}

	/// Asks a view function.
	async fn view<P: view_functions::Payload>(
		&self,
		payload: P,
	) -> Result<P::ReturnType, ViewError> {
		let question = format!("{}.{}", payload.pallet_name(), payload.function_name());
		let wrong = |error: &dyn Display| ViewError::new(&question, self.height(), error);
		let functions = self.at.view_functions();
		functions.validate(&payload).map_err(|error| wrong(&error))?;
		let asked = functions.encode_args(&payload).map_err(|error| wrong(&error))?;
		let asked = view_function::question(&asked);
		let answer = functions.call_raw(Some(&asked)).await.map_err(|error| wrong(&error))?;
		let answer = view_function::answer(&answer).map_err(|error| wrong(&error))?;
		let metadata = self.at.metadata_ref();
		let output = metadata
			.pallet_by_name(payload.pallet_name())
			.and_then(|pallet| pallet.view_function_by_name(payload.function_name()))
			.map(|function| function.output_ty())
			.ok_or_else(|| wrong(&"the runtime has no such view function"))?;
		P::ReturnType::decode_as_type(&mut &answer[..], output, metadata.types())
			.map_err(|error| wrong(&error))
	}

	/// Asks a runtime API.
	async fn ask<P: runtime_apis::Payload>(&self, payload: P) -> Result<P::ReturnType, ViewError> {
		let question = format!("{}.{}", payload.trait_name(), payload.method_name());
		let answer = self.at.runtime_apis().call(payload).await;
		answer.map_err(|error| ViewError::new(&question, self.height(), error))
	}

	/// Reads a value from storage, if there is one.
	async fn read<A: storage::Address>(
		&self,
		address: A,
		keys: A::KeyParts,
	) -> Result<Option<A::Value>, ViewError> {
		let question = format!("{}.{}", address.pallet_name(), address.entry_name());
		let wrong = |error: &dyn Display| ViewError::new(&question, self.height(), error);
		let value =
			self.at.storage().try_fetch(address, keys).await.map_err(|error| wrong(&error))?;
		value.map(|value| value.decode()).transpose().map_err(|error| wrong(&error))
	}
}

/// An account as subxt names it.
pub(crate) fn to_chain(account: &AccountId) -> AccountId32 {
	AccountId32(*account.as_ref())
}

/// An account as it is named here.
fn from_chain(account: AccountId32) -> AccountId {
	account.0.into()
}

/// Text that the chain stores as bytes.
fn text(bytes: Vec<u8>) -> String {
	String::from_utf8_lossy(&bytes).into_owned()
}
