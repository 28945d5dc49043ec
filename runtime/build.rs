//! Builds the runtime for WebAssembly and embeds the metadata hash, so that offline signers work
//! with every build (`CheckMetadataHash`).

#[cfg(feature = "std")]
fn main() {
	for (name, value) in [
		// The WebAssembly build must use the workspace's lock file, which it does not find by itself
		// when the target directory lies outside of the workspace.
		("WASM_BUILD_WORKSPACE_HINT", workspace().to_owned()),
		// The runtime is compiled in the release profile anyway. This says so, and the builder also makes
		// the small file (`.compact.compressed.wasm`) that an upgrade sends and that genesis holds.
		("WASM_BUILD_TYPE", "release".to_owned()),
		("WASM_BUILD_RUSTFLAGS", nameless_paths()),
	] {
		if std::env::var_os(name).is_none() {
			std::env::set_var(name, value);
		}
	}
	substrate_wasm_builder::WasmBuilder::init_with_defaults()
		.enable_metadata_hash("CRN", 12)
		.build();
}

#[cfg(feature = "std")]
fn workspace() -> &'static str {
	concat!(env!("CARGO_MANIFEST_DIR"), "/..")
}

/// Panics name source files. Without the paths of this machine, everybody's build of one commit is the same file, and those
/// who vote on an upgrade can compare its hash with their own build's.
#[cfg(feature = "std")]
fn nameless_paths() -> String {
	use std::{env::var_os, fs::canonicalize, path::PathBuf};
	let cargo_home = var_os("CARGO_HOME")
		.map(PathBuf::from)
		.or_else(|| var_os("HOME").map(|home| PathBuf::from(home).join(".cargo")));
	[(Some(PathBuf::from(workspace())), "/cairn"), (cargo_home, "/cargo")]
		.into_iter()
		.filter_map(|(path, name)| {
			let path = canonicalize(path?).ok()?.into_os_string().into_string().ok()?;
			// Flags are separated by spaces.
			(!path.contains(' ')).then(|| format!("--remap-path-prefix={path}={name}"))
		})
		.collect::<Vec<_>>()
		.join(" ")
}

#[cfg(not(feature = "std"))]
fn main() {}
