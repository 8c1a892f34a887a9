# `make` alone lists the targets. Each makes what it needs first and skips what is already there.
PYTHON ?= python3
BIN := .venv/bin
NOTEBOOK := notebooks/00_start_here.ipynb
LAB_ARGS ?=
SITE_ARGS ?=
BENCH_ARGS ?=
# Twice the two cores of a small machine: a browser test waits half its time.
WORKERS ?= 4
# The lessons' work is made small. Most of what is left is compiling: XLA does it without optimising, and each program
# once for all processes.
COMPILED := build/compiled
QUICK := XLA_FLAGS=--xla_backend_optimization_level=0 \
  JAX_COMPILATION_CACHE_DIR="$(CURDIR)/$(COMPILED)" JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS=0
# A test that waits for ever ends the tests, and what each of its threads was at is said.
UNENDING := --max-worker-restart 0 -o faulthandler_timeout=900 -o faulthandler_exit_on_timeout=true
# For the widgets' scripts: one program that lints, checks types and runs them; it comes with the test extra.
DENO := DENO_NO_UPDATE_CHECK=1 DENO_DIR=build/deno $(BIN)/deno
# uv where there is one, else the environment's own pip; both hold the versions of pins.txt
PIP_INSTALL := $(if $(shell command -v uv),uv pip install --python $(BIN)/python,$(BIN)/python -m pip install) -c pins.txt

.DEFAULT_GOAL := help
.PHONY: help install lab test test-slow demo site bench clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: .venv/.installed ## create .venv and install the package into it

lab: .venv/.installed-sweep ## open JupyterLab on the first notebook (LAB_ARGS="--no-browser --port 8899" adds options)
	$(BIN)/twmr lab notebooks $(LAB_ARGS)

test: .venv/.installed-test ## lint, types, tests, every notebook made short, browser tests; not the slow ones
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(DENO) lint
	$(DENO) check --quiet twmr_nb tests tools
	rm -rf $(COMPILED)
	$(QUICK) $(BIN)/python -m pytest -m "not slow" -n $(WORKERS) --dist loadfile --no-loadscope-reorder \
	  -p tests.run_all $(UNENDING) tests notebooks

test-slow: .venv/.installed-test ## the tests that train, every variant of what is looked at, the lessons solved
	$(BIN)/python -m pytest -m slow -p tests.run_all tests notebooks

demo: .venv/.installed-site ## run the first notebook without a browser and write demo.html, curve and video inside
	$(BIN)/python tools/build_site.py $(NOTEBOOK) --page demo.html

site: .venv/.installed-site ## every lesson as a static page, and a robot to drive, in site/ (SITE_ARGS=--again runs all anew)
	$(BIN)/python tools/build_site.py $(SITE_ARGS)

bench: .venv/.installed-bench ## measure the speed of simulation and training here (BENCH_ARGS=--profile: where it goes)
	$(BIN)/python -m benchmarks $(BENCH_ARGS)

clean: ## remove .venv and what the tests and builds leave behind; keeps runs/
	rm -rf .venv build dist site demo.html .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Python 3.11 or newer is needed, but $(PYTHON) is $$($(PYTHON) --version 2>&1): try make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv .venv

.venv/.installed: pyproject.toml pins.txt | $(BIN)/python
	$(PIP_INSTALL) -e .
	@touch $@

.venv/.installed-%: pyproject.toml pins.txt | $(BIN)/python
	$(PIP_INSTALL) -e '.[$*]'
	@touch $@ .venv/.installed
