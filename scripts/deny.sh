#!/usr/bin/env bash
# Runs cargo-deny, after installing it if need be. Advisories need RustSec's database, which is fetched from the internet:
# they are checked where it can be reached, and said to be unchecked where it cannot.
set -euo pipefail
cd "$(dirname "$0")/.."
version=0.20.2
if ! cargo deny --version 2>/dev/null | grep -q "$version"; then
	scripts/patiently.sh "install cargo-deny $version" \
		env CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$HOME/.cache/cairn/target}/tools" \
		cargo install --quiet --locked --debug "cargo-deny@$version"
fi
cargo deny --log-level error check licenses bans sources
if scripts/patiently.sh "fetch RustSec's advisories" \
	cargo deny --log-level error fetch db 2>/dev/null; then
	cargo deny --log-level error check advisories
else
	echo "advisories: not checked, RustSec's database is out of reach; run 'make deny' with access to github.com before a release"
fi
