#!/usr/bin/python
# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: schema
short_description: Make the tables of a live database as the model states them
version_added: 1.0.0
description:
  - Compares the model with what is in the database and does exactly what differs, in one plan.
  - Objects that the model does not name are left alone and listed in RV(unmanaged), unless O(prune=true).
  - Check mode makes the same plan and stops; the diff and the statements are those that a real run has.
author: Ctrl-Alt-Play PanelDB contributors (@ctrl-alt-play)
options:
  model:
    description:
      - File with the model, read on the controller. V(panel) is the model that comes with the collection.
    type: str
    default: panel
  prune:
    description: Remove what the model does not name, too. What holds data still needs consent.
    type: bool
    default: false
extends_documentation_fragment:
  - ctrlaltplay.paneldb.attributes
  - ctrlaltplay.paneldb.attributes.full
  - ctrlaltplay.paneldb.connection
  - ctrlaltplay.paneldb.consent
seealso:
  - module: ctrlaltplay.paneldb.migrate
    description: The way for databases whose history matters.
"""

EXAMPLES = r"""
- name: Bring the tables in line with the model
  ctrlaltplay.paneldb.schema:
    engine: sqlite
    path: /srv/panel/panel.db
    model: panel

- name: Look at the plan for production first
  ctrlaltplay.paneldb.schema:
    url: "{{ panel_database_url }}"
    model: files/model.yml
    plan_only: true
  register: planned

- name: Run this plan or nothing
  ctrlaltplay.paneldb.schema:
    url: "{{ panel_database_url }}"
    model: files/model.yml
    expect_fingerprint: "{{ planned.fingerprint }}"
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
unmanaged:
  description: Objects in the database that the model does not name; at most 200.
  returned: success
  type: list
  elements: str
  sample: [table audit_2019]
unsupported:
  description: What this engine cannot have of the model, each with the reason.
  returned: success
  type: list
  elements: dict
  contains:
    place:
      description: The place in the model.
      type: str
    reason:
      description: Why it is left out.
      type: str
"""

from collections.abc import Mapping
from typing import Any

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils._ansible import (
    CONNECTION,
    CONSENT,
    Call,
    Spec,
    plan_result,
    push_result,
    run,
)

SPEC: Spec = {"model": {"type": "str", "default": "panel"}, "prune": {"type": "bool", "default": False}}


def push(call: Call) -> Mapping[str, Any]:
    """Plan and, outside check mode, apply."""
    from paneldb.schemas import push as schemas

    model, prune = call.model(), call.params["prune"]
    with call.connect(read_only=call.check_mode) as engine:
        if call.check_mode:
            pushed = schemas.plan_push(engine, model, prune=prune)
            call.warn_of(pushed.plan)
        else:
            pushed = schemas.push(engine, model, prune=prune, consent=call.consent)
    return {**plan_result(pushed.plan), **push_result(call, pushed)}


def main() -> None:
    run(push, CONNECTION, CONSENT, SPEC)


if __name__ == "__main__":
    main()
