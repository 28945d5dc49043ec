use crate::{mock::*, Error, Event, HoldReason, Records};
use cairn_primitives::{
	traits::Models, voucher::Price, ModelId, ModelStatus, PauseReason, Window, GATE_EVERY,
};
use frame_support::{assert_noop, assert_ok};
use sp_runtime::{DispatchError, TokenError};

const PRICE: Price = Price { prompt: 3, completion: 9 };

/// A model in training that was paused for a reason, with checkpoints of windows 15 and 31.
fn paused(reason: PauseReason) -> ModelId {
	let model = training();
	for gate in [GATE_EVERY - 1, 2 * GATE_EVERY - 1] {
		assert_ok!(Registry::accept_window(model, gate, 1_000));
	}
	assert_ok!(<Registry as Models>::pause(model, reason));
	System::reset_events();
	model
}

/// A model in each status.
fn all() -> Vec<ModelId> {
	let serving = training();
	assert_ok!(Registry::accept_window(serving, 0, 1_000_000));
	let retired = propose();
	assert_ok!(Registry::retire(signed(RESEARCHER), retired));
	let models = vec![
		propose(),
		training(),
		serving,
		paused(PauseReason::Owner),
		paused(PauseReason::Merge),
		paused(PauseReason::Gate),
		retired,
	];
	assert_eq!(
		models.iter().map(|model| status(*model)).collect::<Vec<_>>(),
		[
			ModelStatus::Proposed,
			ModelStatus::Training,
			ModelStatus::Serving,
			ModelStatus::Paused(PauseReason::Owner),
			ModelStatus::Paused(PauseReason::Merge),
			ModelStatus::Paused(PauseReason::Gate),
			ModelStatus::Retired,
		]
	);
	models
}

/// What a call makes of each of the models of [`all`].
fn transitions(
	call: impl Fn(ModelId) -> Result<(), DispatchError>,
) -> Vec<Result<ModelStatus, DispatchError>> {
	all().into_iter().map(|model| call(model).map(|()| status(model))).collect()
}

#[test]
fn every_transition_between_statuses_is_legal() {
	use Error::*;
	use ModelStatus::*;
	use PauseReason::*;
	let error = |error: Error<Test>| Err(DispatchError::from(error));
	ExtBuilder::default().build_and_execute(|| {
		let twice = || error(NotProposed);
		assert_eq!(
			transitions(|model| Registry::open(signed(RESEARCHER), model)),
			[Ok(Training), twice(), twice(), twice(), twice(), twice(), twice()]
		);
		let idle = || error(NotRunning);
		assert_eq!(
			transitions(|model| Registry::pause(signed(RESEARCHER), model)),
			[idle(), Ok(Paused(Owner)), Ok(Paused(Owner)), idle(), idle(), idle(), idle()]
		);
		let runs = || error(NotPaused);
		assert_eq!(
			transitions(|model| Registry::resume(signed(RESEARCHER), model)),
			[runs(), runs(), runs(), Ok(Training), Ok(Training), error(MustRestart), runs()]
		);
		assert_eq!(
			transitions(|model| Registry::restart_from(signed(RESEARCHER), model, 15)),
			[runs(), runs(), runs(), Ok(Training), Ok(Training), Ok(Training), runs()]
		);
		let over = || Ok(Retired);
		assert_eq!(
			transitions(|model| Registry::retire(signed(RESEARCHER), model)),
			[over(), over(), over(), over(), over(), over(), error(AlreadyRetired)]
		);
		assert_eq!(
			transitions(|model| <Registry as Models>::pause(model, Merge)),
			[
				error(NotOpened),
				Ok(Paused(Merge)),
				Ok(Paused(Merge)),
				Ok(Paused(Merge)),
				Ok(Paused(Merge)),
				Ok(Paused(Gate)),
				Ok(Retired)
			]
		);
	});
}

#[test]
fn only_the_researcher_decides_and_only_about_a_model_that_exists() {
	ExtBuilder::default().build_and_execute(|| {
		let model = paused(PauseReason::Owner);
		type Call = fn(RuntimeOrigin, ModelId) -> Result<(), DispatchError>;
		let calls: [Call; 7] = [
			Registry::open,
			|origin, model| Registry::set_price(origin, model, Some(PRICE)),
			Registry::pause,
			Registry::resume,
			|origin, model| Registry::restart_from(origin, model, 15),
			Registry::retire,
			|origin, model| Registry::cede(origin, model, STRANGER),
		];
		for (number, call) in calls.into_iter().enumerate() {
			let not_yours = call(signed(STRANGER), model);
			assert_eq!(not_yours, Err(Error::<Test>::NotResearcher.into()), "call {number}");
			let not_there = call(signed(RESEARCHER), 99);
			assert_eq!(not_there, Err(Error::<Test>::UnknownModel.into()), "call {number}");
			let unsigned = call(RuntimeOrigin::none(), model);
			assert_eq!(unsigned, Err(DispatchError::BadOrigin), "call {number}");
		}
		assert_eq!(events(), []);
	});
}

#[test]
fn opening_starts_the_training() {
	ExtBuilder::default().build_and_execute(|| {
		let model = propose();
		System::reset_events();
		assert_ok!(Registry::open(signed(RESEARCHER), model));
		assert!(status(model).trains());
		assert_eq!(events(), [Event::Opened { model }]);
	});
}

#[test]
fn a_price_can_be_set_changed_and_withdrawn_until_the_model_is_over() {
	ExtBuilder::default().build_and_execute(|| {
		let model = propose();
		System::reset_events();
		assert_ok!(Registry::set_price(signed(RESEARCHER), model, Some(PRICE)));
		assert_eq!(Registry::price(model), Some(PRICE));
		assert_eq!(events(), [Event::PriceSet { model, price: Some(PRICE) }]);
		assert_ok!(Registry::set_price(signed(RESEARCHER), model, None));
		assert_eq!(Registry::price(model), None);

		assert_ok!(Registry::set_price(signed(RESEARCHER), model, Some(PRICE)));
		assert_ok!(Registry::retire(signed(RESEARCHER), model));
		assert_eq!(Registry::price(model), None);
		assert_noop!(
			Registry::set_price(signed(RESEARCHER), model, Some(PRICE)),
			Error::<Test>::AlreadyRetired
		);
	});
}

#[test]
fn governance_pauses_and_retires_any_model() {
	ExtBuilder::default().build_and_execute(|| {
		let model = training();
		let deposit = record(model).deposit;
		System::reset_events();
		assert_ok!(Registry::pause(RuntimeOrigin::root(), model));
		assert_eq!(events(), [Event::Paused { model, reason: PauseReason::Owner }]);
		assert_ok!(Registry::retire(RuntimeOrigin::root(), model));
		assert_eq!(events(), [Event::Retired { model }]);
		assert_eq!(held(HoldReason::ModelDeposit, RESEARCHER), deposit - ModelDeposit::get());
		assert_noop!(Registry::resume(RuntimeOrigin::root(), model), DispatchError::BadOrigin);
	});
}

#[test]
fn a_trained_model_resumes_serving() {
	ExtBuilder::default().build_and_execute(|| {
		let model = training();
		assert_ok!(Registry::accept_window(model, 0, 1_000_000));
		assert_ok!(Registry::pause(signed(RESEARCHER), model));
		System::reset_events();
		assert_ok!(Registry::resume(signed(RESEARCHER), model));
		assert_eq!(events(), [Event::Resumed { model, status: ModelStatus::Serving }]);
	});
}

#[test]
fn an_owner_cannot_talk_a_graver_pause_down() {
	ExtBuilder::default().build_and_execute(|| {
		// GIVEN a model that its owner paused
		let model = paused(PauseReason::Owner);
		// WHEN a merge is refuted, and then a gate fails
		assert_ok!(<Registry as Models>::pause(model, PauseReason::Merge));
		assert_eq!(status(model), ModelStatus::Paused(PauseReason::Merge));
		assert_ok!(<Registry as Models>::pause(model, PauseReason::Gate));
		// THEN the gravest reason stands, whatever comes after it
		assert_ok!(<Registry as Models>::pause(model, PauseReason::Merge));
		assert_ok!(<Registry as Models>::pause(model, PauseReason::Owner));
		assert_noop!(Registry::resume(signed(RESEARCHER), model), Error::<Test>::MustRestart);
	});
}

#[test]
fn a_restart_goes_back_to_the_samples_of_the_checkpoint() {
	ExtBuilder::default().build_and_execute(|| {
		let model = paused(PauseReason::Gate);
		assert_eq!(record(model).samples, 2_000);
		assert_ok!(Registry::restart_from(signed(RESEARCHER), model, 15));

		let info = Registry::info(model).unwrap();
		assert_eq!((info.samples, info.restart_from), (1_000, Some(15)));
		assert_eq!(info.status, ModelStatus::Training);
		assert_eq!(record(model).checkpoints.len(), 1);
		assert_eq!(events(), [Event::Restarted { model, window: 15, samples: 1_000 }]);
	});
}

#[test]
fn a_restart_needs_one_of_the_last_two_checkpoints() {
	ExtBuilder::default().build_and_execute(|| {
		let model = paused(PauseReason::Gate);
		assert_ok!(Registry::accept_window(model, 47, 1_000));
		for window in [0, 15, 16, 46, 48] {
			assert_noop!(
				Registry::restart_from(signed(RESEARCHER), model, window),
				Error::<Test>::UnknownCheckpoint
			);
		}
		assert_ok!(Registry::restart_from(signed(RESEARCHER), model, 31));
		assert_eq!(record(model).samples, 2_000);
	});
}

#[test]
fn a_model_is_not_restarted_while_a_window_runs() {
	ExtBuilder::default().build_and_execute(|| {
		let model = paused(PauseReason::Gate);
		RunningWindow::set(Some(Window {
			index: 32,
			start: 1,
			deadline: 21,
			seed: dataset(),
			samples: 2_000,
		}));
		assert_noop!(
			Registry::restart_from(signed(RESEARCHER), model, 15),
			Error::<Test>::WindowRunning
		);
		// WHEN it closed, its samples are undone with the rest
		assert_ok!(Registry::accept_window(model, 32, 500));
		RunningWindow::set(None);
		assert_ok!(Registry::restart_from(signed(RESEARCHER), model, 15));
		assert_eq!(record(model).samples, 1_000);
	});
}

#[test]
fn retiring_frees_the_deposit_but_for_the_bytes_that_stay() {
	ExtBuilder::default().build_and_execute(|| {
		let model = training();
		let deposit = held(HoldReason::ModelDeposit, RESEARCHER);
		let of_bytes = deposit - ModelDeposit::get();
		assert!(of_bytes > 0);
		assert_ok!(Registry::retire(signed(RESEARCHER), model));
		assert_eq!(held(HoldReason::ModelDeposit, RESEARCHER), of_bytes);
		assert_eq!(Balances::free_balance(RESEARCHER), ENDOWMENT - of_bytes);
		assert_eq!(Registry::spec(model), Some(spec()));
		assert_eq!(status(model), ModelStatus::Retired);
	});
}

#[test]
fn a_ceded_model_takes_its_deposit_and_decisions_along() {
	ExtBuilder::default().build_and_execute(|| {
		let model = training();
		let deposit = record(model).deposit;
		System::reset_events();
		assert_ok!(Registry::cede(signed(RESEARCHER), model, STRANGER));
		assert_eq!(events(), [Event::Ceded { model, from: RESEARCHER, to: STRANGER }]);
		assert_eq!(held(HoldReason::ModelDeposit, RESEARCHER), 0);
		assert_eq!(held(HoldReason::ModelDeposit, STRANGER), deposit);

		assert_noop!(Registry::pause(signed(RESEARCHER), model), Error::<Test>::NotResearcher);
		assert_ok!(Registry::retire(signed(STRANGER), model));
		assert_eq!(Balances::free_balance(STRANGER), ENDOWMENT + ModelDeposit::get());
		assert_eq!(held(HoldReason::ModelDeposit, STRANGER), deposit - ModelDeposit::get());
	});
}

#[test]
fn a_model_is_not_ceded_to_its_owner_or_to_nobody() {
	ExtBuilder::default().build_and_execute(|| {
		let model = training();
		assert_noop!(
			Registry::cede(signed(RESEARCHER), model, RESEARCHER),
			Error::<Test>::SameOwner
		);
		assert_noop!(Registry::cede(signed(RESEARCHER), model, 99), TokenError::CannotCreateHold);
	});
}

#[test]
fn a_retired_model_can_still_be_ceded_for_its_later_mints() {
	ExtBuilder::default().build_and_execute(|| {
		let model = training();
		assert_ok!(Registry::retire(signed(RESEARCHER), model));
		assert_ok!(Registry::cede(signed(RESEARCHER), model, STRANGER));
		assert_eq!(Records::<Test>::get(model).unwrap().researcher, STRANGER);
	});
}
