#!/usr/bin/env bash
# Installs what building and testing needs and is not there yet: system packages, the Rust target, Node packages.
# Says what it does, one line per step; a second run does nothing and takes a second.
set -euo pipefail
cd "$(dirname "$0")/.."

missing=()
command -v protoc >/dev/null || missing+=(protobuf-compiler)
command -v pkg-config >/dev/null || missing+=(pkg-config)
{ command -v pkg-config >/dev/null && pkg-config --exists openssl; } || missing+=(libssl-dev)
command -v cc >/dev/null && command -v c++ >/dev/null || missing+=(build-essential)
if [ ${#missing[@]} -gt 0 ]; then
	if ! command -v apt-get >/dev/null; then
		echo "Please install with your system's package manager: ${missing[*]} (Debian's names)" >&2
		exit 1
	fi
	sudo=$([ "$(id -u)" = 0 ] || echo sudo)
	scripts/patiently.sh "lists of system packages" $sudo apt-get update -qq
	scripts/patiently.sh "system packages: ${missing[*]}" \
		$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${missing[@]}"
fi

if ! command -v cargo >/dev/null; then
	echo "Please install Rust first: https://rustup.rs" >&2
	exit 1
fi
toolchain=$(sed -n 's/^channel = "\(.*\)"/\1/p' rust-toolchain.toml)
if command -v rustup >/dev/null; then
	if ! rustup toolchain list | grep -q "^$toolchain"; then
		scripts/patiently.sh "Rust $toolchain" rustup toolchain install "$toolchain" --profile minimal
	fi
	if ! rustup target list --installed | grep -qx wasm32v1-none; then
		scripts/patiently.sh "Rust target wasm32v1-none, for the runtime" rustup target add wasm32v1-none
	fi
	for component in rustfmt clippy; do
		if ! rustup component list --installed | grep -q "^$component"; then
			scripts/patiently.sh "Rust component $component" rustup component add "$component"
		fi
	done
fi

if [ "${1:-}" = --with-node ]; then
	if ! command -v npm >/dev/null || ! node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)'; then
		echo "Please install Node.js 20 or newer: https://nodejs.org" >&2
		exit 1
	fi
	lock=node/tests/polkadot-js/package-lock.json
	# The lock file that is installed. Contents are compared, not times: `npm ci` begins by deleting everything, under
	# whatever runs, and a checkout or a stash makes a lock file look new.
	installed=node/tests/polkadot-js/node_modules/.cairn-setup
	if ! cmp -s "$lock" "$installed"; then
		scripts/patiently.sh "Node packages for polkadot.js" \
			npm --prefix node/tests/polkadot-js ci --no-audit --no-fund --loglevel=error
		cp "$lock" "$installed"
	fi
fi
