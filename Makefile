# demo: colors the example photos, and repairs the scratched one.  test, check: what a change must pass.  bench: the figures of the README.
PYTHON ?= python3
VENV := .venv
DEMO := .venv-demo
BIN := $(VENV)/bin

.PHONY: demo test test-cluster test-fast test-page check check-page bench throughput docs clean

demo: demo/.done
	@echo "The colored photos are in $(CURDIR)/demo; scratched-repaired.png is the mended one"

demo/.done: $(DEMO)/.ready $(wildcard examples/*)
	$(DEMO)/bin/safelight colorize examples -o demo --overwrite --recolor
	$(DEMO)/bin/safelight repair examples/scratched.jpg --color -o demo/scratched-repaired.png --overwrite
	touch $@

test: $(VENV)/.ready
	$(BIN)/python -m pytest -n auto

# A real Ray cluster, in a network of its own; some minutes.
test-cluster: $(VENV)/.ready
	$(BIN)/python -m pip install --quiet -e ".[cluster]"
	$(BIN)/python -m pytest -n 0 -m "" tests/cluster

# The darkroom's page in a real Chromium (the system's own); some minutes.
test-page: $(VENV)/.ready
	$(BIN)/python -m pytest -n 0 -m "browser and not bench and not slow" tests/page

# The second engine of networks.
test-fast: $(VENV)/.ready
	$(BIN)/python -m pip install --quiet -e ".[fast]"
	$(BIN)/python -m pytest -n 0 tests/runtime/test_inference.py

check: $(VENV)/.ready
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/mypy $(wildcard benchmarks/*.py)
	$(BIN)/lint-imports

# Types and lint of the page's JavaScript, where npm is; the page itself needs no Node and no build.
check-page:
	cd tools/page && npm install --silent --no-package-lock
	tools/page/node_modules/.bin/tsc --project tools/page
	tools/page/node_modules/.bin/biome check --config-path=tools/page src/safelight/page

bench: $(VENV)/.ready
	$(BIN)/python -m pytest -m bench
	$(BIN)/python benchmarks/use.py
	$(BIN)/python benchmarks/training.py

# A folder of photos beside an earlier safelight: make throughput OLD=COMMIT, on a quiet machine.
OLD ?= 9c26eda
throughput: $(VENV)/.ready
	mkdir -p $(VENV)/old && git archive $(OLD) src | tar x -C $(VENV)/old
	$(BIN)/python benchmarks/throughput.py $(VENV)/old/src

docs: $(VENV)/.ready
	$(BIN)/python docs/make.py
	$(BIN)/mkdocs build --strict

# The light install: what a user gets. Made anew when the package's files change.
$(DEMO)/.ready: pyproject.toml $(shell find src -type f -not -name '*.pyc')
	test -x $(DEMO)/bin/python || $(PYTHON) -m venv $(DEMO)
	$(DEMO)/bin/python -m pip install --quiet .
	touch $@

# The development install, with torch. Made anew when pyproject.toml changes.
$(VENV)/.ready: pyproject.toml
	@echo "Setting up $(VENV) with torch: some minutes the first time"
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet -e ".[dev]"
	touch $@

clean:
	rm -rf $(VENV) $(DEMO) demo
