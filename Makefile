# Antigone. `make help` says what there is.
.DEFAULT_GOAL := help
.PHONY: help install demo test test-long test-whole check bench docs requirements clean

VENV := .venv/bin
# One process a core: the machines this runs on have two.
PYTEST := $(VENV)/python -m pytest --durations=12 --durations-min=20
# And one thread a process: threads of the linear algebra library that share a core wait for each other.
export OPENBLAS_NUM_THREADS ?= 1
export NUMBA_CACHE_DIR ?= $(CURDIR)/.cache/numba
# Mutated inputs to each reader in `make bench`: the promise is a million, which takes hours.
PARSER_INPUTS ?= 1000000
export MPLCONFIGDIR ?= $(CURDIR)/.cache/matplotlib

help:  ## what the targets are
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/:[^#]*## /\t/' | expand -t 16

install: .venv/installed  ## build .venv with everything; .venv/bin/antigone is then the command

.venv/installed: requirements/dev.txt pyproject.toml tools/make-venv
	tools/make-venv

demo: install  ## simulate a small operation, identify its dead, say where the report lies
	@rm -rf demo
	$(VENV)/antigone simulate --preset june-2025 --scale 0.02 --seed 1 --missing 150 --out demo/case
	$(VENV)/antigone identify demo/case --out demo/report
	@echo "The report: demo/report/report.html"

check: install  ## linters, types, import contracts
	$(VENV)/ruff check .
	$(VENV)/ruff format --check .
	$(VENV)/mypy
	$(VENV)/lint-imports

test: install check  ## from nothing, then every test (under 10 minutes)
	$(PYTEST) -n auto -m "not long"

test-long: install  ## long property, crash and browser runs (under 60 minutes)
	ANTIGONE_EXAMPLES=4 $(PYTEST) -n auto --dist worksteal -m "(long or hypothesis) and not costly" --hypothesis-profile=long --timeout=3000
	$(PYTEST) -n auto --dist worksteal -m "(long or hypothesis) and costly" --hypothesis-profile=costly --timeout=3000

test-whole:  ## the long run with every bit flipped and 5,000 sequences of the office (hours)
	ANTIGONE_WHOLE=1 $(MAKE) test-long

bench: install  ## benchmarks, as ratios within one run, with the machine's load beside them
	$(VENV)/antigone bench all --out bench
	$(VENV)/antigone bench parsers --guided --inputs $(PARSER_INPUTS) --out bench

docs: install  ## the manual, as HTML, in docs/_build
	$(VENV)/sphinx-build -q -W -b html docs docs/_build/html

requirements:  ## pin the versions anew (needs uv); the files name no host and no path
	UV_PYTHON_DOWNLOADS=never tools/pin-requirements

clean:  ## remove what the targets built
	rm -rf .venv .cache demo bench docs/_build dist
