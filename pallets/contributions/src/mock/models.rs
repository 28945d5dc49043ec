//! The registry of models.

use super::*;

#[storage_alias]
pub type Specs = StorageMap<MockModels, Twox64Concat, ModelId, ModelSpec>;
#[storage_alias]
pub type Infos = StorageMap<MockModels, Twox64Concat, ModelId, ModelInfo<AccountId>>;
#[storage_alias]
pub type Gates = StorageMap<MockModels, Twox64Concat, (ModelId, WindowIndex), u64>;
#[storage_alias]
pub type Improvements = StorageMap<MockModels, Twox64Concat, (ModelId, WindowIndex), u64>;

pub struct MockModels;

impl Models for MockModels {
	type AccountId = AccountId;

	fn spec(model: ModelId) -> Option<ModelSpec> {
		Specs::get(model)
	}

	fn terms(_: ModelId) -> Option<Terms> {
		None
	}

	fn info(model: ModelId) -> Option<ModelInfo<AccountId>> {
		Infos::get(model)
	}

	fn data_owner(_: DatasetId) -> Option<AccountId> {
		None
	}

	fn price(_: ModelId) -> Option<Price> {
		None
	}

	fn accept_window(_: ModelId, _: WindowIndex, _: u64) -> DispatchResult {
		Ok(())
	}

	fn bonded_points(model: ModelId) -> Option<Points> {
		Specs::get(model).map(|_| BOND * PointsPerBond::get())
	}

	fn judge_gate(model: ModelId, window: WindowIndex, loss: u64) -> DispatchResult {
		Gates::insert((model, window), loss);
		if ModelsFail::get() {
			return Err(DispatchError::Unavailable);
		}
		Ok(())
	}

	fn conclude_gate(model: ModelId, window: WindowIndex, loss: Option<u64>) -> DispatchResult {
		Improvements::set((model, window), loss);
		Ok(())
	}

	fn pause(model: ModelId, reason: PauseReason) -> DispatchResult {
		if ModelsFail::get() {
			return Err(DispatchError::Unavailable);
		}
		Infos::mutate_extant(model, |info| info.status = ModelStatus::Paused(reason));
		Ok(())
	}
}
