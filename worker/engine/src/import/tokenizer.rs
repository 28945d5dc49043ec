//! A tokenizer out of a GGUF file's metadata.

use candle_core::quantized::gguf_file::{Content, Value};
use tokenizers::{
	models::bpe::{Vocab, BPE},
	pre_tokenizers::{
		byte_level::ByteLevel, digits::Digits, sequence::Sequence, PreTokenizerWrapper,
	},
	processors::template::TemplateProcessing,
	AddedToken, Tokenizer,
};

use super::ImportError;

/// GGUF's type of tokens that stand for no text.
const CONTROL: i64 = 3;

/// Byte-level BPE is all that is known, with the two ways to cut text before it that are the commonest.
pub(super) fn from_gguf(content: &Content) -> Result<Vec<u8>, ImportError> {
	let refuse = |what: String| Err(ImportError::Tokenizer(what));
	let text = |key: &str| content.metadata.get(key).and_then(|value| value.to_string().ok());
	match text("tokenizer.ggml.model").map(String::as_str) {
		Some("gpt2") => {},
		other => return refuse(format!("it is of kind {:?}", other.unwrap_or("none"))),
	}
	let bytes = ByteLevel::new(false, false, true);
	let cut: PreTokenizerWrapper = match text("tokenizer.ggml.pre").map(String::as_str) {
		None | Some("gpt-2" | "default") => bytes.into(),
		// Each digit is a token of its own.
		Some("smollm") => Sequence::new(vec![Digits::new(true).into(), bytes.into()]).into(),
		Some(other) => return refuse(format!("it cuts text as {other:?} does")),
	};
	let tokens = texts(content, "tokenizer.ggml.tokens")?;
	let mut vocabulary = Vocab::default();
	for (token, number) in tokens.iter().zip(0..) {
		vocabulary.insert(token.clone(), number);
	}
	let mut merges = Vec::new();
	for merge in texts(content, "tokenizer.ggml.merges")? {
		let Some((left, right)) = merge.split_once(' ') else {
			return refuse(format!("{merge:?} joins nothing"));
		};
		merges.push((left.into(), right.into()));
	}
	let failed = |error: tokenizers::Error| ImportError::Tokenizer(error.to_string());
	let bpe = BPE::builder().vocab_and_merges(vocabulary, merges).build().map_err(failed)?;
	let mut tokenizer = Tokenizer::new(bpe);
	tokenizer.with_pre_tokenizer(Some(cut));
	tokenizer.with_decoder(Some(ByteLevel::default()));
	let kinds =
		content.metadata.get("tokenizer.ggml.token_type").and_then(|kinds| kinds.to_vec().ok());
	let special = tokens.iter().zip(kinds.into_iter().flatten());
	let special = special.filter(|(_, kind)| integer(kind) == Some(CONTROL));
	let special: Vec<_> = special.map(|(token, _)| AddedToken::from(token.clone(), true)).collect();
	tokenizer.add_special_tokens(special).map_err(failed)?;
	if let Some(begin) = beginning(content) {
		let Some(token) = tokens.get(begin as usize) else {
			return refuse(format!("texts begin with token {begin}, which it has not"));
		};
		let template = TemplateProcessing::builder()
			.try_single(vec![token.clone(), "$A".into()])
			.map_err(ImportError::Tokenizer)?
			.special_tokens(vec![(token.clone(), begin)])
			.build()
			.map_err(|error| ImportError::Tokenizer(error.to_string()))?;
		tokenizer.with_post_processor(Some(template));
	}
	tokenizer.to_string(true).map(String::into_bytes).map_err(failed)
}

/// The token that every text begins with, if there is one.
fn beginning(content: &Content) -> Option<u32> {
	let added = content.metadata.get("tokenizer.ggml.add_bos_token")?.to_bool().ok()?;
	let token = content.metadata.get("tokenizer.ggml.bos_token_id")?.to_u32().ok()?;
	added.then_some(token)
}

fn integer(value: &Value) -> Option<i64> {
	value.to_i32().map(i64::from).or_else(|_| value.to_u32().map(i64::from)).ok()
}

fn texts(content: &Content, key: &str) -> Result<Vec<String>, ImportError> {
	let list = content.metadata.get(key).and_then(|value| value.to_vec().ok());
	let texts = list.map(|list| list.iter().map(|text| text.to_string().cloned()).collect());
	match texts {
		Some(Ok(texts)) => Ok(texts),
		_ => Err(ImportError::Tokenizer(format!("the file has no {key}"))),
	}
}
