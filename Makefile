# Every target sets up what it needs, once: the stamp files say what has been done.
#
#   make demo    a whole house on this machine, with a batch of 10,000 going through it
#   make test    every test            make lint    ruff and mypy
#   make bench   the table of speeds (QUICK=1 for the short one)

.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

ARGS ?=
PYTHON ?= $(shell for candidate in python3.11 python3.12 python3.13 python3 python; do \
	if "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; \
	then echo "$$candidate"; break; fi; done)

BIN := .venv/bin
CATALOGUES := $(patsubst %.po,%.mo,$(wildcard translations/*/LC_MESSAGES/messages.po))
CODE := $(wildcard config.py run.py app standins benchmarks tooling)

.PHONY: help setup demo test lint bench lock translations clean

help:
	@echo "make demo | test | lint | bench | translations | lock | clean"

setup: .venv/.ready app/static/vendor/.ready $(CATALOGUES)

demo: setup
	$(BIN)/python run.py demo $(ARGS)

test: setup
	@$(BIN)/python -m tooling.chromium
	$(BIN)/python -m pytest $(ARGS)

lint: .venv/.ready
	$(BIN)/ruff check .
	$(BIN)/mypy $(CODE)

bench: setup
	$(BIN)/python -m benchmarks $(ARGS)

# Sentences from the sources into the catalogues; English fills itself, Chinese is then written by hand.
translations: .venv/.ready
	$(BIN)/python -m tooling.catalogues
	@$(MAKE) --no-print-directory setup

# Newest versions within the ranges of pyproject.toml and package.json.
lock: .venv/.ready
	$(BIN)/python -m tooling.lock
	rm -rf node_modules package-lock.json  # npm forgets the checksums of what it finds installed
	$(NPM) install --package-lock-only --ignore-scripts

clean:
	rm -rf .venv node_modules app/static/vendor .pytest_cache .mypy_cache .ruff_cache .hypothesis
	rm -f $(CATALOGUES)

# --- set-up ---------------------------------------------------------------------------------------------------------

.venv/.ready: requirements.lock
	@test -n "$(PYTHON)" || { echo "Posthouse needs Python 3.11 or newer. Install it, or name it: make PYTHON=/path/to/python" >&2; exit 1; }
	@test -x $(BIN)/python || { echo "Making the virtual environment with $(PYTHON)"; "$(PYTHON)" -m venv .venv || { rm -rf .venv; exit 1; }; }
	$(BIN)/python -m pip install -q --disable-pip-version-check -r requirements.lock
	@touch $@

# The machine's own npm where there is one, else the one that came with the pinned packages.
NPM = $(if $(shell command -v npm),npm,PATH="$(CURDIR)/$(BIN):$$PATH" npm)

node_modules/.ready: package-lock.json package.json .venv/.ready
	$(NPM) ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

app/static/vendor/.ready: node_modules/.ready tooling/assets.py
	$(BIN)/python -m tooling.assets
	@touch $@

%.mo: %.po .venv/.ready
	$(BIN)/python -m babel.messages.frontend -q compile --input-file=$< --output-file=$@
	@touch $@
