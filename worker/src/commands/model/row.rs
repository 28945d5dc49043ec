//! A model as a line of a list.

use cairn_chain::{
	views::{Clock, Model, Phase},
	State, ViewError,
};
use cairn_primitives::{
	attestation::NonNegative, ModelId, ModelSpec, StageIndex, UnitId, WindowIndex,
};
use serde::Serialize;

use crate::commands::{place::status, short, time::at};

/// A model as a line of a list.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
	/// Its number.
	pub model: ModelId,
	/// Name or address of its description.
	pub metadata: String,
	/// Where it is in its life.
	pub status: &'static str,
	/// Stages.
	pub stages: usize,
	/// Lanes.
	pub lanes: u8,
	/// Of all stages.
	pub parameters: u64,
	/// Accepted so far.
	pub samples: u64,
	/// Of the whole schedule.
	pub of_samples: u64,
	/// The window that runs or comes next.
	pub window: Option<WindowIndex>,
	/// Median training loss of the last window that was closed.
	pub loss: Option<f32>,
	/// Seats that are taken.
	pub seats: usize,
	/// Seats that there are.
	pub of_seats: u32,
	/// Who stands by.
	pub standbys: usize,
}

impl Row {
	/// What the chain knows of a model.
	pub async fn gather(
		state: &State,
		model: ModelId,
		record: &Model,
		spec: &ModelSpec,
	) -> Result<Self, ViewError> {
		let clock = state.clock(model).await?;
		let (mut seats, mut standbys, mut parameters) = (0, 0, 0);
		for stage in stages(spec) {
			parameters += spec.stage_cost(stage).map_or(0, |cost| cost.parameters);
			if let Some(roster) = state.roster(model, stage).await? {
				seats += roster.seats.iter().flatten().count();
				standbys += roster.standbys.len();
			}
		}
		Ok(Self {
			model,
			metadata: record.metadata.clone(),
			status: status(record.status),
			stages: spec.stages.len(),
			lanes: spec.lanes,
			parameters,
			samples: record.samples,
			of_samples: spec.schedule.total_samples(),
			window: clock.map(|clock| clock.next),
			loss: loss(state, model, spec, clock).await?,
			seats,
			of_seats: spec.seat_count(),
			standbys,
		})
	}

	/// What the next window waits for.
	fn waits_for(&self) -> String {
		let vacant = (self.of_seats as usize).saturating_sub(self.seats);
		match (self.status, vacant) {
			("training", 0) => "for more standbys, or for somebody to schedule it".into(),
			("training", 1) => "for 1 vacant seat".into(),
			("training", vacant) => format!("for {vacant} vacant seats"),
			(status, _) => format!("because the model is {status}"),
		}
	}

	/// Cells under [`HEAD`].
	pub fn cells(&self) -> Vec<String> {
		let done = self.samples as f64 / self.of_samples.max(1) as f64;
		vec![
			self.model.to_string(),
			self.status.into(),
			format!("{}×{}", self.stages, self.lanes),
			short(self.parameters as f64),
			format!("{:.1} % of {}", 100.0 * done, short(self.of_samples as f64)),
			self.window.map_or("-".into(), |window| window.to_string()),
			self.loss.map_or("-".into(), |loss| format!("{loss:.4}")),
			format!("{} of {}", self.seats, self.of_seats),
			self.metadata.clone(),
		]
	}
}

/// What the cells of a [`Row`] are.
pub const HEAD: [&str; 9] = [
	">model",
	"status",
	"stages×lanes",
	">parameters",
	">samples",
	">window",
	">loss",
	">seats taken",
	"about",
];

/// The stages of a spec.
pub fn stages(spec: &ModelSpec) -> impl Iterator<Item = StageIndex> {
	0..StageIndex::try_from(spec.stages.len()).unwrap_or(StageIndex::MAX)
}

/// Median training loss of the last window that was closed, as its last stage attested it.
async fn loss(
	state: &State,
	model: ModelId,
	spec: &ModelSpec,
	clock: Option<Clock>,
) -> Result<Option<f32>, ViewError> {
	let Some(window) = clock.and_then(|clock| clock.next.checked_sub(1)) else { return Ok(None) };
	let Some(stage) = stages(spec).last() else { return Ok(None) };
	let mut losses = Vec::new();
	for lane in 0..spec.lanes {
		let unit = state.unit(UnitId { model, window, stage, lane }).await?;
		losses
			.extend(unit.and_then(|unit| unit.loss).map(|NonNegative(bits)| f32::from_bits(bits)));
	}
	losses.sort_by(f32::total_cmp);
	Ok(losses.get(losses.len() / 2).copied())
}

/// What a model's clock does, in words.
pub fn clock_words(clock: &Clock, row: &Row, height: u32) -> String {
	match clock.phase {
		Phase::Waiting => format!("window {} waits {}", clock.next, row.waits_for()),
		Phase::Scheduled { seed_at } => {
			format!("window {} starts after {}", clock.next, at(seed_at, height))
		},
		Phase::Running(window) if window.deadline < height => format!(
			"window {} is over since {}, and waits for somebody to close it",
			window.index,
			at(window.deadline, height)
		),
		Phase::Running(window) => {
			format!("window {} runs until {}", window.index, at(window.deadline, height))
		},
	}
}
