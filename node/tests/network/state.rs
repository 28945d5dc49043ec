//! What a node knows about the chain, in the runtime's own types.

use cairn_runtime::{AccountId, Balance, BlockNumber, Hash, Header, Runtime, RuntimeHoldReason};
use codec::{Decode, Encode};
use frame_support::traits::tokens::IdAmount;
use jsonrpsee::rpc_params;
use pallet_validators::{HoldReason, Status};
use sp_consensus_babe::{digests::CompatibleDigestItem, AuthorityId, Epoch};
use sp_consensus_grandpa::AuthorityList;
use sp_core::Bytes;
use sp_runtime::traits::Header as _;

use super::Node;

impl Node {
	/// The validators of the session of the newest final block.
	pub async fn validators(&self) -> Vec<AccountId> {
		self.storage(pallet_session::Validators::<Runtime>::hashed_key()).await.unwrap_or_default()
	}

	/// The voters that follow the newest final block.
	pub async fn voters(&self) -> AuthorityList {
		let head = self.final_hash().await;
		self.ask("GrandpaApi_grandpa_authorities", (), head).await
	}

	/// The bond of an account and where its candidacy stands, in the newest final block.
	pub async fn candidacy(&self, account: &AccountId) -> Option<(Balance, Status<BlockNumber>)> {
		let key = pallet_validators::Candidates::<Runtime>::hashed_key_for(account);
		let candidacy: pallet_validators::CandidacyOf<Runtime> = self.storage(key).await?;
		Some((candidacy.bond, candidacy.status))
	}

	/// What is held of an account as its bond, in the newest final block.
	pub async fn held_bond(&self, account: &AccountId) -> Balance {
		let key = pallet_balances::Holds::<Runtime>::hashed_key_for(account);
		let reason = RuntimeHoldReason::Validators(HoldReason::ValidatorBond);
		// The bound that the runtime puts to their number plays no role in the encoding.
		let holds: Vec<IdAmount<RuntimeHoldReason, Balance>> =
			self.storage(key).await.unwrap_or_default();
		holds.iter().find(|hold| hold.id == reason).map_or(0, |hold| hold.amount)
	}

	/// The session key with which the best block was made.
	pub async fn author(&self) -> AuthorityId {
		let header: Header = self.request_as("chain_getHeader", rpc_params![]).await;
		let claim = header.digest().logs().iter().find_map(|log| log.as_babe_pre_digest());
		let claim = claim.unwrap_or_else(|| self.fail("a block says not who made it"));
		let epoch: Epoch = self.ask("BabeApi_current_epoch", (), header.hash()).await;
		epoch.authorities[claim.authority_index() as usize].0.clone()
	}

	/// What the runtime API `function` answers in the state of a block.
	pub(super) async fn ask<T: Decode>(
		&self,
		function: &str,
		arguments: impl Encode,
		block: Hash,
	) -> T {
		let params = rpc_params![function, Bytes(arguments.encode()), block];
		let answer: Bytes = self.request_as("state_call", params).await;
		self.decode(function, &answer)
	}

	/// Makes sense of the bytes that the node answered a question with.
	pub(super) fn decode<T: Decode>(&self, question: &str, mut bytes: &[u8]) -> T {
		T::decode(&mut bytes)
			.unwrap_or_else(|error| self.fail(&format!("no answer to {question}: {error}")))
	}

	/// What is stored under `key` in the state of the newest final block.
	async fn storage<T: Decode>(&self, key: impl Into<Vec<u8>>) -> Option<T> {
		let arguments = rpc_params![Bytes(key.into()), self.final_hash().await];
		let value: Option<Bytes> = self.request_as("state_getStorage", arguments).await;
		value.map(|value| self.decode("state_getStorage", &value))
	}

	async fn final_hash(&self) -> Hash {
		self.request_as("chain_getFinalizedHead", rpc_params![]).await
	}
}
