//! What the view functions answer with.

use cairn_primitives::{traits::Models, Balance, ModelId};

use crate::{Config, Pallet};

impl<T: Config> Pallet<T> {
	pub(crate) fn quote_now(
		model: ModelId,
		prompt_tokens: u64,
		completion_tokens: u64,
	) -> Option<Balance> {
		T::Models::price(model)?.quote(prompt_tokens, completion_tokens)
	}
}
