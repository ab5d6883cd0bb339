#!/usr/bin/python
# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: migrate_info
short_description: Tell which migrations are applied and pending, and whether the database drifted
version_added: 1.0.0
description:
  - Compares the migration files, the journal in the database and the database itself. Changes nothing.
author: Ctrl-Alt-Play PanelDB contributors (@ctrl-alt-play)
options:
  migrations:
    description:
      - Folder with the migration files, read on the controller. V(panel) is the one that comes with the collection.
    type: str
    default: panel
  gather:
    description:
      - What to find out beside applied and pending migrations.
      - V(drift) reads the catalogue, V(hazards) plans what is pending, V(orphans) reads all references.
    type: list
    elements: str
    choices: [drift, hazards, orphans]
    default: [drift, hazards]
extends_documentation_fragment:
  - ctrlaltplay.paneldb.attributes
  - ctrlaltplay.paneldb.attributes.info
  - ctrlaltplay.paneldb.connection
seealso:
  - module: ctrlaltplay.paneldb.migrate
"""

EXAMPLES = r"""
- name: Where does this database stand
  ctrlaltplay.paneldb.migrate_info:
    url: "{{ panel_database_url }}"
    migrations: files/migrations
    gather: [drift, hazards, orphans]
  register: state

- name: Complain about drift
  ansible.builtin.assert:
    that: state.drift | length == 0
"""

RETURN = r"""
engine:
  description: The engine that answered.
  returned: success
  type: str
  sample: postgresql
server_version:
  description: Version of the server, as it says it itself.
  returned: success
  type: str
  sample: "15.18"
capabilities:
  description: What the server that answered can do; on MongoDB also what was found out about this very server.
  returned: success
  type: dict
  sample: {transactional_ddl: true, transactions: true, enforces_foreign_keys: true, online_indexes: true}
applied:
  description: Migrations that the journal holds, oldest first; at most the newest 200.
  returned: success
  type: list
  elements: dict
pending:
  description: Ids of migrations that are not applied yet, oldest first.
  returned: success
  type: list
  elements: str
runs:
  description: Runs that failed, were interrupted, or go on right now; the newest is last.
  returned: success
  type: list
  elements: dict
drift:
  description: Operations that lead from the database as it is to what the applied migrations say; empty means none.
  returned: when O(gather) has V(drift)
  type: list
  elements: str
unmanaged:
  description: Objects that no migration made.
  returned: when O(gather) has V(drift)
  type: list
  elements: str
hazards:
  description: Hazards of what is pending, with live facts.
  returned: when O(gather) has V(hazards)
  type: list
  elements: dict
problem:
  description: Why what is pending cannot be planned; V(null) where it can.
  returned: when O(gather) has V(hazards)
  type: dict
orphans:
  description: References that lead nowhere, with their number and samples.
  returned: when O(gather) has V(orphans)
  type: list
  elements: dict
counts:
  description: How many migrations are applied and pending.
  returned: success
  type: dict
  sample: {applied: 12, pending: 1, runs: 0}
duration_ms:
  description: Milliseconds that the module worked.
  returned: success
  type: float
  sample: 20.5
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils._ansible import CONNECTION, Call, Spec, run

SPEC: Spec = {
    "migrations": {"type": "str", "default": "panel"},
    "gather": {
        "type": "list",
        "elements": "str",
        "choices": ["drift", "hazards", "orphans"],
        "default": ["drift", "hazards"],
    },
}


def inform(call: Call) -> Mapping[str, Any]:
    """Read files, journal and catalogue."""
    from paneldb.migrations.info import status

    chain = call.chain()
    with call.connect(read_only=True) as engine:
        found = status(engine, chain, gather=call.params["gather"])
        server = engine.server()
        told = {**asdict(engine.capabilities), **server.facts.get("capabilities", {})}
        identity = {"engine": engine.name, "server_version": server.version, "capabilities": told}
        return {**identity, **found.to_data()}


def main() -> None:
    run(inform, CONNECTION, SPEC)


if __name__ == "__main__":
    main()
