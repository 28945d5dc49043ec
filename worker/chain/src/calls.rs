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

use subxt::{
	client::OnlineClientAtBlockImpl,
	config::DefaultExtrinsicParams,
	error::ExtrinsicError,
	ext::scale_encode::EncodeAsFields,
	tx::{StaticPayload, TransactionsClient},
};

use crate::{Config, Key};

type Transactions = TransactionsClient<Config, OnlineClientAtBlockImpl<Config>>;

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
	) -> Result<Vec<u8>, ExtrinsicError>;
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
		self.0.sign(transactions, key, params)
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
	) -> Result<Vec<u8>, ExtrinsicError> {
		// What wallets sign, too: transactions of version 4, whose signature is outside of the extensions.
		let mut signable = transactions.create_v4_signable_offline(self, params)?;
		Ok(signable.sign(key)?.into_encoded())
	}
}
