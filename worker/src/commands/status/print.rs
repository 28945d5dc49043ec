//! One screen of it.

use super::gather::{ChainShown, PlaceOfModel, Registration, Status};
use crate::{
	amount::Crn,
	commands::{short, time::at},
};

/// Final blocks further back than this are worth a word.
const LAG: u32 = 10;
/// Fees of a worker for some days, as a rule of thumb.
const LITTLE: Crn = Crn(100_000_000_000);

/// Prints it.
pub fn print(status: &Status) {
	let now = status.chain.r#final;
	print_chain(&status.chain);
	print_accounts(status);
	for place in &status.account.places {
		print_place(place, now);
	}
	for audit in &status.account.audits {
		println!("audit      {}, due by {}", audit.unit, at(audit.deadline, now));
	}
	for game in &status.account.disputes {
		let side = if game.defends { "defends" } else { "challenges" };
		let turn = if game.to_move { "your move" } else { "the other side's move" };
		println!("dispute    {side} {}: {turn}, by {}", game.unit, at(game.deadline, now));
	}
	for holding in &status.account.shares {
		println!(
			"shares     model {}: {} ({:.2} % of all), {} to claim",
			holding.model,
			holding.shares,
			holding.percent(),
			holding.claimable
		);
	}
	let claimable: u128 = status.account.shares.iter().map(|holding| holding.claimable.0).sum();
	if claimable > 0 {
		println!("claimable  {} in all: `cairn-worker claim MODEL`", Crn(claimable));
	}
}

fn print_chain(chain: &ChainShown) {
	let peers = if chain.peers == 1 { "peer" } else { "peers" };
	let syncing = if chain.is_syncing { ", still syncing" } else { "" };
	println!(
		"chain      {} at {} ({}, {} {peers}{syncing})",
		chain.name, chain.node, chain.version, chain.peers
	);
	let behind = chain.best.saturating_sub(chain.r#final);
	let stalled = if behind > LAG { ": finality lags behind" } else { "" };
	println!("blocks     newest {}, final {}{stalled}", chain.best, chain.r#final);
}

fn print_accounts(status: &Status) {
	match (&status.provider, &status.account.registration) {
		(None, _) => println!(
			"provider   none: name its key with --provider-key, or make one with `cairn-worker key new --provider`"
		),
		(Some(account), registration) => {
			let balance = status.account.balance.unwrap_or_default();
			println!("provider   {account}, {balance} to spend");
			match registration {
				Some(registration) => print_registration(registration),
				None => println!("           not registered: `cairn-worker provider register`"),
			}
		},
	}
	match &status.worker {
		None => println!("machine    no keys here: `cairn-worker key new`"),
		Some(worker) if status.provider.is_some() && worker.works_for != status.provider => {
			let for_whom = worker.works_for.as_ref();
			let for_whom = for_whom.map_or("nobody".into(), |provider| provider.to_string());
			println!("machine    its worker key {} works for {for_whom}", worker.account);
		},
		Some(_) => (),
	}
}

fn print_registration(registration: &Registration) {
	println!(
		"bond       {}: {} committed, {} free",
		registration.bond, registration.committed, registration.free
	);
	let low = if registration.worker_balance < LITTLE { ": send it some CRN for fees" } else { "" };
	println!("worker     {}, {} for fees{low}", registration.worker, registration.worker_balance);
	println!(
		"conduct    {} units final, {} FLOPs, {} faults, {} absences",
		registration.units,
		short(registration.points as f64),
		registration.faults,
		registration.absences
	);
}

fn print_place(place: &PlaceOfModel, now: u32) {
	let label = format!("model {}", place.model);
	match (&place.place, place.unlock) {
		(Some(shown), _) => println!("{label:<10} {}; {} of bond", shown.words(), place.bond),
		(None, Some(unlock)) => {
			println!("{label:<10} left; {} of bond locked until {}", place.bond, at(unlock, now));
		},
		(None, None) => println!("{label:<10} left; {} of bond", place.bond),
	}
	if place.place.is_none() {
		return;
	}
	let attested = match place.attested {
		Some(true) => ", attested",
		Some(false) => ", not attested yet",
		None => "",
	};
	let clock = place.clock.as_deref().unwrap_or("its clock stands");
	println!("           {}: {clock}{attested}", place.status);
	for neighbour in &place.neighbours {
		println!(
			"           {:<10} {} at {}",
			neighbour.role,
			neighbour.provider,
			neighbour.addresses.join(", ")
		);
	}
	if place.queued > 0 {
		println!(
			"           escrow     {} FLOPs in {} units that are not final",
			short(place.escrow as f64),
			place.queued
		);
	}
}
