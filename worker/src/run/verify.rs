//! `verify`: re-executes a unit as an auditor does, and says what differs.

mod found;

use std::{
	net::{Ipv4Addr, SocketAddr},
	path::PathBuf,
	str::FromStr,
	sync::{Arc, Mutex},
	time::Instant,
};

use cairn_chain::{
	views::{GamePhase, State},
	Submitter,
};
use cairn_engine::{Compute, Recompute};
use cairn_primitives::{attestation::checkpoints_root, Hash, ModelSpec, UnitId};
use cairn_transport::{BlobStore, Endpoint, SecretKey};
use clap::Args;
use tokio::task::spawn_blocking;

use super::{
	audit::Auditor,
	colleagues::Colleagues,
	conduct::Honest,
	daemon::{lock, TIPS},
	desk::Desk,
	log,
	monitor::Monitor,
	units::UnitStore,
	worker::Worker,
};
use crate::{
	commands::{CommandResult, Failed},
	settings::{ChainArguments, Settings},
};
use found::{claims, first_false, Found};

/// Re-execute a unit from its inputs, and say whether it is right and, if not, what differs.
///
/// A unit is named by model, window, stage and lane. What it was computed from is given to those alone who have to do with it: run this in
/// the data folder of a worker that computed it, or that has a place at its stage. That worker must not run meanwhile. Inputs are kept until
/// the audits of a window are over, of drawn and disputed units until they are final.
///
/// Between two checkpoints nobody has published what the worker computed; where a game about the unit is open, what it has come to is
/// looked at, too, down to the operation and its piece.
#[derive(Args, Debug)]
#[command(after_help = "Example: the unit of stage 1 in lane 0 in window 3 of model 0
  cairn-worker verify 0/3/1/0 --data one --dataset whale")]
pub struct VerifyCommand {
	/// MODEL/WINDOW/STAGE/LANE
	unit: UnitName,
	/// Folder of a dataset; may be given several times. The first and the last stage of a model read its dataset
	#[arg(long, value_name = "FOLDER")]
	dataset: Vec<PathBuf>,
	/// Threads that compute [default: one for each core]
	#[arg(long, value_name = "NUMBER")]
	threads: Option<usize>,
	#[command(flatten)]
	chain: ChainArguments,
}

/// A unit as people name it.
#[derive(Clone, Copy, Debug, PartialEq)]
struct UnitName(UnitId);

impl FromStr for UnitName {
	type Err = String;

	fn from_str(text: &str) -> Result<Self, String> {
		let parts: Vec<u32> = text
			.split('/')
			.map(|part| part.parse().ok())
			.collect::<Option<_>>()
			.ok_or("name it as MODEL/WINDOW/STAGE/LANE, such as 0/3/1/0")?;
		let [model, window, stage, lane] = parts[..] else {
			return Err("name it as MODEL/WINDOW/STAGE/LANE, such as 0/3/1/0".into());
		};
		let small =
			|number: u32| u8::try_from(number).map_err(|_| format!("{number} is too large"));
		Ok(Self(UnitId { model, window, stage: small(stage)?, lane: small(lane)? }))
	}
}

impl VerifyCommand {
	/// Run it.
	pub fn run(self) -> CommandResult {
		log::start(log::Format::Text, None)?;
		let runtime = tokio::runtime::Builder::new_multi_thread()
			.worker_threads(2)
			.thread_name("network")
			.enable_all()
			.build()?;
		runtime.block_on(self.verify())
	}

	async fn verify(self) -> CommandResult {
		let UnitName(id) = self.unit;
		let settings = Settings::read(&self.chain)?;
		let connection = settings.connect().await?;
		let state = connection.state().await?;
		let Some(unit) = state.unit(id).await? else {
			return Err(
				"The chain does not know the unit: it was not attested, or is pruned.".into()
			);
		};
		let spec = state.spec(id.model).await?.ok_or("The chain does not know the model.")?;
		println!(
			"attested by {}, {} steps, from shard {:?}",
			unit.provider,
			unit.outcome.steps(),
			unit.shard_before
		);
		let seat = settings.data.join(format!("model-{}/stage-{}", id.model, id.stage));
		// A folder alone may be that of a guest, who audited there.
		if !seat.join("units").is_dir() {
			return Err(format!(
				"{} is not the data of a worker of stage {}, and nobody else is given what the unit was computed from. Name the folder of one with --data.",
				settings.data.display(),
				id.stage
			)
			.into());
		}
		let _lock = lock(&settings.data)?;
		let worker = Arc::new(self.worker(&settings, connection, &state).await?);
		let (auditor, leaves) = auditor(worker.clone(), spec, seat, id)?;
		let verified = look(&auditor, &state, id, leaves).await;
		worker.endpoint.close().await;
		verified
	}

	/// The stopped worker whose data this is.
	async fn worker(
		&self,
		settings: &Settings,
		connection: cairn_chain::Connection,
		state: &State,
	) -> Result<Worker, Failed> {
		let keys = settings.keys();
		let key = keys.worker_or_new()?;
		let provider = state.provider_of(&key.public()).await?;
		let provider = provider.ok_or("No provider has registered this machine's key.")?;
		let horizon = settings.horizon(&key.account());
		let secret = SecretKey::from_bytes(&keys.endpoint_or_new()?.seed());
		let endpoint = Endpoint::builder(secret)
			.bind_address(SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)))
			.blobs(BlobStore::Files(settings.data.join("blobs")))
			.bind()
			.await?;
		Ok(Worker {
			genesis: connection.genesis(),
			submitter: Submitter::start(connection.clone(), key.clone(), TIPS, &horizon)?,
			connection,
			key,
			provider,
			endpoint,
			compute: Arc::new(Compute::new(self.threads.unwrap_or(0))?),
			recompute: Recompute::Selective,
			folder: settings.data.clone(),
			datasets: self.dataset.clone(),
			conduct: Arc::new(Honest),
			monitor: Monitor::new(&settings.node),
			seeders: Vec::new(),
			replays: tokio::sync::Mutex::default(),
			admissions: Mutex::default(),
		})
	}
}

/// Fetches what units of a stage were computed from; and the leaves under a unit's checkpoints, if this worker computed it.
fn auditor(
	worker: Arc<Worker>,
	spec: ModelSpec,
	seat: PathBuf,
	id: UnitId,
) -> Result<(Arc<Auditor>, Option<Vec<Hash>>), Failed> {
	let desk = Desk::load(id.model, Arc::new(spec), id.stage, &seat)?;
	for record in UnitStore::open(seat.join("units"))?.all() {
		desk.note(record.unit);
		desk.give_out(record);
	}
	let leaves = desk.leaves(&id);
	let colleagues = Colleagues::new(worker, Arc::new(desk));
	Ok((Arc::new(Auditor::new(colleagues)), leaves))
}

/// Re-execute a unit, and tell what came of it.
async fn look(
	auditor: &Arc<Auditor>,
	state: &State,
	id: UnitId,
	own: Option<Vec<Hash>>,
) -> CommandResult {
	let Colleagues { desk, worker } = &auditor.colleagues;
	let case = auditor.case(state, id).await?;
	let attested = case.unit().clone();
	let start = Instant::now();
	let replayed = spawn_blocking(move || case.replay()).await??;
	println!("re-executed in {:.1} s", start.elapsed().as_secs_f32());
	let root = checkpoints_root(worker.genesis, &id, &replayed.leaves);
	let mut found = Found::default();
	if root != attested.checkpoints {
		found.compare(&attested, &replayed);
		let every = desk.spec.window.checkpoint_every;
		let genuine = |leaves: &Vec<Hash>| {
			checkpoints_root(worker.genesis, &id, leaves) == attested.checkpoints
		};
		if let Some(own) = own.filter(genuine) {
			found.compare_leaves(attested.outcome.steps(), every, &own, &replayed.leaves);
		}
	}
	for challenger in state.challengers(id).await? {
		let Some(game) = state.game(id, &challenger).await? else { continue };
		if let GamePhase::Reveal = game.phase {
			continue;
		}
		let case = auditor.case(state, id).await?;
		let spec = desk.spec.clone();
		let told = spawn_blocking(move || {
			let claims = claims(&spec, &game);
			let mut trace = case.into_trace(game.context)?;
			first_false(&mut trace, &claims)
		});
		if let Some(line) = told.await?? {
			found.add(format!("in the game with {challenger}: {line}"));
		}
	}
	if root == attested.checkpoints {
		println!("right: its checkpoints and its result are what its inputs come to");
		found.print();
		return Ok(());
	}
	println!("wrong: it is not what its inputs come to");
	found.print();
	Err("The unit is wrong.".into())
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn units_are_named_by_four_numbers() {
		let unit = UnitId { model: 0, window: 3, stage: 1, lane: 15 };
		assert_eq!("0/3/1/15".parse(), Ok(UnitName(unit)));
		for wrong in ["", "0/3/1", "0/3/1/0/0", "0/3/1/x", "0/3/256/0", "-1/0/0/0"] {
			assert!(wrong.parse::<UnitName>().is_err(), "{wrong}");
		}
	}
}
