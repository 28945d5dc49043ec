//! An hour of training in which workers and the node die at random: `make bench NAME=soak`.
//!
//! Prints how many windows were completed, whether memory and files grow, and writes the course of it as CSV and PNG to the folder
//! that `CAIRN_SOAK_OUT` names. `CAIRN_SOAK_MINUTES` says how long it lasts.

#[path = "../commands/machine.rs"]
#[allow(dead_code)] // each test crate uses its own part
mod machine;
#[path = "../network/network.rs"]
#[allow(dead_code)] // each test crate uses its own part
mod network;
#[path = "../../chain/tests/chain/node.rs"]
#[allow(dead_code)] // each test crate uses its own part
mod node;
mod plot;
mod sample;

use std::{
	env, fs,
	path::PathBuf,
	time::{Duration, Instant, SystemTime},
};

use cairn_primitives::WindowIndex;
use network::Network;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sample::{Course, Sample};
use tokio::time::sleep;

/// Workers: two stages, two lanes, and two standbys wherever they are drawn.
const WORKERS: usize = 6;
/// Between two looks at memory and files.
const LOOK: Duration = Duration::from_secs(5);
/// Between the return of who died and the next death.
const CALM: std::ops::Range<u64> = 30..120;
/// How long who died stays away.
const ABSENCE: std::ops::Range<u64> = 0..20;
/// Of so many deaths one is the node's.
const NODE_DIES: u32 = 5;

/// Who is away, and until when.
struct Away {
	/// The worker; none is the node.
	who: Option<usize>,
	until: Instant,
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes an hour: `make bench NAME=soak`"]
async fn soak() {
	let minutes = env::var("CAIRN_SOAK_MINUTES").map_or(60, |text| text.parse().unwrap());
	let out = env::var_os("CAIRN_SOAK_OUT").map_or_else(env::temp_dir, PathBuf::from);
	fs::create_dir_all(&out).unwrap();
	let seed = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
	println!("{minutes} minutes, seed {seed}, into {}", out.display());
	let mut random = ChaCha8Rng::seed_from_u64(seed);

	let mut network = Network::start(WORKERS).await;
	network.whole(0).await;
	let (start, mut course, mut deaths) = (Instant::now(), Course::default(), 0);
	let mut away: Option<Away> = None;
	let mut next = start + Duration::from_secs(random.gen_range(CALM));
	while start.elapsed() < Duration::from_secs(minutes * 60) {
		match &away {
			Some(Away { who, until }) if Instant::now() >= *until => {
				match who {
					Some(worker) => network.workers[*worker].start(),
					None => network.node.restart().await,
				}
				away = None;
				next = Instant::now() + Duration::from_secs(random.gen_range(CALM));
			},
			None if Instant::now() >= next => {
				let who = (!random.gen_ratio(1, NODE_DIES)).then(|| random.gen_range(0..WORKERS));
				match who {
					Some(worker) => network.workers[worker].kill(),
					None => network.node.kill(),
				}
				deaths += 1;
				let until = Instant::now() + Duration::from_secs(random.gen_range(ABSENCE));
				away = Some(Away { who, until });
			},
			_ => {},
		}
		let window = window(&network).await;
		course.samples.push(Sample::take(&network, start.elapsed(), window, deaths));
		sleep(LOOK).await;
	}
	match away {
		Some(Away { who: Some(worker), .. }) => network.workers[worker].start(),
		Some(Away { who: None, .. }) => network.node.restart().await,
		None => {},
	}

	// The window after the running one is whole, and nobody was fined for dying.
	let state = network.state().await;
	let running = Network::clock(&state).await.unwrap().next;
	network.whole(running + 1).await;
	network.assert_nobody_is_fined().await;

	fs::write(out.join("soak.csv"), course.csv()).unwrap();
	fs::write(out.join("soak.png"), plot::png(&course)).unwrap();
	println!("{deaths} deaths");
	for (measure, value, goal) in course.results() {
		println!("result {measure} {value:.2} goal {goal}");
	}
}

/// The window that the model is in, if the node answers.
async fn window(network: &Network) -> Option<WindowIndex> {
	let state = network.connection.state().await.ok()?;
	Some(Network::clock(&state).await?.next)
}
