//! Who serves: lane `r` consists of the seats with index `r` of every stage.

use cairn_primitives::{
	traits::{Models, Providers, Seats},
	LaneIndex, ModelId, ModelSpec, StageIndex,
};
use frame_support::ensure;

use crate::{AccountIdOf, Channel, Config, Error, Lane, Pallet};

impl<T: Config> Pallet<T> {
	pub(crate) fn spec(model: ModelId) -> Result<ModelSpec, Error<T>> {
		T::Models::spec(model).ok_or(Error::UnknownModel)
	}

	/// Who sits in a lane now.
	pub(crate) fn lane(model: ModelId, spec: &ModelSpec, lane: LaneIndex) -> Lane<AccountIdOf<T>> {
		let seat = |stage| {
			let roster = T::Seats::roster(model, stage)?;
			roster.seats.get(usize::from(lane))?.clone()
		};
		let stages = (0..StageIndex::MAX).take_while(|stage| spec.has_stage(*stage));
		Lane::truncate_from(stages.map(seat).collect()) // a spec has no more stages than a lane
	}

	/// The party to a channel that a signer is or works for: the client, or the provider of one of `seats`.
	pub(crate) fn party(
		who: AccountIdOf<T>,
		channel: &Channel<AccountIdOf<T>>,
		seats: &Lane<AccountIdOf<T>>,
	) -> Result<AccountIdOf<T>, Error<T>> {
		if who == channel.client {
			return Ok(who);
		}
		let provider = T::Providers::provider_of(&who).unwrap_or(who);
		ensure!(seats.iter().flatten().any(|seat| *seat == provider), Error::NotParty);
		Ok(provider)
	}
}
