//! The referee against the reference: it finds right claims right and wrong ones wrong, and nothing without proof.

mod common;

use std::collections::{BTreeMap, BTreeSet};

use cairn_primitives::{
	chunk::ChunkProof, dispute::MAX_EVIDENCE, hash::blob_root, spec::BoundaryCodec, Hash,
	ModelSpec, MAX_STEPS,
};
use cairn_program::{
	referee::{chunk_of, reads, Claim, Opened, Ruling, Yield},
	reference::Reference,
	Operation, Program, Registers, SoftFloat, StepContext, Value,
};
use common::{context, insert_inputs, specs};

/// A run of a program with the bytes of every value.
struct Trace {
	program: Program,
	reference: Reference<SoftFloat>,
	blobs: BTreeMap<Value, Vec<u8>>,
	frequencies: Vec<u64>,
}

impl Trace {
	fn new(spec: &ModelSpec, stage: u8) -> Self {
		let program = Program::new(spec, stage, &context()).unwrap();
		let mut reference = Reference::new();
		insert_inputs(&mut reference, spec, &program);
		reference.run(program.operations()).unwrap();
		let blobs = reference.blobs();
		Self { program, reference, blobs, frequencies: spec.architecture.frequencies.to_vec() }
	}

	fn root(&self, value: Value) -> Option<Hash> {
		self.blobs.get(&value).map(|blob| blob_root(blob))
	}

	/// The chunks that a piece reads, each once.
	fn open(&self, operation: &Operation, claim: &Claim) -> Vec<Opened> {
		let integers = |value, index| self.reference.integer(value, index);
		let chunks: BTreeSet<(Value, u64)> = reads(operation, claim, integers)
			.into_iter()
			.map(|(value, index)| (value, chunk_of(value, index).0))
			.collect();
		let open = |(value, chunk): (Value, u64)| Opened {
			value,
			proof: ChunkProof::of(&self.blobs[&value], chunk).unwrap(),
		};
		chunks.into_iter().map(open).collect()
	}

	fn judge(&self, operation: &Operation, claim: &Claim, opened: &[Opened]) -> Ruling {
		operation.judge(claim, |value| self.root(value), &self.frequencies, opened)
	}

	/// The true claims about all pieces of an element.
	fn claims(&self, operation: &Operation, element: u64) -> Vec<Claim> {
		let mut before: Option<Registers<u32>> = None;
		let mut claims = Vec::new();
		for segment in 0..operation.pieces_per_element() {
			let after = Yield::Element(0);
			let mut claim = Claim { element, segment, before, after };
			claim.after = operation.piece(&claim, &mut &self.reference).unwrap();
			before = match &claim.after {
				Yield::Registers(registers) => Some(*registers),
				Yield::Element(_) => None,
			};
			claims.push(claim);
		}
		claims
	}
}

/// The claim with one bit of what it yields flipped.
fn flipped(claim: &Claim, bit: u32) -> Claim {
	let flip = |bits: u32| bits ^ (1 << bit);
	let after = match &claim.after {
		Yield::Element(bits) => Yield::Element(flip(*bits)),
		Yield::Registers(registers) => Yield::Registers(registers.map(flip)),
	};
	Claim { after, ..claim.clone() }
}

fn traces() -> impl Iterator<Item = (String, Trace)> {
	specs().into_iter().flat_map(|(name, spec)| {
		let stages = 0..spec.stages.len() as u8;
		stages.map(move |stage| (format!("{name}, stage {stage}"), Trace::new(&spec, stage)))
	})
}

#[test]
fn true_claims_about_every_operation_are_right_and_flipped_ones_wrong() {
	for (name, trace) in traces() {
		for operation in trace.program.operations() {
			let last = operation.elements() - 1;
			for element in BTreeSet::from([0, last / 3, last]) {
				let claims = trace.claims(&operation, element);
				for (i, claim) in claims.iter().enumerate() {
					let opened = trace.open(&operation, claim);
					let what = || format!("{name}: {} [{element}] {i}", operation.output);
					assert_eq!(
						trace.judge(&operation, claim, &opened),
						Ruling::Right,
						"{}",
						what()
					);
					if claim.after != Yield::Registers(Registers::Empty) {
						let wrong = flipped(claim, (i as u32 * 7) % 32);
						assert_eq!(
							trace.judge(&operation, &wrong, &opened),
							Ruling::Wrong,
							"{}",
							what()
						);
					}
				}
				// The pieces together come to the element of the reference.
				let expected = trace.reference.get(operation.output).unwrap()[element as usize];
				let expected = cairn_program::Float::to_bits(expected);
				assert_eq!(claims.last().unwrap().after, Yield::Element(expected), "{name}");
			}
		}
	}
}

#[test]
fn nothing_is_shown_without_every_chunk_or_with_a_false_one() {
	let spec = common::spec(2);
	let trace = Trace::new(&spec, 1);
	let mut judged = 0;
	for operation in trace.program.operations() {
		let claim = &trace.claims(&operation, 0)[0];
		let opened = trace.open(&operation, claim);
		for missing in 0..opened.len() {
			let mut fewer = opened.clone();
			fewer.remove(missing);
			assert_eq!(trace.judge(&operation, claim, &fewer), Ruling::Unproven);
			let mut false_one = opened.clone();
			false_one[missing].proof.bytes[0] ^= 1;
			assert_eq!(trace.judge(&operation, claim, &false_one), Ruling::Unproven);
			judged += 1;
		}
	}
	assert!(judged > 100, "{judged}");
}

#[test]
fn claims_about_what_does_not_exist_show_nothing() {
	let spec = common::spec(1);
	let trace = Trace::new(&spec, 0);
	for operation in trace.program.operations() {
		let claim = trace.claims(&operation, 0).remove(0);
		let opened = trace.open(&operation, &claim);
		let registers = Some(Registers::Sum([0; 32]));
		let other = Some(Registers::Max(0));
		for strange in [
			Claim { element: operation.elements(), ..claim.clone() },
			Claim { element: u64::MAX, ..claim.clone() },
			Claim { segment: operation.pieces_per_element(), ..claim.clone() },
			Claim { segment: u64::MAX, ..claim.clone() },
			Claim { before: registers, ..claim.clone() },
			Claim { before: other, ..claim.clone() },
		] {
			assert_eq!(trace.judge(&operation, &strange, &opened), Ruling::Unproven, "{strange:?}");
		}
	}
}

/// The largest evidence of any piece of a program, and the operation that needs it: chunks, their paths, the registers, and what
/// leads to them: lists that grow, chunks of lists, the steps of an edge.
fn largest_evidence(program: &Program) -> (usize, Operation) {
	let mut sizes: BTreeMap<Value, u64> = BTreeMap::new();
	let mut largest: Option<(usize, Operation)> = None;
	for operation in program.operations() {
		sizes.insert(operation.output, operation.elements());
		let segments = operation.pieces_per_element();
		for (element, segment) in
			[(0, 0), (operation.elements() / 2 + 1, segments / 2), (operation.elements() - 1, 0)]
		{
			let element = element.min(operation.elements() - 1);
			let before = (segment > 0)
				.then(|| operation.start::<SoftFloat>(0, &mut &Reference::new()).map(|_| 0));
			let claim = Claim { element, segment, before, after: Yield::Element(0) };
			let chunks: BTreeSet<(Value, u64)> = reads(&operation, &claim, |_, index| index % 17)
				.into_iter()
				.map(|(value, index)| (value, chunk_of(value, index).0))
				.collect();
			let bytes: usize = chunks
				.iter()
				.map(|(value, _)| {
					// Inputs are taken to be as large as anything may be.
					let elements = sizes.get(value).copied().unwrap_or(1 << 34);
					let depth = (elements * value.element_bytes())
						.div_ceil(1024)
						.next_power_of_two()
						.ilog2();
					1024 + 32 * depth as usize + 40
				})
				.sum();
			let values: BTreeSet<Value> = chunks.iter().map(|(value, _)| *value).collect();
			let (growth, chunk) = (1024 + 32 * 32 + 16, 1024 + 32 * 24 + 40);
			let is_edge = values.iter().any(|value| matches!(value, Value::Received(..)));
			let edge = if is_edge { 32 * (MAX_STEPS as usize + 1) } else { 0 };
			let bytes = bytes + 128 + 2 * growth + values.len() * chunk + edge;
			if largest.as_ref().is_none_or(|(before, _)| bytes > *before) {
				largest = Some((bytes, operation.clone()));
			}
		}
	}
	largest.unwrap()
}

#[test]
fn evidence_of_any_piece_of_a_large_model_fits_into_a_call() {
	for boundary in [
		BoundaryCodec::Dense,
		BoundaryCodec::Int8 { block: 64 },
		BoundaryCodec::Bottleneck { rank: 64 },
		BoundaryCodec::Bottleneck { rank: 4_096 },
	] {
		let mut spec = common::spec(3);
		let a = &mut spec.architecture;
		a.vocabulary = 128_256;
		a.width = 8_192;
		a.heads = 64;
		a.kv_heads = 8;
		a.head_width = 128;
		a.hidden = 28_672;
		a.context = 8_192;
		a.frequencies = vec![1 << 50; 64].try_into().unwrap();
		spec.stages = vec![1; 3].try_into().unwrap();
		spec.boundary = boundary;
		let context = StepContext { batch: 4, ..context() }; // two microbatches
		for inner in [common::adamw(false), common::muon()] {
			spec.inner = inner;
			for stage in 0..3 {
				let program = Program::new(&spec, stage, &context).unwrap();
				let (bytes, operation) = largest_evidence(&program);
				assert!(
					bytes <= MAX_EVIDENCE as usize,
					"{bytes} bytes for {}: {operation:?}",
					operation.output
				);
			}
		}
	}
}
