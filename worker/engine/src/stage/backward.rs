//! Backward through a stage.

use cairn_primitives::spec::BoundaryCodec;
use cairn_program::{Code, Direction, Matrix, Tensor, Value};
use candle_core::Result as TensorResult;

use super::{
	activations::LayerKept,
	forward::{check_finite, encode, inputs, parts, receive},
	Recompute, Result, StageError, Trainer,
};
use crate::{
	buffer::{read, Slice},
	cpu::{
		attention::{Backward, Gradients},
		embedding,
	},
	message::Message,
	ops,
};

impl Trainer {
	/// Backward through the stage with the microbatch in a place, in the order in which microbatches went forward. `gradient`
	/// is what the stage after sent, unless this is the last; `output` takes what is sent to the stage before, unless this is
	/// the first.
	pub fn backward(
		&mut self,
		place: usize,
		gradient: Option<&Message>,
		output: Option<&mut Message>,
	) -> Result<()> {
		let compute = self.compute.clone();
		compute.run(|| {
			self.leave(place, gradient)?;
			for layer in (0..self.program.stage().layers).rev() {
				self.layer_backward(place, layer)?;
			}
			self.return_to_start(place, output)?;
			self.done += 1;
			Ok(())
		})
	}

	/// The gradient of the last hidden state, into `work.gradient`.
	fn leave(&self, place: usize, message: Option<&Message>) -> Result<()> {
		let stage = self.program.stage();
		let (kept, work) = (&self.kept[place], &self.work);
		match message {
			None if stage.is_last => Ok(ops::copy(work.gradient.all(), kept.gradient.all())?),
			Some(message) if !stage.is_last => {
				receive(stage, message, &work.gradient, &work.code)?;
				if let BoundaryCodec::Bottleneck { .. } = stage.boundary {
					let linear = self.linear(Tensor::Compress, self.tokens());
					let hidden = kept.hidden[usize::from(stage.layers)].all();
					let gradient = &self.shard.get(Tensor::Compress).gradient;
					linear.gradient(gradient, work.code.all(), hidden)?;
					ops::clear(work.gradient.all())?;
					let weight = self.weight(Tensor::Compress);
					linear.backward(work.gradient.all(), work.code.all(), weight)?;
				}
				Ok(())
			},
			_ => Err(StageError::WrongMessage),
		}
	}

	fn layer_backward(&self, place: usize, layer: u16) -> TensorResult<()> {
		let input = self.kept[place].hidden[usize::from(layer)].all();
		let kept = match self.recompute {
			Recompute::Selective => &self.kept[place].layers[usize::from(layer)],
			Recompute::Full => {
				let kept = self.work.layer.as_ref().expect("allocated where layers are recomputed");
				self.attention_forward(layer, input, kept)?;
				self.gate_and_up(layer, kept)?;
				kept
			},
		};
		self.feed_backward(layer, kept)?;
		self.attention_backward(layer, input, kept)
	}

	/// Add to the gradient of a tensor: dW += dyᵀ · x.
	fn add_gradient(&self, tensor: Tensor, dy: Slice, x: Slice) -> TensorResult<()> {
		let gradient = &self.shard.get(tensor).gradient;
		self.linear(tensor, self.tokens()).gradient(gradient, dy, x)
	}

	/// dx += dy · W
	fn add_back(&self, tensor: Tensor, dx: Slice, dy: Slice) -> TensorResult<()> {
		self.linear(tensor, self.tokens()).backward(dx, dy, self.weight(tensor))
	}

	fn feed_backward(&self, layer: u16, kept: &LayerKept) -> TensorResult<()> {
		let work = &self.work;
		let (tokens, norm) = (self.tokens(), self.norm());
		let [gate, up, down] =
			[Matrix::Gate, Matrix::Up, Matrix::Down].map(|matrix| Tensor::Layer(layer, matrix));
		let half = work.feed_gradient.len() / 2;
		let (first, second) =
			(work.feed_gradient.slice(0, half), work.feed_gradient.slice(half, half));
		let (gradient, normed, normed_gradient) =
			(work.gradient.all(), work.normed.all(), work.normed_gradient.all());
		let scales = kept.scales.slice(tokens, tokens);

		ops::swiglu(work.activated.all(), kept.feed.all())?;
		self.add_gradient(down, gradient, work.activated.all())?;
		ops::clear(first)?;
		self.add_back(down, first, gradient)?;
		ops::swiglu_backward(work.feed_gradient.all(), kept.feed.all())?;
		ops::norm_apply(norm, normed, kept.middle.all(), scales)?;
		self.add_gradient(gate, first, normed)?;
		self.add_gradient(up, second, normed)?;
		ops::clear(normed_gradient)?;
		self.add_back(gate, normed_gradient, first)?;
		self.add_back(up, normed_gradient, second)?;
		ops::norm_backward(norm, gradient, kept.middle.all(), scales, normed_gradient)
	}

	fn attention_backward(&self, layer: u16, input: Slice, kept: &LayerKept) -> TensorResult<()> {
		let stage = self.program.stage();
		let work = &self.work;
		let (tokens, norm) = (self.tokens(), self.norm());
		let [query, key, value, output] =
			[Matrix::Query, Matrix::Key, Matrix::Value, Matrix::Output]
				.map(|m| Tensor::Layer(layer, m));
		let (gradient, normed, normed_gradient) =
			(work.gradient.all(), work.normed.all(), work.normed_gradient.all());

		let attended = kept.attended.slice(0, tokens * stage.queries() as usize);
		self.add_gradient(output, gradient, attended)?;
		ops::clear(work.attended_gradient.all())?;
		self.add_back(output, work.attended_gradient.all(), gradient)?;
		let attention = self.attention();
		work.heads_gradient.write(|gradients| {
			read!(
				[kept.heads, kept.attended, work.attended_gradient],
				|heads, attended, gradient| {
					let (attended, rest) = attended.split_at(tokens * stage.queries() as usize);
					let (maxima, sums) = rest.split_at(tokens * stage.heads as usize);
					let (queries, rest) = gradients.split_at_mut(tokens * stage.queries() as usize);
					let (keys, values) = rest.split_at_mut(rest.len() / 2);
					attention.backward(
						inputs(stage, heads),
						Backward { attended, maxima, sums, gradient },
						Gradients { queries, keys, values },
					);
					self.rotate(queries, stage.heads, true)?;
					self.rotate(keys, stage.kv_heads, true)
				}
			)
		})?;

		let scales = kept.scales.slice(0, tokens);
		ops::norm_apply(norm, normed, input, scales)?;
		ops::clear(normed_gradient)?;
		for (tensor, part) in
			[query, key, value].into_iter().zip(parts(stage, &work.heads_gradient))
		{
			self.add_gradient(tensor, part, normed)?;
			self.add_back(tensor, normed_gradient, part)?;
		}
		ops::norm_backward(norm, gradient, input, scales, normed_gradient)
	}

	/// The gradient of the first hidden state, to the embedding or to the stage before.
	fn return_to_start(&self, place: usize, output: Option<&mut Message>) -> Result<()> {
		let stage = self.program.stage();
		let (kept, work) = (&self.kept[place], &self.work);
		let gradient = work.gradient.all();
		match output {
			None if stage.is_first => {
				let width = stage.width as usize;
				let table = &self.shard.get(Tensor::Embedding).gradient;
				Ok(table.write(|table| {
					gradient.read(|gradient| {
						embedding::scatter(gradient, width, &kept.places, table);
						Ok(())
					})
				})?)
			},
			Some(message) if !stage.is_first => {
				check_finite(gradient, Value::HiddenGradient(kept.microbatch, 0))?;
				if let BoundaryCodec::Bottleneck { .. } = stage.boundary {
					self.add_gradient(Tensor::Expand, gradient, kept.code.all())?;
					ops::clear(work.code.all())?;
					self.add_back(Tensor::Expand, work.code.all(), gradient)?;
					let value = Value::Sent(kept.microbatch, Direction::Backward, Code::Dense);
					check_finite(work.code.all(), value)?;
					return encode(stage, work.code.all(), message);
				}
				encode(stage, gradient, message)
			},
			_ => Err(StageError::WrongMessage),
		}
	}
}
