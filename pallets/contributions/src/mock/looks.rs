//! What tests look at.

use super::*;

pub fn stored(id: UnitId) -> crate::UnitOf<Test> {
	crate::Units::<Test>::get(id).unwrap()
}

pub fn record_of(who: u8) -> crate::Record {
	crate::Records::<Test>::get(provider(who), MODEL)
}

pub fn open_units(who: u8) -> u32 {
	crate::OpenUnits::<Test>::get(provider(who))
}

pub fn minted(who: u8) -> Points {
	Minted::get((MODEL, provider(who)))
}

pub fn held(reason: HoldReason, who: u8) -> Balance {
	Balances::balance_on_hold(&reason.into(), &provider(who))
}

pub fn balance(who: u8) -> Balance {
	Balances::free_balance(provider(who))
}

pub fn fines() -> Vec<(u8, Fault, Option<u8>)> {
	let fines = Fines::get();
	assert!(fines.iter().all(|fine| fine.1 == MODEL && !fine.4.is_zero()));
	fines.iter().map(|fine| (number_of(&fine.0), fine.2, fine.3.as_ref().map(number_of))).collect()
}

pub fn expelled() -> Vec<u8> {
	Expelled::get().iter().map(|(who, _)| number_of(who)).collect()
}

/// The events of this pallet since the last call.
pub fn events() -> Vec<crate::Event<Test>> {
	let events = System::read_events_for_pallet();
	System::reset_events();
	events
}
