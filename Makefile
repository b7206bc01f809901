# Everything below needs Python >= 3.11 and make, nothing else: the environment in .venv is made from the lock file.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.made-from-lock
WORKERS ?= 2

.NOTPARALLEL:
.DELETE_ON_ERROR:
.PHONY: help demo up test lint histories pairs weather years mutants lock clean

help:
	@echo "make demo    made-up orders pass through Parcelveil, then thirteen months pass (BREAK=leak|unsealed|drop|double|late; CARRIER=bpost)"
	@echo "make up      the same orders, nothing judged, no month passes: left running until Ctrl-C"
	@echo "make test    format, lint and type checks, then all tests with their coverage"
	@echo "make lint    the checks alone"
	@echo "make histories  5,000 random lives of orders, judged by the platform's ledger (docs/reliability.md; COUNT=, SEED=)"
	@echo "make pairs      10,260 pairs of orders that differ only in what may not be read: nobody must notice"
	@echo "make weather    every fault of the platform, kills of every process, acknowledgement times; some twenty minutes"
	@echo "make years      a shop's twelve years, judged day by day on both sides: nothing too late, nothing too early"
	@echo "make mutants    every rule of every pack and every policy decision taken out: a test of its requirement must turn red"
	@echo "make lock    requirements*.txt made anew from setup.cfg (UPGRADE=1: to the newest permitted versions)"
	@echo "make clean   removes what the other targets made"

demo: $(STAMP)
	@BREAK="$(BREAK)" CARRIER="$(or $(CARRIER),platform)" $(BIN)/parcelveil demo

up: $(STAMP)
	@CARRIER="$(or $(CARRIER),platform)" $(BIN)/parcelveil demo --stay

lint: $(STAMP)
	@echo "== format" && $(BIN)/ruff format --check .
	@echo "== lint" && $(BIN)/ruff check .
	@echo "== types" && $(BIN)/mypy
	@echo "== floors" && $(BIN)/lint-imports --no-logo

test: lint
	@echo "== tests"
	@$(BIN)/pytest -n $(WORKERS) --dist loadfile --cov --cov-report=
	@echo "== coverage of schemas/ by its own tests" && $(BIN)/coverage report --include='schemas/*'
	@echo "== coverage of middleware/core/ by its own tests" && $(BIN)/coverage report --include='middleware/core/*'

histories: $(STAMP)
	@$(BIN)/python -m benchmarks.histories --count $(or $(COUNT),5000) $(if $(SEED),--seed $(SEED))

pairs: $(STAMP)
	@TEST_PAIRS_TIMES=36 $(BIN)/pytest -n $(WORKERS) -o timeout=0 tests/system/test_non_interference*.py -k no_effect

weather: $(STAMP)
	@$(BIN)/python -m benchmarks.weather

years: $(STAMP)
	@$(BIN)/python -m benchmarks.years

mutants: $(STAMP)
	@$(BIN)/python -m benchmarks.mutants

lock: $(STAMP)
	$(BIN)/uv pip compile $(LOCK_FLAGS) --extra postgresql --output-file requirements.txt setup.cfg
	$(BIN)/uv pip compile $(LOCK_FLAGS) --extra dev --output-file requirements-dev.txt setup.cfg

LOCK_FLAGS = --quiet --universal --python-version 3.11 --generate-hashes --custom-compile-command "make lock" \
	$(if $(UPGRADE),--upgrade)

clean:
	rm -rf $(VENV) build dist *.egg-info .coverage .coverage.* .hypothesis .import_linter_cache .mypy_cache .pytest_cache \
		.ruff_cache demo-report.html demo-report-broken.html demo-labels
	find schemas middleware simulator scripts tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

$(STAMP): requirements-dev.txt setup.cfg pyproject.toml
	@command -v "$(PYTHON)" >/dev/null || \
		{ echo "No '$(PYTHON)' here. Parcelveil needs Python 3.11 or newer: make PYTHON=/path/to/python3 …" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Parcelveil needs Python 3.11 or newer; $$($(PYTHON) --version 2>&1) is too old: make PYTHON=/path/to/python3 …" >&2; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "This Python cannot make environments (no ensurepip or venv); on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	@echo "== making $(VENV) from requirements-dev.txt"
	@"$(PYTHON)" -m venv --clear $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@$(BIN)/python -m pip check >/dev/null || { echo "requirements-dev.txt does not fit setup.cfg any more: make lock" >&2; exit 1; }
	@touch $@
