//! Games about units: the moves of a worker that attested one, and of one that came to something else.

use std::{
	collections::HashMap,
	sync::{Arc, Mutex, PoisonError},
};

use cairn_chain::{
	calls::{disputes, Call},
	views::{Game, GamePhase, GamePlace, Range, Standing, State},
	Request, ViewError,
};
use cairn_engine::unit::{Place, TraceError, UnitTrace};
use cairn_primitives::UnitId;
use tokio::task::{spawn_blocking, JoinError};

use super::{
	audit::{AuditError, Auditor},
	desk::Desk,
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

	/// Make the moves that are this worker's, beside its other work.
	pub async fn take_up(&self, state: &State) -> Result<(), ViewError> {
		let desk = &self.auditor.colleagues.desk;
		let provider = &self.auditor.colleagues.worker.provider;
		let standings = state.games(provider).await?;
		self.traces
			.lock()
			.unwrap_or_else(PoisonError::into_inner)
			.retain(|unit, _| standings.iter().any(|standing| standing.unit == *unit));
		for standing in standings {
			let is_ours = standing.unit.model == desk.model && standing.turn.side == standing.side;
			if is_ours && self.begin(&standing) {
				let games = self.clone();
				tokio::spawn(async move {
					if let Err(error) = games.make_move(&standing).await {
						tracing::warn!(unit = ?standing.unit, "a move is not made: {error}");
					}
					games.end(&standing);
				});
			}
		}
		Ok(())
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

	async fn make_move(&self, standing: &Standing) -> Result<(), MoveError> {
		let worker = &self.auditor.colleagues.worker;
		let state = worker.connection.state().await?;
		let Some(game) = state.game(standing.unit, &standing.challenger).await? else {
			return Ok(());
		};
		let call = match game.phase.clone() {
			GamePhase::Reveal => {
				let leaves = self.desk().leaves(&standing.unit);
				let leaves = leaves.ok_or(MoveError::NoRecord(standing.unit))?;
				disputes::reveal(standing.unit, &standing.challenger, leaves)
			},
			_ => self.computed_move(&state, standing, game).await?,
		};
		tracing::info!(unit = ?standing.unit, side = ?standing.side, call = call.name(), "moving in a game");
		worker.submitter.submit(Request::from(call).until(standing.turn.deadline)).await?;
		Ok(())
	}

	fn desk(&self) -> &Desk {
		&self.auditor.colleagues.desk
	}

	/// A move that needs the trace.
	async fn computed_move(
		&self,
		state: &State,
		standing: &Standing,
		game: Game,
	) -> Result<Call, MoveError> {
		let trace = self.trace(state, standing.unit, &game).await?;
		let (unit, challenger) = (standing.unit, standing.challenger.clone());
		let every = self.desk().spec.window.checkpoint_every;
		let moved = spawn_blocking(move || {
			let mut trace = trace.lock().unwrap_or_else(PoisonError::into_inner);
			Ok::<_, TraceError>(match game.phase {
				GamePhase::Reveal => None,
				GamePhase::ChooseCheckpoint(leaves) => trace
					.choose_checkpoint(every, &leaves)?
					.map(|child| disputes::choose(unit, &challenger, child)),
				GamePhase::Split(range) => {
					let hashes = trace.split(place(&range), range.from, range.to)?;
					Some(disputes::advance(unit, &challenger, hashes))
				},
				GamePhase::ChooseChild(range, claimed) => {
					let child = trace.choose(place(&range), range.from, range.to, &claimed)?;
					Some(disputes::choose(unit, &challenger, child))
				},
				GamePhase::Prove(leaf) => {
					let evidence = trace.evidence(&leaf)?;
					Some(disputes::prove_leaf(unit, &challenger, evidence))
				},
			})
		});
		moved.await??.ok_or(MoveError::Nothing(unit))
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
		let case = self.auditor.case(state, unit).await?;
		let context = game.context.clone();
		let trace = spawn_blocking(move || case.into_trace(context)).await??;
		let trace = Arc::new(Mutex::new(trace));
		self.traces.lock().unwrap_or_else(PoisonError::into_inner).insert(unit, trace.clone());
		Ok(trace)
	}
}

/// What the boundaries of a range count, as the engine names it.
fn place(range: &Range) -> Place {
	match range.place {
		GamePlace::Trace => Place::Trace,
		GamePlace::Step { step } => Place::Step { step },
		GamePlace::Operation { step, operation } => Place::Operation { step, operation },
	}
}
