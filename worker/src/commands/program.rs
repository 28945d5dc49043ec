//! `program`.

use std::{collections::BTreeMap, path::PathBuf};

use cairn_engine::{MemoryPlan, Recompute};
use cairn_program::{
	operation::{Definition, Operation},
	Program, Section, StepContext, Value,
};
use clap::Args;

use super::{read_spec, short, CommandResult};

/// Show what a stage computes in a step.
#[derive(Debug, Args)]
pub struct ProgramCommand {
	/// The spec (JSON).
	#[arg(long)]
	spec: PathBuf,
	/// The stage, from 0.
	#[arg(long, default_value_t = 0)]
	stage: u8,
}

impl ProgramCommand {
	/// Run it.
	pub fn run(self) -> CommandResult {
		let spec = read_spec(&self.spec)?;
		spec.validate().map_err(|error| format!("the spec is not valid: {error:?}"))?;
		let context = StepContext {
			batch: spec.schedule.batch_at(0),
			learning_rate: spec.schedule.learning_rate_at(0),
			step: 0,
			carried_steps: 0,
		};
		let stages = spec.stages.len();
		let program = Program::new(&spec, self.stage, &context)
			.ok_or_else(|| format!("the model has {stages} stages, counted from 0"))?;
		let last_reads = last_reads(&program);
		println!("number  value  shape  definition  FLOPs  bytes  last read by");
		let mut number = 0;
		for section in program.sections() {
			let operations = program.section(section);
			if is_shown(&program, section) {
				println!("# {section:?}");
				for (i, operation) in operations.iter().enumerate() {
					print_operation(number + i as u64, operation, &last_reads);
				}
			}
			number += operations.len() as u64;
		}
		print_summary(&program, &spec, self.stage)
	}
}

/// Sections that differ by the microbatch or the layer alone are shown once.
fn is_shown(program: &Program, section: Section) -> bool {
	match section {
		Section::Tables | Section::Clipping => true,
		Section::EntryForward(m)
		| Section::ExitForward(m)
		| Section::ExitBackward(m)
		| Section::EntryBackward(m) => m == 0,
		Section::LayerForward(m, layer) | Section::LayerBackward(m, layer) => m == 0 && layer == 0,
		Section::Norm(tensor) | Section::Update(tensor) => {
			let inner = u32::from(program.stage().front().is_some());
			tensor <= inner || tensor + 1 == program.stage().tensor_count()
		},
	}
}

/// The number of the operation that reads each value last, within the first microbatch and the step's end.
fn last_reads(program: &Program) -> BTreeMap<Value, u64> {
	let mut reads = BTreeMap::new();
	let mut number = 0;
	for section in program.sections() {
		let operations = program.section(section);
		for operation in &operations {
			for value in operation.reads() {
				reads.insert(value, number);
			}
			number += 1;
		}
	}
	reads
}

fn print_operation(number: u64, operation: &Operation, last_reads: &BTreeMap<Value, u64>) {
	let shape: Vec<String> = operation.shape.iter().map(u32::to_string).collect();
	let reads: Vec<String> = operation.reads().iter().map(Value::to_string).collect();
	let definition = match &operation.definition {
		Definition::Contraction(product) => {
			format!("sum of products over {}", product.runs.count * product.depth.count)
		},
		Definition::RowSum { width, .. } => format!("sum over {width}"),
		Definition::RowMax { width, .. } => format!("maximum over {width}"),
		Definition::Map { formula, .. } => name_of(&format!("{formula:?}")),
	};
	let last = match last_reads.get(&operation.output) {
		Some(number) => number.to_string(),
		None => "nobody: it leaves the step".into(),
	};
	println!(
		"{number:>6}  {}  {}  {definition} of {}  {}  {}  {last}",
		operation.output,
		shape.join("×"),
		reads.join(", "),
		short(operation.flops() as f64),
		short(operation.bytes() as f64),
	);
}

/// A formula's name without its constants.
fn name_of(formula: &str) -> String {
	formula.split([' ', '{']).next().unwrap_or_default().to_string()
}

fn print_summary(
	program: &Program,
	spec: &cairn_primitives::ModelSpec,
	stage: u8,
) -> CommandResult {
	let flops: u128 = program
		.sections()
		.flat_map(|section| program.section(section))
		.map(|operation| operation.flops())
		.sum();
	let points = spec.stage_cost(stage).map_or(0, |cost| cost.points(1, spec.schedule.batch_at(0)));
	println!();
	println!("operations of a step      {}", program.length());
	println!("microbatches of a step    {}", program.microbatches());
	println!("FLOPs of a step           {}", short(flops as f64));
	println!("points of a step          {}", short(points as f64));
	for (name, recompute) in [("selective", Recompute::Selective), ("full", Recompute::Full)] {
		let plan = MemoryPlan::new(spec, stage, 1, recompute, 1)?;
		println!(
			"memory, {name:<9} recomputation, one microbatch under way, one thread: {} bytes (shard {}, activations {}, work {}, scratch {})",
			short(plan.total() as f64),
			short(plan.shard as f64),
			short(plan.activations as f64),
			short(plan.work as f64),
			short(plan.scratch as f64),
		);
	}
	Ok(())
}
