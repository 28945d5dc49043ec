//! Who serves: lane `r` consists of the seats with index `r` of every stage.

use alloc::vec::Vec;

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

	/// Who sits in a lane in which nobody is missing.
	pub(crate) fn seated(
		model: ModelId,
		lane: LaneIndex,
	) -> Result<Lane<AccountIdOf<T>>, Error<T>> {
		let spec = Self::spec(model)?;
		ensure!(lane < spec.lanes, Error::NoSuchLane);
		let seats: Option<Vec<_>> = Self::seats(model, lane, spec.stages.len()).collect();
		// A spec has no more stages than a lane.
		Ok(Lane::truncate_from(seats.ok_or(Error::LaneVacant)?))
	}

	/// Who is paid for each stage of a lane: whoever sits there now, or who was hired where nobody does.
	pub(crate) fn serving(
		model: ModelId,
		lane: LaneIndex,
		hired: &Lane<AccountIdOf<T>>,
	) -> Lane<AccountIdOf<T>> {
		let seats = Self::seats(model, lane, hired.len());
		let served = seats.zip(hired).map(|(now, hired)| now.unwrap_or_else(|| hired.clone()));
		Lane::truncate_from(served.collect()) // as many as were hired
	}

	/// The party to a channel that a signer is or works for: the client, one who was hired, or one who is paid.
	pub(crate) fn party(
		who: AccountIdOf<T>,
		channel: &Channel<AccountIdOf<T>>,
		hired: &Lane<AccountIdOf<T>>,
		served: &Lane<AccountIdOf<T>>,
	) -> Result<AccountIdOf<T>, Error<T>> {
		let serves = |who: &AccountIdOf<T>| hired.contains(who) || served.contains(who);
		if who == channel.client || serves(&who) {
			return Ok(who);
		}
		T::Providers::provider_of(&who).filter(serves).ok_or(Error::NotParty)
	}

	/// Who sits now on the lane's seat of each of the first `stages` stages.
	fn seats(
		model: ModelId,
		lane: LaneIndex,
		stages: usize,
	) -> impl Iterator<Item = Option<AccountIdOf<T>>> {
		(0..StageIndex::MAX).take(stages).map(move |stage| {
			let roster = T::Seats::roster(model, stage)?;
			roster.seats.get(usize::from(lane))?.clone()
		})
	}
}
