#!/usr/bin/env bash
# Writes the metadata anew that the worker's chain crate is compiled from, as the node that is built here tells it.
set -euo pipefail
cd "$(dirname "$0")/.."
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$HOME/.cache/cairn/target}" OPENSSL_NO_VENDOR=1
cargo build --workspace --all-targets
UPDATE_METADATA=1 cargo test --workspace --test chain metadata
