//! What a liar and its accomplices gain over honest work, and what everyone else loses.

use std::collections::BTreeMap;

use cairn_primitives::{Balance, Points};

use crate::runtime::PRICE;

/// FLOPs that [`PRICE`] is for.
const PRICED: i128 = 1_000_000_000_000_000;
/// What a FLOP of finished work earns, in thousandths of what it costs: the security argument's reward.
const REWARD: i128 = 1_300;
/// What it costs.
const COST: i128 = 1_000;

/// The books of one life, or of several.
#[derive(Clone, Debug, Default)]
pub struct Books {
	/// FLOPs of the liars that minted shares.
	pub earned: Points,
	/// FLOPs that the liars computed.
	pub spent: Points,
	/// FLOPs of the units and audits that fell to them.
	pub asked: Points,
	/// FLOPs that would have minted shares, had they done all of it.
	pub owed: Points,
	/// Money that they won or lost.
	pub money: i128,
	/// How lies came to nothing.
	pub caught: BTreeMap<&'static str, u32>,
	/// Windows in which they could lie.
	pub windows: u32,
	/// Lives that these took: whoever is expelled begins anew under another name.
	pub lives: u32,
	/// Fines of others.
	pub fined_honest: u32,
	/// Units and audits of others.
	pub done_honest: u32,
	/// Those of them that minted shares.
	pub paid_honest: u32,
}

impl Books {
	/// Note how a lie came to nothing.
	pub fn catch(&mut self, how: &'static str) {
		*self.caught.entry(how).or_default() += 1;
	}

	/// Income, fines and saved work, less what honest work would have brought in the same places; in units of `unit` FLOPs.
	///
	/// Windows after an expulsion count for neither side: that a liar forgoes them is left out in its favour.
	pub fn gain(&self, unit: Points) -> f64 {
		let lied = REWARD * self.earned as i128 - COST * self.spent as i128;
		let honest = REWARD * self.owed as i128 - COST * self.asked as i128;
		let money = self.money * (PRICED * COST / PRICE as i128);
		(lied - honest + money) as f64 / (COST * unit as i128) as f64
	}

	/// Take in the books of another life.
	pub fn add(&mut self, other: &Self) {
		self.earned += other.earned;
		self.spent += other.spent;
		self.asked += other.asked;
		self.owed += other.owed;
		self.money += other.money;
		self.windows += other.windows;
		self.lives += other.lives;
		self.fined_honest += other.fined_honest;
		self.done_honest += other.done_honest;
		self.paid_honest += other.paid_honest;
		for (how, times) in &other.caught {
			*self.caught.entry(how).or_default() += times;
		}
	}

	/// The difference of two sums of money.
	pub fn difference(before: Balance, after: Balance) -> i128 {
		after as i128 - before as i128
	}
}
