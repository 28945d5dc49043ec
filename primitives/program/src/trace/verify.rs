//! Recomputing a piece.

use alloc::vec::Vec;

use cairn_primitives::{
	attestation::NonNegative,
	dispute::{Leaf, LeafVerdict, LeafVerifier, UnitContext},
	hash::{hash, Domain},
	roster::is_gate,
	Hash, ModelSpec, StepIndex,
};

use codec::DecodeAll;

use super::{operands::Proven, Action, Commitment, Evidence, StageProgram, Step};
use crate::{
	referee::{Claim, Yield},
	Float, Operands, Operation, Value,
};

impl LeafVerifier for StageProgram {
	fn operations(spec: &ModelSpec, context: &UnitContext, step: StepIndex) -> u32 {
		let step = Step::new(spec, context, step);
		step.and_then(|step| u32::try_from(step.length()).ok()).unwrap_or(1)
	}

	fn pieces(spec: &ModelSpec, context: &UnitContext, step: StepIndex, operation: u32) -> u64 {
		let action = Step::new(spec, context, step).and_then(|step| step.action(operation.into()));
		action.map_or(1, |action| Step::pieces(&action))
	}

	fn verify(
		spec: &ModelSpec,
		context: &UnitContext,
		leaf: &Leaf,
		mut evidence: &[u8],
	) -> LeafVerdict {
		match (Step::new(spec, context, leaf.step), Evidence::decode_all(&mut evidence)) {
			(Some(step), Ok(evidence)) => step.verify(leaf, &evidence),
			_ => LeafVerdict::Unproven,
		}
	}
}

impl Step<'_> {
	/// Recompute a piece from evidence.
	pub fn verify(&self, leaf: &Leaf, evidence: &Evidence) -> LeafVerdict {
		match self.after(leaf, evidence) {
			None => LeafVerdict::Unproven,
			Some(after) if after == leaf.after => LeafVerdict::Right,
			Some(_) => LeafVerdict::Wrong,
		}
	}

	/// The commitment after a piece; `None` if the evidence does not open the one before.
	pub(super) fn after(&self, leaf: &Leaf, evidence: &Evidence) -> Option<Hash> {
		let number = leaf.operation.into();
		let list = evidence.values.root()?;
		let written = self.base().checked_add(self.computed().min(number))?;
		if evidence.values.length()? != written.checked_mul(32)? {
			return None;
		}
		match self.action(number)? {
			Action::Compute(operation) => self.compute(leaf, &operation, evidence, list),
			Action::Compare(value) if leaf.piece == 0 => {
				let before = self.boundary(number, list).hash();
				if before != leaf.before {
					return None;
				}
				let reads = [value];
				let proven = Proven::new(self, &reads, evidence, list)?;
				match proven.root(value)? == proven.signed(value)? {
					true => Some(before),
					false => Some(Commitment::Torn { before }.hash()),
				}
			},
			Action::Keep(value) if leaf.piece == 0 => self.keep(leaf, value, evidence, list),
			Action::Attest if leaf.piece == 0 => self.attest(leaf, evidence, list),
			_ => None,
		}
	}

	fn compute(
		&self,
		leaf: &Leaf,
		operation: &Operation,
		evidence: &Evidence,
		list: Hash,
	) -> Option<Hash> {
		let (number, output) = (leaf.operation.into(), evidence.output.root()?);
		let per_element = operation.pieces_per_element();
		let (element, segment) = (leaf.piece / per_element, leaf.piece % per_element);
		let registers = evidence.registers;
		let before = match leaf.piece {
			0 => self.boundary(number, list),
			_ => Commitment::Pieces { list, output, registers },
		};
		let done = element.checked_mul(operation.output.element_bytes())?;
		let is_sound = before.hash() == leaf.before
			&& element < operation.elements()
			&& evidence.output.length()? == done;
		if !is_sound {
			return None;
		}
		let reads = operation.reads();
		let mut operands = Proven::new(self, &reads, evidence, list)?;
		let claim = Claim { element, segment, before: registers, after: Yield::Element(0) };
		let after = operation.piece(&claim, &mut operands)?;
		if !operands.is_complete {
			return None;
		}
		let torn = Commitment::Torn { before: leaf.before }.hash();
		if operands.is_refused {
			return Some(torn);
		}
		let element_bits = match after {
			Yield::Element(bits) if !is_finite(bits) && self.must_be_finite(operation.output) => {
				return Some(torn);
			},
			Yield::Element(bits) => bits,
			Yield::Registers(registers) => {
				let registers = Some(registers);
				return Some(Commitment::Pieces { list, output, registers }.hash());
			},
		};
		let mut growth = evidence.output.clone();
		let bytes = operation.output.bytes_of(element_bits);
		let output = growth.push(&bytes).then(|| growth.root()).flatten()?;
		if element.checked_add(1)? < operation.elements() {
			return Some(Commitment::Pieces { list, output, registers: None }.hash());
		}
		let mut values = evidence.values.clone();
		let list = values.push(&output.0).then(|| values.root()).flatten()?;
		Some(Commitment::Values { list }.hash())
	}

	/// Hand a value's root on.
	fn keep(&self, leaf: &Leaf, value: Value, evidence: &Evidence, list: Hash) -> Option<Hash> {
		let place = self.kept_before(leaf.operation.into());
		let next = evidence.output.root()?;
		let before = match place {
			0 => Commitment::Values { list },
			_ => Commitment::Kept { list, next },
		};
		if before.hash() != leaf.before || evidence.output.length()? != place.checked_mul(32)? {
			return None;
		}
		let root = Proven::new(self, &[value], evidence, list)?.root(value)?;
		let mut growth = evidence.output.clone();
		let next = growth.push(&root.0).then(|| growth.root()).flatten()?;
		Some(match place.checked_add(1)? == self.kept() && !self.is_closing() {
			true => Commitment::State { list: next }.hash(),
			false => Commitment::Kept { list, next }.hash(),
		})
	}
}

impl Step<'_> {
	/// Numbers of the attestation that the closing step computes.
	pub(super) fn attested(&self) -> Vec<Value> {
		let written = [Value::ChangeNorm, Value::MeanLoss, Value::HeldOutLoss];
		written.into_iter().filter(|value| self.place(*value).is_some()).collect()
	}

	/// Put the result together, as [`cairn_primitives::Attestation::result`] does.
	fn attest(&self, leaf: &Leaf, evidence: &Evidence, list: Hash) -> Option<Hash> {
		let next = evidence.output.root()?;
		let before = Commitment::Kept { list, next };
		let whole = self.kept().checked_mul(32)?;
		if before.hash() != leaf.before || evidence.output.length()? != whole {
			return None;
		}
		let attested = self.attested();
		let mut operands = Proven::new(self, &attested, evidence, list)?;
		let mut number = |value| match attested.contains(&value) {
			true => NonNegative(operands.float(value, 0).to_bits()),
			false => NonNegative(0), // of no steps
		};
		let is_last = self.spec.is_last_stage(self.unit.unit.stage);
		let is_gate = is_gate(self.unit.unit.window);
		let norm = number(Value::ChangeNorm);
		let loss = is_last.then(|| number(Value::MeanLoss));
		let held_out = (is_last && is_gate).then(|| number(Value::HeldOutLoss));
		let difference = match self.spec.lanes {
			1 => Commitment::Shard { list: next },
			_ => Commitment::Difference { list: next },
		};
		let UnitContext { upstream, downstream, .. } = self.unit;
		let inner_state = None::<Hash>; // nothing is carried
		let result = (difference.hash(), norm, upstream, downstream, loss, held_out, inner_state);
		operands.is_complete.then(|| hash(Domain::Result, &result))
	}
}

/// Whether bits are those of a finite number.
pub(super) fn is_finite(bits: u32) -> bool {
	bits & 0x7f80_0000 != 0x7f80_0000
}

impl Value {
	/// The bytes of an element, as they are committed to, from the bits of the number.
	pub fn bytes_of(&self, bits: u32) -> Vec<u8> {
		use crate::SoftFloat;
		match self.element_bytes() {
			1 => {
				// 1.5 · 2²³ is added: the integer is then in the low bits.
				let shifted = SoftFloat::from_bits(bits) + SoftFloat::literal(12_582_912.0);
				alloc::vec![shifted.to_bits() as u8]
			},
			_ => bits.to_le_bytes().to_vec(),
		}
	}
}
