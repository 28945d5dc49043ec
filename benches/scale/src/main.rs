#![doc = include_str!("../README.md")]
// What runs here is no runtime: a surprise should end it.
#![allow(clippy::expect_used)]

mod attesting;
mod chain;
mod claims;
mod genesis;
mod keys;
mod measure;
mod network;
mod nodes;
mod options;
mod plot;
mod pool;
mod populate;
mod report;
mod simulation;
mod state;
mod transaction;

use std::{fs, path::Path, sync::Arc, time::Instant};

use clap::Parser;

use crate::{
	attesting::Common, chain::Chain, keys::Keys, network::Network, options::Options, report::Size,
	simulation::Simulation,
};

fn main() {
	let options = Options::parse();
	if let Err(error) = run(&options) {
		eprintln!("scale: {error}");
		std::process::exit(1);
	}
}

fn run(options: &Options) -> Result<(), String> {
	let mut sizes = Vec::new();
	for asked in &options.seats {
		let size = simulate(options, *asked)?;
		report::print(&size);
		sizes.push(size);
	}
	report::results(&sizes);
	Ok(())
}

/// Simulate one size.
fn simulate(options: &Options, asked: u32) -> Result<Size, String> {
	let models = options.models(asked);
	let seats = models * options.seats_of_model();
	let (length, burst) = (options.window_blocks(asked), options.burst_blocks(asked));
	println!(
		"==> {asked} seats: {models} models of {} stages and {} lanes, {seats} seats; windows of {length} blocks,",
		options.stages, options.lanes,
	);
	println!(
		"    attestations over {burst} blocks until {} before the deadline, {} signatures \"held\" under each",
		options.margin,
		options.held(),
	);
	let began = Instant::now();
	let keys = Arc::new(Keys::new(seats));
	let chain = Chain::new(genesis::build(&keys))?;
	let common = Common {
		keys,
		spec: Arc::new(populate::spec(options, asked)),
		genesis: chain.genesis(),
		held: options.held(),
	};
	let mut network = Network::new(chain, common);
	populate::populate(&mut network, models);
	println!(
		"  populated by transactions in {} blocks, {:.1} min",
		network.chain.number(),
		began.elapsed().as_secs_f64() / 60.0,
	);
	let outcome = Simulation::new(&mut network, options, burst).run(began);
	println!("  took {:.1} min", began.elapsed().as_secs_f64() / 60.0);
	let title = format!("Weight of blocks in a network of {seats} seats, share of the limit of ordinary transactions");
	write(
		options.plots.as_deref(),
		&format!("scale_{asked}.svg"),
		&plot::svg(&outcome.log, &title),
	)?;
	write(options.tables.as_deref(), &format!("scale_{asked}.csv"), &plot::csv(&outcome.log))?;
	Ok(Size { asked, seats, windows: options.windows, outcome })
}

/// Write a file, if there is a folder for it.
fn write(folder: Option<&Path>, name: &str, content: &str) -> Result<(), String> {
	let Some(folder) = folder else { return Ok(()) };
	fs::create_dir_all(folder)
		.and_then(|()| fs::write(folder.join(name), content))
		.map_err(|error| format!("{name} cannot be written to {}: {error}", folder.display()))
}
