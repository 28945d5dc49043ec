//! `provider enlist`, `provider leave`.

use std::time::Duration;

use cairn_chain::{calls, views::Place, AccountId, Failure, Request, State, ViewError};
use cairn_primitives::{BlockNumber, ModelId, ModelStatus};
use clap::Args;
use tokio::time::sleep;

use super::{registered, CommandResult, Failed, ProviderError};
use crate::{
	amount::Crn,
	commands::{
		place::PlaceShown,
		time::{at, blocks},
	},
	progress::Progress,
	settings::{ChainArguments, Settings},
	signer::Signer,
};

/// How often the chain is asked for news.
const PAUSE: Duration = Duration::from_secs(1);

/// See [`super::ProviderCommand::Enlist`].
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  cairn-worker provider enlist 3 --provider-key my.key
  cairn-worker provider enlist 3 --no-wait")]
pub struct EnlistCommand {
	/// The model's number (see `model list`).
	model: ModelId,
	/// Do not wait for the lot. Anybody can draw it later; this command does, too.
	#[arg(long)]
	no_wait: bool,
	#[command(flatten)]
	chain: ChainArguments,
}

impl EnlistCommand {
	/// Run it.
	pub async fn run(self) -> CommandResult {
		let settings = Settings::read(&self.chain)?;
		let signer = Signer::open(&settings).await?;
		let (state, account) = (signer.state().await?, signer.account());
		registered(&state, &account).await?;
		match state.place(self.model, &account).await? {
			None => enlist(&signer, &state, self.model).await?,
			Some(Place::Enlisted { .. }) => {
				println!("You have enlisted for model {} before.", self.model)
			},
			Some(place) => {
				println!(
					"You are in model {} already: {}.",
					self.model,
					PlaceShown::from(place).words()
				);
				return Ok(());
			},
		}
		if self.no_wait {
			return tell_when(&signer, self.model).await;
		}
		let place = wait_for_lot(&signer, self.model).await?;
		println!("Your place in model {}: {}.", self.model, PlaceShown::from(place).words());
		println!("`cairn-worker run` does the work; `cairn-worker status` shows how it goes.");
		Ok(())
	}
}

/// Sends the enlistment, if nothing speaks against it.
async fn enlist(signer: &Signer, state: &State, model: ModelId) -> CommandResult {
	let account = signer.account();
	let record = state.model(model).await?.ok_or(ProviderError::UnknownModel { model })?;
	if record.status == ModelStatus::Retired {
		return Err(ProviderError::Retired { model }.into());
	}
	let required = state.required_bond(model).await?.unwrap_or_default();
	let free = state.free_bond(&account).await?.unwrap_or_default();
	if let Some(missing) = required.checked_sub(free).filter(|missing| *missing > 0) {
		let (required, free, missing) = (Crn(required), Crn(free), Crn(missing));
		return Err(ProviderError::BondTooSmall { model, required, free, missing }.into());
	}
	let call = calls::shards::enlist(model);
	signer.afford(state, &[&call], 0, "").await?;
	let is_in = move |state: State| {
		let account = account.clone();
		async move { Ok(state.place(model, &account).await?.is_some()) }
	};
	let enlisted = signer.submit("take the enlistment", Request::from(call).unless(is_in)).await;
	enlisted.map_err(|failure| named(failure, model))?;
	println!("Enlisted for model {model}: {} of the bond answer for it.", Crn(required));
	Ok(())
}

/// When the lot can be drawn.
async fn tell_when(signer: &Signer, model: ModelId) -> CommandResult {
	let state = signer.state().await?;
	if let Some(Place::Enlisted { seed_at }) = state.place(model, &signer.account()).await? {
		println!(
			"The lot can be drawn after {}: run this command again then.",
			at(seed_at, state.height())
		);
	}
	Ok(())
}

/// Waits until the lot can be drawn, draws it, and tells the place.
async fn wait_for_lot(signer: &Signer, model: ModelId) -> Result<Place, Failed> {
	let account = signer.account();
	let mut progress = Progress::new();
	loop {
		let state = signer.state().await?;
		match state.place(model, &account).await? {
			None => return Err(ProviderError::TurnedAway { model }.into()),
			Some(Place::Enlisted { seed_at }) if state.height() > seed_at => {
				progress.say("drawing the lot", "");
				draw(signer, model).await?;
			},
			Some(Place::Enlisted { seed_at }) => {
				progress.say(&topic(seed_at), &detail(&state, seed_at));
				sleep(PAUSE).await;
			},
			Some(place) => return Ok(place),
		}
	}
}

fn topic(seed_at: BlockNumber) -> String {
	format!("waiting for block {seed_at}, whose randomness decides the lot")
}

fn detail(state: &State, seed_at: BlockNumber) -> String {
	let left = (seed_at + 1).saturating_sub(state.height());
	format!("(final block {}, {} left)", state.height(), blocks(left))
}

/// Draws the lot, unless somebody else has.
async fn draw(signer: &Signer, model: ModelId) -> CommandResult {
	let account = signer.account();
	let call = calls::shards::draw_seat(model, &account);
	let is_drawn = move |state: State| {
		let account = account.clone();
		async move { is_drawn(&state, model, &account).await }
	};
	let drawn = signer.submit("draw the lot", Request::from(call).unless(is_drawn)).await;
	drawn.map_err(|failure| named(failure, model))?;
	Ok(())
}

async fn is_drawn(state: &State, model: ModelId, account: &AccountId) -> Result<bool, ViewError> {
	Ok(!matches!(state.place(model, account).await?, Some(Place::Enlisted { .. })))
}

/// What the chain calls by other names.
fn named(failure: Failure, model: ModelId) -> Failed {
	let is = |name: &str| matches!(&failure, Failure::Refused(refusal) if refusal.is(name));
	if is("shards.NoVacancy") || is("shards.StageFull") {
		return ProviderError::NoSeatFree { model }.into();
	}
	failure.into()
}

/// `provider leave`.
pub async fn leave(settings: &Settings, model: ModelId) -> CommandResult {
	let signer = Signer::open(settings).await?;
	let (state, account) = (signer.state().await?, signer.account());
	registered(&state, &account).await?;
	match state.place(model, &account).await? {
		None => return Err(ProviderError::NotIn { account, model }.into()),
		Some(Place::Seat { departure: Some(_), .. }) => {
			println!("You leave model {model} already.")
		},
		Some(_) => {
			let call = calls::shards::leave(model);
			signer.afford(&state, &[&call], 0, "").await?;
			let leaving = account.clone();
			let is_out = move |state: State| {
				let account = leaving.clone();
				async move { Ok(state.place(model, &account).await?.is_none()) }
			};
			signer.submit("let you leave", Request::from(call).unless(is_out)).await?;
		},
	}
	let state = signer.state().await?;
	if state.place(model, &account).await?.is_some() {
		match state.window(model).await? {
			Some(window) => println!(
				"You leave model {model} when window {} closes, at {}. What you attest until then is paid.",
				window.index,
				at(window.deadline, state.height())
			),
			None => println!("You leave model {model} when its window is closed."),
		}
	} else {
		println!("You have left model {model}.");
	}
	if let Some(commitment) = state.commitment(&account, model).await? {
		let until = commitment.unlock.map(|unlock| at(unlock, state.height()));
		println!(
			"{} of your bond stay locked {}; then free them with `cairn-worker provider settle {model}`.",
			Crn(commitment.amount),
			until.map_or("for a while after that".into(), |until| format!("until {until}"))
		);
	}
	Ok(())
}
