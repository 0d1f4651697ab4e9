# Every target sets up what it needs: on a fresh machine git, make and some python3 with pip are enough.
SHELL := /bin/bash
.DEFAULT_GOAL := help
UV_VERSION := 0.13.9
# A pyenv shim named uv may exist but refuse to run, so uv is called and not only looked up.
UV := $(shell uv --version >/dev/null 2>&1 && command -v uv || echo .tools/uv/bin/uv)
PYTHON := .venv/bin/python
export PYTHONPATH := $(CURDIR)/shared:$(CURDIR)/layers/preprocessing:$(CURDIR)
export SAM_CLI_TELEMETRY := 0
# As in pyproject.toml, for uv in the folders where `sam build` builds.
export UV_SYSTEM_CERTS := 1

help: ## Show the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.tools/uv/bin/uv:
	@echo "uv is missing: installing $(UV_VERSION) into .tools/uv"
	@python3 -m pip install --quiet --disable-pip-version-check --target .tools/uv "uv==$(UV_VERSION)" || \
	  python3 -m pip install --quiet --use-feature=truststore --target .tools/uv "uv==$(UV_VERSION)"  # before pip 24.2

.venv/ready: pyproject.toml uv.lock .python-version | $(if $(filter .tools/%,$(UV)),.tools/uv/bin/uv)
	@$(UV) sync --quiet --frozen
	@touch $@

setup: .venv/ready ## Create the environment in .venv from uv.lock

demo: setup ## Run the whole loop on this machine (DATA=<csv> MODEL=<definition.toml> for your own, MODEL=songs for music)
	@$(PYTHON) -m local.demo $(if $(DATA),--data "$(DATA)") $(if $(MODEL),--model "$(MODEL)")

up: setup $(if $(BUILT),build) ## Run the local cloud until Ctrl-C (PORT=, API_PORT=, MODELS=<folder>, TICK=<seconds>, STACK=, CONCURRENCY=, PARAMETERS=, BUILT=1)
	@exec $(PYTHON) -m local.up $(if $(PORT),--port $(PORT)) $(if $(API_PORT),--api-port $(API_PORT)) \
	  $(if $(MODELS),--models "$(MODELS)") $(if $(TICK),--tick "$(TICK)") \
	  $(if $(STACK),--stack "$(STACK)") $(if $(CONCURRENCY),--concurrency "$(CONCURRENCY)") \
	  $(foreach parameter,$(PARAMETERS),--parameter "$(parameter)") $(if $(BUILT),--template .aws-sam/build/template.yaml)

sam-local: setup ## Run the stock `sam local start-api` in Docker, on the local cloud (PORT=, EVENTS=1: send the sample events)
	@$(PYTHON) -m local.sam_local --check $(if $(PORT),--port $(PORT)) $(if $(EVENTS),--events) && \
	  $(MAKE) --no-print-directory build && \
	  exec $(PYTHON) -m local.sam_local $(if $(PORT),--port $(PORT)) $(if $(EVENTS),--events)

lint: setup ## Run ruff and mypy
	@$(PYTHON) -m ruff check . && $(PYTHON) -m ruff format --check . && $(PYTHON) -m mypy

test: lint ## Check style and types, run every test, report coverage
	@rm -f .coverage*
	@$(PYTHON) -m pytest -q --numprocesses auto --dist loadfile --no-loadscope-reorder --cov --cov-report=
	@$(PYTHON) -m coverage report --fail-under=90

test-deployed: setup ## Run the end-to-end tests on a deployed stack (STACK=<name>); they delete what they create
	@test -n "$(STACK)" || { echo "Name the stack: make test-deployed STACK=refrain-dev"; exit 2; }
	@$(PYTHON) -m pytest -q tests/e2e --stack "$(STACK)"

bring-back: setup ## Bring back captured lines that Firehose could not deliver (STACK=<name>)
	@test -n "$(STACK)" || { echo "Name the stack: make bring-back STACK=refrain"; exit 2; }
	@$(PYTHON) -m local.undelivered "$(STACK)"

test-states: setup ## Have Step Functions test each state of the state machine (needs credentials; runs and changes nothing)
	@$(PYTHON) -m local.state_tests

requirements: setup ## Write the wheels layers' requirement lists from uv.lock
	@for kind in data training inference; do \
	  $(UV) export --quiet --frozen --only-group $$kind --no-header --output-file layers/wheels/$$kind/requirements.txt >/dev/null; done

build: setup ## Build the functions and layers into .aws-sam/build (no Docker; BUILD=<folder>: a full build into it)
	@PATH="$(CURDIR)/.venv/bin:$(dir $(abspath $(UV))):$$PATH" $(PYTHON) -m samcli build --parallel \
	  $(if $(BUILD),--no-cached --build-dir "$(BUILD)",--cached)

validate: setup ## Check the template with sam, cfn-lint and Checkov; none may find anything
	@$(PYTHON) -m local.validate $(UV)

sizes: build ## Print the unzipped size of each function with its layers; fail above the limits
	@$(PYTHON) -m local.sizes

preflight: setup ## Say what of the account would stop a deployment; reads only (ENV=dev, PARAMETERS="NAME=VALUE …", JSON=1)
	@$(PYTHON) -m cli doctor $(if $(ENV),--env $(ENV)) $(if $(JSON),--json) \
	  $(foreach pair,$(PARAMETERS),--parameter $(pair))

cost: setup ## Print what the stack costs a month (PREDICTIONS=, GIGABYTES=, RETRAININGS= a model, PARAMETERS=)
	@$(PYTHON) -m local.cost $(if $(PREDICTIONS),--predictions $(PREDICTIONS)) $(if $(GIGABYTES),--gigabytes $(GIGABYTES)) \
	  $(if $(RETRAININGS),--retrainings $(RETRAININGS)) $(PARAMETERS)

bench: setup build ## Measure, and write build/bench.json and docs/benchmarks.md (ONLY=part,part; BUSY=1; LOAD=<minutes>)
	@$(UV) sync --quiet --frozen --group bench || echo "peers that cannot be installed are left out"
	@OMP_NUM_THREADS=1 UV="$(UV)" LOAD=$(LOAD) $(PYTHON) -m benchmarks $(if $(ONLY),--only "$(ONLY)") $(if $(BUSY),--busy)

bench-compare: setup ## Compare build/bench.json (written by make bench) with the committed figures
	@$(PYTHON) -m benchmarks.compare

simulate: setup ## Simulate how often decisions are right; write docs/simulations.json and .md (ONLY=part,part; RUNS=)
	@$(PYTHON) -m benchmarks.simulation $(if $(ONLY),--only "$(ONLY)") $(if $(RUNS),--runs $(RUNS))

clean: ## Remove everything that was built
	@rm -rf .aws-sam build .local .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage*

.PHONY: help setup demo up sam-local lint test test-deployed test-states bring-back requirements build validate sizes preflight cost bench bench-compare simulate clean
