//! A step as a path of commitments, over which a dispute bisects, down to one piece that the chain recomputes.
//!
//! A step has a list of values: those it begins with (weights, moments), then what each operation writes, in order. What is
//! committed to is the list of their roots, itself a blob, so that everything in it is opened as a chunk of any blob is; and
//! it grows, so that one more value needs little more than its own root ([`cairn_primitives::growth`]).
//!
//! ```text
//! before operation 0            the state: the list that the step begins with
//! before operation i            the list with what i operations have written
//! before piece p of it          that list, the output so far, and the registers of the element under way
//! while the state is handed on  that list, and the list that the next step begins with so far
//! ```
//!
//! The operations of a step are those of its program; on the last stage one that adds up losses; one for each code that was
//! sent, which compares it with what both ends of the edge have signed; and one for each value that the next step begins with.
//! What a neighbour sent is not in the list: it is opened against the root that both ends have signed, and tokens against the
//! dataset.

mod closing;
mod commitment;
mod evidence;
mod merge;
mod operands;
mod record;
mod step;
mod verify;

pub use commitment::Commitment;
pub use evidence::{EdgeProof, Evidence, TokenProof, ValueChunk};
pub use merge::{Coded, Element, MergeEvidence};
pub use record::{Crossed, Record, Source};
pub use step::{Action, Step};

/// What the chain asks of the arithmetic of its models, answered by their stage programs.
pub struct StageProgram;
