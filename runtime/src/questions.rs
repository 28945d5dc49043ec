//! What people ask the chain: one runtime API, which wallets show under *Developer → Runtime calls* (`api.call.cairnApi` in
//! polkadot.js).
//!
//! Each answer is that of a pallet's view function. Those are in the metadata too (version 16), but polkadot.js does not call
//! view functions. A call costs nothing and changes nothing: the node that is asked works it out in its newest block.
//!
//! Every answer is bounded by what the pallets store: at most 256 positions, 16 lanes of 64 providers, the audits and games
//! that are open.

use alloc::vec::Vec;
use cairn_primitives::{
	dispute::Merged, voucher::ChannelId, LaneIndex, ModelId, ModelSpec, Points, StageIndex, UnitId,
	Window, WindowIndex,
};
use frame_support::{traits::ConstU32, BoundedVec};
use pallet_contributions::AuditTask;
use pallet_disputes::Standing as Game;
use pallet_models::ModelMetadata;
use pallet_revenue::{Position, MAX_PORTFOLIO};
use pallet_shards::{ExtractionPrice, Lane, Place};
use pallet_validators::Standing as Candidacy;

use crate::{AccountId, Balance, BlockNumber, Hash};

/// Models about which a holder asks at once.
pub type Portfolio = BoundedVec<ModelId, ConstU32<MAX_PORTFOLIO>>;

sp_api::decl_runtime_apis! {
	/// What share holders, clients, researchers, providers and validators ask.
	pub trait CairnApi {
		/// Share holder: what an account can claim of a model now.
		fn claimable(model: ModelId, who: AccountId) -> Balance;

		/// Share holder: the shares of some models, at most 256, and what can be claimed of them. Models that owe the account
		/// nothing are left out.
		fn positions(who: AccountId, models: Portfolio) -> Vec<Position>;

		/// Client: what a request costs at a model's price of now; none if it has no price.
		fn quote(model: ModelId, prompt_tokens: u64, completion_tokens: u64) -> Option<Balance>;

		/// Client: the open channel of an account to a lane of a model.
		fn channel_of(client: AccountId, model: ModelId, lane: LaneIndex) -> Option<ChannelId>;

		/// Client: the 32 bytes to sign as a promise of `amount` in all, as they are or as a wallet wraps them
		/// (`<Bytes>…</Bytes>`).
		fn voucher_message(channel: ChannelId, amount: Balance, window: WindowIndex) -> Hash;

		/// Researcher: what is held for the proposal of a spec.
		fn proposal_deposit(spec: ModelSpec, metadata: ModelMetadata) -> Balance;

		/// Researcher: the bond that a model of this spec asks of each provider. A fork asks what its parents ask, if that is
		/// more.
		fn bond_for(spec: ModelSpec) -> Balance;

		/// Everyone: what it costs to collect all shards of a model with fresh identities.
		fn extraction_price(model: ModelId) -> Option<ExtractionPrice>;

		/// Provider: the bond that a model asks.
		fn required_bond(model: ModelId) -> Option<Balance>;

		/// Provider: where it stands in a model.
		fn seat_of(model: ModelId, provider: AccountId) -> Option<Place>;

		/// Provider: the running window of a model.
		fn window(model: ModelId) -> Option<Window>;

		/// Provider: who works in which lane in the running window.
		fn lanes(model: ModelId) -> Vec<Lane<AccountId>>;

		/// Provider: the units that it has to re-execute, the most urgent first.
		fn audit_tasks(provider: AccountId) -> Vec<AuditTask>;

		/// Provider: what the merge after a window takes in at a stage, lanes ascending.
		fn merge_set(model: ModelId, window: WindowIndex, stage: StageIndex) -> Vec<Merged>;

		/// Provider: what a challenge of a unit has to put up now.
		fn challenge_bond(unit: UnitId) -> Option<Balance>;

		/// Provider: what a suspicion of a lane has to put up, if there is anything left to audit.
		fn suspicion_bond(model: ModelId, window: WindowIndex, lane: LaneIndex) -> Option<Balance>;

		/// Provider: its points in a model that are not final.
		fn escrow(provider: AccountId, model: ModelId) -> Points;

		/// Provider: its open games, on either side, and whose move it is.
		fn my_games(provider: AccountId) -> Vec<Game<AccountId>>;

		/// Validator: the bond of an account, whether it waits, validates or left, and when its bond unlocks.
		fn candidate(who: AccountId) -> Option<Candidacy<Balance, BlockNumber>>;
	}
}
