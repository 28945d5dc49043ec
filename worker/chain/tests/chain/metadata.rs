//! The committed metadata is that of the runtime.

use std::{env, fs};

use crate::node::Node;
use codec::{Decode, Encode};
use scale_info::{form::PortableForm, Type, TypeDef};
use subxt::{
	ext::frame_metadata::{RuntimeMetadata, RuntimeMetadataPrefixed},
	rpcs::{client::rpc_params, RpcClient},
};
use subxt_utils_stripmetadata::StripMetadata;

/// The pallets that a worker asks or calls.
const PALLETS: [&str; 11] = [
	"System",
	"Timestamp",
	"Balances",
	"Parameters",
	"Models",
	"Workers",
	"Shards",
	"Contributions",
	"Disputes",
	"Revenue",
	"Inference",
];
/// The runtime API that a worker asks.
const API: &str = "CairnApi";
/// The version of metadata that knows view functions.
const VERSION: u32 = 16;

#[tokio::test]
async fn the_committed_metadata_is_that_of_the_runtime() {
	let node = Node::start().await;
	let path = concat!(env!("CARGO_MANIFEST_DIR"), "/metadata.scale");
	let found = stripped(&download(&node.url()).await);
	if env::var_os("UPDATE_METADATA").is_some() {
		fs::write(path, &found).expect("the file can be written");
	}
	let committed = fs::read(path).expect("there is such a file");
	assert!(
		found == committed,
		"the runtime has changed: run scripts/metadata.sh, build what uses this crate, and commit {path}"
	);
}

/// The metadata of the runtime that a node runs.
async fn download(url: &str) -> Vec<u8> {
	let client = RpcClient::from_insecure_url(url).await.expect("the node answers");
	let argument = format!("0x{}", hex(&VERSION.encode()));
	let answer: String = client
		.request("state_call", rpc_params!["Metadata_metadata_at_version", argument])
		.await
		.expect("the node tells the metadata");
	let answer = bytes(answer.trim_start_matches("0x"));
	let metadata = Option::<Vec<u8>>::decode(&mut &answer[..]).expect("it is an answer");
	metadata.expect("the runtime knows this version of metadata")
}

/// Of metadata what a worker needs: without the pallets that it does not know, and without documentation.
fn stripped(metadata: &[u8]) -> Vec<u8> {
	let RuntimeMetadataPrefixed(prefix, metadata) =
		Decode::decode(&mut &metadata[..]).expect("it is metadata");
	let RuntimeMetadata::V16(mut metadata) = metadata else { panic!("it is of version {VERSION}") };
	metadata.strip_metadata(|pallet| PALLETS.contains(&pallet), |api| api == API);
	metadata.types.types.iter_mut().for_each(|known| strip_docs(&mut known.ty));
	for pallet in &mut metadata.pallets {
		pallet.docs.clear();
		pallet.constants.iter_mut().for_each(|constant| constant.docs.clear());
		pallet.view_functions.iter_mut().for_each(|function| function.docs.clear());
		for entry in pallet.storage.iter_mut().flat_map(|storage| &mut storage.entries) {
			entry.docs.clear();
		}
	}
	for api in &mut metadata.apis {
		api.docs.clear();
		api.methods.iter_mut().for_each(|method| method.docs.clear());
	}
	RuntimeMetadataPrefixed(prefix, RuntimeMetadata::V16(metadata)).encode()
}

fn strip_docs(known: &mut Type<PortableForm>) {
	known.docs.clear();
	match &mut known.type_def {
		TypeDef::Composite(composite) => {
			composite.fields.iter_mut().for_each(|field| field.docs.clear());
		},
		TypeDef::Variant(variants) => {
			for variant in &mut variants.variants {
				variant.docs.clear();
				variant.fields.iter_mut().for_each(|field| field.docs.clear());
			}
		},
		_ => (),
	}
}

fn hex(bytes: &[u8]) -> String {
	bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes(hex: &str) -> Vec<u8> {
	let byte = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).expect("it is hexadecimal");
	(0..hex.len()).step_by(2).map(byte).collect()
}
