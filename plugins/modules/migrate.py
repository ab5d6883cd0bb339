#!/usr/bin/python
# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: migrate
short_description: Apply, take back or reset migrations
version_added: 1.0.0
description:
  - Brings a database to the newest migration or to a named one, under a lock, with a journal that survives a kill.
  - The same command after an interruption goes on where it stopped; no operation is done twice.
  - Check mode makes the same plan and stops; the diff, the statements and RV(fingerprint) are those of the real run.
author: Ctrl-Alt-Play PanelDB contributors (@ctrl-alt-play)
options:
  migrations:
    description:
      - Folder with the migration files, read on the controller. V(panel) is the one that comes with the collection.
    type: str
    default: panel
  state:
    description:
      - V(latest) applies all that is pending.
      - V(target) applies what is pending up to and with O(target).
      - V(rollback) takes back, newest first, what was applied after O(target).
      - V(reset) drops all that the migrations made and applies them anew; needs O(confirm).
      - V(baseline) records migrations up to O(target) as applied on a database that looks as they leave it already.
    type: str
    choices: [latest, target, rollback, reset, baseline]
    default: latest
  target:
    description:
      - Id of a migration. With O(state=rollback), V(none) takes everything back.
      - With O(state=baseline) the newest one where it is not given.
    type: str
  confirm:
    description: With O(state=reset), the name of the database (the file's name on SQLite). Anything else is refused.
    type: str
  environment:
    description: What the database is for. O(state=reset) is refused with V(production).
    type: str
    choices: [development, staging, production]
    default: production
extends_documentation_fragment:
  - ctrlaltplay.paneldb.attributes
  - ctrlaltplay.paneldb.attributes.full
  - ctrlaltplay.paneldb.connection
  - ctrlaltplay.paneldb.consent
seealso:
  - module: ctrlaltplay.paneldb.migration
    description: Writes the files.
  - module: ctrlaltplay.paneldb.migrate_info
    description: Tells what is applied and pending.
"""

EXAMPLES = r"""
- name: Apply what is pending
  ctrlaltplay.paneldb.migrate:
    url: "{{ panel_database_url }}"
    migrations: files/migrations

- name: Take back everything after one migration
  ctrlaltplay.paneldb.migrate:
    url: "{{ panel_database_url }}"
    migrations: files/migrations
    state: rollback
    target: 20261124120000_initial
    allow_destructive: [drop_column servers.motd]

- name: Start over on a developer's machine
  ctrlaltplay.paneldb.migrate:
    engine: sqlite
    path: /srv/panel/dev.db
    migrations: files/migrations
    state: reset
    environment: development
    confirm: dev.db
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
plan:
  description:
    - What was done or, in check mode, would be done, in order, with the exact statements for this server.
    - At most 200 operations are listed; RV(counts) says how many there are.
  returned: success
  type: list
  elements: dict
  contains:
    operation:
      description: Name of the operation.
      type: str
      sample: add_column
    target:
      description: What it is done to.
      type: str
      sample: servers.motd
    origin:
      description: The migration that it comes from; empty for a declarative change.
      type: str
      sample: 20261124120000_add_motd
    statements:
      description: Statements of the step that begins with this operation.
      type: list
      elements: str
fingerprint:
  description:
    - Names this very plan; give it as O(expect_fingerprint) to run this plan or nothing. Empty without changes.
  returned: success
  type: str
  sample: sha256-v1:5a0c...
hazards:
  description: What to know before the plan runs, with live facts; at most 200.
  returned: success
  type: list
  elements: dict
  contains:
    code:
      description: Code to name in O(accept_hazards).
      type: str
      sample: drop-column
    severity:
      description: V(info), V(warn) or V(block). A blocking hazard needs consent.
      type: str
      sample: block
    operation:
      description: The operation.
      type: str
      sample: drop_column servers.motd
    message:
      description: What happens.
      type: str
    safer:
      description: The safer form, where there is one.
      type: str
    facts:
      description: Live numbers, such as rows and nulls.
      type: dict
    origin:
      description: The migration that the operation comes from.
      type: str
counts:
  description: How many operations and hazards there are.
  returned: success
  type: dict
  sample: {operations: 3, operations_shown: 3, hazards: 1}
duration_ms:
  description: Milliseconds that the module worked.
  returned: success
  type: float
  sample: 41.5
applied:
  description: Ids of the migrations that this run applied, took back or recorded (in check mode, would).
  returned: success
  type: list
  elements: str
  sample: [20261124120000_initial]
resumed:
  description: Whether an interrupted run was found and finished.
  returned: success
  type: bool
"""

from collections.abc import Mapping
from typing import Any

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils._ansible import (
    CONNECTION,
    CONSENT,
    Call,
    Spec,
    plan_result,
    run,
)

SPEC: Spec = {
    "migrations": {"type": "str", "default": "panel"},
    "state": {
        "type": "str",
        "choices": ["latest", "target", "rollback", "reset", "baseline"],
        "default": "latest",
    },
    "target": {"type": "str"},
    "confirm": {"type": "str"},
    "environment": {"type": "str", "choices": ["development", "staging", "production"], "default": "production"},
}


def migrate(call: Call) -> Mapping[str, Any]:
    """Plan and, outside check mode, carry out."""
    from paneldb.migrations import states

    chain, params = call.chain(), call.params
    target, confirm = params["target"] or "", params["confirm"] or ""
    request = states.Request(params["state"], target, confirm, params["environment"], call.consent)
    with call.connect(read_only=call.check_mode) as engine:
        if call.check_mode:
            outcome = states.plan(engine, chain, request)
            call.warn_of(outcome.plan)
        else:
            outcome = states.carry_out(engine, chain, request)
    return {**plan_result(outcome.plan), "applied": list(outcome.migrations), "resumed": outcome.resumed}


def main() -> None:
    run(
        migrate,
        CONNECTION,
        CONSENT,
        SPEC,
        required_if=[
            ("state", "target", ("target",)),
            ("state", "rollback", ("target",)),
            ("state", "reset", ("confirm",)),
        ],
    )


if __name__ == "__main__":
    main()
