//! Notes what is minted.

use super::*;

#[storage_alias]
pub type Minted = StorageMap<
	MockShares,
	Twox64Concat,
	(ModelId, AccountId),
	Points,
	frame_support::storage::types::ValueQuery,
>;

pub struct MockShares;

impl Shares for MockShares {
	type AccountId = AccountId;

	fn mint(
		model: ModelId,
		spec: &ModelSpec,
		provider: &AccountId,
		points: Points,
		_: u64,
	) -> Result<Balance, DispatchError> {
		assert_eq!(Specs::get(model).as_ref(), Some(spec), "the spec is the model's");
		if MintFails::get() {
			return Err(DispatchError::Unavailable);
		}
		Minted::mutate((model, provider), |sum| *sum += points);
		Ok(points / 1_000)
	}

	fn deposit(_: ModelId, _: &AccountId, _: Balance) -> DispatchResult {
		Ok(())
	}

	fn supply(_: ModelId) -> Balance {
		0
	}
}
