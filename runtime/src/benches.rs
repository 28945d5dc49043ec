//! The benchmarks that produce this runtime's weights.

mod helper;
mod leaf;
mod merge;

use crate::Runtime;

pub use helper::Helper;

impl frame_system_benchmarking::Config for Runtime {}
impl pallet_transaction_payment::BenchmarkConfig for Runtime {}

frame_benchmarking::define_benchmarks!(
	[frame_system, SystemBench::<Runtime>]
	[frame_system_extensions, SystemExtensionsBench::<Runtime>]
	[pallet_timestamp, Timestamp]
	[pallet_parameters, Parameters]
	[pallet_utility, Utility]
	[pallet_multisig, Multisig]
	[pallet_proxy, Proxy]
	[pallet_preimage, Preimage]
	[pallet_scheduler, Scheduler]
	[pallet_migrations, MultiBlockMigrations]
	[pallet_balances, Balances]
	[pallet_transaction_payment, TransactionPayment]
	[pallet_treasury, Treasury]
	[pallet_collective, Council]
	[pallet_safe_mode, SafeMode]
	[pallet_sudo, Sudo]
	[pallet_whitelist, Whitelist]
	[pallet_validators, Validators]
	[pallet_models, Models]
	[pallet_workers, Workers]
	[pallet_shards, Shards]
	[pallet_contributions, Contributions]
	[pallet_disputes, Disputes]
	[pallet_revenue, Revenue]
	[pallet_inference, Inference]
);
