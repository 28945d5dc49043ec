//! Games about units: the moves of a worker that attested one, and of one that came to something else.

use std::{
	collections::HashMap,
	sync::{Arc, Mutex, PoisonError},
};

use cairn_chain::{
	calls::{disputes, Call},
	views::{Game, GamePhase, GamePlace, Range, Side, Standing, State},
	AccountId, BlockRef, Request, ViewError,
};
use cairn_engine::unit::{Place, TraceError, UnitTrace};
use cairn_primitives::{dispute::Level, BlockNumber, StepIndex, UnitId};
use tokio::{
	sync::watch,
	task::{spawn_blocking, JoinError},
};

use super::{
	audit::{AuditError, Auditor},
	conduct::Move,
	desk::Desk,
	exposure::Exposures,
	inputs::Inputs,
};

/// A trace over what was fetched.
type Trace = UnitTrace<Inputs>;

/// The games of a seat.
#[derive(Clone)]
pub struct Games {
	auditor: Arc<Auditor>,
	/// Traces that were computed, and whether one is at work on a move.
	traces: Arc<Mutex<HashMap<UnitId, Arc<Mutex<Trace>>>>>,
	moving: Arc<Mutex<Vec<Standing>>>,
}

/// Why a move is not made.
#[derive(Debug, thiserror::Error)]
pub enum MoveError {
	/// The chain does not answer.
	#[error(transparent)]
	Chain(#[from] ViewError),
	/// The chain did not take the move.
	#[error(transparent)]
	Call(#[from] cairn_chain::Failure),
	/// The unit's inputs are not here.
	#[error(transparent)]
	Audit(#[from] AuditError),
	/// The trace cannot be computed.
	#[error(transparent)]
	Trace(#[from] TraceError),
	/// A thread was stopped.
	#[error("a thread was stopped: {0}")]
	Stopped(#[from] JoinError),
	/// What was attested is no longer here.
	#[error("the record of {0:?} is no longer here")]
	NoRecord(UnitId),
	/// The trace comes to what was attested.
	#[error("nothing about {0:?} is to be disputed")]
	Nothing(UnitId),
}

impl Games {
	/// No games yet.
	pub fn new(auditor: Arc<Auditor>) -> Self {
		Self { auditor, traces: Arc::default(), moving: Arc::default() }
	}

	/// Play as final blocks come: clocks do not wait for the end of a window, nor for a seat that is lost. Ends when the seat is
	/// dropped and no game is open.
	pub async fn play(
		self,
		mut blocks: watch::Receiver<Option<BlockRef>>,
		seated: watch::Receiver<()>,
	) {
		let mut exposures = Exposures::new(self.auditor.colleagues.clone());
		loop {
			let is_over = match self.look(&mut exposures).await {
				Ok(open) => open == 0 && seated.has_changed().is_err(),
				Err(error) => {
					tracing::warn!(model = self.desk().model, "games are not looked at: {error}");
					false
				},
			};
			if is_over || blocks.changed().await.is_err() {
				return;
			}
		}
	}

	/// Do what a block asks for; how many games are open.
	async fn look(&self, exposures: &mut Exposures) -> Result<usize, ViewError> {
		let state = self.auditor.colleagues.worker.connection.state().await?;
		exposures.look(&state).await?;
		self.take_up(&state).await
	}

	/// Make the moves that are this worker's, side by side; how many games are open.
	async fn take_up(&self, state: &State) -> Result<usize, ViewError> {
		let Desk { model, stage, .. } = *self.desk();
		let mut open = state.games(&self.auditor.colleagues.worker.provider).await?;
		open.retain(|game| game.unit.model == model && game.unit.stage == stage);
		self.traces
			.lock()
			.unwrap_or_else(PoisonError::into_inner)
			.retain(|unit, _| open.iter().any(|standing| standing.unit == *unit));
		let count = open.len();
		for standing in open {
			if may_act(&standing, state.height()) && self.begin(&standing) {
				let games = self.clone();
				tokio::spawn(async move {
					match games.act(&standing).await {
						Ok(()) => {},
						// No honest trace comes there: whoever claims it loses by the clock.
						Err(MoveError::Trace(TraceError::NoBoundary)) => {
							tracing::debug!(unit = ?standing.unit, "nothing proves this piece");
						},
						Err(error) => {
							tracing::warn!(unit = ?standing.unit, "a move is not made: {error}");
						},
					}
					games.end(&standing);
				});
			}
		}
		Ok(count)
	}

	/// Whether nobody is at this move yet.
	fn begin(&self, standing: &Standing) -> bool {
		let mut moving = self.moving.lock().unwrap_or_else(PoisonError::into_inner);
		let is_new = !moving.contains(standing);
		if is_new {
			moving.push(standing.clone());
		}
		is_new
	}

	fn end(&self, standing: &Standing) {
		let mut moving = self.moving.lock().unwrap_or_else(PoisonError::into_inner);
		moving.retain(|other| other != standing);
	}

	/// Make a move, or end a game whose opponent makes none.
	async fn act(&self, standing: &Standing) -> Result<(), MoveError> {
		let Standing { unit, challenger, side, .. } = standing;
		let worker = &self.auditor.colleagues.worker;
		let state = worker.connection.state().await?;
		let Some(game) = state.game(*unit, challenger).await? else { return Ok(()) };
		let (is_own, deadline) = (mover(&game.phase) == *side, game.deadline);
		let (call, until) = if !is_own && state.height() >= deadline {
			(disputes::time_out(*unit, challenger), BlockNumber::MAX)
		} else if is_own || matches!(game.phase, GamePhase::Prove(_)) {
			let due = self.due(&state, *unit, game).await?;
			let Some(movement) = worker.conduct.moves(unit, *side, due) else { return Ok(()) };
			let call = call(*unit, challenger, movement).ok_or(MoveError::Nothing(*unit))?;
			(call, deadline)
		} else {
			return Ok(()); // the opponent has yet to part the pieces
		};
		tracing::info!(?unit, ?side, call = call.name(), "moving in a game");
		let (unit, challenger) = (*unit, challenger.clone());
		let is_over = move |state: State| {
			let challenger = challenger.clone();
			async move { Ok(state.game(unit, &challenger).await?.is_none()) }
		};
		worker.submitter.submit(Request::from(call).unless(is_over).until(until)).await?;
		worker.monitor.seat(unit.model, unit.stage, |seat| seat.totals.moves += 1);
		Ok(())
	}

	fn desk(&self) -> &Desk {
		&self.auditor.colleagues.desk
	}

	/// The move that what was signed and the unit's trace ask for.
	async fn due(&self, state: &State, unit: UnitId, game: Game) -> Result<Move, MoveError> {
		let phase = game.phase.clone();
		if phase == GamePhase::Reveal {
			let leaves = self.desk().leaves(&unit).ok_or(MoveError::NoRecord(unit))?;
			return Ok(Move::Reveal(leaves));
		}
		let trace = self.trace(state, unit, &game).await?;
		let every = self.desk().spec.window.checkpoint_every;
		let due = spawn_blocking(move || {
			let mut trace = trace.lock().unwrap_or_else(PoisonError::into_inner);
			computed(&mut trace, every, &phase)
		});
		due.await??.ok_or(MoveError::NoRecord(unit))
	}

	/// The trace of a unit, computed once.
	async fn trace(
		&self,
		state: &State,
		unit: UnitId,
		game: &Game,
	) -> Result<Arc<Mutex<Trace>>, MoveError> {
		let known = |games: &Self| {
			games.traces.lock().unwrap_or_else(PoisonError::into_inner).get(&unit).cloned()
		};
		if let Some(trace) = known(self) {
			return Ok(trace);
		}
		let _turn = self.auditor.colleagues.worker.replays.lock().await;
		let case = self.auditor.case(state, unit).await?;
		let context = game.context.clone();
		let trace = spawn_blocking(move || case.into_trace(context)).await??;
		let trace = Arc::new(Mutex::new(trace));
		self.traces.lock().unwrap_or_else(PoisonError::into_inner).insert(unit, trace.clone());
		Ok(trace)
	}
}

/// Whether there may be something to do in a game: a move, the last piece, which either side can prove, or an end by the clock.
fn may_act(Standing { side, turn, .. }: &Standing, height: BlockNumber) -> bool {
	turn.side == *side || turn.level == Level::Pieces || height >= turn.deadline
}

/// Whose move it is.
fn mover(phase: &GamePhase) -> Side {
	match phase {
		GamePhase::Reveal | GamePhase::Split(_) | GamePhase::Prove(_) => Side::Defender,
		GamePhase::ChooseCheckpoint(_) | GamePhase::ChooseChild(..) => Side::Challenger,
	}
}

/// The move that a trace asks for; none where it takes no trace. Blocks.
fn computed(
	trace: &mut Trace,
	every: StepIndex,
	phase: &GamePhase,
) -> Result<Option<Move>, TraceError> {
	Ok(Some(match phase {
		GamePhase::Reveal => return Ok(None),
		GamePhase::ChooseCheckpoint(leaves) => {
			Move::Choose(trace.choose_checkpoint(every, leaves)?)
		},
		GamePhase::Split(range) => Move::Split(trace.split(place(range), range.from, range.to)?),
		GamePhase::ChooseChild(range, claimed) => {
			Move::Choose(Some(trace.choose(place(range), range.from, range.to, claimed)?))
		},
		GamePhase::Prove(leaf) => Move::Prove(trace.evidence(leaf)?),
	}))
}

/// What makes a move; none where there is nothing to choose.
fn call(unit: UnitId, challenger: &AccountId, movement: Move) -> Option<Call> {
	Some(match movement {
		Move::Reveal(leaves) => disputes::reveal(unit, challenger, leaves),
		Move::Split(hashes) => disputes::advance(unit, challenger, hashes),
		Move::Choose(child) => disputes::choose(unit, challenger, child?),
		Move::Prove(evidence) => disputes::prove_leaf(unit, challenger, evidence),
	})
}

/// What the boundaries of a range count, as the engine names it.
pub(super) fn place(range: &Range) -> Place {
	match range.place {
		GamePlace::Trace => Place::Trace,
		GamePlace::Step { step } => Place::Step { step },
		GamePlace::Operation { step, operation } => Place::Operation { step, operation },
	}
}
