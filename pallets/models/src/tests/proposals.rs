use crate::{mock::*, Error, Event, HoldReason, NextModel, Specs};
use cairn_primitives::{
	spec::{Access, InnerOptimizer, Nano, SpecError},
	terms::TermsError,
	traits::Models,
	Hash, ModelId, ModelSpec, ModelStatus, Terms,
};
use codec::Encode;
use frame_support::{assert_noop, assert_ok};
use sp_runtime::{DispatchError, Permill, TokenError};

fn try_propose(spec: ModelSpec, parent: Option<ModelId>) -> Result<(), DispatchError> {
	Registry::propose(signed(RESEARCHER), spec.into(), terms(), parent, about(b""))
}

fn set_beta2(spec: &mut ModelSpec, value: u32) {
	if let InnerOptimizer::AdamW { beta2, .. } = &mut spec.inner {
		*beta2 = Nano(value);
	}
}

fn sealed() -> ModelSpec {
	ModelSpec { access: Access::Sealed, min_holders: 3, ..spec() }
}

#[test]
fn a_proposal_is_stored_whole_and_holds_a_deposit_for_its_bytes() {
	ExtBuilder::default().build_and_execute(|| {
		assert_eq!(propose(), 0);

		assert_eq!(Registry::spec(0), Some(spec()));
		assert_eq!(Registry::terms(0), Some(terms()));
		assert_eq!(Registry::price(0), None);
		let info = Registry::info(0).unwrap();
		assert_eq!((info.researcher, info.parent, info.root), (RESEARCHER, None, 0));
		assert_eq!((info.status, info.samples), (ModelStatus::Proposed, 0));
		let deposit = 1_000 + 2 * (spec().encode().len() as u128 + 4);
		assert_eq!(record(0).deposit, deposit);
		assert_eq!(held(HoldReason::ModelDeposit, RESEARCHER), deposit);
		assert_eq!(Registry::proposal_deposit(spec(), about(b"tiny")), deposit);
		assert_eq!(events(), [Event::Proposed { model: 0, researcher: RESEARCHER, parent: None }]);
	});
}

#[test]
fn models_are_numbered_in_the_order_of_their_proposals() {
	ExtBuilder::default().build_and_execute(|| {
		assert_eq!((propose(), propose(), propose()), (0, 1, 2));
		assert_eq!(NextModel::<Test>::get(), 3);
	});
}

#[test]
fn an_inconsistent_spec_is_refused_with_the_reason() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(
			try_propose(ModelSpec { lanes: 17, ..spec() }, None),
			Error::<Test>::InvalidSpec(SpecError::LanesOutOfRange)
		);
		assert_noop!(
			try_propose(ModelSpec { min_holders: 0, ..spec() }, None),
			Error::<Test>::InvalidSpec(SpecError::HoldersOutOfRange)
		);
		assert_noop!(
			try_propose(ModelSpec { initial: Default::default(), ..spec() }, None),
			Error::<Test>::InvalidSpec(SpecError::InitialRootsDoNotMatch)
		);
		let mut inflated = spec();
		inflated.shares.per_teraflop = u64::MAX;
		inflated.schedule.points[1].samples = u64::MAX;
		assert_noop!(
			try_propose(inflated, None),
			Error::<Test>::InvalidSpec(SpecError::TooManyShares)
		);
	});
}

#[test]
fn greedy_terms_are_refused_with_the_reason() {
	ExtBuilder::default().build_and_execute(|| {
		let greedy = Terms { royalty: Permill::one(), ..terms() };
		assert_noop!(
			Registry::propose(signed(RESEARCHER), spec().into(), greedy, None, about(b"")),
			Error::<Test>::InvalidTerms(TermsError::RoyaltyTooHigh)
		);
	});
}

#[test]
fn a_model_needs_a_registered_dataset() {
	ExtBuilder::default().build_and_execute(|| {
		let unknown = ModelSpec::example(Hash::zero(), 2, 2);
		assert_noop!(try_propose(unknown, None), Error::<Test>::UnknownDataset);
	});
}

#[test]
fn who_cannot_pay_the_deposit_cannot_propose() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(
			Registry::propose(signed(99), spec().into(), terms(), None, about(b"")),
			TokenError::FundsUnavailable
		);
	});
}

#[test]
fn the_last_number_is_never_used() {
	ExtBuilder::default().build_and_execute(|| {
		NextModel::<Test>::put(u32::MAX);
		assert_noop!(try_propose(spec(), None), Error::<Test>::TooManyModels);
	});
}

#[test]
fn forks_of_forks_belong_to_the_family_of_the_first_model() {
	ExtBuilder::default().build_and_execute(|| {
		let other = propose();
		let root = propose();
		let fork = propose_with(ModelSpec { lanes: 4, seed: Hash::zero(), ..spec() }, Some(root));
		let grandchild = propose_with(spec(), Some(fork));

		assert_eq!(Registry::info(other).unwrap().root, other);
		assert_eq!(Registry::info(fork).unwrap().root, root);
		let info = Registry::info(grandchild).unwrap();
		assert_eq!((info.parent, info.root), (Some(fork), root));
	});
}

#[test]
fn a_fork_answers_with_its_bonds_for_what_its_parents_trained() {
	ExtBuilder::default().build_and_execute(|| {
		// GIVEN a family whose first model is dear
		let mut dear = spec();
		dear.window.steps = 511;
		dear.window.checkpoint_every = 100;
		let root = propose_with(dear.clone(), None);
		assert_eq!(Registry::bonded_points(root), Some(dear.bonded_points()));
		// WHEN it is forked with the cheapest windows, with a single lane, and the fork is forked again
		let mut cheap = ModelSpec { lanes: 1, ..spec() };
		cheap.window.steps = 50;
		cheap.window.blocks = 10;
		set_beta2(&mut cheap, 900_000_000);
		assert!(cheap.bonded_points() < dear.bonded_points() / 10);
		let fork = propose_with(cheap.clone(), Some(root));
		let grandchild = propose_with(cheap.clone(), Some(fork));
		// THEN it asks for the bonds of the family
		for model in [fork, grandchild] {
			assert_eq!(Registry::bonded_points(model), Some(dear.bonded_points()));
		}
		// A fork that is dearer than its parents asks for more; its parents do not.
		let mut dearer = dear.clone();
		dearer.window.steps = 512;
		dearer.window.checkpoint_every = 100;
		let fork = propose_with(dearer.clone(), Some(grandchild));
		assert_eq!(Registry::bonded_points(fork), Some(dearer.bonded_points()));
		assert_eq!(Registry::bonded_points(grandchild), Some(dear.bonded_points()));
		// And what is no fork of it asks for its own.
		let other = propose_with(cheap.clone(), None);
		assert_eq!(Registry::bonded_points(other), Some(cheap.bonded_points()));
		assert_eq!(Registry::bonded_points(99), None);
	});
}

#[test]
fn a_fork_fits_an_existing_parent() {
	ExtBuilder::default().build_and_execute(|| {
		let parent = propose();
		assert_noop!(try_propose(spec(), Some(parent + 1)), Error::<Test>::UnknownParent);
		let next = NextModel::<Test>::get();
		assert_noop!(try_propose(spec(), Some(next)), Error::<Test>::UnknownParent);
		let three_stages = ModelSpec::example(dataset(), 3, 2);
		assert_noop!(try_propose(three_stages, Some(parent)), Error::<Test>::ForkDoesNotContinue);
		let mut wider = spec();
		wider.architecture.hidden = 256;
		assert_noop!(try_propose(wider, Some(parent)), Error::<Test>::ForkDoesNotContinue);
	});
}

#[test]
fn a_fork_cannot_unseal_its_parent() {
	ExtBuilder::default().build_and_execute(|| {
		let parent = propose_with(sealed(), None);
		assert_noop!(try_propose(spec(), Some(parent)), Error::<Test>::ForkUnseals);
		let fork = propose_with(sealed(), Some(parent));
		assert_noop!(try_propose(spec(), Some(fork)), Error::<Test>::ForkUnseals);

		let open = propose();
		assert_ok!(try_propose(sealed(), Some(open)));
	});
}

#[test]
fn a_fork_asks_at_least_the_royalty_of_its_parent() {
	ExtBuilder::default().build_and_execute(|| {
		let with_royalty = |royalty, parent| {
			let terms = Terms { royalty: Permill::from_parts(royalty), ..terms() };
			Registry::propose(signed(RESEARCHER), spec().into(), terms, parent, about(b"tiny"))
		};
		let parent = propose();
		assert_eq!(terms().royalty, Permill::from_parts(100_000));
		assert_noop!(with_royalty(99_999, Some(parent)), Error::<Test>::RoyaltyBelowParent);
		assert_ok!(with_royalty(100_000, Some(parent)));
		assert_ok!(with_royalty(100_001, Some(parent)));
		// And so on down the line: that fork's own forks ask what it asks.
		let fork = NextModel::<Test>::get() - 1;
		assert_noop!(with_royalty(100_000, Some(fork)), Error::<Test>::RoyaltyBelowParent);
		assert_ok!(with_royalty(100_001, Some(fork)));
		// Who descends from nobody asks what it likes.
		assert_ok!(with_royalty(0, None));
	});
}

#[test]
fn the_largest_spec_fits_its_storage_bound() {
	use codec::MaxEncodedLen;
	ExtBuilder::default().build_and_execute(|| {
		let model = propose_with(ModelSpec::example(dataset(), 64, 16), None);
		assert!(Specs::<Test>::get(model).unwrap().encoded_size() <= ModelSpec::max_encoded_len());
	});
}
