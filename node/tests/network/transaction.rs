//! Transactions, signed by well-known accounts.

use std::time::{Duration, Instant};

use cairn_runtime::{
	Address, Hash, Nonce, RuntimeCall, Signature, SignedPayload, TxExtension, UncheckedExtrinsic,
	VERSION,
};
use codec::Encode;
use frame_metadata_hash_extension::CheckMetadataHash;
use frame_system::{
	AuthorizeCall, CheckGenesis, CheckMortality, CheckNonZeroSender, CheckNonce, CheckSpecVersion,
	CheckTxVersion, CheckWeight, WeightReclaim,
};
use jsonrpsee::rpc_params;
use pallet_transaction_payment::ChargeTransactionPayment;
use sp_core::Bytes;
use sp_keyring::Sr25519Keyring;
use sp_runtime::{
	generic::Era,
	transaction_validity::{InvalidTransaction, TransactionValidityError},
	ApplyExtrinsicResult,
};
use tokio::time::sleep;

use super::Node;

/// What a full block answers.
const NO_ROOM: TransactionValidityError =
	TransactionValidityError::Invalid(InvalidTransaction::ExhaustsResources);
/// How long a transaction may wait for a block.
const INCLUSION: Duration = Duration::from_secs(60);

impl Node {
	/// Does `call` as `signer`: it succeeds, and the best block contains it.
	pub async fn submit(&self, signer: Sr25519Keyring, call: impl Into<RuntimeCall>) {
		let call = call.into();
		let outcome = self.try_out(signer, call.clone()).await;
		if outcome != Ok(Ok(())) {
			self.fail(&format!("{call:?} would end with {outcome:?}"));
		}
		let nonce = self.nonce(signer).await;
		let transaction = Bytes(self.sign(signer, nonce, call.clone()).await.encode());
		let _: Hash = self.request_as("author_submitExtrinsic", rpc_params![transaction]).await;
		self.wait(&format!("a block with {call:?}"), INCLUSION, || async {
			let head = self.request_as("chain_getBlockHash", rpc_params![]).await;
			let account = signer.to_account_id();
			let next: Nonce = self.ask("AccountNonceApi_account_nonce", account, head).await;
			(next > nonce).then_some(()).ok_or(format!("the next transaction is number {next}"))
		})
		.await
	}

	/// What would become of `call` by `signer` on top of the best block.
	pub async fn try_out(
		&self,
		signer: Sr25519Keyring,
		call: impl Into<RuntimeCall>,
	) -> ApplyExtrinsicResult {
		let nonce = self.nonce(signer).await;
		let transaction = Bytes(self.sign(signer, nonce, call.into()).await.encode());
		let deadline = Instant::now() + INCLUSION;
		loop {
			let request = rpc_params![transaction.clone()];
			let outcome: Bytes = self.request_as("system_dryRun", request).await;
			let outcome: ApplyExtrinsicResult = self.decode("system_dryRun", &outcome);
			// A block that ends a session is full, and a dry run counts what it weighs: another block follows.
			if outcome != Err(NO_ROOM) || Instant::now() > deadline {
				return outcome;
			}
			sleep(Duration::from_secs(1)).await;
		}
	}

	async fn sign(
		&self,
		signer: Sr25519Keyring,
		nonce: Nonce,
		call: RuntimeCall,
	) -> UncheckedExtrinsic {
		let genesis: Hash = self.request_as("chain_getBlockHash", rpc_params![0]).await;
		let extension: TxExtension = (
			AuthorizeCall::new(),
			CheckNonZeroSender::new(),
			CheckSpecVersion::new(),
			CheckTxVersion::new(),
			CheckGenesis::new(),
			CheckMortality::from(Era::Immortal),
			CheckNonce::from(nonce),
			CheckWeight::new(),
			ChargeTransactionPayment::from(0),
			CheckMetadataHash::new(false),
			WeightReclaim::new(),
		);
		// What is signed but not sent; a transaction without an end is bound to the first block.
		let (spec, version) = (VERSION.spec_version, VERSION.transaction_version);
		let implicit = ((), (), spec, version, genesis, genesis, (), (), (), None, ());
		let payload = SignedPayload::from_raw(call, extension, implicit);
		let signature = Signature::Sr25519(payload.using_encoded(|bytes| signer.sign(bytes)));
		let (call, extension, _) = payload.deconstruct();
		let sender = Address::Id(signer.to_account_id());
		UncheckedExtrinsic::new_signed(call, sender, signature, extension)
	}

	/// The number of the next transaction of `signer`, after those in the pool.
	async fn nonce(&self, signer: Sr25519Keyring) -> Nonce {
		let account = signer.to_account_id();
		self.request_as("system_accountNextIndex", rpc_params![account]).await
	}
}
