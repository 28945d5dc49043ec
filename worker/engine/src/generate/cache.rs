//! Keys and values of a sequence, so that every token is computed once.

use cairn_program::Stage;

/// What a stage remembers of a sequence: keys and values of its tokens, in each layer.
#[derive(Clone, Debug)]
pub struct Cache {
	/// Of each layer, of each key head.
	heads: Vec<Head>,
	kv_heads: usize,
	head_width: usize,
	tokens: usize,
}

/// Keys and values of a head: tokens × head width.
#[derive(Clone, Debug, Default)]
pub(super) struct Head {
	pub keys: Vec<f32>,
	pub values: Vec<f32>,
}

impl Cache {
	/// Of a sequence without tokens.
	pub(super) fn new(stage: &Stage) -> Self {
		let (kv_heads, head_width) = (stage.kv_heads as usize, stage.head_width as usize);
		let heads = vec![Head::default(); usize::from(stage.layers) * kv_heads];
		Self { heads, kv_heads, head_width, tokens: 0 }
	}

	/// Tokens of the sequence so far.
	pub fn tokens(&self) -> usize {
		self.tokens
	}

	/// Bytes that keys and values take.
	pub fn bytes(&self) -> usize {
		let floats = self.tokens * self.head_width * 2;
		self.heads.len() * floats * size_of::<f32>()
	}

	/// The key heads of a layer.
	pub(super) fn layer(&self, layer: u16) -> &[Head] {
		&self.heads[usize::from(layer) * self.kv_heads..][..self.kv_heads]
	}

	/// Put keys and values of tokens, rows of all key heads, behind those of a layer.
	pub(super) fn push(&mut self, layer: u16, keys: &[f32], values: &[f32]) {
		let heads = &mut self.heads[usize::from(layer) * self.kv_heads..][..self.kv_heads];
		let parts = keys.chunks_exact(self.head_width).zip(values.chunks_exact(self.head_width));
		for (number, (key, value)) in parts.enumerate() {
			let head = &mut heads[number % self.kv_heads];
			head.keys.extend_from_slice(key);
			head.values.extend_from_slice(value);
		}
	}

	/// Count tokens whose keys and values all layers have.
	pub(super) fn advance(&mut self, tokens: usize) {
		self.tokens += tokens;
	}

	/// Forget what layers have of tokens that were not counted: a turn that failed leaves no trace.
	pub(super) fn rewind(&mut self) {
		let floats = self.tokens * self.head_width;
		for head in &mut self.heads {
			head.keys.truncate(floats);
			head.values.truncate(floats);
		}
	}
}
