# make demo: from a fresh clone to the running page.   make demo SERVE=0: everything but the page itself.
# make test: lint and the test suite.                  PYTHON=python3.12 make ...: with another Python.
PYTHON ?= python3
VENV ?= .venv
SERVE ?= 1
BIN := $(VENV)/bin
# two OpenMP threads that spin while they wait slow each other down six-fold beside a busy process
export OMP_WAIT_POLICY ?= PASSIVE

.PHONY: demo test lint suite install clean

install: $(VENV)/installed

# the stamp is written last, so that an interrupted installation is taken up again
$(VENV)/installed: pyproject.toml setup.py constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "LEMONS needs Python 3.11 or newer, not " + sys.version.split()[0] + "; call: make PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --disable-pip-version-check -e ".[all]" -c constraints.txt
	touch $@

demo: install
	$(BIN)/lemons library demo
	$(BIN)/lemons train --schedule demo
	$(BIN)/lemons evaluate
	$(BIN)/lemons precompute
ifeq ($(SERVE),1)
	$(BIN)/streamlit run explanations/lemons.py
endif

test: install lint suite

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

suite: install
	$(BIN)/python -m pytest

clean:
	rm -rf $(VENV) build *.egg-info
