//! The times of the protocol, which governance can change.

use std::time::Duration;

use cairn_primitives::BlockNumber;

use super::{State, ViewError};
use crate::api::{
	self,
	runtime_types::cairn_runtime::parameters::{
		dynamic::protocol::{BeaconDelay, ParametersKey, ParametersValue, RetentionWindows},
		RuntimeParametersKey, RuntimeParametersValue,
	},
};

/// As long as a public network waits: whoever waits too long does no harm.
const LONGEST: BlockNumber = 20;
/// As many as a public network asks for.
const RETENTION: u32 = 1;

impl State {
	/// When the block was made, by its author's clock: since 1970. The first block was made at no time.
	pub async fn made_at(&self) -> Result<Option<Duration>, ViewError> {
		let made_at = self.read(api::storage().timestamp().now(), ()).await?;
		Ok(made_at.map(Duration::from_millis))
	}

	/// Blocks between a commitment and the randomness that judges it.
	pub async fn beacon_delay(&self) -> Result<BlockNumber, ViewError> {
		Ok(match self.parameter(ParametersKey::BeaconDelay(BeaconDelay)).await? {
			Some(ParametersValue::BeaconDelay(delay)) => delay,
			_ => LONGEST,
		})
	}

	/// Windows behind the lots for which what units were computed from has to be kept, even if no lot fell on them.
	pub async fn retention_windows(&self) -> Result<u32, ViewError> {
		Ok(match self.parameter(ParametersKey::RetentionWindows(RetentionWindows)).await? {
			Some(ParametersValue::RetentionWindows(windows)) => windows,
			_ => RETENTION,
		})
	}

	/// A parameter that governance has set, or the chain began with.
	async fn parameter(&self, key: ParametersKey) -> Result<Option<ParametersValue>, ViewError> {
		let key = RuntimeParametersKey::Protocol(key);
		let value = self.read(api::storage().parameters().parameters(), (key,)).await?;
		Ok(value.map(|RuntimeParametersValue::Protocol(value)| value))
	}
}
