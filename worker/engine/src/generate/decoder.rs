//! A stage that generates: forward only, on a few new tokens of several sequences at a time.

use std::sync::Arc;

use cairn_primitives::{spec::BoundaryCodec, ModelSpec, StageIndex};
use cairn_program::{Matrix, Program, Stage, StepContext, Tensor};
use candle_core::{Device, Result as TensorResult};

use super::{
	attention::{Attention, NewTokens},
	cache::Cache,
	GenerateError,
};
use crate::{
	buffer::{read, Buffer},
	cpu::{
		elementwise::{self, Rotations},
		embedding,
		norm::Norm,
		optimizer, product,
		serving::{self, FEW},
		Panel,
	},
	stage::rotations,
	Compute, Shard,
};

/// New tokens of a sequence.
#[derive(Debug)]
pub struct Turn<'a> {
	/// Of the sequence, on this stage.
	pub cache: &'a mut Cache,
	/// How many new tokens; at least one.
	pub tokens: usize,
}

/// The rows that go into a stage, one for each new token: those of the first turn, then those of the second, and so on.
#[derive(Clone, Copy, Debug)]
pub enum Rows<'a> {
	/// Token ids, into the first stage.
	Tokens(&'a [u32]),
	/// What the stage before yielded.
	Hidden(&'a [f32]),
}

/// A stage that generates.
#[derive(Debug)]
pub struct Decoder {
	compute: Arc<Compute>,
	stage: Stage,
	norm: Norm,
	attention: Attention,
	shard: Shard,
	/// Cosines and sines of RoPE.
	rotations: [Buffer; 2],
	work: Work,
}

/// Rows of a turn, kept for the next.
#[derive(Debug, Default)]
struct Work {
	hidden: Vec<f32>,
	normed: Vec<f32>,
	scales: Vec<f32>,
	queries: Vec<f32>,
	keys: Vec<f32>,
	values: Vec<f32>,
	attended: Vec<f32>,
	gate: Vec<f32>,
	up: Vec<f32>,
	out: Vec<f32>,
}

impl Decoder {
	/// A stage with its shard.
	pub fn new(
		spec: &ModelSpec,
		number: StageIndex,
		shard: Shard,
		compute: Arc<Compute>,
	) -> Result<Self, GenerateError> {
		let program = Program::new(spec, number, &StepContext::default())
			.ok_or(GenerateError::NoStage(number))?;
		let (stage, constants) = (program.stage().clone(), program.constants());
		let norm =
			Norm { width: stage.width as usize, epsilon: f32::from_bits(constants.norm_epsilon) };
		let attention = Attention {
			kv_heads: stage.kv_heads as usize,
			group: stage.group() as usize,
			head_width: stage.head_width as usize,
			scale: f32::from_bits(constants.score_scale),
		};
		let rotations = rotations(spec, stage.context, &Device::Cpu)?;
		let work = Work::default();
		Ok(Self { compute, stage, norm, attention, shard, rotations, work })
	}

	/// The cache of a new sequence.
	pub fn cache(&self) -> Cache {
		Cache::new(&self.stage)
	}

	/// Most tokens of a sequence.
	pub fn context(&self) -> u32 {
		self.stage.context
	}

	/// Forward. `output` takes a row for each new token, for the stage after; or, on the last stage, the logits of each
	/// turn's last token.
	///
	/// If it fails, caches hold what they held before.
	pub fn forward(
		&mut self,
		turns: &mut [Turn],
		input: Rows,
		output: &mut Vec<f32>,
	) -> Result<(), GenerateError> {
		self.check(turns, input)?;
		let compute = self.compute.clone();
		let done = compute.run(|| self.rows(turns, input, output));
		for turn in turns {
			match done {
				Ok(()) => turn.cache.advance(turn.tokens),
				Err(_) => turn.cache.rewind(),
			}
		}
		done
	}

	fn check(&self, turns: &[Turn], input: Rows) -> Result<(), GenerateError> {
		let Stage { context, vocabulary, .. } = self.stage;
		for turn in turns {
			if turn.tokens == 0 {
				return Err(GenerateError::NoTokens);
			}
			let tokens = turn.cache.tokens() + turn.tokens;
			if tokens > context as usize {
				return Err(GenerateError::TooLong { tokens, context });
			}
		}
		let count: usize = turns.iter().map(|turn| turn.tokens).sum();
		let (expected, found) = match input {
			Rows::Tokens(tokens) if self.stage.is_first => (count, tokens.len()),
			Rows::Hidden(rows) if !self.stage.is_first => (count * self.edge_width(), rows.len()),
			_ => (count, 0),
		};
		if expected != found {
			return Err(GenerateError::WrongInput { expected, found });
		}
		match input {
			Rows::Tokens(tokens) => match tokens.iter().find(|token| **token >= vocabulary) {
				Some(token) => Err(GenerateError::TokenOutOfRange { token: *token, vocabulary }),
				None => Ok(()),
			},
			Rows::Hidden(rows) if !optimizer::is_finite(rows) => Err(GenerateError::NotFinite),
			Rows::Hidden(_) => Ok(()),
		}
	}

	/// Numbers that cross an edge for a token.
	fn edge_width(&self) -> usize {
		match self.stage.boundary {
			BoundaryCodec::Bottleneck { rank } => rank.into(),
			// Int8 is how training crosses the edge; serving may be any.
			BoundaryCodec::Dense | BoundaryCodec::Int8 { .. } => self.stage.width as usize,
		}
	}

	fn rows(
		&mut self,
		turns: &mut [Turn],
		input: Rows,
		output: &mut Vec<f32>,
	) -> Result<(), GenerateError> {
		let mut work = std::mem::take(&mut self.work);
		let done = self.through(turns, input, output, &mut work);
		self.work = work;
		done
	}

	fn through(
		&self,
		turns: &mut [Turn],
		input: Rows,
		output: &mut Vec<f32>,
		work: &mut Work,
	) -> Result<(), GenerateError> {
		self.enter(input, &mut work.hidden)?;
		for layer in 0..self.stage.layers {
			self.layer(layer, turns, work)?;
		}
		self.leave(turns, work, output)?;
		match optimizer::is_finite(output) {
			true => Ok(()),
			false => Err(GenerateError::NotFinite),
		}
	}

	/// y = x · Wᵀ
	fn product(&self, tensor: Tensor, x: &[f32], y: &mut Vec<f32>) -> TensorResult<()> {
		let (outputs, width) = self.stage.size(tensor);
		let (outputs, width) = (outputs as usize, width as usize);
		let rows = x.len() / width;
		self.shard.weights_of(tensor).read(|weights| {
			y.resize(rows * outputs, 0.0);
			if rows <= FEW {
				serving::multiply(x, width, weights, y);
			} else {
				let (left, right) =
					(product::Matrix::new(x, width), product::Matrix::new(weights, width));
				let parallelism = self.compute.parallelism();
				let mut out = Panel::new(y, outputs);
				let right = right.transposed();
				product::assign_in_any_order(&mut out, left, right, width, parallelism);
			}
			Ok(())
		})
	}

	fn normed(
		&self,
		x: &[f32],
		scales: &mut Vec<f32>,
		normed: &mut Vec<f32>,
	) -> Result<(), GenerateError> {
		scales.resize(x.len() / self.norm.width, 0.0);
		normed.resize(x.len(), 0.0);
		if !self.norm.scales(x, scales) {
			return Err(GenerateError::NotFinite); // the norm would make zeros of it
		}
		self.norm.apply(x, scales, normed);
		Ok(())
	}

	fn enter(&self, input: Rows, hidden: &mut Vec<f32>) -> TensorResult<()> {
		match (input, self.stage.boundary) {
			(Rows::Tokens(tokens), _) => {
				let width = self.norm.width;
				hidden.resize(tokens.len() * width, 0.0);
				self.shard.weights_of(Tensor::Embedding).read(|table| {
					embedding::gather(table, width, tokens, hidden);
					Ok(())
				})
			},
			(Rows::Hidden(code), BoundaryCodec::Bottleneck { .. }) => {
				self.product(Tensor::Expand, code, hidden)
			},
			(Rows::Hidden(rows), _) => {
				hidden.clear();
				hidden.extend_from_slice(rows);
				Ok(())
			},
		}
	}

	fn layer(&self, layer: u16, turns: &mut [Turn], work: &mut Work) -> Result<(), GenerateError> {
		let Work { hidden, normed, scales, queries, keys, values, attended, gate, up, out } = work;
		let tensor = |matrix| Tensor::Layer(layer, matrix);
		self.normed(hidden, scales, normed)?;
		self.product(tensor(Matrix::Query), normed, queries)?;
		self.product(tensor(Matrix::Key), normed, keys)?;
		self.product(tensor(Matrix::Value), normed, values)?;
		attended.resize(queries.len(), 0.0);
		self.attend(layer, turns, queries, keys, values, attended)?;
		self.product(tensor(Matrix::Output), attended, out)?;
		add(out, hidden);
		self.normed(hidden, scales, normed)?;
		self.product(tensor(Matrix::Gate), normed, gate)?;
		self.product(tensor(Matrix::Up), normed, up)?;
		attended.resize(gate.len(), 0.0);
		elementwise::swiglu(gate, up, attended);
		self.product(tensor(Matrix::Down), attended, out)?;
		add(out, hidden);
		Ok(())
	}

	/// Put the new keys and values into the caches, and attend.
	fn attend(
		&self,
		layer: u16,
		turns: &mut [Turn],
		queries: &mut [f32],
		keys: &mut [f32],
		values: &[f32],
		attended: &mut [f32],
	) -> TensorResult<()> {
		let (query_row, key_row) = (self.stage.queries() as usize, self.stage.keys() as usize);
		let [cosines, sines] = &self.rotations;
		let mut from = 0;
		for turn in turns.iter_mut() {
			let rows = from..from + turn.tokens;
			let queries = &mut queries[rows.start * query_row..rows.end * query_row];
			let keys = &mut keys[rows.start * key_row..rows.end * key_row];
			read!([cosines, sines], |cosines, sines| {
				let width = self.attention.head_width;
				let first = turn.cache.tokens() * width / 2;
				let rotations = Rotations {
					cosines: &cosines[first..],
					sines: &sines[first..],
					context: usize::MAX, // the tables begin with the first of these tokens
					width,
				};
				rotations.apply(queries, self.stage.heads as usize, false);
				rotations.apply(keys, self.stage.kv_heads as usize, false);
				Ok(())
			})?;
			turn.cache.push(layer, keys, &values[rows.start * key_row..rows.end * key_row]);
			from = rows.end;
		}
		let (mut sequences, mut queries, mut rest) = (Vec::new(), &*queries, attended);
		for turn in turns.iter() {
			let (own, behind) = queries.split_at(turn.tokens * query_row);
			let (attended, unwritten) = rest.split_at_mut(turn.tokens * query_row);
			sequences.push(NewTokens { cache: &*turn.cache, queries: own, attended });
			(queries, rest) = (behind, unwritten);
		}
		self.attention.attend(layer, sequences);
		Ok(())
	}

	fn leave(
		&self,
		turns: &[Turn],
		work: &mut Work,
		output: &mut Vec<f32>,
	) -> Result<(), GenerateError> {
		let Work { hidden, normed, scales, out, .. } = work;
		if self.stage.is_last {
			// Only the last token of each sequence says what comes next.
			let (width, mut row) = (self.norm.width, 0);
			out.clear();
			for turn in turns {
				row += turn.tokens;
				out.extend_from_slice(&hidden[(row - 1) * width..row * width]);
			}
			self.normed(out, scales, normed)?;
			return Ok(self.product(self.stage.head(), normed, output)?);
		}
		if let BoundaryCodec::Bottleneck { .. } = self.stage.boundary {
			return Ok(self.product(Tensor::Compress, hidden, output)?);
		}
		output.clear();
		output.extend_from_slice(hidden);
		Ok(())
	}
}

fn add(summand: &[f32], sum: &mut [f32]) {
	sum.iter_mut().zip(summand).for_each(|(sum, x)| *sum += x);
}
