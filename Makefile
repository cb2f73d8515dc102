# make app   sets everything up and serves the page on http://127.0.0.1:7860 (PORT= changes it)
# make test  sets everything up, checks style and types, and runs every test
PYTHON ?= python3
PORT ?= 7860
BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: app test packages lock clean

app: .venv/.app
	PORT=$(PORT) $(BIN)/python app.py

test: packages .venv/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest

packages:
	@sh tools/debian.sh chromium chromium-driver espeak-ng git $$($(PYTHON) -c 'import ensurepip' 2>/dev/null || echo python3-venv)

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "SMILE needs Python 3.11 or newer; name one with PYTHON=."; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || sh tools/debian.sh python3-venv
	$(PYTHON) -m venv .venv

.venv/.app: requirements.txt constraints.txt pyproject.toml | .venv/bin/python
	@echo "Installing what the app needs; this takes a few minutes the first time."
	$(INSTALL) -r requirements.txt
	$(INSTALL) --no-deps --editable .
	@touch $@

.venv/.dev: .venv/.app requirements-dev.txt requirements-ray.txt
	@echo "Installing what the tests need."
	$(INSTALL) -r requirements-dev.txt
	@touch $@

lock: .venv/.dev
	$(BIN)/python -m pip freeze --exclude-editable | sed 's/+cpu$$//' > constraints.tmp
	mv constraints.tmp constraints.txt

clean:
	rm -rf .venv
