# Each target sets up what it needs; Python 3.11 or later, git and make are enough (lint: go, too; e2e: go, node, npm and jq).
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
MINISTACK := .cache/ministack/.ready
ACT := .cache/bin/act
ACT_VERSION := v0.2.87
ACTIONLINT := .cache/bin/actionlint
ACTIONLINT_VERSION := v1.7.12
TERRAFORM := .cache/bin/terraform
TERRAFORM_VERSION := v1.5.7
OUT := dist/demo
DATE := today
COMPILE := $(BIN)/uv pip compile --no-config --quiet --upgrade --universal --override requirements/overrides.in --python-version 3.11 --generate-hashes
PYTEST := $(BIN)/python -m pytest --dist worksteal

# Tests install from a cache of their own: another's may hold files that somebody has changed since.
test all-cases: export UV_CACHE_DIR := $(CURDIR)/.cache/uv

.PHONY: help demo check test fuzz all-cases lint fix e2e mutants bench attack proving-ground uses legs reliability lock schema prepare clean

help: ## list the targets
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t16

demo: ## build, prove and publish the four example layers to an embedded AWS
	LAYER_BUILDER_NO_CACHE=builds $(PYTHON) entrypoint.py publish --manifest examples/cr2a/layers.yml --sandbox --output-dir $(OUT)

check: lint ## lint and the unit tests, for every save
	$(PYTEST) -n logical -q tests/unit

test: $(READY) $(MINISTACK) ## run the unit and integration tests; of large tables of cases a sample
	$(PYTEST) -n auto tests/unit tests/integration

fuzz: $(READY) ## read what nobody would write: EXAMPLES=100000 of each kind
	FUZZ_EXAMPLES=$(or $(EXAMPLES),100000) $(PYTEST) -n logical -q tests/unit/test_fuzz.py

all-cases: $(READY) $(MINISTACK) ## run them with every case of those tables
	$(PYTEST) -n auto --all-cases tests/unit tests/integration

lint: $(READY) $(ACTIONLINT) ## types, style, action security, schemas
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/zizmor --offline --no-progress --strict-collection --persona auditor . examples/cr2a/*-layers.yml
	$(ACTIONLINT) -shellcheck= -pyflakes= .github/workflows/*.yml examples/cr2a/*-layers.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.github-actions action.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml examples/cr2a/*-layers.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml
	LINT=1 $(BIN)/python -m pytest -q tests/integration/test_snippets.py
	$(BIN)/check-jsonschema --schemafile docs/layers.schema.json examples/cr2a/layers.yml

fix: $(READY) ## format and apply safe fixes
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

e2e: $(READY) $(ACT) $(TERRAFORM) ## run the composite action under act, and what deploys with what it hands on
	$(BIN)/python -m pytest -n logical --dist loadfile tests/end_to_end

mutants: $(READY) $(MINISTACK) $(ACT) ## break the action, its entry point and the workflow in one place after another, and see which tests notice (ONLY=digests: some)
	$(BIN)/python tests/end_to_end/mutants.py $(if $(ONLY),--only "$(ONLY)") $(if $(KIND),--kind "$(KIND)")

bench: $(READY) ## measure this program and its peers (ROUNDS=1 SETS=tiny: a quick one); writes docs/benchmarks.md
	$(BIN)/python -m benchmarks.peers $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(SETS),--sets $(SETS))

proving-ground: $(READY) ## prune a hundred packages as hard as it goes, prove every module and thirty functions (ROWS=pandas: one)
	$(BIN)/python -m benchmarks.proving_ground $(if $(ROWS),--only $(ROWS))
	$(BIN)/python -m benchmarks.functions $(if $(ROWS),--only $(ROWS))

uses: $(READY) ## run 111 programs that use packages, pruned and unpruned (ROWS=icalendar: one); writes a table of docs/proving-ground.md
	$(BIN)/python -m benchmarks.uses $(if $(ROWS),--only $(ROWS))

legs: $(READY) ## measure 80 builds, and simulate legs of a matrix; writes a table of docs/workflow.md
	$(BIN)/python -m benchmarks.legs

reliability: $(READY) $(MINISTACK) ## fail at every call to AWS and see what comes of it; writes docs/reliability.md
	$(BIN)/python tests/integration/publish/reliability.py

attack: ## attack the program, as a wheel and as an sdist (EXPECT=isolated|refused|either)
	PYTHONPATH=tests $(PYTHON) -m integration.attack.run --expect $(or $(EXPECT),either)

lock: $(READY) ## renew the locks of our own dependencies
	$(COMPILE) requirements/uv.in --output-file requirements/uv.txt
	$(COMPILE) requirements/run.in --output-file requirements/build.txt
	$(COMPILE) requirements/run.in requirements/aws.in requirements/terminal.in --output-file requirements/run.txt
	$(COMPILE) requirements/run.in requirements/aws.in requirements/terminal.in requirements/sandbox.in --output-file requirements/sandbox.txt
	$(COMPILE) requirements/dev.in --output-file requirements/dev.txt
	$(COMPILE) requirements/ministack.in --output-file requirements/ministack.txt

schema: $(READY) ## renew the JSON Schema of layers.yml
	$(BIN)/python -m layer_builder schema > docs/layers.schema.json

prepare: ## write VERSION=0.2.0, its pins and its dated section of CHANGELOG.md (DATE=2026-11-30; DATE= leaves CHANGELOG.md alone)
	$(PYTHON) -I .github/scripts prepare $(or $(VERSION),$(error VERSION= is missing)) --date "$(DATE)"

clean: ## remove what the targets made
	rm -rf $(VENV) .cache build dist *.egg-info

$(READY): requirements/dev.txt requirements/uv.txt
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements/uv.txt
	$(BIN)/uv pip install --quiet --no-config --link-mode copy --require-hashes --no-deps --python $(BIN)/python -r requirements/dev.txt
	touch $@

$(MINISTACK): requirements/ministack.txt | $(READY)
	$(PYTHON) -m venv --clear --without-pip $(@D)
	$(BIN)/uv pip install --quiet --no-config --link-mode copy --require-hashes --no-deps --python $(@D)/bin/python -r requirements/ministack.txt
	touch $@

$(ACT):
	GOBIN="$(CURDIR)/.cache/bin" go install github.com/nektos/act@$(ACT_VERSION)

$(ACTIONLINT):
	GOBIN="$(CURDIR)/.cache/bin" go install github.com/rhysd/actionlint/cmd/actionlint@$(ACTIONLINT_VERSION)

# The last under the MPL; OpenTofu's module replaces some of its own, which `go install` refuses.
$(TERRAFORM):
	GOBIN="$(CURDIR)/.cache/bin" CGO_ENABLED=0 go install -trimpath -ldflags="-s -w" github.com/hashicorp/terraform@$(TERRAFORM_VERSION)
