//! Lanes of seats, each in a process of its own.

use std::{fs, net::SocketAddr, path::Path};

use cairn_primitives::{ModelSpec, StageIndex};
use tempfile::TempDir;

use crate::{
	seat::{Neighbours, Order, Report},
	talk::Part,
	Failed,
};

/// A lane that has done its unit, and still gives out what crossed.
pub struct Lane {
	/// They end first, as fields are dropped in order.
	_seats: Vec<Part>,
	/// Files of the seats, which are removed when these have ended.
	_folder: TempDir,
	/// Where the seats are.
	pub addresses: Vec<SocketAddr>,
	/// What they have done.
	pub reports: Vec<Report>,
}

impl Lane {
	/// Let a lane do a unit.
	pub fn run(spec: &ModelSpec, dataset: &Path, link: Option<&str>) -> Result<Self, Failed> {
		let own = tempfile::tempdir()?;
		let stages = spec.stages.len();
		let mut seats = Vec::new();
		let mut addresses = Vec::new();
		for stage in 0..stages {
			let folder = own.path().join(format!("seat-{stage}"));
			fs::create_dir_all(&folder)?;
			let mut seat = Part::start("seat")?;
			seat.tell(&Order {
				spec: spec.clone(),
				dataset: dataset.into(),
				folder,
				stage: stage as StageIndex,
				threads: 1,
				link: link.map(Into::into),
			})?;
			let bound: Vec<SocketAddr> = seat.hear()?;
			addresses.push(*bound.first().ok_or("a seat has no address")?);
			seats.push(seat);
		}
		for (stage, seat) in seats.iter_mut().enumerate() {
			let upstream = stage.checked_sub(1).map(|before| addresses[before]);
			let downstream = addresses.get(stage + 1).copied();
			seat.tell(&Neighbours { upstream, downstream })?;
		}
		let reports = seats.iter_mut().map(Part::hear).collect::<Result<_, _>>()?;
		Ok(Self { _seats: seats, _folder: own, addresses, reports })
	}
}
