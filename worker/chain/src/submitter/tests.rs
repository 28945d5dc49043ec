//! The machine against a small world: pools that drop, answers that get lost, forks, strangers with the same key, old
//! transactions that come back, and processes that die.

mod stories;
mod world;

use proptest::prelude::*;
use world::{Step, Weather, World};

fn weather() -> impl Strategy<Value = Weather> {
	prop_oneof![
		5 => Just(Weather::Fine),
		1 => Just(Weather::LostOnTheWay),
		2 => Just(Weather::AnswerLost),
		1 => Just(Weather::NoRoom),
		1 => Just(Weather::NotNow),
		1 => Just(Weather::Unpayable),
	]
}

fn step() -> impl Strategy<Value = Step> {
	prop_oneof![
		4 => (any::<bool>(), prop::option::weighted(0.3, 0u32..40))
			.prop_map(|(is_once, patience)| Step::Request { is_once, patience }),
		8 => Just(Step::Block),
		6 => Just(Step::Finalise),
		2 => (1usize..4).prop_map(Step::Fork),
		2 => weather().prop_map(Step::Weather),
		2 => any::<prop::sample::Index>().prop_map(Step::Drop),
		2 => any::<prop::sample::Index>().prop_map(Step::ComeBack),
		1 => Just(Step::Stranger),
		1 => Just(Step::Restart),
		1 => (1u32..80).prop_map(Step::Silence),
	]
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(512))]

	#[test]
	fn whatever_happens_requests_end_truly_and_none_is_executed_twice(
		steps in prop::collection::vec(step(), 1..120)
	) {
		let mut world = World::default();
		for step in steps {
			world.take(step);
		}
		world.calm_down();
		world.check();
	}
}
