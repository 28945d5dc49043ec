#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]
// Runtime code must not panic.
#![cfg_attr(
	not(any(test, feature = "runtime-benchmarks")),
	deny(
		clippy::arithmetic_side_effects,
		clippy::expect_used,
		clippy::indexing_slicing,
		clippy::panic,
		clippy::unwrap_used
	)
)]

extern crate alloc;

#[cfg(any(test, feature = "runtime-benchmarks"))]
pub mod benchmarking;
mod clock;
mod endings;
pub mod game;
#[cfg(test)]
mod mock;
mod moves;
mod registry;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod try_state;
pub mod types;
mod views;
pub mod weights;

pub use clock::{Clocks, Times};
pub use game::{Game, GameError, Move, Phase, Place, Range};
pub use pallet::*;
pub use types::*;
pub use weights::WeightInfo;

#[allow(clippy::expect_used, reason = "FRAME's macros expand to it")]
#[frame_support::pallet]
pub mod pallet {
	use super::{types::*, weights::WeightInfo, GameError};
	use alloc::vec::Vec;
	use cairn_primitives::{
		dispute::LeafVerifier,
		traits::{DisputeOutcome, Models, Providers},
		BlockNumber, Hash, UnitId,
	};
	use frame_support::pallet_prelude::*;
	use frame_system::pallet_prelude::*;
	use sp_runtime::traits::SaturatedConversion;

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	/// The runtime's account identifier.
	pub type AccountIdOf<T> = <T as frame_system::Config>::AccountId;
	/// A row of [`Games`].
	pub type DisputeOf<T> = Dispute<AccountIdOf<T>>;

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	#[pallet::config]
	pub trait Config: frame_system::Config {
		/// The specs of models. While a game about a unit is open, the spec of its model must neither change nor go.
		type Models: Models<AccountId = Self::AccountId>;

		/// Whom a worker key moves for.
		type Providers: Providers<AccountId = Self::AccountId>;

		/// Told how games end. An error undoes the call that ended the game, which then stays open.
		type Outcome: DisputeOutcome<AccountId = Self::AccountId>;

		/// The arithmetic that units are computed by.
		type Leaf: LeafVerifier;

		/// Blocks that each side of a game has in all; fixed for a game when it opens.
		type ClockBudget: Get<BlockNumber>;

		/// Blocks that a side has at least for each move, even if its budget is used up; fixed for a game when it opens.
		/// 0 counts as 1.
		type ClockExtension: Get<BlockNumber>;

		/// How many games about one unit may be open at once. Lowering it needs a migration.
		#[pallet::constant]
		type MaxGamesPerUnit: Get<u32>;

		/// Weights of the calls.
		type WeightInfo: WeightInfo;

		/// What benchmarks need of neighbours.
		#[cfg(feature = "runtime-benchmarks")]
		type BenchmarkHelper: crate::benchmarking::BenchmarkHelper<Self::AccountId>;
	}

	/// Open games by unit and challenger. A row takes 851 bytes at most, with accounts of 32 bytes.
	#[pallet::storage]
	pub type Games<T: Config> = StorageDoubleMap<
		_,
		Blake2_128Concat,
		UnitId,
		Blake2_128Concat,
		T::AccountId,
		DisputeOf<T>,
		OptionQuery,
	>;

	/// The challengers with open games about a unit; no row where there are none.
	#[pallet::storage]
	pub type OpenGames<T: Config> = StorageMap<
		_,
		Blake2_128Concat,
		UnitId,
		BoundedVec<T::AccountId, T::MaxGamesPerUnit>,
		ValueQuery,
	>;

	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A unit was disputed: the defender is to reveal its checkpoints.
		GameOpened {
			/// The unit.
			unit: UnitId,
			/// Who came to another result.
			challenger: T::AccountId,
			/// Who attested the unit.
			defender: T::AccountId,
			/// Root of the challenger's own checkpoints.
			checkpoints: Hash,
			/// The last block in which the defender can reveal.
			deadline: BlockNumber,
		},
		/// A defender revealed its checkpoints: the challenger is to choose.
		CheckpointsRevealed {
			/// The unit.
			unit: UnitId,
			/// The challenger.
			challenger: T::AccountId,
			/// The last block in which the challenger can choose.
			deadline: BlockNumber,
		},
		/// A defender committed to what lies inside the disputed range: the challenger is to choose.
		RangeSplit {
			/// The unit.
			unit: UnitId,
			/// The challenger.
			challenger: T::AccountId,
			/// The last block in which the challenger can choose.
			deadline: BlockNumber,
		},
		/// A challenger named the first part that it disputes: the defender is to split it, or to prove it.
		ChildChosen {
			/// The unit.
			unit: UnitId,
			/// The challenger.
			challenger: T::AccountId,
			/// The part, counted from 0.
			child: u8,
			/// The last block in which the defender can move.
			deadline: BlockNumber,
		},
		/// A game was won.
		GameEnded {
			/// The unit.
			unit: UnitId,
			/// The challenger.
			challenger: T::AccountId,
			/// The side that won.
			winner: Side,
			/// Whether a proof or the clock decided.
			ending: Ending,
		},
		/// A game ended in the challenger's favour without being played out: its unit was refuted already.
		GameMooted {
			/// The unit.
			unit: UnitId,
			/// The challenger.
			challenger: T::AccountId,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// No such game is open: look for yours with the view function `my_games`.
		NoSuchGame,
		/// You have a game about this unit already: play it to its end first.
		AlreadyOpen,
		/// As many games about this unit are open as there may be: try again when one has ended.
		TooManyGames,
		/// The unit is your own: only others can dispute it.
		OwnUnit,
		/// Your checkpoints are the attested ones: there is nothing to dispute.
		NothingDisputed,
		/// The unit claims more steps than a window has: attest it anew within the spec.
		TraceTooLong,
		/// The unit's model is not registered: check the model's number.
		UnknownModel,
		/// You do not act for the side that makes this move: sign with its worker key or its provider account.
		NotAParty,
		/// The other side has to move: wait until it has, or until its clock has run out and call `time_out`.
		NotYourTurn,
		/// The clock has run out, no move counts any more: end the game with `time_out`.
		OutOfTime,
		/// It is your turn, but for another move: the view function `game` says which.
		WrongMove,
		/// The number of hashes is wrong: post one for each boundary, as the view function `game` gives the range.
		WrongNumberOfHashes,
		/// The first leaf is not the shard before the window: reveal the leaves of the attested root.
		FirstLeafNotShard,
		/// The last leaf is not the attested result: reveal the leaves of the attested root.
		LastLeafNotResult,
		/// The leaves do not hash to the attested root: reveal the leaves of that root, in order.
		LeavesDoNotMatch,
		/// There are fewer parts: name one, counted from 0, that the posted hashes bound.
		NoSuchChild,
		/// The disputed range is longer than one piece: make the moves that narrow it down first.
		NotAtLeaf,
		/// The evidence does not open the agreed commitment: send the state before the piece.
		Unproven,
		/// The side to move has time left: try again after the deadline that `turn` gives.
		ClockRunning,
	}

	impl<T> From<GameError> for Error<T> {
		fn from(error: GameError) -> Self {
			match error {
				GameError::NotYourTurn => Error::NotYourTurn,
				GameError::OutOfTime => Error::OutOfTime,
				GameError::WrongMove => Error::WrongMove,
				GameError::WrongNumberOfHashes => Error::WrongNumberOfHashes,
				GameError::FirstLeafNotShard => Error::FirstLeafNotShard,
				GameError::LastLeafNotResult => Error::LastLeafNotResult,
				GameError::LeavesDoNotMatch => Error::LeavesDoNotMatch,
				GameError::NoSuchChild => Error::NoSuchChild,
				GameError::NotAtLeaf => Error::NotAtLeaf,
				GameError::Unproven => Error::Unproven,
				GameError::ClockRunning => Error::ClockRunning,
			}
		}
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn integrity_test() {
			assert!(T::MaxGamesPerUnit::get() > 0, "MaxGamesPerUnit is 0: nothing can be disputed");
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Reveal the checkpoints of your disputed unit.
		///
		/// The leaves are the shard before the window, the state at each checkpoint, and the result; they hash to the
		/// checkpoints root that you attested. Signed by the defender's worker key or provider account.
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::reveal())]
		pub fn reveal(
			origin: OriginFor<T>,
			unit: UnitId,
			challenger: T::AccountId,
			leaves: Leaves,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_reveal(who, unit, challenger, leaves)
		}

		/// Commit to the states inside the disputed range of your unit.
		///
		/// One hash for each boundary that `cairn_primitives::dispute::split` names, ascending. Signed by the defender's
		/// worker key or provider account.
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::advance())]
		pub fn advance(
			origin: OriginFor<T>,
			unit: UnitId,
			challenger: T::AccountId,
			hashes: Hashes,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_advance(who, unit, challenger, hashes)
		}

		/// Name the first part of the disputed range whose end is wrong.
		///
		/// Parts are counted from 0; part k lies between the posted hash k and the next, both ends of the range
		/// included. Signed by the challenger's worker key or provider account.
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::choose())]
		pub fn choose(
			origin: OriginFor<T>,
			unit: UnitId,
			challenger: T::AccountId,
			child: u8,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_choose(who, unit, challenger, child)
		}

		/// End a game by having the chain recompute the disputed piece.
		///
		/// Anyone may send the evidence: it decides, not its sender. The fee is returned if it does.
		#[pallet::call_index(3)]
		#[pallet::weight(T::WeightInfo::prove_leaf(evidence.len() as u32))]
		pub fn prove_leaf(
			origin: OriginFor<T>,
			unit: UnitId,
			challenger: T::AccountId,
			evidence: Evidence,
		) -> DispatchResultWithPostInfo {
			ensure_signed(origin)?;
			Self::do_prove_leaf(unit, challenger, evidence)?;
			Ok(Pays::No.into())
		}

		/// End a game whose side to move has let its clock run out.
		///
		/// Anyone may call this from the block after the deadline on. The fee is returned.
		#[pallet::call_index(4)]
		#[pallet::weight(T::WeightInfo::time_out())]
		pub fn time_out(
			origin: OriginFor<T>,
			unit: UnitId,
			challenger: T::AccountId,
		) -> DispatchResultWithPostInfo {
			ensure_signed(origin)?;
			Self::do_time_out(unit, challenger)?;
			Ok(Pays::No.into())
		}
	}

	#[pallet::view_functions]
	impl<T: Config> Pallet<T> {
		/// A game with everything that its next move needs.
		pub fn game(unit: UnitId, challenger: T::AccountId) -> Option<DisputeOf<T>> {
			Games::<T>::get(unit, challenger)
		}

		/// Whose move it is in a game, and until when.
		pub fn turn(unit: UnitId, challenger: T::AccountId) -> Option<Turn> {
			Games::<T>::get(unit, challenger).map(|dispute| dispute.game.turn())
		}

		/// The open games of a provider, on either side.
		pub fn my_games(provider: T::AccountId) -> Vec<Standing<T::AccountId>> {
			Self::games_of(&provider)
		}
	}

	impl<T: Config> Pallet<T> {
		/// The current block. The chain's block numbers are 32 bits wide; wider ones of other runtimes saturate, in
		/// which case no clock ever runs out.
		pub(crate) fn now() -> BlockNumber {
			frame_system::Pallet::<T>::block_number().saturated_into()
		}
	}
}
