//! Plain quinn: one stream between two endpoints of this process, as fast as it goes.

use std::{sync::Arc, time::Instant};

use bytes::Bytes;
use quinn::{
	crypto::rustls::{QuicClientConfig, QuicServerConfig},
	ClientConfig, Endpoint, ServerConfig,
};
use rustls::{
	client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
	crypto::{verify_tls13_signature_with_raw_key, CryptoProvider},
	pki_types::{CertificateDer, PrivateKeyDer, ServerName, SubjectPublicKeyInfoDer, UnixTime},
	server::AlwaysResolvesServerRawPublicKeys,
	sign::CertifiedKey,
	version::TLS13,
	DigitallySignedStruct, Error, SignatureScheme,
};

use crate::Failed;

/// Bytes that are written at once.
const CHUNK: usize = 1 << 20;
/// An ed25519 key in PKCS #8, but for its 32 bytes.
const KEY: [u8; 16] = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];

/// Send so many bytes; seconds until the last has come.
pub async fn stream(bytes: usize) -> Result<f64, Failed> {
	let provider = Arc::new(rustls::crypto::ring::default_provider());
	let here = ([127, 0, 0, 1], 0).into();
	let server = Endpoint::server(server(&provider)?, here)?;
	let address = server.local_addr()?;
	let receiving = tokio::spawn(async move {
		let connection = server.accept().await.ok_or("no connection")?.await?;
		let mut stream = connection.accept_uni().await?;
		let mut came = 0;
		while let Some(chunk) = stream.read_chunk(CHUNK, true).await? {
			came += chunk.bytes.len();
		}
		Ok::<_, Failed>(came)
	});
	let client = Endpoint::client(here)?;
	let connection = client.connect_with(self::client(provider)?, address, "bench")?.await?;
	let mut stream = connection.open_uni().await?;
	let chunk = Bytes::from(vec![7; CHUNK]);
	let start = Instant::now();
	for _ in 0..bytes / CHUNK {
		stream.write_chunk(chunk.clone()).await?;
	}
	stream.finish()?;
	let came = receiving.await??;
	let seconds = start.elapsed().as_secs_f64();
	match came == bytes / CHUNK * CHUNK {
		true => Ok(seconds),
		false => Err("a plain stream loses bytes".into()),
	}
}

/// A server that is known by its public key, as iroh's endpoints are: nobody issues certificates.
fn server(provider: &Arc<CryptoProvider>) -> Result<ServerConfig, Failed> {
	let secret = PrivateKeyDer::Pkcs8([&KEY[..], &[7; 32]].concat().into());
	let key = provider.key_provider.load_private_key(secret)?;
	let public = key.public_key().ok_or("a key without a public one")?;
	let public = CertificateDer::from(public.to_vec());
	let resolver =
		AlwaysResolvesServerRawPublicKeys::new(Arc::new(CertifiedKey::new(vec![public], key)));
	let config = rustls::ServerConfig::builder_with_provider(provider.clone())
		.with_protocol_versions(&[&TLS13])?
		.with_no_client_auth()
		.with_cert_resolver(Arc::new(resolver));
	Ok(ServerConfig::with_crypto(Arc::new(QuicServerConfig::try_from(config)?)))
}

fn client(provider: Arc<CryptoProvider>) -> Result<ClientConfig, Failed> {
	let config = rustls::ClientConfig::builder_with_provider(provider.clone())
		.with_protocol_versions(&[&TLS13])?
		.dangerous()
		.with_custom_certificate_verifier(Arc::new(Anyone(provider)))
		.with_no_client_auth();
	Ok(ClientConfig::new(Arc::new(QuicClientConfig::try_from(config)?)))
}

/// Takes any server for the one that is meant.
#[derive(Debug)]
struct Anyone(Arc<CryptoProvider>);

impl ServerCertVerifier for Anyone {
	fn verify_server_cert(
		&self,
		_: &CertificateDer,
		_: &[CertificateDer],
		_: &ServerName,
		_: &[u8],
		_: UnixTime,
	) -> Result<ServerCertVerified, Error> {
		Ok(ServerCertVerified::assertion())
	}

	fn verify_tls12_signature(
		&self,
		_: &[u8],
		_: &CertificateDer,
		_: &DigitallySignedStruct,
	) -> Result<HandshakeSignatureValid, Error> {
		Err(Error::General("QUIC has no TLS 1.2".into()))
	}

	fn verify_tls13_signature(
		&self,
		message: &[u8],
		key: &CertificateDer,
		signature: &DigitallySignedStruct,
	) -> Result<HandshakeSignatureValid, Error> {
		let key = SubjectPublicKeyInfoDer::from(key.as_ref());
		let algorithms = &self.0.signature_verification_algorithms;
		verify_tls13_signature_with_raw_key(message, &key, signature, algorithms)
	}

	fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
		self.0.signature_verification_algorithms.supported_schemes()
	}

	fn requires_raw_public_keys(&self) -> bool {
		true
	}
}
