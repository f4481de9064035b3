# Floorledger. Two commands matter: `make run` and `make test`; each sets up all it needs. `make help` lists the rest.
# Needs on a fresh machine: Python 3.11 or newer with venv, and make. No node, npm, uv or database of the system.

PYTHON ?= python3
BIN := .venv/bin
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

.PHONY: help
help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# ---- setting up: each stamp says "the environment is as these files say" ------------------------------------------

.venv/pyvenv.cfg:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	  || { echo "Floorledger needs Python 3.11 or newer: install it, or name it as in \`make PYTHON=python3.12 run\`."; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
	  || { echo "Python has no venv here: install it (on Debian and Ubuntu: apt-get install python3-venv)."; exit 1; }
	@$(PYTHON) -m venv .venv

.venv/run.stamp: requirements/run.lock requirements/build.lock | .venv/pyvenv.cfg
	@echo "Installing what running needs (once, a minute or two) ..."
	@$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements/run.lock -r requirements/build.lock
	@touch $@

.venv/project.stamp: .venv/run.stamp pyproject.toml hatch_build.py package.json package-lock.json tools/frontend.py
	@$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.venv/catalogues.stamp: .venv/project.stamp tools/catalogues.py $(wildcard server/locale/*/LC_MESSAGES/*.po server/locale/parts/*.po)
	@$(BIN)/python -m tools.catalogues
	@touch $@

PHONE := webapp/static/*.js webapp/static/*/*.js webapp/static/css/*.css
.venv/bundle.stamp: .venv/project.stamp .venv/catalogues.stamp tools/bundle.mjs $(wildcard $(PHONE))
	@$(BIN)/python -c 'from tools import frontend; frontend.bundle()'
	@touch $@

.venv/dev.stamp: requirements/dev.lock .venv/run.stamp
	@echo "Installing what tests need (once, a minute or two) ..."
	@$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements/dev.lock
	@touch $@

.venv/frontend-dev.stamp: .venv/project.stamp
	@$(BIN)/python -m tools.frontend --development
	@touch $@

.PHONY: setup setup-test test-programs
setup: .venv/bundle.stamp ## install everything running needs into .venv

setup-test: setup .venv/dev.stamp .venv/frontend-dev.stamp test-programs ## ... and everything tests need

test-programs: # a browser and strace, from Debian's packages where we may install them
	@tools/test_programs

# ---- using -------------------------------------------------------------------------------------------------------

.PHONY: run run-lan demo
run: setup ## set up everything, then serve the demo plant on this machine
	@$(BIN)/floorledger serve --demo

run-lan: setup ## ... for the phones of the local network, over HTTPS with its own certificate authority
	@$(BIN)/floorledger serve --demo --lan

demo: setup ## fill the demo plant anew without serving it
	@$(BIN)/floorledger demo

# ---- checking ----------------------------------------------------------------------------------------------------

.PHONY: test test-fast test-long lint types
test: setup-test ## set up everything, then all checks but the long ones
	@$(BIN)/python -m tools.check

test-fast: setup-test ## ... without browser and PostgreSQL
	@$(BIN)/python -m tools.check --fast

test-long: setup-test ## ... with those that take minutes
	@$(BIN)/python -m tools.check --long

lint: .venv/dev.stamp ## ruff only
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

types: setup-test ## mypy and tsc only
	@$(BIN)/python -m tools.check --only mypy --only tsc

.PHONY: audit sbom
audit: setup-test ## ask whether a flaw of a package we depend on is known; no answer is no pass
	@$(BIN)/python -m tools.audit

sbom: setup-test ## list what an installation is made of, as CycloneDX: build/sbom/
	@$(BIN)/python -m tools.sbom

# ---- making ------------------------------------------------------------------------------------------------------

.PHONY: bench docs screenshots gallery locale lock clean
bench: setup-test ## measure, print a table of ratios
	@$(BIN)/python -m tests.bench

docs: setup ## write the generated pages of docs/reference anew, the OpenAPI description among them
	@$(BIN)/python -m tools.docs

screenshots: setup-test ## take the pictures of the documentation
	@$(BIN)/python -m tools.screenshots

gallery: setup-test ## picture every screen of the phone: build/gallery/index.html
	@$(BIN)/python -m tools.gallery

locale: setup ## find new sentences, merge translations, compile the catalogues
	@$(BIN)/python -m tools.catalogues --update

lock: .venv/dev.stamp ## write the lock files anew from pyproject.toml and package.json (UPGRADE=1: newest versions)
	@$(BIN)/python -m tools.lock $(if $(UPGRADE),--upgrade)
	@$(BIN)/npm install --package-lock-only --loglevel=error

clean: ## remove what these commands made, but not the plant's own var/
	@rm -rf .venv node_modules webapp/static/vendor webapp/static/locale webapp/bundle build dist \
	  .pytest_cache .ruff_cache .mypy_cache .hypothesis
	@find server sync tests tools webapp -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true
	@find server/locale -name '*.mo' -delete 2>/dev/null || true
