#![doc = include_str!("../README.md")]

mod dataset;
mod lane;
mod merge;
mod training;

use std::io::{self, Write};

use cairn_primitives::{LaneIndex, ModelId, ModelSpec, StageIndex, StepIndex, WindowIndex};
use codec::Decode;
use serde::Deserialize;
use serde_json::{json, Value};
use sp_core::Bytes;

use training::Training;

type Error = Box<dyn std::error::Error + Send + Sync>;
type Result<T> = std::result::Result<T, Error>;

/// A unit of the last window: stage and lane.
type Seat = (StageIndex, LaneIndex);
/// A boundary of a trace: before this piece of this operation of this step.
type Place = (StepIndex, u32, u64);

/// A line that comes in.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
enum Request {
	Begin { spec: Bytes },
	Window { model: ModelId, window: WindowIndex, samples: u64 },
	Commitments { unit: Seat, places: Vec<Place> },
	Evidence { unit: Seat, place: Place },
	Merge { wrong: Option<StageIndex> },
	Refutation { stage: StageIndex },
}

fn main() -> io::Result<()> {
	let mut training = None;
	for line in io::stdin().lines() {
		let answer = match answer(&mut training, &line?) {
			Ok(value) => json!({ "ok": value }),
			Err(error) => json!({ "error": error.to_string() }),
		};
		writeln!(io::stdout(), "{answer}")?;
	}
	Ok(())
}

fn answer(training: &mut Option<Training>, line: &str) -> Result<Value> {
	let value = match serde_json::from_str::<Request>(line)? {
		Request::Begin { spec } => {
			let spec = ModelSpec::decode(&mut &spec[..])?;
			let ModelSpec { dataset, tokenizer, initial, .. } =
				training.insert(Training::new(spec)?).spec();
			Ok(json!({ "dataset": dataset, "tokenizer": tokenizer, "initial": initial }))
		},
		Request::Window { model, window, samples } => {
			serde_json::to_value(begun(training)?.window(model, window, samples)?)
		},
		Request::Commitments { unit, places } => {
			serde_json::to_value(begun(training)?.commitments(unit, &places)?)
		},
		Request::Evidence { unit, place } => {
			serde_json::to_value(Bytes(begun(training)?.evidence(unit, place)?))
		},
		Request::Merge { wrong } => serde_json::to_value(begun(training)?.merge(wrong)?),
		Request::Refutation { stage } => {
			serde_json::to_value(Bytes(begun(training)?.refutation(stage)?))
		},
	};
	Ok(value?)
}

fn begun(training: &mut Option<Training>) -> Result<&mut Training> {
	Ok(training.as_mut().ok_or("no training has begun")?)
}
