//! A home link, simulated on this machine.
//!
//! [`Link`] says what the line in front of an endpoint is like. An endpoint that is given one sends and receives through it,
//! so that QUIC itself meets the bandwidth, the delay and the loss, and its congestion control works as it would at home:
//!
//! - **Bandwidth** holds for each direction of the line by itself. Packets that wait for it queue; a packet that would wait
//!   for longer than [`Link::QUEUE`] is dropped, as a router with a full buffer does.
//! - **Latency** is one way and added to what the endpoint sends. Two endpoints with `25ms` each see a round trip of 50 ms.
//! - **Loss** is the share of sent packets that vanish, each by itself.
//!
//! The kernel could shape as well (`tc netem`), but needs privileges and modules that test machines do not have. Shaping the
//! bytes written to streams needs nothing, but would hide the link from congestion control, which is what a measurement is
//! about. So packets are shaped between QUIC and the socket, where iroh lets an application put a transport of its own.
//! Packets on the wire are the same, so an endpoint behind a simulated link talks to one without.
//!
//! Timers tick once a millisecond: packets leave in bursts of that length, and delays are long by up to one.

mod shaper;
mod socket;

use std::{fmt, str::FromStr, time::Duration};

pub(crate) use socket::LinkSocket;

/// What the line in front of an endpoint is like.
///
/// ```
/// # use cairn_transport::Link;
/// let link: Link = "200mbit,50ms,0.1%".parse()?;
/// assert_eq!(link.bandwidth, Some(200_000_000));
/// assert_eq!(link.to_string(), "200mbit,50ms,0.1%");
/// # Ok::<(), cairn_transport::LinkError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Link {
	/// Bits per second, in each direction; unlimited if none.
	pub bandwidth: Option<u64>,
	/// Delay of what the endpoint sends, one way.
	pub latency: Duration,
	/// Share of the packets the endpoint sends that are lost, from 0 to 1.
	pub loss: f64,
}

impl Link {
	/// How long a packet may wait for bandwidth before it is dropped instead. On a slow link it is as long as 32 KiB take, so
	/// that the first burst of a connection gets through.
	pub const QUEUE: Duration = Duration::from_millis(50);
}

/// Why a text is no [`Link`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
	/// A part ends with no unit that is known.
	#[error("`{0}` is none of a bandwidth (`200mbit`), a latency (`50ms`) and a loss (`0.1%`)")]
	Unknown(String),
	/// What stands before the unit is no number, negative, or out of range.
	#[error("`{0}` does not begin with a number that its unit allows")]
	Number(String),
	/// Two parts say the same.
	#[error("`{0}` says again what was said before")]
	Twice(String),
}

const BANDWIDTHS: [(&str, f64); 3] = [("gbit", 1e9), ("mbit", 1e6), ("kbit", 1e3)];
const LATENCIES: [(&str, f64); 3] = [("ms", 1e-3), ("us", 1e-6), ("s", 1.0)];

impl FromStr for Link {
	type Err = LinkError;

	/// Parts separated by commas, in any order: a bandwidth in `kbit`, `mbit` or `gbit` per second, a latency in `us`, `ms` or
	/// `s`, a loss in `%`.
	fn from_str(text: &str) -> Result<Self, LinkError> {
		let (mut bandwidth, mut latency, mut loss) = (None, None, None);
		for part in text.split(',').map(str::trim) {
			let (slot, value) = if let Some(bits) = scaled(part, &BANDWIDTHS)? {
				(&mut bandwidth, bits)
			} else if let Some(seconds) = scaled(part, &LATENCIES)? {
				(&mut latency, seconds)
			} else if let Some(share) = scaled(part, &[("%", 1e-2)])? {
				(&mut loss, share)
			} else {
				return Err(LinkError::Unknown(part.into()));
			};
			let is_sensible = value.is_finite()
				&& (!part.ends_with('%') || value <= 1.0)
				&& (!part.ends_with("bit") || value >= 1.0)
				&& (!part.ends_with('s') || value <= 3600.0);
			if !is_sensible {
				return Err(LinkError::Number(part.into()));
			}
			if slot.replace(value).is_some() {
				return Err(LinkError::Twice(part.into()));
			}
		}
		Ok(Self {
			bandwidth: bandwidth.map(|bits| bits.round() as u64),
			latency: Duration::from_micros((latency.unwrap_or(0.0) * 1e6).round() as u64),
			loss: loss.unwrap_or(0.0),
		})
	}
}

/// The number before the first unit that `part` ends with, in that unit; none if it ends with no such unit.
fn scaled(part: &str, units: &[(&str, f64)]) -> Result<Option<f64>, LinkError> {
	let found = units.iter().find_map(|(unit, scale)| Some((part.strip_suffix(unit)?, scale)));
	let Some((number, scale)) = found else { return Ok(None) };
	match number.trim().parse::<f64>() {
		Ok(value) if value >= 0.0 => Ok(Some(value * scale)),
		_ => Err(LinkError::Number(part.into())),
	}
}

impl fmt::Display for Link {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		if let Some(bits) = self.bandwidth {
			write!(f, "{}mbit,", bits as f64 / 1e6)?;
		}
		write!(f, "{}ms", self.latency.as_micros() as f64 / 1e3)?;
		if self.loss > 0.0 {
			// Rounded, because a percentage that was parsed is no multiple of a power of two.
			write!(f, ",{}%", (self.loss * 1e8).round() / 1e6)?;
		}
		Ok(())
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn parts_are_read_in_any_order_and_unit() {
		let expected =
			Link { bandwidth: Some(1_500_000), latency: Duration::from_micros(2_500), loss: 0.02 };
		for text in ["1.5mbit,2.5ms,2%", "2 %, 1500 kbit, 2500us", "0.0025s,0.0015gbit,2%"] {
			assert_eq!(text.parse(), Ok(expected), "{text}");
		}
		let unlimited = Link { bandwidth: None, latency: Duration::from_millis(50), loss: 0.0 };
		assert_eq!("50ms".parse(), Ok(unlimited));
	}

	#[test]
	fn a_link_is_printed_as_it_is_parsed() {
		for text in ["200mbit,50ms,0.1%", "0.5mbit,0ms", "1.25ms"] {
			assert_eq!(text.parse::<Link>().unwrap().to_string(), text);
		}
	}

	#[test]
	fn errors_name_the_part_that_is_wrong() {
		let error = |text: &str| text.parse::<Link>().unwrap_err();
		assert_eq!(error("200mbit,fast"), LinkError::Unknown("fast".into()));
		assert_eq!(error(""), LinkError::Unknown("".into()));
		assert_eq!(error("200mb"), LinkError::Unknown("200mb".into()));
		assert_eq!(error("-3ms"), LinkError::Number("-3ms".into()));
		assert_eq!(error("xmbit"), LinkError::Number("xmbit".into()));
		assert_eq!(error("0mbit"), LinkError::Number("0mbit".into()));
		assert_eq!(error("101%"), LinkError::Number("101%".into()));
		assert_eq!(error("NaNms"), LinkError::Number("NaNms".into()));
		assert_eq!(error("infs"), LinkError::Number("infs".into()));
		assert_eq!(error("1ms,2ms"), LinkError::Twice("2ms".into()));
	}
}
