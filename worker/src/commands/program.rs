//! `program`.

use std::{
	collections::BTreeMap,
	io::{self, BufWriter, Write},
	path::PathBuf,
};

use cairn_engine::{unit::in_flight, MemoryPlan, Recompute};
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
		spec.validate().map_err(|error| format!("the spec is not valid: {error}"))?;
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
		let mut out = BufWriter::new(io::stdout().lock());
		writeln!(out, "number  value  shape  definition  FLOPs  bytes  last read by")?;
		for (section, first) in shown(&program) {
			writeln!(out, "# {section:?}")?;
			for (number, operation) in (first..).zip(program.section(section)) {
				print_operation(&mut out, number, &operation, &last_reads)?;
			}
		}
		print_summary(&mut out, &program, &spec, self.stage)
	}
}

/// The first microbatch, and what follows the last, with the number of each section's first operation.
fn walked(program: &Program) -> impl Iterator<Item = (Section, u64)> + '_ {
	let mut number = 0;
	let count = move |section| {
		let first = number;
		number += program.section(section).len() as u64;
		(section, first)
	};
	let skipped = program.microbatch_length() * u64::from(program.microbatches().saturating_sub(1));
	let is_behind = |section: &Section| {
		matches!(section, Section::Norm(_) | Section::Clipping | Section::Update(_))
	};
	program.sections_of(1).map(count).map(move |(section, first)| {
		(section, if is_behind(&section) { first + skipped } else { first })
	})
}

/// Sections that differ by the layer or the tensor alone are shown once.
fn shown(program: &Program) -> impl Iterator<Item = (Section, u64)> + '_ {
	let front = u32::from(program.stage().front().is_some());
	let last = program.stage().tensor_count() - 1;
	walked(program).filter(move |(section, _)| match section {
		Section::LayerForward(_, layer) | Section::LayerBackward(_, layer) => *layer == 0,
		Section::Norm(tensor) | Section::Update(tensor) => *tensor <= front || *tensor == last,
		_ => true,
	})
}

/// The number of the operation that reads each value last.
fn last_reads(program: &Program) -> BTreeMap<Value, u64> {
	let mut reads = BTreeMap::new();
	for (section, first) in walked(program) {
		for (number, operation) in (first..).zip(program.section(section)) {
			reads.extend(operation.reads().into_iter().map(|value| (value, number)));
		}
	}
	reads
}

fn print_operation(
	out: &mut impl Write,
	number: u64,
	operation: &Operation,
	last_reads: &BTreeMap<Value, u64>,
) -> io::Result<()> {
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
	writeln!(
		out,
		"{number:>6}  {}  {}  {definition} of {}  {}  {}  {last}",
		operation.output,
		shape.join("×"),
		reads.join(", "),
		short(operation.flops() as f64),
		short(operation.bytes() as f64),
	)
}

/// A formula's name without its constants.
fn name_of(formula: &str) -> String {
	formula.split([' ', '{']).next().unwrap_or_default().to_string()
}

fn print_summary(
	out: &mut impl Write,
	program: &Program,
	spec: &cairn_primitives::ModelSpec,
	stage: u8,
) -> CommandResult {
	let sum = |cost: fn(&Operation) -> u128| -> u128 {
		let of_section = |section: Section| {
			let once: u128 = program.section(section).iter().map(cost).sum();
			match section {
				Section::Tables | Section::Norm(_) | Section::Clipping | Section::Update(_) => once,
				_ => once * u128::from(program.microbatches()),
			}
		};
		program.sections_of(1).map(of_section).sum()
	};
	let (flops, bytes) = (sum(Operation::flops), sum(|operation| operation.bytes().into()));
	let points = spec.stage_cost(stage).map_or(0, |cost| cost.points(1, spec.schedule.batch_at(0)));
	writeln!(out)?;
	writeln!(out, "operations of a step      {}", program.length())?;
	writeln!(out, "microbatches of a step    {}", program.microbatches())?;
	writeln!(out, "FLOPs of a step           {}", short(flops as f64))?;
	writeln!(out, "bytes that a step writes  {}", short(bytes as f64))?;
	writeln!(
		out,
		"points of a step          {} (what is paid for: docs/protocol.md)",
		short(points as f64)
	)?;
	let in_flight = in_flight(spec, stage);
	writeln!(
		out,
		"memory of a seat, with one thread and {in_flight} microbatches under way, in bytes:"
	)?;
	for (name, recompute) in [("selective", Recompute::Selective), ("full", Recompute::Full)] {
		let plan = MemoryPlan::seat(spec, stage, in_flight, recompute, 1)?;
		writeln!(
			out,
			"  {name} recomputation: {} (shard {}, activations {}, work {}, scratch {}, window {}, process {})",
			plan.total(),
			plan.shard,
			plan.activations,
			plan.work,
			plan.scratch,
			plan.window,
			plan.process,
		)?;
	}
	Ok(())
}
