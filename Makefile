# Cairn: `make` lists what there is.

# One target directory for all checkouts, outside of them: the dependencies of the node are some 1,000 crates.
export CARGO_TARGET_DIR ?= $(HOME)/.cache/cairn/target
# Link the system's OpenSSL instead of building it for seven minutes.
export OPENSSL_NO_VENDOR = 1

NODE = $(CARGO_TARGET_DIR)/debug/cairn-node
WORKER = $(CARGO_TARGET_DIR)/debug/cairn-worker
TRACER = $(CARGO_TARGET_DIR)/debug/cairn-tracer
JS = node/tests/polkadot-js
# Networks that `make test` leaves to `make test-faults`.
FAULTS = disk:: finality:: liars:: partition:: phases:: seen::
ARGS =

.PHONY: help setup build test test-pallets test-rust test-js test-faults bits demo tour train bench lint docs deny ci

help: ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

setup: ## Install what is missing: system packages, Rust target, Node packages
	@scripts/setup.sh --with-node

build: setup ## Build everything: runtime, node, tests
	@scripts/patiently.sh "build" cargo build --workspace --all-targets

test: build test-rust test-js ## Run the tests: pallets, runtime, networks of real nodes, polkadot.js (not those of test-faults)

test-pallets: setup ## Run the unit tests alone, without the runtime's WebAssembly: quick while you work on pallets
	@SKIP_WASM_BUILD=1 scripts/patiently.sh "unit tests" cargo test --workspace --lib --exclude cairn-chain-spec --exclude cairn-runtime --no-fail-fast

test-rust: build ## Run the tests in Rust
	@scripts/patiently.sh "tests in Rust" cargo test --workspace
	@scripts/patiently.sh "networks of workers" \
		cargo test --workspace --test network -- --ignored --test-threads 3 $(addprefix --skip ,$(FAULTS))
	@model="$$(scripts/smollm2.sh)" && if [ -n "$$model" ]; then CAIRN_SMOLLM2="$$model" \
		scripts/patiently.sh "a real model" cargo test --workspace --test smollm2 -- --ignored; fi
	@scripts/patiently.sh "the engine on narrower vectors" \
		env CAIRN_INSTRUCTIONS=avx2 cargo test --workspace --test reference --test kernels --test digest
	@scripts/patiently.sh "the engine without vectors" \
		env CAIRN_INSTRUCTIONS=portable cargo test --workspace --test reference --test kernels --test digest

test-js: build ## Run the polkadot.js tests against a real node
	@CAIRN_NODE=$(NODE) CAIRN_TRACER=$(TRACER) scripts/patiently.sh "polkadot.js tests" npm --prefix $(JS) --silent test

test-faults: build ## Run the networks that take longest: liars, phases of a window, partitions, disks, finality, metrics (half an hour)
	@scripts/patiently.sh "networks with faults" \
		cargo test --workspace --test network -- --ignored --test-threads 3 $(FAULTS)

bits: setup ## Check that the engine comes to the same bits without optimisation and with all of it (a few minutes)
	@scripts/bits.sh

demo: build ## Train a model with workers on a development chain, and pay its holders (ARGS=--help tells more)
	@CAIRN_NODE=$(NODE) CAIRN_WORKER=$(WORKER) CAIRN_SOURCE=$(CURDIR) npm --prefix $(JS) --silent run demo -- \
		--out $(CARGO_TARGET_DIR)/demo $(ARGS)

tour: build ## Tour through a model's life on a development chain, with polkadot.js alone
	@CAIRN_NODE=$(NODE) CAIRN_TRACER=$(TRACER) npm --prefix $(JS) --silent run tour -- $(ARGS)

train: ## Train a small model on Moby-Dick on this machine, and let it speak (a few minutes; goes on where it stopped)
	@scripts/train.sh $(ARGS)

bench: ## Run one benchmark: make bench NAME=node (benches/README.md lists them)
	@benches/run.sh "$(NAME)" $(ARGS)

lint: setup ## Check format, lints, and that benchmarks and try-runtime compile
	@cargo fmt --all --check
	@scripts/patiently.sh "clippy" cargo clippy --workspace --all-targets -- -D warnings
	@scripts/patiently.sh "the runtime's other features" env SKIP_WASM_BUILD=1 \
		cargo check --workspace --features cairn-bench-strategies/runtime-benchmarks,cairn-runtime/try-runtime

docs: setup ## Build the API documentation without warnings
	@scripts/patiently.sh "API documentation" \
		env RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps

deny: setup ## Check licences and sources of dependencies
	@scripts/deny.sh

# The tests with polkadot.js wait for blocks most of the time: they leave the processor to the gates.
ci: test-rust ## Everything that has to pass before a change lands: `make test`, then lint, docs and deny
	@$(MAKE) --no-print-directory test-js & tests=$$!; \
	nice $(MAKE) --no-print-directory lint docs deny && wait $$tests || { kill $$tests 2>/dev/null; exit 1; }
