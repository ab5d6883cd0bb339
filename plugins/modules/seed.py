#!/usr/bin/python
# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: seed
short_description: Bring rows into a known state
version_added: 1.0.0
description:
  - Creates and updates rows by their natural keys, from files or from the task, all in one transaction.
  - Everything is compared before anything is written; a second run writes nothing.
  - Rows refer to rows of other tables by their natural keys, whatever ids those have.
author: Ctrl-Alt-Play PanelDB contributors (@ctrl-alt-play)
options:
  model:
    description: File with the model, read on the controller. V(panel) is the model that comes with the collection.
    type: str
    default: panel
  seeds:
    description:
      - Files or folders with seeds, read on the controller, or seeds themselves (see the guide to seeds).
      - V(panel) is what comes with the collection - permissions, roles, templates and settings.
    type: list
    elements: raw
    default: [panel]
  variables:
    description:
      - Values for cells that say C(env), such as a password from Ansible Vault.
      - What is not given here is taken from the controller's environment.
    type: dict
  prune:
    description: Delete rows of seeded tables that no seed names. Rows of seeds that say C(prune) themselves go anyway.
    type: bool
    default: false
extends_documentation_fragment:
  - ctrlaltplay.paneldb.attributes
  - ctrlaltplay.paneldb.attributes.full
  - ctrlaltplay.paneldb.connection
seealso:
  - module: ctrlaltplay.paneldb.query
"""

EXAMPLES = r"""
- name: What the panel needs
  ctrlaltplay.paneldb.seed:
    engine: sqlite
    path: /srv/panel/panel.db

- name: The first administrator, with a password from Ansible Vault
  ctrlaltplay.paneldb.seed:
    engine: sqlite
    path: /srv/panel/panel.db
    variables:
      PANEL_ADMIN_PASSWORD: "{{ vault_panel_admin_password }}"

- name: Own rows beside it
  ctrlaltplay.paneldb.seed:
    url: "{{ panel_database_url }}"
    seeds:
      - panel
      - files/seeds
      - table: settings
        key: [key]
        rows:
          - key: branding.title
            value: Example Hosting
"""

RETURN = r"""
engine:
  description: The engine that answered.
  returned: success
  type: str
  sample: sqlite
server_version:
  description: Version of the server, as it says it itself.
  returned: success
  type: str
  sample: "3.40.1"
counts:
  description: How many rows were created, updated, left as they were, protected from a change, and pruned.
  returned: success
  type: dict
  sample: {created: 24, updated: 0, unchanged: 0, protected: 0, pruned: 0}
tables:
  description: The same counts for each table.
  returned: success
  type: dict
missing_tables:
  description: In check mode, tables that do not exist yet and count as empty.
  returned: success
  type: list
  elements: str
left_out:
  description: Seeds that were left out, each with the reason, such as a password that was not given.
  returned: success
  type: list
  elements: str
duration_ms:
  description: Milliseconds that the module worked.
  returned: success
  type: float
  sample: 33.0
"""

from collections.abc import Mapping
from typing import Any

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils._ansible import CONNECTION, Call, Spec, run

SPEC: Spec = {
    "model": {"type": "str", "default": "panel"},
    "seeds": {"type": "list", "elements": "raw", "default": ["panel"]},
    "variables": {"type": "dict", "no_log": True},
    "prune": {"type": "bool", "default": False},
}


def seed(call: Call) -> Mapping[str, Any]:
    """Plan and, outside check mode, write."""
    from paneldb.seeds.plan import run_seeds

    model, documents = call.model(), call.documents("seeds")
    variables, prune = call.params["variables"] or {}, call.params["prune"]
    with call.connect(read_only=call.check_mode) as engine:
        plan = run_seeds(engine, model, documents, check=call.check_mode, variables=variables, prune=prune)
    return plan.to_data()


def main() -> None:
    run(seed, CONNECTION, SPEC)


if __name__ == "__main__":
    main()
