# `make demo` and `make test` do all the set-up themselves, in a virtual environment of their own.
# They need Python 3.11 or newer and make; uv is used when it is there.

PYTHON ?= $(shell for each in python3.14 python3.13 python3.12 python3.11 python3; do \
	$$each -c 'import sys, venv, ensurepip; raise SystemExit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo $$each && break; done)
VENV ?= .venv
BIN := $(VENV)/bin
UV := $(shell command -v uv 2>/dev/null)

.PHONY: help demo test lint types unit soak bench clean

help:  ## say what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/.demo  ## the whole story: a real leak, its fix, and the proof
	$(BIN)/leakdoc demo

test: lint types unit  ## everything that must pass

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev
	$(BIN)/mypy

unit: $(VENV)/.dev
	@.ci/servers $(VENV)/servers
	@.ci/tests $(BIN)/python

soak: $(VENV)/.dev  ## hours-long campaigns
	$(BIN)/python -m pytest -m "soak" -o addopts="-ra --strict-markers" -o timeout=0 -o faulthandler_timeout=0

bench: $(VENV)/.dev  ## speed and accuracy, side by side with named peers
	$(BIN)/python -m benchmarks

clean:  ## remove what was made
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis leakdoc-demo

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "leakdoc needs Python 3.11 or newer with venv: install it, or say make PYTHON=/path/to/python3" >&2; exit 1; }
ifdef UV
	$(UV) venv --quiet --python "$(PYTHON)" $(VENV)
else
	$(PYTHON) -m venv $(VENV)
endif

$(VENV)/.demo: pyproject.toml | $(BIN)/python
ifdef UV
	$(UV) pip install --quiet --python $(BIN)/python -e '.[demo]'
else
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[demo]'
endif
	@touch $@

$(VENV)/.dev: pyproject.toml | $(BIN)/python
ifdef UV
	$(UV) pip install --quiet --python $(BIN)/python -e '.[dev]'
else
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
endif
	@touch $@
