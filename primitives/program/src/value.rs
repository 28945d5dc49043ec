//! Names of everything a stage program reads or writes. Each value is written once.

use core::fmt;

/// A tensor of a shard, in the order of the shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tensor {
	/// Vocabulary × width, on the first stage; also the head where that is tied.
	Embedding,
	/// Width × rank: from the bottleneck before the stage.
	Expand,
	/// A matrix of a layer, counted within the stage.
	Layer(u16, Matrix),
	/// Rank × width: into the bottleneck behind the stage.
	Compress,
	/// Vocabulary × width, on the last stage.
	Head,
}

/// The matrices of a layer; rows are what they yield, columns what they read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Matrix {
	/// Queries × width.
	Query,
	/// Keys × width.
	Key,
	/// Keys × width.
	Value,
	/// Width × queries.
	Output,
	/// Hidden × width.
	Gate,
	/// Hidden × width.
	Up,
	/// Width × hidden.
	Down,
}

impl Matrix {
	/// All of them, in the order of the shard.
	pub const ALL: [Matrix; 7] = [
		Matrix::Query,
		Matrix::Key,
		Matrix::Value,
		Matrix::Output,
		Matrix::Gate,
		Matrix::Up,
		Matrix::Down,
	];
}

/// State of the inner optimizer, one tensor each for each tensor of the shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Moment {
	/// Of AdamW, and the momentum of Muon.
	First,
	/// Of AdamW.
	Second,
}

/// The two ways across an edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
	/// Activations, towards the last stage.
	Forward,
	/// Their gradients, towards the first.
	Backward,
}

/// The parts of what crosses an edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Code {
	/// binary32: tokens × width, or tokens × rank.
	Dense,
	/// 8-bit integers: tokens × width.
	Integers,
	/// Exponents of the blocks: tokens × blocks.
	Exponents,
}

/// A value of a stage program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
	/// RoPE frequencies of the spec, in turns of 2⁻⁶⁴ per position.
	Frequencies,
	/// Token ids that a microbatch reads.
	Tokens(u32),
	/// Token ids that a microbatch should predict.
	Targets(u32),
	/// A tensor of the shard before the step.
	Parameter(Tensor),
	/// The optimizer's state before the step.
	State(Tensor, Moment),
	/// A code that the neighbour sent for a microbatch.
	Received(u32, Direction, Code),
	/// A code for the neighbour.
	Sent(u32, Direction, Code),
	/// Cosines or sines of all positions, written once for all microbatches.
	Rotation(Rotation),
	/// What a microbatch computes in a layer.
	Layer(u32, u16, Name),
	/// What a microbatch computes before the first layer and behind the last.
	Outer(u32, OuterName),
	/// Input of a layer for a microbatch; behind the last layer it is the output of the stage.
	Hidden(u32, u16),
	/// Gradient of [`Value::Hidden`].
	HiddenGradient(u32, u16),
	/// Gradient of a tensor of the shard, summed over the first so many microbatches; of none it is +0.
	Gradient(Tensor, u32),
	/// Gradient of a tied head, onto that of the embedding after the microbatches before; the embedding adds its own part.
	HeadGradient(u32),
	/// Summed loss of the first so many microbatches; of none it is +0.
	Loss(u32),
	/// Summed loss of the window's steps before this one.
	EarlierLoss,
	/// Summed loss of the window's steps up to this one.
	LossSoFar,
	/// What the optimizer computes on the way.
	Optimizer(Tensor, OptimizerName),
	/// A tensor of the shard before the window.
	Earlier(Tensor),
	/// How a tensor has changed in the window.
	Change(Tensor, ChangeName),
	/// Sum of the squared changes of the tensors up to this one.
	ChangeSquares(Tensor),
	/// Norm of all changes.
	ChangeNorm,
	/// Mean loss of the window's tokens.
	MeanLoss,
	/// Mean loss of held-out tokens.
	HeldOutLoss,
	/// Sum of the squared gradients of the tensors up to this one.
	SquaredNorm(Tensor),
	/// What all gradients are multiplied by.
	ClipFactor,
	/// A tensor of the shard behind the step.
	NextParameter(Tensor),
	/// The optimizer's state behind the step.
	NextState(Tensor, Moment),
}

/// The two tables of RoPE.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub enum Rotation {
	Cosine,
	Sine,
}

/// What a microbatch computes in a layer; the names of gradients say of what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub enum Name {
	// Attention, forward.
	AttentionSquares,
	AttentionScale,
	AttentionNormed,
	QueryProjected,
	KeyProjected,
	Query,
	Key,
	Value,
	Scores,
	ScoreMax,
	ScoreExp,
	ScoreSum,
	Weighted,
	Attended,
	Middle,
	// Feed-forward, forward.
	FeedSquares,
	FeedScale,
	FeedNormed,
	Gate,
	Up,
	Activated,
	// Feed-forward, backward.
	ActivatedGradient,
	GateGradient,
	UpGradient,
	FeedNormedFromGate,
	FeedNormedGradient,
	FeedDot,
	FeedCoefficient,
	MiddleGradient,
	// Attention, backward.
	AttendedGradient,
	AttendedDot,
	Probability,
	ProbabilityGradient,
	ScoreGradient,
	QueryGradient,
	KeyGradient,
	ValueGradient,
	QueryProjectedGradient,
	KeyProjectedGradient,
	AttentionNormedFromQuery,
	AttentionNormedFromKey,
	AttentionNormedGradient,
	AttentionDot,
	AttentionCoefficient,
}

/// What a microbatch computes before the first layer and behind the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub enum OuterName {
	Squares,
	Scale,
	Normed,
	Logits,
	LogitMax,
	LogitExp,
	LogitSum,
	TokenLoss,
	MicrobatchLoss,
	LogitGradient,
	NormedGradient,
	Dot,
	Coefficient,
	/// Largest magnitude of each block of a code, by the way it goes.
	BlockMax(Direction),
	/// Gradient of the bottleneck's code behind the stage, as received.
	CodeGradient,
}

/// What the optimizer computes for a tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub enum OptimizerName {
	RowSquares,
	Squares,
	Clipped,
	// Muon: Nesterov's direction, its squares, and for each Newton–Schulz step its iterate, X·Xᵀ, the square of that, the
	// polynomial of both, and that times the iterate.
	Direction,
	DirectionRowSquares,
	DirectionSquares,
	Iterate(u8),
	Gram(u8),
	GramSquare(u8),
	Polynomial(u8),
	Product(u8),
}

/// How a tensor has changed in a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub enum ChangeName {
	Difference,
	// In the code of the merge, and what that stands for.
	BlockMax,
	Exponents,
	Codes,
	Decoded,
	RowSquares,
	Squares,
}

impl Value {
	/// Whether the value is +0 everywhere: a sum of nothing.
	pub fn starts_at_zero(&self) -> bool {
		matches!(self, Value::Gradient(_, 0) | Value::Loss(0))
	}

	/// Bytes of an element where the value is committed to.
	pub fn element_bytes(&self) -> u64 {
		match self {
			Value::Received(_, _, Code::Integers | Code::Exponents)
			| Value::Sent(_, _, Code::Integers | Code::Exponents)
			| Value::Change(_, ChangeName::Codes | ChangeName::Exponents) => 1,
			Value::Frequencies => 8,
			_ => 4,
		}
	}

	/// Whether elements are unsigned integers rather than numbers.
	pub fn is_integer(&self) -> bool {
		matches!(self, Value::Frequencies | Value::Tokens(_) | Value::Targets(_))
	}
}

impl fmt::Display for Tensor {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Tensor::Layer(layer, matrix) => write!(f, "layer{layer}.{}", Hyphenated(matrix)),
			end => write!(f, "{}", Hyphenated(end)),
		}
	}
}

/// A path: `m0.layer3.query-projected` is of microbatch 0, `layer3.down.gradient.2` the gradient over two microbatches.
impl fmt::Display for Value {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Value::Frequencies => write!(f, "frequencies"),
			Value::Tokens(m) => write!(f, "m{m}.tokens"),
			Value::Targets(m) => write!(f, "m{m}.targets"),
			Value::Parameter(tensor) => write!(f, "{tensor}"),
			Value::State(tensor, moment) => write!(f, "{tensor}.{}", Hyphenated(moment)),
			Value::Received(m, direction, code) => {
				write!(f, "m{m}.received.{}.{}", Hyphenated(direction), Hyphenated(code))
			},
			Value::Sent(m, direction, code) => {
				write!(f, "m{m}.sent.{}.{}", Hyphenated(direction), Hyphenated(code))
			},
			Value::Rotation(rotation) => write!(f, "{}", Hyphenated(rotation)),
			Value::Layer(m, layer, name) => write!(f, "m{m}.layer{layer}.{}", Hyphenated(name)),
			Value::Outer(m, name) => write!(f, "m{m}.{}", Hyphenated(name)),
			Value::Hidden(m, layer) => write!(f, "m{m}.hidden{layer}"),
			Value::HiddenGradient(m, layer) => write!(f, "m{m}.hidden{layer}.gradient"),
			Value::Gradient(tensor, m) => write!(f, "{tensor}.gradient.{m}"),
			Value::HeadGradient(m) => write!(f, "m{m}.head.gradient"),
			Value::Loss(m) => write!(f, "loss.{m}"),
			Value::EarlierLoss => write!(f, "earlier-loss"),
			Value::LossSoFar => write!(f, "loss-so-far"),
			Value::Optimizer(tensor, name) => {
				write!(f, "{tensor}.{}", Hyphenated(name))
			},
			Value::Earlier(tensor) => write!(f, "{tensor}.earlier"),
			Value::Change(tensor, name) => write!(f, "{tensor}.change.{}", Hyphenated(name)),
			Value::ChangeSquares(tensor) => write!(f, "{tensor}.change-squares"),
			Value::ChangeNorm => write!(f, "change-norm"),
			Value::MeanLoss => write!(f, "mean-loss"),
			Value::HeldOutLoss => write!(f, "held-out-loss"),
			Value::SquaredNorm(tensor) => write!(f, "{tensor}.squared-norm"),
			Value::ClipFactor => write!(f, "clip-factor"),
			Value::NextParameter(tensor) => write!(f, "{tensor}.next"),
			Value::NextState(tensor, moment) => write!(f, "{tensor}.{}.next", Hyphenated(moment)),
		}
	}
}

/// The name of a variant in lower case, its words joined by hyphens.
struct Hyphenated<T>(T);

impl<T: fmt::Debug> fmt::Display for Hyphenated<T> {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		let mut starts = true;
		for character in alloc::format!("{:?}", self.0).chars() {
			if character.is_uppercase() && !starts {
				write!(f, "-")?;
			}
			starts = character == '(';
			match character {
				'(' => write!(f, ".")?, // what a variant holds follows
				')' => {},
				character => write!(f, "{}", character.to_ascii_lowercase())?,
			}
		}
		Ok(())
	}
}
