#!/usr/bin/env bash
# How many attestations and how many transfers a development node takes in per second; about 12 minutes.
# usage: benches/chain.sh [OPTION ...]        benches/chain.sh --help tells the options
set -euo pipefail
cd "$(dirname "$0")/.."
target="${CARGO_TARGET_DIR:-$HOME/.cache/cairn/target}"
[ -n "${CAIRN_NODE:-}" ] || make --silent build
export CAIRN_NODE="${CAIRN_NODE:-$target/debug/cairn-node}"
exec node benches/chain/main.mjs "$@"
