//! The daemon: works at the places that its provider has in models, block after block.
//!
//! | file | what it does |
//! | --- | --- |
//! | `daemon` | follows the chain, takes places, gives them up |
//! | `seat` | a place: holds its shard from window to window |
//! | `window` | the work of a seat in a window, up to the attestation |
//! | `lane`, `edge` | what crosses between neighbours while a unit is computed, and what is kept of it |
//! | `engine` | the stage at work, on threads of its own |
//! | `origin`, `shard`, `colleagues` | where a shard comes from, how it is stored, who else has it |
//! | `desk`, `question`, `door` | what others may ask for, how they ask, who may come in |
//! | `audit`, `inputs` | re-executes the units of others |
//! | `dispute` | plays games about units, on either side |
//! | `chores` | what anybody may do for a model: moves its clock, draws lots |
//! | `units` | what was signed, so that nothing else ever is |

mod audit;
mod chores;
mod colleagues;
mod daemon;
mod desk;
mod dispute;
mod door;
mod edge;
mod engine;
mod inputs;
mod lane;
mod log;
mod origin;
mod peers;
mod question;
mod seat;
mod shard;
mod units;
mod window;
mod worker;

use std::{
	net::{IpAddr, Ipv4Addr, SocketAddr},
	path::PathBuf,
};

use cairn_engine::Recompute;
use cairn_transport::Link;
use clap::Args;
use serde::Deserialize;

use crate::{
	commands::CommandResult,
	settings::{ChainArguments, Settings},
};

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

RUST_LOG=cairn_worker=debug tells more.")]
pub struct RunCommand {
	#[command(flatten)]
	chain: ChainArguments,
	#[command(flatten)]
	options: RunArguments,
}

/// How the daemon is to run, as far as somebody says.
#[derive(Args, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RunArguments {
	/// Where other workers reach this one; what `provider register --address` names must lead here [default: 0.0.0.0:4001]
	#[arg(long, value_name = "IP:PORT")]
	listen: Option<SocketAddr>,
	/// Folder of a dataset; may be given several times. The first and the last stage of a model read its dataset
	#[arg(long, value_name = "FOLDER")]
	dataset: Vec<PathBuf>,
	/// Threads that compute [default: one for each core]
	#[arg(long, value_name = "NUMBER")]
	threads: Option<usize>,
	/// Compute activations of layers again on the way back: less memory, a third more work
	#[arg(long)]
	recompute: bool,
	/// Simulate a home link, such as 200mbit,25ms,0.1% (bandwidth, one-way latency, loss)
	#[arg(long, value_name = "LINK")]
	link: Option<String>,
}

impl RunCommand {
	/// Run until told to end.
	pub fn run(self) -> CommandResult {
		let settings = Settings::read(&self.chain)?;
		let file: RunArguments = settings.table("run")?;
		let said = self.options;
		let link = said.link.or(file.link).map(|link| link.parse::<Link>()).transpose()?;
		let options = daemon::Options {
			listen: said.listen.or(file.listen).unwrap_or(LISTEN),
			datasets: if said.dataset.is_empty() { file.dataset } else { said.dataset },
			threads: said.threads.or(file.threads).unwrap_or(0),
			recompute: match said.recompute || file.recompute {
				true => Recompute::Full,
				false => Recompute::Selective,
			},
			link,
		};
		log::start();
		let runtime = tokio::runtime::Builder::new_multi_thread()
			.worker_threads(2)
			.thread_name("network")
			.enable_all()
			.build()?;
		Ok(runtime.block_on(daemon::run(settings, options))?)
	}
}
