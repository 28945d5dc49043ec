//! The lottery for places: pure functions of what is vacant and what was drawn.

use crate::{StageVacancies, Vacancy};
use cairn_primitives::{lottery::below, StageIndex};
use sp_core::U256;

/// The place that a lot gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lot {
	/// The stage.
	pub stage: StageIndex,
	/// Which of the stage's vacant seats, in the order of seats; `None` for a standby's place.
	pub vacant_seat: Option<u32>,
}

impl Lot {
	/// One place among all stages: every vacant seat is equally likely; if there is none, every standby's place is.
	pub fn among(vacancies: &StageVacancies, drawn: U256) -> Option<Self> {
		let seat = pick(vacancies, drawn, |vacancy| vacancy.seats);
		match seat {
			Some((stage, nth)) => Some(Self { stage, vacant_seat: Some(nth) }),
			None => pick(vacancies, drawn, |vacancy| vacancy.standbys)
				.map(|(stage, _)| Self { stage, vacant_seat: None }),
		}
	}

	/// One place at a given stage.
	pub fn at(stage: StageIndex, vacancies: &StageVacancies, drawn: U256) -> Option<Self> {
		let vacancy = vacancies.get(usize::from(stage))?;
		if vacancy.seats > 0 {
			let vacant_seat = Some(below(drawn, u32::from(vacancy.seats)));
			return Some(Self { stage, vacant_seat });
		}
		(vacancy.standbys > 0).then_some(Self { stage, vacant_seat: None })
	}
}

/// One of all places that `count` counts: its stage, and its rank among those of the stage.
fn pick(
	vacancies: &StageVacancies,
	drawn: U256,
	count: impl Fn(&Vacancy) -> u8,
) -> Option<(StageIndex, u32)> {
	let total = vacancies.iter().map(|vacancy| u32::from(count(vacancy))).sum();
	let mut rank = below(drawn, total);
	for (stage, vacancy) in (0..=StageIndex::MAX).zip(vacancies.iter()) {
		match rank.checked_sub(u32::from(count(vacancy))) {
			Some(rest) => rank = rest,
			None => return Some((stage, rank)),
		}
	}
	None
}
