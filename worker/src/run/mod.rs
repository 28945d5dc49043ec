//! The daemon: works at the places that its provider has in models, block after block.
//!
//! | file | what it does |
//! | --- | --- |
//! | `daemon`, `clock` | follows the chain, takes places, gives them up; looks whether this machine's clock is right |
//! | `seat` | a place: holds its shard from window to window |
//! | `window` | the work of a seat in a window, up to the attestation |
//! | `lane`, `edge` | what crosses between neighbours while a unit is computed, and what is kept of it |
//! | `engine` | the stage at work, on threads of its own |
//! | `origin`, `shard`, `colleagues` | where a shard comes from, how it is stored, who else has it |
//! | `desk`, `kept`, `question`, `door` | what is here and others may ask for, what of it is known after a restart, how they ask, who may come in |
//! | `dataset`, `seed` | gives a dataset to those who learn it, and fetches it |
//! | `audit`, `inputs` | re-executes the units of others |
//! | `dispute` | plays games about units, on either side |
//! | `chores`, `settle` | what anybody may do for a model: moves its clock, draws lots, finalises what is due |
//! | `inspect`, `merges`, `forks`, `exposure` | holds what others attested against what can be known, and proves what is wrong |
//! | `verify` | the command that re-executes a unit and says what differs |
//! | `monitor` | where all of them note what happens |
//! | `views` | what shows that: metrics, the status API, a screen |
//! | `units` | what was signed, so that nothing else ever is |
//! | `retention` | how long something may be asked for |
//! | `conduct` | where a worker could do something else than it should |

mod audit;
mod chores;
mod clock;
mod colleagues;
pub mod conduct;
mod daemon;
mod dataset;
mod desk;
mod dispute;
mod door;
pub mod edge;
pub mod engine;
mod exposure;
mod forks;
pub mod inputs;
mod inspect;
mod kept;
pub mod lane;
mod log;
mod merges;
pub mod monitor;
mod origin;
mod peers;
mod question;
mod retention;
mod seat;
mod seed;
mod settle;
pub mod shard;
mod units;
mod verify;
mod views;
mod window;
mod worker;

pub use seed::SeedCommand;
pub use verify::VerifyCommand;

use std::{
	fs, io,
	net::{IpAddr, Ipv4Addr, SocketAddr},
	path::PathBuf,
	sync::Arc,
};

use cairn_engine::Recompute;
use cairn_transport::Link;
use clap::Args;
use serde::Deserialize;

use self::{conduct::Conduct, dataset::Seeder, views::Views};
use crate::{
	commands::CommandResult,
	settings::{ChainArguments, Settings},
};

/// Where the log goes while the terminal shows a screen.
const LOG: &str = "worker.log";
/// Where other workers reach this one, if nobody says otherwise.
const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 4001);

/// Work at the places that the provider has in models.
///
/// Register and enlist first (`provider register`, `provider enlist`). Ctrl-C ends it after the running window; twice, at once.
/// The table `[run]` of the configuration file has these options by the same names.
#[derive(Args, Debug)]
#[command(after_help = "Two seats on one machine, each with its own data:
  cairn-worker run --data one --listen 0.0.0.0:4001 --dataset whale
  cairn-worker run --data two --listen 0.0.0.0:4002 --dataset whale

With a screen, with metrics for Prometheus, and with a log that programs read:
  cairn-worker run --tui
  cairn-worker run --metrics 127.0.0.1:9616 --rpc 127.0.0.1:9955 --log-format json

RUST_LOG=cairn_worker=debug tells more.")]
pub struct RunCommand {
	#[command(flatten)]
	chain: ChainArguments,
	#[command(flatten)]
	options: RunArguments,
}

/// How the daemon is to run, as far as somebody says.
#[derive(Args, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct RunArguments {
	/// Where other workers reach this one; what `provider register --address` names must lead here [default: 0.0.0.0:4001]
	#[arg(long, value_name = "IP:PORT")]
	listen: Option<SocketAddr>,
	/// Folder of a dataset; may be given several times. The first and the last stage of a model read its dataset
	#[arg(long, value_name = "FOLDER")]
	dataset: Vec<PathBuf>,
	/// Whom to fetch datasets from that no folder has, beside others at the model: ID@IP:PORT as `dataset seed` prints it; may be given several
	/// times
	#[arg(long, value_name = "ID@IP:PORT")]
	seeder: Vec<Seeder>,
	/// Threads that compute [default: one for each core]
	#[arg(long, value_name = "NUMBER")]
	threads: Option<usize>,
	/// Compute activations of layers again on the way back: less memory, a third more work. Without it that is done where memory is short
	#[arg(long)]
	recompute: bool,
	/// Simulate a home link, such as 200mbit,25ms,0.1% (bandwidth, one-way latency, loss)
	#[arg(long, value_name = "LINK")]
	link: Option<String>,
	/// Serve metrics for Prometheus at http://IP:PORT/metrics, such as 127.0.0.1:9616
	#[arg(long, value_name = "IP:PORT")]
	metrics: Option<SocketAddr>,
	/// Serve the status API (JSON-RPC over HTTP and WebSockets) at IP:PORT, such as 127.0.0.1:9955
	#[arg(long, value_name = "IP:PORT")]
	rpc: Option<SocketAddr>,
	/// Show a screen that lives; the log goes to worker.log in the data directory meanwhile
	#[arg(long)]
	tui: bool,
	/// Who reads the log [default: text]
	#[arg(long, value_enum, value_name = "FORMAT")]
	log_format: Option<log::Format>,
}

impl RunCommand {
	/// Run until told to end.
	pub fn run(self, conduct: Arc<dyn Conduct>) -> CommandResult {
		let settings = Settings::read(&self.chain)?;
		let file: RunArguments = settings.table("run")?;
		let said = self.options;
		let link = said.link.or(file.link).map(|link| link.parse::<Link>()).transpose()?;
		let options = daemon::Options {
			listen: said.listen.or(file.listen).unwrap_or(LISTEN),
			datasets: if said.dataset.is_empty() { file.dataset } else { said.dataset },
			seeders: if said.seeder.is_empty() { file.seeder } else { said.seeder },
			threads: said.threads.or(file.threads).unwrap_or(0),
			recompute: match said.recompute || file.recompute {
				true => Recompute::Full,
				false => Recompute::Selective,
			},
			link,
			views: Views {
				metrics: said.metrics.or(file.metrics),
				rpc: said.rpc.or(file.rpc),
				tui: said.tui || file.tui,
			},
		};
		let format = said.log_format.or(file.log_format).unwrap_or_default();
		start_log(format, options.views.tui.then_some(&settings.data))?;
		let runtime = tokio::runtime::Builder::new_multi_thread()
			.worker_threads(2)
			.thread_name("network")
			.enable_all()
			.build()?;
		let ended = runtime.block_on(daemon::run(settings, options, conduct));
		// What computes is not waited for.
		runtime.shutdown_background();
		Ok(ended?)
	}
}

/// Begin to log; into a folder if one is named.
fn start_log(format: log::Format, folder: Option<&PathBuf>) -> io::Result<()> {
	let Some(folder) = folder else { return log::start(format, None) };
	fs::create_dir_all(folder)?;
	let file = folder.join(LOG);
	eprintln!("The log goes to {}.", file.display());
	log::start(format, Some(&file))
}

#[cfg(test)]
mod tests {
	use std::path::Path;

	use super::*;

	/// A file for deployment, as the program reads it.
	fn read(name: &str) -> (Settings, RunArguments, String) {
		let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy").join(name);
		let text = fs::read_to_string(&path).unwrap();
		let arguments = ChainArguments { config: Some(path), ..ChainArguments::default() };
		let settings = Settings::read(&arguments).unwrap();
		let table = settings.table("run").unwrap();
		(settings, table, text)
	}

	#[test]
	fn the_example_settings_are_understood_and_have_every_option() {
		let (settings, table, text) = read("worker.toml");
		assert_eq!(settings.data, Path::new("/var/lib/cairn"));
		assert_eq!(table.metrics, Some("127.0.0.1:9616".parse().unwrap()));
		assert_eq!(table.log_format, Some(log::Format::Text));
		// What is for the command line alone.
		let elsewhere = ["config", "link", "tui"];
		let command = RunCommand::augment_args(clap::Command::new("run"));
		let options = command.get_arguments().filter_map(clap::Arg::get_long);
		for option in options.filter(|option| !elsewhere.contains(option)) {
			assert!(text.contains(&format!("{option} = ")), "worker.toml has no {option}");
		}
	}

	#[test]
	fn the_settings_of_the_container_are_understood() {
		let (_, table, _) = read("container.toml");
		assert_eq!(table.dataset, [Path::new("/datasets/whale")]);
	}
}
