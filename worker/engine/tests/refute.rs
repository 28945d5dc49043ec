//! Merges that are wrong are refuted before the chain, whatever is wrong with them, and right ones never.

use cairn_engine::{Difference, Merge, OuterState, Shard, Snapshot, Wrong};
use cairn_primitives::{
	attestation::NonNegative,
	dispute::{LeafVerdict, MergeContext, MergeVerifier, Merged, MAX_EVIDENCE},
	hash::{blob_root, list_root},
	spec::MergeCodec,
	Hash, ModelSpec, StepIndex,
};
use cairn_program::trace::{Commitment, MergeEvidence, StageProgram};
use codec::Encode;

const STAGE: u8 = 1;

/// The shards of a stage before and after a merge, and what it takes in.
struct Window {
	spec: ModelSpec,
	before: Snapshot,
	momenta: OuterState,
	lanes: Vec<(StepIndex, Difference)>,
	after: Vec<Vec<u8>>,
}

/// A shard with the weights of another, changed by chance.
fn learned(shard: &Shard, seed: u32, by: f32) -> Shard {
	let mut numbers = seed;
	Shard::from_weights(shard.stage(), |tensor, _| {
		let own = shard.tensors().iter().find(|own| own.tensor == tensor).unwrap();
		let change = |weight: &f32| {
			numbers = numbers.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
			weight + by * ((numbers >> 8) as f32 / (1 << 23) as f32 - 1.0)
		};
		Ok(own.weights()?.iter().map(change).collect())
	})
	.unwrap()
}

fn blobs(shard: &Shard, momenta: &OuterState) -> Vec<Vec<u8>> {
	shard.blobs().map(Result::unwrap).chain(momenta.blobs()).collect()
}

fn roots(blobs: &[Vec<u8>]) -> Vec<Hash> {
	blobs.iter().map(|blob| blob_root(blob)).collect()
}

fn root(blobs: &[Vec<u8>]) -> Hash {
	Commitment::Shard { list: list_root(&roots(blobs)) }.hash()
}

impl Window {
	/// The second window of a stage, so that there is momentum.
	fn new(lanes: u8, block: u16) -> Self {
		let mut spec = ModelSpec::example(Hash::zero(), 2, lanes);
		// Its list of tensors and momenta has more than one chunk.
		spec.stages = vec![1, 3].try_into().unwrap();
		spec.merge = MergeCodec::Int8 { block };
		let mut shard = Shard::initial(&spec, STAGE).unwrap();
		let mut momenta = OuterState::new(&shard);
		let mut window = |number: u32| {
			let (before, begun) = (Snapshot::of(&shard).unwrap(), momenta.clone());
			let difference = |lane: u8| {
				let by = 1e-3 * f32::from(lane + 1);
				let after = learned(&shard, u32::from(lane) + 40 * number, by);
				Difference::of(&before, &after, spec.merge).unwrap()
			};
			let steps = |lane| 200 - StepIndex::from(lane) * 7;
			let lanes: Vec<_> = (0..lanes).map(|lane| (steps(lane), difference(lane))).collect();
			momenta.merge(&mut shard, &before, &lanes, &spec.outer).unwrap();
			(before, begun, lanes)
		};
		window(0);
		let (before, begun, lanes) = window(1);
		let after = blobs(&shard, &momenta);
		Self { spec, before, momenta: begun, lanes, after }
	}

	fn merge(&self) -> Merge<'_> {
		let Self { spec, before, momenta, lanes, .. } = self;
		Merge { spec, before, momenta, lanes }
	}

	/// What the merge comes to if somebody changes it.
	fn merged(&self, change: impl FnOnce(&mut Vec<(StepIndex, Difference)>)) -> Vec<Vec<u8>> {
		let (mut lanes, mut momenta) = (self.lanes.clone(), self.momenta.clone());
		change(&mut lanes);
		let mut shard = self.before.to_shard(&self.spec, STAGE).unwrap();
		momenta.merge(&mut shard, &self.before, &lanes, &self.spec.outer).unwrap();
		blobs(&shard, &momenta)
	}

	/// What the chain says about evidence against a claimed shard.
	fn verify(&self, claimed: &[Vec<u8>], evidence: &MergeEvidence) -> LeafVerdict {
		let member = |(lane, (steps, difference)): (usize, &(StepIndex, Difference))| Merged {
			lane: lane as u8,
			difference: difference.root(),
			steps: *steps,
			norm: NonNegative(difference.norm.to_bits()),
		};
		let shard = self.before.to_shard(&self.spec, STAGE).unwrap();
		let context = MergeContext {
			stage: STAGE,
			before: root(&blobs(&shard, &self.momenta)),
			members: self.lanes.iter().enumerate().map(member).collect(),
			claimed: root(claimed),
		};
		let evidence = evidence.encode();
		assert!(evidence.len() <= MAX_EVIDENCE as usize);
		StageProgram::verify(&self.spec, &context, &evidence)
	}

	/// Refute a claimed shard, of which no more is read than is asked for.
	fn refute(&self, claimed: &[Vec<u8>]) -> Option<(Wrong, LeafVerdict)> {
		let list = roots(claimed);
		let wrong = self.merge().wrong(&list)?;
		let fetched: Vec<_> = wrong
			.blobs(&list)
			.into_iter()
			.map(|hash| claimed.iter().find(|blob| blob_root(blob) == hash).unwrap().clone())
			.collect();
		let evidence = self.merge().evidence(&list, wrong, &fetched)?;
		Some((wrong, self.verify(claimed, &evidence)))
	}
}

#[test]
fn a_right_merge_is_not_refuted_in_any_place() {
	for (lanes, block) in [(2, 32), (3, 7), (16, 64)] {
		let window = Window::new(lanes, block);
		let (merge, claimed) = (window.merge(), roots(&window.after));
		assert_eq!(merge.wrong(&claimed), None);
		let tensors = window.after.len() / 2;
		for tensor in 0..tensors {
			let blobs = [&window.after[tensor], &window.after[tensors + tensor]].map(|b| b.clone());
			let wrong = Wrong::Tensor(tensor as u32);
			assert_eq!(merge.evidence(&claimed, wrong, &blobs), None, "{tensor}");
			let count = blobs[0].len() / 4;
			for element in [0, count / 3, count - 1] {
				let blobs = blobs.each_ref().map(Vec::as_slice);
				let evidence = merge.evidence_of(&claimed, tensor as u32, element, blobs).unwrap();
				let verdict = window.verify(&window.after, &evidence);
				assert_eq!(verdict, LeafVerdict::Right, "{lanes}: {tensor}[{element}]");
			}
		}
	}
}

#[test]
fn a_wrong_merge_is_refuted_whatever_is_wrong_with_it() {
	let window = Window::new(3, 32);
	let tensors = window.after.len() / 2;
	let changed = |change: &dyn Fn(&mut Vec<Vec<u8>>)| {
		let mut blobs = window.after.clone();
		change(&mut blobs);
		blobs
	};
	let last = |blob: &mut Vec<u8>| blob.len() - 1;
	let shard = window.before.to_shard(&window.spec, STAGE).unwrap();
	let infinite = f32::INFINITY.to_le_bytes();
	let first = Wrong::Tensor(0);
	let claims = [
		("one bit of a weight", changed(&|b| b[4][9] ^= 1), Wrong::Tensor(4)),
		(
			"the last bit of the last momentum",
			changed(&|b| {
				let blob = b.last_mut().unwrap();
				let last = last(blob);
				blob[last] ^= 0x80;
			}),
			Wrong::Tensor(tensors as u32 - 1),
		),
		(
			"a weight that is not finite",
			changed(&|b| b[2][..4].copy_from_slice(&infinite)),
			Wrong::Tensor(2),
		),
		("nothing was merged", blobs(&shard, &window.momenta), first),
		(
			"momentum was forgotten",
			changed(&|b| b[tensors..].iter_mut().for_each(|m| m.fill(0))),
			first,
		),
		("a lane was left out", window.merged(|lanes| drop(lanes.pop())), first),
		("lanes were swapped", window.merged(|lanes| lanes.swap(0, 2)), first),
		("other steps were counted", window.merged(|lanes| lanes[1].0 += 1), first),
		("a norm was not clipped", window.merged(|lanes| lanes[2].1.norm = lanes[0].1.norm), first),
		("a tensor too few", changed(&|b| drop(b.pop())), Wrong::Count),
		("a tensor too many", changed(&|b| b.push(vec![0; 4])), Wrong::Count),
		("no tensor at all", Vec::new(), Wrong::Count),
		("momenta are missing", changed(&|b| b.truncate(tensors)), Wrong::Count),
		("a tensor is empty", changed(&|b| b[3].clear()), Wrong::Tensor(3)),
		("a tensor is shorter", changed(&|b| b[3].truncate(8)), Wrong::Tensor(3)),
		("a tensor is longer", changed(&|b| b[3].extend([0; 2_048])), Wrong::Tensor(3)),
		("a momentum is longer", changed(&|b| b[tensors + 3].push(1)), Wrong::Tensor(3)),
		("two tensors changed places", changed(&|b| b.swap(1, 4)), Wrong::Tensor(1)),
	];
	for (name, claimed, place) in claims {
		assert_eq!(window.refute(&claimed), Some((place, LeafVerdict::Wrong)), "{name}");
	}
	assert_eq!(window.refute(&window.after), None);
}

#[test]
fn evidence_against_one_shard_is_none_against_another() {
	let window = Window::new(2, 32);
	let mut claimed = window.after.clone();
	claimed[1][0] ^= 1;
	let list = roots(&claimed);
	let tensors = claimed.len() / 2;
	let of = |blobs: &[Vec<u8>]| [blobs[1].clone(), blobs[tensors + 1].clone()];
	let evidence = window.merge().evidence(&list, Wrong::Tensor(1), &of(&claimed)).unwrap();
	assert_eq!(window.verify(&claimed, &evidence), LeafVerdict::Wrong);
	assert_eq!(window.verify(&window.after, &evidence), LeafVerdict::Unproven);
	// Blobs that are not the claimed ones prove nothing.
	assert_eq!(window.merge().evidence(&list, Wrong::Tensor(1), &of(&window.after)), None);
	assert_eq!(window.merge().evidence(&list, Wrong::Tensor(1), &[]), None);
}
