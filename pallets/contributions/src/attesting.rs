//! What a seat may attest, and what becomes of it.

use alloc::collections::BTreeSet;

use cairn_primitives::{
	attestation::{Attestation, EdgeReceipt, HeldSignature},
	roster::is_gate,
	signing::{edge_message, held_message, verify_worker, Edge},
	traits::{Providers, Seats},
	LaneIndex, ModelSpec, Outcome, Roster, StageIndex, UnitId, Window,
};
use frame_support::{dispatch::DispatchResult, ensure};
use sp_core::sr25519;
use sp_runtime::{ArithmeticError, DispatchError};

use crate::{
	AccountIdOf, Base, Check, Config, Error, Event, Item, Pallet, Phase, Records, StageRow, Stages,
	Unit, Units, Windows,
};

/// Finalisations that an attestation does on the way.
const SWEEP: u32 = 2;

impl<T: Config> Pallet<T> {
	pub(crate) fn do_attest(
		who: AccountIdOf<T>,
		attestation: Attestation<AccountIdOf<T>>,
	) -> DispatchResult {
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
		Self::check_receipts(&spec, &window, &attestation)?;
		let is_held = Self::check_held(&roster, &window, &provider, &attestation)?;

		Self::admit(&spec, &window, &provider, attestation, is_held, stage)?;
		Self::compare_ends(&id);
		Self::sweep(&provider, id.model, SWEEP);
		Ok(())
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
				Self::check_receipt(window, &edge, steps, receipt, &neighbour)?;
			},
			(None, None) => {},
			_ => return Err(Error::<T>::UpstreamMisplaced.into()),
		}
		match (crossed(Edge::downstream(id, spec.stage_count())), &attestation.downstream) {
			(Some(edge), Some(receipt)) => {
				let below = edge.upper.checked_add(1).ok_or(ArithmeticError::Overflow)?;
				let neighbour = Self::worker_in_lane(window, id.model, below, id.lane)?;
				Self::check_receipt(window, &edge, steps, receipt, &neighbour)?;
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
		window: &Window,
		edge: &Edge,
		steps: u32,
		receipt: &EdgeReceipt,
		neighbour: &sr25519::Public,
	) -> DispatchResult {
		let message = edge_message(Self::genesis(), window.seed, edge, steps, receipt.root);
		let is_signed = verify_worker(message, &receipt.signature, neighbour);
		ensure!(is_signed, Error::<T>::BadReceipt);
		Ok(())
	}

	/// Whether a majority signed that it holds a difference: of the stage's other seats, or of these and the standbys that hold
	/// the last shard. So neither standbys that are silent nor standbys that sign for what nobody else gets decide alone.
	///
	/// Signatures of others do not count. They do no harm either: a holder can leave after it signed.
	fn check_held(
		roster: &Roster<AccountIdOf<T>>,
		window: &Window,
		provider: &AccountIdOf<T>,
		attestation: &Attestation<AccountIdOf<T>>,
	) -> Result<bool, DispatchError> {
		let holders: BTreeSet<_> = roster.holders_for(provider, attestation.unit.window).collect();
		let seats: BTreeSet<_> =
			roster.seats.iter().flatten().filter(|seat| *seat != provider).collect();
		let message =
			held_message(Self::genesis(), window.seed, &attestation.unit, attestation.difference);
		let mut signed = BTreeSet::new();
		for HeldSignature { holder, signature } in &attestation.held {
			ensure!(signed.insert(holder), Error::<T>::DuplicateHolder);
			if !holders.contains(holder) {
				continue;
			}
			let is_signed = T::Providers::worker_key_at(holder, window.start)
				.is_some_and(|key| verify_worker(message, signature, &key));
			ensure!(is_signed, Error::<T>::BadHeldSignature);
		}
		// At most MAX_HELD of either: twice as many fit.
		let is_majority =
			|of: &BTreeSet<_>| signed.intersection(of).count().saturating_mul(2) > of.len();
		Ok(seats.is_empty() || is_majority(&seats) || is_majority(&holders))
	}

	/// Take in a checked attestation.
	fn admit(
		spec: &ModelSpec,
		window: &Window,
		provider: &AccountIdOf<T>,
		attestation: Attestation<AccountIdOf<T>>,
		is_held: bool,
		mut stage: StageRow,
	) -> DispatchResult {
		let id = attestation.unit;
		let steps = attestation.outcome.steps();
		let batch = spec.schedule.batch_at(window.samples);
		let cost = spec.stage_cost(id.stage).ok_or(Error::<T>::UnknownStage)?;
		let points = cost.points(steps, batch);
		let worker =
			T::Providers::worker_key_at(provider, window.start).ok_or(Error::<T>::NotAWorker)?;
		let result = attestation.result();

		let mut row = Self::running_row(id.model, spec, window);
		let initial = spec.initial.get(usize::from(id.stage));
		let is_right_start =
			row.base != Base::Initial || initial == Some(&attestation.shard_before);
		ensure!(is_right_start, Error::<T>::WrongInitialShard);
		row.tally.attested = row.tally.attested.checked_add(1).ok_or(ArithmeticError::Overflow)?;
		if spec.is_last_stage(id.stage) {
			let samples =
				u64::from(steps).checked_mul(batch.into()).ok_or(ArithmeticError::Overflow)?;
			row.tally.samples =
				row.tally.samples.checked_add(samples).ok_or(ArithmeticError::Overflow)?;
		}
		stage.admit(id.lane, attestation.shard_before);
		Self::put_stage(&mut row, id.model, id.window, id.stage, &stage);
		Windows::<T>::insert(id.model, id.window, row);

		let (index, generation) = Self::enqueue(provider, id.model, Item::Work(id), points)?;
		if steps < spec.window.steps {
			Records::<T>::mutate(provider, id.model, |record| {
				record.broken = record.broken.saturating_add(1) // a count for people to read
			});
		}
		// A unit without a step has no difference: its norm of nothing would only spoil the median that clips the others.
		let in_merge = is_held && steps > 0;
		let unit = Unit {
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
			// Nobody can challenge it before the window closes: who attests early shortens nobody's time.
			due: Self::due(spec, window.deadline),
			in_merge,
			check: Check::Waiting,
			phase: Phase::Pending,
		};
		Units::<T>::insert(id, unit);
		let provider = provider.clone();
		Self::deposit_event(Event::Attested { unit: id, provider, steps, points, in_merge });
		Ok(())
	}
}
