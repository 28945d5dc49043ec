//! What workers ask each other, beside tensors and blobs.

use cairn_primitives::{signing::Edge, DatasetId, Hash, ModelId, StageIndex, UnitId};
use codec::{Decode, DecodeAll, Encode};
use sp_core::{sr25519, ConstU32};
use sp_runtime::BoundedVec;

use super::edge::EdgeRecord;
use bytes::Bytes;

/// Most blobs that a list names: steps of a window, or tensors and momenta of a shard.
const MAX_LIST: u32 = 6_000;

/// A question.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub enum Question {
	/// Will you hold the difference of my unit, which is in this blob?
	#[codec(index = 0)]
	Hold {
		/// The unit.
		unit: UnitId,
		/// Root of the difference, as it will be attested.
		difference: Hash,
		/// BLAKE3 of its bytes.
		blob: Hash,
	},
	/// In which blob is the difference of a unit?
	#[codec(index = 1)]
	Difference {
		/// The unit.
		unit: UnitId,
		/// Its attested root.
		difference: Hash,
	},
	/// Which blobs make up a shard?
	#[codec(index = 2)]
	Shard {
		/// The model.
		model: ModelId,
		/// The stage.
		stage: StageIndex,
		/// Root of the shard.
		root: Hash,
	},
	/// Which blobs hold what crossed an edge?
	#[codec(index = 3)]
	Crossed {
		/// The edge.
		edge: Edge,
	},
	/// In which blob is a part of the dataset that a model learns?
	#[codec(index = 4)]
	Dataset {
		/// The model.
		model: ModelId,
		/// The dataset.
		dataset: DatasetId,
		/// Which part of it.
		part: Part,
	},
}

/// A part of a dataset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Part {
	/// The manifest, in JSON.
	#[codec(index = 0)]
	Manifest,
	/// The tokenizer's file.
	#[codec(index = 1)]
	Tokenizer,
	/// A chunk.
	#[codec(index = 2)]
	Chunk(u32),
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub enum Answer {
	/// It is held; the signature is under [`cairn_primitives::signing::held_message`].
	#[codec(index = 0)]
	Held(sr25519::Signature),
	/// It is in this blob.
	#[codec(index = 1)]
	Blob(Hash),
	/// They are these: for a shard its tensors and then their outer momenta.
	#[codec(index = 2)]
	Blobs(BoundedVec<Hash, ConstU32<MAX_LIST>>),
	/// What crossed an edge.
	#[codec(index = 3)]
	Crossed {
		/// Held-out samples.
		held_out: Option<Hash>,
		/// Each step.
		steps: BoundedVec<Hash, ConstU32<MAX_LIST>>,
	},
	/// It is not here, or not yet.
	#[codec(index = 4)]
	Unknown,
}

impl Question {
	/// On the wire.
	pub fn to_bytes(&self) -> Bytes {
		self.encode().into()
	}

	/// From the wire; `None` if it is none.
	pub fn from_bytes(mut bytes: &[u8]) -> Option<Self> {
		Self::decode_all(&mut bytes).ok()
	}

	/// The model that it is about.
	pub fn model(&self) -> ModelId {
		match self {
			Self::Hold { unit, .. } | Self::Difference { unit, .. } => unit.model,
			Self::Shard { model, .. } | Self::Dataset { model, .. } => *model,
			Self::Crossed { edge } => edge.model,
		}
	}
}

impl Answer {
	/// What crossed an edge.
	pub fn crossed(record: &EdgeRecord) -> Self {
		match record.steps.clone().try_into() {
			Ok(steps) => Self::Crossed { held_out: record.held_out, steps },
			Err(_) => Self::Unknown, // windows have no more than 512 steps
		}
	}

	/// A list of blobs.
	pub fn blobs(list: Vec<Hash>) -> Self {
		list.try_into().map_or(Self::Unknown, Self::Blobs)
	}

	/// On the wire.
	pub fn to_bytes(&self) -> Bytes {
		self.encode().into()
	}

	/// From the wire; `None` if it is none.
	pub fn from_bytes(mut bytes: &[u8]) -> Option<Self> {
		Self::decode_all(&mut bytes).ok()
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn what_is_asked_and_answered_survives_the_wire_and_nothing_else_is_taken_for_it() {
		let unit = UnitId { model: 1, window: 2, stage: 3, lane: 4 };
		let [difference, blob] = [1, 2].map(Hash::repeat_byte);
		let questions = [
			Question::Hold { unit, difference, blob },
			Question::Difference { unit, difference },
			Question::Shard { model: 9, stage: 1, root: blob },
			Question::Crossed { edge: Edge { model: 1, window: 2, lane: 3, upper: 4 } },
			Question::Dataset { model: 1, dataset: blob, part: Part::Manifest },
			Question::Dataset { model: 1, dataset: blob, part: Part::Chunk(7) },
		];
		for question in questions {
			let bytes = question.to_bytes();
			assert_eq!(Question::from_bytes(&bytes), Some(question));
			assert_eq!(Question::from_bytes(&bytes[1..]), None);
			assert_eq!(Question::from_bytes(&[&bytes[..], &[0]].concat()), None);
		}
		let record = EdgeRecord { held_out: Some(blob), steps: vec![difference, blob] };
		for answer in [Answer::crossed(&record), Answer::blobs(record.steps), Answer::Unknown] {
			assert_eq!(Answer::from_bytes(&answer.to_bytes()), Some(answer));
		}
		assert_eq!(Answer::blobs(vec![blob; MAX_LIST as usize + 1]), Answer::Unknown);
		assert_eq!(Answer::from_bytes(&[200]), None);
	}
}
