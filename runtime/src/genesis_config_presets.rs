//! The genesis states that the runtime offers by name.

use alloc::{vec, vec::Vec};
use frame_support::build_struct_json_patch;
use serde_json::Value;
use sp_consensus_babe::{AllowedSlots, BabeEpochConfiguration};
pub use sp_genesis_builder::{PresetId, DEV_RUNTIME_PRESET, LOCAL_TESTNET_RUNTIME_PRESET};
use sp_keyring::{Ed25519Keyring, Sr25519Keyring};

use crate::{
	currency::CRN, parameters::SHORT_TIMES, time::PRIMARY_PROBABILITY, AccountId, BabeConfig,
	Balance, BalancesConfig, ClockConfig, CouncilConfig, RuntimeGenesisConfig, SessionConfig,
	SessionKeys, SudoConfig, ValidatorsConfig,
};

/// How slots are claimed, from genesis on: a quarter by a hidden draw, the rest in turn, and all
/// of them with a VRF output that feeds the randomness.
pub const BABE_GENESIS_EPOCH_CONFIG: BabeEpochConfiguration = BabeEpochConfiguration {
	c: PRIMARY_PROBABILITY,
	allowed_slots: AllowedSlots::PrimaryAndSecondaryVRFSlots,
};

/// Slots in an epoch of a development or local network: a minute.
pub const SHORT_EPOCH_LENGTH: u64 = 20;
/// What each well-known account of a development or local network owns.
pub const ENDOWMENT: Balance = 1_000_000 * CRN;

/// What each validator of a development or local network has bonded.
pub const BOND: Balance = 10_000 * CRN;

/// Genesis of a network of well-known keys.
fn testnet_genesis(validators: Vec<(AccountId, AccountId, SessionKeys)>) -> Value {
	build_struct_json_patch!(RuntimeGenesisConfig {
		babe: BabeConfig { epoch_config: BABE_GENESIS_EPOCH_CONFIG },
		balances: BalancesConfig {
			balances: Sr25519Keyring::well_known()
				.map(|key| (key.to_account_id(), ENDOWMENT))
				.collect::<Vec<_>>(),
		},
		clock: ClockConfig {
			epoch_length: SHORT_EPOCH_LENGTH,
			escrow: SHORT_TIMES.escrow,
			escrow_windows: SHORT_TIMES.escrow_windows,
			dispute_budget: SHORT_TIMES.dispute_budget,
			dispute_extension: SHORT_TIMES.dispute_extension,
			retention_windows: SHORT_TIMES.retention_windows,
			unbonding: SHORT_TIMES.unbonding,
			post_leave_lock: SHORT_TIMES.post_leave_lock,
			audit_deadline: SHORT_TIMES.audit_deadline,
			audit_windows: SHORT_TIMES.audit_windows,
			stream: SHORT_TIMES.stream,
			settlement_window: SHORT_TIMES.settlement_window,
			beacon_delay: SHORT_TIMES.beacon_delay,
		},
		council: CouncilConfig {
			members: [Sr25519Keyring::Alice, Sr25519Keyring::Bob, Sr25519Keyring::Charlie]
				.map(|key| key.to_account_id())
				.to_vec(),
		},
		validators: ValidatorsConfig {
			validators: validators.iter().map(|(account, ..)| (account.clone(), BOND)).collect(),
			min_validators: 1,
		},
		session: SessionConfig { keys: validators },
		sudo: SudoConfig { key: Some(Sr25519Keyring::Alice.to_account_id()) },
	})
}

/// A genesis validator: its account, and the session keys of the same seed.
fn validator(
	account: Sr25519Keyring,
	grandpa: Ed25519Keyring,
) -> (AccountId, AccountId, SessionKeys) {
	let keys = SessionKeys { grandpa: grandpa.public().into(), babe: account.public().into() };
	(account.to_account_id(), account.to_account_id(), keys)
}

/// One validator, Alice, who is also the root key.
fn development() -> Value {
	testnet_genesis(vec![validator(Sr25519Keyring::Alice, Ed25519Keyring::Alice)])
}

/// Four validators, so that one of them may fail.
fn local_testnet() -> Value {
	testnet_genesis(vec![
		validator(Sr25519Keyring::Alice, Ed25519Keyring::Alice),
		validator(Sr25519Keyring::Bob, Ed25519Keyring::Bob),
		validator(Sr25519Keyring::Charlie, Ed25519Keyring::Charlie),
		validator(Sr25519Keyring::Dave, Ed25519Keyring::Dave),
	])
}

/// The JSON of the preset called `id`.
pub fn get_preset(id: &PresetId) -> Option<Vec<u8>> {
	let patch = match id.as_str() {
		DEV_RUNTIME_PRESET => development(),
		LOCAL_TESTNET_RUNTIME_PRESET => local_testnet(),
		_ => return None,
	};
	serde_json::to_vec(&patch).ok()
}

/// The names that [`get_preset`] knows.
pub fn preset_names() -> Vec<PresetId> {
	vec![DEV_RUNTIME_PRESET.into(), LOCAL_TESTNET_RUNTIME_PRESET.into()]
}
