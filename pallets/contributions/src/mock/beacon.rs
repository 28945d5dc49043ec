//! Knows each block's randomness one block later, for a while.

use super::*;

pub struct MockBeacon;

impl Beacon for MockBeacon {
	fn at(block: BlockNumber) -> Option<Hash> {
		let now = System::block_number() as BlockNumber;
		let is_known = block < now && now - block <= BeaconLength::get();
		is_known.then(|| randomness(BeaconSalt::get(), block))
	}
}

pub fn randomness(salt: u8, block: BlockNumber) -> Hash {
	blob_root(&(b"beacon", salt, block).encode())
}

/// Chooses a course of randomness in which no unit of a closed window is audited at the lowest rate.
pub fn spare_all(window: WindowIndex) {
	let block = window_of(unit(window, 0, 0)).deadline + LotDelay::get();
	let is_drawn = |salt, id: &UnitId| {
		happens(draw(Domain::AuditLot, randomness(salt, block), id), Permill::from_percent(2))
	};
	let salt = (0..=u8::MAX).find(|salt| !places(window).iter().any(|id| is_drawn(*salt, id)));
	BeaconSalt::set(salt.unwrap());
}

/// Makes veterans of providers: they are audited at the lowest rate.
pub fn veterans(numbers: impl IntoIterator<Item = u8>) {
	for number in numbers {
		crate::Records::<Test>::mutate(provider(number), MODEL, |record| {
			(record.drawn, record.clean) = (1_000, 1_000)
		});
	}
}

/// All seats of a model of two stages with three lanes.
pub fn six_seats() -> Vec<u8> {
	(0..2).flat_map(|stage| (0..3).map(move |place| seat(stage, place))).collect()
}
