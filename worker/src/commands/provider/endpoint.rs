//! `provider set-endpoint`, and how a machine says where it is.

use std::net::SocketAddr;

use cairn_chain::{calls, views::Endpoint};
use cairn_primitives::signing::endpoint_message;
use clap::Args;
use sp_core::{ed25519, Pair as _};

use super::{registered, CommandResult, ProviderError};
use crate::{
	keys::endpoint_id,
	settings::{ChainArguments, Settings},
	signer::Signer,
};

/// Most addresses that the chain stores.
const MAX_ADDRESSES: usize = 4;
/// Most bytes of a relay's URL.
const MAX_RELAY: usize = 128;

/// Where a machine can be reached.
#[derive(Args, Clone, Debug)]
pub struct Reach {
	/// Address and port at which others reach this machine; up to four.
	#[arg(long = "address", value_name = "IP:PORT")]
	addresses: Vec<SocketAddr>,
	/// Relay through which they reach it otherwise.
	#[arg(long, value_name = "URL")]
	relay: Option<String>,
}

impl Reach {
	/// The endpoint of a key that is reached there, if it can be.
	pub fn endpoint(&self, key: ed25519::Public) -> Result<Endpoint, ProviderError> {
		if self.addresses.is_empty() && self.relay.is_none() {
			return Err(ProviderError::NoAddress);
		}
		let too_long = |what, given, most| Err(ProviderError::TooLong { what, given, most });
		if self.addresses.len() > MAX_ADDRESSES {
			return too_long("addresses", self.addresses.len(), MAX_ADDRESSES);
		}
		let is_reachable =
			|address: &&SocketAddr| address.port() != 0 && !address.ip().is_unspecified();
		if let Some(address) = self.addresses.iter().find(|address| !is_reachable(address)) {
			return Err(ProviderError::BadAddress { address: address.to_string() });
		}
		if let Some(relay) = &self.relay {
			if relay.len() > MAX_RELAY {
				return too_long("bytes of the relay's URL", relay.len(), MAX_RELAY);
			}
			if !relay.starts_with("https://") && !relay.starts_with("http://") {
				return Err(ProviderError::BadAddress { address: relay.clone() });
			}
		}
		let addresses = self.addresses.iter().map(SocketAddr::to_string).collect();
		Ok(Endpoint { key, addresses, relay: self.relay.clone() })
	}
}

/// See [`super::ProviderCommand::SetEndpoint`].
#[derive(Debug, Args)]
#[command(after_help = "Example:
  cairn-worker provider set-endpoint --address 203.0.113.7:4001 --relay https://relay.example")]
pub struct SetEndpointCommand {
	#[command(flatten)]
	reach: Reach,
	#[command(flatten)]
	chain: ChainArguments,
}

impl SetEndpointCommand {
	/// Run it.
	pub async fn run(self) -> CommandResult {
		let settings = Settings::read(&self.chain)?;
		let key = settings.keys().endpoint_or_new()?;
		let endpoint = self.reach.endpoint(key.public())?;
		let signer = Signer::open(&settings).await?;
		let state = signer.state().await?;
		registered(&state, &signer.account()).await?;
		let message = endpoint_message(state.genesis(), &signer.account());
		let call = calls::workers::set_endpoint(&endpoint, key.sign(message.as_bytes()));
		signer.afford(&state, &[&call], 0, "").await?;
		signer.submit("change the endpoint", call).await?;
		println!("endpoint    {}", endpoint_id(&endpoint.key));
		println!("reached at  {}", reached(&endpoint));
		Ok(())
	}
}

/// Addresses and relay on one line.
pub fn reached(endpoint: &Endpoint) -> String {
	let relay = endpoint.relay.iter().map(|relay| format!("relay {relay}"));
	endpoint.addresses.iter().cloned().chain(relay).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
	use super::*;

	fn reach(addresses: &[&str], relay: Option<&str>) -> Reach {
		let addresses = addresses.iter().map(|address| address.parse().unwrap()).collect();
		Reach { addresses, relay: relay.map(Into::into) }
	}

	#[test]
	fn what_nobody_can_reach_is_refused() {
		let key = ed25519::Public::from_raw([7; 32]);
		let good =
			reach(&["203.0.113.7:4001", "[2001:db8::7]:4001"], Some("https://relay.example"));
		let endpoint = good.endpoint(key).unwrap();
		assert_eq!(
			reached(&endpoint),
			"203.0.113.7:4001, [2001:db8::7]:4001, relay https://relay.example"
		);
		let refused = |reach: Reach| reach.endpoint(key).unwrap_err();
		assert_eq!(refused(reach(&[], None)), ProviderError::NoAddress);
		for address in ["0.0.0.0:4001", "203.0.113.7:0", "[::]:1"] {
			assert!(matches!(refused(reach(&[address], None)), ProviderError::BadAddress { .. }));
		}
		let relay = refused(reach(&[], Some("relay.example")));
		assert!(matches!(relay, ProviderError::BadAddress { .. }));
		let many = refused(reach(&["1.2.3.4:5"; 5], None));
		assert!(matches!(many, ProviderError::TooLong { .. }));
		let long = refused(reach(&[], Some(&format!("https://{}", "a".repeat(121)))));
		assert!(matches!(long, ProviderError::TooLong { .. }));
	}
}
