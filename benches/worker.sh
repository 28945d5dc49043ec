#!/usr/bin/env bash
# Times workers without a chain: a lane of processes against the engine alone, over simulated links, the transport, an audit.
# usage: benches/worker.sh [--only lane] [--rounds N] ...     (--help lists all)
set -euo pipefail
cd "$(dirname "$0")/.."
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$HOME/.cache/cairn/target}" OPENSSL_NO_VENDOR=1
make --silent build
exec "$CARGO_TARGET_DIR/debug/cairn-bench-worker" "$@"
