//! The transport by itself: how fast, how full a link, how soon.

use cairn_transport::{Codec, Form};

use crate::{edges::Ends, median, plain, seat::runtime, Failed, LINK, LINK_BITS};

/// Columns of a tensor of measurements: rows of 1 KiB.
const COLUMNS: u32 = 256;
/// Bytes that are sent over loopback at a time.
const BYTES: usize = 192 << 20;
/// Tensors of 1 MiB that are sent over a simulated link, and those of them that are not counted.
const TENSORS: [usize; 2] = [112, 32];
/// Tensors of 64 KiB that are sent one by one, and those of them that are not counted.
const SMALL: [usize; 2] = [320, 20];

fn form(kib: u32) -> Form {
	Form { codec: Codec::Dense, rows: kib, columns: COLUMNS }
}

/// Measure, and print.
pub fn run(rounds: usize) -> Result<(), Failed> {
	let runtime = runtime()?;
	println!("==> the transport: two endpoints of one process, {rounds} rounds in turn");
	let (mut edges, mut plains, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
	for _ in 0..rounds {
		let edge = runtime.block_on(throughput())?;
		let plain = BYTES as f64 / 1e6 / runtime.block_on(plain::stream(BYTES))?;
		edges.push(edge);
		plains.push(plain);
		ratios.push(edge / plain);
	}
	println!(
		"  loopback: tensors of 4 MiB over an edge {:.0} MB/s, one plain stream of quinn {:.0} MB/s",
		median(edges),
		median(plains),
	);
	let times = runtime.block_on(async {
		Ends::open(form(64), SMALL[0] as u32, None).await?.one_by_one().await
	})?;
	let mut times: Vec<f64> =
		times[SMALL[1]..].iter().map(|time| time.as_secs_f64() * 1e6).collect();
	times.sort_by(f64::total_cmp);
	let p99 = times[times.len() * 99 / 100];
	let latency = median(times);
	println!("  a tensor of 64 KiB, from its sender to whoever takes it: {latency:.0} µs, one in a hundred {p99:.0} µs");
	let (mut steady, mut whole) = (Vec::new(), Vec::new());
	for _ in 0..rounds {
		let [of_steady, of_whole] = runtime.block_on(fill())?;
		steady.push(of_steady);
		whole.push(of_whole);
	}
	let (steady, whole) = (median(steady), median(whole));
	println!("  {LINK} at both ends: {:.0} % full of tensors of 1 MiB, with the start of the connection {:.0} %", steady * 100.0, whole * 100.0);
	println!("result worker_transport_vs_quinn {:.2} goal >=0.8", median(ratios));
	println!("result worker_link_fill {steady:.3} goal >=0.93");
	println!("result worker_tensor_64k_microseconds {latency:.0}");
	Ok(())
}

/// MB/s of tensors over an edge.
async fn throughput() -> Result<f64, Failed> {
	let form = form(4 << 10);
	let tensors = BYTES as u64 / form.bytes();
	let arrivals = Ends::open(form, tensors as u32, None).await?.stream().await?;
	let last = arrivals.came.last().ok_or("nothing came")?;
	Ok(BYTES as f64 / 1e6 / last.as_secs_f64())
}

/// What tensors fill of a link, once it is full and from the first one on.
async fn fill() -> Result<[f64; 2], Failed> {
	let form = form(1 << 10);
	let [tensors, warmup] = TENSORS;
	let edge = Ends::open(form, tensors as u32, Some(LINK.parse()?)).await?;
	let came = edge.stream().await?.came;
	let share = |tensors: usize, seconds: f64| {
		tensors as f64 * form.bytes() as f64 * 8.0 / LINK_BITS / seconds
	};
	let last = came[tensors - 1];
	let steady = share(tensors - warmup, (last - came[warmup - 1]).as_secs_f64());
	Ok([steady, share(tensors, last.as_secs_f64())])
}
