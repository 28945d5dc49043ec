#!/usr/bin/env bash
# Measures the weights of Cairn's pallets in the compiled runtime with frame-omni-bencher and writes them to
# pallets/*/src/weights.rs. Measure on the slowest machine that validators are meant to have, with nothing else running.
# The runtime, the bencher and the node are built alike, in the dev profile: a node of a release build is faster.
# usage: benches/weights.sh [PALLET ...]       e.g. benches/weights.sh revenue inference
# STEPS and REPEAT set the effort (default 20 and 10).
set -euo pipefail
cd "$(dirname "$0")/.."
: "${CARGO_TARGET_DIR:=$HOME/.cache/cairn/target}"
export CARGO_TARGET_DIR OPENSSL_NO_VENDOR=1
version=0.28.0
bencher=$CARGO_TARGET_DIR/tools/bin/frame-omni-bencher

# The bencher links RocksDB, whose bindings need libclang.
if ! ls /usr/lib/llvm-*/lib/libclang.so* >/dev/null 2>&1; then
	echo "Please install libclang first: apt-get install clang libclang-dev" >&2
	exit 1
fi
# Host functions take part in what is measured: the bencher is built with the profile of the node. Tries and executor are
# generic, so they are compiled in the bencher's own crates; those are optimised as the node is.
if ! "$bencher" --version 2>/dev/null | grep -q "$version"; then
	scripts/patiently.sh "install frame-omni-bencher $version (once, half an hour)" \
		cargo install --quiet --locked --debug --config Cargo.toml --root "$CARGO_TARGET_DIR/tools" \
		--config profile.dev.package.frame-benchmarking-cli.opt-level=2 \
		--config profile.dev.package.frame-omni-bencher.opt-level=2 \
		"frame-omni-bencher@$version"
fi

# A target directory of its own: the feature would otherwise replace the runtime that an ordinary build embeds in the node.
scripts/patiently.sh "build the runtime with benchmarks" \
	env CARGO_TARGET_DIR="$CARGO_TARGET_DIR/benchmarks" \
	cargo build --package cairn-runtime --features runtime-benchmarks
runtime=$CARGO_TARGET_DIR/benchmarks/debug/wbuild/cairn-runtime/cairn_runtime.wasm

pallets=("$@")
[ ${#pallets[@]} -gt 0 ] ||
	pallets=(models workers shards contributions disputes revenue inference validators)
for pallet in "${pallets[@]}"; do
	scripts/patiently.sh "measure pallet_$pallet" "$bencher" v1 benchmark pallet \
		--runtime "$runtime" --genesis-builder=runtime --genesis-builder-preset=development \
		--pallet "pallet_$pallet" --extrinsic "*" \
		--steps "${STEPS:-20}" --repeat "${REPEAT:-10}" \
		--template benches/weights.hbs --output "pallets/$pallet/src/weights.rs" --quiet
done
