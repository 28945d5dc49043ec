//! Metrics for Prometheus: a table of what there is, and how each is read off the status.

use std::{future::Future, net::SocketAddr};

use cairn_primitives::Balance;
use futures::FutureExt;
use substrate_prometheus_endpoint::{
	init_prometheus, register, MetricSource, Opts, PrometheusError, Registry, SourcedCounter,
	SourcedGauge,
};

use super::ViewsError;
use crate::{
	commands::status::{Account, Registration},
	run::monitor::{Doing, Monitor, SeatStatus, Status},
};

/// What labels say of a value.
type Labels<'a> = &'a [&'a str];
/// Takes values.
type Set<'a> = dyn FnMut(Labels, f64) + 'a;

/// A metric.
#[derive(Clone, Copy)]
struct Metric {
	name: &'static str,
	help: &'static str,
	labels: Labels<'static>,
	read: Read,
}

/// How values of a metric are read off the status.
#[derive(Clone, Copy)]
enum Read {
	/// A gauge of the daemon.
	Whole(fn(&Status) -> f64),
	/// Gauges whose labels the status tells.
	Labelled(fn(&Status, &mut Set)),
	/// Gauges of each place; the labels `model` and `stage` come first.
	Seats(fn(&SeatStatus, &mut Set)),
	/// Counters of each place, likewise.
	Totals(fn(&SeatStatus, &mut Set)),
	/// A gauge of a registered provider.
	Provider(fn(&Registration) -> f64),
	/// Gauges of a provider.
	Account(fn(&Account, &mut Set)),
}

/// Labels of places.
const SEAT: Labels = &["model", "stage"];

/// All there are.
const METRICS: &[Metric] = &[
	Metric {
		name: "cairn_worker_info",
		help: "1, with the program's version, the provider and the endpoint as labels",
		labels: &["version", "provider", "endpoint"],
		read: Read::Labelled(|status, set| {
			let provider = status.provider.as_ref().map(ToString::to_string).unwrap_or_default();
			let endpoint = status.endpoint.as_deref().unwrap_or_default();
			set(&[status.version, &provider, endpoint], 1.0);
		}),
	},
	Metric {
		name: "cairn_worker_start_time_seconds",
		help: "When the process started, in seconds since 1970",
		labels: &[],
		read: Read::Whole(|status| status.started as f64),
	},
	Metric {
		name: "cairn_worker_resident_memory_bytes",
		help: "Memory that the process has",
		labels: &[],
		read: Read::Labelled(|_, set| {
			if let Some(bytes) = crate::memory::resident() {
				set(&[], bytes as f64);
			}
		}),
	},
	Metric {
		name: "cairn_worker_node_answers",
		help: "Whether the node answers",
		labels: &[],
		read: Read::Whole(|status| flag(status.chain.answers)),
	},
	Metric {
		name: "cairn_worker_node_peers",
		help: "Nodes that the node is connected to",
		labels: &[],
		read: Read::Whole(|status| status.chain.peers as f64),
	},
	Metric {
		name: "cairn_worker_block_height",
		help: "Height of the newest block (status=best), and of the newest final one (status=final)",
		labels: &["status"],
		read: Read::Labelled(|status, set| {
			set(&["best"], status.chain.best.into());
			set(&["final"], status.chain.r#final.into());
		}),
	},
	Metric {
		name: "cairn_worker_phase",
		help: "1 for what is being done at a place, 0 for the rest",
		labels: &["model", "stage", "phase"],
		read: Read::Seats(|seat, set| {
			Doing::ALL.iter().for_each(|doing| set(&[doing.word()], flag(*doing == seat.doing)));
		}),
	},
	Metric {
		name: "cairn_worker_waits",
		help: "Whether the work at a place does not go on; the log and the status API say why",
		labels: SEAT,
		read: Read::Seats(|seat, set| set(&[], flag(seat.waits_for.is_some()))),
	},
	Metric {
		name: "cairn_worker_window",
		help: "Number of the window in which the place worked last",
		labels: SEAT,
		read: Read::Seats(|seat, set| some(seat.window, set)),
	},
	Metric {
		name: "cairn_worker_window_deadline_block",
		help: "Last block of that window",
		labels: SEAT,
		read: Read::Seats(|seat, set| some(seat.deadline, set)),
	},
	Metric {
		name: "cairn_worker_window_steps",
		help: "Steps of that window: those that it has (of=all), and those computed (of=done)",
		labels: &["model", "stage", "of"],
		read: Read::Seats(|seat, set| {
			set(&["all"], seat.steps.into());
			set(&["done"], seat.step.into());
		}),
	},
	Metric {
		name: "cairn_worker_neighbour_connected",
		help: "Whether the edge to a neighbour in the lane (role=upstream or downstream) is open",
		labels: &["model", "stage", "role"],
		read: Read::Seats(|seat, set| {
			seat.neighbours.iter().for_each(|line| set(&[line.role], flag(line.connected)));
		}),
	},
	Metric {
		name: "cairn_worker_loss",
		help: "Mean loss of the last step, at a last stage",
		labels: SEAT,
		read: Read::Seats(|seat, set| some(seat.loss, set)),
	},
	Metric {
		name: "cairn_worker_held_out_loss",
		help: "Loss of held-out samples at the last gate, at a last stage",
		labels: SEAT,
		read: Read::Seats(|seat, set| some(seat.held_out, set)),
	},
	Metric {
		name: "cairn_worker_units_total",
		help: "Units attested",
		labels: SEAT,
		read: Read::Totals(|seat, set| set(&[], seat.totals.units as f64)),
	},
	Metric {
		name: "cairn_worker_broken_lanes_total",
		help: "Lanes that ended before their last step, or never opened",
		labels: SEAT,
		read: Read::Totals(|seat, set| set(&[], seat.totals.broken as f64)),
	},
	Metric {
		name: "cairn_worker_steps_total",
		help: "Steps computed",
		labels: SEAT,
		read: Read::Totals(|seat, set| set(&[], seat.totals.steps as f64)),
	},
	Metric {
		name: "cairn_worker_tokens_total",
		help: "Tokens of the steps computed",
		labels: SEAT,
		read: Read::Totals(|seat, set| set(&[], seat.totals.tokens as f64)),
	},
	Metric {
		name: "cairn_worker_lane_seconds_total",
		help: "Time of the thread that computes: at work (kind=compute), or waiting for neighbours (kind=wait)",
		labels: &["model", "stage", "kind"],
		read: Read::Totals(|seat, set| {
			set(&["compute"], seat.totals.computing);
			set(&["wait"], seat.totals.waiting);
		}),
	},
	Metric {
		name: "cairn_worker_edge_bytes_total",
		help: "Bytes of tensors over the edges of the lane (direction=sent or received)",
		labels: &["model", "stage", "direction"],
		read: Read::Totals(|seat, set| {
			set(&["sent"], seat.totals.sent as f64);
			set(&["received"], seat.totals.received as f64);
		}),
	},
	Metric {
		name: "cairn_worker_audits_total",
		help: "Audits answered, by what the unit came to (outcome=passed, failed or unavailable)",
		labels: &["model", "stage", "outcome"],
		read: Read::Totals(|seat, set| {
			set(&["passed"], seat.totals.audits_passed as f64);
			set(&["failed"], seat.totals.audits_failed as f64);
			set(&["unavailable"], seat.totals.audits_unavailable as f64);
		}),
	},
	Metric {
		name: "cairn_worker_dispute_moves_total",
		help: "Moves made in disputes",
		labels: SEAT,
		read: Read::Totals(|seat, set| set(&[], seat.totals.moves as f64)),
	},
	Metric {
		name: "cairn_worker_balance_crn",
		help: "What an account can spend (account=provider, or worker: that pays the fees)",
		labels: &["account"],
		read: Read::Account(|account, set| {
			if let Some(balance) = account.balance {
				set(&["provider"], crn(balance.0));
			}
			if let Some(registration) = &account.registration {
				set(&["worker"], crn(registration.worker_balance.0));
			}
		}),
	},
	Metric {
		name: "cairn_worker_bond_crn",
		help: "The provider's bond",
		labels: &[],
		read: Read::Provider(|registration| crn(registration.bond.0)),
	},
	Metric {
		name: "cairn_worker_bond_committed_crn",
		help: "The part of the bond that answers for models",
		labels: &[],
		read: Read::Provider(|registration| crn(registration.committed.0)),
	},
	Metric {
		name: "cairn_worker_final_units",
		help: "Units and audits of the provider that became final",
		labels: &[],
		read: Read::Provider(|registration| registration.units.into()),
	},
	Metric {
		name: "cairn_worker_points",
		help: "Points that they earned: verified FLOPs",
		labels: &[],
		read: Read::Provider(|registration| registration.points as f64),
	},
	Metric {
		name: "cairn_worker_faults",
		help: "Faults of the provider that were proven",
		labels: &[],
		read: Read::Provider(|registration| registration.faults.into()),
	},
	Metric {
		name: "cairn_worker_absences",
		help: "Windows that the provider missed",
		labels: &[],
		read: Read::Provider(|registration| registration.absences.into()),
	},
	Metric {
		name: "cairn_worker_escrow_points",
		help: "Points in a model that are not final",
		labels: &["model"],
		read: Read::Account(|account, set| {
			for place in &account.places {
				set(&[&place.model.to_string()], place.escrow as f64);
			}
		}),
	},
	Metric {
		name: "cairn_worker_shares",
		help: "Shares of a model that the provider holds",
		labels: &["model"],
		read: Read::Account(|account, set| {
			for holding in &account.shares {
				set(&[&holding.model.to_string()], crn(holding.shares.0));
			}
		}),
	},
	Metric {
		name: "cairn_worker_claimable_crn",
		help: "What its shares of a model have earned and can be claimed",
		labels: &["model"],
		read: Read::Account(|account, set| {
			for holding in &account.shares {
				set(&[&holding.model.to_string()], crn(holding.claimable.0));
			}
		}),
	},
	Metric {
		name: "cairn_worker_audits_due",
		help: "Units that the provider has to re-execute",
		labels: &[],
		read: Read::Account(|account, set| set(&[], account.audits.len() as f64)),
	},
	Metric {
		name: "cairn_worker_disputes_open",
		help: "Disputes of the provider, on either side",
		labels: &[],
		read: Read::Account(|account, set| set(&[], account.disputes.len() as f64)),
	},
];

/// Serve metrics at `/metrics`; fails at once if the port cannot be had.
pub fn serve(
	address: SocketAddr,
	monitor: Monitor,
) -> Result<impl Future<Output = ()> + Send, ViewsError> {
	let mut serving = Box::pin(init_prometheus(address, registry(&monitor)?));
	// The port is bound when it is first looked at.
	if let Some(Err(error)) = (&mut serving).now_or_never() {
		return Err(error.into());
	}
	Ok(serving.map(|ended| {
		if let Err(error) = ended {
			tracing::error!("metrics are no longer served: {error}");
		}
	}))
}

fn registry(monitor: &Monitor) -> Result<Registry, PrometheusError> {
	let registry = Registry::new();
	for metric in METRICS {
		let labels = metric.labels.iter().map(ToString::to_string).collect();
		let options = Opts::new(metric.name, metric.help).variable_labels(labels);
		let source = Source { monitor: monitor.clone(), read: metric.read };
		match metric.read {
			Read::Totals(_) => {
				register(SourcedCounter::new(&options, source)?, &registry)?;
			},
			_ => {
				register(SourcedGauge::new(&options, source)?, &registry)?;
			},
		}
	}
	Ok(registry)
}

#[derive(Clone)]
struct Source {
	monitor: Monitor,
	read: Read,
}

impl MetricSource for Source {
	type N = f64;

	fn collect(&self, mut set: impl FnMut(&[&str], f64)) {
		let status = self.monitor.status();
		match self.read {
			Read::Whole(read) => set(&[], read(&status)),
			Read::Labelled(read) => read(&status, &mut set),
			Read::Seats(read) | Read::Totals(read) => {
				for seat in &status.seats {
					let (model, stage) = (seat.model.to_string(), seat.stage.to_string());
					read(seat, &mut |labels: Labels, value| {
						set(&[&[model.as_str(), stage.as_str()][..], labels].concat(), value);
					});
				}
			},
			Read::Provider(read) => {
				let account = status.account.as_ref();
				if let Some(registration) = account.and_then(|found| found.registration.as_ref()) {
					set(&[], read(registration));
				}
			},
			Read::Account(read) => {
				if let Some(account) = &status.account {
					read(account, &mut set);
				}
			},
		}
	}
}

fn flag(is_so: bool) -> f64 {
	f64::from(u8::from(is_so))
}

/// Whole CRN, or whole shares.
fn crn(amount: Balance) -> f64 {
	amount as f64 / 1e12
}

/// A value that is not always there.
fn some<T: Into<f64>>(value: Option<T>, set: &mut Set) {
	if let Some(value) = value {
		set(&[], value.into());
	}
}

#[cfg(test)]
mod tests {
	use std::{collections::BTreeSet, fs, path::Path};

	use serde_json::Value;
	use substrate_prometheus_endpoint::prometheus::TextEncoder;

	use super::*;
	use crate::run::monitor::Audited;

	/// A file of the repository.
	fn file(path: &str) -> String {
		let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
		fs::read_to_string(root.join(path)).unwrap()
	}

	/// Names of metrics in a text.
	fn names(text: &str) -> BTreeSet<&str> {
		let words = text.split(|letter: char| letter != '_' && !letter.is_ascii_alphanumeric());
		words.filter(|word| word.starts_with("cairn_worker_")).collect()
	}

	fn exposed(monitor: &Monitor) -> String {
		TextEncoder::new().encode_to_string(&registry(monitor).unwrap().gather()).unwrap()
	}

	#[test]
	fn a_place_is_told_with_its_labels() {
		let monitor = Monitor::new("ws://node");
		monitor.took(3, 1);
		monitor.finalised(12);
		monitor.meter(3, 1).count(true, 640);
		monitor.seat(3, 1, |seat| {
			seat.doing = Doing::Computing;
			seat.audited(Audited::Passed);
		});
		let text = exposed(&monitor);
		for line in [
			"# TYPE cairn_worker_edge_bytes_total counter",
			"# TYPE cairn_worker_phase gauge",
			"cairn_worker_edge_bytes_total{model=\"3\",stage=\"1\",direction=\"received\"} 640",
			"cairn_worker_phase{model=\"3\",stage=\"1\",phase=\"computing\"} 1",
			"cairn_worker_phase{model=\"3\",stage=\"1\",phase=\"waiting\"} 0",
			"cairn_worker_audits_total{model=\"3\",stage=\"1\",outcome=\"passed\"} 1",
			"cairn_worker_block_height{status=\"final\"} 12",
			"cairn_worker_node_answers 1",
		] {
			assert!(text.lines().any(|found| found == line), "{line} is missing:\n{text}");
		}
		assert!(!text.contains("cairn_worker_loss{"), "a loss that nobody computed is not told");
		monitor.gave_up(3, 1);
		assert!(!exposed(&monitor).contains("stage="));
	}

	#[test]
	fn the_dashboard_and_the_alerts_ask_for_metrics_that_there_are() {
		let known: BTreeSet<_> = METRICS.iter().map(|metric| metric.name).collect();
		let dashboard: Value =
			serde_json::from_str(&file("deploy/grafana/dashboards/worker.json")).unwrap();
		let mut asked = BTreeSet::new();
		for panel in dashboard["panels"].as_array().unwrap() {
			for target in panel["targets"].as_array().into_iter().flatten() {
				let expression = target["expr"].as_str().unwrap();
				let found = names(expression);
				assert!(!found.is_empty(), "{expression}");
				assert!(found.is_subset(&known), "{expression}");
				asked.extend(found.into_iter().map(str::to_string));
			}
		}
		assert!(asked.len() > known.len() / 2, "the dashboard shows little: {asked:?}");
		let alerts = file("deploy/prometheus/alerts.yml");
		assert!(names(&alerts).is_subset(&known), "{alerts}");
	}

	#[test]
	fn the_guide_explains_every_metric() {
		let guide = file("docs/provider.md");
		let known: BTreeSet<_> = METRICS.iter().map(|metric| metric.name).collect();
		assert_eq!(names(&guide), known);
	}
}
