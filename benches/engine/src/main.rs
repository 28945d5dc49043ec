//! Times one thing and prints it as a line of JSON; `benches/engine.py` runs it in turn with the peers.

mod decode;
mod kernels;
mod product;
mod train;

use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(about)]
struct Cli {
	#[command(subcommand)]
	command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
	/// Training steps of a whole model: tokens per second, and where the time of a step goes.
	Train(train::TrainCommand),
	/// Generation by an imported model: tokens per second, and which tokens.
	Decode(decode::DecodeCommand),
	/// Kernels that are bound by memory, against the machine's memory.
	Kernels(kernels::KernelsCommand),
	/// The canonical product of matrices against the library's plain one, in turn.
	Product(product::ProductCommand),
}

fn main() {
	let line = match Cli::parse().command {
		Command::Train(command) => command.run(),
		Command::Decode(command) => command.run(),
		Command::Kernels(command) => command.run(),
		Command::Product(command) => command.run(),
	};
	println!("{line}");
}

/// The middle one of some times.
fn median(mut times: Vec<f64>) -> f64 {
	times.sort_by(f64::total_cmp);
	times[times.len() / 2]
}
