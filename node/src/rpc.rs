//! The JSON-RPC interfaces on top of those every node has.
//!
//! State of the chain is read through runtime APIs and view functions (`state_call`), so nothing
//! here is specific to Cairn. Methods that a stranger must not call check that themselves.

use std::sync::Arc;

use cairn_runtime::{Block, BlockNumber, Hash};
use jsonrpsee::{core::RegisterMethodError, RpcModule};
use pallet_transaction_payment_rpc::{TransactionPayment, TransactionPaymentApiServer};
use sc_consensus_babe::BabeWorkerHandle;
use sc_consensus_babe_rpc::{Babe, BabeApiServer};
use sc_consensus_grandpa::{
	FinalityProofProvider, GrandpaJustificationStream, SharedAuthoritySet, SharedVoterState,
};
use sc_consensus_grandpa_rpc::{Grandpa, GrandpaApiServer};
use sc_rpc::SubscriptionTaskExecutor;
use sp_keystore::KeystorePtr;
use substrate_frame_rpc_system::{System, SystemApiServer};

use crate::service::{FullBackend, FullClient, FullPool, FullSelectChain};

/// What the interfaces need of the node.
#[derive(Clone)]
pub struct Deps {
	/// The client.
	pub client: Arc<FullClient>,
	/// The transaction pool.
	pub pool: Arc<FullPool>,
	/// The rule that picks the best chain.
	pub select_chain: FullSelectChain,
	/// The node's keys.
	pub keystore: KeystorePtr,
	/// Answers questions about epochs.
	pub babe_worker: BabeWorkerHandle<Block>,
	/// State of the finality vote.
	pub voter_state: SharedVoterState,
	/// The finality voters.
	pub authority_set: SharedAuthoritySet<Hash, BlockNumber>,
	/// Justifications as they come.
	pub justifications: GrandpaJustificationStream<Block>,
	/// Proves finality of old blocks.
	pub finality_proofs: Arc<FinalityProofProvider<FullBackend, Block>>,
}

/// Builds the interfaces; `executor` runs their subscriptions.
pub fn create(
	deps: Deps,
	executor: SubscriptionTaskExecutor,
) -> Result<RpcModule<()>, RegisterMethodError> {
	let Deps { client, pool, select_chain, keystore, babe_worker, .. } = deps;
	let mut module = RpcModule::new(());
	module.merge(System::new(client.clone(), pool).into_rpc())?;
	module.merge(TransactionPayment::new(client.clone()).into_rpc())?;
	module.merge(Babe::new(client, babe_worker, keystore, select_chain).into_rpc())?;
	module.merge(
		Grandpa::new(
			executor,
			deps.authority_set,
			deps.voter_state,
			deps.justifications,
			deps.finality_proofs,
		)
		.into_rpc(),
	)?;
	Ok(module)
}
