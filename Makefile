PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
# One thread for each of two workers: OpenMP threads of two busy processes slow each other many times over.
FAST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2
CODE := src tests benchmarks
RUN := runs/demo-$(shell date +%Y%m%d-%H%M%S)

.PHONY: demo test test-web check lint bench slow faults

# Train on the embedded digits for two minutes, judge, and show where to look.
demo: $(VENV)/.demo
	$(BIN)/saddle train dcgan --data digits --minutes 2 --out $(RUN)
	$(BIN)/saddle evaluate $(RUN) --figures
	@printf '\nLook at %s and %s. Next:\n' $(RUN)/samples $(RUN)/figures
	@printf '  $(BIN)/saddle %s\n' 'sample $(RUN) -n 64 --grid digits.png' 'resume $(RUN) --minutes 5' \
		'train cgan_conv --data digits --minutes 2'

# The fast tests.
test: $(VENV)/.test
	$(FAST) $(ARGS)

# The explorer in a real browser: Debian's chromium, or the one that SADDLE_CHROMIUM names.
test-web: $(VENV)/.web
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m browser tests/browser $(ARGS)

# Everything that CI asks for.
check: lint $(VENV)/.dev
	$(FAST) --cov=saddlepoint --cov-report=term:skip-covered --cov-fail-under=95

lint: $(VENV)/.dev
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/ruff check $(CODE)
	$(BIN)/pyright --pythonpath $(BIN)/python

# Every hot path against a plain reference, in one run each; ratios, not times.
bench: $(VENV)/.test
	for path in startup training_step penalties data memory frechet sampling; do $(BIN)/python benchmarks/$$path.py || exit 1; done

# Minutes of CPU for each test, so one at a time, with all cores.
slow: $(VENV)/.test
	$(BIN)/python -m pytest -m slow

# 25 kills at random moments, full and read-only disks, hundreds of bad inputs; the fast tests hold all but most kills.
faults: $(VENV)/.test
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m 'faults or not faults' -rs --capture=tee-sys tests/faults

$(VENV)/.demo: EXTRAS := plot
$(VENV)/.test: EXTRAS := test
$(VENV)/.dev: EXTRAS := test,dev
$(VENV)/.web: EXTRAS := web,test,browser
$(VENV)/.demo $(VENV)/.test $(VENV)/.dev $(VENV)/.web: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(INSTALL) -e '.[$(EXTRAS)]'
	touch $@
