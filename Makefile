# Needs Python 3.11 or newer, git and make. Everything else goes into .venv.

VENV := .venv
BIN := $(VENV)/bin

# The newest versions come last: not every dependency has wheels for them on day one.
CANDIDATES := python3 python3.13 python3.12 python3.11 python3.14 python3.15
SUITS := import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for python in $(CANDIDATES); do \
	"$$python" -c '$(SUITS)' >/dev/null 2>&1 && echo "$$python" && break; done)

# Editable installs must run again when a dependency changes, not when code does.
RUN := $(VENV)/.installed
DEV := $(VENV)/.installed-dev

.PHONY: help demo test lint bench docs clean

help:
	@echo "make demo   show a hung worker pool, and diag saying why"
	@echo "make test   all tests, in an own virtual environment"
	@echo "make lint   ruff, mypy, import-linter"
	@echo "make bench  what looking and watching cost (fifteen minutes)"
	@echo "make docs   write the generated pages again"
	@echo "make clean  remove .venv and caches"

# Exit status 1 says that something was found, which is the point here.
demo: $(RUN)
	@echo "$(BIN)/diag scenario run fork-logging-lock --variant pool --watch"
	@$(BIN)/diag scenario run fork-logging-lock --variant pool --watch; status=$$?; \
	  test $$status -eq 1 && echo "diag ended with status 1: it has found what is wrong" || \
	  { echo "the demo should have ended with status 1, not $$status" >&2; exit 1; }

test: $(DEV)
	$(BIN)/python -m pytest $(PYTEST_ARGS)

lint: $(DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(RUN)
	$(BIN)/python -m pip install -q -r benchmarks/requirements.txt
	$(BIN)/python benchmarks/attach_33.py
	for name in growth recording onset overhead slowdown; do \
	  $(BIN)/python -m benchmarks.$$name || exit 1; done

docs: $(DEV)
	$(BIN)/python -m diag.scenario.docs
	$(BIN)/python -m pytest -q tests/unit/test_schema.py --update-golden

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { \
	  echo "diag needs Python 3.11 or newer with venv; none of these is: $(CANDIDATES)." >&2; \
	  echo "Install one (Debian: apt install python3-venv) or say: make PYTHON=/path/to/python" >&2; \
	  exit 1; }
	$(PYTHON) -m venv $(VENV)

$(RUN): pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(DEV): pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $(RUN) $@
