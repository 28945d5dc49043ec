//! What Prometheus would be told by a worker.

use std::{
	io::{Read, Write},
	net::{SocketAddr, TcpListener, TcpStream},
	time::{Duration, Instant},
};

use tokio::time::sleep;

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// A port that nobody has.
pub fn free() -> SocketAddr {
	TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// Wait until the metrics have a line that begins so; all of them.
pub async fn until_told(address: SocketAddr, line: &str) -> String {
	let start = Instant::now();
	loop {
		let text = scrape(address).unwrap_or_default();
		if text.lines().any(|found| found.starts_with(line)) {
			return text;
		}
		assert!(start.elapsed() < PATIENCE, "{line} is missing:\n{text}");
		sleep(Duration::from_millis(200)).await;
	}
}

fn scrape(address: SocketAddr) -> Option<String> {
	let mut stream = TcpStream::connect(address).ok()?;
	stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: worker\r\nConnection: close\r\n\r\n").ok()?;
	let mut answer = String::new();
	stream.read_to_string(&mut answer).ok()?;
	Some(answer)
}
