//! `model open`.

use cairn_chain::{calls, Request, State};
use cairn_primitives::{ModelId, ModelStatus};
use clap::Args;

use super::{CommandResult, ModelError};
use crate::{
	commands::place::status,
	settings::{ChainArguments, Settings},
	signer::Signer,
};

/// See [`super::ModelCommand::Open`].
#[derive(Debug, Args)]
pub struct OpenCommand {
	/// The model's number.
	model: ModelId,
	#[command(flatten)]
	chain: ChainArguments,
}

impl OpenCommand {
	/// Run it.
	pub async fn run(self) -> CommandResult {
		let signer = Signer::open(&Settings::read(&self.chain)?).await?;
		open(&signer, self.model).await
	}
}

/// Opens a model.
pub async fn open(signer: &Signer, model: ModelId) -> CommandResult {
	let state = signer.state().await?;
	let record = state.model(model).await?.ok_or(ModelError::UnknownModel { model })?;
	if record.researcher != signer.account() {
		let researcher = record.researcher;
		return Err(ModelError::NotResearcher { researcher, model }.into());
	}
	if record.status != ModelStatus::Proposed {
		return Err(ModelError::NotProposed { model, status: status(record.status) }.into());
	}
	let call = calls::models::open(model);
	signer.afford(&state, &[&call], 0, "").await?;
	let is_open = move |state: State| async move {
		let record = state.model(model).await?;
		Ok(record.is_some_and(|record| record.status != ModelStatus::Proposed))
	};
	signer.submit("open the model", Request::from(call).unless(is_open)).await?;
	println!("Model {model} is open: it trains once all its seats are taken.");
	Ok(())
}
