//! Before the first layer of the model and behind its last: embedding, final norm, head and loss.

use alloc::{vec, vec::Vec};

use super::{map, row, row_max, row_sum, same, scalar, Linear, Product};
use crate::{
	constants::Constants,
	operation::{Argument, At, Factor, Formula, Operation},
	OuterName, Stage, Tensor, Value,
};

/// The rows of the embedding that the tokens name.
pub(super) fn embed(stage: &Stage, microbatch: u32) -> Vec<Operation> {
	let at = At::Gathered { by: Value::Tokens(microbatch), width: stage.width };
	vec![map(
		Value::Hidden(microbatch, 0),
		vec![stage.tokens(), stage.width],
		Formula::Copy,
		vec![Argument { value: Value::Parameter(Tensor::Embedding), at }],
	)]
}

/// The gradient of the embedding: one-hot rows times the gradient of the hidden state. A tied head has added to it before.
pub(super) fn embed_backward(stage: &Stage, microbatch: u32) -> Vec<Operation> {
	let running = if stage.is_last && stage.tied_head {
		Value::HeadGradient(microbatch)
	} else {
		Value::Gradient(Tensor::Embedding, microbatch)
	};
	let product = Product {
		rows: (stage.vocabulary, 0),
		columns: (stage.width, 1),
		depth: (stage.tokens(), 1, stage.width.into()),
	};
	vec![product.operation(
		Value::Gradient(Tensor::Embedding, microbatch + 1),
		Factor::OneHot(Value::Tokens(microbatch)),
		Value::HiddenGradient(microbatch, 0),
		Some(running),
	)]
}

/// Final norm, head and loss.
pub(super) fn loss(stage: &Stage, constants: &Constants, microbatch: u32) -> Vec<Operation> {
	let value = |name| Value::Outer(microbatch, name);
	let (tokens, width, vocabulary) = (stage.tokens(), stage.width, stage.vocabulary);
	let hidden = Value::Hidden(microbatch, stage.layers);
	let logits = value(OuterName::Logits);
	let picked = At::Picked { by: Value::Targets(microbatch), width: vocabulary };
	vec![
		row_sum(value(OuterName::Squares), vec![tokens], width, hidden, Some(hidden)),
		map(
			value(OuterName::Scale),
			vec![tokens],
			Formula::InverseRoot { count: constants.width, epsilon: constants.norm_epsilon },
			vec![same(value(OuterName::Squares))],
		),
		map(
			value(OuterName::Normed),
			vec![tokens, width],
			Formula::Multiply,
			vec![same(hidden), row(value(OuterName::Scale), width)],
		),
		head(stage).forward(logits, value(OuterName::Normed), Value::Parameter(stage.head()), None),
		row_max(value(OuterName::LogitMax), vec![tokens], vocabulary, logits),
		map(
			value(OuterName::LogitExp),
			vec![tokens, vocabulary],
			Formula::ExpDifference,
			vec![same(logits), row(value(OuterName::LogitMax), vocabulary)],
		),
		row_sum(
			value(OuterName::LogitSum),
			vec![tokens],
			vocabulary,
			value(OuterName::LogitExp),
			None,
		),
		map(
			value(OuterName::TokenLoss),
			vec![tokens],
			Formula::TokenLoss,
			vec![
				same(value(OuterName::LogitSum)),
				same(value(OuterName::LogitMax)),
				Argument { value: logits, at: picked },
			],
		),
		row_sum(
			value(OuterName::MicrobatchLoss),
			vec![1],
			tokens,
			value(OuterName::TokenLoss),
			None,
		),
		map(
			Value::Loss(microbatch + 1),
			vec![1],
			Formula::Add,
			vec![scalar(Value::Loss(microbatch)), scalar(value(OuterName::MicrobatchLoss))],
		),
	]
}

/// Back through loss, head and final norm.
pub(super) fn loss_backward(
	stage: &Stage,
	constants: &Constants,
	microbatch: u32,
) -> Vec<Operation> {
	let value = |name| Value::Outer(microbatch, name);
	let (tokens, width, vocabulary) = (stage.tokens(), stage.width, stage.vocabulary);
	let hidden = Value::Hidden(microbatch, stage.layers);
	let gradient = value(OuterName::LogitGradient);
	let head_gradient = if stage.tied_head {
		Value::HeadGradient(microbatch)
	} else {
		Value::Gradient(Tensor::Head, microbatch + 1)
	};
	let formula = Formula::LogitGradient {
		targets: Value::Targets(microbatch),
		width: vocabulary,
		scale: constants.token_share,
	};
	let normed = value(OuterName::NormedGradient);
	vec![
		map(
			gradient,
			vec![tokens, vocabulary],
			formula,
			vec![same(value(OuterName::LogitExp)), row(value(OuterName::LogitSum), vocabulary)],
		),
		head(stage).gradient(
			head_gradient,
			gradient,
			value(OuterName::Normed),
			Value::Gradient(stage.head(), microbatch),
		),
		head(stage).backward(normed, gradient, Value::Parameter(stage.head()), None),
		row_sum(value(OuterName::Dot), vec![tokens], width, normed, Some(hidden)),
		map(
			value(OuterName::Coefficient),
			vec![tokens],
			Formula::NormCoefficient { count: constants.width },
			vec![same(value(OuterName::Dot)), same(value(OuterName::Scale))],
		),
		map(
			Value::HiddenGradient(microbatch, stage.layers),
			vec![tokens, width],
			Formula::FinalNormGradient,
			vec![
				same(hidden),
				row(value(OuterName::Coefficient), width),
				same(normed),
				row(value(OuterName::Scale), width),
			],
		),
	]
}

fn head(stage: &Stage) -> Linear {
	Linear { tokens: stage.tokens(), input: stage.width, output: stage.vocabulary }
}
