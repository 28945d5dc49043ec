//! Builds the runtime for WebAssembly and embeds the metadata hash, so that offline signers work
//! with every build (`CheckMetadataHash`).

#[cfg(feature = "std")]
fn main() {
	// The WebAssembly build must use the workspace's lock file, which it does not find by itself
	// when the target directory lies outside of the workspace.
	if std::env::var_os("WASM_BUILD_WORKSPACE_HINT").is_none() {
		std::env::set_var("WASM_BUILD_WORKSPACE_HINT", concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
	}
	substrate_wasm_builder::WasmBuilder::init_with_defaults()
		.enable_metadata_hash("CRN", 12)
		.build();
}

#[cfg(not(feature = "std"))]
fn main() {}
