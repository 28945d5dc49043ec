//! Proof by itself: two different roots signed for one edge and step.

use cairn_primitives::{
	attestation::EdgeReceipt,
	signing::{edge_message, verify_worker, Edge},
	traits::{Fault, Providers, Seats},
	StageIndex, StepIndex, UnitId,
};
use frame_support::{dispatch::DispatchResult, ensure};
use sp_core::sr25519;
use sp_runtime::DispatchError;

use crate::{AccountIdOf, Config, Error, Event, Pallet, Stages, Units, WindowRow, Windows};

/// An end of an edge, and the key that signs there.
struct End {
	/// 0 above the edge, 1 below it.
	side: u8,
	/// The provider's worker key in this window.
	key: sr25519::Public,
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
		let End { side, key, mut row } = Self::end_of(&provider, &edge)?;
		let mut progress = Stages::<T>::get((edge.model, edge.window, edge.upper));
		let place = u32::from(edge.lane).saturating_mul(2).saturating_add(side.into()); // lane < 16
		let mark = 1u32.checked_shl(place).ok_or(Error::<T>::NotAtEdge)?;
		ensure!(progress.equivocated & mark == 0, Error::<T>::AlreadyReported);
		for receipt in [&first, &second] {
			let message = edge_message(Self::genesis(), &edge, steps, receipt.root);
			let is_signed = verify_worker(message, &receipt.signature, &key);
			ensure!(is_signed, Error::<T>::BadEdgeSignature);
		}

		progress.equivocated |= mark;
		Self::put_stage(&mut row, edge.model, edge.window, edge.upper, &progress);
		Windows::<T>::insert(edge.model, edge.window, row);
		Self::forfeit_points(&provider, edge.model);
		let prover = Self::prover(who);
		let fine = Self::punish(&provider, edge.model, Fault::Equivocation, Some(&prover));
		T::Seats::expel(&provider, edge.model);
		Self::deposit_event(Event::Equivocated { edge, steps, provider, fine });
		Ok(())
	}

	/// Where a provider worked at an edge. The key of a unit that it attested there counts, whatever it changed it to since;
	/// while the window runs and it has attested nothing, the key that it has now.
	fn end_of(provider: &AccountIdOf<T>, edge: &Edge) -> Result<End, DispatchError> {
		let spec = Self::spec(edge.model)?;
		let running = T::Seats::window(edge.model).filter(|running| running.index == edge.window);
		let below = edge.upper.checked_add(1).filter(|stage| spec.has_stage(*stage));
		let below = below.ok_or(Error::<T>::NotAtEdge)?;
		for (side, stage) in [(0, edge.upper), (1, below)] {
			let id = UnitId { model: edge.model, window: edge.window, stage, lane: edge.lane };
			if let Some(unit) = Units::<T>::get(id) {
				if unit.provider == *provider {
					let row = Self::window_of(edge.model, edge.window)?;
					return Ok(End { side, key: unit.worker, row });
				}
			} else if let Some(window) = running {
				if Self::sits_in_lane(provider, &window, edge.model, stage, edge.lane) {
					let key = T::Providers::worker_key(provider).ok_or(Error::<T>::NotAtEdge)?;
					let row = Self::running_row(edge.model, &spec, &window);
					return Ok(End { side, key, row });
				}
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
