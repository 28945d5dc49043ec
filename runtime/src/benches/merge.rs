//! Evidence that refutes a merge, the dearest of its size: all it costs grows with the chunks that are hashed, and with the
//! paths from them to the roots.

use alloc::{vec, vec::Vec};

use cairn_primitives::{
	attestation::NonNegative,
	chunk::{ChunkProof, CHUNK, MAX_DEPTH},
	dispute::{MergeContext, Merged},
	hash::list_bytes,
	Hash, ModelSpec,
};
use cairn_program::{
	trace::{Coded, Commitment, Element, MergeEvidence},
	Stage,
};
use codec::Encode;

/// A merge of a model's first stage that is wrong, and evidence of up to `size` bytes, though of no fewer than is needed.
pub fn wrong(spec: &ModelSpec, members: u32, size: u32) -> (MergeContext, Vec<u8>) {
	let stage = Stage::new(spec, 0).expect("every model has a stage");
	let tensors = stage.tensor_count() as usize;
	let all = 4 * members as usize + 2; // more than there are
	let merges = (0..all).map(|deep| (deep, Proofs { deep, tensors }.merge(members)));
	let mut fitting =
		merges.take_while(|(deep, (_, evidence))| *deep == 0 || evidence.len() <= size as usize);
	let first = fitting.next().expect("the first one is taken in any case");
	fitting.last().unwrap_or(first).1
}

/// Makes proofs.
struct Proofs {
	/// How many more of them shall be as dear as may be; the others are short.
	deep: usize,
	/// Tensors of the shard.
	tensors: usize,
}

impl Proofs {
	/// The first weight and its momentum are doubled, whatever the differences say.
	fn merge(mut self, members: u32) -> (MergeContext, Vec<u8>) {
		let (before, before_root) = self.shard(1.0);
		let (after, claimed) = self.shard(2.0);
		let (differences, members): (Vec<_>, _) =
			(0..members as u8).map(|lane| self.difference(lane)).unzip();
		let differences = differences.try_into().expect("there are as many as lanes at most");
		let evidence = MergeEvidence { tensor: 0, element: 0, before, differences, after };
		let context = MergeContext { stage: 0, before: before_root, members, claimed };
		(context, evidence.encode())
	}

	/// The first weight of a shard and its momentum, which are equal here, and the shard's root.
	fn shard(&mut self, weight: f32) -> ([Element; 2], Hash) {
		// A tensor that is shorter than the spec says is wrong at once.
		let chunk = deep(&weight.to_le_bytes());
		let list = self.list(&vec![root(&chunk); 2 * self.tensors]);
		let shard = Commitment::Shard { list: root(&list) }.hash();
		([(); 2].map(|()| Element { list: list.clone(), chunk: chunk.clone() }), shard)
	}

	/// The first code and exponent of a lane's difference.
	fn difference(&mut self, lane: u8) -> (Coded, Merged) {
		let (code, exponent) = (self.chunk(&[lane]), self.chunk(&[0]));
		let mut roots = vec![Hash::zero(); 2 * self.tensors];
		[roots[0], roots[1]] = [&code, &exponent].map(root);
		let list = self.list(&roots);
		let difference = Commitment::Difference { list: root(&list) }.hash();
		let member = Merged { lane, difference, steps: 1, norm: NonNegative(0) };
		(Coded { list, code, exponent }, member)
	}

	fn list(&mut self, roots: &[Hash]) -> ChunkProof {
		self.chunk(&list_bytes(roots))
	}

	/// The first chunk of a blob that begins with some bytes.
	fn chunk(&mut self, bytes: &[u8]) -> ChunkProof {
		match self.deep.checked_sub(1) {
			Some(left) => {
				self.deep = left;
				deep(bytes)
			},
			None => ChunkProof::of(bytes, 0).expect("every blob has a first chunk"),
		}
	}
}

/// The first chunk of a blob that is as large as one may be.
fn deep(bytes: &[u8]) -> ChunkProof {
	let mut chunk: Vec<u8> = bytes.to_vec();
	chunk.resize(CHUNK, 0);
	ChunkProof {
		length: (CHUNK as u64) << MAX_DEPTH,
		index: 0,
		bytes: chunk.try_into().expect("it is a chunk"),
		siblings: vec![[1; 32]; MAX_DEPTH as usize].try_into().expect("it is as deep as may be"),
	}
}

fn root(proof: &ChunkProof) -> Hash {
	proof.root().expect("the proof has the shape of a blob")
}
