//! `provider bond-more`, `unbond`, `withdraw`, `settle`, `deregister`.

use cairn_chain::{
	calls,
	views::{Provider, Unbonding},
	AccountId, Request, State,
};
use cairn_primitives::ModelId;

use super::{registered, CommandResult, Failed, ProviderError};
use crate::{amount::Crn, commands::time::at, settings::Settings, signer::Signer};

/// `provider bond-more`.
pub async fn bond_more(settings: &Settings, amount: Crn) -> CommandResult {
	let (signer, state, provider) = open(settings).await?;
	let call = calls::workers::bond_more(amount.0);
	signer.afford(&state, &[&call], amount.0, "of bond").await?;
	signer.submit("add to the bond", Request::from(call).once()).await?;
	println!("The bond is {} now.", Crn(provider.bond.saturating_add(amount.0)));
	Ok(())
}

/// `provider unbond`.
pub async fn unbond(settings: &Settings, amount: Crn) -> CommandResult {
	let (signer, state, provider) = open(settings).await?;
	let least = state.floors()?.bond;
	let unbonding: u128 = provider.unbonding.iter().map(|part| part.amount).sum();
	let stays = provider.bond.saturating_sub(unbonding);
	let free = state.free_bond(&signer.account()).await?.unwrap_or_default();
	let free = free.min(stays.saturating_sub(least));
	if amount.0 > free {
		let error = ProviderError::NotFree { amount, free: Crn(free), least: Crn(least) };
		return Err(error.into());
	}
	let call = calls::workers::unbond(amount.0);
	signer.afford(&state, &[&call], 0, "").await?;
	signer.submit("unbond", Request::from(call).once()).await?;
	let state = signer.state().await?;
	let provider = registered(&state, &signer.account()).await?;
	if let Some(last) = provider.unbonding.last() {
		println!(
			"{}. Take it back then with `cairn-worker provider withdraw`.",
			part(last, &state)
		);
	}
	Ok(())
}

/// `provider withdraw`.
pub async fn withdraw(settings: &Settings) -> CommandResult {
	let (signer, state, provider) = open(settings).await?;
	let is_unlocked = |part: &&Unbonding| part.unlock <= state.height();
	let unlocked: u128 = provider.unbonding.iter().filter(is_unlocked).map(|p| p.amount).sum();
	if unlocked == 0 {
		let next = provider.unbonding.first().map(|next| part(next, &state));
		return Err(ProviderError::NothingUnlocked { next }.into());
	}
	let call = calls::workers::withdraw();
	signer.afford(&state, &[&call], 0, "").await?;
	let before = provider.bond;
	signer.submit("give back what is unlocked", call).await?;
	let after = registered(&signer.state().await?, &signer.account()).await?.bond;
	println!("{} are back in your account.", Crn(before.saturating_sub(after)));
	Ok(())
}

/// `provider settle`.
pub async fn settle(settings: &Settings, model: ModelId) -> CommandResult {
	let (signer, state, _) = open(settings).await?;
	let account = signer.account();
	let Some(commitment) = state.commitment(&account, model).await? else {
		return Err(ProviderError::NotIn { account, model }.into());
	};
	let unlock = commitment.unlock.ok_or(ProviderError::StillIn { model })?;
	if unlock > state.height() {
		let until = at(unlock, state.height());
		return Err(ProviderError::Locked { model, until }.into());
	}
	let call = calls::workers::settle_commitment(&account, model);
	signer.afford(&state, &[&call], 0, "").await?;
	let is_settled = move |state: State| {
		let account = account.clone();
		async move { Ok(state.commitment(&account, model).await?.is_none()) }
	};
	signer.submit("free the bond", Request::from(call).unless(is_settled)).await?;
	println!("{} of your bond are free again.", Crn(commitment.amount));
	Ok(())
}

/// `provider deregister`.
pub async fn deregister(settings: &Settings) -> CommandResult {
	let (signer, state, provider) = open(settings).await?;
	let account = signer.account();
	if provider.committed > 0 {
		let models = committed_models(&state, &account).await?;
		let committed = Crn(provider.committed);
		return Err(ProviderError::BondCommitted { committed, models }.into());
	}
	let call = calls::workers::deregister();
	signer.afford(&state, &[&call], 0, "").await?;
	let is_gone = move |state: State| {
		let account = account.clone();
		async move { Ok(state.provider(&account).await?.is_none()) }
	};
	signer.submit("end the registration", Request::from(call).unless(is_gone)).await?;
	println!("The registration is over; {} are back in your account.", Crn(provider.bond));
	Ok(())
}

async fn open(settings: &Settings) -> Result<(Signer, State, Provider), Failed> {
	let signer = Signer::open(settings).await?;
	let state = signer.state().await?;
	let provider = registered(&state, &signer.account()).await?;
	Ok((signer, state, provider))
}

async fn committed_models(state: &State, account: &AccountId) -> Result<String, Failed> {
	let commitments = state.commitments(account).await?;
	let models: Vec<String> =
		commitments.iter().map(|(model, _)| format!("model {model}")).collect();
	Ok(models.join(", "))
}

fn part(part: &Unbonding, state: &State) -> String {
	format!("{} unlock at {}", Crn(part.amount), at(part.unlock, state.height()))
}
