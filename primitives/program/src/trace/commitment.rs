//! What is committed to at the boundaries of a trace.

use cairn_primitives::{
	hash::{hash, Domain},
	Hash,
};

use crate::Registers;

/// A boundary of a trace. Lists and outputs are named by the plain BLAKE3 root of their bytes.
#[derive(Clone, Debug, PartialEq)]
pub enum Commitment {
	/// The shard: what a window begins with.
	Shard {
		/// List of its tensors, then of its outer momenta.
		list: Hash,
	},
	/// A coded difference between two shards.
	Difference {
		/// List of each tensor's codes and exponents.
		list: Hash,
	},
	/// Between two steps.
	State {
		/// List of the values that the next step begins with.
		list: Hash,
	},
	/// Between two operations.
	Values {
		/// List of the values so far.
		list: Hash,
	},
	/// Between two pieces of an operation.
	Pieces {
		/// List of the values before the operation.
		list: Hash,
		/// The elements so far.
		output: Hash,
		/// Bits of the registers of the element under way; none between two elements.
		registers: Option<Registers<u32>>,
	},
	/// While values are handed on to the next step.
	Kept {
		/// List of all values of the step.
		list: Hash,
		/// List of those handed on.
		next: Hash,
	},
	/// Behind an operation that found another code signed than was computed: no honest trace comes here.
	Torn {
		/// The commitment before the operation.
		before: Hash,
	},
}

impl Commitment {
	/// Its hash.
	pub fn hash(&self) -> Hash {
		match self {
			Self::Shard { list } => hash(Domain::Shard, list),
			Self::Difference { list } => hash(Domain::Difference, list),
			Self::State { list } => hash(Domain::Trained, list),
			Self::Values { list } => hash(Domain::Values, list),
			Self::Pieces { list, output, registers } => {
				hash(Domain::Pieces, &(list, output, registers))
			},
			Self::Kept { list, next } => hash(Domain::Kept, &(list, next)),
			Self::Torn { before } => hash(Domain::Torn, before),
		}
	}
}
