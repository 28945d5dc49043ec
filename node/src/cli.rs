//! The command line.

use std::path::PathBuf;

use sc_cli::RunCmd;

/// Arguments of the node.
#[derive(Debug, clap::Parser)]
#[command(
	about = "Runs a Cairn validator or full node",
	long_about = "Runs a Cairn validator or full node.\n\n\
		Without a subcommand it joins the network given by --chain and serves JSON-RPC on port 9944. \
		With --validator it also makes and finalises blocks, with session keys from its keystore.",
	after_help = "Run with --help for examples.",
	after_long_help = EXAMPLES,
	args_conflicts_with_subcommands = true,
	subcommand_negates_reqs = true
)]
pub struct Cli {
	/// What to do instead of running a node.
	#[command(subcommand)]
	pub subcommand: Option<Subcommand>,

	/// Arguments of a running node.
	#[command(flatten)]
	pub run: RunCmd,
}

const EXAMPLES: &str = "\
EXAMPLES

  A chain of your own, for development. Blocks every 3 seconds, finality after a few more, the
  accounts //Alice, //Bob, ... are rich and //Alice is root. Nothing is kept afterwards:

      cairn-node --dev

  The same, but kept in a directory:

      cairn-node --dev --base-path ./chain

  A local network of four validators. Each needs a network key, whose peer id the first command
  prints (repeat both with --bob, --charlie, --dave, other directories and other ports):

      cairn-node key generate-node-key --chain local --base-path /tmp/cairn/alice
      cairn-node --chain local --alice --base-path /tmp/cairn/alice --port 30333 --rpc-port 9944

      cairn-node key generate-node-key --chain local --base-path /tmp/cairn/bob
      cairn-node --chain local --bob --base-path /tmp/cairn/bob --port 30334 --rpc-port 9945 \\
          --no-prometheus --bootnodes /ip4/127.0.0.1/tcp/30333/p2p/PEER_ID_OF_ALICE

  A full node of a public network, which starts from the newest finalised state:

      cairn-node --chain cairn.json --sync warp

  A validator of a public network, which keeps its network key:

      cairn-node key generate-node-key --chain cairn.json --base-path /data
      cairn-node --chain cairn.json --base-path /data --validator --name my-validator
      # then, on the same machine, make session keys for the account that holds the bond:
      curl -H 'Content-Type: application/json' http://localhost:9944 -d '{\"jsonrpc\":\"2.0\",\
\"id\":1,\"method\":\"author_rotateKeysWithOwner\",\"params\":[\"0xPUBLIC_KEY_OF_ACCOUNT\"]}'
      # and send session.setKeys(keys, proof) with what it answers.

  What is in a directory, and starting over:

      cairn-node chain-info --chain local --base-path /tmp/cairn/alice
      cairn-node purge-chain --chain local --base-path /tmp/cairn/alice";

/// What the node's binary can do besides running a node.
#[derive(Debug, clap::Subcommand)]
pub enum Subcommand {
	/// Make, inspect and store keys.
	#[command(subcommand)]
	Key(sc_cli::KeySubcommand),

	/// Print or write a chain specification: `--chain dev`, `local`, or a network's JSON file.
	ExportChainSpec(sc_cli::ExportChainSpecCmd),

	/// Turn the description of a new public network into its chain specification.
	NewNetwork(NewNetworkCmd),

	/// Check that a block in the database is valid.
	CheckBlock(sc_cli::CheckBlockCmd),

	/// Write blocks to a file.
	ExportBlocks(sc_cli::ExportBlocksCmd),

	/// Write the state at a block as a chain specification.
	ExportState(sc_cli::ExportStateCmd),

	/// Read blocks from a file.
	ImportBlocks(sc_cli::ImportBlocksCmd),

	/// Delete the database of a chain.
	PurgeChain(sc_cli::PurgeChainCmd),

	/// Go back by a number of blocks, not below finality.
	Revert(sc_cli::RevertCmd),

	/// Print what the database holds.
	ChainInfo(sc_cli::ChainInfoCmd),
}

/// Arguments of `new-network`.
#[derive(Debug, clap::Args)]
#[command(
	after_help = "Fill in chain-spec/public/template.json first; chain-spec/README.md says how."
)]
pub struct NewNetworkCmd {
	/// Description of the network, a filled-in template.json.
	#[arg(value_name = "TEMPLATE")]
	pub template: PathBuf,

	/// Where to write the chain specification; standard output if absent.
	#[arg(long, short, value_name = "FILE")]
	pub output: Option<PathBuf>,

	/// Write the genesis state itself instead of its description. What is published must be raw.
	#[arg(long)]
	pub raw: bool,
}
