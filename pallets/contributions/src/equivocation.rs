//! Proof by itself: two different roots signed for one edge and step, or attested by its two ends.

use cairn_primitives::{
	attestation::EdgeReceipt,
	signing::{edge_message, running_root, verify_worker, Edge},
	traits::{Fault, Providers, Seats},
	Hash, ModelSpec, StageIndex, StepIndex, UnitId,
};
use frame_support::{dispatch::DispatchResult, ensure};
use sp_core::sr25519;
use sp_runtime::DispatchError;

use crate::{
	AccountIdOf, Config, Error, Event, Pallet, Stages, Unit, UnitOf, Units, WindowRow, Windows,
};

/// An end of an edge, and the key that signs there.
struct End {
	/// 0 above the edge, 1 below it.
	side: u8,
	/// The provider's worker key in this window.
	key: sr25519::Public,
	/// The window's seed.
	seed: Hash,
	/// The window.
	row: WindowRow,
}

impl<T: Config> Pallet<T> {
	pub(crate) fn do_report_equivocation(
		who: AccountIdOf<T>,
		provider: AccountIdOf<T>,
		edge: Edge,
		steps: StepIndex,
		first: EdgeReceipt,
		second: EdgeReceipt,
	) -> DispatchResult {
		ensure!(first.root != second.root, Error::<T>::RootsAgree);
		let End { side, key, seed, mut row } = Self::end_of(&provider, &edge)?;
		let above = (edge.model, edge.window, edge.upper);
		let mut stage = Stages::<T>::get(above);
		let place = u32::from(edge.lane).saturating_mul(2).saturating_add(side.into()); // lane < 16
		let mark = 1u32.checked_shl(place).ok_or(Error::<T>::NotAtEdge)?;
		ensure!(stage.equivocated & mark == 0, Error::<T>::AlreadyReported);
		for receipt in [&first, &second] {
			let message = edge_message(Self::genesis(), seed, &edge, steps, receipt.root);
			let is_signed = verify_worker(message, &receipt.signature, &key);
			ensure!(is_signed, Error::<T>::BadEdgeSignature);
		}

		row.count(&stage);
		stage.equivocated |= mark;
		Stages::<T>::insert(above, stage);
		Windows::<T>::insert(edge.model, edge.window, row);
		Self::forfeit_points(&provider, edge.model);
		let prover = Self::prover(who);
		let fine = Self::punish(&provider, edge.model, Fault::Equivocation, Some(&prover));
		T::Seats::expel(&provider, edge.model);
		Self::deposit_event(Event::Equivocated { edge, steps, provider, fine });
		Ok(())
	}

	/// Prove that two neighbours attested what cannot both have crossed the edge between them: `previous` is the running root
	/// after the steps of the one that did fewer, and `steps` are the roots of the steps from there to the other's root. Where
	/// both did as many, neither is needed.
	///
	/// Each end attests a root that the other signed. An honest one signs its own running roots only, and whatever it signed
	/// for a later step continues the root that it signed for an earlier one. So if the two do not continue each other,
	/// neither end is honest.
	pub(crate) fn do_report_fork(
		who: AccountIdOf<T>,
		edge: Edge,
		previous: Hash,
		steps: &[Hash],
	) -> DispatchResult {
		let (above, below) = Self::ends_of(&edge).ok_or(Error::<T>::NotAtEdge)?;
		let (crossed_above, crossed_below) = (crossed(&above.1, true), crossed(&below.1, false));
		let (shorter, longer) = if crossed_above.0 <= crossed_below.0 {
			(crossed_above, crossed_below)
		} else {
			(crossed_below, crossed_above)
		};
		// Of no step nothing is signed: whoever did none contradicts nothing, whatever was held out before the first.
		ensure!(shorter.0 > 0 || longer.0 == 0, Error::<T>::RootsAgree);
		let between = longer.0.saturating_sub(shorter.0); // the longer is not shorter
		ensure!(steps.len() == between as usize, Error::<T>::StepsDoNotConnect);
		// Where both did as many there is nothing to show.
		let previous = if steps.is_empty() { longer.1 } else { previous };
		let end = steps.iter().fold(previous, |root, step| running_root(root, *step));
		ensure!(end == longer.1, Error::<T>::StepsDoNotConnect);
		ensure!(previous != shorter.1, Error::<T>::RootsAgree);
		let is_pending = above.1.is_pending() || below.1.is_pending();
		ensure!(is_pending, Error::<T>::AlreadyDecided);

		let prover = Self::prover(who);
		for (id, unit) in [above, below].into_iter().filter(|(_, unit)| unit.is_pending()) {
			let provider = unit.provider.clone();
			Self::refute(id, unit, Fault::Equivocation, Some(&prover));
			T::Seats::expel(&provider, id.model);
		}
		Ok(())
	}

	/// A unit is attested. If a neighbour attested as many steps and another root, neither is merged; anybody can prove the
	/// fault with [`Self::do_report_fork`], and is paid for it. Returns at how many of its ends that is so.
	pub(crate) fn compare_ends(spec: &ModelSpec, id: &UnitId, unit: &mut UnitOf<T>) -> u32 {
		let above = Edge::upstream(id).map(|edge| (edge, edge.upper));
		let below = Edge::downstream(id, spec.stage_count())
			.and_then(|edge| Some((edge, edge.upper.checked_add(1)?)));
		let mut differing = 0u32;
		for (edge, stage) in above.into_iter().chain(below) {
			let neighbour = UnitId { stage, ..*id };
			let Some(other) = Units::<T>::get(neighbour) else { continue };
			let is_above = stage == edge.upper;
			let (theirs, ours) = (crossed(&other, is_above), crossed(unit, !is_above));
			if theirs.0 == ours.0 && theirs.1 != ours.1 {
				// The window runs: nothing was merged yet.
				unit.in_merge = false;
				Units::<T>::insert(neighbour, Unit { in_merge: false, ..other });
				Self::deposit_event(Event::EndsDiffer { edge });
				differing = differing.saturating_add(1); // at most two
			}
		}
		differing
	}

	/// The units above and below an edge, if both are attested.
	#[allow(clippy::type_complexity)]
	fn ends_of(edge: &Edge) -> Option<((UnitId, UnitOf<T>), (UnitId, UnitOf<T>))> {
		let unit = |stage| {
			let id = UnitId { model: edge.model, window: edge.window, stage, lane: edge.lane };
			Some((id, Units::<T>::get(id)?))
		};
		Some((unit(edge.upper)?, unit(edge.upper.checked_add(1)?)?))
	}

	/// Where a provider worked at an edge. The key that it had when the window started counts, whatever it changed it to.
	fn end_of(provider: &AccountIdOf<T>, edge: &Edge) -> Result<End, DispatchError> {
		let spec = Self::spec(edge.model)?;
		let running = T::Seats::window(edge.model).filter(|running| running.index == edge.window);
		let closed =
			|| T::Seats::closed_window(edge.model, edge.window).map(|closed| closed.window);
		let window = running.or_else(closed).ok_or(Error::<T>::NotAtEdge)?;
		let seed = window.seed;
		let below = edge.upper.checked_add(1).filter(|stage| spec.has_stage(*stage));
		let below = below.ok_or(Error::<T>::NotAtEdge)?;
		for (side, stage) in [(0, edge.upper), (1, below)] {
			let id = UnitId { model: edge.model, window: edge.window, stage, lane: edge.lane };
			if let Some(unit) = Units::<T>::get(id) {
				if unit.provider == *provider {
					let row = Self::window_of(edge.model, edge.window)?;
					return Ok(End { side, key: unit.worker, seed, row });
				}
			} else if running.is_some()
				&& Self::sits_in_lane(provider, &window, edge.model, stage, edge.lane)
			{
				let key = T::Providers::worker_key_at(provider, window.start)
					.ok_or(Error::<T>::NotAtEdge)?;
				let row = Self::running_row(edge.model, &spec, &window);
				return Ok(End { side, key, seed, row });
			}
		}
		Err(Error::<T>::NotAtEdge.into())
	}

	fn sits_in_lane(
		provider: &AccountIdOf<T>,
		window: &cairn_primitives::Window,
		model: u32,
		stage: StageIndex,
		lane: u8,
	) -> bool {
		T::Seats::roster(model, stage)
			.is_some_and(|roster| roster.in_lane(window.seed, stage, lane) == Some(provider))
	}
}

/// How many steps a unit attested of the edge below it, or above it, and their running root.
fn crossed<AccountId>(unit: &Unit<AccountId>, is_above: bool) -> (StepIndex, Hash) {
	let root = if is_above { unit.downstream } else { unit.upstream };
	(unit.outcome.steps(), root.unwrap_or_default())
}
