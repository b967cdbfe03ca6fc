PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
OTTER := $(VENV)/otter/bin/otter

# where the real MNIST may lie; without it the bench grades digits and has no bare run to compare with
DATA ?= $(or $(GRADE_DATA),$(wildcard ../shared/data))

.PHONY: attacks bench fuzz demo test lint types format clean

demo: $(READY) ## grade a sample with a planted mistake, on digits that the grader draws itself
	$(BIN)/grade --dataset digits --out gradeloop-out/demo --exit-zero tests/submissions/mnist-mlp/gradients_not_cleared.py
	@echo "page: gradeloop-out/demo/report.html"

# one torch thread each, as many at once as there are cores
WORKERS ?= auto

test: $(READY) ## the whole test suite
	$(BIN)/python -m pytest -q -n $(WORKERS) --dist worksteal

attacks: $(READY) ## every attack behind every wall, a quarter of an hour; the suite tries a part of them again
	ATTACKS=all $(BIN)/python -m pytest -q tests/test_attacks.py

fuzz: $(READY) ## what reads bytes from outside, fed with spoiled ones: FUZZ examples for each reader
	FUZZ=$(or $(FUZZ),20000) $(BIN)/python -m pytest -q tests/test_fuzz.py

bench: $(READY) $(OTTER) ## what grading costs beside running, as ratios: half an hour
	$(BIN)/python tests/bench_recorder.py
	$(BIN)/python tests/bench.py --class-size 20 --class-size 200 --plot docs/performance.svg --otter $(OTTER) $(if $(DATA),--data-root $(DATA))

# an environment of its own, which has torch from ours: what Otter needs in other versions stays out of ours
$(OTTER): $(READY)
	$(BIN)/python -m venv $(VENV)/otter
	$(VENV)/otter/bin/python -m pip install --quiet --constraint constraints.txt ipykernel otter-grader
	$(BIN)/python -c "import sysconfig; print(sysconfig.get_path('purelib'))" \
	  > $(VENV)/otter/lib/$$($(BIN)/python -c "import sys; print('python%d.%d' % sys.version_info[:2])")/site-packages/torch_of_gradeloop.pth
	touch $(OTTER)

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
