//! Ways to look at a running daemon: metrics for Prometheus, the status API for programs, a screen for people.

mod metrics;
mod rpc;
mod screen;
mod terminal;

use std::{future::Future, io, net::SocketAddr};

use tokio::{sync::mpsc, task::JoinSet};

use super::monitor::Monitor;

/// Which views there are.
#[derive(Clone, Copy, Debug, Default)]
pub struct Views {
	/// Where metrics are served.
	pub metrics: Option<SocketAddr>,
	/// Where the status API is served.
	pub rpc: Option<SocketAddr>,
	/// Whether the terminal shows a screen.
	pub tui: bool,
}

/// Why there is no view.
#[derive(Debug, thiserror::Error)]
pub enum ViewsError {
	/// The metrics' port cannot be had.
	#[error("metrics cannot be served: {0}. Choose another port with --metrics")]
	Metrics(#[from] substrate_prometheus_endpoint::Error),
	/// A metric is described wrongly.
	#[error(transparent)]
	Metric(#[from] substrate_prometheus_endpoint::PrometheusError),
	/// The API's port cannot be had.
	#[error("the status API cannot be served at {0}: {1}. Choose another port with --rpc")]
	Rpc(SocketAddr, io::Error),
	/// Two methods have one name.
	#[error(transparent)]
	Method(#[from] jsonrpsee::core::RegisterMethodError),
	/// There is no terminal.
	#[error("the screen cannot be shown: {0}. It needs a terminal; leave --tui away without one")]
	Terminal(io::Error),
}

/// Views at work, until they are dropped.
pub struct Open(JoinSet<()>);

impl Views {
	/// Whether nobody looks.
	pub fn is_empty(&self) -> bool {
		self.metrics.is_none() && self.rpc.is_none() && !self.tui
	}

	/// Open them. What the keyboard says goes where Ctrl-C does.
	pub async fn open(
		self,
		monitor: &Monitor,
		heard: mpsc::Sender<()>,
	) -> Result<Open, ViewsError> {
		let mut tasks = JoinSet::new();
		if let Some(address) = self.metrics {
			let serving = metrics::serve(address, monitor.clone())?;
			tasks.spawn(serving);
		}
		if let Some(address) = self.rpc {
			let server = rpc::serve(address, monitor.clone()).await?;
			tasks.spawn(server.stopped());
		}
		if self.tui {
			let screen = terminal::Terminal::open().map_err(ViewsError::Terminal)?;
			tasks.spawn(screen.show(monitor.clone(), heard));
		}
		Ok(Open(tasks))
	}
}

impl Open {
	/// Keep a task for as long as somebody looks.
	pub fn with(&mut self, task: impl Future<Output = ()> + Send + 'static) {
		self.0.spawn(task);
	}
}
