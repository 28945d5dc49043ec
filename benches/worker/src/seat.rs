//! A seat: a stage at work as the daemon does it, in a process of its own. The chain's part is played by what the parent tells.

use std::{
	net::SocketAddr,
	path::PathBuf,
	sync::Arc,
	time::{Duration, Instant},
};

use cairn_engine::{Compute, Recompute};
use cairn_primitives::{signing::Edge, Hash, ModelSpec, StageIndex, UnitId};
use cairn_transport::{
	BlobStore, EdgeConfig, Endpoint, EndpointId, Link, OpenError, Peer, SecretKey, Shelf, Side,
	Terms,
};
use cairn_worker::{
	run::{
		edge::{EdgeEnd, EdgeKeeper, EdgeRecord, Extent},
		engine::Engine,
		lane::{NetworkLane, OpenEdge},
		monitor::Monitor,
		shard::Held,
	},
	Honest,
};
use serde::{Deserialize, Serialize};
use sp_core::{sr25519, Pair};
use tokio::{sync::watch, time::sleep};

use crate::{
	cpu::Cpu,
	model,
	talk::{hear, say},
	timed::{Mark, Timed},
	Failed,
};

/// The auditor's place among the secrets of endpoints.
pub const AUDITOR: u8 = 200;
/// A window that is no gate.
const WINDOW: u32 = 1;
/// Pause before a neighbour is tried again.
const RETRY: Duration = Duration::from_millis(100);

/// What a seat is to do.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Order {
	/// The model.
	pub spec: ModelSpec,
	/// The dataset's folder.
	pub dataset: PathBuf,
	/// Where blobs are kept.
	pub folder: PathBuf,
	/// Which stage.
	pub stage: StageIndex,
	/// Threads that compute.
	pub threads: usize,
	/// The link in front of it.
	pub link: Option<String>,
}

/// Where the neighbours are.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Neighbours {
	/// The stage before.
	pub upstream: Option<SocketAddr>,
	/// The stage after.
	pub downstream: Option<SocketAddr>,
}

/// What crossed an edge, and what both ends have signed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Crossed {
	/// Blobs of it.
	pub record: EdgeRecord,
	/// The running root after the last step.
	pub root: Hash,
}

/// What a seat has done.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Report {
	/// The ends of steps.
	pub marks: Vec<Mark>,
	/// Seconds of the unit, from its first step to its report.
	pub seconds: f64,
	/// CPU-seconds of the process for them.
	pub cpu: f64,
	/// What the unit commits to.
	pub leaves: Vec<Hash>,
	/// What crossed the edge to the stage before.
	pub upstream: Option<Crossed>,
	/// What crossed the edge to the stage after.
	pub downstream: Option<Crossed>,
}

/// The unit of a stage.
pub fn unit(stage: StageIndex) -> UnitId {
	UnitId { model: 0, window: WINDOW, stage, lane: 0 }
}

/// How much crosses the edges of a unit.
pub fn extent(spec: &ModelSpec) -> Extent {
	let microbatch = u32::from(spec.schedule.microbatch).max(1);
	let microbatches = spec.schedule.batch_at(0) / microbatch;
	Extent { held_out: 0, steps: spec.window.steps, microbatches }
}

/// The endpoint's secret of a place.
pub fn secret(place: u8) -> SecretKey {
	SecretKey::from_bytes(&[place + 1; 32])
}

/// The endpoint's id of a place.
pub fn id(place: u8) -> EndpointId {
	secret(place).public()
}

/// The worker's key of a stage.
fn signer(stage: StageIndex) -> sr25519::Pair {
	sr25519::Pair::from_seed(&[stage + 1; 32])
}

/// The shelf of what crosses an edge.
fn shelf(edge: &Edge) -> Shelf {
	Shelf::new(format!("edge/{}", edge.upper))
}

/// The runtime of a worker.
pub fn runtime() -> Result<tokio::runtime::Runtime, Failed> {
	Ok(tokio::runtime::Builder::new_multi_thread()
		.worker_threads(2)
		.thread_name("network")
		.enable_all()
		.build()?)
}

/// Be a seat.
pub fn part() -> Result<(), Failed> {
	let Some(order) = hear::<Order>()? else { return Ok(()) };
	runtime()?.block_on(run(order))
}

async fn run(order: Order) -> Result<(), Failed> {
	let endpoint = bind(&order).await?;
	say(&endpoint.addresses())?;
	let Some(neighbours) = hear::<Neighbours>()? else { return Ok(()) };
	let unit = unit(order.stage);
	let upstream = Edge::upstream(&unit).zip(neighbours.upstream);
	let downstream = Edge::downstream(&unit, order.spec.stage_count()).zip(neighbours.downstream);
	let (upstream, downstream) = tokio::try_join!(
		open(&endpoint, &order.spec, Side::Lower, upstream),
		open(&endpoint, &order.spec, Side::Upper, downstream),
	)?;
	let (_stop, stopped) = watch::channel(false);
	let extent = extent(&order.spec);
	let lane = NetworkLane::new(unit, Arc::new(Honest), extent, upstream, downstream, stopped);
	// A thread of its own, as the daemon has it.
	let computing = tokio::task::spawn_blocking(move || compute(&order, lane));
	say(&computing.await??)?;
	// Others may fetch what crossed until the parent has heard enough.
	hear::<()>()?;
	endpoint.close().await;
	Ok(())
}

async fn bind(order: &Order) -> Result<Endpoint, Failed> {
	let mut builder = Endpoint::builder(secret(order.stage))
		.bind_address(([127, 0, 0, 1], 0).into())
		.blobs(BlobStore::Files(order.folder.join("blobs")));
	if let Some(link) = &order.link {
		builder = builder.link(link.parse::<Link>()?);
	}
	Ok(builder.bind().await?)
}

/// Open an edge, and let the auditor fetch what crosses it.
async fn open(
	endpoint: &Endpoint,
	spec: &ModelSpec,
	side: Side,
	neighbour: Option<(Edge, SocketAddr)>,
) -> Result<Option<OpenEdge>, Failed> {
	let Some((edge, address)) = neighbour else { return Ok(None) };
	let (here, there) = match side {
		Side::Upper => (edge.upper, edge.upper + 1),
		Side::Lower => (edge.upper + 1, edge.upper),
	};
	endpoint.admissions().admit_to_edge(id(there), edge);
	endpoint.admissions().admit_to_shelf(id(AUDITOR), shelf(&edge));
	let terms = Terms {
		edge,
		genesis: Hash::repeat_byte(1),
		seed: Hash::repeat_byte(2),
		held_out: 0,
		microbatches: extent(spec).microbatches,
		form: model::form(spec)?,
	};
	let config = EdgeConfig::new(terms, side, Arc::new(signer(here)), signer(there).public());
	let peer = Peer::new(id(there), [address]);
	let channel = loop {
		match endpoint.open_edge(&peer, &config).await {
			Ok(channel) => break channel,
			Err(error @ OpenError::Terms { .. }) => return Err(error.into()),
			Err(_) => sleep(RETRY).await, // it does not know of us yet
		}
	};
	let meter = Monitor::new("").meter(edge.model, edge.upper);
	let keeper = EdgeKeeper { blobs: endpoint.blobs().clone(), shelf: shelf(&edge), side, meter };
	Ok(Some((channel, keeper)))
}

fn compute(order: &Order, lane: NetworkLane) -> Result<Report, Failed> {
	let Order { spec, stage, .. } = order;
	let held = Held::initial(spec, *stage)?;
	let engine = engine(order)?;
	let mut lane = Timed::new(lane);
	let (start, before) = (Instant::now(), Cpu::now());
	let (report, _) = engine.run(&held, unit(*stage), 0, spec.window.steps, &mut lane)?;
	let (seconds, cpu) = (start.elapsed().as_secs_f64(), Cpu::now() - before);
	let (lane, marks) = lane.into_parts();
	let end = lane.into_end();
	if let Some(broken) = end.broken {
		return Err(broken.into());
	}
	let crossed = |end: Option<EdgeEnd>| {
		end.and_then(|end| {
			let root = end.receipt(spec.window.steps)?.root;
			Some(Crossed { record: end.record, root })
		})
	};
	let (upstream, downstream) = (crossed(end.upstream), crossed(end.downstream));
	Ok(Report { marks, seconds, cpu: cpu.process, leaves: report.leaves, upstream, downstream })
}

/// A stage at work.
pub fn engine(order: &Order) -> Result<Engine, Failed> {
	let Order { spec, stage, threads, dataset, .. } = order;
	let dataset = model::dataset_of(spec, *stage, dataset)?;
	let compute = Arc::new(Compute::new(*threads)?);
	Ok(Engine::new(Arc::new(spec.clone()), *stage, compute, Recompute::Selective, dataset))
}
