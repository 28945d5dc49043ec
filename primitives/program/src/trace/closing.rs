//! The program that ends a unit: the loss of held-out samples at gates, with the weights that the window began with, and what
//! the attestation says of the window.

use alloc::{vec, vec::Vec};

use cairn_primitives::{spec::MergeCodec, ModelSpec, HELD_OUT_SAMPLES};

use crate::{
	fraction::ratio,
	operation::{Argument, At, Definition, Formula, Operation},
	ChangeName, Float, Program, Section, SoftFloat, Stage, Tensor, Value,
};

/// What a unit computes behind its last step.
#[derive(Clone, Debug)]
pub(super) struct Closing {
	/// Shapes, and sections of a microbatch.
	program: Program,
	/// Values of a block of the merge's code; none where there is nothing to merge.
	block: Option<u32>,
	/// Microbatches of held-out samples; none but at gates.
	held_out: u32,
	/// Tokens of a step.
	tokens: u32,
	/// Steps that count.
	steps: u32,
}

impl Closing {
	/// Behind so many steps, each of so many samples, of a program's stage.
	pub fn new(
		spec: &ModelSpec,
		program: Program,
		evaluates: bool,
		batch: u32,
		steps: u32,
	) -> Self {
		let MergeCodec::Int8 { block } = spec.merge;
		let microbatch = program.stage().samples.max(1);
		Self {
			block: (spec.lanes > 1).then_some(block.into()),
			held_out: if evaluates { HELD_OUT_SAMPLES.div_ceil(microbatch) } else { 0 },
			tokens: batch.saturating_mul(program.stage().context),
			steps,
			program,
		}
	}

	/// Microbatches of held-out samples.
	pub fn held_out(&self) -> u32 {
		self.held_out
	}

	pub fn program(&self) -> &Program {
		&self.program
	}

	/// Number of operations.
	pub fn length(&self) -> u64 {
		self.evaluation() + self.changes() + self.numbers().len() as u64
	}

	/// The operation with a number.
	pub fn operation(&self, number: u64) -> Option<Operation> {
		if number < self.evaluation() {
			return self.evaluated(number);
		}
		let number = number - self.evaluation();
		let of_tensor = self.change(Tensor::Embedding, None).len() as u64;
		if number < self.changes() {
			let stage = self.stage();
			let tensor = (number / of_tensor) as u32;
			let before = tensor.checked_sub(1).and_then(|before| stage.tensor_at(before));
			let operations = self.change(stage.tensor_at(tensor)?, before);
			return operations.into_iter().nth((number % of_tensor) as usize);
		}
		self.numbers().into_iter().nth((number - self.changes()) as usize)
	}

	/// The number of the operation that writes a value.
	pub fn writer(&self, value: Value) -> Option<u64> {
		let stage = self.stage();
		let within = |operations: Vec<Operation>| {
			operations.iter().position(|op| op.output == value).map(|within| within as u64)
		};
		match value {
			Value::Change(tensor, _) | Value::ChangeSquares(tensor) => {
				let number = stage.number_of(tensor);
				let before = number.checked_sub(1).and_then(|before| stage.tensor_at(before));
				let operations = self.change(tensor, before);
				let of_tensor = operations.len() as u64;
				Some(self.evaluation() + u64::from(number) * of_tensor + within(operations)?)
			},
			Value::ChangeNorm | Value::MeanLoss | Value::HeldOutLoss => {
				Some(self.evaluation() + self.changes() + within(self.numbers())?)
			},
			value => self.evaluation_writer(value),
		}
	}

	fn stage(&self) -> &Stage {
		self.program.stage()
	}

	fn section_length(&self, section: Section) -> u64 {
		self.program.section(section).len() as u64
	}

	/// Operations of a held-out microbatch: of its ends, and of a layer.
	fn forward_lengths(&self) -> [u64; 3] {
		[Section::EntryForward(0), Section::LayerForward(0, 0), Section::ExitForward(0)]
			.map(|section| self.section_length(section))
	}

	fn microbatch(&self) -> u64 {
		let [entry, layer, exit] = self.forward_lengths();
		entry + u64::from(self.stage().layers) * layer + exit
	}

	/// Operations that evaluate.
	fn evaluation(&self) -> u64 {
		match self.held_out {
			0 => 0,
			held_out => {
				self.section_length(Section::Tables) + u64::from(held_out) * self.microbatch()
			},
		}
	}

	fn evaluated(&self, number: u64) -> Option<Operation> {
		let tables = self.program.section(Section::Tables);
		let Some(number) = number.checked_sub(tables.len() as u64) else {
			return tables.into_iter().nth(number as usize);
		};
		let (m, mut within) = ((number / self.microbatch()) as u32, number % self.microbatch());
		let [entry, layer, _] = self.forward_lengths();
		let layers = u64::from(self.stage().layers) * layer;
		let section = if within < entry {
			Section::EntryForward(m)
		} else if within < entry + layers {
			within -= entry;
			let number = (within / layer) as u16;
			within %= layer;
			Section::LayerForward(m, number)
		} else {
			within -= entry + layers;
			Section::ExitForward(m)
		};
		let mut operation = self.program.section(section).into_iter().nth(within as usize)?;
		operation.replace_reads(|value| match value {
			Value::Parameter(tensor) => Value::Earlier(tensor),
			value => value,
		});
		Some(operation)
	}

	fn evaluation_writer(&self, value: Value) -> Option<u64> {
		if let Value::Rotation(_) = value {
			let tables = self.program.section(Section::Tables);
			let within = tables.iter().position(|op| op.output == value)?;
			return (self.held_out > 0).then_some(within as u64);
		}
		let [entry, of_layer, _] = self.forward_lengths();
		self.program.writers(value).into_iter().find_map(|section| {
			let (m, before) = match section {
				Section::EntryForward(m) => (m, 0),
				Section::LayerForward(m, layer) => (m, entry + u64::from(layer) * of_layer),
				Section::ExitForward(m) => (m, entry + u64::from(self.stage().layers) * of_layer),
				_ => return None,
			};
			let is_there =
				m < self.held_out && section != Section::LayerForward(m, self.stage().layers);
			let operations = self.program.section(section);
			let within =
				operations.iter().position(|op| op.output == value).filter(|_| is_there)?;
			let tables = self.section_length(Section::Tables);
			Some(tables + u64::from(m) * self.microbatch() + before + within as u64)
		})
	}

	/// Operations on the tensors of the shard.
	fn changes(&self) -> u64 {
		let of_tensor = self.change(Tensor::Embedding, None).len() as u64;
		u64::from(self.stage().tensor_count()) * of_tensor
	}

	/// By how much a tensor has changed in the window, in the code of the merge if there is one, and the square of that.
	fn change(&self, tensor: Tensor, before: Option<Tensor>) -> Vec<Operation> {
		let (rows, columns) = self.stage().size(tensor);
		let value = |name| Value::Change(tensor, name);
		let difference = value(ChangeName::Difference);
		let map = |output, shape, formula, arguments| Operation {
			output,
			shape,
			definition: Definition::Map { formula, arguments },
			causal: false,
		};
		let same = |value| Argument { value, at: At::Same };
		let sum = |output, rows, width, of, squared: bool| Operation {
			output,
			shape: vec![rows],
			definition: Definition::RowSum { width, left: of, right: squared.then_some(of) },
			causal: false,
		};
		let shape = vec![rows, columns];
		let mut operations = vec![map(
			difference,
			shape.clone(),
			Formula::Subtract,
			vec![same(Value::Parameter(tensor)), same(Value::Earlier(tensor))],
		)];
		let mut counted = difference;
		if let Some(block) = self.block {
			let count = u64::from(rows) * u64::from(columns);
			let blocks = u32::try_from(count.div_ceil(block.into())).unwrap_or(u32::MAX);
			let blocks = vec![blocks];
			let [max, exponents, codes] =
				[ChangeName::BlockMax, ChangeName::Exponents, ChangeName::Codes].map(value);
			counted = value(ChangeName::Decoded);
			let own = |value| Argument { value, at: At::Row(block) };
			operations.extend([
				Operation {
					output: max,
					shape: blocks.clone(),
					definition: Definition::RowMax {
						width: block,
						count: Some(count),
						of: difference,
						magnitude: true,
						causal: false,
					},
					causal: false,
				},
				map(exponents, blocks, Formula::BlockExponent, vec![same(max)]),
				map(
					codes,
					shape.clone(),
					Formula::BlockCode,
					vec![same(difference), own(exponents)],
				),
				map(counted, shape, Formula::BlockDecode, vec![same(codes), own(exponents)]),
			]);
		}
		let [row_squares, squares] = [ChangeName::RowSquares, ChangeName::Squares].map(value);
		let scalar = |value| Argument { value, at: At::Scalar };
		let total = Value::ChangeSquares(tensor);
		operations.extend([
			sum(row_squares, rows, columns, counted, true),
			sum(squares, 1, rows, row_squares, false),
			match before {
				None => map(total, vec![1], Formula::Copy, vec![scalar(squares)]),
				Some(before) => {
					let arguments = vec![scalar(Value::ChangeSquares(before)), scalar(squares)];
					map(total, vec![1], Formula::Add, arguments)
				},
			},
		]);
		operations
	}

	/// The numbers of the attestation.
	fn numbers(&self) -> Vec<Operation> {
		let stage = self.stage();
		let number = |output, formula, of: Option<Value>| {
			let value = of?;
			let arguments = vec![Argument { value, at: At::Scalar }];
			let definition = Definition::Map { formula, arguments };
			Some(Operation { output, shape: vec![1], definition, causal: false })
		};
		let mean = |tokens, steps| {
			let [tokens, steps] =
				[tokens, steps].map(|count| ratio::<SoftFloat>(count, 1).to_bits());
			Formula::Mean { tokens, steps }
		};
		let last = stage.tensor_at(stage.tensor_count().saturating_sub(1));
		let held_out = self.held_out.saturating_mul(stage.tokens());
		let trained = (stage.is_last && self.steps > 0).then_some(Value::EarlierLoss);
		let evaluated = (stage.is_last && held_out > 0).then_some(Value::Loss(self.held_out));
		[
			number(Value::ChangeNorm, Formula::SquareRoot, last.map(Value::ChangeSquares)),
			number(Value::MeanLoss, mean(self.tokens, self.steps), trained),
			number(Value::HeldOutLoss, mean(held_out, 1), evaluated),
		]
		.into_iter()
		.flatten()
		.collect()
	}
}
