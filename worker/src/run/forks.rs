//! Neighbours that signed or attested what cannot both have crossed their edge: that is proof by itself.

use std::collections::HashSet;

use cairn_chain::{
	calls::contributions::{report_equivocation, report_fork},
	calls::Call,
	views::{State, Unit, UnitPhase},
	Request, ViewError,
};
use cairn_primitives::{signing::Edge, Hash, StepIndex, UnitId, WindowIndex};

use super::{colleagues::Colleagues, worker::Worker};

/// Looks at the ends of all edges of a model.
#[derive(Debug, Default)]
pub struct Forks {
	/// Windows that were looked at.
	looked: HashSet<WindowIndex>,
}

/// What crossed an edge in a step, and until then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
	/// Root of what crossed in the step.
	pub step: Hash,
	/// Running root behind it.
	pub running: Hash,
}

/// Report neighbours that signed two roots for as many steps of an edge.
pub fn report_contradictions(colleagues: &Colleagues) {
	for (provider, contradiction) in colleagues.desk.take_contradictions() {
		let cairn_transport::Contradiction { edge, steps, first, second, .. } = contradiction;
		tracing::warn!(%provider, ?edge, steps, "a neighbour has signed two roots for one step");
		submit(&colleagues.worker, report_equivocation(&provider, edge, steps, first, second));
	}
}

impl Forks {
	/// Compare what both ends of each edge attested of a closed window, once.
	pub async fn look(
		&mut self,
		colleagues: &Colleagues,
		state: &State,
		window: WindowIndex,
	) -> Result<(), ViewError> {
		if self.looked.contains(&window) {
			return Ok(());
		}
		let Colleagues { worker, desk } = colleagues;
		for lane in 0..desk.spec.lanes {
			let mut above: Option<Unit> = None;
			for stage in 0..desk.spec.stage_count() as u8 {
				let id = UnitId { model: desk.model, window, stage, lane };
				let below = state.unit(id).await?;
				let ends = above.as_ref().zip(below.as_ref()).zip(Edge::upstream(&id));
				// Who is an end of it himself would accuse himself, too.
				let fork = ends.filter(|((above, below), _)| {
					let ends = [&above.provider, &below.provider];
					differ(above, below) && !ends.contains(&&worker.provider)
				});
				if let Some((_, edge)) = fork {
					tracing::warn!(?edge, "two neighbours attested different roots of their edge");
					submit(worker, report_fork(edge, Hash::zero(), Vec::new()));
				}
				above = below;
			}
		}
		self.looked.insert(window);
		Ok(())
	}
}

/// Whether the two ends of an edge attested different roots for as many steps, and it matters still.
fn differ(above: &Unit, below: &Unit) -> bool {
	above.outcome.steps() == below.outcome.steps()
		&& above.downstream.unwrap_or_default() != below.upstream.unwrap_or_default()
		&& (above.phase == UnitPhase::Pending || below.phase == UnitPhase::Pending)
}

/// The proof that the end of an edge which attested fewer steps attested another course than the one that is known from the other
/// end's; `None` if it did not.
pub fn shorter_end(edge: Edge, course: &[Link], steps: StepIndex, root: Hash) -> Option<Call> {
	let (done, rest) = course.split_at_checked(steps as usize)?;
	// Of no step nothing was signed.
	let previous = done.last()?.running;
	let between = rest.iter().map(|link| link.step).collect();
	(!rest.is_empty() && previous != root).then(|| report_fork(edge, previous, between))
}

/// Report what is proven by itself.
pub fn submit(worker: &std::sync::Arc<Worker>, call: Call) {
	let worker = worker.clone();
	tokio::spawn(async move {
		let name = call.name();
		// Somebody else may have been faster.
		match worker.submitter.submit(Request::from(call)).await {
			Ok(_) => tracing::info!(call = name, "reported"),
			Err(error) => tracing::info!(call = name, %error, "not reported"),
		}
	});
}

#[cfg(test)]
mod tests {
	use cairn_chain::{views::Check, AccountId};
	use cairn_primitives::{attestation::NonNegative, signing::running_root, Outcome};

	use super::*;

	const EDGE: Edge = Edge { model: 1, window: 2, lane: 0, upper: 0 };

	fn course(steps: u8) -> Vec<Link> {
		let mut running = Hash::zero();
		let link = |step| {
			let step = Hash::repeat_byte(step);
			running = running_root(running, step);
			Link { step, running }
		};
		(1..=steps).map(link).collect()
	}

	fn unit(steps: StepIndex, root: Hash) -> Unit {
		Unit {
			provider: AccountId::new([1; 32]),
			worker: Default::default(),
			shard_before: Hash::zero(),
			outcome: Outcome::Done { steps },
			upstream: Some(root),
			downstream: Some(root),
			result: Hash::zero(),
			checkpoints: Hash::zero(),
			difference: Hash::zero(),
			norm: NonNegative(0),
			loss: None,
			held_out: None,
			points: 1,
			due: 50,
			in_merge: true,
			check: Check::Waiting,
			phase: UnitPhase::Pending,
		}
	}

	#[test]
	fn ends_differ_where_as_many_steps_have_other_roots() {
		let [one, two] = [1, 2].map(Hash::repeat_byte);
		assert!(differ(&unit(5, one), &unit(5, two)));
		assert!(!differ(&unit(5, one), &unit(5, one)));
		assert!(!differ(&unit(4, one), &unit(5, two)), "the longer may continue the shorter");
		let decided = |root| Unit { phase: UnitPhase::Final, ..unit(5, root) };
		assert!(differ(&decided(one), &unit(5, two)));
		assert!(!differ(&decided(one), &decided(two)));
	}

	#[test]
	fn the_shorter_end_is_accused_if_the_longer_does_not_continue_it() {
		let course = course(5);
		let name = |steps, root| Some(shorter_end(EDGE, &course, steps, root)?.name());
		let other = Hash::repeat_byte(9);
		for steps in 1..5 {
			assert_eq!(name(steps, course[steps as usize - 1].running), None);
			assert_eq!(name(steps, other).as_deref(), Some("contributions.report_fork"));
		}
		// Of no step nothing is signed; of as many the roots tell; of more the steps are not known.
		assert_eq!([0, 5, 6].map(|steps| name(steps, other)), [None, None, None]);
	}

	#[test]
	fn what_is_reported_connects_the_two_roots_as_the_chain_asks() {
		let course = course(5);
		let (done, rest) = course.split_at(2);
		let end = rest.iter().fold(done[1].running, |root, link| running_root(root, link.step));
		assert_eq!(end, course[4].running);
	}
}
