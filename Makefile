PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet -c constraints.txt
# Two workers of one thread each: OpenMP threads of two busy processes slow each other many times over.
FAST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2

.PHONY: demo test check lint bench slow clean

demo: $(VENV)/.demo  ## train, judge and look: about five minutes of CPU
	@bash scripts/demo.sh $(BIN)/saddle

test: $(VENV)/.test  ## the fast tests
	$(FAST) $(ARGS)

check: $(VENV)/.dev lint  ## what CI runs
	$(FAST) --cov=saddlepoint --cov-report=term:skip-covered --cov-fail-under=85

lint: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright --pythonpath $(BIN)/python

bench: $(VENV)/.test
	$(BIN)/python benchmarks/startup.py

slow: $(VENV)/.test  ## minutes of CPU a test: one heavy job at a time, with all cores
	$(BIN)/python -m pytest -m slow

clean:
	rm -rf $(VENV)

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.demo $(VENV)/.test $(VENV)/.dev: $(VENV)/.%: pyproject.toml constraints.txt | $(BIN)/python
	$(INSTALL) -e '.[$(EXTRAS_$*)]'
	@touch $@

EXTRAS_demo := plot
EXTRAS_test := test
EXTRAS_dev := test,dev
