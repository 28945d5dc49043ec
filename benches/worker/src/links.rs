//! A lane over simulated home links, with each codec of edges, beside what the model of the pipeline says.

use std::path::Path;

use cairn_engine::data::Dataset;
use cairn_primitives::{spec::BoundaryCodec, ModelSpec};
use cairn_transport::Link;

use crate::{
	alone,
	edges::Ends,
	lanes::Lane,
	model::{self, Size},
	pipeline::{Pipeline, StageCost, TensorCost},
	processes::{cores, steady},
	seat::{extent, runtime},
	talk::Part,
	Failed, Options, LINK, LINK_BITS,
};

/// Share of a link's bandwidth that is left for tensors: headers and signs of packets take the rest.
const PAYLOAD: f64 = 0.96;
/// Tensors that are sent to learn what their packets cost.
const PROBES: u32 = 24;
/// Tensors of an edge that are under way in a direction.
const IN_FLIGHT: usize = 4;

/// Measure, and print.
pub fn run(options: &Options, dataset: &Dataset, folder: &Path) -> Result<(), Failed> {
	let size = Size {
		width: 256,
		layers: 2,
		stages: 4,
		microbatches: 16,
		steps: 6 + options.warmup as u32,
	};
	println!(
		"==> over links of {LINK} at each of {} stages of {} layers of width {}, {} tokens a step",
		size.stages,
		size.layers,
		size.width,
		size.tokens(),
	);
	println!("  edges       bytes a tensor  tokens/s  predicted  waiting  predicted");
	let codecs = [
		("dense", BoundaryCodec::Dense),
		("int8", BoundaryCodec::Int8 { block: 32 }),
		("bottleneck", BoundaryCodec::Bottleneck { rank: 32 }),
	];
	let mut results = Vec::new();
	for (name, codec) in codecs {
		let spec = size.spec(dataset, codec)?;
		let predicted = pipeline(&spec, &folder.join("dataset"), options.warmup)?.predict();
		let lane = Lane::run(&spec, &folder.join("dataset"), Some(LINK))?;
		let steps = steady(&lane.reports, options.warmup)?;
		let mean =
			|of: &dyn Fn(usize) -> f64| (0..steps.len()).map(of).sum::<f64>() / steps.len() as f64;
		let step = mean(&|stage| steps[stage].seconds);
		let waiting = mean(&|stage| steps[stage].waited / steps[stage].seconds);
		let tokens = f64::from(size.tokens());
		println!(
			"  {name:<11} {:>14} {:>9.0} {:>10.0} {:>7.0}% {:>9.0}%",
			model::form(&spec)?.bytes(),
			tokens / step,
			tokens / predicted.step,
			waiting * 100.0,
			predicted.waiting * 100.0,
		);
		results.push((name, tokens / step, waiting, (step / predicted.step - 1.0).abs()));
	}
	for (name, speed, waiting, error) in results {
		println!("result worker_{name}_tokens_per_second {speed:.0}");
		println!("result worker_{name}_waiting_share {waiting:.2}");
		println!("result worker_{name}_prediction_error {error:.3} goal <=0.15");
	}
	Ok(())
}

/// The pipeline of a model over the link: what each stage and what a tensor costs by itself.
fn pipeline(spec: &ModelSpec, dataset: &Path, warmup: usize) -> Result<Pipeline, Failed> {
	let mut part = Part::start("stages")?;
	let (threads, dataset) = (cores(), dataset.into());
	part.tell(&alone::Order { spec: spec.clone(), dataset, threads, warmup })?;
	let stages: Vec<StageCost> = part.hear()?;
	let (form, link) = (model::form(spec)?, LINK.parse::<Link>()?);
	let probe = async { Ends::open(form, PROBES, Some(link)).await?.stream().await };
	let cpu = runtime()?.block_on(probe)?.cpu;
	let tensor = TensorCost {
		transfer: form.bytes() as f64 * 8.0 / LINK_BITS / PAYLOAD,
		latency: link.latency.as_secs_f64(),
		packets: cpu / f64::from(PROBES) / 2.0,
		in_flight: IN_FLIGHT,
	};
	let microbatches = extent(spec).microbatches as usize;
	Ok(Pipeline { stages, tensor, microbatches, cores: cores() })
}
