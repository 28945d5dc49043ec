//! `dataset seed`: gives a dataset to those who learn it.

use std::{
	collections::HashMap,
	net::SocketAddr,
	path::{Path, PathBuf},
	sync::Arc,
	time::Duration,
};

use cairn_chain::{Connection, ViewError};
use cairn_engine::data::Dataset;
use cairn_primitives::DatasetId;
use cairn_transport::{Admission, BlobStore, Endpoint, EndpointId, SecretKey};
use clap::Args;
use tokio::{sync::mpsc, time::sleep};

use super::{
	dataset::{dataset_shelf, readers, Lending},
	door::members,
	log,
	question::{Answer, Question},
};
use crate::{
	commands::CommandResult,
	settings::{ChainArguments, Settings},
};

/// Pause before the chain is asked again who may fetch.
const EVERY: Duration = Duration::from_secs(6);
/// Questions that may wait for their answers.
const QUESTIONS: usize = 64;

/// Give a dataset to those who learn it: whoever has a place at the first or the last stage of a model on it.
///
/// It runs until Ctrl-C. Workers name it with `run --seeder`.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  cairn-worker dataset seed whale --listen 203.0.113.7:4010")]
pub struct SeedCommand {
	/// The dataset's folder.
	folder: PathBuf,
	/// Where workers reach it.
	#[arg(long, value_name = "IP:PORT", default_value = "0.0.0.0:4010")]
	listen: SocketAddr,
	#[command(flatten)]
	chain: ChainArguments,
}

impl SeedCommand {
	/// Run until told to end.
	pub fn run(self) -> CommandResult {
		log::start(log::Format::Text, None)?;
		let runtime = tokio::runtime::Builder::new_multi_thread()
			.worker_threads(2)
			.thread_name("network")
			.enable_all()
			.build()?;
		runtime.block_on(self.seed())
	}

	async fn seed(self) -> CommandResult {
		let dataset = Dataset::open(&self.folder)?;
		dataset.check_tokenizer()?;
		let root = dataset.manifest().root();
		let settings = Settings::read(&self.chain)?;
		let connection = settings.connect().await?;
		let secret = SecretKey::from_bytes(&settings.keys().endpoint_or_new()?.seed());
		let (ask, questions) = mpsc::channel(QUESTIONS);
		let endpoint = Endpoint::builder(secret)
			.bind_address(self.listen)
			.blobs(BlobStore::Memory)
			.answer(ask)
			.bind()
			.await?;
		println!("{root:?}: {} chunks", dataset.manifest().chunks.len());
		for address in endpoint.addresses() {
			println!("cairn-worker run --seeder {}@{address}", endpoint.id());
		}
		let serving = tokio::spawn(serve(endpoint.clone(), self.folder, root, questions));
		tokio::select! {
			() = admit(&endpoint, &connection, root) => {},
			heard = tokio::signal::ctrl_c() => heard?,
		}
		serving.abort();
		endpoint.close().await;
		Ok(())
	}
}

/// Let those in who may fetch a dataset, as the chain says; never ends.
async fn admit(endpoint: &Endpoint, connection: &Connection, dataset: DatasetId) {
	loop {
		match admitted(connection, dataset).await {
			Ok(table) => endpoint.admissions().replace(table),
			Err(error) => tracing::warn!("who may fetch is not known: {error}"),
		}
		sleep(EVERY).await;
	}
}

/// Who may fetch a dataset.
async fn admitted(
	connection: &Connection,
	dataset: DatasetId,
) -> Result<HashMap<EndpointId, Admission>, ViewError> {
	let state = connection.state().await?;
	let mut table = HashMap::<EndpointId, Admission>::new();
	for model in 0..state.model_count().await? {
		let Some(spec) = state.spec(model).await?.filter(|spec| spec.dataset == dataset) else {
			continue;
		};
		for stage in readers(&spec) {
			for peer in members(&state, model, stage).await? {
				table.entry(peer).or_default().shelves.insert(dataset_shelf(dataset));
			}
		}
	}
	Ok(table)
}

/// Answer what peers that are admitted ask.
async fn serve(
	endpoint: Endpoint,
	folder: PathBuf,
	root: DatasetId,
	mut questions: mpsc::Receiver<cairn_transport::Question>,
) {
	let lending = Arc::new(Lending::default());
	let folder: Arc<Path> = folder.into();
	while let Some(asked) = questions.recv().await {
		let (endpoint, lending, folder) = (endpoint.clone(), lending.clone(), folder.clone());
		tokio::spawn(async move {
			let answer = match Question::from_bytes(&asked.bytes) {
				Some(Question::Dataset { dataset, part, .. }) if dataset == root => {
					let open = || Dataset::open(&*folder).ok();
					let lent = lending.lend(endpoint.blobs(), root, part, open).await;
					lent.map_or(Answer::Unknown, Answer::Blob)
				},
				_ => Answer::Unknown,
			};
			if let Err(error) = asked.answer(answer.to_bytes()) {
				tracing::error!(%error, "an answer was not given");
			}
		});
	}
}
