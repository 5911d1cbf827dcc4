# The commands of wiredesk. `make` alone lists them.
PYTHON ?= python3
VENV   ?= .venv
RUN    := $(VENV)/bin

.PHONY: help install dev demo up test check format bench lock clean
.PHONY: test-containers test-chaos test-model test-outages
help:            ## list these commands
	@grep -E '^[a-z-]+: .*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 18

$(VENV)/.run: requirements.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(RUN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	$(RUN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

$(VENV)/.dev: $(VENV)/.run requirements-dev.txt
	$(RUN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	touch $@

install: $(VENV)/.run      ## make the environment: .venv/bin/wiredesk works afterwards
dev: $(VENV)/.dev          ## the same, with the tools for tests and checks

demo: install    ## everything up, with a sample newsroom; prints the addresses
	$(RUN)/wiredesk demo

up: install      ## everything up, empty, state under var/
	$(RUN)/wiredesk up

test: dev        ## the whole test suite
	$(RUN)/pytest -q -n auto --dist loadgroup

test-containers: dev   ## the services in containers (root, and Docker or Debian)
	WIREDESK_TEST_CONTAINERS=1 $(RUN)/pytest -q tests/compose

test-chaos: dev  ## 2,000 articles, 30 kills and an oracle, with its table
	$(RUN)/pytest -q -rP tests/test_chaos.py

test-model: dev  ## the model of deliveries, 5,000 examples of 50 steps; some minutes
	WIREDESK_TEST_MODEL=5000 $(RUN)/pytest -q tests/publish/test_delivery_model.py

test-outages: dev   ## Redis frozen, swallowed, reset for 60 s each; says after how long all was well
	WIREDESK_TEST_AWAY_SECONDS=60 $(RUN)/pytest -q -rP tests/faults/test_redis_away.py

check: dev       ## format, lint, spelling, types, imports
	$(RUN)/ruff format --check .
	$(RUN)/ruff check .
	$(RUN)/codespell
	$(RUN)/mypy
	$(RUN)/lint-imports --no-cache

format: dev      ## mend what a machine can mend
	$(RUN)/ruff format .
	$(RUN)/ruff check --fix .

bench: dev       ## measure: prints a table for each benchmark
	$(RUN)/python -m bench

lock: dev        ## pin every dependency anew, with hashes and without addresses
	$(RUN)/pip install --quiet uv
	$(RUN)/python bench/lock.py

clean:           ## remove the environment and the caches
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache
