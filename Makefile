# What to type. `make` alone explains itself.
#
# SCRATCH, CORE_SCRATCH and BENCH_SCRATCH move the build folders; FILTER picks tests (see scripts/test).

SCRATCH ?= .build
CORE_SCRATCH ?= Core/.build
BENCH_SCRATCH ?= Benchmarks/.build
export SCRATCH CORE_SCRATCH

# SwiftPM orders some compiler flags by hash: with a random seed each new plan rebuilds modules for nothing.
# Tests run without the variable, since a fixed seed hides defects that depend on the order of a set.
BUILD := SWIFT_DETERMINISTIC_HASHING=1
STRICT := BULKHEAD_STRICT=1
SOURCES := $(wildcard Package.swift Core/Package.swift Benchmarks/Package.swift Sources Tests Core/Sources Core/Tests \
	Benchmarks/Sources)

.DEFAULT_GOAL := help
.PHONY: help setup build demo test mutants check fuzz bench fmt docs

help: ## Says what the targets do
	@sed -nE 's/^([a-z]+):.*## (.*)/make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 14

setup: ## Installs missing Debian packages; does nothing when none is missing
	@scripts/setup

build: setup ## Builds .build/release/bulkhead
	$(BUILD) swift build -c release --product bulkhead --scratch-path $(SCRATCH)

demo: build ## Shows one boundary in three real network namespaces
	$(SCRATCH)/release/bulkhead lab run

test: setup ## Builds and runs every test; the last line counts them
	@scripts/test

mutants: setup ## Seeds bugs into the engine, one at a time; its tests must find each
	@scripts/mutants

check: setup ## Format, warnings as errors, the layering, and broken input for a minute each; runs no other test
	@scripts/lint $(SOURCES)
	$(BUILD) $(STRICT) swift build --build-tests --package-path Core --scratch-path $(CORE_SCRATCH)
	$(BUILD) $(STRICT) swift build --build-tests --scratch-path $(SCRATCH)
	$(STRICT) FILTER=ArchitectureTests scripts/test core-debug
	@scripts/fuzz

fuzz: setup ## Feeds every reader with broken input, a minute each
	@scripts/fuzz

bench: setup ## Measures what docs/benchmarks.md states
	$(BUILD) swift run -c release --package-path Benchmarks --scratch-path $(BENCH_SCRATCH)

fmt: ## Formats every source file in place
	swift format format --in-place --configuration .swift-format --recursive --parallel $(SOURCES)

docs: ## Writes the reference of Core as a static site
	@scripts/docs
