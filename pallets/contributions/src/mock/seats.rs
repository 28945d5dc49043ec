//! Seats and windows that tests set.

use super::*;

#[storage_alias]
pub type Running = StorageMap<MockSeats, Twox64Concat, ModelId, Window>;
#[storage_alias]
pub type Closed = StorageMap<MockSeats, Twox64Concat, (ModelId, WindowIndex), ClosedWindow>;
#[storage_alias]
pub type Rosters = StorageMap<MockSeats, Twox64Concat, (ModelId, StageIndex), Roster<AccountId>>;
#[storage_alias]
pub type Entitled = StorageMap<MockSeats, Twox64Concat, (AccountId, ModelId), StageIndex>;
#[storage_alias]
pub type Expelled =
	StorageValue<MockSeats, Vec<(AccountId, ModelId)>, frame_support::storage::types::ValueQuery>;

pub struct MockSeats;

impl Seats for MockSeats {
	type AccountId = AccountId;

	fn window(model: ModelId) -> Option<Window> {
		Running::get(model)
	}

	fn closed_window(model: ModelId, window: WindowIndex) -> Option<ClosedWindow> {
		Closed::get((model, window))
	}

	fn roster(model: ModelId, stage: StageIndex) -> Option<Roster<AccountId>> {
		Rosters::get((model, stage))
	}

	fn entitlement(provider: &AccountId, model: ModelId) -> Entitlement {
		match Specs::get(model).map(|spec| spec.access) {
			Some(Access::Open) => Entitlement::Any,
			_ => Entitled::get((provider, model)).map_or(Entitlement::None, Entitlement::Stage),
		}
	}

	fn expel(provider: &AccountId, model: ModelId) {
		Expelled::append((provider, model));
	}
}
