# make run    sets up whatever is missing, then serves
# make test   the whole test suite, on the same set-up
.DEFAULT_GOAL := help
SHELL := /bin/bash

.PHONY: help
help: ## This list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 18

.PHONY: setup
setup: ## Install all that serving needs: environments, speech models, trained dialogue
	@scripts/setup run

.PHONY: run
run: setup ## Set up what is missing, then serve the chat page and the telephone line
	@exec .venv/bin/guichet serve

.PHONY: test-setup
test-setup: ## Install all that the tests need as well
	@scripts/setup test

.PHONY: test
test: ## The whole test suite, lint included
	scripts/setup test packages
	scripts/test

.PHONY: test-fast
test-fast: ## The unit tests alone: seconds, no models, no processes
	.venv/bin/pytest tests/unit -q
	npm --prefix web test --silent

.PHONY: front-end-tests
front-end-tests:
	npm --prefix web test --silent

.PHONY: lint
lint: ## ruff and mypy; TypeScript, Biome and the size of the widget
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	npm --prefix web run check --silent
	npm --prefix web run size --silent

.PHONY: bench
bench: setup ## Measure the published figures on this machine
	.venv/bin/guichet bench latency
	.venv/bin/guichet bench load
	.venv/bin/python bench/wire.py

.PHONY: lock
lock: ## Resolve the locked environments anew
	scripts/lock

.PHONY: clean
clean: ## Remove environments, models and data made by set-up (asks first)
	@read -rp "Remove .venv, .venv-rasa, .uv and var (conversations included)? [y/N] " answer && [ "$$answer" = y ] && rm -rf .venv .venv-rasa .uv web/node_modules bot/web/dist var
