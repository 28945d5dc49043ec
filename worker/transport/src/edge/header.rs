//! What stands before the bytes of a tensor.

use cairn_primitives::{signing::Edge, spec::BoundaryCodec, Hash, StepIndex};
use codec::{Decode, Encode, MaxEncodedLen};

use super::{Direction, Position, Terms};

/// The version of the header, and of all else that crosses an edge.
pub(crate) const VERSION: u16 = 2;

/// How the numbers of a tensor are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen)]
pub enum Codec {
	/// binary32.
	Dense,
	/// 8-bit integers, then the exponents of their blocks.
	Int8 {
		/// Columns that share an exponent.
		block: u16,
	},
}

/// The form of every tensor that crosses an edge in a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen)]
pub struct Form {
	/// How its numbers are written.
	pub codec: Codec,
	/// Tokens of a microbatch.
	pub rows: u32,
	/// Numbers that cross per token.
	pub columns: u32,
}

impl Form {
	/// The form of the messages of a model with this codec: `tokens` a microbatch, `width` features in the model.
	pub fn new(codec: BoundaryCodec, tokens: u32, width: u32) -> Self {
		let (codec, columns) = match codec {
			BoundaryCodec::Dense => (Codec::Dense, width),
			BoundaryCodec::Bottleneck { rank } => (Codec::Dense, rank.into()),
			BoundaryCodec::Int8 { block } => (Codec::Int8 { block }, width),
		};
		Self { codec, rows: tokens, columns }
	}

	/// Bytes of a tensor.
	pub fn bytes(&self) -> u64 {
		let (rows, columns) = (u64::from(self.rows), u64::from(self.columns));
		let row = match self.codec {
			Codec::Dense => columns * 4,
			Codec::Int8 { block } => columns + columns / u64::from(block.max(1)),
		};
		rows.saturating_mul(row)
	}

	/// The codes that a tensor of this form consists of: its numbers, or its integers and then their exponents.
	pub fn codes<'a>(&self, bytes: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
		let numbers = match self.codec {
			Codec::Dense => bytes.len(),
			Codec::Int8 { .. } => self.rows as usize * self.columns as usize,
		};
		let (numbers, exponents) = bytes.split_at(numbers.min(bytes.len()));
		[numbers, exponents].into_iter().filter(|code| !code.is_empty())
	}
}

/// Names a tensor and commits to its bytes. Integers are little-endian, in the order of the fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Header {
	pub edge: Edge,
	pub direction: Direction,
	pub position: Position,
	pub form: Form,
	/// Bytes that follow.
	pub length: u64,
	/// Of the list of the plain BLAKE3 hashes of the codes that follow.
	pub root: Hash,
}

/// Why a header is not what its receiver expects.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
	/// The stream ended early.
	#[error("its stream ends before the header")]
	Short,
	/// Another version of the protocol.
	#[error("version {0} of the protocol; this is version {VERSION}")]
	Version(u16),
	/// No value of a field.
	#[error("field `{0}` has no such value")]
	Malformed(&'static str),
	/// The tensor belongs to another edge.
	#[error("it belongs to {found:?} and came over {expected:?}")]
	Edge {
		/// The edge of the connection.
		expected: Edge,
		/// The edge that the header names.
		found: Edge,
	},
	/// Activations came up or gradients came down.
	#[error("it goes {0:?}, the wrong way")]
	Direction(Direction),
	/// The codec or the shape differs from the terms.
	#[error("it is {found:?} instead of {expected:?}")]
	Form {
		/// What the terms say.
		expected: Form,
		/// What the header says.
		found: Form,
	},
	/// The form takes more or fewer bytes.
	#[error("it has {found} bytes instead of {expected}")]
	Length {
		/// Bytes that the form takes.
		expected: u64,
		/// Bytes that the header announces.
		found: u64,
	},
	/// A step, or what is held out, has fewer microbatches.
	#[error("{0}: there are fewer microbatches")]
	Microbatch(Position),
	/// Held-out samples go down alone.
	#[error("{0} has no gradients")]
	HeldOutGradients(Position),
	/// The tensor came before.
	#[error("{0} came before")]
	Duplicate(Position),
	/// Tensors between this one and those that were taken are missing, and more than the queue holds.
	#[error("{found} came while {expected} is next: more lie between than may be in flight")]
	Early {
		/// What is to be delivered next.
		expected: Position,
		/// What came.
		found: Position,
	},
}

impl Header {
	/// Bytes of a header.
	pub const BYTES: usize = 73;

	pub fn encode(&self) -> [u8; Self::BYTES] {
		let (codec, block) = match self.form.codec {
			Codec::Dense => (0, 0),
			Codec::Int8 { block } => (1, block),
		};
		let (part, step, microbatch) = match self.position {
			Position::HeldOut { microbatch } => (0, 0, microbatch),
			Position::Step { step, microbatch } => (1, step, microbatch),
		};
		let mut bytes = [0; Self::BYTES];
		let mut rest = bytes.as_mut_slice();
		let mut put = |field: &[u8]| {
			let (head, tail) = std::mem::take(&mut rest).split_at_mut(field.len());
			head.copy_from_slice(field);
			rest = tail;
		};
		put(&VERSION.to_le_bytes());
		put(&[self.direction as u8, codec]);
		put(&self.edge.model.to_le_bytes());
		put(&self.edge.window.to_le_bytes());
		put(&[self.edge.lane, self.edge.upper]);
		put(&block.to_le_bytes());
		put(&[part]);
		put(&step.to_le_bytes());
		put(&microbatch.to_le_bytes());
		put(&self.form.rows.to_le_bytes());
		put(&self.form.columns.to_le_bytes());
		put(&self.length.to_le_bytes());
		put(self.root.as_bytes());
		bytes
	}

	pub fn decode(bytes: &[u8; Self::BYTES]) -> Result<Self, HeaderError> {
		let mut fields = Fields(bytes);
		let version = u16::from_le_bytes(fields.take());
		if version != VERSION {
			return Err(HeaderError::Version(version));
		}
		let [direction, codec] = fields.take();
		let direction = match direction {
			0 => Direction::Forward,
			1 => Direction::Backward,
			_ => return Err(HeaderError::Malformed("direction")),
		};
		let model = u32::from_le_bytes(fields.take());
		let window = u32::from_le_bytes(fields.take());
		let [lane, upper] = fields.take();
		let codec = match (codec, u16::from_le_bytes(fields.take())) {
			(0, 0) => Codec::Dense,
			(1, block) if block > 0 => Codec::Int8 { block },
			_ => return Err(HeaderError::Malformed("codec")),
		};
		let [part] = fields.take();
		let step = StepIndex::from_le_bytes(fields.take());
		let microbatch = u32::from_le_bytes(fields.take());
		let position = match (part, step) {
			(0, 0) => Position::HeldOut { microbatch },
			(1, step) => Position::Step { step, microbatch },
			_ => return Err(HeaderError::Malformed("part")),
		};
		let rows = u32::from_le_bytes(fields.take());
		let columns = u32::from_le_bytes(fields.take());
		Ok(Self {
			edge: Edge { model, window, lane, upper },
			direction,
			position,
			form: Form { codec, rows, columns },
			length: u64::from_le_bytes(fields.take()),
			root: Hash::from(fields.take::<32>()),
		})
	}

	/// Whether this is a tensor that may come at all under these terms.
	pub fn check(&self, terms: &Terms, direction: Direction) -> Result<(), HeaderError> {
		if self.edge != terms.edge {
			return Err(HeaderError::Edge { expected: terms.edge, found: self.edge });
		}
		if self.direction != direction {
			return Err(HeaderError::Direction(self.direction));
		}
		if self.form != terms.form {
			return Err(HeaderError::Form { expected: terms.form, found: self.form });
		}
		if self.length != terms.form.bytes() {
			return Err(HeaderError::Length { expected: terms.form.bytes(), found: self.length });
		}
		let there_are = match self.position {
			Position::HeldOut { microbatch } => match direction {
				Direction::Forward => microbatch < terms.held_out,
				Direction::Backward => return Err(HeaderError::HeldOutGradients(self.position)),
			},
			Position::Step { microbatch, .. } => microbatch < terms.microbatches,
		};
		if !there_are {
			return Err(HeaderError::Microbatch(self.position));
		}
		Ok(())
	}
}

/// Fields of fixed sizes, which together are the header.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
	fn take<const N: usize>(&mut self) -> [u8; N] {
		let (field, rest) = self.0.split_first_chunk().expect("the fields fill the header; qed");
		self.0 = rest;
		*field
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn terms() -> Terms {
		Terms {
			edge: Edge { model: 0x0102_0304, window: 5, lane: 6, upper: 7 },
			genesis: Hash::zero(),
			seed: Hash::zero(),
			held_out: 3,
			microbatches: 4,
			form: Form { codec: Codec::Int8 { block: 32 }, rows: 8, columns: 64 },
		}
	}

	fn header() -> Header {
		Header {
			edge: terms().edge,
			direction: Direction::Backward,
			position: Position::Step { step: 9, microbatch: 3 },
			form: terms().form,
			length: terms().form.bytes(),
			root: Hash::repeat_byte(0xab),
		}
	}

	#[test]
	fn the_bytes_of_a_header_are_fixed() {
		let bytes = header().encode();
		assert_eq!(Header::decode(&bytes), Ok(header()));
		let mut expected = vec![2, 0, 1, 1, 4, 3, 2, 1, 5, 0, 0, 0, 6, 7, 32, 0];
		expected.extend([1, 9, 0, 0, 0, 3, 0, 0, 0, 8, 0, 0, 0, 64, 0, 0, 0]);
		expected.extend(528u64.to_le_bytes());
		expected.extend([0xab; 32]);
		assert_eq!(bytes.as_slice(), expected);

		let held_out = Header { position: Position::HeldOut { microbatch: 2 }, ..header() };
		let bytes = held_out.encode();
		assert_eq!(Header::decode(&bytes), Ok(held_out));
		assert_eq!(bytes[16..25], [0, 0, 0, 0, 0, 2, 0, 0, 0]);
	}

	#[test]
	fn bytes_that_are_no_header_are_refused() {
		let with = |at: usize, byte: u8| {
			let mut bytes = header().encode();
			bytes[at] = byte;
			Header::decode(&bytes).unwrap_err()
		};
		assert_eq!(with(0, 1), HeaderError::Version(1));
		assert_eq!(with(2, 2), HeaderError::Malformed("direction"));
		assert_eq!(with(3, 9), HeaderError::Malformed("codec"));
		assert_eq!(with(14, 0), HeaderError::Malformed("codec"));
		assert_eq!(with(16, 2), HeaderError::Malformed("part"));
		// What is held out is of no step.
		assert_eq!(with(16, 0), HeaderError::Malformed("part"));
	}

	#[test]
	fn a_header_that_differs_from_the_terms_is_refused() {
		let refused = |change: fn(&mut Header)| {
			let mut header = header();
			change(&mut header);
			header.check(&terms(), Direction::Backward).unwrap_err()
		};
		assert_eq!(header().check(&terms(), Direction::Backward), Ok(()));
		assert!(matches!(refused(|h| h.edge.lane = 1), HeaderError::Edge { .. }));
		assert_eq!(
			refused(|h| h.direction = Direction::Forward),
			HeaderError::Direction(Direction::Forward)
		);
		assert!(matches!(refused(|h| h.form.rows = 9), HeaderError::Form { .. }));
		assert_eq!(
			refused(|h| h.length = u64::MAX),
			HeaderError::Length { expected: 528, found: u64::MAX }
		);
		let with = |direction, position| {
			let header = Header { direction, position, ..header() };
			header.check(&terms(), direction)
		};
		let step = |microbatch| Position::Step { step: 9, microbatch };
		let held_out = |microbatch| Position::HeldOut { microbatch };
		let (down, up) = (Direction::Forward, Direction::Backward);
		assert_eq!(with(up, step(4)), Err(HeaderError::Microbatch(step(4))));
		assert_eq!(with(down, held_out(2)), Ok(()));
		assert_eq!(with(down, held_out(3)), Err(HeaderError::Microbatch(held_out(3))));
		assert_eq!(with(up, held_out(0)), Err(HeaderError::HeldOutGradients(held_out(0))));
	}

	#[test]
	fn a_form_has_the_bytes_of_its_codec() {
		assert_eq!(Form::new(BoundaryCodec::Dense, 32, 64).bytes(), 32 * 64 * 4);
		assert_eq!(Form::new(BoundaryCodec::Bottleneck { rank: 8 }, 32, 64).bytes(), 32 * 8 * 4);
		assert_eq!(Form::new(BoundaryCodec::Int8 { block: 32 }, 32, 64).bytes(), 32 * (64 + 2));
	}
}
