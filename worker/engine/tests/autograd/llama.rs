//! A stage of a Llama-shaped model as one would write it with candle, in binary64.

use cairn_engine::{Shard, ShardTensor};
use cairn_program::{Matrix, Program, Stage, Tensor as Name};
use candle_core::{backprop::GradStore, DType, Device, Result, Tensor, Var, D};
use candle_nn::{
	loss::cross_entropy,
	ops::{rms_norm_slow, softmax},
	rotary_emb::rope_slow,
};

/// A stage: its weights as variables, each with the sum of its gradients so far.
pub struct Model {
	/// Its shapes.
	pub stage: Stage,
	weights: Vec<(Name, Var, Option<Tensor>)>,
	rotations: [Tensor; 2],
	mask: Tensor,
	epsilon: f32,
	scale: f64,
}

impl Model {
	/// With the weights of a shard.
	pub fn new(program: &Program, frequencies: &[u64], shard: &Shard) -> Result<Self> {
		let (stage, constants) = (program.stage().clone(), program.constants());
		let weight = |tensor: &ShardTensor| {
			let weights = rows(&tensor.weights()?, tensor.rows)?;
			Ok((tensor.tensor, Var::from_tensor(&weights)?, None))
		};
		Ok(Self {
			weights: shard.tensors().iter().map(weight).collect::<Result<_>>()?,
			rotations: rotations(frequencies, stage.context as usize)?,
			mask: causal(stage.context as usize)?,
			epsilon: f32::from_bits(constants.norm_epsilon),
			scale: f64::from(f32::from_bits(constants.score_scale)),
			stage,
		})
	}

	fn weight(&self, name: Name) -> Option<&Tensor> {
		self.weights
			.iter()
			.find(|(found, ..)| *found == name)
			.map(|(_, weight, _)| weight.as_tensor())
	}

	/// Through a linear map, if the stage has it.
	fn linear(&self, name: Name, x: &Tensor) -> Result<Tensor> {
		self.weight(name).map_or(Ok(x.clone()), |weight| x.matmul(&weight.t()?))
	}

	/// Rows of the embedding.
	pub fn embed(&self, tokens: &[u32]) -> Result<Tensor> {
		self.weight(Name::Embedding).expect("the first stage").index_select(&integers(tokens)?, 0)
	}

	/// From what came across an edge.
	pub fn receive(&self, code: &Tensor) -> Result<Tensor> {
		self.linear(Name::Expand, code)
	}

	/// To what goes across an edge.
	pub fn send(&self, hidden: &Tensor) -> Result<Tensor> {
		self.linear(Name::Compress, hidden)
	}

	/// Through all layers.
	pub fn layers(&self, hidden: &Tensor) -> Result<Tensor> {
		(0..self.stage.layers).try_fold(hidden.clone(), |x, layer| self.layer(layer, &x))
	}

	fn layer(&self, layer: u16, x: &Tensor) -> Result<Tensor> {
		let linear = |matrix, x: &Tensor| self.linear(Name::Layer(layer, matrix), x);
		let normed = self.norm(x)?;
		let heads = |matrix| self.split(&linear(matrix, &normed)?);
		let rotated = |matrix| {
			let [cos, sin] = &self.rotations;
			rope_slow(&heads(matrix)?, cos, sin)
		};
		let (queries, keys) = (rotated(Matrix::Query)?, rotated(Matrix::Key)?);
		let values = heads(Matrix::Value)?;
		let attended = attend(&queries, &keys, &values, self.scale, &self.mask)?;
		let attended = attended.transpose(1, 2)?.flatten_from(2)?.flatten_to(1)?;
		let x = (x + linear(Matrix::Output, &attended)?)?;

		let normed = self.norm(&x)?;
		let activated = (linear(Matrix::Gate, &normed)?.silu()? * linear(Matrix::Up, &normed)?)?;
		&x + linear(Matrix::Down, &activated)?
	}

	/// Mean loss of a microbatch.
	pub fn loss(&self, hidden: &Tensor, targets: &[u32]) -> Result<Tensor> {
		let logits = self.linear(self.stage.head(), &self.norm(hidden)?)?;
		cross_entropy(&logits, &integers(targets)?)
	}

	/// RMSNorm without a gain.
	fn norm(&self, x: &Tensor) -> Result<Tensor> {
		let ones = Tensor::ones(x.dim(D::Minus1)?, x.dtype(), x.device())?;
		rms_norm_slow(x, &ones, self.epsilon)
	}

	/// Tokens × features as samples × heads × context × width.
	fn split(&self, x: &Tensor) -> Result<Tensor> {
		let Stage { samples, context, head_width, .. } = self.stage;
		x.reshape((samples as usize, context as usize, (), head_width as usize))?
			.transpose(1, 2)?
			.contiguous()
	}

	/// Go back from a loss, and add the gradients to those of the microbatches before.
	pub fn backward(&mut self, loss: &Tensor) -> Result<GradStore> {
		let gradients = loss.backward()?;
		for (name, weight, sum) in &mut self.weights {
			let gradient =
				gradients.get(weight).unwrap_or_else(|| panic!("{name} has no gradient"));
			*sum = Some(match sum.take() {
				Some(sum) => (sum + gradient)?,
				None => gradient.clone(),
			});
		}
		Ok(gradients)
	}

	/// The gradient of a tensor so far.
	pub fn gradient(&self, name: Name) -> Option<&Tensor> {
		self.weights.iter().find(|(found, ..)| *found == name)?.2.as_ref()
	}
}

/// Causal attention of heads that share key heads: samples × heads × context × width each.
pub fn attend(
	queries: &Tensor,
	keys: &Tensor,
	values: &Tensor,
	scale: f64,
	mask: &Tensor,
) -> Result<Tensor> {
	let group = queries.dim(1)? / keys.dim(1)?;
	let repeated = |x: &Tensor| {
		let (samples, heads, context, width) = x.dims4()?;
		x.unsqueeze(2)?.expand((samples, heads, group, context, width))?.reshape((
			samples,
			heads * group,
			context,
			width,
		))
	};
	let scores = (queries.contiguous()?.matmul(&repeated(keys)?.t()?)? * scale)?;
	softmax(&scores.broadcast_add(mask)?, D::Minus1)?.matmul(&repeated(values)?)
}

/// What is added to scores: nothing up to the diagonal, −∞ above.
pub fn causal(context: usize) -> Result<Tensor> {
	let cell = |i: usize| if i % context > i / context { f64::NEG_INFINITY } else { 0.0 };
	let cells: Vec<f64> = (0..context * context).map(cell).collect();
	Tensor::from_vec(cells, (context, context), &Device::Cpu)
}

/// Cosines and sines of RoPE: positions × frequencies, which are in turns of 2⁻⁶⁴ per position.
pub fn rotations(frequencies: &[u64], context: usize) -> Result<[Tensor; 2]> {
	let angle = |turns: u64| turns as f64 / 2f64.powi(64) * std::f64::consts::TAU;
	let table = |function: fn(f64) -> f64| {
		let cells = (0..context as u64)
			.flat_map(|position| frequencies.iter().map(move |turns| turns.wrapping_mul(position)))
			.map(|turns| function(angle(turns)));
		Tensor::from_vec(cells.collect(), (context, frequencies.len()), &Device::Cpu)
	};
	Ok([table(f64::cos)?, table(f64::sin)?])
}

/// Floats as a matrix of so many rows.
pub fn rows(floats: &[f32], rows: usize) -> Result<Tensor> {
	Tensor::from_slice(floats, (rows, ()), &Device::Cpu)?.to_dtype(DType::F64)
}

/// Token ids.
pub fn integers(integers: &[u32]) -> Result<Tensor> {
	Tensor::from_slice(integers, integers.len(), &Device::Cpu)
}

/// A loss whose gradient with respect to `out` is the one given.
pub fn surrogate(out: &Tensor, gradient: &[f32]) -> Result<Tensor> {
	(out * rows(gradient, out.dim(0)?)?)?.sum_all()
}
