PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

# where the real MNIST may lie; without it the bench grades digits and has no bare run to compare with
DATA ?= $(or $(GRADE_DATA),$(wildcard ../shared/data))

.PHONY: bench demo test lint types format clean

demo: $(READY) ## grade a sample with a planted mistake, on digits that the grader draws itself
	$(BIN)/grade --dataset digits --out gradeloop-out/demo --exit-zero tests/submissions/mnist-mlp/gradients_not_cleared.py
	@echo "page: gradeloop-out/demo/report.html"

# one torch thread each, as many at once as there are cores
WORKERS ?= auto

test: $(READY) ## the whole test suite
	$(BIN)/python -m pytest -q -n $(WORKERS) --dist worksteal

bench: $(READY) ## what grading costs beside running, as ratios
	$(BIN)/python tests/bench_recorder.py
	$(BIN)/python tests/bench.py --plot docs/performance.svg $(if $(DATA),--data-root $(DATA))

lint: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(READY)
	$(BIN)/mypy

format: $(READY)
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

# pip and setuptools are of the environment's own making; the pins are what CI and these commands install
$(READY): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $(READY)

clean:
	rm -rf $(VENV) build dist *.egg-info gradeloop-out
