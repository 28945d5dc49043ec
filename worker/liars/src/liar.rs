//! A worker that lies about its units of a window, and is honest in all else.

use std::sync::{Mutex, PoisonError};

use cairn_chain::{views::Side, AccountId};
use cairn_engine::unit::{Crossing, UnitReport};
use cairn_primitives::{Attestation, Hash, UnitId, Verdict, WindowIndex};
use cairn_worker::{Conduct, Move};

use crate::lie::Lie;

/// The step from which on it lies about what it sends, where not from the first.
const LIES_FROM: u32 = 10;
/// Hashes of nothing.
const MADE_UP: Hash = Hash::repeat_byte(0x1e);

/// A worker that lies.
pub struct Liar {
	lie: Lie,
	window: WindowIndex,
	/// What it has sent or attested before, to say it again.
	sent: Mutex<Vec<u8>>,
	attested: Mutex<Option<Attestation<AccountId>>>,
}

impl Liar {
	/// That lies about its units of a window.
	pub fn new(lie: Lie, window: WindowIndex) -> Self {
		Self { lie, window, sent: Mutex::default(), attested: Mutex::default() }
	}

	/// What it lies about in a unit, if it does.
	fn lie(&self, window: WindowIndex) -> Option<Lie> {
		(window == self.window).then_some(self.lie)
	}
}

impl Conduct for Liar {
	fn sends(&self, unit: &UnitId, at: Crossing, computed: Vec<u8>) -> Vec<u8> {
		let is_late = matches!(at, Crossing::Step { step, .. } if step >= LIES_FROM);
		match self.lie(unit.window) {
			Some(Lie::RandomGradients) => {
				floats(computed.len(), |i| (i * 7919 % 997) as f32 / 997.0)
			},
			Some(Lie::Zeros) => vec![0; computed.len()],
			Some(Lie::HugeActivations) if is_late => floats(computed.len(), |_| f32::MAX),
			Some(Lie::SkippedSteps) => {
				let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
				if !is_late {
					*sent = computed;
				}
				sent.clone()
			},
			_ => computed,
		}
	}

	fn reads(&self, unit: &UnitId, own: u64) -> u64 {
		match self.lie(unit.window) {
			Some(Lie::FewerTokens) => own + 1,
			_ => own,
		}
	}

	fn merges(&self, window: WindowIndex) -> bool {
		self.lie(window) != Some(Lie::StaleShard)
	}

	fn reports(&self, unit: &UnitId, computed: UnitReport) -> UnitReport {
		let UnitReport { mut leaves, .. } = computed.clone();
		match self.lie(unit.window) {
			// The chain knows the first.
			Some(Lie::MadeUp | Lie::Stalling) => {
				leaves.iter_mut().skip(1).for_each(|l| *l = MADE_UP)
			},
			Some(Lie::SkippedSteps) => {
				if let Some(state) = leaves.get(1).copied() {
					leaves.iter_mut().skip(1).for_each(|leaf| *leaf = state);
				}
			},
			_ => {},
		}
		UnitReport { leaves, ..computed }
	}

	fn attests(&self, due: Attestation<AccountId>) -> Attestation<AccountId> {
		let mut before = self.attested.lock().unwrap_or_else(PoisonError::into_inner);
		let copied = before.replace(due.clone());
		match (self.lie(due.unit.window), copied) {
			(Some(Lie::CopiedAttestation), Some(copied)) => {
				Attestation { checkpoints: copied.checkpoints, ..due }
			},
			_ => due,
		}
	}

	fn gives_difference(&self, unit: &UnitId) -> bool {
		self.lie(unit.window) != Some(Lie::WithheldDifference)
	}

	fn gives_inputs(&self, unit: &UnitId) -> bool {
		self.lie(unit.window) != Some(Lie::WithheldInputs)
	}

	fn judges(&self, unit: &UnitId) -> Option<Verdict> {
		match self.lie(unit.window)? {
			Lie::LazyAuditor => Some(Verdict::Ok { audit_root: MADE_UP }),
			Lie::FalseAccuser => Some(Verdict::Bad { checkpoints: MADE_UP }),
			_ => None,
		}
	}

	fn moves(&self, unit: &UnitId, side: Side, due: Move) -> Option<Move> {
		match (self.lie(unit.window), side, due) {
			(Some(Lie::Stalling), Side::Defender, _) => None,
			(Some(Lie::MadeUp), Side::Defender, Move::Split(hashes)) => {
				Some(Move::Split(vec![MADE_UP; hashes.len()]))
			},
			(Some(Lie::FalseAccuser), Side::Challenger, Move::Choose(_)) => {
				Some(Move::Choose(Some(0)))
			},
			// What the chain computes speaks against it.
			(Some(Lie::MadeUp), Side::Defender, Move::Prove(_))
			| (Some(Lie::FalseAccuser), Side::Challenger, Move::Prove(_)) => None,
			(_, _, due) => Some(due),
		}
	}
}

/// The bytes of numbers.
fn floats(length: usize, number: impl Fn(usize) -> f32) -> Vec<u8> {
	(0..length / 4).flat_map(|i| number(i).to_le_bytes()).collect()
}
