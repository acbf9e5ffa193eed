# `make demo` and `make test` need Python 3.11 or newer, and nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
UV := uv==0.13.9
LOCK := uv pip compile --quiet --universal --no-strip-extras --generate-hashes --no-emit-index-url --python-version 3.11 \
  --custom-compile-command "make lock" --group build

.PHONY: demo test trials test-matrix lint docs picture wheel bench lock clean

$(VENV)/user: requirements/user.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --require-hashes --requirement requirements/user.txt
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/dev: requirements/dev.txt $(VENV)/user
	$(PIP) install --require-hashes --requirement requirements/dev.txt
	@touch $@

demo: $(VENV)/user
	$(BIN)/batchrunner demo

lint: $(VENV)/dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: lint
	$(BIN)/python -m pytest -m "not untraced" --numprocesses 4 --dist worksteal --cov --cov-report term

# The long journeys: many kills, whole nights in moved time, thousands of steps of people at work.
trials: $(VENV)/dev
	$(BIN)/python -m pytest -m untraced --numprocesses 4 --dist worksteal

# The suite without its long journeys, on every Python that is found, with the lowest and the newest libraries.
test-matrix:
	$(PYTHON) -m tests.matrix

# The site, into build/docs/html: any warning or broken link fails.
docs: $(VENV)/dev
	$(BIN)/python -m docs.site

# The terminal in the README, from a real run against the imitated service.
picture: $(VENV)/dev
	$(BIN)/python -m docs.site.recording

# What is released, into dist: it renders the demo in an environment that has nothing else but the locked libraries.
wheel: $(VENV)/user
	rm -rf dist build/wheel
	$(PIP) wheel --no-deps --no-build-isolation --wheel-dir dist .
	$(PYTHON) -m venv build/wheel
	build/wheel/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements/user.txt
	build/wheel/bin/python -m pip install --quiet --disable-pip-version-check --no-deps dist/*.whl
	cd build/wheel && bin/batchrunner demo

bench: $(VENV)/dev
	$(BIN)/python benchmarks/startup.py
	$(BIN)/python benchmarks/manifest.py
	$(BIN)/python benchmarks/ledger.py
	$(BIN)/python benchmarks/limits.py
	$(BIN)/python benchmarks/night.py
	$(BIN)/python benchmarks/live_view.py

# Renews both locks, with every library at its newest: see CONTRIBUTING.md.
lock:
	$(PYTHON) -m venv build/lock
	build/lock/bin/python -m pip install --quiet --disable-pip-version-check $(UV)
	mkdir -p requirements
	build/lock/bin/$(LOCK) --upgrade --extra dev --extra docs pyproject.toml --output-file requirements/dev.txt
	build/lock/bin/$(LOCK) --constraint requirements/dev.txt pyproject.toml --output-file requirements/user.txt

clean:
	rm -rf $(VENV) .matrix build dist .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
