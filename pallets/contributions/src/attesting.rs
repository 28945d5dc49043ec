//! What a seat may attest, and what becomes of it.

use cairn_primitives::{
	attestation::{Attestation, EdgeReceipt, HeldSignature},
	roster::is_gate,
	signing::{edge_message, held_message, verify_worker, Edge},
	traits::{Providers, Seats},
	Hash, LaneIndex, ModelSpec, Outcome, Roster, StageIndex, UnitId, Window,
};
use frame_support::{dispatch::DispatchResult, ensure, weights::Weight};
use sp_core::sr25519;
use sp_runtime::{ArithmeticError, DispatchError};

use crate::{
	queue::Escrow, AccountIdOf, Base, Check, Config, Error, Event, Item, Pallet, Phase, StageRow,
	Stages, Unit, Units, WeightInfo, Windows,
};

/// Older items that an attestation looks after on the way.
const SWEEP: u32 = 2;

/// What an attestation brought about besides being taken in.
pub(crate) struct Effects {
	/// Whether it was the first of its window.
	is_first: bool,
	/// Neighbours that attested something else about the edges between.
	differing: u32,
	/// Older items that were finalised, or put off.
	swept: u32,
}

impl Effects {
	/// As much as there can be.
	pub const MOST: Self = Self { is_first: true, differing: 2, swept: SWEEP };
}

impl<T: Config> Pallet<T> {
	pub(crate) fn do_attest(
		who: AccountIdOf<T>,
		attestation: Attestation<AccountIdOf<T>>,
	) -> Result<Effects, DispatchError> {
		let provider = Self::provider_of(&who)?;
		let id = attestation.unit;
		let spec = Self::spec(id.model)?;
		ensure!(spec.has_stage(id.stage), Error::<T>::UnknownStage);
		let window = Self::check_window(&id)?;
		let roster = T::Seats::roster(id.model, id.stage).ok_or(Error::<T>::NotYourLane)?;
		let seated = roster.in_lane(window.seed, id.stage, id.lane);
		ensure!(seated == Some(&provider), Error::<T>::NotYourLane);
		let stage = Stages::<T>::get((id.model, id.window, id.stage));
		ensure!(!stage.has(id.lane), Error::<T>::AlreadyAttested);
		Self::check_content(&spec, &attestation)?;
		let genesis = Self::genesis();
		Self::check_receipts(genesis, &spec, &window, &attestation)?;
		let is_held = Self::check_held(genesis, &roster, &window, &provider, &attestation)?;

		let mut escrow = Escrow::of(provider, id.model);
		let mut effects = Self::admit(&spec, &window, &mut escrow, attestation, is_held, stage)?;
		effects.swept = escrow.sweep(&spec, SWEEP);
		escrow.store();
		Ok(effects)
	}

	/// Weight of an attestation with so many signatures "held".
	pub(crate) fn weight_of_attest(held: u32, effects: &Effects) -> Weight {
		let Effects { is_first, differing, swept } = effects;
		T::WeightInfo::attest(held, *swept)
			.saturating_add(T::WeightInfo::open_window().saturating_mul((*is_first).into()))
			.saturating_add(T::WeightInfo::ends_differ().saturating_mul((*differing).into()))
	}

	/// The running window, if a unit is of it and it is time to attest.
	fn check_window(id: &UnitId) -> Result<Window, DispatchError> {
		let window = T::Seats::window(id.model).ok_or(Error::<T>::NoRunningWindow)?;
		ensure!(window.index == id.window, Error::<T>::WrongWindow);
		let now = Self::now();
		ensure!(now >= window.start, Error::<T>::TooEarly);
		ensure!(now <= window.deadline, Error::<T>::TooLate);
		Ok(window)
	}

	/// Whether everything is there that has to be, and nothing else.
	fn check_content(
		spec: &ModelSpec,
		attestation: &Attestation<AccountIdOf<T>>,
	) -> DispatchResult {
		let id = &attestation.unit;
		let is_last = spec.is_last_stage(id.stage);
		let in_range = match attestation.outcome {
			Outcome::Done { steps } => steps <= spec.window.steps,
			Outcome::Diverged { step, .. } => step < spec.window.steps,
		};
		ensure!(in_range, Error::<T>::StepsOutOfRange);
		ensure!(attestation.loss.is_some() == is_last, Error::<T>::LossMisplaced);
		let wants_held_out = is_last && is_gate(id.window);
		ensure!(attestation.held_out.is_some() == wants_held_out, Error::<T>::HeldOutMisplaced);
		let wants_state = spec.inner.carries_state();
		ensure!(attestation.inner_state.is_some() == wants_state, Error::<T>::InnerStateMisplaced);
		let numbers = [Some(attestation.norm), attestation.loss, attestation.held_out];
		ensure!(numbers.iter().flatten().all(|number| number.is_valid()), Error::<T>::BadNumber);
		Ok(())
	}

	/// Whether both neighbours signed what crossed, wherever something did.
	fn check_receipts(
		genesis: Hash,
		spec: &ModelSpec,
		window: &Window,
		attestation: &Attestation<AccountIdOf<T>>,
	) -> DispatchResult {
		let id = &attestation.unit;
		let steps = attestation.outcome.steps();
		let crossed = |edge: Option<Edge>| edge.filter(|_| steps > 0);
		match (crossed(Edge::upstream(id)), &attestation.upstream) {
			(Some(edge), Some(receipt)) => {
				let neighbour = Self::worker_in_lane(window, id.model, edge.upper, id.lane)?;
				Self::check_receipt(genesis, window, &edge, steps, receipt, &neighbour)?;
			},
			(None, None) => {},
			_ => return Err(Error::<T>::UpstreamMisplaced.into()),
		}
		match (crossed(Edge::downstream(id, spec.stage_count())), &attestation.downstream) {
			(Some(edge), Some(receipt)) => {
				let below = edge.upper.checked_add(1).ok_or(ArithmeticError::Overflow)?;
				let neighbour = Self::worker_in_lane(window, id.model, below, id.lane)?;
				Self::check_receipt(genesis, window, &edge, steps, receipt, &neighbour)?;
			},
			(None, None) => {},
			_ => return Err(Error::<T>::DownstreamMisplaced.into()),
		}
		Ok(())
	}

	/// The worker key of whoever sits in a lane of another stage.
	fn worker_in_lane(
		window: &Window,
		model: u32,
		stage: StageIndex,
		lane: LaneIndex,
	) -> Result<sr25519::Public, DispatchError> {
		T::Seats::roster(model, stage)
			.as_ref()
			.and_then(|roster| roster.in_lane(window.seed, stage, lane))
			.and_then(|provider| T::Providers::worker_key_at(provider, window.start))
			.ok_or(Error::<T>::BadReceipt.into())
	}

	fn check_receipt(
		genesis: Hash,
		window: &Window,
		edge: &Edge,
		steps: u32,
		receipt: &EdgeReceipt,
		neighbour: &sr25519::Public,
	) -> DispatchResult {
		let message = edge_message(genesis, window.seed, edge, steps, receipt.root);
		let is_signed = verify_worker(message, &receipt.signature, neighbour);
		ensure!(is_signed, Error::<T>::BadReceipt);
		Ok(())
	}

	/// Whether a majority signed that it holds a difference: of the stage's other seats, or of these and the standbys that hold
	/// the last shard. So neither standbys that are silent nor standbys that sign for what nobody else gets decide alone.
	///
	/// Signatures of others do not count. They do no harm either: a holder can leave after it signed.
	fn check_held(
		genesis: Hash,
		roster: &Roster<AccountIdOf<T>>,
		window: &Window,
		provider: &AccountIdOf<T>,
		attestation: &Attestation<AccountIdOf<T>>,
	) -> Result<bool, DispatchError> {
		let holders = || roster.holders_for(provider, attestation.unit.window);
		let seats = roster.seats.iter().flatten().filter(|seat| *seat != provider).count();
		let message = held_message(genesis, window.seed, &attestation.unit, attestation.difference);
		let (mut signed, mut signed_seats) = (0usize, 0usize);
		for (index, HeldSignature { holder, signature }) in attestation.held.iter().enumerate() {
			let is_first = attestation.held.iter().take(index).all(|other| other.holder != *holder);
			ensure!(is_first, Error::<T>::DuplicateHolder);
			// Seats come first.
			let Some(place) = holders().position(|one| one == holder) else { continue };
			let is_signed = T::Providers::worker_key_at(holder, window.start)
				.is_some_and(|key| verify_worker(message, signature, &key));
			ensure!(is_signed, Error::<T>::BadHeldSignature);
			// At most MAX_HELD of either: twice as many fit.
			signed = signed.saturating_add(1);
			signed_seats = signed_seats.saturating_add((place < seats).into());
		}
		let is_majority = |part: usize, of: usize| part.saturating_mul(2) > of;
		let is_held = is_majority(signed_seats, seats) || is_majority(signed, holders().count());
		Ok(seats == 0 || is_held)
	}

	/// Take in a checked attestation.
	fn admit(
		spec: &ModelSpec,
		window: &Window,
		escrow: &mut Escrow<T>,
		attestation: Attestation<AccountIdOf<T>>,
		is_held: bool,
		mut stage: StageRow,
	) -> Result<Effects, DispatchError> {
		let id = attestation.unit;
		let provider = escrow.provider.clone();
		let steps = attestation.outcome.steps();
		let batch = spec.schedule.batch_at(window.samples);
		let cost = spec.stage_cost(id.stage).ok_or(Error::<T>::UnknownStage)?;
		let points = cost.points(steps, batch);
		let worker =
			T::Providers::worker_key_at(&provider, window.start).ok_or(Error::<T>::NotAWorker)?;
		let result = attestation.result();

		let mut row = Self::running_row(id.model, spec, window);
		let initial = spec.initial.get(usize::from(id.stage));
		let is_right_start =
			row.base != Base::Initial || initial == Some(&attestation.shard_before);
		ensure!(is_right_start, Error::<T>::WrongInitialShard);
		let (is_first, due) = (row.tally.attested == 0, row.due);
		row.tally.attested = row.tally.attested.checked_add(1).ok_or(ArithmeticError::Overflow)?;
		if spec.is_last_stage(id.stage) {
			let samples =
				u64::from(steps).checked_mul(batch.into()).ok_or(ArithmeticError::Overflow)?;
			row.tally.samples =
				row.tally.samples.checked_add(samples).ok_or(ArithmeticError::Overflow)?;
		}
		row.count(&stage);
		stage.admit(id.lane, attestation.shard_before);
		Stages::<T>::insert((id.model, id.window, id.stage), stage);
		Windows::<T>::insert(id.model, id.window, row);

		let (index, generation) = escrow.put(Item::Work(id), points)?;
		if steps < spec.window.steps {
			escrow.record.broken = escrow.record.broken.saturating_add(1); // a count for people to read
		}
		// A unit without a step has no difference: its norm of nothing would only spoil the median that clips the others.
		let in_merge = is_held && steps > 0;
		let mut unit = Unit {
			provider: provider.clone(),
			worker,
			shard_before: attestation.shard_before,
			outcome: attestation.outcome,
			upstream: attestation.upstream.map(|receipt| receipt.root),
			downstream: attestation.downstream.map(|receipt| receipt.root),
			result,
			checkpoints: attestation.checkpoints,
			difference: attestation.difference,
			norm: attestation.norm,
			loss: attestation.loss,
			held_out: attestation.held_out,
			points,
			generation,
			index,
			due,
			in_merge,
			check: Check::Waiting,
			phase: Phase::Pending,
		};
		Self::deposit_event(Event::Attested { unit: id, provider, steps, points, in_merge });
		let differing = Self::compare_ends(spec, &id, &mut unit);
		Units::<T>::insert(id, unit);
		Ok(Effects { is_first, differing, swept: 0 })
	}
}
