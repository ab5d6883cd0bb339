# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

PYTHON ?= python3
ARGS ?=
TOOL := PYTHONPATH=.collections $(PYTHON) -m ansible_collections.ctrlaltplay.paneldb.tests.tools
PARTS := lint docs unit engines plays faults claims sanity molecule bench test

.DEFAULT_GOAL := help
.PHONY: help site clean python $(PARTS)

help: ## List the targets
	@grep -E '^[a-z %]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1|/' | column -t -s '|'

python:
	@command -v $(PYTHON) >/dev/null || { echo "Python 3 is missing: sudo apt-get install python3 python3-venv" >&2; exit 1; }

site: python ## Bring up the panel's database of this machine: SQLite in var/panel.db
	@$(TOOL).environments run
	@.venv/bin/ansible-playbook site.yml $(ARGS)

test: python ## Run every check: lint, unit, engines, faults, claims, sanity, molecule
lint: python ## Ruff, mypy, yamllint, ansible-lint, documentation
docs: python ## Check the documentation of collection and modules
unit: python ## Tests without a server, on every supported Python
engines: python ## The same tests on every engine
plays: python ## Modules and plays on every engine, with every supported ansible-core
faults: python ## Kills, full disks, lost servers, secrets
claims: python ## What the README promises, done in a fresh clone
sanity: python ## ansible-test sanity on every supported ansible-core
molecule: python ## Whole systemd hosts, one per engine
bench: python ## Speed beside its goals

$(PARTS):
	@$(TOOL).steps $@

clean: ## Remove what the targets above made in the checkout, but not the databases
	rm -rf .venv .venv-* .cache .pytest_cache .ruff_cache
