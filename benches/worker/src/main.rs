//! Workers without a chain: a lane of processes against the engine alone, over simulated links, the transport by itself, an
//! audit.

mod alone;
mod audit;
mod channels;
mod cpu;
mod edges;
mod lanes;
mod links;
mod model;
mod pipeline;
mod plain;
mod prices;
mod processes;
mod seat;
mod talk;
mod timed;
mod transport;

use clap::{Parser, Subcommand, ValueEnum};

/// Why there is no measurement.
type Failed = Box<dyn std::error::Error + Send + Sync>;

/// The line of a home: 50 ms there and back between two of them.
const LINK: &str = "200mbit,25ms";
/// Its bits per second.
const LINK_BITS: f64 = 200e6;

/// Times workers: their lane against the engine alone, simulated links, the transport, an audit.
#[derive(Debug, Parser)]
#[command(name = "worker")]
struct Options {
	#[command(subcommand)]
	part: Option<Command>,
	/// What is measured; all if not said.
	#[arg(long, value_enum, num_args = 1..)]
	only: Vec<Measurement>,
	/// How often each is measured, in turn; medians count.
	#[arg(long, default_value_t = 3)]
	rounds: usize,
	/// Steps of a lane that are counted.
	#[arg(long, default_value_t = 4)]
	steps: u32,
	/// Steps before them.
	#[arg(long, default_value_t = 2)]
	warmup: usize,
	/// Width of the model whose lane is compared with the engine alone.
	#[arg(long, default_value_t = 512)]
	width: u32,
	/// Layers of each of its stages.
	#[arg(long, default_value_t = 2)]
	layers: u16,
	/// Microbatches of its steps.
	#[arg(long, default_value_t = 16)]
	microbatches: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Measurement {
	/// A lane of processes against the engine alone, and an audit of one of its units.
	Lane,
	/// A lane over simulated links, and the model of its pipeline.
	Links,
	/// The transport by itself.
	Transport,
}

#[derive(Clone, Copy, Debug, Subcommand)]
enum Command {
	/// Be a part of a measurement, told on standard input which.
	#[command(subcommand, hide = true)]
	Part(Part),
}

#[derive(Clone, Copy, Debug, Subcommand)]
enum Part {
	/// A seat of a lane.
	Seat,
	/// All stages of a lane, without a network.
	Alone,
	/// Stages, each by itself.
	Stages,
	/// An auditor.
	Audit,
}

fn main() {
	let options = Options::parse();
	let done = match options.part {
		Some(Command::Part(Part::Seat)) => seat::part(),
		Some(Command::Part(Part::Alone)) => alone::lane(),
		Some(Command::Part(Part::Stages)) => alone::stages(),
		Some(Command::Part(Part::Audit)) => audit::part(),
		None => run(&options),
	};
	if let Err(error) = done {
		eprintln!("worker: {error}");
		std::process::exit(1);
	}
}

fn run(options: &Options) -> Result<(), Failed> {
	let is_wanted = |measurement| options.only.is_empty() || options.only.contains(&measurement);
	let folder = tempfile::tempdir()?;
	let dataset = model::dataset(folder.path())?;
	if is_wanted(Measurement::Transport) {
		transport::run(options.rounds)?;
	}
	if is_wanted(Measurement::Lane) {
		processes::run(options, &dataset, folder.path())?;
	}
	if is_wanted(Measurement::Links) {
		links::run(options, &dataset, folder.path())?;
	}
	Ok(())
}

/// The middle one of some numbers.
fn median(mut numbers: Vec<f64>) -> f64 {
	numbers.sort_by(f64::total_cmp);
	numbers[numbers.len() / 2]
}
