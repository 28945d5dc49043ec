//! Runs what the command line asks for.

use std::{fs, path::Path};

use cairn_chain_spec::{self as chain_spec, Genesis};
use cairn_runtime::Block;
use clap::Parser;
use sc_cli::{Error, SubstrateCli};
use sc_network::{config::NetworkBackendType, Litep2pNetworkBackend, NetworkWorker};
use sc_service::{ChainSpec, PartialComponents};
use sp_runtime::traits::Block as BlockT;

use crate::{
	cli::{Cli, NewNetworkCmd, Subcommand},
	service,
};

impl SubstrateCli for Cli {
	fn impl_name() -> String {
		"Cairn Node".into()
	}

	fn impl_version() -> String {
		env!("SUBSTRATE_CLI_IMPL_VERSION").into()
	}

	fn description() -> String {
		env!("CARGO_PKG_DESCRIPTION").into()
	}

	fn author() -> String {
		"The Cairn authors".into()
	}

	fn support_url() -> String {
		"the project's issue tracker".into()
	}

	fn copyright_start_year() -> i32 {
		2026
	}

	fn load_spec(&self, id: &str) -> Result<Box<dyn ChainSpec>, String> {
		// Whoever exports a specification wants to read it; everything else wants to start.
		let genesis = match self.subcommand {
			Some(Subcommand::ExportChainSpec(_)) => Genesis::Named,
			_ => Genesis::Built,
		};
		Ok(Box::new(match id {
			"dev" | "development" => chain_spec::development(genesis)?,
			"" | "local" => chain_spec::local(genesis)?,
			path => chain_spec::from_file(Path::new(path))?,
		}))
	}
}

/// Parses the command line and runs it.
pub fn run() -> sc_cli::Result<()> {
	let cli = Cli::parse();
	match &cli.subcommand {
		None => cli.create_runner(&cli.run)?.run_node_until_exit(|config| async move {
			match config.network.network_backend {
				NetworkBackendType::Litep2p => service::new_full::<Litep2pNetworkBackend>(config),
				NetworkBackendType::Libp2p => {
					service::new_full::<NetworkWorker<Block, <Block as BlockT>::Hash>>(config)
				},
			}
			.map_err(Error::Service)
		}),
		Some(Subcommand::Key(cmd)) => cmd.run(&cli),
		Some(Subcommand::ExportChainSpec(cmd)) => cmd.run(cli.load_spec(&cmd.chain)?),
		Some(Subcommand::NewNetwork(cmd)) => new_network(cmd),
		Some(Subcommand::CheckBlock(cmd)) => cli.create_runner(cmd)?.async_run(|config| {
			let PartialComponents { client, task_manager, import_queue, .. } =
				service::new_partial(&config)?;
			Ok((cmd.run(client, import_queue), task_manager))
		}),
		Some(Subcommand::ExportBlocks(cmd)) => cli.create_runner(cmd)?.async_run(|config| {
			let PartialComponents { client, task_manager, .. } = service::new_partial(&config)?;
			Ok((cmd.run(client, config.database), task_manager))
		}),
		Some(Subcommand::ExportState(cmd)) => cli.create_runner(cmd)?.async_run(|config| {
			let PartialComponents { client, task_manager, .. } = service::new_partial(&config)?;
			Ok((cmd.run(client, config.chain_spec), task_manager))
		}),
		Some(Subcommand::ImportBlocks(cmd)) => cli.create_runner(cmd)?.async_run(|config| {
			let PartialComponents { client, task_manager, import_queue, .. } =
				service::new_partial(&config)?;
			Ok((cmd.run(client, import_queue), task_manager))
		}),
		Some(Subcommand::PurgeChain(cmd)) => {
			cli.create_runner(cmd)?.sync_run(|config| cmd.run(config.database))
		},
		Some(Subcommand::Revert(cmd)) => cli.create_runner(cmd)?.async_run(|config| {
			let PartialComponents { client, task_manager, backend, .. } =
				service::new_partial(&config)?;
			let revert_consensus = Box::new(service::revert_consensus);
			Ok((cmd.run(client, backend, Some(revert_consensus)), task_manager))
		}),
		Some(Subcommand::ChainInfo(cmd)) => {
			cli.create_runner(cmd)?.sync_run(|config| cmd.run::<Block>(&config))
		},
	}
}

/// Writes the chain specification of a new public network.
fn new_network(cmd: &NewNetworkCmd) -> sc_cli::Result<()> {
	let template = fs::read(&cmd.template)
		.map_err(|error| format!("cannot read {}: {error}", cmd.template.display()))?;
	let json = chain_spec::from_template(&template)?.as_json(cmd.raw)?;
	match &cmd.output {
		Some(path) => fs::write(path, json)
			.map_err(|error| format!("cannot write {}: {error}", path.display()).into()),
		None => {
			println!("{json}");
			Ok(())
		},
	}
}
