//! Forward through a stage.

use cairn_primitives::spec::BoundaryCodec;
use cairn_program::{
	operation::BLOCK, Code, Direction, Matrix, Name, OuterName, Stage, Tensor, Value,
};
use candle_core::Result as TensorResult;

use super::{
	activations::{code_width, Kept, LayerKept},
	Diverged, Recompute, Result, StageError, Trainer,
};
use crate::{
	buffer::{read, Buffer, Slice},
	cpu::{
		attention::{Inputs, Outputs},
		codec,
		elementwise::Rotations,
		embedding, loss, optimizer,
	},
	message::Message,
	ops::{self, Linear},
};

/// What goes into a stage.
#[derive(Clone, Copy, Debug)]
pub enum Input<'a> {
	/// Token ids, into the first stage.
	Tokens(&'a [u32]),
	/// What the stage before sent.
	Message(&'a Message),
}

impl Trainer {
	/// Forward through the stage with a microbatch, in a place of those under way. On the last stage `targets` are the tokens
	/// to predict and it goes back through the head at once; on the others `output` takes what is sent to the stage after.
	pub fn forward(
		&mut self,
		place: usize,
		input: Input,
		targets: &[u32],
		output: Option<&mut Message>,
	) -> Result<()> {
		let compute = self.compute.clone();
		compute.run(|| {
			self.through_layers(place, input)?;
			match output {
				Some(message) => self.send(place, message),
				None => self.head(place, targets),
			}?;
			self.forwarded += 1;
			Ok(())
		})
	}

	/// Forward only, for evaluation: on the last stage the summed loss of the tokens. Nothing of a step under way is touched
	/// but the place.
	pub fn evaluate(
		&mut self,
		place: usize,
		input: Input,
		targets: &[u32],
		output: Option<&mut Message>,
	) -> Result<Option<f32>> {
		let compute = self.compute.clone();
		compute.run(|| {
			self.through_layers(place, input)?;
			match output {
				Some(message) => self.send(place, message).map(|()| None),
				None => self.losses(place, targets).map(Some),
			}
		})
	}

	/// To the last hidden state.
	fn through_layers(&mut self, place: usize, input: Input) -> Result<()> {
		self.kept[place].microbatch = self.forwarded;
		self.enter(place, input)?;
		(0..self.program.stage().layers).try_for_each(|layer| self.layer_forward(place, layer))
	}

	/// The linear map of a tensor of the shard, for so many tokens.
	pub(super) fn linear(&self, tensor: Tensor, tokens: usize) -> Linear {
		let (rows, columns) = self.program.stage().size(tensor);
		Linear {
			tokens,
			input: columns as usize,
			output: rows as usize,
			parallelism: self.compute.parallelism(),
		}
	}

	/// Tokens of a microbatch.
	pub fn tokens(&self) -> usize {
		self.program.stage().tokens() as usize
	}

	/// Weights of a tensor.
	pub(super) fn weight(&self, tensor: Tensor) -> Slice<'_> {
		self.shard.weights_of(tensor)
	}

	pub(super) fn rotate(&self, x: &mut [f32], heads: u32, back: bool) -> TensorResult<()> {
		let [cosines, sines] = &self.rotations;
		let stage = self.program.stage();
		read!([cosines, sines], |cosines, sines| {
			let (context, width) = (stage.context as usize, stage.head_width as usize);
			Rotations { cosines, sines, context, width }.apply(x, heads as usize, back);
			Ok(())
		})
	}

	fn enter(&mut self, place: usize, input: Input) -> Result<()> {
		let stage = self.program.stage().clone();
		let width = stage.width as usize;
		match input {
			Input::Tokens(tokens) if stage.is_first => {
				check_tokens(&stage, tokens)?;
				embedding::place(tokens, &mut self.kept[place].places);
				let table = self.weight(Tensor::Embedding);
				self.kept[place].hidden[0].write(|rows| {
					table.read(|table| {
						embedding::gather(table, width, tokens, rows);
						Ok(())
					})
				})?;
				Ok(())
			},
			Input::Message(message) if !stage.is_first => {
				let kept = &self.kept[place];
				receive(&stage, message, &kept.hidden[0], &kept.code)?;
				if let BoundaryCodec::Bottleneck { .. } = stage.boundary {
					ops::clear(kept.hidden[0].all())?;
					let linear = self.linear(Tensor::Expand, self.tokens());
					linear.forward(
						kept.hidden[0].all(),
						kept.code.all(),
						self.weight(Tensor::Expand),
					)?;
				}
				Ok(())
			},
			_ => Err(StageError::WrongMessage),
		}
	}

	pub(super) fn layer_forward(&self, place: usize, layer: u16) -> Result<()> {
		let kept = &self.kept[place];
		let layer_kept = match self.recompute {
			Recompute::Selective => &kept.layers[usize::from(layer)],
			Recompute::Full => {
				self.work.layer.as_ref().expect("allocated where layers are recomputed")
			},
		};
		let [input, output] = [0, 1].map(|next| &kept.hidden[usize::from(layer) + next]);
		let value = |name| Value::Layer(kept.microbatch, layer, name);
		finite(
			self.attention_forward(layer, input.all(), layer_kept)?,
			value(Name::AttentionSquares),
		)?;
		finite(self.gate_and_up(layer, layer_kept)?, value(Name::FeedSquares))?;
		Ok(self.feed_forward(layer, layer_kept, output.all())?)
	}

	/// Up to the hidden state between attention and feed-forward. Whether the norm's squares are finite.
	pub(super) fn attention_forward(
		&self,
		layer: u16,
		input: Slice,
		kept: &LayerKept,
	) -> TensorResult<bool> {
		let stage = self.program.stage();
		let tokens = self.tokens();
		let scales = kept.scales.slice(0, tokens);
		let normed = self.work.normed.all();
		let is_finite = ops::norm_scales(self.norm(), scales, input)?;
		ops::norm_apply(self.norm(), normed, input, scales)?;
		ops::clear(kept.heads.all())?;
		for (matrix, part) in
			[Matrix::Query, Matrix::Key, Matrix::Value].into_iter().zip(parts(stage, &kept.heads))
		{
			let tensor = Tensor::Layer(layer, matrix);
			self.linear(tensor, tokens).forward(part, normed, self.weight(tensor))?;
		}
		let [queries, keys, _] = parts(stage, &kept.heads);
		queries.write(|queries| self.rotate(queries, stage.heads, false))?;
		keys.write(|keys| self.rotate(keys, stage.kv_heads, false))?;
		let attention = self.attention();
		kept.attended.write(|attended| {
			kept.heads.read(|heads| {
				let (attended, rest) = attended.split_at_mut(tokens * stage.queries() as usize);
				let (maxima, sums) = rest.split_at_mut(tokens * stage.heads as usize);
				attention.forward(inputs(stage, heads), Outputs { attended, maxima, sums });
				Ok(())
			})
		})?;
		ops::copy(kept.middle.all(), input)?;
		let tensor = Tensor::Layer(layer, Matrix::Output);
		let attended = kept.attended.slice(0, tokens * stage.queries() as usize);
		self.linear(tensor, tokens).forward(kept.middle.all(), attended, self.weight(tensor))?;
		Ok(is_finite)
	}

	/// Up to the two inputs of SwiGLU. Whether the norm's squares are finite.
	pub(super) fn gate_and_up(&self, layer: u16, kept: &LayerKept) -> TensorResult<bool> {
		let tokens = self.tokens();
		let (middle, normed) = (kept.middle.all(), self.work.normed.all());
		let scales = kept.scales.slice(tokens, tokens);
		let is_finite = ops::norm_scales(self.norm(), scales, middle)?;
		ops::norm_apply(self.norm(), normed, middle, scales)?;
		ops::clear(kept.feed.all())?;
		let half = kept.feed.len() / 2;
		for (matrix, from) in [(Matrix::Gate, 0), (Matrix::Up, half)] {
			let tensor = Tensor::Layer(layer, matrix);
			let part = kept.feed.slice(from, half);
			self.linear(tensor, tokens).forward(part, normed, self.weight(tensor))?;
		}
		Ok(is_finite)
	}

	fn feed_forward(&self, layer: u16, kept: &LayerKept, output: Slice) -> TensorResult<()> {
		ops::swiglu(self.work.activated.all(), kept.feed.all())?;
		ops::copy(output, kept.middle.all())?;
		let tensor = Tensor::Layer(layer, Matrix::Down);
		let activated = self.work.activated.all();
		self.linear(tensor, self.tokens()).forward(output, activated, self.weight(tensor))
	}

	/// To the stage after.
	fn send(&self, place: usize, message: &mut Message) -> Result<()> {
		let stage = self.program.stage();
		if stage.is_last {
			return Err(StageError::WrongMessage);
		}
		let Kept { hidden, microbatch, .. } = &self.kept[place];
		let hidden = &hidden[usize::from(stage.layers)];
		check_finite(hidden.all(), Value::Hidden(*microbatch, stage.layers))?;
		if let BoundaryCodec::Bottleneck { .. } = stage.boundary {
			let code = self.work.code.all();
			ops::clear(code)?;
			let weight = self.weight(Tensor::Compress);
			self.linear(Tensor::Compress, self.tokens()).forward(code, hidden.all(), weight)?;
			check_finite(code, Value::Sent(*microbatch, Direction::Forward, Code::Dense))?;
			return encode(stage, code, message);
		}
		encode(stage, hidden.all(), message)
	}

	/// The final norm of the hidden state, into `work.normed`.
	fn final_norm(&self, place: usize) -> Result<()> {
		let kept = &self.kept[place];
		let hidden = kept.hidden[usize::from(self.program.stage().layers)].all();
		let scales = self.work.rows.slice(0, self.tokens());
		let is_finite = ops::norm_scales(self.norm(), scales, hidden)?;
		finite(is_finite, Value::Outer(kept.microbatch, OuterName::Squares))?;
		Ok(ops::norm_apply(self.norm(), self.work.normed.all(), hidden, scales)?)
	}

	/// Logits of a block of tokens, from `first` on, and how many tokens it has.
	fn logits(&self, first: usize) -> TensorResult<(Linear, Slice<'_>, Slice<'_>)> {
		let stage = self.program.stage();
		let (width, count) = (stage.width as usize, (BLOCK as usize).min(self.tokens() - first));
		let linear = self.linear(stage.head(), count);
		let logits = self.work.logits.slice(0, count * stage.vocabulary as usize);
		let normed = self.work.normed.slice(first * width, count * width);
		ops::clear(logits)?;
		linear.forward(logits, normed, self.weight(stage.head()))?;
		Ok((linear, logits, normed))
	}

	/// Final norm, head and loss, and back through all of them: logits live for a block of tokens only.
	fn head(&mut self, place: usize, targets: &[u32]) -> Result<()> {
		let stage = self.program.stage().clone();
		if !stage.is_last {
			return Err(StageError::WrongMessage);
		}
		if stage.is_first && stage.tied_head && self.forwarded != self.done {
			return Err(StageError::TiedHeadInFlight);
		}
		check_tokens(&stage, targets)?;
		let (tokens, width, tensor) = (self.tokens(), stage.width as usize, stage.head());
		let losses = self.work.rows.slice(tokens, tokens);
		let share = f32::from_bits(self.program.constants().token_share);
		let normed_gradient = &self.work.normed_gradient;
		self.final_norm(place)?;
		ops::clear(normed_gradient.all())?;
		for first in (0..tokens).step_by(BLOCK as usize) {
			let (linear, logits, normed) = self.logits(first)?;
			let range = first..first + linear.tokens;
			losses.write(|losses| {
				logits.write(|logits| {
					let (targets, losses) = (&targets[range.clone()], &mut losses[range.clone()]);
					loss::cross_entropy(logits, targets, share, losses);
					Ok(())
				})
			})?;
			linear.gradient(&self.shard.get(tensor).gradient, logits, normed)?;
			let gradient = normed_gradient.slice(first * width, linear.tokens * width);
			linear.backward(gradient, logits, self.weight(tensor))?;
		}
		let hidden = self.kept[place].hidden[usize::from(stage.layers)].all();
		let scales = self.work.rows.slice(0, tokens);
		self.kept[place].gradient.write(|gradient| {
			read!([hidden, scales, normed_gradient], |x, scales, normed| {
				self.norm().backward(x, scales, normed, false, gradient);
				Ok(())
			})
		})?;
		self.loss += losses.read(|losses| Ok(optimizer::sum(losses)))?;
		finite(self.loss.is_finite(), Value::Loss(self.forwarded + 1))
	}

	/// Summed loss of a microbatch.
	fn losses(&self, place: usize, targets: &[u32]) -> Result<f32> {
		let stage = self.program.stage();
		if !stage.is_last {
			return Err(StageError::WrongMessage);
		}
		check_tokens(stage, targets)?;
		let tokens = self.tokens();
		let losses = self.work.rows.slice(tokens, tokens);
		self.final_norm(place)?;
		for first in (0..tokens).step_by(BLOCK as usize) {
			let (linear, logits, _) = self.logits(first)?;
			let range = first..first + linear.tokens;
			losses.write(|losses| {
				logits.write(|logits| {
					loss::losses(logits, &targets[range.clone()], &mut losses[range.clone()]);
					Ok(())
				})
			})?;
		}
		let loss = losses.read(|losses| Ok(optimizer::sum(losses)))?;
		finite(
			loss.is_finite(),
			Value::Outer(self.kept[place].microbatch, OuterName::MicrobatchLoss),
		)?;
		Ok(loss)
	}
}

/// Queries, keys and values, which lie one behind the other.
pub(super) fn parts<'a>(stage: &Stage, heads: &'a Buffer) -> [Slice<'a>; 3] {
	let tokens = stage.tokens() as usize;
	let (queries, keys) = (tokens * stage.queries() as usize, tokens * stage.keys() as usize);
	[heads.slice(0, queries), heads.slice(queries, keys), heads.slice(queries + keys, keys)]
}

/// The same of floats.
pub(super) fn inputs<'a>(stage: &Stage, heads: &'a [f32]) -> Inputs<'a> {
	let tokens = stage.tokens() as usize;
	let (queries, rest) = heads.split_at(tokens * stage.queries() as usize);
	let (keys, values) = rest.split_at(rest.len() / 2);
	Inputs { queries, keys, values }
}

fn check_tokens(stage: &Stage, tokens: &[u32]) -> Result<()> {
	let expected = stage.tokens() as usize;
	if tokens.len() != expected {
		return Err(StageError::WrongLength { expected, found: tokens.len() });
	}
	match tokens.iter().find(|token| **token >= stage.vocabulary) {
		Some(token) => {
			Err(StageError::TokenOutOfRange { token: *token, vocabulary: stage.vocabulary })
		},
		None => Ok(()),
	}
}

pub(super) fn check_finite(floats: Slice, value: Value) -> Result<()> {
	finite(floats.read(|floats| Ok(optimizer::is_finite(floats)))?, value)
}

/// The step has diverged unless a value is finite.
pub(super) fn finite(is_finite: bool, value: Value) -> Result<()> {
	match is_finite {
		true => Ok(()),
		false => Err(Diverged { value }.into()),
	}
}

/// What came across an edge: hidden state or gradient, or the code of a bottleneck.
pub(super) fn receive(stage: &Stage, message: &Message, to: &Buffer, code: &Buffer) -> Result<()> {
	if !message.is_finite() {
		return Err(StageError::NotFiniteMessage);
	}
	match (message, stage.boundary) {
		(Message::Int8 { integers, exponents }, BoundaryCodec::Int8 { block })
			if integers.len() == to.len() && exponents.len() * usize::from(block) == to.len() =>
		{
			to.write(|x| {
				codec::decode(integers, exponents, block.into(), x);
				Ok(())
			})?;
		},
		(Message::Dense(floats), BoundaryCodec::Dense) if floats.len() == to.len() => {
			to.write(|x| {
				x.copy_from_slice(floats);
				Ok(())
			})?;
		},
		(Message::Dense(floats), BoundaryCodec::Bottleneck { .. })
			if floats.len() == code.len() =>
		{
			code.write(|x| {
				x.copy_from_slice(floats);
				Ok(())
			})?;
		},
		_ => return Err(StageError::WrongMessage),
	}
	Ok(())
}

/// Hidden state or gradient, or the code of a bottleneck, for the edge.
pub(super) fn encode(stage: &Stage, from: Slice, message: &mut Message) -> Result<()> {
	let size = stage.tokens() as usize * code_width(stage) as usize;
	match (message, stage.boundary) {
		(Message::Int8 { integers, exponents }, BoundaryCodec::Int8 { block })
			if integers.len() == size && exponents.len() * usize::from(block) == size =>
		{
			from.read(|x| {
				codec::encode(x, block.into(), integers, exponents);
				Ok(())
			})?;
		},
		(Message::Dense(floats), BoundaryCodec::Dense | BoundaryCodec::Bottleneck { .. })
			if floats.len() == size =>
		{
			from.read(|x| {
				floats.copy_from_slice(x);
				Ok(())
			})?;
		},
		_ => return Err(StageError::WrongMessage),
	}
	Ok(())
}
