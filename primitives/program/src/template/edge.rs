//! Both ends of a stage: what comes in, what goes out, forward and backward.

use alloc::{vec, vec::Vec};

use cairn_primitives::spec::BoundaryCodec;

use super::{map, outer, same, Linear};
use crate::{
	constants::Constants,
	operation::{Definition, Formula, Operation},
	Code, Direction, OuterName, Stage, Tensor, Value,
};

/// From tokens or from the stage before to the first hidden state.
pub(crate) fn entry_forward(stage: &Stage, microbatch: u32) -> Vec<Operation> {
	let hidden = Value::Hidden(microbatch, 0);
	let received = |code| Value::Received(microbatch, Direction::Forward, code);
	match stage.boundary {
		_ if stage.is_first => outer::embed(stage, microbatch),
		BoundaryCodec::Dense => vec![copy(stage, hidden, received(Code::Dense))],
		BoundaryCodec::Int8 { block } => {
			vec![decode(stage, block, hidden, microbatch, Direction::Forward)]
		},
		BoundaryCodec::Bottleneck { .. } => {
			let weight = Value::Parameter(Tensor::Expand);
			vec![map_of(stage, Tensor::Expand).forward(hidden, received(Code::Dense), weight, None)]
		},
	}
}

/// From the last hidden state to the loss or to the stage after.
pub(crate) fn exit_forward(
	stage: &Stage,
	constants: &Constants,
	microbatch: u32,
) -> Vec<Operation> {
	let hidden = Value::Hidden(microbatch, stage.layers);
	let sent = Value::Sent(microbatch, Direction::Forward, Code::Dense);
	match stage.boundary {
		_ if stage.is_last => outer::loss(stage, constants, microbatch),
		BoundaryCodec::Dense => vec![copy(stage, sent, hidden)],
		BoundaryCodec::Int8 { block } => {
			encode(stage, block, hidden, microbatch, Direction::Forward)
		},
		BoundaryCodec::Bottleneck { .. } => {
			let weight = Value::Parameter(Tensor::Compress);
			vec![map_of(stage, Tensor::Compress).forward(sent, hidden, weight, None)]
		},
	}
}

/// From the loss or from the stage after to the gradient of the last hidden state.
pub(crate) fn exit_backward(
	stage: &Stage,
	constants: &Constants,
	microbatch: u32,
) -> Vec<Operation> {
	let hidden = Value::Hidden(microbatch, stage.layers);
	let gradient = Value::HiddenGradient(microbatch, stage.layers);
	let received = Value::Received(microbatch, Direction::Backward, Code::Dense);
	match stage.boundary {
		_ if stage.is_last => outer::loss_backward(stage, constants, microbatch),
		BoundaryCodec::Dense => vec![copy(stage, gradient, received)],
		BoundaryCodec::Int8 { block } => {
			vec![decode(stage, block, gradient, microbatch, Direction::Backward)]
		},
		BoundaryCodec::Bottleneck { .. } => {
			let linear = map_of(stage, Tensor::Compress);
			vec![
				linear.gradient(
					Value::Gradient(Tensor::Compress, microbatch + 1),
					received,
					hidden,
					Value::Gradient(Tensor::Compress, microbatch),
				),
				linear.backward(gradient, received, Value::Parameter(Tensor::Compress), None),
			]
		},
	}
}

/// From the gradient of the first hidden state to the embedding or to the stage before.
pub(crate) fn entry_backward(stage: &Stage, microbatch: u32) -> Vec<Operation> {
	let gradient = Value::HiddenGradient(microbatch, 0);
	let sent = Value::Sent(microbatch, Direction::Backward, Code::Dense);
	match stage.boundary {
		_ if stage.is_first => outer::embed_backward(stage, microbatch),
		BoundaryCodec::Dense => vec![copy(stage, sent, gradient)],
		BoundaryCodec::Int8 { block } => {
			encode(stage, block, gradient, microbatch, Direction::Backward)
		},
		BoundaryCodec::Bottleneck { .. } => {
			let linear = map_of(stage, Tensor::Expand);
			let code = Value::Received(microbatch, Direction::Forward, Code::Dense);
			vec![
				linear.gradient(
					Value::Gradient(Tensor::Expand, microbatch + 1),
					gradient,
					code,
					Value::Gradient(Tensor::Expand, microbatch),
				),
				linear.backward(sent, gradient, Value::Parameter(Tensor::Expand), None),
			]
		},
	}
}

fn copy(stage: &Stage, output: Value, input: Value) -> Operation {
	map(output, vec![stage.tokens(), stage.width], Formula::Copy, vec![same(input)])
}

/// The linear map of a bottleneck.
fn map_of(stage: &Stage, tensor: Tensor) -> Linear {
	let (output, input) = stage.size(tensor);
	Linear { tokens: stage.tokens(), input, output }
}

/// To 8-bit integers, blocks along the features with a power of two each.
fn encode(
	stage: &Stage,
	block: u16,
	of: Value,
	microbatch: u32,
	direction: Direction,
) -> Vec<Operation> {
	let block = u32::from(block);
	let blocks = vec![stage.tokens(), stage.width / block];
	let max = Value::Outer(microbatch, OuterName::BlockMax(direction));
	let exponents = Value::Sent(microbatch, direction, Code::Exponents);
	vec![
		Operation {
			output: max,
			shape: blocks.clone(),
			definition: Definition::RowMax {
				width: block,
				count: None,
				of,
				magnitude: true,
				causal: false,
			},
			causal: false,
		},
		map(exponents, blocks, Formula::BlockExponent, vec![same(max)]),
		map(
			Value::Sent(microbatch, direction, Code::Integers),
			vec![stage.tokens(), stage.width],
			Formula::BlockCode,
			vec![same(of), super::row(exponents, block)],
		),
	]
}

fn decode(
	stage: &Stage,
	block: u16,
	output: Value,
	microbatch: u32,
	direction: Direction,
) -> Operation {
	let received = |code| Value::Received(microbatch, direction, code);
	map(
		output,
		vec![stage.tokens(), stage.width],
		Formula::BlockDecode,
		vec![same(received(Code::Integers)), super::row(received(Code::Exponents), block.into())],
	)
}
