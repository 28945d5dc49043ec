//! An audit: a unit is executed again from what crossed its edges, by a process that fetches that from both neighbours.

use std::{net::SocketAddr, path::PathBuf, time::Instant};

use cairn_engine::unit::UnitReport;
use cairn_primitives::{Hash, StageIndex};
use cairn_transport::{BlobStore, Endpoint, Peer, Shelf};
use cairn_worker::run::{
	inputs::{Inputs, Replay},
	shard::Held,
};
use serde::{Deserialize, Serialize};

use crate::{
	cpu::Cpu,
	model, seat,
	seat::{Crossed, AUDITOR},
	talk::{hear, say},
	Failed,
};

/// What is to be audited.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Order {
	/// What the seat was to do; the folder is the auditor's own.
	pub seat: seat::Order,
	/// What crossed the edge to the stage before, and who gives it out.
	pub upstream: Option<(Crossed, SocketAddr)>,
	/// What crossed the edge to the stage after, and who gives it out.
	pub downstream: Option<(Crossed, SocketAddr)>,
	/// What the unit commits to.
	pub leaves: Vec<Hash>,
}

/// What an audit costs.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Cost {
	/// Seconds.
	pub seconds: f64,
	/// Seconds of them in which inputs are fetched and checked.
	pub fetching: f64,
	/// CPU-seconds.
	pub cpu: f64,
}

/// As a part: audit.
pub fn part() -> Result<(), Failed> {
	let Some(order) = hear::<Order>()? else { return Ok(()) };
	let folder: PathBuf = order.seat.folder.join("blobs");
	let runtime = seat::runtime()?;
	let endpoint = runtime.block_on(
		Endpoint::builder(seat::secret(AUDITOR))
			.bind_address(([127, 0, 0, 1], 0).into())
			.blobs(BlobStore::Files(folder))
			.bind(),
	)?;
	let (start, before) = (Instant::now(), Cpu::now());
	let stage = order.seat.stage;
	let [upstream, downstream] = [
		order.upstream.map(|(crossed, address)| (crossed, stage.wrapping_sub(1), address)),
		order.downstream.map(|(crossed, address)| (crossed, stage + 1, address)),
	];
	let fetch = async |from: Option<(Crossed, StageIndex, SocketAddr)>| match from {
		None => Ok(None),
		Some(from) => inputs(&endpoint, &order.seat, from).await.map(Some),
	};
	let (upstream, downstream) =
		runtime.block_on(async { tokio::try_join!(fetch(upstream), fetch(downstream)) })?;
	let fetching = start.elapsed().as_secs_f64();
	let report = replay(&order.seat, Replay::new(upstream, downstream))?;
	let (seconds, cpu) = (start.elapsed().as_secs_f64(), Cpu::now() - before);
	if report.leaves != order.leaves {
		return Err("the audit comes to something else than the unit".into());
	}
	say(&Cost { seconds, fetching, cpu: cpu.process })?;
	runtime.block_on(endpoint.close());
	Ok(())
}

/// Fetch what crossed an edge, and check that it is what was signed.
async fn inputs(
	endpoint: &Endpoint,
	order: &seat::Order,
	(Crossed { record, root }, stage, address): (Crossed, StageIndex, SocketAddr),
) -> Result<Inputs, Failed> {
	let (form, extent) = (model::form(&order.spec)?, seat::extent(&order.spec));
	let peers = [Peer::new(seat::id(stage), [address])];
	let most = 2 * u64::from(extent.microbatches) * form.bytes();
	endpoint.fetch_all(&record.steps, &peers, most, &Shelf::new("audit")).await?;
	let mut blobs = Vec::new();
	for hash in record.steps {
		blobs.push(endpoint.blobs().read(hash).await?);
	}
	let inputs = Inputs::new(blobs, &form, extent).ok_or("a blob has another size")?;
	match inputs.root() == root {
		true => Ok(inputs),
		false => Err("what is fetched is not what was signed".into()),
	}
}

/// Execute the unit again.
fn replay(order: &seat::Order, mut replay: Replay) -> Result<UnitReport, Failed> {
	let held = Held::initial(&order.spec, order.stage)?;
	let engine = seat::engine(order)?;
	let (unit, steps) = (seat::unit(order.stage), order.spec.window.steps);
	let (report, _) = engine.run(&held, unit, 0, steps, &mut replay)?;
	match replay.torn {
		None => Ok(report),
		Some(step) => {
			Err(format!("in step {step} something else was sent than is computed").into())
		},
	}
}
