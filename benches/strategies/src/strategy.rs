//! How workers lie.

use cairn_primitives::{roster::is_gate, ModelSpec, UnitId};

use crate::trace::Trace;

/// What somebody does to gain more than honest work would.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
	/// Nothing: the yardstick.
	Honest,
	/// Computes nothing and attests noise.
	RandomGradients,
	/// Does half of the steps and makes up the rest.
	SkippedSteps,
	/// Does every step on half of its tokens.
	FewerTokens,
	/// Attests what another lane attested.
	CopiedAttestation,
	/// Does not merge, and trains from the shard before.
	StaleShard,
	/// Half of the seats collude, and feed zeros through a lane that is all theirs.
	LaneOfZeros,
	/// Signs another root of an edge for another listener.
	TwoRoots,
	/// Sends numbers that make its neighbour's step diverge halfway.
	HugeActivations,
	/// Sends one difference to one peer, and another to the others.
	TwoDifferences,
	/// Sends nobody its difference.
	WithheldDifference,
	/// Computes nothing, and lets nobody fetch what an audit needs.
	WithheldInputs,
	/// Approves what it is to audit without a look.
	LazyAuditor,
	/// Accuses what it is to audit without a look.
	FalseAccuser,
	/// Three of a stage's four seats agree on a shard from which there is nothing to compute.
	WrongMerge,
	/// Attests noise, and makes each move of its dispute in the last block.
	StalledClock,
}

/// Where liars sit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
	/// One seat of the stage in the middle.
	Seat,
	/// A standby there: the first to be drawn as an auditor.
	Standby,
	/// Two of four seats of every stage.
	HalfOfAll,
	/// Three of four seats of the stage in the middle.
	MostOfStage,
}

/// What a unit's attestation says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
	/// The truth.
	Right,
	/// Something else from a piece of the trace on.
	WrongFrom(usize),
	/// What another lane's says.
	Copied,
	/// The truth about work from the shard before the last merge.
	Stale,
	/// The truth about work from a shard that is made up.
	MadeUp,
}

/// What is done about a unit.
#[derive(Clone, Copy, Debug)]
pub struct Deed {
	/// What is attested.
	pub claim: Claim,
	/// Percent of the work that was done.
	pub effort: u8,
}

impl Deed {
	/// Honest work.
	pub const HONEST: Self = Self { claim: Claim::Right, effort: 100 };
}

impl Strategy {
	/// All of them.
	pub const ALL: [Self; 16] = [
		Self::Honest,
		Self::RandomGradients,
		Self::SkippedSteps,
		Self::FewerTokens,
		Self::CopiedAttestation,
		Self::StaleShard,
		Self::LaneOfZeros,
		Self::TwoRoots,
		Self::HugeActivations,
		Self::TwoDifferences,
		Self::WithheldDifference,
		Self::WithheldInputs,
		Self::LazyAuditor,
		Self::FalseAccuser,
		Self::WrongMerge,
		Self::StalledClock,
	];

	/// Its name in results.
	pub fn name(self) -> &'static str {
		match self {
			Self::Honest => "honest",
			Self::RandomGradients => "random_gradients",
			Self::SkippedSteps => "skipped_steps",
			Self::FewerTokens => "fewer_tokens",
			Self::CopiedAttestation => "copied_attestation",
			Self::StaleShard => "stale_shard",
			Self::LaneOfZeros => "lane_of_zeros",
			Self::TwoRoots => "two_roots",
			Self::HugeActivations => "huge_activations",
			Self::TwoDifferences => "two_differences",
			Self::WithheldDifference => "withheld_difference",
			Self::WithheldInputs => "withheld_inputs",
			Self::LazyAuditor => "lazy_auditor",
			Self::FalseAccuser => "false_accuser",
			Self::WrongMerge => "wrong_merge",
			Self::StalledClock => "stalled_clock",
		}
	}

	/// Where its liars sit.
	pub fn role(self) -> Role {
		match self {
			Self::LazyAuditor | Self::FalseAccuser => Role::Standby,
			Self::LaneOfZeros => Role::HalfOfAll,
			Self::WrongMerge => Role::MostOfStage,
			_ => Role::Seat,
		}
	}

	/// Whether the lots of audits decide what it comes to.
	pub fn depends_on_lots(self) -> bool {
		use Strategy::*;
		matches!(
			self,
			RandomGradients
				| SkippedSteps
				| FewerTokens
				| CopiedAttestation
				| LaneOfZeros
				| WithheldInputs
				| StalledClock
		)
	}

	/// What a liar does about a unit; `is_lane_theirs` if everyone in its lane colludes. Whoever hopes not to be audited is honest
	/// in gate windows, of which every unit is audited.
	pub fn deed(self, spec: &ModelSpec, unit: &UnitId, is_lane_theirs: bool) -> Deed {
		use Strategy::*;
		if self.depends_on_lots() && is_gate(unit.window) {
			return Deed::HONEST;
		}
		let steps = spec.window.steps;
		let noise = Deed { claim: Claim::WrongFrom(0), effort: 0 };
		match self {
			RandomGradients | WithheldInputs | StalledClock | TwoRoots => noise,
			SkippedSteps => {
				Deed { claim: Claim::WrongFrom(Trace::first_piece(steps / 2)), effort: 50 }
			},
			FewerTokens => Deed { effort: 50, ..noise },
			CopiedAttestation => Deed { claim: Claim::Copied, effort: 0 },
			StaleShard => Deed { claim: Claim::Stale, effort: 100 },
			// The first stage says that its layers yield zeros, and the last one that its loss is like the others'. What lies
			// between is right: zeros yield zeros.
			LaneOfZeros if is_lane_theirs => {
				let claim = if unit.stage == 0 {
					Claim::WrongFrom(0)
				} else if spec.is_last_stage(unit.stage) {
					Claim::WrongFrom(Trace::first_piece(steps))
				} else {
					Claim::Right
				};
				Deed { claim, effort: 0 }
			},
			WrongMerge => Deed { claim: Claim::MadeUp, effort: 0 },
			LaneOfZeros | Honest | HugeActivations | TwoDifferences | WithheldDifference
			| LazyAuditor | FalseAccuser => Deed::HONEST,
		}
	}
}

/// What the chain knows of the providers when the lies begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
	/// Nothing: 20 % of units are audited, and nothing is in escrow.
	Novice,
	/// Enough for 5 %, and a full escrow.
	Regular,
	/// Enough for 2 %, and a full escrow.
	Veteran,
	/// Enough for 2 %, and nothing in escrow: a veteran that was away, and leaves again.
	Returned,
}

impl Standing {
	/// Its name in results.
	pub fn name(self) -> &'static str {
		match self {
			Self::Novice => "novice",
			Self::Regular => "regular",
			Self::Veteran => "veteran",
			Self::Returned => "returned",
		}
	}

	/// Units that were drawn, and clean ones, in a provider's record.
	pub fn record(self) -> (u32, u32) {
		use pallet_contributions::{NOVICE_UNITS, VETERAN_UNITS};
		match self {
			Self::Novice => (0, 0),
			Self::Regular => (NOVICE_UNITS, 0),
			Self::Veteran | Self::Returned => (VETERAN_UNITS, VETERAN_UNITS),
		}
	}

	/// Windows for which one life lasts at most. Who returned leaves again before enough is in escrow.
	pub fn span(self) -> u32 {
		match self {
			Self::Returned => 20,
			_ => u32::MAX,
		}
	}

	/// Whether an honest time comes first, in which the escrow fills.
	pub fn has_escrow(self) -> bool {
		matches!(self, Self::Regular | Self::Veteran)
	}
}
