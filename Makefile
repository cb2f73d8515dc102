# make app   sets everything up and serves the page on http://127.0.0.1:7860 (PORT= changes it)
#            REAL_SPEECH=1 installs people's voices, too: Debian's tuxpaint-stamps-default, 160 MB
#            FONTS=1 installs fonts for visitors whose devices lack them: Debian's fonts-noto-core, 12 MB
# make test  sets everything up, checks style and types, and runs every test
PYTHON ?= python3
PORT ?= 7860
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
INSTALL := $(PIP) install --quiet --no-deps
LOCKED := $(INSTALL) --require-hashes -r
TORCH := ^(cuda|nvidia)-|^(torch|triton)==
# SHA-256 of torch 2.13.0+cpu for Python 3.11 on Linux, which is taken where a machine has it on its disk.
TORCH_CPU := 6746dbcbeb526eb61330b76b41ff1b4eb848951103a892eeb080dfa2b264667b
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
  --no-header --no-emit-index-url --no-emit-find-links

.PHONY: app test voices fonts packages lock clean

app: .venv/.app $(if $(filter 1,$(REAL_SPEECH)),voices) $(if $(filter 1,$(FONTS)),fonts)
	PORT=$(PORT) $(BIN)/python app.py

test: packages .venv/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m "not browser" --numprocesses=logical --maxprocesses=4 --dist=loadfile
	$(BIN)/python -m pytest -m browser

voices:
	@sh tools/debian.sh tuxpaint-stamps-default

fonts:
	@sh tools/debian.sh fonts-noto-core

packages:
	@sh tools/debian.sh chromium chromium-driver espeak-ng fonts-noto-core git $$($(PYTHON) -c 'import ensurepip' 2>/dev/null || echo python3-venv)

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "SMILE needs Python 3.11 or newer; name one with PYTHON=."; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || sh tools/debian.sh python3-venv
	$(PYTHON) -m venv .venv

.venv/.app: constraints.txt constraints-cpu.txt constraints-torch.txt pyproject.toml | .venv/bin/python
	@echo "Installing what the app needs; this takes a few minutes the first time."
	$(LOCKED) constraints.txt
	$(LOCKED) constraints-cpu.txt --no-index 2>/dev/null || $(LOCKED) constraints-torch.txt
	$(INSTALL) --no-build-isolation --editable .
	$(PIP) check
	@touch $@

.venv/.dev: .venv/.app constraints-dev.txt
	@echo "Installing what the tests need."
	$(LOCKED) constraints-dev.txt
	$(PIP) check
	@touch $@

# Versions stay where the requirements allow it; to have the newest, remove both files first.
lock:
	@test -x $(BIN)/uv || $(MAKE) .venv/.dev
	$(COMPILE) requirements-dev.txt --output-file constraints-dev.txt
	$(COMPILE) requirements.txt --constraint constraints-dev.txt --output-file constraints.txt
	awk '/^[a-z]/ { torch = /$(TORCH)/ } torch' constraints.txt > constraints-torch.txt
	for file in constraints.txt constraints-dev.txt; do \
	  awk '/^[a-z]/ { torch = /$(TORCH)/ } !torch' $$file > $$file.tmp && mv $$file.tmp $$file || exit 1; \
	done
	sed -n 's/^torch==.*/& \\\n    --hash=sha256:$(TORCH_CPU)/p' requirements.txt > constraints-cpu.txt

clean:
	rm -rf .venv
