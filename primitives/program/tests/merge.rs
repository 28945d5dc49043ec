//! Merges that are wrong are refuted by one weight, and right ones are not.

mod common;

use cairn_primitives::{
	attestation::NonNegative,
	chunk::ChunkProof,
	dispute::{LeafVerdict, MergeContext, MergeVerifier, Merged, MAX_EVIDENCE},
	hash::{blob_root, list_bytes, list_root},
	spec::MergeCodec,
	Hash, ModelSpec,
};
use cairn_program::{
	merge::{coefficients, Contribution, Outer},
	trace::{Coded, Commitment, Element, MergeEvidence, StageProgram},
	Stage,
};
use codec::Encode;

/// Values of a block; some tensors end within one.
const BLOCK: usize = 25;
/// A tensor of several chunks.
const LARGE: usize = 22;

/// A shard: weights of all tensors, then momenta.
type Shard = Vec<Vec<f32>>;
/// Codes and exponents of all tensors.
type Difference = Vec<Vec<i8>>;

struct Merge {
	spec: ModelSpec,
	/// Elements of the shard's tensors.
	sizes: Vec<usize>,
	before: Shard,
	differences: Vec<Difference>,
	after: Shard,
	members: Vec<Merged>,
}

fn numbers(seed: u64) -> impl FnMut() -> u64 {
	let mut state = seed;
	move || {
		state =
			state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
		state >> 33
	}
}

fn float_bytes(floats: &[f32]) -> Vec<u8> {
	floats.iter().flat_map(|x| x.to_le_bytes()).collect()
}

fn byte_bytes(bytes: &[i8]) -> Vec<u8> {
	bytes.iter().map(|byte| *byte as u8).collect()
}

fn roots(blobs: &[Vec<u8>]) -> Vec<Hash> {
	blobs.iter().map(|blob| blob_root(blob)).collect()
}

fn shard_root(shard: &Shard) -> Hash {
	let blobs: Vec<_> = shard.iter().map(|floats| float_bytes(floats)).collect();
	Commitment::Shard { list: list_root(&roots(&blobs)) }.hash()
}

impl Merge {
	fn new(lanes: u8) -> Self {
		let mut spec = common::spec(1);
		spec.stages = vec![3].try_into().unwrap();
		spec.architecture.vocabulary = 90;
		spec.lanes = lanes;
		spec.merge = MergeCodec::Int8 { block: BLOCK as u16 };
		let stage = Stage::new(&spec, 0).unwrap();
		let elements = |tensor| common::elements(&stage, tensor);
		let sizes: Vec<usize> = stage.tensors().into_iter().map(elements).collect();
		// The list has more than one chunk, and so has a tensor.
		assert!(2 * sizes.len() > 32 && sizes[LARGE] * 4 > 4 * 1_024, "{sizes:?}");
		let mut next = numbers(lanes.into());
		let mut float = || next() as f32 / (1u64 << 30) as f32 - 1.0;
		let before: Shard = sizes
			.iter()
			.chain(&sizes)
			.map(|count| (0..*count).map(|_| float()).collect())
			.collect();
		let mut next = numbers(77);
		let mut codes = |count: usize, span: u64, from: i64| -> Vec<i8> {
			(0..count).map(|_| ((next() % span) as i64 + from) as i8).collect()
		};
		let mut difference = || -> Difference {
			let of_tensor =
				|count: &usize| [codes(*count, 255, -127), codes(count.div_ceil(BLOCK), 9, -14)];
			sizes.iter().flat_map(of_tensor).collect()
		};
		let differences: Vec<Difference> = (0..lanes).map(|_| difference()).collect();
		let norm = |lane: u8| 0.5 + f32::from(lane) * 0.75;
		let members = (0..lanes).zip(&differences).map(|(lane, difference)| {
			let blobs: Vec<_> = difference.iter().map(|bytes| byte_bytes(bytes)).collect();
			let list = list_root(&roots(&blobs));
			let difference = Commitment::Difference { list }.hash();
			let norm = NonNegative(norm(lane).to_bits());
			Merged { lane, difference, steps: 200 - u32::from(lane) * 7, norm }
		});
		let members: Vec<Merged> = members.collect();
		let contribution = |member: &Merged| Contribution {
			steps: member.steps,
			norm: f32::from_bits(member.norm.0),
		};
		let contributions: Vec<_> = members.iter().map(contribution).collect();
		let coefficients = coefficients(&contributions);
		let outer = Outer::<f32>::new(&spec.outer);
		let mut after = before.clone();
		for (tensor, count) in sizes.iter().copied().enumerate() {
			for element in 0..count {
				let mut mean = 0f32;
				for (difference, coefficient) in differences.iter().zip(&coefficients) {
					let code = f32::from(difference[2 * tensor][element]);
					let exponent = i32::from(difference[2 * tensor + 1][element / BLOCK]);
					mean = coefficient.mul_add(code * 2f32.powi(exponent), mean);
				}
				let (weight, momentum) = outer.step(
					before[tensor][element],
					before[sizes.len() + tensor][element],
					mean,
				);
				after[tensor][element] = weight;
				after[sizes.len() + tensor][element] = momentum;
			}
		}
		Self { spec, sizes, before, differences, after, members }
	}

	fn context(&self) -> MergeContext {
		let (before, claimed) = (shard_root(&self.before), shard_root(&self.after));
		MergeContext { stage: 0, before, members: self.members.clone(), claimed }
	}

	/// A weight and its momentum; of a tensor that is shorter its last chunk.
	fn elements(shard: &Shard, tensor: usize, element: usize) -> [Element; 2] {
		let blobs: Vec<_> = shard.iter().map(|floats| float_bytes(floats)).collect();
		let list = list_bytes(&roots(&blobs));
		[tensor, shard.len() / 2 + tensor].map(|place| {
			let chunks = (blobs[place].len() as u64).div_ceil(1_024).max(1);
			let chunk = (element as u64 * 4 / 1_024).min(chunks - 1);
			Element {
				list: ChunkProof::of(&list, place as u64 / 32).unwrap(),
				chunk: ChunkProof::of(&blobs[place], chunk).unwrap(),
			}
		})
	}

	fn evidence(&self, tensor: usize, element: usize) -> MergeEvidence {
		let differences = self.differences.iter().map(|difference| {
			let blobs: Vec<_> = difference.iter().map(|bytes| byte_bytes(bytes)).collect();
			let chunk = |place: usize, byte: usize| {
				ChunkProof::of(&blobs[place], byte as u64 / 1_024).unwrap()
			};
			Coded {
				list: ChunkProof::of(&list_bytes(&roots(&blobs)), tensor as u64 / 16).unwrap(),
				code: chunk(2 * tensor, element),
				exponent: chunk(2 * tensor + 1, element / BLOCK),
			}
		});
		MergeEvidence {
			tensor: tensor as u32,
			element: element as u64,
			before: Self::elements(&self.before, tensor, element),
			differences: differences.collect::<Vec<_>>().try_into().unwrap(),
			after: Self::elements(&self.after, tensor, element),
		}
	}

	fn verify(&self, evidence: &MergeEvidence) -> LeafVerdict {
		StageProgram::verify(&self.spec, &self.context(), &evidence.encode())
	}
}

#[test]
fn a_right_merge_is_right_in_every_place_and_a_wrong_one_wrong_where_it_is() {
	for lanes in [2, 3, 16] {
		let mut merge = Merge::new(lanes);
		for (tensor, count) in merge.sizes.clone().into_iter().enumerate() {
			for element in [0, 1, count / 2, count - 1] {
				let evidence = merge.evidence(tensor, element);
				assert!(evidence.encoded_size() <= MAX_EVIDENCE as usize);
				let verdict = merge.verify(&evidence);
				assert_eq!(verdict, LeafVerdict::Right, "{lanes}: {tensor}[{element}]");
			}
			for place in [tensor, merge.sizes.len() + tensor] {
				let right = merge.after[place][7];
				merge.after[place][7] = f32::from_bits(right.to_bits() ^ 1);
				assert_eq!(merge.verify(&merge.evidence(tensor, 7)), LeafVerdict::Wrong);
				assert_eq!(merge.verify(&merge.evidence(tensor, 8)), LeafVerdict::Right);
				merge.after[place][7] = right;
			}
		}
	}
}

#[test]
fn a_shard_of_another_shape_is_wrong() {
	let right = Merge::new(2).after;
	let changes: [fn(&mut Shard); 5] = [
		|shard| shard.truncate(45),
		|shard| shard.push(vec![1.0]),
		|shard| shard[LARGE].clear(),
		|shard| shard[LARGE].push(0.5),
		|shard| shard[23 + LARGE].truncate(900),
	];
	for (number, change) in changes.into_iter().enumerate() {
		let mut merge = Merge::new(2);
		change(&mut merge.after);
		let last = merge.sizes[LARGE] - 1;
		let mut evidence = merge.evidence(LARGE, last);
		if merge.after.len() != right.len() {
			// Its places are not those of a shard of 23 tensors: what is opened is the last chunk of the list.
			let blobs: Vec<_> = merge.after.iter().map(|floats| float_bytes(floats)).collect();
			let list = list_bytes(&roots(&blobs));
			evidence.after = Merge::elements(&right, LARGE, last);
			for element in &mut evidence.after {
				element.list = ChunkProof::of(&list, list.len() as u64 / 1_024).unwrap();
			}
		}
		assert_eq!(merge.verify(&evidence), LeafVerdict::Wrong, "change {number}");
	}
}

#[test]
fn a_length_that_is_not_proven_counts_for_nothing() {
	let merge = Merge::new(2);
	// Of chunks that are not the last, a proof may tell other lengths as long as the tree looks alike.
	for (tensor, length) in [(0, 1_088), (0, 2_048), (5, 1_025)] {
		let mut evidence = merge.evidence(tensor, 0);
		let [before, after] = [&mut evidence.before, &mut evidence.after];
		for element in before.iter_mut().chain(after).filter(|element| element.list.index == 0) {
			element.list.length = length;
		}
		assert_eq!(merge.verify(&evidence), LeafVerdict::Right, "{tensor}, {length}");
	}
}

#[test]
fn evidence_of_something_else_proves_nothing() {
	let merge = Merge::new(3);
	let right = merge.evidence(LARGE, 400);
	let mut all = Vec::new();
	let mut change = |change: &dyn Fn(&mut MergeEvidence)| {
		let mut changed = right.clone();
		change(&mut changed);
		assert_ne!(changed, right);
		all.push(changed);
	};
	change(&|evidence| evidence.tensor = 1);
	change(&|evidence| evidence.tensor = 23);
	change(&|evidence| evidence.tensor = u32::MAX);
	change(&|evidence| evidence.element = 0);
	change(&|evidence| evidence.element = u64::MAX);
	change(&|evidence| evidence.before.swap(0, 1));
	change(&|evidence| evidence.before[0].chunk.bytes[0] ^= 1);
	change(&|evidence| evidence.before[1].list.bytes[0] ^= 1);
	change(&|evidence| evidence.after[1].chunk.bytes[0] ^= 1);
	change(&|evidence| evidence.after = evidence.before.clone());
	change(&|evidence| {
		let first = evidence.differences[0].clone();
		evidence.differences[0] = evidence.differences[1].clone();
		evidence.differences[1] = first;
	});
	change(&|evidence| evidence.differences.truncate(2));
	change(&|evidence| evidence.differences[1].code.bytes[0] ^= 1);
	change(&|evidence| evidence.differences[2].exponent.bytes[0] ^= 1);
	change(&|evidence| evidence.differences[2].list.bytes[0] ^= 1);
	for (number, evidence) in all.into_iter().enumerate() {
		assert_eq!(merge.verify(&evidence), LeafVerdict::Unproven, "change {number}");
	}
	let bytes = right.encode();
	for length in [0, 1, bytes.len() / 2, bytes.len() - 1] {
		let verdict = StageProgram::verify(&merge.spec, &merge.context(), &bytes[..length]);
		assert_eq!(verdict, LeafVerdict::Unproven);
	}
}
