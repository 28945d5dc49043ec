//! What a unit comes to.

use cairn_primitives::{hash::list_root, roster::is_gate, Hash, Outcome, StepIndex};
use cairn_program::{fraction::ratio, trace::Commitment};

use super::{
	samples::held_out,
	seat::{Progress, Seat},
	End, UnitError,
};
use crate::{difference::change_norm, Difference, StageError};

/// What a unit comes to: what its seat attests, but for what others sign.
#[derive(Clone, Debug, PartialEq)]
pub struct UnitReport {
	/// How it ended.
	pub outcome: Outcome,
	/// Why. Nobody attests that.
	pub end: End,
	/// Commitments to the shard before and to the states at [`cairn_primitives::attestation::checkpoint_steps`]: the leaves of the
	/// checkpoints' root but for the last, which is the result.
	pub leaves: Vec<Hash>,
	/// What the stage has learned, in the code that crosses a merge; where there are lanes to merge.
	pub difference: Option<Difference>,
	/// Root of the difference; of the shard after where there is one lane.
	pub root: Hash,
	/// Norm of the difference.
	pub norm: f32,
	/// Mean loss of the tokens of the steps that count, in nats, on the last stage; 0 of no steps.
	pub loss: Option<f32>,
	/// Mean loss of held-out tokens with the window's first weights, in nats, on the last stage at gates; 0 if no step counts.
	pub held_out: Option<f32>,
}

impl UnitReport {
	/// Whether the chain takes its numbers.
	fn is_finite(&self) -> bool {
		let numbers = [Some(self.norm), self.loss, self.held_out];
		numbers.into_iter().flatten().all(f32::is_finite)
	}
}

/// The numbers of an attestation, as [`cairn_program::trace`] computes them.
fn mean(loss: f32, tokens: u32, steps: StepIndex) -> f32 {
	loss / ratio::<f32>(tokens, 1) / ratio::<f32>(steps, 1)
}

impl Seat<'_> {
	/// What the unit comes to if so many steps are settled.
	pub fn report(mut self, settled: StepIndex, end: End) -> Result<UnitReport, UnitError> {
		let steps = settled.min(self.progress.steps);
		self.fall_back(steps)?;
		let report = self.close(end.outcome(steps), end)?;
		if report.is_finite() {
			return Ok(report);
		}
		// Each weight is finite, but not their change or the sum of all losses. There is nothing to attest then but that.
		self.restart()?;
		self.close(Outcome::Diverged { step: 0, operation: 0 }, end)
	}

	/// Back to the state after so many steps.
	fn fall_back(&mut self, steps: StepIndex) -> Result<(), UnitError> {
		let computed = self.progress.steps;
		match self.past.after(steps) {
			// Also where the step behind it has diverged, and left the shard between two states.
			Some(progress) => {
				self.past.restore(self.trainer.shard())?;
				self.progress = progress;
			},
			None if steps == computed => {},
			None if steps == 0 => self.restart()?,
			None => return Err(UnitError::TooFarBack { settled: steps, computed }),
		}
		Ok(())
	}

	/// Back to the start of the window.
	fn restart(&mut self) -> Result<(), StageError> {
		self.progress = Progress::default();
		self.trainer.restore(self.plan.before)
	}

	/// The leaves of the steps that count, up to the state as it is.
	fn leaves(&self) -> Result<Vec<Hash>, StageError> {
		let steps = self.progress.steps;
		let before = self.leaves.iter().filter(|(at, _)| *at < steps).map(|(_, leaf)| *leaf);
		let last = match self.leaves.iter().find(|(at, _)| *at == steps) {
			Some((_, leaf)) => *leaf,
			None => self.state()?,
		};
		Ok(before.chain([last]).collect())
	}

	/// The report of the state as it is.
	fn close(&self, outcome: Outcome, end: End) -> Result<UnitReport, UnitError> {
		let (spec, before, shard) = (self.plan.spec, self.plan.before, self.trainer.shard());
		let compute = self.trainer.compute();
		let (difference, root, norm) = compute.run(|| match spec.lanes {
			1 => {
				let list = list_root(&shard.tensor_roots()?);
				let norm = change_norm(before, shard)?;
				Ok::<_, StageError>((None, Commitment::Shard { list }.hash(), norm))
			},
			_ => {
				let difference = Difference::of(before, shard, spec.merge)?;
				let (root, norm) = (difference.root(), difference.norm);
				Ok((Some(difference), root, norm))
			},
		})?;
		let Progress { steps, loss } = self.progress;
		let of_steps = |mean: f32| if steps > 0 { mean } else { 0.0 };
		let evaluated = held_out(spec).saturating_mul(self.stage.tokens());
		let evaluates = self.stage.is_last && is_gate(self.plan.unit.window);
		Ok(UnitReport {
			outcome,
			end,
			leaves: self.leaves()?,
			difference,
			root,
			norm,
			loss: self.stage.is_last.then(|| of_steps(mean(loss, self.tokens(), steps))),
			held_out: evaluates.then(|| of_steps(mean(self.held_out, evaluated, 1))),
		})
	}
}
