//! Datasets among those who learn them: the first and the last stage of a model read its dataset, and give it to each other, file by file.

use std::{
	collections::VecDeque,
	net::SocketAddr,
	str::FromStr,
	sync::{Arc, Mutex, PoisonError},
	time::Duration,
};

use bytes::Bytes;
use cairn_chain::{views::State, ViewError};
use cairn_engine::data::{Assembly, AssemblyError, Dataset};
use cairn_primitives::{DatasetId, Hash, ModelId, ModelSpec, StageIndex};
use cairn_transport::{BlobError, Blobs, EndpointId, FetchError, Peer, Shelf};
use futures::{stream, StreamExt, TryStreamExt};
use serde::Deserialize;
use tokio::{task::spawn_blocking, time::sleep};

use super::{
	peers,
	question::{Answer, Part, Question},
	worker::Worker,
};

/// Pause before all peers are asked again.
const PAUSE: Duration = Duration::from_secs(20);
/// Parts that lie ready to be fetched at a time.
const LENT: usize = 64;
/// Chunks that are fetched at a time.
const AT_ONCE: usize = 4;
/// Most bytes of a manifest, and of a tokenizer.
const LIMIT: u64 = 64 << 20;

/// The shelf of the parts of a dataset that are given out now.
pub fn dataset_shelf(dataset: DatasetId) -> Shelf {
	Shelf::new(format!("dataset/{dataset:x}"))
}

/// The stages of a model that read its dataset.
pub fn readers(spec: &ModelSpec) -> impl Iterator<Item = StageIndex> {
	let last = spec.stage_count().saturating_sub(1);
	let last = StageIndex::try_from(last).unwrap_or(StageIndex::MAX); // at most 64 stages
	[0, last].into_iter().take(if last == 0 { 1 } else { 2 })
}

/// Whether a stage reads the dataset.
pub fn reads_dataset(spec: &ModelSpec, stage: StageIndex) -> bool {
	readers(spec).any(|reader| reader == stage)
}

/// Whoever gives out a dataset, as people write it: its endpoint, and where that is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Seeder(pub Peer);

impl FromStr for Seeder {
	type Err = String;

	fn from_str(text: &str) -> Result<Self, String> {
		let wrong = || format!("{text} is not ID@IP:PORT, as `dataset seed` prints it");
		let (id, address) = text.split_once('@').ok_or_else(wrong)?;
		let id: EndpointId = id.parse().map_err(|_| wrong())?;
		let address: SocketAddr = address.parse().map_err(|_| wrong())?;
		Ok(Self(Peer::new(id, [address])))
	}
}

impl TryFrom<String> for Seeder {
	type Error = String;

	fn try_from(text: String) -> Result<Self, String> {
		text.parse()
	}
}

/// Lays parts of a dataset out for those who ask for them, a few at a time: a dataset is not to be stored twice.
#[derive(Debug, Default)]
pub struct Lending {
	dataset: Mutex<Option<Arc<Dataset>>>,
	/// What lies there, the oldest first.
	lent: Mutex<VecDeque<Hash>>,
}

impl Lending {
	/// The blob of a part of a dataset, which `open` finds; `None` if it is not here.
	pub async fn lend(
		&self,
		blobs: &Blobs,
		root: DatasetId,
		part: Part,
		open: impl FnOnce() -> Option<Dataset>,
	) -> Option<Hash> {
		let dataset = self.opened(root, open)?;
		let bytes = spawn_blocking(move || read(&dataset, part)).await.ok()??;
		let shelf = dataset_shelf(root);
		let hash = blobs.share_bytes(&shelf, bytes).await.ok()?;
		for old in self.note(hash) {
			blobs.take(&shelf, old).await.ok()?;
		}
		Some(hash)
	}

	fn opened(
		&self,
		root: DatasetId,
		open: impl FnOnce() -> Option<Dataset>,
	) -> Option<Arc<Dataset>> {
		let mut dataset = self.dataset.lock().unwrap_or_else(PoisonError::into_inner);
		if let Some(known) = dataset.as_ref().filter(|known| known.manifest().root() == root) {
			return Some(known.clone());
		}
		*dataset = open().map(Arc::new);
		dataset.clone()
	}

	/// Note what lies there now; what is to be taken away.
	fn note(&self, hash: Hash) -> Vec<Hash> {
		let mut lent = self.lent.lock().unwrap_or_else(PoisonError::into_inner);
		lent.retain(|known| *known != hash);
		lent.push_back(hash);
		let more = lent.len().saturating_sub(LENT);
		lent.drain(..more).collect()
	}
}

fn read(dataset: &Dataset, part: Part) -> Option<Vec<u8>> {
	let read = match part {
		Part::Manifest => return Some(dataset.manifest().to_bytes()),
		Part::Tokenizer => dataset.tokenizer_bytes(),
		Part::Chunk(chunk) => dataset.chunk(chunk as usize)?,
	};
	read.inspect_err(|error| tracing::warn!(%error, "a part of a dataset is not given out")).ok()
}

/// Why a dataset is not fetched.
#[derive(Debug, thiserror::Error)]
enum Unfetched {
	/// The peer does not have it.
	#[error("it does not give {0:?}")]
	NotGiven(Part),
	/// The peer names another blob.
	#[error("it gives another blob as {0:?}")]
	Other(Part),
	/// A blob did not come.
	#[error(transparent)]
	Fetch(#[from] FetchError),
	/// The store of blobs failed.
	#[error(transparent)]
	Blob(#[from] BlobError),
	/// What came is not the dataset.
	#[error(transparent)]
	Assembly(#[from] AssemblyError),
}

/// Fetch the dataset of a model from seeders, or from whoever reads it at the model.
pub async fn fetch_for(worker: Arc<Worker>, state: State, model: ModelId, spec: ModelSpec) {
	let dataset = spec.dataset;
	tracing::info!(model, ?dataset, "fetching the dataset: no folder that --dataset names has it");
	let mut peers: Vec<Peer> = worker.seeders.iter().map(|seeder| seeder.0.clone()).collect();
	match colleagues(&worker, &state, model, &spec).await {
		Ok(found) => peers.extend(found),
		Err(error) => tracing::warn!(model, "who reads the dataset is not known: {error}"),
	}
	for peer in &peers {
		match fetch_from(&worker, peer, model, dataset).await {
			Ok(fetched) => {
				let chunks = fetched.manifest().chunks.len();
				tracing::info!(model, ?dataset, chunks, "the dataset is here");
				return;
			},
			Err(error) => {
				tracing::info!(peer = %peer.id.fmt_short(), %error, "a peer does not give the dataset");
			},
		}
	}
	tracing::warn!(
		model,
		?dataset,
		"no peer gives the dataset: trying again. Name its folder with --dataset, or somebody who has it with --seeder"
	);
	// Who asks again does so when this ends.
	sleep(PAUSE).await;
}

/// Who reads the dataset of a model, besides this worker.
async fn colleagues(
	worker: &Worker,
	state: &State,
	model: ModelId,
	spec: &ModelSpec,
) -> Result<Vec<Peer>, ViewError> {
	let mut found = Vec::new();
	for stage in readers(spec) {
		let Some(roster) = state.roster(model, stage).await? else { continue };
		let standbys = roster.standbys.iter().map(|standby| &standby.provider);
		for provider in roster.seats.iter().flatten().chain(standbys) {
			if *provider != worker.provider {
				let provider = state.provider(provider).await?;
				found.extend(provider.and_then(|provider| peers::reach(&provider.endpoint)));
			}
		}
	}
	Ok(found)
}

/// Fetch from one peer what is missing of a dataset.
async fn fetch_from(
	worker: &Worker,
	peer: &Peer,
	model: ModelId,
	dataset: DatasetId,
) -> Result<Dataset, Unfetched> {
	let fetch = async |part, expected: Option<Hash>, limit| {
		let blob = ask(worker, peer, model, dataset, part).await?;
		match expected.is_none_or(|expected| expected == blob) {
			true => take(worker, peer, dataset, blob, limit).await,
			false => Err(Unfetched::Other(part)),
		}
	};
	let manifest = fetch(Part::Manifest, None, LIMIT).await?;
	let assembly = Assembly::begin(&worker.dataset_folder(dataset), dataset, &manifest)?;
	let (tokenizer, chunks) = (assembly.manifest().tokenizer, assembly.manifest().chunks.clone());
	assembly.add_tokenizer(&fetch(Part::Tokenizer, Some(tokenizer), LIMIT).await?)?;
	let missing = assembly.missing();
	tracing::info!(model, of = chunks.len(), missing = missing.len(), "fetching chunks");
	let (assembly, fetch) = (&assembly, &fetch);
	let chunk = async |number: usize| {
		let part = Part::Chunk(u32::try_from(number).unwrap_or(u32::MAX)); // fewer than 2³²
		let bytes = fetch(part, Some(chunks[number]), assembly.bytes_of(number)).await?;
		Ok::<_, Unfetched>(assembly.add_chunk(number, &bytes)?)
	};
	let fetches: Vec<_> = missing.into_iter().map(chunk).collect();
	stream::iter(fetches).buffer_unordered(AT_ONCE).try_collect::<()>().await?;
	let folder = worker.dataset_folder(dataset);
	Ok(Assembly::begin(&folder, dataset, &manifest)?.finish()?)
}

/// The blob of a part of a dataset.
async fn ask(
	worker: &Worker,
	peer: &Peer,
	model: ModelId,
	dataset: DatasetId,
	part: Part,
) -> Result<Hash, Unfetched> {
	let question = Question::Dataset { model, dataset, part }.to_bytes();
	match worker.endpoint.ask(peer, question).await.map(|answer| Answer::from_bytes(&answer)) {
		Ok(Some(Answer::Blob(blob))) => Ok(blob),
		_ => Err(Unfetched::NotGiven(part)),
	}
}

/// Fetch a blob and read it; it is not kept as one.
async fn take(
	worker: &Worker,
	peer: &Peer,
	dataset: DatasetId,
	blob: Hash,
	limit: u64,
) -> Result<Bytes, Unfetched> {
	let shelf = Shelf::new(format!("fetched/dataset/{dataset:x}"));
	worker.endpoint.fetch(blob, std::slice::from_ref(peer), limit, &shelf).await?;
	let bytes = worker.endpoint.blobs().read(blob).await?;
	worker.endpoint.blobs().take(&shelf, blob).await?;
	Ok(bytes)
}

#[cfg(test)]
mod tests {
	use cairn_transport::SecretKey;

	use super::*;

	#[test]
	fn the_first_and_the_last_stage_read_the_dataset() {
		let of = |stages| {
			let spec = ModelSpec::example(Hash::zero(), stages, 1);
			(0..stages).filter(|stage| reads_dataset(&spec, *stage)).collect::<Vec<_>>()
		};
		assert_eq!((of(1), of(2), of(4)), (vec![0], vec![0, 1], vec![0, 3]));
	}

	#[test]
	fn a_seeder_is_written_as_its_endpoint_and_its_address() {
		let id = SecretKey::from_bytes(&[7; 32]).public();
		let seeder: Seeder = format!("{id}@127.0.0.1:4001").parse().unwrap();
		assert_eq!(seeder.0, Peer::new(id, ["127.0.0.1:4001".parse().unwrap()]));
		for wrong in ["", "127.0.0.1:4001", "x@127.0.0.1:4001", &format!("{id}@host")] {
			let error = wrong.parse::<Seeder>().unwrap_err();
			assert!(error.contains("ID@IP:PORT"), "{error}");
		}
	}

	#[test]
	fn few_parts_lie_ready_at_a_time() {
		let lending = Lending::default();
		let hash = |number: usize| Hash::from_low_u64_be(number as u64);
		for number in 0..LENT {
			assert!(lending.note(hash(number)).is_empty());
		}
		assert!(lending.note(hash(0)).is_empty(), "it lies there already");
		assert_eq!(lending.note(hash(LENT)), [hash(1)]);
	}
}
