//! Random operations against a model of what should happen.

use std::collections::BTreeMap;

use cairn_primitives::{voucher::ChannelId, Balance, LaneIndex, ModelId};
use frame_support::traits::{
	fungible::{Inspect, Mutate},
	tokens::{Fortitude, Preservation},
};
use rand::{seq::SliceRandom, Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sp_core::{sr25519, Pair};

use crate::mock::*;

/// What should be true of a channel.
struct Expected {
	client: usize,
	model: ModelId,
	lane: LaneIndex,
	/// Who sat in the lane at first.
	hired: Vec<AccountId>,
	deposit: Balance,
	expires: u32,
	/// The best voucher, and when it is paid.
	settlement: Option<(Balance, u32)>,
}

struct World {
	rng: ChaCha8Rng,
	clients: Vec<(AccountId, sr25519::Pair)>,
	channels: BTreeMap<ChannelId, Expected>,
	/// What each client should have, free and on hold.
	totals: Vec<Balance>,
	/// What everyone else should have.
	others: Balance,
	/// Operations of each kind that succeeded.
	done: BTreeMap<&'static str, u32>,
}

const LANES: [(ModelId, LaneIndex, u8); 3] = [(MODEL, 0, 2), (MODEL, 1, 2), (OTHER, 0, 3)];
const OPERATIONS: u32 = 100_000;
/// Enough for the largest deposits of the test.
const RICH: Balance = 1 << 110;

impl World {
	fn new() -> Self {
		let clients =
			["Client", "Other"].map(|name| (account_of(pair(name).public()), pair(name))).to_vec();
		let totals: Vec<_> = clients.iter().map(|(who, _)| Balances::total_balance(who)).collect();
		let others = Balances::total_issuance() - totals.iter().sum::<Balance>();
		Self {
			rng: ChaCha8Rng::seed_from_u64(0xca12),
			clients,
			channels: BTreeMap::new(),
			totals,
			others,
			done: BTreeMap::new(),
		}
	}

	/// Small, huge, or around the limits.
	fn amount(&mut self) -> Balance {
		match self.rng.gen_range(0..5) {
			0 => self.rng.gen_range(0..4),
			1 => MinDeposit::get() + self.rng.gen_range(0..3) - 1,
			2 => self.rng.gen_range(0..10_000),
			3 => (1 << self.rng.gen_range(0..100)) - self.rng.gen_range(0..2),
			// Any order of magnitude up to 10³⁰ is as likely as another.
			_ => {
				let most = 10u128.pow(self.rng.gen_range(0..=30));
				self.rng.gen_range(0..=most)
			},
		}
	}

	fn any_channel(&mut self) -> ChannelId {
		let known: Vec<_> = self.channels.keys().copied().collect();
		let stray = crate::NextChannel::<Test>::get().saturating_sub(self.rng.gen_range(0..3));
		match known.get(self.rng.gen_range(0..known.len() + 1)) {
			Some(channel) => *channel,
			None => stray,
		}
	}

	fn note(&mut self, what: &'static str) {
		*self.done.entry(what).or_default() += 1;
	}

	fn open(&mut self) {
		let client = self.rng.gen_range(0..2);
		let (model, lane, stages) = LANES[self.rng.gen_range(0..3)];
		let (deposit, blocks) = (self.amount(), self.rng.gen_range(0..60));
		let who = self.clients[client].0.clone();
		let taken = self.channels.values().any(|row| {
			(row.client, row.model, row.lane) == (client, model, lane) && row.settlement.is_none()
		});
		let rosters = Rosters::get();
		let seated = (0..stages).all(|s| rosters[&(model, s)][usize::from(lane)].is_some());
		let money = Balances::reducible_balance(&who, Preservation::Protect, Fortitude::Force);
		let affordable = deposit <= money;
		let fine = deposit >= MinDeposit::get() && blocks > 0 && !taken && seated && affordable;
		let opening = Opening { client: who, model, lane, deposit, blocks, ..opening() };
		let opened = opening.dispatch();
		assert_eq!(opened.is_ok(), fine, "{opened:?}");
		if let Ok(id) = opened {
			let expires = System::block_number() + blocks;
			let seats = (0..stages).map(|s| rosters[&(model, s)][usize::from(lane)].clone());
			let hired = seats.map(Option::unwrap).collect();
			let row = Expected { client, model, lane, hired, deposit, expires, settlement: None };
			self.channels.insert(id, row);
			self.note("open");
		}
	}

	fn top_up(&mut self) {
		let (id, amount) = (self.any_channel(), self.amount());
		let client = self.rng.gen_range(0..2);
		let now = System::block_number();
		let who = self.clients[client].0.clone();
		if top_up(&who, id, amount).is_ok() {
			let row = self.channels.get_mut(&id).expect("no such channel");
			assert!(row.client == client && row.settlement.is_none() && now < row.expires);
			assert!(amount > 0);
			row.deposit += amount;
			self.note("top_up");
		}
	}

	fn extend(&mut self) {
		let (id, blocks) = (self.any_channel(), self.rng.gen_range(0..60));
		let client = self.rng.gen_range(0..2);
		let who = self.clients[client].0.clone();
		if extend(&who, id, blocks).is_ok() {
			let row = self.channels.get_mut(&id).expect("no such channel");
			assert!(row.client == client && row.settlement.is_none() && blocks > 0);
			row.expires = row.expires.max(System::block_number()) + blocks;
			self.note("extend");
		}
	}

	/// A party, or somebody who is none, brings a voucher that the client or another client signed.
	fn settle(&mut self) {
		let (id, amount) = (self.any_channel(), self.amount());
		let row = self.channels.get(&id);
		let owner = row.map_or(0, |row| row.client);
		let signer = if self.rng.gen_ratio(1, 10) { 1 - owner } else { owner };
		let voucher = voucher_by(&self.clients[signer].1, id, amount);
		let (model, lane, stages) = LANES[self.rng.gen_range(0..3)];
		let who = match self.rng.gen_range(0..4) {
			0 => self.clients[owner].0.clone(),
			1 => worker(&provider(model, self.rng.gen_range(0..stages), lane)),
			2 => provider(model, self.rng.gen_range(0..stages), lane),
			_ => match row.and_then(|row| row.hired.choose(&mut self.rng)) {
				Some(hired) => hired.clone(),
				None => stranger(),
			},
		};
		let settled = settle(&who, voucher);
		let now = System::block_number();
		let by_client = who == self.clients[owner].0;
		let Some(row) = self.channels.get_mut(&id) else {
			return assert_eq!(settled, Err(Error::UnknownChannel.into()));
		};
		let best = amount.min(row.deposit);
		let in_time = row.settlement.is_none_or(|(old, closes)| now < closes && best > old);
		let provider = Workers::get().get(&who).cloned().unwrap_or(who);
		let is_hired = row.hired.contains(&provider);
		// Whatever became of its seat.
		if by_client || is_hired {
			assert_eq!(settled.is_ok(), signer == owner && in_time, "{settled:?}");
		}
		if settled.is_ok() {
			assert!(signer == owner && in_time);
			assert!(by_client || is_hired || (row.model, row.lane) == (model, lane));
			let closes = row.settlement.map_or(now + SettlementWindow::get(), |(_, at)| at);
			row.settlement = Some((best, closes));
			self.note("settle");
		}
	}

	fn close(&mut self) {
		let id = self.any_channel();
		let now = System::block_number();
		let fine = self.channels.get(&id).and_then(|row| row.settlement);
		let fine = fine.is_some_and(|(_, closes)| now >= closes);
		assert_eq!(close(&stranger(), id).is_ok(), fine);
		if fine {
			self.paid(id);
			self.note("close");
		}
	}

	fn force_close(&mut self) {
		let (id, client) = (self.any_channel(), self.rng.gen_range(0..2));
		let now = System::block_number();
		let fine = self.channels.get(&id).is_some_and(|row| {
			let since = match row.settlement {
				Some((_, closes)) => closes,
				None => row.expires + SettlementWindow::get(),
			};
			row.client == client && now >= since
		});
		let who = self.clients[client].0.clone();
		assert_eq!(force_close(&who, id).is_ok(), fine);
		if fine {
			self.paid(id);
			self.note("force_close");
		}
	}

	/// A channel is over: its client has paid the best voucher.
	fn paid(&mut self, id: ChannelId) {
		let row = self.channels.remove(&id).unwrap();
		let paid = row.settlement.map_or(0, |(best, _)| best);
		self.totals[row.client] -= paid;
		self.others += paid;
	}

	/// Seats fall vacant, come back, or go to accounts that do not exist.
	fn reseat(&mut self) {
		let (model, lane, stages) = LANES[self.rng.gen_range(0..3)];
		let stage = self.rng.gen_range(0..stages);
		let seat = match self.rng.gen_range(0..8) {
			0 => None,
			1 => Some(fresh(self.rng.gen())),
			_ => Some(provider(model, stage, lane)),
		};
		reseat(model, stage, lane, seat);
	}

	/// Holders spend what they got, so that clients never run dry.
	fn refill(&mut self) {
		let client = self.rng.gen_range(0..2);
		let amount = free(&holders()) / 2;
		let who = &self.clients[client].0;
		Balances::transfer(&holders(), who, amount, Preservation::Preserve).unwrap();
		self.totals[client] += amount;
		self.others -= amount;
	}

	fn operate(&mut self) {
		match self.rng.gen_range(0..20) {
			0..=2 => self.open(),
			3..=4 => self.top_up(),
			5 => self.extend(),
			6..=9 => self.settle(),
			10..=13 => self.close(),
			14..=15 => self.force_close(),
			16 => self.reseat(),
			17 => self.refill(),
			_ => pass(self.rng.gen_range(1..12)),
		}
	}

	fn check(&self, issuance: Balance) {
		assert_eq!(Balances::total_issuance(), issuance, "money was made or lost");
		for (index, (who, _)) in self.clients.iter().enumerate() {
			let deposits = self.channels.values().filter(|row| row.client == index);
			assert_eq!(held(who), deposits.map(|row| row.deposit).sum::<Balance>());
			assert_eq!(Balances::total_balance(who), self.totals[index], "a client paid too much");
		}
		let owned = issuance - self.totals.iter().sum::<Balance>();
		assert_eq!(owned, self.others, "what clients paid did not arrive");
		assert_eq!(free(&Inference::pot()), ExistentialDeposit::get(), "the pot kept something");
	}
}

/// An account that has no money yet.
fn fresh(number: u64) -> AccountId {
	let mut bytes = [0xee; 32];
	bytes[..8].copy_from_slice(&number.to_le_bytes());
	bytes.into()
}

#[test]
fn after_100_000_random_operations_every_unit_is_where_it_should_be() {
	ExtBuilder::endowment(RICH).build_and_execute(|| {
		let mut world = World::new();
		let issuance = Balances::total_issuance();
		for round in 0..OPERATIONS {
			world.operate();
			world.check(issuance);
			System::reset_events();
			if round % 1_000 == 0 {
				Inference::do_try_state().unwrap();
			}
		}
		// A test that does nothing proves nothing.
		for what in ["open", "top_up", "extend", "settle", "close", "force_close"] {
			assert!(world.done[what] > 500, "{:?}", world.done);
		}
	});
}
