#!/usr/bin/env bash
# Ten minutes of random bytes and mutated calls against every call of Cairn's pallets, with a new seed each time.
set -euo pipefail
cd "$(dirname "$0")/.."
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$HOME/.cache/cairn/target}" OPENSSL_NO_VENDOR=1
export FUZZ_SECONDS="${FUZZ_SECONDS:-600}" FUZZ_SEED="${FUZZ_SEED:-$(date +%s)}"
echo "seed $FUZZ_SEED: set FUZZ_SEED to repeat this run"
scripts/patiently.sh "fuzz for $FUZZ_SECONDS s" cargo test --workspace --lib no_call_panics -- --nocapture
