#!/usr/bin/env bash
# Compares training with PyTorch, and generation with candle: the same model, machine and threads, in turn. Installs PyTorch (CPU)
# beside the build, once.
# usage: benches/engine.sh [--rounds N] [--models 12M] ...     (--help lists all; half an hour)
set -euo pipefail
cd "$(dirname "$0")/.."
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$HOME/.cache/cairn/target}" OPENSSL_NO_VENDOR=1
make --silent build
source benches/peers/install.sh
llama="$(scripts/smollm2.sh)"
if [ -n "$llama" ]; then
	scripts/patiently.sh "build candle's Llama (once)" \
		cargo build --release --manifest-path benches/peers/candle/Cargo.toml
	set -- --llama "$llama" --candle "$CARGO_TARGET_DIR/release/candle-peer" "$@"
fi
exec "$peers" benches/engine.py --bench "$CARGO_TARGET_DIR/debug/cairn-bench-engine" "$@"
