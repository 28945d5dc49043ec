#!/usr/bin/env bash
# Simulates networks of 1,000, 10,000 and 100,000 seats on the compiled runtime: storage, weight of blocks, cost of claims.
# usage: benches/scale.sh [--seats 1000,10000] [--windows 100] [--budget MINUTES] ...     (--help lists all)
set -euo pipefail
cd "$(dirname "$0")/.."
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$HOME/.cache/cairn/target}" OPENSSL_NO_VENDOR=1
make --silent build
exec "$CARGO_TARGET_DIR/debug/cairn-bench-scale" --plots benches/results "$@"
