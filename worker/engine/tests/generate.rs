//! Generation against training's forward pass, and what a sequence may rely on.

#[path = "../../../primitives/program/tests/common/mod.rs"]
mod common;

use std::sync::Arc;

use cairn_engine::{
	generate::{Cache, Decoder, GenerateError, Pipeline, Request, Rows, Sampling, Stop, Turn},
	Compute, Input, Message, Recompute, Shard, Trainer,
};
use cairn_primitives::{spec::BoundaryCodec, ModelSpec};
use cairn_program::Stage;

const CONTEXT: u32 = 40;

fn spec(stages: usize, boundary: BoundaryCodec) -> ModelSpec {
	let mut spec = common::spec(stages);
	spec.architecture.context = CONTEXT;
	spec.schedule.microbatch = 1;
	spec.boundary = boundary;
	spec
}

fn compute() -> Arc<Compute> {
	Arc::new(Compute::new(2).unwrap())
}

/// Stages with the weights that the seed yields.
fn decoders(spec: &ModelSpec) -> Vec<Decoder> {
	let stage = |number| {
		let shard = Shard::initial(spec, number).unwrap();
		Decoder::new(spec, number, shard, compute()).unwrap()
	};
	(0..spec.stages.len() as u8).map(stage).collect()
}

fn tokens(count: usize) -> Vec<u32> {
	(0..count as u32).map(|i| i * i * 7 % 19).collect()
}

/// Forward through all stages.
fn forward(stages: &mut [Decoder], caches: &mut [Cache], tokens: &[u32]) -> Vec<f32> {
	let mut rows = Vec::new();
	for (number, (stage, cache)) in stages.iter_mut().zip(caches).enumerate() {
		let before = std::mem::take(&mut rows);
		let input = if number == 0 { Rows::Tokens(tokens) } else { Rows::Hidden(&before) };
		let turns = &mut [Turn { cache, tokens: tokens.len() }];
		stage.forward(turns, input, &mut rows).unwrap();
	}
	rows
}

/// Loss of a sample by training's forward pass.
fn trained_loss(spec: &ModelSpec, inputs: &[u32], targets: &[u32]) -> f32 {
	let mut message: Option<Message> = None;
	let mut loss = None;
	for number in 0..spec.stages.len() as u8 {
		let shard = Shard::initial(spec, number).unwrap();
		let mut trainer =
			Trainer::new(spec, number, shard, 1, Recompute::Selective, compute()).unwrap();
		let stage = Stage::new(spec, number).unwrap();
		let mut output = (!stage.is_last).then(|| Message::new(&stage));
		let input = message.as_ref().map_or(Input::Tokens(inputs), Input::Message);
		loss = trainer.evaluate(0, input, targets, output.as_mut()).unwrap();
		message = output;
	}
	loss.unwrap()
}

#[test]
fn a_token_at_a_time_comes_to_the_loss_of_training() {
	let all = tokens(CONTEXT as usize + 1);
	let (inputs, targets) = (&all[..CONTEXT as usize], &all[1..]);
	for boundary in [BoundaryCodec::Dense, BoundaryCodec::Bottleneck { rank: 5 }] {
		for stages in [1, 3] {
			let spec = spec(stages, boundary);
			let mut decoders = decoders(&spec);
			let mut caches: Vec<Cache> = decoders.iter().map(Decoder::cache).collect();
			let mut loss = 0.0;
			for (token, target) in inputs.iter().zip(targets) {
				let logits = forward(&mut decoders, &mut caches, &[*token]);
				let sum: f32 = logits.iter().map(|logit| logit.exp()).sum();
				loss += sum.ln() - logits[*target as usize];
			}
			let expected = trained_loss(&spec, inputs, targets);
			assert!((loss - expected).abs() < 1e-3, "{stages}, {boundary:?}: {loss} {expected}");
		}
	}
}

#[test]
fn a_prompt_may_come_in_pieces_of_any_size() {
	let spec = spec(2, BoundaryCodec::Dense);
	let all = tokens(CONTEXT as usize);
	let last = |sizes: &[usize]| {
		let mut decoders = decoders(&spec);
		let mut caches: Vec<Cache> = decoders.iter().map(Decoder::cache).collect();
		let (mut from, mut logits) = (0, Vec::new());
		for size in sizes {
			logits = forward(&mut decoders, &mut caches, &all[from..from + size]);
			from += size;
		}
		assert_eq!(from, all.len());
		logits
	};
	let expected = last(&[1; CONTEXT as usize]);
	for sizes in [&[40][..], &[33, 7], &[2, 31, 7], &[1, 8, 9, 10, 12]] {
		for (found, expected) in last(sizes).iter().zip(&expected) {
			assert!((found - expected).abs() < 1e-4, "{sizes:?}: {found} {expected}");
		}
	}
}

fn request(prompt: usize, most: usize, seed: u64) -> Request {
	Request {
		prompt: tokens(prompt),
		sampling: Sampling { temperature: 1.0, top_p: 0.9, seed },
		most,
		ends: Vec::new(),
	}
}

#[test]
fn sequences_do_not_see_each_other() {
	let spec = spec(2, BoundaryCodec::Dense);
	let requests: Vec<Request> = [(1, 20), (9, 3), (17, 12), (4, 0), (5, 7), (2, 30)]
		.iter()
		.zip(0..)
		.map(|((prompt, most), seed)| request(*prompt, *most, seed))
		.collect();
	let mut heard = vec![Vec::new(); requests.len()];
	let mut pipeline = Pipeline::new(decoders(&spec));
	let together = pipeline.generate(&requests, |i, token| heard[i].push(token)).unwrap();
	for (i, (request, found)) in requests.iter().zip(&together).enumerate() {
		let mut pipeline = Pipeline::new(decoders(&spec));
		let alone = pipeline.generate(std::slice::from_ref(request), |_, _| {}).unwrap();
		assert_eq!(found.tokens.len(), request.most, "request {i}");
		assert_eq!(*found, alone[0], "request {i}");
		assert_eq!(found.tokens, heard[i], "request {i}");
	}
}

#[test]
fn a_text_ends_where_the_model_ends_it_or_its_context_does() {
	let spec = spec(1, BoundaryCodec::Dense);
	let mut pipeline = Pipeline::new(decoders(&spec));
	let long = pipeline.generate(&[request(30, 100, 1)], |_, _| {}).unwrap().remove(0);
	assert_eq!(long.stop, Stop::Context);
	assert_eq!(long.tokens.len(), 11, "the last one is chosen, and not read");
	let mut ended = request(30, 100, 1);
	ended.ends = vec![18, long.tokens[4]];
	let first = long.tokens.iter().position(|token| ended.ends.contains(token)).unwrap();
	let short = pipeline.generate(&[ended], |_, _| {}).unwrap().remove(0);
	assert_eq!((short.stop, &short.tokens[..]), (Stop::End, &long.tokens[..first]));
}

#[test]
fn a_turn_that_is_refused_leaves_no_trace() {
	let spec = spec(2, BoundaryCodec::Dense);
	let mut decoders = decoders(&spec);
	let mut caches: Vec<Cache> = decoders.iter().map(Decoder::cache).collect();
	let all = tokens(10);
	forward(&mut decoders, &mut caches, &all);
	let bytes = caches[0].bytes();
	let mut rows = Vec::new();
	let mut refused = |stage: usize, tokens: usize, input: Rows| {
		let turns = &mut [Turn { cache: &mut caches[stage], tokens }];
		decoders[stage].forward(turns, input, &mut rows).unwrap_err()
	};
	assert!(matches!(refused(0, 0, Rows::Tokens(&[])), GenerateError::NoTokens));
	let long = tokens(31);
	let error = refused(0, 31, Rows::Tokens(&long));
	assert!(matches!(error, GenerateError::TooLong { tokens: 41, context: CONTEXT }));
	let error = refused(0, 1, Rows::Tokens(&[19]));
	assert!(matches!(error, GenerateError::TokenOutOfRange { token: 19, vocabulary: 19 }));
	let wrong = [
		(0, 2, Rows::Tokens(&[1])),
		(0, 1, Rows::Hidden(&[0.0; 12])),
		(1, 1, Rows::Tokens(&[1])),
		(1, 2, Rows::Hidden(&[0.0; 12])),
	];
	for (stage, tokens, input) in wrong {
		let error = refused(stage, tokens, input);
		assert!(matches!(error, GenerateError::WrongInput { .. }), "{error}");
	}
	assert!(matches!(refused(1, 1, Rows::Hidden(&[f32::NAN; 12])), GenerateError::NotFinite));
	// Found only behind all layers: keys and values have been pushed by then.
	assert!(matches!(refused(1, 1, Rows::Hidden(&[1e30; 12])), GenerateError::NotFinite));
	assert_eq!((caches[0].tokens(), caches[0].bytes()), (10, bytes));
	assert_eq!(caches[1].tokens(), 10);
	let after = forward(&mut decoders, &mut caches, &[7]);
	let mut fresh: Vec<Cache> = decoders.iter().map(Decoder::cache).collect();
	forward(&mut decoders, &mut fresh, &all);
	assert_eq!(after, forward(&mut decoders, &mut fresh, &[7]));
}

#[test]
fn requests_that_cannot_be_are_refused() {
	let mut pipeline = Pipeline::new(decoders(&spec(1, BoundaryCodec::Dense)));
	let mut generate = |request| pipeline.generate(&[request], |_, _| {}).unwrap_err();
	assert!(matches!(generate(request(0, 5, 1)), GenerateError::NoTokens));
	assert!(matches!(generate(request(41, 5, 1)), GenerateError::TooLong { .. }));
	let mut bold = request(3, 5, 1);
	bold.sampling.top_p = 0.0;
	assert!(matches!(generate(bold), GenerateError::BadSampling(_)));
}
