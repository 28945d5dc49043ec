#!/usr/bin/env bash
# An hour of training in which workers and the node die at random. Its course is written as CSV and PNG beside the build.
# usage: make bench NAME=soak ARGS=MINUTES
set -euo pipefail
cd "$(dirname "$0")/.."
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$HOME/.cache/cairn/target}" OPENSSL_NO_VENDOR=1
export CAIRN_SOAK_MINUTES="${1:-60}" CAIRN_SOAK_OUT="${CAIRN_SOAK_OUT:-$CARGO_TARGET_DIR/soak}"
cargo build --workspace --all-targets
scripts/patiently.sh "$CAIRN_SOAK_MINUTES minutes" cargo test --workspace --test soak -- --ignored --nocapture
