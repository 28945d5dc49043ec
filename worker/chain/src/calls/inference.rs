//! Pallet `inference`: payment channels.

use cairn_primitives::{
	voucher::{ChannelId, Price, Voucher},
	Balance, BlockNumber, LaneIndex, ModelId,
};
use subxt::utils::Static;

use super::Call;
use crate::api;

/// Open a channel to a lane, whose vouchers the client's own key signs. The client. The number that it gets is in the event
/// [`ChannelOpened`](crate::events::ChannelOpened).
pub fn open_channel(
	model: ModelId,
	lane: LaneIndex,
	deposit: Balance,
	blocks: BlockNumber,
	max_price: Price,
) -> Call {
	api::tx().inference().open_channel(model, lane, deposit, blocks, None, Static(max_price)).into()
}

/// Add to the deposit of a channel. The client. Have it done [once](crate::Request::once).
pub fn top_up(channel: ChannelId, amount: Balance) -> Call {
	api::tx().inference().top_up(channel, amount).into()
}

/// Prolong the life of a channel. The client. Have it done [once](crate::Request::once).
pub fn extend(channel: ChannelId, blocks: BlockNumber) -> Call {
	api::tx().inference().extend(channel, blocks).into()
}

/// Settle a voucher. The client, or a party to the lane.
pub fn settle(voucher: Voucher) -> Call {
	api::tx().inference().settle(Static(voucher)).into()
}

/// Pay out a channel whose settlement window is over. Anybody.
pub fn close(channel: ChannelId) -> Call {
	api::tx().inference().close(channel).into()
}

/// Take back the deposit of an expired channel. The client.
pub fn force_close(channel: ChannelId) -> Call {
	api::tx().inference().force_close(channel).into()
}
