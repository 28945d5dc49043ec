#![doc = include_str!("../README.md")]
// What runs here is no runtime: a surprise should end it.
#![allow(clippy::expect_used)]

mod beacon;
mod books;
mod judging;
mod life;
mod network;
mod options;
mod people;
mod plot;
mod report;
mod runtime;
mod season;
mod strategy;
#[cfg(test)]
mod tests;
mod trace;
mod working;

use std::{fs, io, time::Instant};

use clap::Parser;

use crate::{
	options::Options,
	season::Case,
	strategy::{Standing, Strategy},
};

fn main() -> io::Result<()> {
	let options = Options::parse();
	let began = Instant::now();
	let unit = life::unit_points();
	println!("==> {} windows, {} courses of randomness each", options.windows, options.seeds);
	let cases = cases(&options.only);
	let outcomes = season::seasons(&cases, options.windows, options.seeds, unit, report::line);
	println!("  took {:.1} min", began.elapsed().as_secs_f64() / 60.0);
	if let Some(folder) = &options.plots {
		fs::create_dir_all(folder)?;
		fs::write(folder.join("strategies.svg"), plot::svg(&outcomes))?;
	}
	report::results(&outcomes);
	Ok(())
}

/// All strategies of newcomers, and those that depend on the lots of audits of others, too.
fn cases(only: &[String]) -> Vec<Case> {
	use Standing::*;
	let is_asked =
		|strategy: &Strategy| only.is_empty() || only.iter().any(|name| name == strategy.name());
	let standings = |strategy: Strategy| -> &[Standing] {
		if strategy == Strategy::RandomGradients {
			&[Novice, Regular, Veteran, Returned]
		} else if strategy.depends_on_lots() {
			&[Novice, Regular, Veteran]
		} else {
			&[Novice]
		}
	};
	let asked = Strategy::ALL.into_iter().filter(is_asked);
	asked
		.flat_map(|strategy| standings(strategy).iter().map(move |standing| (strategy, *standing)))
		.collect()
}
