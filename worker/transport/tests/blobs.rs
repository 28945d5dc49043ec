//! Blobs, from peers that have them, half of them, none of them, or something else.

mod common;

use std::{
	path::Path,
	sync::{
		atomic::{AtomicUsize, Ordering},
		Arc,
	},
	time::Duration,
};

use cairn_primitives::{hash::blob_root, Hash};
use cairn_transport::{Attempt, BlobError, BlobStore, Builder, Endpoint, FetchError, Peer, Shelf};
use common::{bare_endpoint, builder, endpoint, LONG};
use iroh_blobs::{
	provider::{events::EventSender, handle_connection},
	store::mem::MemStore,
};
use tempfile::TempDir;
use tokio::time::{sleep, timeout};

const ANY: u64 = u64::MAX;

fn bytes(length: usize) -> Vec<u8> {
	(0..length as u32).flat_map(|i| blob_root(&i.to_le_bytes()).0).take(length).collect()
}

fn shelf() -> Shelf {
	Shelf::new("merge/7/3")
}

/// An endpoint that shares some bytes with a peer.
async fn provider(secret: u8, blob: &[u8], with: &Endpoint) -> Endpoint {
	let provider = endpoint(secret).await;
	provider.blobs().share_bytes(&shelf(), blob.to_vec()).await.unwrap();
	provider.admissions().admit_to_shelf(with.id(), shelf());
	provider
}

async fn fetch(here: &Endpoint, hash: Hash, peers: &[&Endpoint]) -> Result<u64, FetchError> {
	let peers: Vec<Peer> = peers.iter().map(|peer| peer.as_peer()).collect();
	let fetched = timeout(LONG, here.fetch(hash, &peers, ANY, &shelf())).await.unwrap();
	fetched.map(|fetched| fetched.bytes)
}

fn attempts(error: FetchError) -> Vec<Attempt> {
	match error {
		FetchError::NoPeer { attempts, .. } => attempts.into_iter().map(|(_, why)| why).collect(),
		other => panic!("{other}"),
	}
}

#[tokio::test]
async fn a_file_that_is_shared_is_a_file_when_it_is_fetched() {
	let folder = TempDir::new().unwrap();
	let blob = bytes(3_000_000);
	let source = folder.path().join("source");
	std::fs::write(&source, &blob).unwrap();
	let store = |name: &str| BlobStore::Files(folder.path().join(name));
	let there = builder(1).blobs(store("there")).bind().await.unwrap();
	let here = builder(2).blobs(store("here")).bind().await.unwrap();

	let hash = there.blobs().share_file(&shelf(), &source).await.unwrap();
	assert_eq!(hash, blob_root(&blob));
	there.admissions().admit_to_blob(here.id(), hash);
	assert_eq!(fetch(&here, hash, &[&there]).await.unwrap(), blob.len() as u64);
	let target = folder.path().join("target");
	here.blobs().write_to(hash, &target).await.unwrap();
	assert!(std::fs::read(&target).unwrap() == blob);
	assert_eq!(here.blobs().stats().bytes, blob.len() as u64);

	// It is here now, and nobody is asked again.
	assert_eq!(fetch(&here, hash, &[]).await.unwrap(), blob.len() as u64);
	here.close().await;
	there.close().await;
}

#[tokio::test]
async fn blobs_are_given_to_those_who_are_admitted_to_them_alone() {
	let here = endpoint(2).await;
	let blob = bytes(1000);
	let there = provider(1, &blob, &here).await;
	let other = there.blobs().share_bytes(&Shelf::new("merge/7/30"), bytes(2000)).await.unwrap();
	let denied = fetch(&here, other, &[&there]).await.unwrap_err();
	assert_eq!(attempts(denied), [Attempt::NotAdmitted]);
	fetch(&here, blob_root(&blob), &[&there]).await.unwrap();

	// A stranger is not even asked what it wants.
	let stranger = endpoint(3).await;
	let denied = fetch(&stranger, blob_root(&blob), &[&there]).await.unwrap_err();
	assert_eq!(attempts(denied), [Attempt::NotAdmitted]);
}

#[tokio::test]
async fn peers_that_are_gone_or_lack_the_blob_are_passed_over() {
	let here = endpoint(2).await;
	let blob = bytes(100_000);
	let hash = blob_root(&blob);
	let (gone, lacks) = (endpoint(3).await, endpoint(4).await);
	lacks.admissions().admit_to_blob(here.id(), hash);
	let has = provider(1, &blob, &here).await;
	gone.close().await;

	let none = attempts(fetch(&here, hash, &[&gone, &lacks]).await.unwrap_err());
	assert!(matches!(none[..], [Attempt::Unreachable(_), Attempt::Missing]), "{none:?}");
	let missing = here.blobs().read(hash).await;
	assert!(matches!(missing, Err(BlobError::Missing(_))), "{missing:?}");
	fetch(&here, hash, &[&lacks, &has]).await.unwrap();
	assert!(here.blobs().read(hash).await.unwrap() == blob);
	assert_eq!(here.blobs().stats().failed_attempts, 3);
}

#[tokio::test]
async fn a_blob_that_is_too_large_is_not_fetched() {
	let here = endpoint(2).await;
	let blob = bytes(100_000);
	let there = provider(1, &blob, &here).await;
	let fetched = here.fetch(blob_root(&blob), &[there.as_peer()], 99_999, &shelf()).await;
	let Err(FetchError::TooLarge { bytes, limit, .. }) = fetched else { panic!("{fetched:?}") };
	assert_eq!((bytes, limit), (100_000, 99_999));
	assert_eq!(here.blobs().stats().bytes, 0);
}

/// A peer that answers every request with so many bytes that nobody asked for.
async fn corrupt(secret: u8, length: usize) -> Peer {
	let endpoint = bare_endpoint(secret, iroh_blobs::ALPN).await;
	let peer = Peer::new(endpoint.id(), endpoint.bound_sockets());
	tokio::spawn(async move {
		while let Some(incoming) = endpoint.accept().await {
			let connection = incoming.await.unwrap();
			while let Ok((mut send, _request)) = connection.accept_bi().await {
				let _ = send.write_all(&(length as u64).to_le_bytes()).await;
				let _ = send.write_all(&vec![0xee; length]).await;
				let _ = send.finish();
			}
		}
	});
	peer
}

#[tokio::test]
async fn a_peer_that_sends_something_else_is_found_out_and_the_next_is_asked() {
	let here = endpoint(2).await;
	for length in [1_000, 100_000] {
		let blob = bytes(length);
		let hash = blob_root(&blob);
		let liar = corrupt(8, length).await;
		let honest = provider(1, &blob, &here).await;
		let (peers, shelf) = ([liar, honest.as_peer()], shelf());
		let alone = timeout(LONG, here.fetch(hash, &peers[..1], ANY, &shelf)).await.unwrap();
		assert_eq!(attempts(alone.unwrap_err()), [Attempt::Corrupt]);
		let fetched = timeout(LONG, here.fetch(hash, &peers, ANY, &shelf)).await.unwrap();
		assert_eq!(fetched.unwrap().from, Some(honest.id()));
		assert!(here.blobs().read(hash).await.unwrap() == blob);
	}
}

#[tokio::test]
async fn a_peer_that_says_nothing_is_given_up_for_the_next() {
	let silence = Duration::from_secs(1);
	let here = builder(2).patience(silence).bind().await.unwrap();
	let blob = bytes(1000);
	let silent = bare_endpoint(8, iroh_blobs::ALPN).await;
	let peer = Peer::new(silent.id(), silent.bound_sockets());
	tokio::spawn(async move {
		let connection = silent.accept().await.unwrap().await.unwrap();
		let _request = connection.accept_bi().await.unwrap();
		connection.closed().await;
	});
	let there = provider(1, &blob, &here).await;
	let (peers, shelf) = ([peer, there.as_peer()], shelf());
	let alone = here.fetch(Hash::repeat_byte(1), &peers[..1], ANY, &shelf);
	let alone = timeout(LONG, alone).await.unwrap();
	assert_eq!(attempts(alone.unwrap_err()), [Attempt::Stalled(silence)]);
	let fetched = timeout(LONG, here.fetch(blob_root(&blob), &peers, ANY, &shelf)).await.unwrap();
	assert_eq!(fetched.unwrap().from, Some(there.id()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fetch_that_broke_off_goes_on_after_a_restart() {
	let folder = TempDir::new().unwrap();
	let here = || builder(2).blobs(BlobStore::Files(folder.path().to_owned()));
	let blob = bytes(4_000_000);
	let hash = blob_root(&blob);

	let first = here().bind().await.unwrap();
	// At 10 Mbit/s it takes 3.2 s.
	let slow = builder(1).link("10mbit".parse().unwrap()).bind().await.unwrap();
	slow.blobs().share_bytes(&shelf(), blob.clone()).await.unwrap();
	slow.admissions().admit_to_shelf(first.id(), shelf());
	let (peers, shelf) = ([slow.as_peer()], shelf());
	let some_came = async {
		while first.blobs().stats().bytes < 1_000_000 {
			sleep(Duration::from_millis(10)).await;
		}
	};
	tokio::select! {
		fetched = first.fetch(hash, &peers, ANY, &shelf) => panic!("too fast: {fetched:?}"),
		() = some_came => {},
	}
	first.close().await;
	drop(first);

	let second = reopened(here()).await;
	fetch(&second, hash, &[&slow]).await.unwrap();
	assert!(second.blobs().read(hash).await.unwrap() == blob);
	let came = second.blobs().stats().bytes;
	assert!(came < 3_200_000, "{came} bytes of 4,000,000 came again");
	second.close().await;
}

/// Bind an endpoint whose store may still be closing.
async fn reopened(builder: Builder) -> Endpoint {
	for _ in 0..100 {
		match builder.clone().bind().await {
			Ok(endpoint) => return endpoint,
			Err(_) => sleep(Duration::from_millis(50)).await,
		}
	}
	builder.bind().await.unwrap()
}

/// Change bytes all over a file.
fn damage(path: &Path) {
	let mut bytes = std::fs::read(path).unwrap();
	assert!(!bytes.is_empty());
	for byte in bytes.iter_mut().step_by(97) {
		*byte ^= 1;
	}
	std::fs::write(path, bytes).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blob_that_was_damaged_is_fetched_anew() {
	let folder = TempDir::new().unwrap();
	let builder = || builder(2).blobs(BlobStore::Files(folder.path().to_owned()));
	let blob = bytes(100_000);
	let here = builder().bind().await.unwrap();
	let hash = here.blobs().share_bytes(&shelf(), blob.clone()).await.unwrap();
	here.close().await;
	drop(here);
	damage(&folder.path().join(format!("data/{hash:x}.data")));

	let here = reopened(builder()).await;
	let read = here.blobs().read(hash).await;
	assert!(matches!(read, Err(BlobError::Damaged { .. })), "{read:?}");
	// It counts as missing now.
	assert_eq!(here.blobs().size(hash).await.unwrap(), None);
	let there = provider(1, &blob, &here).await;
	assert_eq!(fetch(&here, hash, &[&there]).await.unwrap(), blob.len() as u64);
	assert!(here.blobs().read(hash).await.unwrap() == blob);
	here.close().await;
	drop(here);

	let here = reopened(builder()).await;
	assert!(here.blobs().read(hash).await.unwrap() == blob);
	here.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_whose_index_was_damaged_begins_anew() {
	let folder = TempDir::new().unwrap();
	let blobs = folder.path().join("blobs");
	let builder = || builder(2).blobs(BlobStore::Files(blobs.clone()));
	let here = builder().bind().await.unwrap();
	let hash = here.blobs().share_bytes(&shelf(), bytes(100_000)).await.unwrap();
	here.close().await;
	drop(here);

	// That it was closed and opened again is no damage.
	let here = reopened(builder()).await;
	assert_eq!(here.blobs().size(hash).await.unwrap(), Some(100_000));
	here.close().await;
	drop(here);

	// Twice: what was put aside before does not stand in the way.
	for _ in 0..2 {
		damage(&blobs.join("blobs.db"));
		let here = reopened(builder()).await;
		assert_eq!(here.blobs().size(hash).await.unwrap(), None);
		here.blobs().share_bytes(&shelf(), bytes(1_000)).await.unwrap();
		here.close().await;
	}
	assert!(folder.path().join("blobs.damaged/blobs.db").is_file());
}

/// Blobs of a hundred bytes.
fn small(count: u32) -> Vec<Vec<u8>> {
	(0..count).map(|number| number.to_le_bytes().repeat(25)).collect()
}

#[tokio::test]
async fn a_peer_is_dialled_once_for_many_blobs() {
	let blobs = small(300);
	let store = MemStore::new();
	for blob in &blobs {
		store.blobs().add_bytes(blob.clone()).await.unwrap();
	}
	let there = bare_endpoint(8, iroh_blobs::ALPN).await;
	let peer = Peer::new(there.id(), there.bound_sockets());
	let dialled = Arc::new(AtomicUsize::new(0));
	let count = dialled.clone();
	tokio::spawn(async move {
		while let Some(incoming) = there.accept().await {
			count.fetch_add(1, Ordering::Relaxed);
			let connection = incoming.await.unwrap();
			tokio::spawn(handle_connection(connection, (*store).clone(), EventSender::DEFAULT));
		}
	});
	let here = endpoint(2).await;
	let hashes: Vec<Hash> = blobs.iter().map(|blob| blob_root(blob)).collect();
	// On a task of its own, as a daemon would.
	let (fetcher, wanted, from) = (here.clone(), hashes.clone(), [peer.clone()]);
	let fetches =
		tokio::spawn(async move { fetcher.fetch_all(&wanted, &from, ANY, &shelf()).await });
	let fetched = timeout(LONG, fetches).await.unwrap().unwrap().unwrap();
	assert!(fetched.iter().all(|one| (one.bytes, one.from) == (100, Some(peer.id))));
	for (hash, blob) in hashes.iter().zip(&blobs) {
		assert!(here.blobs().read(*hash).await.unwrap() == *blob);
	}
	assert_eq!(dialled.load(Ordering::Relaxed), 1);
	assert_eq!(here.blobs().stats().blobs, 300);
}

#[tokio::test]
async fn what_is_fetched_together_comes_from_several_peers_or_ends_with_the_first_error() {
	let here = endpoint(2).await;
	let blobs = small(20);
	let (even, odd) = (endpoint(1).await, endpoint(3).await);
	for (number, blob) in blobs.iter().enumerate() {
		let there = if number % 2 == 0 { &even } else { &odd };
		there.blobs().share_bytes(&shelf(), blob.clone()).await.unwrap();
	}
	let hashes: Vec<Hash> = blobs.iter().map(|blob| blob_root(blob)).collect();
	for there in [&even, &odd] {
		there.admissions().change(here.id(), |admission| admission.blobs.extend(&hashes));
	}
	let peers = [even.as_peer(), odd.as_peer()];
	let fetched = timeout(LONG, here.fetch_all(&hashes, &peers, ANY, &shelf())).await.unwrap();
	for (number, one) in fetched.unwrap().iter().enumerate() {
		assert_eq!(one.from, Some([even.id(), odd.id()][number % 2]));
	}
	let lacking = [hashes[0], Hash::repeat_byte(1)];
	even.admissions().admit_to_blob(here.id(), lacking[1]);
	let shelf = shelf();
	let fetched = here.fetch_all(&lacking, &peers[..1], ANY, &shelf);
	let error = timeout(LONG, fetched).await.unwrap().unwrap_err();
	assert!(matches!(error, FetchError::NoPeer { hash, .. } if hash == lacking[1]), "{error}");
}

#[tokio::test]
async fn a_peer_that_has_restarted_is_dialled_anew() {
	let here = endpoint(2).await;
	let blobs = small(2);
	let first = provider(1, &blobs[0], &here).await;
	fetch(&here, blob_root(&blobs[0]), &[&first]).await.unwrap();
	first.close().await;
	let second = provider(1, &blobs[1], &here).await;
	fetch(&here, blob_root(&blobs[1]), &[&second]).await.unwrap();
}

#[tokio::test]
async fn what_is_fetched_together_is_no_more_than_what_is_admitted() {
	let here = endpoint(2).await;
	let blobs = small(2);
	let there = provider(1, &blobs[0], &here).await;
	let other = there.blobs().share_bytes(&Shelf::new("other"), blobs[1].clone()).await.unwrap();
	let (hashes, peers, shelf) = ([blob_root(&blobs[0]), other], [there.as_peer()], shelf());
	let fetched = timeout(LONG, here.fetch_all(&hashes, &peers, ANY, &shelf)).await.unwrap();
	assert_eq!(attempts(fetched.unwrap_err()), [Attempt::NotAdmitted]);
}

#[tokio::test]
async fn what_lies_on_no_shelf_is_deleted() {
	let here = builder(1).collect_every(Duration::from_millis(100)).bind().await.unwrap();
	let blobs = here.blobs();
	let (kept, other) = (Shelf::new("kept"), Shelf::new("other"));
	let one = blobs.share_bytes(&kept, bytes(1000)).await.unwrap();
	let two = blobs.share_bytes(&other, bytes(2000)).await.unwrap();
	let both = blobs.share_bytes(&other, bytes(3000)).await.unwrap();
	blobs.put(&kept, both).await.unwrap();
	blobs.clear(&other).await.unwrap();
	let deleted = async {
		while blobs.size(two).await.unwrap().is_some() {
			sleep(Duration::from_millis(10)).await;
		}
	};
	timeout(LONG, deleted).await.unwrap();
	assert_eq!(blobs.size(one).await.unwrap(), Some(1000));
	assert_eq!(blobs.size(both).await.unwrap(), Some(3000));
}
