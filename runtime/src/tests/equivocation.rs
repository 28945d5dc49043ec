//! Validators who sign two things of which they may sign one: from the signatures to the empty seat.
//!
//! Blocks are executed as a node executes them, and reports take the way that a node's reports take: proof of whose
//! key it is, transaction pool, block.

use codec::Decode;
use frame_support::traits::fungible::InspectHold;
use pallet_validators::{HoldReason, Status};
use sp_consensus_babe::{
	digests::{CompatibleDigestItem, PreDigest, SecondaryPlainPreDigest},
	Slot,
};
use sp_consensus_grandpa::{localized_payload, AuthoritySignature, Message, Prevote};
use sp_core::offchain::{testing::TestTransactionPoolExt, TransactionPoolExt};
use sp_runtime::{
	traits::Header as _,
	transaction_validity::{InvalidTransaction, TransactionSource, TransactionValidity},
	ApplyExtrinsicResult, Digest, DigestItem, Perbill,
};
use sp_session::MembershipProof;

use super::*;
use crate::{genesis_config_presets::BOND, time::SLOT_DURATION};

/// The slot of the first block.
const FIRST_SLOT: u64 = 1_000;
/// The index of Alice, who makes all blocks. Reports are hers.
const ALICE: u32 = 0;
/// The index of Dave, who cheats.
const DAVE: u32 = 3;
/// The round of the votes that cheat.
const ROUND: u64 = 7;
/// The set of voters that genesis names, and that lasts until it changes.
const SET: u64 = 0;

fn alice() -> AccountId {
	Sr25519Keyring::Alice.to_account_id()
}

fn dave() -> AccountId {
	Sr25519Keyring::Dave.to_account_id()
}

/// The local network of four validators.
struct Chain {
	slot: u64,
	head: Hash,
	/// Takes the reports out of the transaction pool.
	pool: Box<dyn Fn() -> Vec<Vec<u8>>>,
}

impl Chain {
	/// Make the next block, `slots` after the last one.
	fn block(&mut self, slots: u64, reports: Vec<UncheckedExtrinsic>) -> Vec<ApplyExtrinsicResult> {
		self.slot += slots;
		let claim = SecondaryPlainPreDigest { authority_index: ALICE, slot: self.slot.into() };
		let claim = DigestItem::babe_pre_digest(PreDigest::SecondaryPlain(claim));
		let number = System::block_number() + 1;
		let (root, digest) = (Hash::default(), Digest { logs: vec![claim] });
		Executive::initialize_block(&Header::new(number, root, root, self.head, digest));
		let time = pallet_timestamp::Call::set { now: self.slot * SLOT_DURATION };
		let time = Executive::apply_extrinsic(UncheckedExtrinsic::new_bare(time.into()));
		assert_eq!(time, Ok(Ok(())));
		let outcomes = reports.into_iter().map(Executive::apply_extrinsic).collect();
		self.head = Executive::finalize_block().hash();
		outcomes
	}

	/// Make the block that begins the next session.
	fn next_session(&mut self) {
		let before = Session::current_index();
		assert_eq!(self.block(SHORT_EPOCH_LENGTH, vec![]), []);
		assert_eq!(Session::current_index(), before + 1);
	}

	/// The only transaction in the pool.
	fn pooled(&self) -> UncheckedExtrinsic {
		let transactions = (self.pool)();
		assert_eq!(transactions.len(), 1);
		UncheckedExtrinsic::decode(&mut transactions[0].as_slice()).unwrap()
	}

	/// What the pool of the node that reports says of a transaction.
	fn validity(&self, transaction: UncheckedExtrinsic) -> TransactionValidity {
		sp_io::storage::start_transaction();
		let source = TransactionSource::Local;
		let validity = Executive::validate_transaction(source, transaction, self.head);
		sp_io::storage::rollback_transaction();
		validity
	}

	/// Expect that `report`, which puts a report of Dave into the pool, costs him what an offence of one in four
	/// costs, once, and his seat. The offence is of the `kind`, at the `slot`, that its pallet gives it.
	fn expect_punishment(&mut self, kind: [u8; 16], slot: Vec<u8>, report: impl Fn()) {
		let treasury = Balances::balance(&TreasuryAccount::get());
		let reporter = Balances::balance(&alice());
		assert_eq!(bond(), BOND);

		report();
		let transaction = self.pooled();
		assert_ok!(self.validity(transaction.clone()));
		assert_eq!(self.block(1, vec![transaction]), [Ok(Ok(()))]);
		System::assert_has_event(RuntimeEvent::Offences(pallet_offences::Event::Offence {
			kind,
			slot,
		}));

		// min(3 k / n, 1)² of the bond, a tenth of it to the reporter.
		let fraction = Perbill::from_percent(75).square();
		let slashed = fraction * BOND;
		assert_eq!(bond(), BOND - slashed);
		assert_eq!(Balances::balance(&alice()), reporter + slashed / 10);
		assert_eq!(Balances::balance(&TreasuryAccount::get()), treasury + slashed / 10 * 9);
		let standing = Validators::status(dave()).unwrap();
		assert_eq!(standing.status, Status::Ejected { fraction });
		assert!(standing.validating && standing.disabled);

		report();
		let again = self.pooled();
		assert_eq!(self.validity(again.clone()), Err(InvalidTransaction::Stale.into()));
		assert_eq!(self.block(1, vec![again]), [Err(InvalidTransaction::Stale.into())]);
		assert_eq!(bond(), BOND - slashed);

		self.next_session();
		assert!(Session::validators().contains(&dave()));
		self.next_session();
		let rest = [Sr25519Keyring::Alice, Sr25519Keyring::Bob, Sr25519Keyring::Charlie];
		assert_eq!(Session::validators(), rest.map(Sr25519Keyring::to_account_id));
		let babe = sp_consensus_babe::AuthorityId::from(Sr25519Keyring::Dave.public());
		assert!(!Babe::authorities().iter().any(|(key, _)| *key == babe));
		let grandpa = sp_consensus_grandpa::AuthorityId::from(Ed25519Keyring::Dave.public());
		assert!(!Grandpa::grandpa_authorities().iter().any(|(key, _)| *key == grandpa));
		let status = Validators::status(dave()).unwrap().status;
		assert!(matches!(status, Status::Unbonding { .. }), "{status:?}");
	}
}

/// Runs `test` after the first block.
fn in_chain(test: impl FnOnce(&mut Chain)) {
	let mut ext = sp_io::TestExternalities::new(genesis("local_testnet"));
	let (pool, state) = TestTransactionPoolExt::new();
	ext.register_extension(TransactionPoolExt::new(pool));
	ext.execute_with(|| {
		let pool = Box::new(move || core::mem::take(&mut state.write().transactions));
		let mut chain = Chain { slot: FIRST_SLOT, head: System::block_hash(0), pool };
		chain.block(0, vec![]);
		test(&mut chain);
	});
}

/// What is left of Dave's bond.
fn bond() -> Balance {
	Balances::balance_on_hold(&HoldReason::ValidatorBond.into(), &dave())
}

/// Proof that a key of Dave is one of this session.
fn ownership<Key>(key: (sp_core::crypto::KeyTypeId, Key)) -> MembershipProof
where
	Historical: KeyOwnerProofSystem<(sp_core::crypto::KeyTypeId, Key), Proof = MembershipProof>,
{
	let proof = Historical::prove(key).expect("Dave is in the session");
	assert_eq!(proof.session, Session::current_index());
	proof
}

mod of_authors {
	use sp_consensus_babe::{AuthorityId, EquivocationProof, KEY_TYPE};

	use super::*;

	/// A block of Dave, which differs from others in its parent.
	fn block(slot: Slot, parent: u8) -> Header {
		let claim = SecondaryPlainPreDigest { authority_index: DAVE, slot };
		let claim = DigestItem::babe_pre_digest(PreDigest::SecondaryPlain(claim));
		let (parent, root) = (Hash::repeat_byte(parent), Hash::default());
		let mut header = Header::new(9, root, root, parent, Digest { logs: vec![claim] });
		let signature = Sr25519Keyring::Dave.sign(header.hash().as_ref()).into();
		header.digest_mut().push(DigestItem::babe_seal(signature));
		header
	}

	#[test]
	fn two_blocks_for_one_slot_cost_a_validator_its_bond_and_its_seat() {
		in_chain(|chain| {
			chain.next_session();
			let (key, slot) = (AuthorityId::from(Sr25519Keyring::Dave.public()), chain.slot.into());
			let ownership = ownership((KEY_TYPE, key.clone()));
			let report = || {
				let (first_header, second_header) = (block(slot, 1), block(slot, 2));
				let offender = key.clone();
				let proof = EquivocationProof { offender, slot, first_header, second_header };
				Babe::submit_unsigned_equivocation_report(proof, ownership.clone()).unwrap();
			};
			chain.expect_punishment(*b"babe:equivocatio", slot.encode(), report);
		});
	}
}

mod of_voters {
	use sp_consensus_grandpa::{AuthorityId, EquivocationProof, KEY_TYPE};

	use super::*;

	/// A vote, signed.
	type Vote = (Prevote<Header>, AuthoritySignature);

	/// The vote of `voter` for a block of the hash `block`.
	fn vote(voter: Ed25519Keyring, set: u64, round: u64, block: u8) -> Vote {
		let target_hash = Hash::repeat_byte(block);
		let vote = Prevote::<Header> { target_hash, target_number: 9 };
		let message = Message::<Header>::Prevote(vote.clone());
		(vote, voter.sign(&localized_payload(round, set, &message)).into())
	}

	fn key() -> AuthorityId {
		Ed25519Keyring::Dave.public().into()
	}

	/// The accusation that Dave cast both votes.
	fn accusation(first: Vote, second: Vote) -> EquivocationProof<Hash, BlockNumber> {
		// As it travels: `0` stands for votes of the first of the two kinds.
		let bytes = (SET, 0u8, ROUND, key(), first, second).encode();
		EquivocationProof::decode(&mut bytes.as_slice()).unwrap()
	}

	#[test]
	fn two_votes_in_one_round_cost_a_validator_its_bond_and_its_seat() {
		in_chain(|chain| {
			chain.next_session();
			let ownership = ownership((KEY_TYPE, key()));
			let ballot = |block| vote(Ed25519Keyring::Dave, SET, ROUND, block);
			let proof = accusation(ballot(1), ballot(2));
			// The report comes when the session is history.
			chain.next_session();
			assert!(ownership.session < Session::current_index());
			let report = || {
				let (proof, ownership) = (proof.clone(), ownership.clone());
				Grandpa::submit_unsigned_equivocation_report(proof, ownership).unwrap();
			};
			chain.expect_punishment(*b"grandpa:equivoca", (SET, ROUND).encode(), report);
		});
	}

	#[test]
	fn votes_that_an_honest_voter_may_cast_cost_nothing() {
		use Ed25519Keyring::{Charlie, Dave};
		in_chain(|chain| {
			chain.next_session();
			let ownership = ownership((KEY_TYPE, key()));
			for (second, why) in [
				(vote(Dave, SET, ROUND, 1), "both are for one block"),
				(vote(Dave, SET, ROUND + 1, 2), "they are of two rounds"),
				(vote(Dave, SET + 1, ROUND, 2), "they are of two sets of voters"),
				(vote(Charlie, SET, ROUND, 2), "somebody else signed one"),
			] {
				let proof = accusation(vote(Dave, SET, ROUND, 1), second);
				Grandpa::submit_unsigned_equivocation_report(proof, ownership.clone()).unwrap();
				let error = pallet_grandpa::Error::<Runtime>::InvalidEquivocationProof;
				let report = chain.pooled();
				assert_eq!(chain.block(1, vec![report]), [Ok(Err(error.into()))], "{why}");
			}
			assert_eq!(bond(), BOND);
			assert!(!Validators::status(dave()).unwrap().disabled);
		});
	}
}
