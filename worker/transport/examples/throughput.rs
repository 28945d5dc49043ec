//! Tensors over an edge, against one bare stream of iroh between the same two endpoints' addresses: MB/s on this machine.
//!
//! ```sh
//! cargo run --release -p cairn-transport --example throughput -- --link 200mbit,25ms
//! ```

use std::{sync::Arc, time::Instant};

use cairn_primitives::{signing::Edge, Hash};
use cairn_transport::{
	Codec, Congestion, EdgeConfig, Endpoint, Form, Link, Position, SecretKey, Side, Terms, Tuning,
};
use clap::Parser;
use iroh::{
	endpoint::{presets::Minimal, QuicTransportConfig, VarInt},
	EndpointAddr, RelayMode,
};
use sp_core::{sr25519, Pair};

type Error = Box<dyn std::error::Error>;

/// Measure what an edge carries.
#[derive(Parser)]
struct Options {
	/// MiB of a tensor.
	#[arg(long, default_value_t = 4)]
	size: u32,
	/// Tensors to send.
	#[arg(long, default_value_t = 64)]
	tensors: u32,
	/// A link to simulate in front of both ends, such as `200mbit,25ms,0.1%`.
	#[arg(long)]
	link: Option<Link>,
	/// Send by loss, as CUBIC does, instead of by BBR3's model of the path.
	#[arg(long)]
	cubic: bool,
}

impl Options {
	fn bytes(&self) -> u64 {
		(u64::from(self.tensors) * u64::from(self.size)) << 20
	}
}

#[tokio::main]
async fn main() -> Result<(), Error> {
	let options = Options::parse();
	let edge = edge(&options).await?;
	println!("edge, {} tensors of {} MiB: {edge:.1} MB/s", options.tensors, options.size);
	if options.link.is_none() {
		println!("one bare stream of iroh: {:.1} MB/s", bare(options.bytes()).await?);
	}
	Ok(())
}

/// Send tensors over an edge until the last has been taken.
async fn edge(options: &Options) -> Result<f64, Error> {
	let edge = Edge { model: 0, window: 0, lane: 0, upper: 0 };
	let form = Form { codec: Codec::Dense, rows: options.size << 10, columns: 256 };
	let (genesis, seed) = (Hash::zero(), Hash::zero());
	let terms = Terms { edge, genesis, seed, held_out: 0, microbatches: options.tensors, form };
	let congestion = if options.cubic { Congestion::Cubic } else { Congestion::Bbr3 };
	let tuning = Tuning { congestion, ..Tuning::default() };
	let mut endpoints = Vec::new();
	for secret in [1, 2] {
		let builder = Endpoint::builder(SecretKey::from_bytes(&[secret; 32]));
		let builder = builder.bind_address(([127, 0, 0, 1], 0).into()).tuning(tuning);
		endpoints.push(match options.link {
			Some(link) => builder.link(link).bind().await?,
			None => builder.bind().await?,
		});
	}
	let (above, below) = (&endpoints[0], &endpoints[1]);
	for (here, neighbour) in [(above, below), (below, above)] {
		here.admissions().admit_to_edge(neighbour.id(), edge);
	}
	let [above_key, below_key] = [1, 2].map(|seed| sr25519::Pair::from_seed(&[seed; 32]));
	let upper =
		EdgeConfig::new(terms, Side::Upper, Arc::new(above_key.clone()), below_key.public());
	let lower = EdgeConfig::new(terms, Side::Lower, Arc::new(below_key), above_key.public());
	let (above_peer, below_peer) = (above.as_peer(), below.as_peer());
	let (upper, lower) =
		tokio::join!(above.open_edge(&below_peer, &upper), below.open_edge(&above_peer, &lower));
	let (mut upper, mut lower) = (upper?, lower?);

	let tensor = bytes::Bytes::from(vec![7; form.bytes() as usize]);
	let tensors = options.tensors;
	let start = Instant::now();
	let sending = tokio::spawn(async move {
		for microbatch in 0..tensors {
			let position = Position::Step { step: 0, microbatch };
			upper.sender.send(position, tensor.clone()).await?;
		}
		Ok::<_, cairn_transport::SendError>(upper)
	});
	for _ in 0..tensors {
		lower.receiver.receive().await?;
	}
	let seconds = start.elapsed().as_secs_f64();
	drop(sending.await??);
	Ok(options.bytes() as f64 / 1e6 / seconds)
}

/// Send as many bytes over one stream of bare iroh.
async fn bare(bytes: u64) -> Result<f64, Error> {
	const ALPN: &[u8] = b"bare";
	let config = QuicTransportConfig::builder()
		.stream_receive_window(VarInt::from_u32(2 << 20))
		.send_window(16 << 20)
		.build();
	let bind = || {
		let builder = iroh::Endpoint::builder(Minimal).relay_mode(RelayMode::Disabled);
		let builder = builder.clear_ip_transports().bind_addr("127.0.0.1:0");
		builder.map(|builder| {
			builder.alpns(vec![ALPN.to_vec()]).transport_config(config.clone()).bind()
		})
	};
	let (above, below) = (bind()?.await?, bind()?.await?);
	let address = EndpointAddr::new(below.id()).with_ip_addr(below.bound_sockets()[0]);
	let receiving = tokio::spawn(async move {
		let connection = below.accept().await.ok_or("no connection")?.await?;
		let mut stream = connection.accept_uni().await?;
		let mut buffer = vec![0; 1 << 20];
		while stream.read(&mut buffer).await?.is_some() {}
		Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
	});
	let connection = above.connect(address, ALPN).await?;
	let mut stream = connection.open_uni().await?;
	let chunk = bytes::Bytes::from(vec![7; 1 << 20]);
	let start = Instant::now();
	for _ in 0..bytes >> 20 {
		stream.write_chunk(chunk.clone()).await?;
	}
	stream.finish()?;
	receiving.await?.map_err(|error| error.to_string())?;
	Ok(bytes as f64 / 1e6 / start.elapsed().as_secs_f64())
}
