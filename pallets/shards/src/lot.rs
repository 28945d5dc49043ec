//! The lottery for stages and places: pure functions of what was drawn, and of what is vacant.

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
	/// One place among all stages of an open model: every vacant seat is equally likely; if there is none, every standby's place is.
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

/// The stage that the first lot in a sealed family gives, and what was drawn beyond it. Every stage is equally likely,
/// whatever is vacant: who could have the others filled, in a fork of its own, would choose.
pub(crate) fn first_stage(stages: u32, drawn: U256) -> (StageIndex, U256) {
	let rest = drawn.checked_div(U256::from(stages)).unwrap_or_default();
	(below(drawn, stages) as StageIndex, rest) // at most 64 stages
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
