# Everything runs in .venv, from locked dependencies. `make` lists the targets.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
SOURCES := bot handlers checks tests benchmarks docs

.DEFAULT_GOAL := help
.PHONY: help install demo test check e2e soak bench docs pictures lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / {printf "  %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(INSTALLED) ## make .venv and install what is locked

$(INSTALLED): requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "aws-sec needs Python 3.11 or newer; name one with: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
		{ echo "Python's venv module does not work here; on Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: install ## an emulated AWS account, a local Slack and the bot, until Ctrl-C
	@$(BIN)/aws-sec demo

test: install ## the tests; no account, no workspace, no browser needed
	$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

check: install ## lint, format, types, layers
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/mypy
	$(BIN)/lint-imports

e2e: install ## the bot in a local Slack, driven as people would, and in a real browser
	$(BIN)/python -m pytest -m e2e -n auto --dist loadfile --no-loadscope-reorder

soak: install ## 2,000 interactions while Slack fails and the bot is killed; about 10 minutes
	$(BIN)/python -m pytest -m e2e tests/e2e/test_soak.py -s --interactions 2000 $(OPTIONS)

bench: install ## a scan beside its peer on one recorded account; OPTIONS='--help' lists what can be chosen
	@$(BIN)/python -m benchmarks $(OPTIONS)

docs: install ## the pages of docs/ that list what is in the code, written anew
	@$(BIN)/python -m docs.generate

pictures: install ## the screenshots in docs/images: those of messages that changed, and those of the browser test
	$(BIN)/python -m docs.pictures
	$(BIN)/python -m pytest -m e2e tests/e2e/test_browser.py --pictures docs/images

lock: ## renew the locks from pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		--no-annotate --upgrade -o requirements/run.txt pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		--no-annotate --upgrade -o requirements/dev.txt --extra demo --group dev pyproject.toml
	printf 'cryptography\nministack\n' | $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header --no-annotate --upgrade -o requirements/ministack.txt -

clean: ## remove .venv and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
