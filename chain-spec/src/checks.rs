//! What may be wrong with the genesis of a new public network, each as a sentence for who wrote it.
//!
//! The pallets assert most of this when they build the genesis; an assertion in WebAssembly says `unreachable`.
//! Some of it nothing else would notice: a network whose validators have no bonds runs, and never punishes anybody.

use std::collections::{BTreeMap, BTreeSet};

use cairn_runtime::{
	currency::{CRN, EXISTENTIAL_DEPOSIT},
	genesis_config_presets::{get_preset, BABE_GENESIS_EPOCH_CONFIG},
	AccountId, Balance, Runtime, RuntimeGenesisConfig,
};
use frame_support::traits::Get;
use serde_json::Value;
use sp_core::crypto::{AccountId32, Ss58Codec};

use crate::native::genesis_config;

/// Fewest validators of a public network: finality survives the loss of one of four.
const MIN_VALIDATORS: usize = 4;
/// Fewest members of the council. Two thirds of it are root, and a single key must not be.
const MIN_COUNCIL: usize = 3;
/// Fewest slots in an epoch.
const MIN_EPOCH: u64 = 4;

/// Whether a network can begin with `patch` on top of the runtime's default genesis.
pub(crate) fn check_genesis(patch: &Value) -> Result<(), String> {
	check_no_public_secrets(patch)?;
	let config = genesis_config(patch.clone())
		.map_err(|error| format!("the genesis of the template cannot be read: {error}"))?;
	if config.balances.dev_accounts.is_some() {
		return Err(
			"genesis.balances.devAccounts makes accounts whose secrets everybody knows".into()
		);
	}
	check_consensus(&config)?;
	check_governance(&config)?;
	check_session_keys(&config)?;
	check_validators(&config)?;
	check_bonds(&config)
}

/// Nobody may own anything with a key that everybody has.
fn check_no_public_secrets(patch: &Value) -> Result<(), String> {
	let development = get_preset(&"local_testnet".into())
		.and_then(|json| serde_json::from_slice::<Value>(&json).ok())
		.ok_or("the runtime has no local_testnet preset to compare with")?;
	let mut known = Vec::new();
	addresses(&development["balances"], &mut known);
	addresses(&development["session"], &mut known);
	let mut used = Vec::new();
	addresses(patch, &mut used);
	match used.into_iter().find(|key| known.contains(key)) {
		Some(key) => Err(format!("{key} is a well-known development key: anybody could use it")),
		None => Ok(()),
	}
}

/// Collects the keys that `value` names, whatever network's prefix their addresses carry.
fn addresses(value: &Value, into: &mut Vec<AccountId32>) {
	match value {
		Value::String(text) => {
			into.extend(AccountId32::from_ss58check_with_version(text).map(|(key, _)| key))
		},
		Value::Array(items) => items.iter().for_each(|item| addresses(item, into)),
		Value::Object(fields) => fields.values().for_each(|item| addresses(item, into)),
		_ => (),
	}
}

/// Every slot has an author with a VRF output, and a session can end and hand over.
fn check_consensus(config: &RuntimeGenesisConfig) -> Result<(), String> {
	let wanted = BABE_GENESIS_EPOCH_CONFIG;
	if config.babe.epoch_config.allowed_slots != wanted.allowed_slots {
		return Err(format!(
			"genesis.babe.epochConfig.allowed_slots must be {:?}: without it slots stay empty, and \
			 the audit lots have no randomness",
			wanted.allowed_slots
		));
	}
	if config.clock.epoch_length < MIN_EPOCH {
		return Err(format!("genesis.clock.epochLength must be at least {MIN_EPOCH} slots"));
	}
	Ok(())
}

/// There is a council, and nobody is root alone.
fn check_governance(config: &RuntimeGenesisConfig) -> Result<(), String> {
	if config.sudo.key.is_some() {
		return Err(
			"genesis.sudo: a public network has no root key; two thirds of the council reach \
		            root through the whitelist (docs/validator.md)"
				.into(),
		);
	}
	let members = &config.council.members;
	if let Some(member) = duplicate(members) {
		return Err(format!("genesis.council.members names {member} twice"));
	}
	if members.len() < MIN_COUNCIL {
		return Err(format!(
			"genesis.council.members lists {}; a public network needs {MIN_COUNCIL}, because two \
			 thirds of them are root",
			members.len()
		));
	}
	Ok(())
}

/// There are validators enough to lose one, none of them twice, and each with keys of its own.
fn check_session_keys(config: &RuntimeGenesisConfig) -> Result<(), String> {
	let keys = &config.session.keys;
	if let Some((account, validator, _)) =
		keys.iter().find(|(account, validator, _)| account != validator)
	{
		return Err(format!(
			"genesis.session.keys names {account} and {validator} for one validator: it has one \
			 account, which stands there twice"
		));
	}
	if let Some(account) = duplicate(keys.iter().map(|(account, ..)| account)) {
		return Err(format!("genesis.session.keys names {account} twice"));
	}
	if let Some(key) = duplicate(keys.iter().map(|(.., keys)| &keys.babe)) {
		return Err(format!("genesis.session.keys gives the BABE key {key} to two validators"));
	}
	if let Some(key) = duplicate(keys.iter().map(|(.., keys)| &keys.grandpa)) {
		return Err(format!("genesis.session.keys gives the GRANDPA key {key} to two validators"));
	}
	if keys.len() < MIN_VALIDATORS {
		return Err(format!(
			"genesis.session.keys lists {} validators; a public network needs {MIN_VALIDATORS} to \
			 survive the loss of one",
			keys.len()
		));
	}
	Ok(())
}

/// The validators with a bond are those with session keys, and the set does not shrink below what finality needs.
fn check_validators(config: &RuntimeGenesisConfig) -> Result<(), String> {
	let validators = &config.validators.validators;
	if let Some(who) = duplicate(validators.iter().map(|(who, _)| who)) {
		return Err(format!("genesis.validators.validators names {who} twice"));
	}
	let bonded: BTreeSet<_> = validators.iter().map(|(who, _)| who).collect();
	let with_keys: BTreeSet<_> = config.session.keys.iter().map(|(who, ..)| who).collect();
	if let Some(who) = with_keys.difference(&bonded).next() {
		return Err(format!(
			"genesis.validators.validators does not name {who}, which has session keys: without a \
			 bond nothing could be taken from it"
		));
	}
	if let Some(who) = bonded.difference(&with_keys).next() {
		return Err(format!("genesis.session.keys does not name {who}, which has a bond"));
	}
	let most = <<Runtime as pallet_validators::Config>::MaxValidators as Get<u32>>::get() as usize;
	if validators.len() > most {
		return Err(format!("genesis.validators.validators lists more than {most}"));
	}
	let floor = config.validators.min_validators as usize;
	if !(MIN_VALIDATORS..=validators.len()).contains(&floor) {
		return Err(format!(
			"genesis.validators.minValidators is {floor}; it must be at least {MIN_VALIDATORS} and \
			 at most the {} that there are",
			validators.len()
		));
	}
	Ok(())
}

/// Everyone owns its bond, and enough besides for its account to live on.
fn check_bonds(config: &RuntimeGenesisConfig) -> Result<(), String> {
	let balances = &config.balances.balances;
	if let Some(who) = duplicate(balances.iter().map(|(who, _)| who)) {
		return Err(format!("genesis.balances.balances names {who} twice"));
	}
	let owned: BTreeMap<&AccountId, Balance> =
		balances.iter().map(|(who, amount)| (who, *amount)).collect();
	let least = <Runtime as pallet_validators::Config>::MinBond::get();
	for (who, bond) in &config.validators.validators {
		if *bond < least {
			return Err(format!(
				"genesis.validators.validators bonds {bond} for {who}; the least is {least} ({} CRN)",
				least / CRN
			));
		}
		let owned = owned.get(who).copied().unwrap_or_default();
		let needed = bond.saturating_add(EXISTENTIAL_DEPOSIT); // more than all money is too much as well
		if owned < needed {
			return Err(format!(
				"genesis.balances.balances gives {who} {owned}; its bond and the existential deposit \
				 take {needed}"
			));
		}
	}
	Ok(())
}

/// Something that is named twice.
fn duplicate<T: Ord>(items: impl IntoIterator<Item = T>) -> Option<T> {
	let mut seen = BTreeSet::new();
	for item in items {
		if seen.contains(&item) {
			return Some(item);
		}
		seen.insert(item);
	}
	None
}
