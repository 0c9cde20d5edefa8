# One line a target: `make help`. Everything happens in .venv and build/; nothing is installed elsewhere,
# except PostgreSQL, Redis and Chromium for `make test` where the machine has none (scripts/install-*.sh).
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PYTEST := $(BIN)/python -m pytest -q -n auto --dist loadgroup
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help setup demo check format unit doctest test bench lock clean

help:  ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

setup: $(READY)  ## the environment, locked by version and hash

$(READY): requirements/lock.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Headwater needs Python 3.11 or later; make setup PYTHON=python3.12")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes --only-binary :all: -r requirements/lock.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

demo: setup  ## the shop, from delivered files to numbers that explain themselves
	@PATH="$(abspath $(BIN)):$$PATH" scripts/demo.sh

format: setup  ## rewrite the sources as `make check` wants them
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

check: setup  ## format, lint, types, import contracts, unit tests, doctests
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(MAKE) --no-print-directory unit doctest

unit: setup  ## unit tests: under a minute, no network
	$(PYTEST) tests/unit

doctest: setup  ## every example in a docstring
	$(PYTEST) src

test: setup  ## everything, with real servers and a real browser
	scripts/install-postgres.sh
	scripts/install-redis.sh
	scripts/install-chromium.sh
	scripts/install-axe.sh
	scripts/install-mlflow.sh
	$(MAKE) --no-print-directory check
	$(PYTEST) tests/integration

bench: setup  ## every benchmark, with the peers in environments of their own
	$(BIN)/python benchmarks/run.py

lock: ## resolve requirements/lock.txt anew from pyproject.toml
	scripts/lock.sh

clean:  ## remove what was built, not the environment
	rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +
