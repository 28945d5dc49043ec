//! `model losses`.

use std::path::PathBuf;

use cairn_chain::{views::Clock, State, ViewError};
use cairn_engine::folder;
use cairn_primitives::{attestation::NonNegative, ModelId, ModelSpec, UnitId, WindowIndex};
use clap::Args;
use serde::Serialize;

use super::{row::stages, CommandResult, ModelError};
use crate::{
	commands::{columns::Columns, print_json, Failed},
	plot::{self, Curves, Each},
	progress,
	settings::{ChainArguments, Settings},
};

/// See [`super::ModelCommand::Losses`].
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  cairn-worker model losses 3
  cairn-worker model losses 3 --plot losses.png")]
pub struct LossesCommand {
	/// The model's number (see `model list`).
	model: ModelId,
	/// Draw them, too: a PNG file.
	#[arg(long, value_name = "FILE")]
	plot: Option<PathBuf>,
	/// For programs: JSON.
	#[arg(long)]
	json: bool,
	#[command(flatten)]
	chain: ChainArguments,
}

/// What a window came to.
#[derive(Debug, Serialize)]
struct WindowLoss {
	window: WindowIndex,
	/// Tokens that were trained on when it ended, lanes together.
	tokens: u64,
	/// Mean over lanes of the training loss, in nats a token.
	loss: f32,
	/// The same of held-out text, at gates.
	held_out: Option<f32>,
}

impl LossesCommand {
	/// Run it.
	pub async fn run(self) -> CommandResult {
		let settings = Settings::read(&self.chain)?;
		let losses = progress::during("asking the node", self.losses(&settings)).await?;
		if let Some(path) = &self.plot {
			let curves = Curves {
				each: Each::Window,
				training: losses.iter().map(|l| (l.tokens, f64::from(l.loss))).collect(),
				held_out: losses
					.iter()
					.filter_map(|l| Some((l.tokens, f64::from(l.held_out?))))
					.collect(),
			};
			let image = plot::png(&format!("Model {}", self.model), &curves)?;
			folder::write_file(path, &image)?;
		}
		if self.json {
			return print_json(&losses);
		}
		if losses.is_empty() {
			println!(
				"No window of model {} is over, or the chain no longer knows its units.",
				self.model
			);
			return Ok(());
		}
		let mut columns = Columns::new(&[">window", ">tokens", ">loss", ">held-out loss"]);
		for row in &losses {
			let held_out = row.held_out.map_or("-".into(), |loss| format!("{loss:.4}"));
			let loss = format!("{:.4}", row.loss);
			columns.row(vec![row.window.to_string(), row.tokens.to_string(), loss, held_out]);
		}
		columns.print("");
		Ok(())
	}

	async fn losses(&self, settings: &Settings) -> Result<Vec<WindowLoss>, Failed> {
		let state = settings.look().await?.state().await?;
		let unknown = ModelError::UnknownModel { model: self.model };
		let spec = state.spec(self.model).await?.ok_or(unknown)?;
		let Some(Clock { next, oldest, .. }) = state.clock(self.model).await? else {
			return Ok(Vec::new());
		};
		let mut losses = Vec::new();
		for window in oldest..next {
			losses.extend(of_window(&state, self.model, &spec, window).await?);
		}
		Ok(losses)
	}
}

/// What the last stage of a window attested; none if it is void, or its units are pruned.
async fn of_window(
	state: &State,
	model: ModelId,
	spec: &ModelSpec,
	window: WindowIndex,
) -> Result<Option<WindowLoss>, ViewError> {
	let Some(closed) = state.closed_window(model, window).await? else { return Ok(None) };
	let Some(stage) = stages(spec).last().filter(|_| !closed.is_void) else { return Ok(None) };
	let (mut losses, mut held_out, mut steps) = (Vec::new(), Vec::new(), 0u64);
	for lane in 0..spec.lanes {
		let Some(unit) = state.unit(UnitId { model, window, stage, lane }).await? else { continue };
		let of_unit = u64::from(unit.outcome.steps());
		if of_unit > 0 {
			losses.extend(unit.loss.map(float));
			held_out.extend(unit.held_out.map(float));
			steps += of_unit;
		}
	}
	let batch = u64::from(spec.schedule.batch_at(closed.window.samples));
	let samples = closed.window.samples + steps * batch;
	let tokens = samples * u64::from(spec.architecture.context);
	Ok(mean(&losses).map(|loss| WindowLoss { window, tokens, loss, held_out: mean(&held_out) }))
}

fn float(NonNegative(bits): NonNegative) -> f32 {
	f32::from_bits(bits)
}

fn mean(numbers: &[f32]) -> Option<f32> {
	(!numbers.is_empty()).then(|| numbers.iter().sum::<f32>() / numbers.len() as f32)
}
