#!/usr/bin/env bash
# Trains on worker/data/moby-dick.txt and compares what is learned: with PyTorch, with fewer lanes, with dense edges.
# usage: benches/learning.sh [--only NAME ...] [--tokens 0.1] ...     (--help lists all; 45 minutes on two cores)
set -euo pipefail
cd "$(dirname "$0")/.."
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$HOME/.cache/cairn/target}" OPENSSL_NO_VENDOR=1
make --silent build
source benches/peers/install.sh
exec "$peers" benches/learning/main.py --worker "$CARGO_TARGET_DIR/debug/cairn-worker" \
	--folder "$CARGO_TARGET_DIR/learning" "$@"
