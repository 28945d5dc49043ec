//! Disks that are damaged, and full.

use std::{fs, os::unix::process::CommandExt, path::Path};

use crate::network::{slower, Network, MODEL};

/// The longest file that can be written on a disk that is as good as full.
const NOTHING_LEFT: libc::rlim_t = 2_048;

/// Change a byte amid each file of a folder; how many there are.
fn damage(folder: &Path) -> usize {
	let mut damaged = 0;
	for entry in fs::read_dir(folder).into_iter().flatten() {
		let path = entry.unwrap().path();
		if path.is_dir() {
			damaged += damage(&path);
			continue;
		}
		let mut bytes = fs::read(&path).unwrap();
		let middle = bytes.len() / 2;
		if let Some(byte) = bytes.get_mut(middle) {
			*byte ^= 1;
			fs::write(&path, bytes).unwrap();
			damaged += 1;
		}
	}
	damaged
}

/// Let a process write no file longer than this.
#[allow(unsafe_code)]
fn limit(process: i32, bytes: libc::rlim_t) {
	let limit = libc::rlimit { rlim_cur: bytes, rlim_max: libc::RLIM_INFINITY };
	// SAFETY: the process is a child of this one; the limit is read.
	let set = unsafe { libc::prlimit(process, libc::RLIMIT_FSIZE, &limit, std::ptr::null_mut()) };
	assert_eq!(set, 0);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes: `make test-faults` runs it"]
async fn training_goes_on_where_a_disk_was_damaged_and_another_is_full() {
	let mut network = Network::with(4, slower).await;
	network.whole(0).await;
	network.closed(0).await;

	// WHEN everything that a worker has stored of its model is damaged while it does not run
	let victim = 0;
	network.workers[victim].kill();
	let data = network.workers[victim].machine.file("data");
	let damaged = damage(&data.join("blobs")) + damage(&shards(&data));
	assert!(damaged > 1, "{damaged}");
	// (The system does not end a process for its attempts to write to a full disk, either.)
	network.workers[victim].start_as(|command| {
		#[allow(unsafe_code)]
		// SAFETY: between fork and exec a signal is ignored, nothing else.
		unsafe {
			command.pre_exec(|| {
				libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
				Ok(())
			})
		}
	});

	// THEN it has it from its colleagues
	network.whole(1).await;

	// WHEN its disk is full amid a window
	network.running(2).await;
	limit(network.workers[victim].id().unwrap(), NOTHING_LEFT);

	// THEN it says so, and goes on when there is space again
	network
		.until("a word about the disk", async |_| {
			network.workers[victim].has_logged_all(&["WARN", "File too large"]).then_some(())
		})
		.await;
	limit(network.workers[victim].id().unwrap(), libc::RLIM_INFINITY);
	network.whole(3).await;
	network.assert_nobody_is_fined().await;
}

/// The folder with the shards of the only stage that a worker has a place in.
fn shards(data: &Path) -> std::path::PathBuf {
	let mut stages = fs::read_dir(data.join(format!("model-{MODEL}"))).unwrap();
	stages.next().unwrap().unwrap().path().join("shards")
}
