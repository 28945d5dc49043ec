//! Calls, one function each, named and grouped as on chain.
//!
//! Each says who signs it. What a call does, costs and can be refused for is in the README of its pallet.

pub mod balances;
pub mod contributions;
pub mod disputes;
pub mod inference;
pub mod models;
pub mod revenue;
pub mod shards;
pub mod system;
pub mod workers;

use std::{fmt, sync::Arc};

use cairn_primitives::Balance;
use subxt::{
	client::OnlineClientAtBlockImpl,
	config::{DefaultExtrinsicParams, DefaultExtrinsicParamsBuilder},
	error::ExtrinsicError,
	ext::scale_encode::EncodeAsFields,
	tx::{StaticPayload, SubmittableTransaction, TransactionsClient},
};

use crate::{Config, Key, State, ViewError};

type Transactions = TransactionsClient<Config, OnlineClientAtBlockImpl<Config>>;
type Transaction = SubmittableTransaction<Config, OnlineClientAtBlockImpl<Config>>;

/// A call that can be signed.
#[derive(Clone)]
pub struct Call(Arc<dyn Sign>);

trait Sign: Send + Sync {
	fn name(&self) -> String;

	fn sign(
		&self,
		transactions: &Transactions,
		key: &Key,
		params: DefaultExtrinsicParams<Config>,
	) -> Result<Transaction, ExtrinsicError>;
}

impl Call {
	/// The call's name, such as `shards.enlist`.
	pub fn name(&self) -> String {
		self.0.name()
	}

	/// The bytes of a transaction.
	pub(crate) fn sign(
		&self,
		transactions: &Transactions,
		key: &Key,
		params: DefaultExtrinsicParams<Config>,
	) -> Result<Vec<u8>, ExtrinsicError> {
		Ok(self.0.sign(transactions, key, params)?.into_encoded())
	}

	/// What the chain would take for it now, without a tip. Calls whose fee is returned cost it all the same until they are done.
	pub async fn fee(&self, state: &State, key: &Key) -> Result<Balance, ViewError> {
		let wrong =
			|error: ExtrinsicError| ViewError::new("the fee of a call", state.height(), error);
		// Neither the nonce nor how long it lives changes the fee.
		let params = DefaultExtrinsicParamsBuilder::new().nonce(0).build();
		let signed = self.0.sign(&state.client().tx(), key, params).map_err(wrong)?;
		signed.partial_fee_estimate().await.map_err(wrong)
	}
}

impl fmt::Debug for Call {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str(&self.name())
	}
}

impl<Data: EncodeAsFields + Send + Sync + 'static> From<StaticPayload<Data>> for Call {
	fn from(payload: StaticPayload<Data>) -> Self {
		Self(Arc::new(payload))
	}
}

impl<Data: EncodeAsFields + Send + Sync> Sign for StaticPayload<Data> {
	fn name(&self) -> String {
		format!("{}.{}", self.pallet_name().to_lowercase(), self.call_name())
	}

	fn sign(
		&self,
		transactions: &Transactions,
		key: &Key,
		params: DefaultExtrinsicParams<Config>,
	) -> Result<Transaction, ExtrinsicError> {
		// What wallets sign, too: transactions of version 4, whose signature is outside of the extensions.
		let mut signable = transactions.create_v4_signable_offline(self, params)?;
		signable.sign(key)
	}
}
