//! Builds the runtime for WebAssembly and embeds the metadata hash, so that offline signers work
//! with every build (`CheckMetadataHash`).

#[cfg(feature = "std")]
fn main() {
	for (name, value) in [
		// The WebAssembly build must use the workspace's lock file, which it does not find by itself
		// when the target directory lies outside of the workspace.
		("WASM_BUILD_WORKSPACE_HINT", concat!(env!("CARGO_MANIFEST_DIR"), "/..")),
		// The runtime is compiled in the release profile anyway. This says so, and the builder also makes
		// the small file (`.compact.compressed.wasm`) that an upgrade sends and that genesis holds.
		("WASM_BUILD_TYPE", "release"),
	] {
		if std::env::var_os(name).is_none() {
			std::env::set_var(name, value);
		}
	}
	substrate_wasm_builder::WasmBuilder::init_with_defaults()
		.enable_metadata_hash("CRN", 12)
		.build();
}

#[cfg(not(feature = "std"))]
fn main() {}
