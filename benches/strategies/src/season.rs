//! A strategy followed for a number of windows, under as many names as that takes.

use std::{sync::Mutex, thread};

use cairn_primitives::Points;

use crate::{
	books::Books,
	life::live,
	strategy::{Standing, Strategy},
};

/// A strategy, and who follows it.
pub type Case = (Strategy, Standing);

/// What a strategy came to with several courses of randomness.
pub struct Outcome {
	/// The case.
	pub case: Case,
	/// Gain with each course of randomness, in units.
	pub gains: Vec<f64>,
	/// All books together.
	pub books: Books,
}

impl Outcome {
	/// Mean gain.
	pub fn mean(&self) -> f64 {
		self.gains.iter().sum::<f64>() / self.gains.len() as f64
	}

	/// Standard error of the mean.
	pub fn error(&self) -> f64 {
		let (mean, count) = (self.mean(), self.gains.len() as f64);
		let squares: f64 = self.gains.iter().map(|gain| (gain - mean).powi(2)).sum();
		(squares / (count - 1.0).max(1.0) / count).sqrt()
	}
}

/// Follow a strategy for so many windows.
fn season((strategy, standing): Case, windows: u32, seed: u64) -> Books {
	let mut books = Books::default();
	while books.windows < windows {
		let seed = seed << 32 | u64::from(books.lives);
		let left = standing.span().min(windows - books.windows);
		books.add(&live(strategy, standing, left, seed));
	}
	books
}

/// Follow all strategies with so many courses of randomness each, on all processors.
pub fn seasons(
	cases: &[Case],
	windows: u32,
	seeds: u64,
	unit: Points,
	said: impl Fn(&Outcome) + Sync,
) -> Vec<Outcome> {
	let left = Mutex::new(cases.iter().copied().enumerate().collect::<Vec<_>>());
	let outcomes = Mutex::new(Vec::new());
	thread::scope(|scope| {
		for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
			scope.spawn(|| loop {
				let next = left.lock().expect("no thread panics with it").pop();
				let Some((place, case)) = next else { return };
				let outcome = follow(case, windows, seeds, unit);
				said(&outcome);
				outcomes.lock().expect("no thread panics with it").push((place, outcome));
			});
		}
	});
	let mut outcomes = outcomes.into_inner().expect("all threads ended");
	outcomes.sort_by_key(|(place, _)| *place);
	outcomes.into_iter().map(|(_, outcome)| outcome).collect()
}

fn follow(case: Case, windows: u32, seeds: u64, unit: Points) -> Outcome {
	let all: Vec<Books> = (1..=seeds).map(|seed| season(case, windows, seed)).collect();
	let gains = all.iter().map(|books| books.gain(unit)).collect();
	let mut books = Books::default();
	all.iter().for_each(|one| books.add(one));
	Outcome { case, gains, books }
}
