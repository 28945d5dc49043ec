//! Small blobs and questions between two endpoints on this machine: microseconds each.
//!
//! ```sh
//! cargo run --release -p cairn-transport --example small -- --count 500
//! ```

use std::time::{Duration, Instant};

use bytes::Bytes;
use cairn_primitives::Hash;
use cairn_transport::{Congestion, Endpoint, Link, Question, SecretKey, Shelf, Tuning};
use clap::Parser;
use tokio::sync::mpsc;

type Error = Box<dyn std::error::Error>;

/// Measure what small things cost.
#[derive(Parser)]
struct Options {
	/// Blobs to fetch, and questions to ask.
	#[arg(long, default_value_t = 500)]
	count: u32,
	/// Bytes of each.
	#[arg(long, default_value_t = 1_000)]
	size: usize,
	/// A link to simulate in front of both ends, such as `200mbit,25ms`.
	#[arg(long)]
	link: Option<Link>,
	/// Send by loss, as CUBIC does, instead of by BBR3's model of the path.
	#[arg(long)]
	cubic: bool,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
	let options = Options::parse();
	let (tell, questions) = mpsc::channel(16);
	tokio::spawn(echo(questions));
	let (there, here) = (bind(1, &options, Some(tell)).await?, bind(2, &options, None).await?);
	let shelf = Shelf::new("small");
	there.admissions().admit_to_shelf(here.id(), shelf.clone());
	let mut hashes: Vec<Hash> = Vec::new();
	for number in 0..2 * options.count {
		let bytes: Vec<u8> = number.to_le_bytes().into_iter().cycle().take(options.size).collect();
		hashes.push(there.blobs().share_bytes(&shelf, bytes).await?);
	}
	let (peers, limit) = ([there.as_peer()], u64::MAX);
	let (together, one_by_one) = hashes.split_at(options.count as usize);

	let start = Instant::now();
	here.fetch_all(together, &peers, limit, &shelf).await?;
	report("blobs together", start.elapsed(), options.count);
	let start = Instant::now();
	for hash in one_by_one {
		here.fetch(*hash, &peers, limit, &shelf).await?;
	}
	report("blobs one by one", start.elapsed(), options.count);
	let question = Bytes::from(vec![7; options.size]);
	let start = Instant::now();
	for _ in 0..options.count {
		here.ask(&peers[0], question.clone()).await?;
	}
	report("questions one by one", start.elapsed(), options.count);
	Ok(())
}

async fn echo(mut questions: mpsc::Receiver<Question>) {
	while let Some(question) = questions.recv().await {
		let bytes = question.bytes.clone();
		if let Err(error) = question.answer(bytes) {
			eprintln!("{error}");
		}
	}
}

async fn bind(
	secret: u8,
	options: &Options,
	questions: Option<mpsc::Sender<Question>>,
) -> Result<Endpoint, Error> {
	let builder = Endpoint::builder(SecretKey::from_bytes(&[secret; 32]));
	let congestion = if options.cubic { Congestion::Cubic } else { Congestion::Bbr3 };
	let tuning = Tuning { congestion, ..Tuning::default() };
	let mut builder = builder.bind_address(([127, 0, 0, 1], 0).into()).tuning(tuning);
	if let Some(link) = options.link {
		builder = builder.link(link);
	}
	if let Some(questions) = questions {
		builder = builder.answer(questions);
	}
	Ok(builder.bind().await?)
}

fn report(what: &str, time: Duration, count: u32) {
	println!("{what}: {:.0} µs each", time.as_secs_f64() * 1e6 / f64::from(count));
}
