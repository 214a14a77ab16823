# Everything a newcomer needs; `make` alone lists it. The scripts behind the targets are in .ci/.

SHELL := /bin/bash
.DEFAULT_GOAL := help

SWIFT ?= swift
PORT ?= 8080
ONCE ?=

# Debug builds and tests in .build, release builds in .build-release, the tests' Python in .build-venv: git ignores all.
RELEASE := .build-release
CHECKED := --explicit-target-dependency-import-check error
SWIFT_FILES := Sources Tests Bench/Sources Bench/Package.swift Package.swift

.PHONY: help
help: ## Show this list
	@echo 'Millrace: a partitioned event log broker with consumer groups.'
	@echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo '  make run ONCE=1     takes a free port, checks that every event was processed exactly once, stops'
	@echo '  make run PORT=9090  listens there instead of 8080'
	@echo '  make torture HOURS=8  goes on for that long'

.PHONY: setup
setup: ## Install what building and testing need, where it is missing (Debian; as root or with sudo)
	@.ci/setup build test

.PHONY: release
release: ## Build the release binary, .build-release/release/millrace
	@.ci/setup build
	$(SWIFT) build -c release --scratch-path $(RELEASE) --product millrace

.PHONY: run
run: release ## Start a broker, publish the sample, share it among three workers, show who did what
	@BIN=$(RELEASE)/release/millrace ONCE=$(ONCE) PORT=$(PORT) .ci/demo

.PHONY: lint
lint: ## Check the format of every Swift file
	$(SWIFT) format lint --strict --parallel --recursive $(SWIFT_FILES)

# All tests at once on two cores starve each other until clients give up waiting: few run side by side.
TEST_ENVIRONMENT := SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=4 \
    MILLRACE_PYTHON=$(CURDIR)/.build-venv/bin/python3

.PHONY: test
test: ## Check the format, build with warnings as errors, run every test
	@.ci/setup build test
	@.ci/phase 'format'  $(MAKE) --no-print-directory lint
	@.ci/phase 'build'   $(SWIFT) build --build-tests $(CHECKED)
	@.ci/phase 'tests'   env $(TEST_ENVIRONMENT) $(SWIFT) test --skip-build
	@.ci/phase 'build torture' env $(TORTURE_BUILD)
	@.ci/phase 'torture' $(TORTURE)/release/torture --seconds 60 --no-mutants
	@.ci/phase 'planted fault' .ci/missed-change $(TORTURE)/release/torture
	@.ci/phase 'build simulate' env $(SIMULATE_BUILD)
	@.ci/phase 'simulate' $(TORTURE)/release/simulate --schedules 500 --depth 5
	@.ci/phase 'build micro-bench' env $(MICRO_BUILD)
	@.ci/phase 'instructions' .ci/instructions $(MICRO)

# Brokers as real processes, killed with kill -9; where kills are to fall is what their logs say that they do. The four runs
# wait for brokers most of the time, so they go side by side, and each tells what it found when it is over.
KILL_PLACES := roll,checkpoint,compaction-switch,retention
KILL_RUNS := kills-loop kills-history kills-full-disk kills-few-descriptors

.PHONY: kills $(KILL_RUNS)
kills: release ## Kill real brokers in the middle of their work and check what they kept (KILLS= may be set)
	$(SWIFT) build -c release --package-path Bench --scratch-path Bench/.build --product kills
	@$(MAKE) --no-print-directory --keep-going --jobs=4 --output-sync=target $(KILL_RUNS)

kills-loop:
	Bench/.build/release/kills loop --kills $(or $(KILLS),200) --places $(KILL_PLACES)

kills-history:
	Bench/.build/release/kills history --seconds 60

kills-full-disk:
	Bench/.build/release/kills full-disk

kills-few-descriptors:
	Bench/.build/release/kills few-descriptors

# Planted faults are compiled into this build alone, and it needs none of the server's packages.
TORTURE := Bench/.build-torture
TORTURE_BUILD := MILLRACE_PLANTED_FAULTS=1 $(SWIFT) build -c release --package-path Bench --scratch-path $(TORTURE) \
    --product torture

# Of the 15 minutes the kills take five at most, so that the exploration gets what is left.
.PHONY: torture
torture: ## Cut the power, damage files, break rules, kill brokers, for 15 minutes: is every promise kept? (HOURS=)
	@.ci/setup build
	@.ci/phase 'build torture' env $(TORTURE_BUILD)
	$(TORTURE)/release/torture --seconds $(if $(HOURS),$$(( $(HOURS) * 3600 )),560) $(if $(SEED),--seed $(SEED))
	@$(MAKE) --no-print-directory kills

# The same build, of the groups' machine alone.
SIMULATE_BUILD := MILLRACE_PLANTED_FAULTS=1 $(SWIFT) build -c release --package-path Bench --scratch-path $(TORTURE) \
    --product simulate

.PHONY: simulate
simulate: ## Do consumer groups keep their promises? Random schedules, every interleaving to a depth, rules switched off
	@.ci/setup build
	@.ci/phase 'build simulate' env $(SIMULATE_BUILD)
	$(TORTURE)/release/simulate $(if $(SEED),--seed $(SEED))

# Everything side by side; the page and the chart are made from the results that are kept, also those of earlier runs.
PEER_BENCH := Bench/.build/release/peer-bench

.PHONY: bench
bench: release ## Measure Millrace beside Redis, NATS, etcd and nchan, and write docs/benchmarks.md (QUICK=1, ROWS=, ROUNDS=)
	@.ci/setup bench peers
	$(SWIFT) build -c release --package-path Bench --scratch-path Bench/.build --product store-bench
	$(SWIFT) build -c release --package-path Bench --scratch-path Bench/.build --product peer-bench
	$(PEER_BENCH) run --directory $(BENCH_DIRECTORY) $(if $(QUICK),--quick) $(if $(ROWS),--rows $(ROWS)) \
	    $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(SECONDS_EACH),--seconds $(SECONDS_EACH))

.PHONY: bench-load
bench-load: release ## Put load on a broker: LOAD="produce --connections 64", LOAD="group", LOAD="watch --rate 1000"
	$(SWIFT) build -c release --package-path Bench --scratch-path Bench/.build --product load-bench
	Bench/.build/release/load-bench $(or $(LOAD),produce) --directory $(BENCH_DIRECTORY)

# The same build once more, of the hot loops. The faults that can be planted in it cost a comparison here and there, and only in
# the storage and the groups; docs/performance.md tells how much.
MICRO := $(TORTURE)/release/micro-bench
MICRO_BUILD := MILLRACE_PLANTED_FAULTS=1 $(SWIFT) build -c release --package-path Bench --scratch-path $(TORTURE) \
    --product micro-bench

.PHONY: instructions instructions-accept
instructions: ## Count the instructions of the hot loops: are they what Bench/instructions.txt accepts?
	@.ci/setup build count
	@.ci/phase 'build micro-bench' env $(MICRO_BUILD)
	@.ci/phase 'instructions' .ci/instructions $(MICRO)

instructions-accept: ## Count them, and write them into Bench/instructions.txt
	@.ci/setup build count
	@.ci/phase 'build micro-bench' env $(MICRO_BUILD)
	@.ci/phase 'instructions' .ci/instructions --accept $(MICRO)

# How costs grow, with amount and with time. All three keep what they measured in Bench/results, and write docs/scaling.md from it.
SCALE_BENCH := Bench/.build/release/scale-bench
SCALE_BUILD := $(SWIFT) build -c release --package-path Bench --scratch-path Bench/.build --product scale-bench

.PHONY: bench-scaling bench-memory soak
bench-scaling: release ## Draw what a record costs with more partitions, watchers, bytes, batches (QUICK=1, CURVES=, ROUNDS=)
	$(SCALE_BUILD)
	$(SCALE_BENCH) curves --directory $(BENCH_DIRECTORY) $(if $(QUICK),--quick) $(if $(CURVES),--curves $(CURVES)) \
	    $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(SECONDS_EACH),--seconds $(SECONDS_EACH))

bench-memory: release ## Bytes for each idle connection, watcher, group member and partition (QUICK=1, ROUNDS= may be set)
	$(SCALE_BUILD)
	$(SCALE_BENCH) memory --directory $(BENCH_DIRECTORY) $(if $(QUICK),--quick) $(if $(ROUNDS),--rounds $(ROUNDS))

soak: release ## Use a broker in every way for an hour: does anything grow? (MINUTES=, QUICK=1 for two minutes)
	$(SCALE_BUILD)
	$(SCALE_BENCH) soak --directory $(BENCH_DIRECTORY) --minutes $(or $(MINUTES),$(if $(QUICK),2,60))

.PHONY: bench-micro
bench-micro: ## Measure the hot loops one by one, in nanoseconds (LOOPS=, ROUNDS=, OUTPUT=json may be set)
	@.ci/setup build
	$(SWIFT) build -c release --package-path Bench --scratch-path Bench/.build --product micro-bench
	Bench/.build/release/micro-bench time $(LOOPS) --rounds $(or $(ROUNDS),7) --output $(or $(OUTPUT),table)

.PHONY: bench-disk
bench-disk: ## Measure the disk's flushes: what one commit journal saves (DIRECTORY= and SECONDS_EACH= may be set)
	$(SWIFT) run -c release --package-path Bench --scratch-path Bench/.build disk-probe \
	    --directory $(or $(DIRECTORY),.) --seconds $(or $(SECONDS_EACH),10)

STORE_BENCH := Bench/.build/release/store-bench
BENCH_DIRECTORY := $(abspath $(or $(DIRECTORY),.build-release))

.PHONY: bench-storage
bench-storage: release ## Measure the storage as ratios (DIRECTORY=, SECONDS_EACH=, ROUNDS=, MEBIBYTES= may be set)
	@.ci/setup bench
	$(SWIFT) build -c release --package-path Bench --scratch-path Bench/.build --product store-bench
	$(SWIFT) build -c release --package-path Bench --scratch-path Bench/.build --product SlowFlush
	$(STORE_BENCH) append --directory $(BENCH_DIRECTORY) --seconds $(or $(SECONDS_EACH),5) --rounds $(or $(ROUNDS),5)
	$(STORE_BENCH) recovery --directory $(BENCH_DIRECTORY) --mebibytes $(or $(MEBIBYTES),1024) --rounds $(or $(ROUNDS),5)
	$(STORE_BENCH) memory --directory $(BENCH_DIRECTORY)
	$(STORE_BENCH) latency --directory $(BENCH_DIRECTORY) --rounds $(or $(ROUNDS),5)
	$(STORE_BENCH) pressure --directory $(BENCH_DIRECTORY)

.PHONY: bench-groups
bench-groups: release ## Measure a rebalance of 100 members, and what it does to partitions that stay (ROUNDS= may be set)
	$(SWIFT) build -c release --package-path Bench --scratch-path Bench/.build --product group-bench
	Bench/.build/release/group-bench rebalance --directory $(BENCH_DIRECTORY) --rounds $(or $(ROUNDS),5)

WATCH_BENCH := Bench/.build/release/watch-bench

.PHONY: bench-watch
bench-watch: release ## Measure many watchers of the same, idle ones, ones that never read, large collections (ROUNDS= may be set)
	$(SWIFT) build -c release --package-path Bench --scratch-path Bench/.build --product watch-bench
	$(WATCH_BENCH) fanout --directory $(BENCH_DIRECTORY) --rounds $(or $(ROUNDS),5)
	$(WATCH_BENCH) selectors --directory $(BENCH_DIRECTORY) --rounds $(or $(ROUNDS),5)
	$(WATCH_BENCH) idle --directory $(BENCH_DIRECTORY)
	$(WATCH_BENCH) never-read --directory $(BENCH_DIRECTORY)
	$(WATCH_BENCH) keys --directory $(BENCH_DIRECTORY)

.PHONY: clean
clean: ## Remove everything that was built
	rm -rf .build .build-release .build-venv Bench/.build $(TORTURE)
