#!/usr/bin/env bash
# Trains the small model of docs/examples/whale.json on Moby-Dick: 1 million parameters, two stages, two lanes.
# usage: scripts/train.sh [OPTION OF cairn-worker train-local] ...
set -euo pipefail
cd "$(dirname "$0")/.."
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$HOME/.cache/cairn/target}" OPENSSL_NO_VENDOR=1
scripts/setup.sh
scripts/patiently.sh "build the worker" cargo build --workspace
worker=$CARGO_TARGET_DIR/debug/cairn-worker
folder=$CARGO_TARGET_DIR/whale
if [ ! -d "$folder/data" ]; then
	"$worker" dataset build worker/data/moby-dick.txt --out "$folder/data" --vocabulary 1024
fi
run=$folder/run$(printf '%s' "$*" | tr -c 'a-z0-9' -)
"$worker" train-local --spec docs/examples/whale.json --data "$folder/data" --out "$run" "$@"
echo
echo "let it say more: $worker generate --model $run --prompt 'Call me'"
