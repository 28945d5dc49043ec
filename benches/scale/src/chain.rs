//! A chain of one validator: its blocks are executed by the compiled runtime, call by call, as a node builds them, on a
//! trie in memory.

use std::borrow::Cow;

use cairn_runtime::{Block, Hash, Header, Runtime, WASM_BINARY};
use codec::{Decode, Encode};
use frame_support::{
	dispatch::{DispatchClass, PerDispatchClass},
	weights::Weight,
};
use sc_executor::WasmExecutor;
use sp_consensus_babe::{
	digests::{CompatibleDigestItem, PreDigest, SecondaryVRFPreDigest},
	make_vrf_sign_data, Slot,
};
use sp_core::{
	crypto::VrfSecret,
	sr25519,
	storage::{StateVersion, Storage},
	traits::{CallContext, RuntimeCode, WrappedRuntimeCode},
};
use sp_externalities::{set_and_run_with_externalities, Extensions};
use sp_io::{hashing::blake2_256, SubstrateHostFunctions};
use sp_keyring::Sr25519Keyring;
use sp_runtime::{traits::Header as _, ApplyExtrinsicResult, Digest, DigestItem};
use sp_state_machine::{
	Ext, InMemoryBackend, OverlayedChanges, StateMachine, TrieBackend, TrieBackendBuilder,
};
use sp_trie::recorder::Recorder;

use crate::{
	nodes::{Hasher, Nodes},
	transaction,
};

/// Milliseconds of a slot.
const SLOT: u64 = cairn_runtime::time::SLOT_DURATION;
/// The slot of block 0 would be this: any number that is not 0.
const FIRST_SLOT: u64 = 1_000;

type Backend<'a> = TrieBackend<&'a Nodes, Hasher>;

/// The chain.
pub struct Chain {
	executor: WasmExecutor<SubstrateHostFunctions>,
	code: &'static [u8],
	code_hash: Vec<u8>,
	author: sr25519::Pair,
	nodes: Nodes,
	root: Hash,
	parent: Hash,
	genesis: Hash,
	number: u32,
}

/// A block that is being built.
pub struct Builder<'a> {
	chain: &'a Chain,
	backend: Backend<'a>,
	overlay: OverlayedChanges<Hasher>,
	extensions: Extensions,
}

/// A block that is built, and what it changed.
pub struct Sealed {
	header: Header,
	changes: sp_state_machine::StorageChanges<Hasher>,
}

impl Chain {
	/// A chain that starts from a state.
	pub fn new(genesis: Storage) -> Result<Self, String> {
		let code = WASM_BINARY.ok_or(
			"the runtime was built without its WebAssembly: build it without SKIP_WASM_BUILD",
		)?;
		let state = InMemoryBackend::<Hasher>::from((genesis, StateVersion::V1));
		let root = *state.root();
		let mut nodes = Nodes::default();
		nodes.apply(state.into_storage());
		let empty_root = cairn_primitives::hash::blob_root(b"no transactions");
		let header =
			Header::new(0, empty_root, root, Default::default(), Default::default()).hash();
		Ok(Self {
			executor: WasmExecutor::builder().build(),
			code,
			code_hash: blake2_256(code).to_vec(),
			author: Sr25519Keyring::Alice.pair(),
			nodes,
			root,
			parent: header,
			genesis: header,
			number: 0,
		})
	}

	/// Number of the newest block.
	pub fn number(&self) -> u32 {
		self.number
	}

	/// Hash of the genesis block.
	pub fn genesis(&self) -> Hash {
		self.genesis
	}

	/// Bytes of the state's trie as a database holds them.
	pub fn node_bytes(&self) -> u64 {
		self.nodes.bytes()
	}

	/// The state after the newest block.
	pub fn state(&self) -> Backend<'_> {
		TrieBackendBuilder::new(&self.nodes, self.root).build()
	}

	/// Ask the state after the newest block.
	pub fn read<R>(&self, ask: impl FnOnce() -> R) -> R {
		let state = self.state();
		let mut overlay = OverlayedChanges::default();
		let mut ext = Ext::new(&mut overlay, &state, None);
		set_and_run_with_externalities(&mut ext, ask)
	}

	/// Begin the next block: hooks, and the time.
	pub fn begin(&self) -> Builder<'_> {
		self.begin_with(None)
	}

	/// Begin a block whose reads are recorded.
	pub fn begin_recorded(&self, recorder: Recorder<Hasher>) -> Builder<'_> {
		self.begin_with(Some(recorder))
	}

	fn begin_with(&self, recorder: Option<Recorder<Hasher>>) -> Builder<'_> {
		let number = self.number + 1;
		let slot = FIRST_SLOT + u64::from(number);
		let digest = Digest { logs: vec![self.claim(slot)] };
		let header =
			Header::new(number, Default::default(), Default::default(), self.parent, digest);
		let backend = TrieBackendBuilder::new(&self.nodes, self.root)
			.with_optional_recorder(recorder)
			.build();
		let mut block = Builder {
			chain: self,
			backend,
			overlay: OverlayedChanges::default(),
			extensions: Extensions::default(),
		};
		block.call("Core_initialize_block", &header.encode());
		let time = pallet_timestamp::Call::set { now: slot * SLOT };
		let result = block.apply(&transaction::bare(time.into()));
		assert_eq!(result, Ok(Ok(())), "the time is refused");
		block
	}

	/// Take in a block.
	pub fn import(&mut self, Sealed { header, changes }: Sealed) {
		assert_eq!(*header.state_root(), changes.transaction_storage_root);
		self.nodes.apply(changes.transaction);
		self.root = changes.transaction_storage_root;
		self.parent = header.hash();
		self.number = *header.number();
	}

	/// The validator's claim of a slot, with the VRF output that feeds the beacon.
	fn claim(&self, slot: u64) -> DigestItem {
		let (epoch, randomness) = self.read(|| {
			use pallet_babe::{EpochIndex, GenesisSlot, NextRandomness, Randomness};
			let genesis = *GenesisSlot::<Runtime>::get();
			let first = if genesis == 0 { slot } else { genesis };
			let epoch = (slot - first) / pallet_babe_epoch();
			// The first block of an epoch brings its randomness into force before it looks at the claim.
			if epoch == EpochIndex::<Runtime>::get() {
				(epoch, Randomness::<Runtime>::get())
			} else {
				(epoch, NextRandomness::<Runtime>::get())
			}
		});
		let slot = Slot::from(slot);
		let vrf_signature = self.author.vrf_sign(&make_vrf_sign_data(&randomness, slot, epoch));
		DigestItem::babe_pre_digest(PreDigest::SecondaryVRF(SecondaryVRFPreDigest {
			authority_index: 0,
			slot,
			vrf_signature,
		}))
	}
}

/// Slots of an epoch.
fn pallet_babe_epoch() -> u64 {
	use frame_support::traits::Get;
	<Runtime as pallet_babe::Config>::EpochDuration::get()
}

impl Builder<'_> {
	/// Apply an encoded transaction. One that is refused leaves no trace.
	pub fn apply(&mut self, transaction: &[u8]) -> ApplyExtrinsicResult {
		self.overlay.start_transaction();
		let result = self.call("BlockBuilder_apply_extrinsic", transaction);
		let result = ApplyExtrinsicResult::decode(&mut result.as_slice())
			.expect("the runtime answers what its interface says");
		let ended = match result {
			Ok(_) => self.overlay.commit_transaction(),
			Err(_) => self.overlay.rollback_transaction(),
		};
		ended.expect("it was started above");
		result
	}

	/// What the block weighs so far.
	pub fn weight(&mut self) -> PerDispatchClass<Weight> {
		let key = frame_system::BlockWeight::<Runtime>::hashed_key();
		self.overlay
			.storage(&key)
			.flatten()
			.and_then(|mut bytes| Decode::decode(&mut bytes).ok())
			.unwrap_or_default()
	}

	/// Picoseconds of ordinary transactions so far.
	pub fn normal(&mut self) -> u64 {
		self.weight().get(DispatchClass::Normal).ref_time()
	}

	/// Keys that the block changed so far.
	pub fn changed_keys(&self) -> usize {
		self.overlay.changes().count()
	}

	/// End the block.
	pub fn finish(mut self) -> Sealed {
		let header = self.call("BlockBuilder_finalize_block", &[]);
		let header = Header::decode(&mut header.as_slice())
			.expect("the runtime answers what its interface says");
		let changes = self
			.overlay
			.drain_storage_changes(&self.backend, StateVersion::V1)
			.expect("the state is in memory");
		Sealed { header, changes }
	}

	fn call(&mut self, method: &str, data: &[u8]) -> Vec<u8> {
		let code = WrappedRuntimeCode(Cow::Borrowed(self.chain.code));
		let code = RuntimeCode {
			code_fetcher: &code,
			heap_pages: None,
			hash: self.chain.code_hash.clone(),
		};
		let answer = StateMachine::new(
			&self.backend,
			&mut self.overlay,
			&self.chain.executor,
			method,
			data,
			&mut self.extensions,
			&code,
			CallContext::Onchain { import: false },
		)
		.execute();
		answer.unwrap_or_else(|error| panic!("{method} failed: {error}"))
	}
}

// The state of the simulation and that of the runtime are hashed alike.
const _: fn(sp_runtime::traits::HashingFor<Block>) -> Hasher = |hasher| hasher;
