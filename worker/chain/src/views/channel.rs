//! Payment channels.

use cairn_primitives::{
	voucher::{ChannelId, Price},
	Balance, BlockNumber, LaneIndex, ModelId, WindowIndex,
};
use subxt::utils::AccountId32;

use super::{from_chain, to_chain, State, ViewError};
use crate::{
	api::{self, runtime_types::pallet_inference::types},
	AccountId,
};

/// A payment channel between a client and a serving lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Channel {
	/// Who pays.
	pub client: AccountId,
	/// The account whose key signs vouchers.
	pub signer: AccountId,
	/// The model that is used.
	pub model: ModelId,
	/// The lane that serves.
	pub lane: LaneIndex,
	/// What is held from the client.
	pub deposit: Balance,
	/// What a million tokens cost, as of the opening.
	pub price: Price,
	/// The first block in which it is expired.
	pub expires: BlockNumber,
	/// Its end, once that began.
	pub settlement: Option<Settlement>,
}

/// The best voucher of a channel so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settlement {
	/// What the channel will pay.
	pub best: Balance,
	/// The window that the voucher names.
	pub window: WindowIndex,
	/// Who brought it: the client, or the provider of a seat.
	pub by: AccountId,
	/// The first block in which the channel can be closed.
	pub closes: BlockNumber,
}

impl State {
	/// A channel that is not closed.
	pub async fn channel(&self, channel: ChannelId) -> Result<Option<Channel>, ViewError> {
		let found = self.view(api::view_functions().inference().channel(channel)).await?;
		Ok(found.map(Channel::from))
	}

	/// The open channel of a client to a lane of a model.
	pub async fn channel_of(
		&self,
		client: &AccountId,
		model: ModelId,
		lane: LaneIndex,
	) -> Result<Option<ChannelId>, ViewError> {
		let client = to_chain(client);
		self.view(api::view_functions().inference().open_channel_of(client, model, lane)).await
	}

	/// What a request costs at a model's price of now; none if it has no price.
	pub async fn quote(
		&self,
		model: ModelId,
		prompt_tokens: u64,
		completion_tokens: u64,
	) -> Result<Option<Balance>, ViewError> {
		let asked =
			api::view_functions().inference().quote(model, prompt_tokens, completion_tokens);
		self.view(asked).await
	}
}

impl From<types::Channel<AccountId32>> for Channel {
	fn from(channel: types::Channel<AccountId32>) -> Self {
		Self {
			client: from_chain(channel.client),
			signer: from_chain(channel.signer),
			model: channel.model,
			lane: channel.lane,
			deposit: channel.deposit,
			price: channel.price.0,
			expires: channel.expires,
			settlement: channel.settlement.map(Settlement::from),
		}
	}
}

impl From<types::Settlement<AccountId32>> for Settlement {
	fn from(settlement: types::Settlement<AccountId32>) -> Self {
		Self {
			best: settlement.best,
			window: settlement.window,
			by: from_chain(settlement.by),
			closes: settlement.closes,
		}
	}
}
