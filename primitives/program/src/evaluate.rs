//! One element of any operation, in segments short enough for the chain: the definition of the arithmetic.
//!
//! An element starts from registers, advances through its segments, and finishes. The reference interpreter runs all of
//! it on the processor's floats; the referee runs one segment on integers. Both run this text.

use codec::{Decode, Encode};

use crate::{
	elementary,
	operation::{Argument, At, Axis, Contraction, Definition, Factor, Formula, Operation, BLOCK},
	Float, Value,
};

/// Where operands come from.
pub trait Operands<F> {
	/// Element `index` of a value of numbers.
	fn float(&mut self, value: Value, index: u64) -> F;

	/// Element `index` of a value of integers: tokens, targets, frequencies.
	fn integer(&mut self, value: Value, index: u64) -> u64;
}

/// Terms of a contraction in a segment: its factors lie in as many chunks at worst, each with a proof.
pub const CONTRACTION_SEGMENT: u32 = 16;
/// Terms of a row's sum or maximum in a segment; they lie side by side.
pub const ROW_SEGMENT: u32 = 256;
/// Partial sums of a row.
pub const PARTIALS: usize = 32;

/// What an element carries from segment to segment.
#[derive(Clone, Copy, Debug, PartialEq, Encode, Decode)]
pub enum Registers<F> {
	/// Of a map: nothing.
	Empty,
	/// Of a contraction.
	Contraction {
		/// Sum of the blocks before, from the running value.
		total: F,
		/// The chain of the block under way.
		block: F,
	},
	/// Of a row's sum.
	Sum([F; PARTIALS]),
	/// Of a row's maximum.
	Max(F),
}

/// Which elements of a matrix of scores do not count: those whose key comes after the query.
fn is_masked(operation: &Operation, element: u64) -> bool {
	let context = u64::from(operation.shape.last().copied().unwrap_or(1)).max(1);
	operation.causal && element % context > element / context % context
}

impl Operation {
	/// Number of elements.
	pub fn elements(&self) -> u64 {
		self.shape.iter().map(|size| u64::from(*size)).product()
	}

	/// Terms of the reduction of one element; a map has none.
	fn terms(&self) -> (u32, u32) {
		match &self.definition {
			Definition::Contraction(product) => (product.runs.count, product.depth.count),
			Definition::RowSum { width, .. } | Definition::RowMax { width, .. } => (1, *width),
			Definition::Map { .. } => (0, 0),
		}
	}

	/// Segments of each element.
	pub fn segments(&self) -> u64 {
		let (runs, depth) = self.terms();
		let segment = match self.definition {
			Definition::Contraction(_) => CONTRACTION_SEGMENT,
			_ => ROW_SEGMENT,
		};
		u64::from(runs) * u64::from(depth.div_ceil(segment))
	}

	/// The registers of an element before its first segment.
	pub fn start<F: Float>(&self, element: u64, operands: &mut impl Operands<F>) -> Registers<F> {
		match &self.definition {
			Definition::Contraction(product) => Registers::Contraction {
				total: product.running.map_or(F::zero(), |value| operands.float(value, element)),
				block: F::zero(),
			},
			Definition::RowSum { .. } => Registers::Sum([F::zero(); PARTIALS]),
			Definition::RowMax { magnitude, .. } => {
				Registers::Max(if *magnitude { F::zero() } else { F::negative_infinity() })
			},
			Definition::Map { .. } => Registers::Empty,
		}
	}

	/// The registers of an element after one of its segments.
	pub fn advance<F: Float>(
		&self,
		element: u64,
		segment: u64,
		registers: Registers<F>,
		operands: &mut impl Operands<F>,
	) -> Registers<F> {
		match (&self.definition, registers) {
			_ if is_masked(self, element) => registers,
			(Definition::Contraction(product), Registers::Contraction { total, block }) => {
				product.advance(element, segment, total, block, operands)
			},
			(Definition::RowSum { width, left, right }, Registers::Sum(mut partials)) => {
				for column in columns(segment, *width) {
					let index = element * u64::from(*width) + u64::from(column);
					let mut term = operands.float(*left, index);
					if let Some(right) = right {
						term = term * operands.float(*right, index);
					}
					let partial = &mut partials[column as usize % PARTIALS];
					*partial = *partial + term;
				}
				Registers::Sum(partials)
			},
			(
				Definition::RowMax { width, count, of, magnitude, causal },
				Registers::Max(mut max),
			) => {
				let own = element % u64::from(*width);
				for column in columns(segment, *width) {
					let index = element * u64::from(*width) + u64::from(column);
					let is_beyond = count.is_some_and(|count| index >= count);
					if is_beyond || (*causal && u64::from(column) > own) {
						break;
					}
					let term = operands.float(*of, index);
					let term = if *magnitude { term.abs() } else { term };
					max = if term.exceeds(max) { term } else { max };
				}
				Registers::Max(max)
			},
			_ => registers,
		}
	}

	/// The element, from its registers after the last segment.
	pub fn finish<F: Float>(
		&self,
		element: u64,
		registers: Registers<F>,
		operands: &mut impl Operands<F>,
	) -> F {
		if is_masked(self, element) {
			return F::zero();
		}
		match (&self.definition, registers) {
			(Definition::Contraction(product), Registers::Contraction { total, .. }) => {
				product.scale.map_or(total, |scale| total * F::from_bits(scale))
			},
			(_, Registers::Sum(partials)) => tree_sum(partials),
			(_, Registers::Max(max)) => max + F::zero(),
			(Definition::Map { formula, arguments }, _) => {
				formula.apply(element, arguments, operands)
			},
			_ => F::zero(), // no registers of another operation come here
		}
	}

	/// An element, from its operands alone.
	pub fn element<F: Float>(&self, element: u64, operands: &mut impl Operands<F>) -> F {
		let mut registers = self.start(element, operands);
		for segment in 0..self.segments() {
			registers = self.advance(element, segment, registers, operands);
		}
		self.finish(element, registers, operands)
	}
}

/// Columns of a segment of a row.
fn columns(segment: u64, width: u32) -> core::ops::Range<u32> {
	let from = (segment as u32).saturating_mul(ROW_SEGMENT).min(width);
	from..from.saturating_add(ROW_SEGMENT).min(width)
}

/// Partial sums, added up as a fixed tree: j += j+16, j += j+8 and so on.
fn tree_sum<F: Float>(mut partials: [F; PARTIALS]) -> F {
	let mut half = PARTIALS / 2;
	while half > 0 {
		for j in 0..half {
			partials[j] = partials[j] + partials[j + half];
		}
		half /= 2;
	}
	partials[0]
}

impl Contraction {
	fn advance<F: Float>(
		&self,
		element: u64,
		segment: u64,
		mut total: F,
		mut block: F,
		operands: &mut impl Operands<F>,
	) -> Registers<F> {
		let (row, left, right) = self.origin(element);
		let per_run = u64::from(self.depth.count.div_ceil(CONTRACTION_SEGMENT)).max(1);
		let (run, part) = (segment / per_run, (segment % per_run) as u32);
		let from = part * CONTRACTION_SEGMENT;
		for k in from..(from + CONTRACTION_SEGMENT).min(self.depth.count) {
			let offset = |run_stride: u64, stride: u64| run * run_stride + u64::from(k) * stride;
			let left = left + offset(self.runs.left, self.depth.left);
			let right = right + offset(self.runs.right, self.depth.right);
			let factor = match self.left {
				Factor::Value(value) => operands.float(value, left),
				Factor::OneHot(tokens) if operands.integer(tokens, left) == row => F::one(),
				Factor::OneHot(_) => F::zero(),
			};
			block = factor.fma(operands.float(self.right, right), block);
			if (k + 1) % BLOCK == 0 || k + 1 == self.depth.count {
				total = total + block;
				block = F::zero();
			}
		}
		Registers::Contraction { total, block }
	}

	/// Index along the first axis of an element of the output, and where its first factors lie.
	fn origin(&self, element: u64) -> (u64, u64, u64) {
		let (mut rest, mut row, mut left, mut right) = (element, 0, 0, 0);
		for Axis { count, left: left_stride, right: right_stride } in self.axes.iter().rev() {
			row = rest % u64::from(*count);
			rest /= u64::from(*count);
			left += row * left_stride;
			right += row * right_stride;
		}
		(row, left, right)
	}
}

impl At {
	/// The index in an argument of what belongs to an element of the output.
	fn index<F>(self, element: u64, operands: &mut impl Operands<F>) -> u64 {
		match self {
			At::Same => element,
			At::Scalar => 0,
			At::Row(width) => element / u64::from(width),
			At::Head { context, heads, width } => {
				let (context, heads) = (u64::from(context), u64::from(heads));
				let (token, head) =
					(element / (heads * u64::from(width)), element / u64::from(width) % heads);
				(token / context * heads + head) * context + token % context
			},
			At::Query { context, heads } => {
				let (context, heads) = (u64::from(context), u64::from(heads));
				let (query, head) = (element / context % context, element / (context * context));
				(head / heads * context + query) * heads + head % heads
			},
			At::Partner(width) => {
				let half = u64::from(width / 2);
				if element % u64::from(width) < half {
					element + half
				} else {
					element - half
				}
			},
			At::Rotation { context, heads, width } => {
				let (width, half) = (u64::from(width), u64::from(width / 2));
				let token = element / (width * u64::from(heads));
				token % u64::from(context) * half + element % width % half
			},
			At::Gathered { by, width } => {
				let width = u64::from(width);
				operands.integer(by, element / width) * width + element % width
			},
			// Beyond the row there is no such element, rather than one of the next row.
			At::Picked { by, width } => match operands.integer(by, element) {
				picked if picked < u64::from(width) => element * u64::from(width) + picked,
				_ => u64::MAX,
			},
			At::Transposed { rows, columns } => {
				let (rows, columns) = (u64::from(rows), u64::from(columns));
				element % columns * rows + element / columns
			},
		}
	}
}

/// 1 / (1 + exp(−x))
fn sigmoid<F: Float>(x: F) -> F {
	F::one() / (F::one() + elementary::exp(-x))
}

/// x / (1 + exp(−x))
fn silu<F: Float>(x: F) -> F {
	x / (F::one() + elementary::exp(-x))
}

impl Formula {
	fn apply<F: Float>(
		&self,
		element: u64,
		arguments: &[Argument],
		operands: &mut impl Operands<F>,
	) -> F {
		let mut x = [F::zero(); 5];
		if !matches!(self, Formula::Cosine | Formula::Sine) {
			for (x, Argument { value, at }) in x.iter_mut().zip(arguments) {
				let index = at.index(element, operands);
				*x = operands.float(*value, index);
			}
		}
		let bits = F::from_bits;
		match *self {
			Formula::Copy => x[0],
			Formula::Add => x[0] + x[1],
			Formula::Subtract => x[0] - x[1],
			Formula::Multiply => x[0] * x[1],
			Formula::Divide => x[0] / x[1],
			Formula::SquareRoot => x[0].sqrt(),
			Formula::Mean { tokens, steps } => x[0] / bits(tokens) / bits(steps),
			Formula::Cosine => phase(element, arguments, operands).1,
			Formula::Sine => phase(element, arguments, operands).0,
			Formula::InverseRoot { count, epsilon } => {
				F::one() / (x[0] / bits(count) + bits(epsilon)).sqrt()
			},
			Formula::NormCoefficient { count } => (x[0] / bits(count)) * (x[1] * (x[1] * x[1])),
			Formula::NormGradient => x[0] + (-x[1]).fma(x[2], x[3] * x[4]),
			Formula::FinalNormGradient => (-x[0]).fma(x[1], x[2] * x[3]),
			Formula::Rotate { width, back } => {
				let first = element % u64::from(width) < u64::from(width / 2);
				let sin = if first != back { -x[3] } else { x[3] };
				x[1].fma(sin, x[0] * x[2])
			},
			Formula::ExpDifference => elementary::exp(x[0] - x[1]),
			Formula::ScoreGradient { scale } => (x[0] * (x[1] - x[2])) * bits(scale),
			Formula::SwiGlu => silu(x[0]) * x[1],
			Formula::GateGradient => {
				let sigmoid = sigmoid(x[1]);
				(x[0] * x[2]) * (sigmoid * x[1].fma(F::one() - sigmoid, F::one()))
			},
			Formula::UpGradient => x[0] * silu(x[1]),
			Formula::TokenLoss => (elementary::ln(x[0]) + x[1]) - x[2],
			Formula::LogitGradient { targets, width, scale } => {
				let (row, column) = (element / u64::from(width), element % u64::from(width));
				let hot =
					if operands.integer(targets, row) == column { F::one() } else { F::zero() };
				(x[0] / x[1] - hot) * bits(scale)
			},
			Formula::BlockExponent => F::integer(block_exponent(x[0])),
			Formula::BlockCode => block_code(x[0] * power_of_two(-x[1])),
			Formula::BlockDecode => decoded(x[0], x[1]),
			Formula::ClipFactor { norm } => {
				let factor = bits(norm) / (x[0].sqrt() + F::literal(1e-6));
				if factor.exceeds(F::one()) {
					F::one()
				} else {
					factor
				}
			},
			Formula::Moment { decay, rest } => bits(decay).fma(x[0], bits(rest) * x[1]),
			Formula::SquareMoment { decay, rest } => {
				bits(decay).fma(x[0], bits(rest) * (x[1] * x[1]))
			},
			Formula::AdamW { rate, decay, bias1, bias2, epsilon } => {
				let decayed = x[0] - bits(decay) * x[0];
				let root = (x[2] / bits(bias2)).sqrt() + bits(epsilon);
				decayed - bits(rate) * ((x[1] / bits(bias1)) / root)
			},
			Formula::Momentum { decay } => bits(decay).fma(x[0], x[1]),
			Formula::Normalise => x[0] / (x[1].sqrt() + F::literal(1e-7)),
			Formula::Combine { first, second } => bits(first).fma(x[0], bits(second) * x[1]),
			Formula::Descend { rate, decay } => (x[0] - bits(decay) * x[0]) - bits(rate) * x[1],
		}
	}
}

/// The nearest integer, ties to even, at most 127 in magnitude.
fn block_code<F: Float>(x: F) -> F {
	let limit = F::integer(127);
	let code = nearest_integer(x);
	match (code.exceeds(limit), (-limit).exceeds(code)) {
		(true, _) => limit,
		(_, true) => -limit,
		_ => code,
	}
}

/// The smallest e from −126 to 121 with x ≤ 127 · 2ᵉ, of x ≥ +0; 0 of +0, and 121 of what is larger than any.
fn block_exponent<F: Float>(x: F) -> i32 {
	/// The fraction of 127/64.
	const LIMIT: u32 = 0x7e_0000;
	let bits = x.to_bits();
	if bits == 0 {
		return 0;
	}
	let exponent = (bits >> 23) as i32 - 127 - 6 + i32::from(bits & 0x7f_ffff > LIMIT);
	exponent.clamp(-126, 121)
}

/// The nearest integer, ties to even, of |x| < 2²².
fn nearest_integer<F: Float>(x: F) -> F {
	let rounding = F::literal(12_582_912.0); // 1.5 · 2²³
	(x + rounding) - rounding
}

/// What a code and the exponent of its block stand for.
pub(crate) fn decoded<F: Float>(code: F, exponent: F) -> F {
	code * power_of_two(exponent)
}

/// 2ˣ of a whole number x from −126 to 127.
fn power_of_two<F: Float>(x: F) -> F {
	let rounding = F::literal(12_582_912.0);
	let exponent = (x + rounding).to_bits().wrapping_sub(rounding.to_bits());
	F::from_bits(exponent.wrapping_add(127) << 23)
}

/// Sine and cosine of position · frequency, in wrapping turns.
fn phase<F: Float>(
	element: u64,
	arguments: &[Argument],
	operands: &mut impl Operands<F>,
) -> (F, F) {
	let Some(Argument { value, at: At::Row(count) }) = arguments.first() else {
		return (F::zero(), F::zero()); // no program is built like that
	};
	let (position, pair) = (element / u64::from(*count), element % u64::from(*count));
	elementary::sin_cos(operands.integer(*value, pair).wrapping_mul(position))
}
