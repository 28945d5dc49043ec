//! `model list`.

use cairn_primitives::ModelId;
use clap::Args;

use super::{
	row::{Row, HEAD},
	CommandResult,
};
use crate::{
	commands::{columns::Columns, print_json, Failed},
	progress,
	settings::{ChainArguments, Settings},
};

/// See [`super::ModelCommand::List`].
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  cairn-worker model list
  cairn-worker model list --last 5 --json")]
pub struct ListCommand {
	/// The newest so many only.
	#[arg(long, value_name = "COUNT", default_value_t = 100)]
	last: ModelId,
	/// For programs: JSON.
	#[arg(long)]
	json: bool,
	#[command(flatten)]
	chain: ChainArguments,
}

impl ListCommand {
	/// Run it.
	pub async fn run(self) -> CommandResult {
		let settings = Settings::read(&self.chain)?;
		let rows = progress::during("asking the node", self.rows(&settings)).await?;
		if self.json {
			return print_json(&rows);
		}
		if rows.is_empty() {
			println!("There is no model yet. Propose one with `cairn-worker model propose`.");
			return Ok(());
		}
		let mut columns = Columns::new(&HEAD);
		rows.iter().for_each(|row| columns.row(row.cells()));
		columns.print("");
		Ok(())
	}

	async fn rows(&self, settings: &Settings) -> Result<Vec<Row>, Failed> {
		let state = settings.look().await?.state().await?;
		let count = state.model_count().await?;
		let mut rows = Vec::new();
		for model in count.saturating_sub(self.last)..count {
			let (record, spec) = (state.model(model).await?, state.spec(model).await?);
			if let (Some(record), Some(spec)) = (record, spec) {
				rows.push(Row::gather(&state, model, &record, &spec).await?);
			}
		}
		Ok(rows)
	}
}
