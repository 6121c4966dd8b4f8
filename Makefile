# Every command sets up what it needs by itself, and then does its work.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
EMULATOR := .emulator
PEERS := .peers

.PHONY: service worker admin test check format package deploy destroy test-deployed bench

service: $(READY)
	@exec $(BIN)/python -m local.launch

worker: $(READY)
	@exec $(BIN)/python -m local.worker

admin: $(READY)
	@exec $(BIN)/python -m local.admin

package: $(READY)
	@exec $(BIN)/python -m deploy.package

deploy: $(READY)
	@exec $(BIN)/python -m deploy.deploy

destroy: $(READY)
	@exec $(BIN)/python -m deploy.destroy

test: check
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile

bench: $(READY) $(PEERS)/.ready
	@$(BIN)/python -m bench.calls
	@$(BIN)/python -m bench.handlers
	@$(BIN)/python -m bench.cold_start
	@exec $(BIN)/python -m bench.beside

test-deployed: $(READY) $(EMULATOR)/.ready
	@exec $(BIN)/python -m tests.deployed.rehearsal

check: $(READY)
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

$(READY): requirements.txt requirements-dev.txt
	@echo "Installing what hoststat needs into $(VENV) (once, about a minute) ..."
	@$(PYTHON) -c 'import sys; sys.exit("hoststat needs Python 3.11 or newer" if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $(READY)

$(EMULATOR)/.ready: deploy/requirements-emulator.txt
	@echo "Installing an emulator of AWS into $(EMULATOR) (once, about a minute) ..."
	@$(PYTHON) -m venv --clear $(EMULATOR)
	@$(EMULATOR)/bin/pip install --quiet --disable-pip-version-check -r $<
	@touch $@

$(PEERS)/.ready: bench/requirements-peers.txt bench/requirements-redis.txt
	@echo "Installing what hoststat is measured beside into $(PEERS) (once, about a minute) ..."
	@$(PYTHON) -m venv --clear $(PEERS)
	@$(PEERS)/bin/pip install --quiet --disable-pip-version-check -r $<
	@$(PEERS)/bin/pip install --quiet --disable-pip-version-check -r bench/requirements-redis.txt || \
	    echo "That was to be a Redis of its own; without one on this machine the peer is left out."
	@touch $@
