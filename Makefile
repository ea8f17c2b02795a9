# TimeRose: `make help` lists what there is.
BUILD := build/release
JOBS ?= $(shell nproc)
export PATH := $(PATH):$(HOME)/.cargo/bin:/usr/local/go/bin
export CCACHE_SLOPPINESS := pch_defines,time_macros

.DEFAULT_GOAL := help
.PHONY: help setup configure build examples demo test interop faults bench lint format fuzz package asan clean

help: ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):[^#]*## /  make \1 \t/' | expand -t 18

setup: ## install what is missing on a Debian 12 machine
	@tools/setup.sh

configure: setup
	@test -f $(BUILD)/build.ninja || cmake --preset release

build: configure ## build build/release/timerose and its tests
	@cmake --build $(BUILD) -j $(JOBS)

examples: setup ## compile the example functions to build/examples/*.wasm
	@$(MAKE) --no-print-directory -C examples

demo: ## the main job on real text: add, run by CID, answer from the memo, verify
	@$(MAKE) --no-print-directory build examples
	@tools/demo.sh $(BUILD)/timerose

test: ## everything CI runs: unit, conformance, whole-program and interop tests, sanitizers, lint
	@$(MAKE) --no-print-directory build examples
	@python3 tools/run_tests.py --build $(BUILD) --asan --lint

interop: build ## exchange content with boxo and Helia peers; INTEROP_FULL=1: 1 GiB files
	@python3 -m pytest -q -p no:cacheprovider tests/interop

faults: build ## failing networks, kill -9, floods and hostile peers, with tables (root; 15 minutes)
	@FAULTS_FULL=1 python3 -m pytest -q -p no:cacheprovider tests/faults

asan: setup ## build and run the unit tests under AddressSanitizer and UBSan
	@test -f build/asan/build.ninja || cmake --preset asan
	@cmake --build build/asan -j $(JOBS)
	@python3 tools/run_tests.py --build build/asan --unit-only

bench: build examples ## measure, side by side with peers; prints tables of ratios
	@python3 bench/run.py --build $(BUILD)
	@python3 bench/network.py --build $(BUILD)
	@python3 bench/mesh.py --build $(BUILD)

lint: setup ## formatting, include graph, clang-tidy and its analyzer
	@tools/lint.sh --full

format: ## rewrite the sources with clang-format
	@git ls-files '*.h' '*.cc' | xargs clang-format-19 -i

fuzz: setup ## run every fuzz target for SECONDS=60 each
	@test -f build/fuzz/build.ninja || cmake --preset fuzz
	@cmake --build build/fuzz -j $(JOBS)
	@tools/fuzz.sh build/fuzz $(or $(SECONDS_EACH),60)

package: build ## a tar archive of the program under build/
	@tools/package.sh $(BUILD)

clean: ## remove build/ (the Rust cache under ~/.cache/timerose stays)
	rm -rf build
