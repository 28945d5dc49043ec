//! All stages of a model in one process.

use super::{Cache, Decoder, GenerateError, Rows, Sampler, Sampling, Turn};

/// Tokens of a prompt that pass through the stages at a time: bounds the memory that a long prompt takes.
pub(super) const PREFILL: usize = 512;

/// The stages of a model, first to last.
#[derive(Debug)]
pub struct Pipeline {
	stages: Vec<Decoder>,
	/// What the stage before has yielded, and what the next one reads.
	rows: [Vec<f32>; 2],
}

/// A text to go on with.
#[derive(Clone, Debug)]
pub struct Request {
	/// Its tokens; at least one.
	pub prompt: Vec<u32>,
	/// How tokens are chosen.
	pub sampling: Sampling,
	/// Tokens to generate at most.
	pub most: usize,
	/// Tokens that end the text.
	pub ends: Vec<u32>,
}

/// What was generated for a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generated {
	/// The tokens, without the one that ends the text.
	pub tokens: Vec<u32>,
	/// Why there are no more.
	pub stop: Stop,
}

/// Why a text ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
	/// The model ended it.
	End,
	/// It has as many tokens as were asked for.
	Most,
	/// It is as long as the model can read.
	Context,
}

/// A text under way.
struct Sequence<'a> {
	/// Which request it is.
	number: usize,
	request: &'a Request,
	/// One for each stage.
	caches: Vec<Cache>,
	sampler: Sampler,
	/// The token that passes through the model next.
	next: u32,
}

impl Pipeline {
	/// A model of given stages.
	pub fn new(stages: Vec<Decoder>) -> Self {
		Self { stages, rows: Default::default() }
	}

	/// Go on with texts, all at once; those that end leave the others. `chosen` hears of each token when it is chosen: the
	/// number of its request, and the token.
	pub fn generate(
		&mut self,
		requests: &[Request],
		mut chosen: impl FnMut(usize, u32),
	) -> Result<Vec<Generated>, GenerateError> {
		for request in requests {
			let (tokens, context) = (request.prompt.len(), self.context());
			if tokens == 0 {
				return Err(GenerateError::NoTokens);
			}
			if tokens > context {
				return Err(GenerateError::TooLong { tokens, context: context as u32 });
			}
		}
		let mut done: Vec<Generated> =
			requests.iter().map(|_| Generated { tokens: Vec::new(), stop: Stop::Most }).collect();
		let mut running = Vec::new();
		for (number, request) in requests.iter().enumerate() {
			if request.most > 0 {
				running.push(self.begin(number, request)?);
			}
		}
		loop {
			running.retain(|sequence| {
				let Generated { tokens, stop } = &mut done[sequence.number];
				if sequence.request.ends.contains(&sequence.next) {
					*stop = Stop::End;
					return false;
				}
				tokens.push(sequence.next);
				chosen(sequence.number, sequence.next);
				let length = sequence.request.prompt.len() + tokens.len();
				if tokens.len() < sequence.request.most && length > self.context() {
					*stop = Stop::Context;
					return false;
				}
				tokens.len() < sequence.request.most
			});
			if running.is_empty() {
				return Ok(done);
			}
			let tokens: Vec<u32> = running.iter().map(|sequence| sequence.next).collect();
			let mut caches: Vec<_> = running.iter_mut().map(|s| (&mut s.caches, 1)).collect();
			let logits = forward(&mut self.stages, &mut self.rows, &mut caches, &tokens)?;
			let rows = logits.chunks_exact(logits.len() / running.len());
			for (sequence, logits) in running.iter_mut().zip(rows) {
				sequence.next = sequence.sampler.choose(logits)?;
			}
		}
	}

	/// Tokens that the model can read.
	pub fn context(&self) -> usize {
		self.stages.first().map_or(0, |stage| stage.context() as usize)
	}

	/// Read the prompt of a request and choose the first token.
	fn begin<'a>(
		&mut self,
		number: usize,
		request: &'a Request,
	) -> Result<Sequence<'a>, GenerateError> {
		let mut caches: Vec<Cache> = self.stages.iter().map(Decoder::cache).collect();
		let mut sampler = Sampler::new(request.sampling)?;
		let mut next = Err(GenerateError::NoTokens);
		for tokens in request.prompt.chunks(PREFILL) {
			let turns = &mut [(&mut caches, tokens.len())];
			let logits = forward(&mut self.stages, &mut self.rows, turns, tokens)?;
			if caches.iter().all(|cache| cache.tokens() == request.prompt.len()) {
				next = sampler.choose(logits);
			}
		}
		Ok(Sequence { number, request, caches, sampler, next: next? })
	}
}

/// Forward through all stages with new tokens of several sequences, so many of each; the logits behind each one's last.
fn forward<'a>(
	stages: &mut [Decoder],
	[rows, output]: &'a mut [Vec<f32>; 2],
	sequences: &mut [(&mut Vec<Cache>, usize)],
	tokens: &[u32],
) -> Result<&'a [f32], GenerateError> {
	for (number, stage) in stages.iter_mut().enumerate() {
		let mut turns: Vec<Turn> = sequences
			.iter_mut()
			.map(|(caches, tokens)| Turn { cache: &mut caches[number], tokens: *tokens })
			.collect();
		let input = if number == 0 { Rows::Tokens(tokens) } else { Rows::Hidden(rows) };
		stage.forward(&mut turns, input, output)?;
		std::mem::swap(rows, output);
	}
	Ok(rows)
}
