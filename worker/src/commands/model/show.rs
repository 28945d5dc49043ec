//! `model show`.

use cairn_chain::{
	views::{Clock, Model},
	AccountId, State,
};
use cairn_primitives::{spec::Access, ModelId, ModelSpec, Terms, WindowIndex};
use clap::Args;
use serde::Serialize;

use super::{
	estimate::Estimate,
	row::{clock_words, stages, Row},
	terms::percent,
	CommandResult, ModelError,
};
use crate::{
	amount::Crn,
	commands::{print_json, Failed},
	progress,
	settings::{ChainArguments, Settings},
};

/// See [`super::ModelCommand::Show`].
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  cairn-worker model show 3
  cairn-worker model show 3 --json | jq .spec > spec.json")]
pub struct ShowCommand {
	/// The model's number.
	model: ModelId,
	/// For programs: JSON, with the whole spec.
	#[arg(long)]
	json: bool,
	#[command(flatten)]
	chain: ChainArguments,
}

/// A model as programs read it.
#[derive(Debug, Serialize)]
struct Shown {
	#[serde(flatten)]
	row: Row,
	researcher: AccountId,
	parent: Option<ModelId>,
	root: ModelId,
	height: u32,
	clock: Option<String>,
	deadline: Option<u32>,
	bond: Crn,
	extraction_price: Option<Crn>,
	/// Windows that it can be restarted from, with the samples accepted until then.
	checkpoints: Vec<(WindowIndex, u64)>,
	roster: Vec<StageShown>,
	/// Parts are in millionths.
	terms: Terms,
	estimate: Estimate,
	spec: ModelSpec,
}

#[derive(Debug, Serialize)]
struct StageShown {
	stage: u8,
	seats: Vec<Option<AccountId>>,
	standbys: Vec<StandbyShown>,
}

#[derive(Debug, Serialize)]
struct StandbyShown {
	provider: AccountId,
	held: Option<WindowIndex>,
}

impl ShowCommand {
	/// Run it.
	pub async fn run(self) -> CommandResult {
		let settings = Settings::read(&self.chain)?;
		let shown = progress::during("asking the node", self.gather(&settings)).await?;
		if self.json {
			return print_json(&shown);
		}
		shown.print();
		Ok(())
	}

	async fn gather(&self, settings: &Settings) -> Result<Shown, Failed> {
		let (state, model) = (settings.look().await?.state().await?, self.model);
		let unknown = || ModelError::UnknownModel { model };
		let record = state.model(model).await?.ok_or_else(unknown)?;
		let spec = state.spec(model).await?.ok_or_else(unknown)?;
		Shown::gather(&state, model, record, spec).await
	}
}

impl Shown {
	async fn gather(
		state: &State,
		model: ModelId,
		record: Model,
		spec: ModelSpec,
	) -> Result<Self, Failed> {
		let mut roster = Vec::new();
		for stage in stages(&spec) {
			let found = state.roster(model, stage).await?;
			let vacant = || vec![None; usize::from(spec.lanes)];
			let seats = found.as_ref().map_or_else(vacant, |found| found.seats.to_vec());
			let standbys = found
				.into_iter()
				.flat_map(|found| found.standbys)
				.map(|standby| StandbyShown { provider: standby.provider, held: standby.held });
			roster.push(StageShown { stage, seats, standbys: standbys.collect() });
		}
		let clock: Option<Clock> = state.clock(model).await?;
		let row = Row::gather(state, model, &record, &spec).await?;
		let clock = clock.map(|clock| clock_words(&clock, &row, state.height()));
		let extraction = state.extraction_price(model).await?;
		Ok(Self {
			row,
			researcher: record.researcher,
			parent: record.parent,
			root: record.root,
			height: state.height(),
			clock,
			deadline: state.window(model).await?.map(|window| window.deadline),
			bond: Crn(state.required_bond(model).await?.unwrap_or_default()),
			extraction_price: extraction.map(|price| Crn(price.total)),
			checkpoints: record
				.checkpoints
				.iter()
				.map(|kept| (kept.window, kept.samples))
				.collect(),
			roster,
			terms: record.terms,
			estimate: Estimate::new(&spec)?,
			spec,
		})
	}

	fn print(&self) {
		let row = &self.row;
		println!("model          {} ({}): {}", row.model, row.status, row.metadata);
		println!("researcher     {}", self.researcher);
		if let Some(parent) = self.parent {
			println!("fork           of model {parent}; the family's root is model {}", self.root);
		}
		let done = 100.0 * row.samples as f64 / row.of_samples.max(1) as f64;
		let loss = row.loss.map_or(String::new(), |loss| format!(", training loss {loss:.4}"));
		println!(
			"progress       {} of {} samples ({done:.1} %){loss}",
			row.samples, row.of_samples
		);
		let clock = self.clock.clone();
		println!("clock          {}", clock.unwrap_or("stands until somebody enlists".into()));
		for (window, samples) in &self.checkpoints {
			println!("checkpoint     window {window}, after {samples} samples");
		}
		self.estimate.print();
		self.print_spec();
		let terms = &self.terms;
		println!(
			"of each mint   {} for compute, {} for the data's owner, {} for the researcher, {} for the treasury",
			percent(terms.compute()),
			percent(terms.data),
			percent(terms.researcher),
			percent(terms.treasury)
		);
		println!(
			"of revenue     royalty {}, serving fee {}",
			percent(terms.royalty),
			percent(terms.serving_fee)
		);
		println!("bond           {} of each provider", self.bond);
		match (self.spec.access, self.extraction_price) {
			(Access::Sealed, Some(price)) => println!("stealing it    takes {price} of bonds"),
			_ => {
				println!("stealing it    takes nothing: an open model gives its shards to anybody")
			},
		}
		for stage in &self.roster {
			stage.print();
		}
	}

	fn print_spec(&self) {
		let (spec, a) = (&self.spec, &self.spec.architecture);
		println!(
			"stages         layers {:?}, {}; windows need {} or more providers at each",
			spec.stages.to_vec(),
			access(spec.access),
			spec.min_holders
		);
		println!(
			"architecture   vocabulary {}, width {}, {} heads ({} for keys) of {}, hidden {}, context {}",
			a.vocabulary, a.width, a.heads, a.kv_heads, a.head_width, a.hidden, a.context
		);
		println!("dataset        {:?}", spec.dataset);
		println!(
			"window         {} steps in {} blocks; edges {:?}, merges {:?}",
			spec.window.steps, spec.window.blocks, spec.boundary, spec.merge
		);
	}
}

fn access(access: Access) -> &'static str {
	match access {
		Access::Sealed => "sealed",
		Access::Open => "open to anybody",
	}
}

impl StageShown {
	fn print(&self) {
		println!("stage {}", self.stage);
		for (number, seat) in self.seats.iter().enumerate() {
			let who = seat.as_ref().map_or("vacant".into(), AccountId::to_string);
			println!("  seat {number:<7} {who}");
		}
		for standby in &self.standbys {
			let held = standby.held.map_or("no shard declared".into(), |window| {
				format!("has the shard of window {window}")
			});
			println!("  standby      {}, {held}", standby.provider);
		}
	}
}
