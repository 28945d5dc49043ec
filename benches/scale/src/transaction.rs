//! Transactions as wallets and workers sign them.

use cairn_runtime::{Hash, Runtime, RuntimeCall, SignedPayload, UncheckedExtrinsic, VERSION};
use codec::Encode;
use frame_metadata_hash_extension::CheckMetadataHash;
use frame_system::{
	AuthorizeCall, CheckGenesis, CheckMortality, CheckNonZeroSender, CheckNonce, CheckSpecVersion,
	CheckTxVersion, CheckWeight, WeightReclaim,
};
use pallet_transaction_payment::ChargeTransactionPayment;
use sp_core::{sr25519, Pair};
use sp_runtime::{generic::Era, AccountId32};

/// A signed transaction, encoded.
pub fn signed(call: RuntimeCall, signer: &sr25519::Pair, nonce: u32, genesis: Hash) -> Vec<u8> {
	let extension = (
		AuthorizeCall::<Runtime>::new(),
		CheckNonZeroSender::<Runtime>::new(),
		CheckSpecVersion::<Runtime>::new(),
		CheckTxVersion::<Runtime>::new(),
		CheckGenesis::<Runtime>::new(),
		CheckMortality::<Runtime>::from(Era::Immortal),
		CheckNonce::<Runtime>::from(nonce),
		CheckWeight::<Runtime>::new(),
		ChargeTransactionPayment::<Runtime>::from(0),
		CheckMetadataHash::<Runtime>::new(false),
		WeightReclaim::<Runtime>::new(),
	);
	let (spec, transaction) = (VERSION.spec_version, VERSION.transaction_version);
	let implied = ((), (), spec, transaction, genesis, genesis, (), (), (), None, ());
	let payload = SignedPayload::from_raw(call, extension, implied);
	let signature = payload.using_encoded(|bytes| signer.sign(bytes));
	let (call, extension, _) = payload.deconstruct();
	let account = AccountId32::from(signer.public());
	UncheckedExtrinsic::new_signed(call, account.into(), signature.into(), extension).encode()
}

/// A transaction that nobody signs, encoded.
pub fn bare(call: RuntimeCall) -> Vec<u8> {
	UncheckedExtrinsic::new_bare(call).encode()
}
