mod bounds;
mod equivocation;
mod evidence;
mod examples;
mod fuzz;
mod gates;
mod governance;
mod proxies;
mod questions;
mod readme;
mod safe_mode;
mod story;
mod treasury;
mod upgrades;

use codec::Encode;
use frame_support::{
	assert_ok,
	dispatch::GetDispatchInfo,
	storage::{storage_prefix, unhashed},
	traits::{
		fungible::{Balanced, Inspect},
		Contains, Get, InstanceFilter, KeyOwnerProofSystem, OnUnbalanced, PalletInfoAccess,
	},
};
use serde_json::Value;
use sp_core::storage::Storage;
use sp_keyring::{Ed25519Keyring, Sr25519Keyring};
use sp_runtime::BuildStorage;

use crate::{
	clock::{EpochDuration, ProtocolTimes},
	configs::AllowedInSafeMode,
	currency::{CRN, EXISTENTIAL_DEPOSIT, MILLI_CRN},
	fees::ToAuthorAndTreasury,
	genesis_config_presets::{get_preset, preset_names, ENDOWMENT, SHORT_EPOCH_LENGTH},
	parameters::{protocol, PUBLIC_TIMES, SHORT_TIMES},
	proxy::ProxyType,
	time::EPOCH_LENGTH,
	*,
};

/// The state that `preset` stands for.
fn genesis(preset: &str) -> Storage {
	fn merge(base: &mut Value, patch: Value) {
		match (base, patch) {
			(Value::Object(base), Value::Object(patch)) => {
				for (key, value) in patch {
					merge(base.entry(key).or_insert(Value::Null), value);
				}
			},
			(base, patch) => *base = patch,
		}
	}
	let patch = get_preset(&preset.into()).expect("the preset exists");
	let mut config = serde_json::to_value(RuntimeGenesisConfig::default()).unwrap();
	merge(&mut config, serde_json::from_slice(&patch).unwrap());
	serde_json::from_value::<RuntimeGenesisConfig>(config)
		.expect("the preset decodes as a genesis configuration")
		.build_storage()
		.expect("the preset builds")
}

/// Runs `test` in the first block of the network of `preset`.
fn in_network(preset: &str, test: impl FnOnce()) {
	let mut ext = sp_io::TestExternalities::new(genesis(preset));
	ext.execute_with(|| {
		System::set_block_number(1);
		test();
	});
}

/// The protocol times that pallets read now.
fn times_in_force() -> ProtocolTimes {
	ProtocolTimes {
		escrow: protocol::EscrowBlocks::get(),
		escrow_windows: protocol::EscrowWindows::get(),
		dispute_budget: protocol::DisputeBudget::get(),
		dispute_extension: protocol::DisputeExtension::get(),
		retention_windows: protocol::RetentionWindows::get(),
		unbonding: protocol::UnbondingBlocks::get(),
		post_leave_lock: protocol::PostLeaveLock::get(),
		audit_deadline: protocol::AuditDeadline::get(),
		audit_windows: protocol::AuditWindows::get(),
		stream: protocol::StreamBlocks::get(),
		settlement_window: protocol::SettlementWindow::get(),
		beacon_delay: protocol::BeaconDelay::get(),
	}
}

fn transfer() -> RuntimeCall {
	RuntimeCall::Balances(pallet_balances::Call::transfer_keep_alive {
		dest: Sr25519Keyring::Bob.to_account_id().into(),
		value: CRN,
	})
}

mod presets {
	use super::*;

	#[test]
	fn every_preset_builds_a_network_with_validators_money_and_a_root_key() {
		for (name, validators) in [
			("development", vec![Sr25519Keyring::Alice]),
			(
				"local_testnet",
				vec![
					Sr25519Keyring::Alice,
					Sr25519Keyring::Bob,
					Sr25519Keyring::Charlie,
					Sr25519Keyring::Dave,
				],
			),
		] {
			in_network(name, || {
				let accounts: Vec<_> = validators.iter().map(|key| key.to_account_id()).collect();
				assert_eq!(Session::validators(), accounts);
				assert_eq!(Babe::authorities().len(), accounts.len());
				assert_eq!(Grandpa::grandpa_authorities().len(), accounts.len());
				for key in Sr25519Keyring::well_known() {
					assert_eq!(Balances::total_balance(&key.to_account_id()), ENDOWMENT);
				}
				assert_eq!(
					pallet_sudo::Key::<Runtime>::get(),
					Some(Sr25519Keyring::Alice.to_account_id())
				);
			});
		}
	}

	#[test]
	fn the_names_are_those_that_tools_expect_and_no_others() {
		assert_eq!(preset_names(), ["development", "local_testnet"]);
		assert!(preset_names().iter().all(|name| get_preset(name).is_some()));
		assert_eq!(get_preset(&"mainnet".into()), None);
	}

	#[test]
	fn genesis_validators_have_the_session_keys_of_their_well_known_seeds() {
		in_network("local_testnet", || {
			let keys =
				pallet_session::NextKeys::<Runtime>::get(Sr25519Keyring::Dave.to_account_id());
			assert_eq!(
				keys,
				Some(SessionKeys {
					grandpa: Ed25519Keyring::Dave.public().into(),
					babe: Sr25519Keyring::Dave.public().into(),
				})
			);
		});
	}
}

mod clock {
	use super::*;

	#[test]
	fn local_networks_have_short_epochs_and_short_protocol_times() {
		in_network("development", || {
			assert_eq!(EpochDuration::<Runtime>::get(), SHORT_EPOCH_LENGTH);
			assert_eq!(<Runtime as pallet_babe::Config>::EpochDuration::get(), SHORT_EPOCH_LENGTH);
			assert_eq!(times_in_force(), SHORT_TIMES);
		});
	}

	#[test]
	fn a_network_that_says_nothing_has_the_times_of_a_public_one() {
		let storage = RuntimeGenesisConfig::default().build_storage().unwrap();
		sp_io::TestExternalities::new(storage).execute_with(|| {
			assert_eq!(EpochDuration::<Runtime>::get(), EPOCH_LENGTH);
			assert_eq!(times_in_force(), PUBLIC_TIMES);
		});
		// And so does a state that never saw genesis.
		sp_io::TestExternalities::default().execute_with(|| {
			assert_eq!(EpochDuration::<Runtime>::get(), EPOCH_LENGTH);
			assert_eq!(times_in_force(), PUBLIC_TIMES);
		});
	}

	#[test]
	#[should_panic(expected = "clock.epochLength must be at least 4 slots")]
	fn an_epoch_too_short_to_hand_over_is_refused() {
		let clock = ClockConfig { epoch_length: 3, ..Default::default() };
		let _ = RuntimeGenesisConfig { clock, ..Default::default() }.build_storage();
	}

	#[test]
	fn governance_changes_a_protocol_time_and_strangers_do_not() {
		in_network("development", || {
			let parameter = || {
				parameters::RuntimeParameters::Protocol(protocol::Parameters::EscrowBlocks(
					protocol::EscrowBlocks,
					Some(77),
				))
			};
			let stranger = RuntimeOrigin::signed(Sr25519Keyring::Alice.to_account_id());
			assert!(Parameters::set_parameter(stranger, parameter()).is_err());
			assert_eq!(protocol::EscrowBlocks::get(), SHORT_TIMES.escrow);

			assert_ok!(Parameters::set_parameter(RuntimeOrigin::root(), parameter()));
			assert_eq!(protocol::EscrowBlocks::get(), 77);

			let council = RuntimeOrigin::from(pallet_collective::RawOrigin::Members(2, 3));
			assert_ok!(Parameters::set_parameter(council, parameter()));
		});
	}
}

mod money {
	use super::*;

	#[test]
	fn a_transfer_costs_less_than_a_thousandth_of_a_token_and_more_than_nothing() {
		in_network("development", || {
			// A signed transfer is 145 bytes long.
			let fee = TransactionPayment::compute_fee(145, &transfer().get_dispatch_info(), 0);
			assert!(fee <= MILLI_CRN, "a transfer costs {fee}");
			assert!(fee >= MILLI_CRN / 10, "a transfer costs only {fee}");
		});
	}

	#[test]
	fn a_fee_without_author_goes_to_the_treasury_and_nothing_is_lost() {
		in_network("development", || {
			let payer = Sr25519Keyring::Alice.to_account_id();
			let before = Balances::total_issuance();
			let treasury = Balances::balance(&TreasuryAccount::get());
			let withdraw = |amount| {
				<Balances as Balanced<AccountId>>::withdraw(
					&payer,
					amount,
					frame_support::traits::tokens::Precision::Exact,
					frame_support::traits::tokens::Preservation::Preserve,
					frame_support::traits::tokens::Fortitude::Polite,
				)
				.unwrap()
			};
			let (fee, tip) = (withdraw(7 * CRN + 1), withdraw(2 * CRN));
			ToAuthorAndTreasury::on_unbalanceds([fee, tip].into_iter());
			let received = Balances::balance(&TreasuryAccount::get()) - treasury;
			assert_eq!(received, 9 * CRN + 1);
			assert_eq!(Balances::total_issuance(), before);
		});
	}

	#[test]
	fn an_author_gets_half_of_the_fee_and_the_whole_tip() {
		in_network("development", || {
			let (alice, bob) =
				(Sr25519Keyring::Alice.to_account_id(), Sr25519Keyring::Bob.to_account_id());
			let treasury = Balances::balance(&TreasuryAccount::get());
			// What Authorship reads from the digest of a real block.
			unhashed::put(&storage_prefix(b"Authorship", b"Author"), &bob);
			let withdraw = |amount| {
				<Balances as Balanced<AccountId>>::withdraw(
					&alice,
					amount,
					frame_support::traits::tokens::Precision::Exact,
					frame_support::traits::tokens::Preservation::Preserve,
					frame_support::traits::tokens::Fortitude::Polite,
				)
				.unwrap()
			};
			let (fee, tip) = (withdraw(8 * CRN), withdraw(3 * CRN));
			ToAuthorAndTreasury::on_unbalanceds([fee, tip].into_iter());
			assert_eq!(Balances::balance(&bob), ENDOWMENT + 7 * CRN);
			assert_eq!(Balances::balance(&TreasuryAccount::get()) - treasury, 4 * CRN);
		});
	}

	#[test]
	fn an_account_may_be_as_small_as_the_existential_deposit() {
		assert_eq!(EXISTENTIAL_DEPOSIT, MILLI_CRN);
		assert_eq!(<Balances as Inspect<AccountId>>::minimum_balance(), MILLI_CRN);
	}
}

mod delegation {
	use super::*;

	#[test]
	fn only_the_unrestricted_proxy_moves_tokens() {
		use ProxyType::*;
		for proxy in [NonTransfer, Governance, CancelProxy, Worker, Validator] {
			assert!(!proxy.filter(&transfer()), "{proxy:?} moves tokens");
		}
		assert!(Any.filter(&transfer()));
	}

	#[test]
	fn a_proxy_type_allows_whatever_the_types_below_it_allow() {
		use ProxyType::*;
		let calls = [
			transfer(),
			RuntimeCall::System(frame_system::Call::remark { remark: vec![] }),
			RuntimeCall::Session(pallet_session::Call::purge_keys {}),
			RuntimeCall::Council(pallet_collective::Call::close {
				proposal_hash: Default::default(),
				index: 0,
				proposal_weight_bound: Default::default(),
				length_bound: 0,
			}),
			RuntimeCall::Treasury(pallet_treasury::Call::check_status { index: 0 }),
			RuntimeCall::Preimage(pallet_preimage::Call::unnote_preimage {
				hash: Default::default(),
			}),
			RuntimeCall::Utility(pallet_utility::Call::batch { calls: vec![] }),
			RuntimeCall::Proxy(pallet_proxy::Call::reject_announcement {
				delegate: Sr25519Keyring::Bob.to_account_id().into(),
				call_hash: Default::default(),
			}),
		];
		let all = [Any, NonTransfer, Governance, CancelProxy, Worker, Validator];
		for above in all {
			for below in all.into_iter().filter(|below| above.is_superset(below)) {
				for call in calls.iter().filter(|call| below.filter(call)) {
					assert!(above.filter(call), "{above:?} lacks {call:?} of {below:?}");
				}
			}
		}
	}
}

mod safety {
	use super::*;

	#[test]
	fn safe_mode_stops_transfers_and_lets_consensus_and_governance_work() {
		in_network("development", || {
			assert!(SafeMode::contains(&transfer()));
			assert_ok!(SafeMode::force_enter(RuntimeOrigin::root()));
			assert!(!SafeMode::contains(&transfer()));
			for call in [
				RuntimeCall::SafeMode(pallet_safe_mode::Call::force_exit {}),
				RuntimeCall::Sudo(pallet_sudo::Call::remove_key {}),
				RuntimeCall::Timestamp(pallet_timestamp::Call::set { now: 0 }),
				RuntimeCall::Grandpa(pallet_grandpa::Call::note_stalled {
					delay: 1,
					best_finalized_block_number: 1,
				}),
			] {
				assert!(AllowedInSafeMode::contains(&call));
				assert!(SafeMode::contains(&call), "{call:?}");
			}
		});
	}

	#[test]
	fn nobody_can_buy_safe_mode() {
		in_network("development", || {
			let alice = RuntimeOrigin::signed(Sr25519Keyring::Alice.to_account_id());
			assert!(SafeMode::enter(alice.clone()).is_err());
			assert!(SafeMode::force_enter(alice).is_err());
		});
	}
}

#[test]
fn calls_keep_the_pallet_indices_that_transactions_are_encoded_with() {
	assert_eq!(transfer().encode().first(), Some(&15));
	let indices = [
		(System::index(), 0),
		(Timestamp::index(), 1),
		(Parameters::index(), 2),
		(Clock::index(), 3),
		(Utility::index(), 4),
		(Multisig::index(), 5),
		(Proxy::index(), 6),
		(Preimage::index(), 7),
		(Scheduler::index(), 8),
		(MultiBlockMigrations::index(), 9),
		(Babe::index(), 10),
		(Authorship::index(), 11),
		(Balances::index(), 15),
		(TransactionPayment::index(), 16),
		(Treasury::index(), 17),
		(Validators::index(), 20),
		(Session::index(), 21),
		(Historical::index(), 22),
		(Offences::index(), 23),
		(Grandpa::index(), 24),
		(Council::index(), 30),
		(SafeMode::index(), 31),
		(Whitelist::index(), 32),
		(Sudo::index(), 39),
		(Models::index(), 40),
		(Workers::index(), 41),
		(Shards::index(), 42),
		(Contributions::index(), 43),
		(Disputes::index(), 44),
		(Revenue::index(), 45),
		(Inference::index(), 46),
	];
	for (index, expected) in indices {
		assert_eq!(index, expected);
	}
}
