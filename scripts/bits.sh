#!/usr/bin/env bash
# Checks that the engine comes to the committed bits without optimisation and as it would be released; `make test` does so with what
# lies between. Only the crates that compute are built anew, into files of their own.
set -euo pipefail
cd "$(dirname "$0")/.."
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$HOME/.cache/cairn/target}" OPENSSL_NO_VENDOR=1

# usage: check WHAT SETTING ...
check() {
	local what=$1 options=() crate setting
	shift
	for crate in cairn-engine cairn-program; do
		for setting in "$@"; do
			options+=(--config "profile.dev.package.$crate.$setting")
		done
	done
	scripts/patiently.sh "$what" \
		cargo test "${options[@]}" --workspace --test digest --test reference --test kernels
}

check "the engine without optimisation" opt-level=0
check "the engine as it would be released" debug-assertions=false overflow-checks=false codegen-units=1
