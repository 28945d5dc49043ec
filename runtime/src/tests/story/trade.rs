//! What people do in a story with what they own: bonds and keys, prices and channels, shares and revenue.

use cairn_primitives::voucher::{Price, Voucher};
use sp_runtime::MultiSignature;

use super::*;

/// Who pays for inference. (A well-known key takes milliseconds to derive from its phrase, for each signature.)
const CLIENT: u8 = 150;
/// Blocks of a channel.
const CHANNEL_BLOCKS: BlockNumber = 20;
/// A provider that comes late, and holds no seat: it may change its keys without anybody missing its work.
const NEWCOMER: u8 = 140;

fn client() -> sr25519::Pair {
	sr25519::Pair::from_seed(&[CLIENT; 32])
}

/// Give those money who come later.
pub(super) fn prepare() {
	for who in [AccountId::new([NEWCOMER; 32]), client().public().into()] {
		Balances::mint_into(&who, 1_000_000 * CRN).expect("there is room for more money");
	}
}

impl Story {
	/// What everyone might want to do with what they own.
	pub(super) fn trade(&self, deeds: &mut Vec<Deed>) {
		newcomer(deeds);
		channels(deeds);
		let client = AccountId::from(client().public());
		let pay = pallet_revenue::Call::deposit_revenue { model: MODEL, amount: CRN };
		deeds.push((client.clone(), pay.into()));
		for provider in self.workers.keys() {
			let amount = Revenue::shares_of(MODEL, provider.clone()) >> 1;
			let to = client.clone();
			let give = pallet_revenue::Call::transfer_shares { model: MODEL, to, amount };
			deeds.push((provider.clone(), give.into()));
			let models = vec![MODEL].try_into().expect("one model is not too many");
			let claim = pallet_revenue::Call::claim_many { models };
			deeds.push((provider.clone(), claim.into()));
		}
	}
}

/// Register, bond, change keys and addresses, and go again.
fn newcomer(deeds: &mut Vec<Deed>) {
	use pallet_workers::Call;
	let who = AccountId::new([NEWCOMER; 32]);
	let endpoint = ed25519::Pair::from_seed(&[NEWCOMER; 32]);
	let keys = [0, 1].map(|change| sr25519::Pair::from_seed(&[NEWCOMER + change; 32]));
	let [first, second] = &keys;
	let proof = endpoint.sign(&endpoint_message(genesis_hash(), &who).0);
	let calls: [RuntimeCall; 8] = [
		registration(&who, first, &endpoint),
		Call::rotate_key { worker: second.public(), consent: consent(&who, second, &endpoint) }
			.into(),
		Call::set_endpoint {
			endpoint: endpoint.public(),
			proof,
			addresses: Default::default(),
			relay: None,
		}
		.into(),
		Call::set_hardware { hardware: Default::default() }.into(),
		Call::bond_more { amount: CRN }.into(),
		Call::unbond { amount: CRN }.into(),
		Call::withdraw {}.into(),
		Call::deregister {}.into(),
	];
	deeds.extend(calls.map(|call| (who.clone(), call)));
}

/// Open a channel, keep it going, settle and close it, by both sides.
fn channels(deeds: &mut Vec<Deed>) {
	use pallet_inference::Call;
	let key = client();
	let client = AccountId::from(key.public());
	let price = Price { prompt: CRN, completion: CRN };
	let set = pallet_models::Call::set_price { model: MODEL, price: Some(price) };
	deeds.push((Sr25519Keyring::Alice.to_account_id(), set.into()));
	for lane in 0..LANES {
		let open = Call::open_channel {
			model: MODEL,
			lane,
			deposit: 10 * CRN,
			blocks: CHANNEL_BLOCKS,
			signer: None,
			max_price: price,
		};
		deeds.push((client.clone(), open.into()));
	}
	for (channel, row) in pallet_inference::Channels::<Runtime>::iter() {
		let seated = Shards::roster(MODEL, 0)
			.and_then(|roster| roster.seats.get(usize::from(row.lane)).cloned().flatten());
		for (amount, brought_by) in [(CRN, seated), (2 * CRN, Some(client.clone()))] {
			let Some(who) = brought_by else { continue };
			let window = 0;
			let message = Voucher::message(genesis_hash(), channel, amount, window);
			let signature = MultiSignature::Sr25519(key.sign(&message.0));
			let voucher = Voucher { channel, amount, window, signature };
			deeds.push((who, Call::settle { voucher }.into()));
		}
		deeds.push((client.clone(), Call::top_up { channel, amount: CRN }.into()));
		deeds.push((client.clone(), Call::extend { channel, blocks: 1 }.into()));
		deeds.push((client.clone(), Call::force_close { channel }.into()));
		deeds.push((Sr25519Keyring::Eve.to_account_id(), Call::close { channel }.into()));
	}
}
