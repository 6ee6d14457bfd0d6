# Every command of the project; `make help` lists them. Each installs what it needs into .venv.
unexport PYTHONDONTWRITEBYTECODE
SHELL := /bin/bash
BENCH ?= all
# the first Python that really runs and is new enough
PYTHON ?= $(shell for p in python3.11 python3 python3.12 python3.13; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
RUN := .venv/bin/python

.PHONY: help run demo test test-system lint bench clean
.DEFAULT_GOAL := help

help: ## list every command
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 22

run: .venv/ready ## serve the product with sample data and say where to click; Ctrl-C stops all of it
	@.venv/bin/aftersales up

demo: .venv/ready ## play every process to every ending, by clicks and through sheets; SHEETS=1: only sheets
	@.venv/bin/aftersales demo $(if $(SHEETS),--sheets)

test: .venv/ready ## run all tests that need nothing but Python
	@$(RUN) -m pytest -m "not system" -n 3 --dist loadgroup --no-loadscope-reorder

test-system: .venv/ready ## run the tests in a browser; needs Debian's chromium and fonts-noto-cjk
	@command -v chromium >/dev/null || { echo "missing: chromium. Install it: apt-get install chromium fonts-noto-cjk"; exit 1; }
	@fc-list :lang=zh | grep -q . || { echo "missing: a Chinese font. Install it: apt-get install fonts-noto-cjk"; exit 1; }
	@$(RUN) -m pytest -m system -n 2 --dist loadfile

lint: .venv/ready ## check style and types
	@$(RUN) -m ruff check .
	@$(RUN) -m ruff format --check .
	@$(RUN) -m mypy

bench: .venv/bench-ready ## measure; BENCH=core measures one
	@$(RUN) -m tests.bench $(BENCH)

clean: ## remove the virtual environment and caches (data under .aftersales stays)
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis

.venv/ready: pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "missing: Python 3.11 or newer. Install it: apt-get install python3 python3-venv"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "missing: Python's venv module. Install it: apt-get install python3-venv"; exit 1; }
	@test -x $(RUN) || $(PYTHON) -m venv .venv
	@echo "installing into .venv (a minute, once) …"
	@$(RUN) -m pip install -qq --disable-pip-version-check -c constraints.txt -e '.[test]'
	@touch $@

.venv/bench-ready: .venv/ready
	@$(RUN) -m pip install -qq --disable-pip-version-check -c constraints.txt -e '.[test,bench]'
	@touch $@
