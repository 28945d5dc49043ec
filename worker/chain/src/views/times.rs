//! The times of the protocol, which governance can change.

use cairn_primitives::BlockNumber;

use super::{State, ViewError};
use crate::api::{
	self,
	runtime_types::cairn_runtime::parameters::{
		dynamic::protocol::{BeaconDelay, ParametersKey, ParametersValue},
		RuntimeParametersKey, RuntimeParametersValue,
	},
};

/// As long as a public network waits: whoever waits too long does no harm.
const LONGEST: BlockNumber = 20;

impl State {
	/// Blocks between a commitment and the randomness that judges it.
	pub async fn beacon_delay(&self) -> Result<BlockNumber, ViewError> {
		let key = RuntimeParametersKey::Protocol(ParametersKey::BeaconDelay(BeaconDelay));
		let value = self.read(api::storage().parameters().parameters(), (key,)).await?;
		Ok(match value {
			Some(RuntimeParametersValue::Protocol(ParametersValue::BeaconDelay(delay))) => delay,
			_ => LONGEST,
		})
	}
}
