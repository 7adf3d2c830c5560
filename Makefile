# make demo: from a fresh clone to the running page.   make demo SERVE=0: everything but the page itself.
# make paper: the paper's seven listeners on the Million Song Dataset, once it is in data/msd (docs/data.md).
# make fuzz: damaged files of every kind, 500 of each (FUZZ=5000: more), others every time.
# make dist: wheel and source distribution in dist/, installed and tried in an environment without any extra.
# make test: lint and the test suite.                  PYTHON=python3.12 make ...: with another Python.
PYTHON ?= python3
VENV ?= .venv
SERVE ?= 1
FUZZ ?= 500
MSD ?= data/msd
BIN := $(VENV)/bin
# two OpenMP threads that spin while they wait slow each other down six-fold beside a busy process
export OMP_WAIT_POLICY ?= PASSIVE

.PHONY: demo paper test lint lint-js suite fuzz docs dist install clean

install: $(VENV)/installed

# the stamp is written last, so that an interrupted installation is taken up again
$(VENV)/installed: pyproject.toml setup.py constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "LEMONS needs Python 3.11 or newer, not " + sys.version.split()[0] + "; call: make PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --disable-pip-version-check -e ".[all]" -c constraints.txt
	touch $@

demo: install
	$(BIN)/lemons library demo
	$(BIN)/lemons train --schedule demo --shared-trunk
	$(BIN)/lemons evaluate
	$(BIN)/lemons precompute
ifeq ($(SERVE),1)
	$(BIN)/streamlit run explanations/lemons.py
endif

paper: $(MSD)/listens.csv install
	LEMONS_LIBRARY=$(MSD) $(BIN)/lemons train
	LEMONS_LIBRARY=$(MSD) $(BIN)/lemons report --paper

$(MSD)/listens.csv:
	@echo "make paper: no library in $(MSD). Get train_triplets.txt, unique_tracks.txt and sid_mismatches.txt from" >&2
	@echo "millionsongdataset.com and audio snippets of its tracks (which may not be redistributed); then make the library:" >&2
	@echo "  lemons library msd --triplets train_triplets.txt --metadata FOLDER --snippets FOLDER --splits FOLDER --out $(MSD)" >&2
	@echo "(--splits: the published splits; without them others are drawn, and the paper's figures are on other tracks.)" >&2
	@echo "See docs/data.md." >&2
	@exit 2

test: install lint suite

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m mypy
	@$(MAKE) --no-print-directory lint-js

# the player's scripts need no build step and no Node.js, only their linter does
lint-js:
	@if ! node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)' \
	    2>/dev/null || ! command -v npm >/dev/null; then \
	  echo "lint: the JavaScript was skipped, since its linter needs Node.js 20.19 or newer, with npm"; \
	elif ! { [ node_modules/.package-lock.json -nt package-lock.json ] || npm ci --silent; }; then \
	  echo "lint: the JavaScript was skipped, since npm could not install its linter"; \
	else npm run --silent lint; fi

# A process for each core, with one thread each: two would wait for each other. Files in their order, the browser's first:
# by the number of tests, files with few long ones would come last, and one process would wait for the other.
suite: install
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

fuzz: install
	LEMONS_FUZZ=$(FUZZ) $(BIN)/python -m pytest tests/test_fuzz.py

docs: install
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict

# both are installed and tried: the wheel with what pip brings for it, then the source distribution in its place
SMALL := build/small/bin
dist: install
	rm -rf dist build
	$(BIN)/python -m build --outdir dist
	$(PYTHON) -m venv build/small
	$(SMALL)/pip install --disable-pip-version-check --quiet dist/*.whl -c constraints.txt
	$(SMALL)/lemons --version && $(SMALL)/python tests/smoke.py
	$(SMALL)/pip install --disable-pip-version-check --quiet --no-deps --force-reinstall dist/*.tar.gz
	$(SMALL)/lemons --version && $(SMALL)/python tests/smoke.py

clean:
	rm -rf $(VENV) node_modules build dist *.egg-info
