# Every command sets up what it needs by itself, and then does its work.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
COMMAND := $(BIN)/hoststat
WORKER_VENV := .worker
WORKER_READY := $(WORKER_VENV)/.ready
EMULATOR := .emulator
PEERS := .peers
# The second one takes the versions of the first one.
PINNED := requirements requirements-dev deploy/requirements-emulator bench/requirements-peers \
    bench/requirements-redis

# Settings of pip and Python that would lead an installation, or the search for modules, elsewhere.
unexport PIP_PREFIX PIP_ROOT PIP_TARGET PIP_USER
unexport PYTHONHOME PYTHONPATH PYTHONSAFEPATH PYTHONSTARTUP
# Desktops set USERNAME for everything. Only `make admin USERNAME=name` says who becomes an admin.
ifneq ($(origin USERNAME),command line)
unexport USERNAME
endif

# Some shells set HOST to the machine's name. Only `make worker HOST=name` says which host it is.
ifneq ($(origin HOST),command line)
unexport HOST
endif

.PHONY: service worker agent admin tasks client test check format package deploy destroy \
    test-deployed bench pins

service: $(COMMAND)
	@exec $(BIN)/python -m local.launch

# What is deployed is enough for a worker: a server needs no more than that.
worker: $(WORKER_READY)
	@exec $(WORKER_VENV)/bin/python -m local.worker

agent: $(WORKER_READY)
	@exec $(WORKER_VENV)/bin/python -m local.archive

admin: $(COMMAND)
	@exec $(BIN)/python -m local.admin

tasks: $(COMMAND)
	@exec $(BIN)/python -m local.tasks

client: $(COMMAND)
	@exec $(BIN)/python -m deploy.client

package: $(COMMAND)
	@exec $(BIN)/python -m deploy.package

# deploy/policy-deployer.json has the rights in AWS that these two need.
deploy: $(COMMAND)
	@exec $(BIN)/python -m deploy.deploy

destroy: $(COMMAND)
	@exec $(BIN)/python -m deploy.destroy

test: check
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder

bench: $(COMMAND) $(PEERS)/.ready
	@$(BIN)/python -m bench.calls
	@$(BIN)/python -m bench.handlers
	@$(BIN)/python -m bench.cold_start
	@$(BIN)/python -m bench.command_start
	@exec $(BIN)/python -m bench.beside

test-deployed: $(COMMAND) $(EMULATOR)/.ready
	@exec $(BIN)/python -m tests.deployed.rehearsal

check: $(COMMAND)
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

format: $(COMMAND)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Writes versions and hashes of all that is installed, out of the .in files. MOVE= names packages
# that no .in file names, and that shall have a newer version.
pins: $(COMMAND)
	@for it in $(PINNED); do \
	    $(BIN)/uv pip compile --quiet --no-config --universal --python-version 3.11 --no-strip-extras \
	        --generate-hashes --custom-compile-command "make pins" \
	        $(addprefix --upgrade-package ,$(MOVE)) $$it.in --output-file $$it.txt || exit; \
	done

# A second make waits for the first one.
$(READY): requirements.txt requirements-dev.txt
	@exec $(PYTHON) -I local/install.py $(VENV) "what hoststat needs" $^

# The command `hoststat` runs from the checkout, so nothing has to be installed again.
$(COMMAND): $(READY) local/install.py $(wildcard hoststat/*.py)
	@exec $(BIN)/python -I local/install.py --command $@

$(WORKER_READY): requirements.txt
	@exec $(PYTHON) -I local/install.py --slim $(WORKER_VENV) "what a worker needs" $^

$(EMULATOR)/.ready: deploy/requirements-emulator.txt
	@exec $(PYTHON) -I local/install.py $(EMULATOR) "an emulator of AWS" $^

$(PEERS)/.ready: bench/requirements-peers.txt bench/requirements-redis.txt
	@exec $(PYTHON) -I local/install.py $(PEERS) "what hoststat is measured beside" bench/requirements-peers.txt
	@$(PEERS)/bin/pip install --quiet --disable-pip-version-check --require-hashes -r bench/requirements-redis.txt || \
	    echo "That was to be a Redis of its own; without one on this machine the peer is left out."
