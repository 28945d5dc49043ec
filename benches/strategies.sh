#!/usr/bin/env bash
# Simulates workers that lie on Cairn's own pallets: what each strategy gains over honest work.
# usage: benches/strategies.sh [--windows 200] [--seeds 5] [--only random_gradients,lazy_auditor] ...     (--help lists all)
set -euo pipefail
cd "$(dirname "$0")/.."
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$HOME/.cache/cairn/target}" OPENSSL_NO_VENDOR=1
make --silent build
exec "$CARGO_TARGET_DIR/debug/cairn-bench-strategies" --plots benches/results "$@"
