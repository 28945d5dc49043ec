//! What an operation is: one new value, each element of which is a reduction of others and a formula behind it.
//!
//! Four definitions suffice for the whole of training. They say what is computed and in which order sums are taken, and
//! nothing of how: `evaluate` computes one element of any of them.

use alloc::vec::Vec;

use crate::Value;

/// An operation of a stage program.
#[derive(Clone, Debug, PartialEq)]
pub struct Operation {
	/// The value that it writes.
	pub output: Value,
	/// Sizes of the value's axes; elements are numbered with the last axis fastest.
	pub shape: Vec<u32>,
	/// How its elements are defined.
	pub definition: Definition,
	/// Where the value is a matrix of queries × keys for each sample and head, of which only those count whose key comes no
	/// later than the query: the others are +0.
	pub causal: bool,
}

/// How the elements of a value are defined.
#[derive(Clone, Debug, PartialEq)]
pub enum Definition {
	/// A matrix product.
	Contraction(Contraction),
	/// The sum of a row of products, by 32 partial sums.
	RowSum {
		/// Elements of a row.
		width: u32,
		/// The first factors.
		left: Value,
		/// The second factors; without them the row itself is summed.
		right: Option<Value>,
	},
	/// The largest element of a row; +0 if that is −0.
	RowMax {
		/// Elements of a row.
		width: u32,
		/// Elements of all rows together, where the last row is shorter than the others.
		count: Option<u64>,
		/// The rows.
		of: Value,
		/// Whether magnitudes are compared.
		magnitude: bool,
		/// Whether of each row only the elements up to the row's own number count, as many as there are rows in a square.
		causal: bool,
	},
	/// A formula of single elements of other values.
	Map {
		/// The formula.
		formula: Formula,
		/// Where its arguments are.
		arguments: Vec<Argument>,
	},
}

/// A sum of products over `runs` × `depth` terms. Every run is cut into blocks of [`BLOCK`] terms from its start; a block is a
/// chain of fma from +0, and the blocks are added up in ascending order, onto the running value.
#[derive(Clone, Debug, PartialEq)]
pub struct Contraction {
	/// Axes of the output, and how far one step along each of them moves in the factors.
	pub axes: Vec<Axis>,
	/// The outer axis of the sum.
	pub runs: Axis,
	/// The inner axis of the sum.
	pub depth: Axis,
	/// The first factors.
	pub left: Factor,
	/// The second factors.
	pub right: Value,
	/// What the sum starts from; +0 if there is nothing.
	pub running: Option<Value>,
	/// What the sum is multiplied by in the end, as bits.
	pub scale: Option<u32>,
}

/// Terms of a contraction that are chained by fma.
pub const BLOCK: u32 = 512;

/// An axis of a contraction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Axis {
	/// Its size.
	pub count: u32,
	/// Elements between two neighbours in the first factors.
	pub left: u64,
	/// Elements between two neighbours in the second factors.
	pub right: u64,
}

/// The first factors of a contraction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Factor {
	/// Another value.
	Value(Value),
	/// 1 where a token equals the index of the first axis of the output, +0 elsewhere: the gradient of a table.
	OneHot(Value),
}

/// An argument of a formula.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Argument {
	/// The value.
	pub value: Value,
	/// Which of its elements.
	pub at: At,
}

/// Which element of an argument belongs to element `e` of the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
	/// `e` itself.
	Same,
	/// The only one.
	Scalar,
	/// `e / width`: one for each row.
	Row(u32),
	/// One for each query of each head, where the output is tokens × heads × features.
	Head {
		/// Tokens of a sample.
		context: u32,
		/// Heads of a token.
		heads: u32,
		/// Features of a head.
		width: u32,
	},
	/// One for each head of each token, where the output is samples × heads × queries × keys.
	Query {
		/// Tokens of a sample.
		context: u32,
		/// Heads of a token.
		heads: u32,
	},
	/// The other feature of a pair that RoPE rotates: half a head away.
	Partner(u32),
	/// The element of a table of positions × half a head, where the output is tokens × heads × features.
	Rotation {
		/// Tokens of a sample.
		context: u32,
		/// Heads of a token.
		heads: u32,
		/// Features of a head.
		width: u32,
	},
	/// The element of the row that an integer names: `integers[e / width] · width + e % width`.
	Gathered {
		/// The integers.
		by: Value,
		/// Elements of a row.
		width: u32,
	},
	/// The element of row `e` that an integer names: `e · width + integers[e]`.
	Picked {
		/// The integers.
		by: Value,
		/// Elements of a row.
		width: u32,
	},
	/// Row and column exchanged, where the output has so many columns and the argument as many rows.
	Transposed {
		/// Rows of the output.
		rows: u32,
		/// Columns of the output.
		columns: u32,
	},
}

/// A formula. Its constants are bits of binary32; x, y, z … are its arguments in order. What is not written as fma is
/// rounded after each operation.
#[derive(Clone, Debug, PartialEq)]
pub enum Formula {
	/// x
	Copy,
	/// x + y
	Add,
	/// x − y
	Subtract,
	/// x · y
	Multiply,
	/// x / y
	Divide,
	/// √x
	SquareRoot,
	/// (x / tokens) / steps
	Mean {
		/// Tokens of a step, as a float.
		tokens: u32,
		/// Steps, as a float.
		steps: u32,
	},
	/// cos of `position · frequency`, where elements are positions × frequencies
	Cosine,
	/// sin of `position · frequency`
	Sine,
	/// RMSNorm: 1 / √(x/count + ε)
	InverseRoot {
		/// Elements of a row, as a float.
		count: u32,
		/// ε
		epsilon: u32,
	},
	/// Backward through RMSNorm's factor: (x/count) · (y · (y · y))
	NormCoefficient {
		/// Elements of a row, as a float.
		count: u32,
	},
	/// Backward through RMSNorm and the residual past it: v + fma(−x, c, y · r), arguments v, x, c, y, r
	NormGradient,
	/// Backward through an RMSNorm without a residual: fma(−x, c, y · r), arguments x, c, y, r
	FinalNormGradient,
	/// RoPE: the pair (a, b) becomes (a·cos − b·sin, b·cos + a·sin), the second product fused; arguments x, its partner, cos,
	/// sin. Backward it turns the other way.
	Rotate {
		/// Features of a head.
		width: u32,
		/// Whether to turn back.
		back: bool,
	},
	/// exp(x − y)
	ExpDifference,
	/// Backward through softmax: (p · (d − D)) · scale, arguments p, d, D
	ScoreGradient {
		/// The scale of the scores.
		scale: u32,
	},
	/// SwiGLU: x / (1 + exp(−x)) · y
	SwiGlu,
	/// Backward to SwiGLU's gate: (d · u) · (σ · fma(g, 1 − σ, 1)) with σ = 1 / (1 + exp(−g)), arguments d, g, u
	GateGradient,
	/// Backward to SwiGLU's other input: d · (g / (1 + exp(−g))), arguments d, g
	UpGradient,
	/// Cross entropy of a token: (ln l + m) − x, arguments l, m, x
	TokenLoss,
	/// Backward through cross entropy: (e/l − onehot) · scale, arguments e, l; the integers name the hot one
	LogitGradient {
		/// The targets.
		targets: Value,
		/// Elements of a row.
		width: u32,
		/// 1 / tokens of the step
		scale: u32,
	},
	/// The exponent of a block: the smallest e from −126 to 121 with x ≤ 127 · 2ᵉ, else 121; 0 of a block of zeros
	BlockExponent,
	/// x / 2ʸ, rounded to the nearest integer, ties to even, at most 127 in magnitude
	BlockCode,
	/// x · 2ʸ
	BlockDecode,
	/// Clipping: c / (√x + 10⁻⁶), at most 1
	ClipFactor {
		/// The largest norm.
		norm: u32,
	},
	/// β · x + (1 − β) · y by fma(β, x, (1−β) · y)
	Moment {
		/// β
		decay: u32,
		/// 1 − β
		rest: u32,
	},
	/// β · x + (1 − β) · y² by fma(β, x, (1−β) · (y·y))
	SquareMoment {
		/// β
		decay: u32,
		/// 1 − β
		rest: u32,
	},
	/// AdamW: w' = w − decay·w, then w' − rate · ((m/b₁) / (√(v/b₂) + ε)), arguments w, m, v
	AdamW {
		/// Learning rate.
		rate: u32,
		/// Learning rate · weight decay.
		decay: u32,
		/// 1 − β₁ᵗ
		bias1: u32,
		/// 1 − β₂ᵗ
		bias2: u32,
		/// ε
		epsilon: u32,
	},
	/// Momentum, and Nesterov's look ahead: fma(µ, x, y)
	Momentum {
		/// µ
		decay: u32,
	},
	/// x / (√y + 10⁻⁷)
	Normalise,
	/// fma(a, x, b · y)
	Combine {
		/// a
		first: u32,
		/// b
		second: u32,
	},
	/// Muon: w' = w − decay·w, then w' − rate · x, arguments w, x
	Descend {
		/// Learning rate, with the factor for the matrix's shape.
		rate: u32,
		/// Learning rate · weight decay.
		decay: u32,
	},
}

impl Operation {
	/// Read other values instead of some.
	pub(crate) fn replace_reads(&mut self, replacement: impl Fn(Value) -> Value) {
		let replace = |value: &mut Value| *value = replacement(*value);
		match &mut self.definition {
			Definition::Contraction(Contraction { left, right, running, .. }) => {
				let (Factor::Value(left) | Factor::OneHot(left)) = left;
				[left, right].into_iter().chain(running).for_each(replace);
			},
			Definition::RowSum { left, right, .. } => {
				core::iter::once(left).chain(right).for_each(replace);
			},
			Definition::RowMax { of, .. } => replace(of),
			Definition::Map { arguments, .. } => {
				arguments.iter_mut().for_each(|argument| replace(&mut argument.value));
			},
		}
	}

	/// The values that it reads, each once.
	pub fn reads(&self) -> Vec<Value> {
		let mut reads = Vec::new();
		match &self.definition {
			Definition::Contraction(Contraction { left, right, running, .. }) => {
				let (Factor::Value(left) | Factor::OneHot(left)) = left;
				reads.extend([*left, *right]);
				reads.extend(running);
			},
			Definition::RowSum { left, right, .. } => {
				reads.push(*left);
				reads.extend(right);
			},
			Definition::RowMax { of, .. } => reads.push(*of),
			Definition::Map { formula, arguments } => {
				for Argument { value, at } in arguments {
					reads.push(*value);
					if let At::Gathered { by, .. } | At::Picked { by, .. } = at {
						reads.push(*by);
					}
				}
				if let Formula::LogitGradient { targets, .. } = formula {
					reads.push(*targets);
				}
			},
		}
		reads.sort();
		reads.dedup();
		reads
	}
}
