#!/usr/bin/python
# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: query
short_description: Run statements with bound values in one transaction
version_added: 1.0.0
description:
  - Runs one or many statements in one connection and one transaction. Values are always bound, never pasted in.
  - Only reads unless O(write=true); the server itself then refuses to change anything.
  - With O(write=true) check mode runs nothing and says what it would run.
author: Ctrl-Alt-Play PanelDB contributors (@ctrl-alt-play)
options:
  statements:
    description: Statements to run, in order.
    type: list
    elements: dict
    required: true
    suboptions:
      statement:
        description: The statement, with V(%s) or V(%(name\)s) where values go, on every engine.
        type: str
        required: true
      positional:
        description: Values for V(%s), in order.
        type: list
        elements: raw
      named:
        description: Values for V(%(name\)s).
        type: dict
      expect_rows:
        description:
          - How many rows must come back or, where none come back, change. Anything else is an error and is undone.
        type: int
  write:
    description: Allow statements that change something.
    type: bool
    default: false
  row_limit:
    description: Rows to give back per statement, at the most; RV(results[].truncated) tells where there were more.
    type: int
    default: 1000
extends_documentation_fragment:
  - ctrlaltplay.paneldb.attributes
  - ctrlaltplay.paneldb.connection
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
    details: Only the server knows what a statement changes.
  idempotent:
    support: none
    details: A statement does what it says each time.
seealso:
  - module: ctrlaltplay.paneldb.seed
    description: The way to bring rows into a known state.
"""

EXAMPLES = r"""
- name: How many servers a node carries
  ctrlaltplay.paneldb.query:
    engine: sqlite
    path: /srv/panel/panel.db
    statements:
      - statement: SELECT count(*) AS servers FROM servers WHERE "nodeId" = %s
        positional: ["{{ node_id }}"]
  register: counted

- name: Two changes, both or none
  ctrlaltplay.paneldb.query:
    url: "{{ panel_database_url }}"
    write: true
    statements:
      - statement: UPDATE nodes SET status = %(status)s WHERE name = %(name)s
        named: {status: MAINTENANCE, name: alpha}
        expect_rows: 1
      - statement: DELETE FROM sessions WHERE "expiresAt" < now()
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
results:
  description: What each statement gave, in order. Empty in check mode with O(write=true).
  returned: success
  type: list
  elements: dict
  contains:
    columns:
      description: Names of the columns.
      type: list
      elements: str
    rows:
      description: Rows as dictionaries. Decimals, UUIDs and times are text, bytes are base64.
      type: list
      elements: dict
    affected:
      description: Rows that the statement changed.
      type: int
    truncated:
      description: Whether there were more rows than O(row_limit).
      type: bool
statements:
  description: The statements, without their values.
  returned: success
  type: list
  elements: str
duration_ms:
  description: Milliseconds that the module worked.
  returned: success
  type: float
  sample: 12.5
"""

from collections.abc import Mapping
from typing import Any

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils._ansible import CONNECTION, Call, Spec, run

SPEC: Spec = {
    "statements": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "statement": {"type": "str", "required": True},
            "positional": {"type": "list", "elements": "raw"},
            "named": {"type": "dict"},
            "expect_rows": {"type": "int"},
        },
    },
    "write": {"type": "bool", "default": False},
    "row_limit": {"type": "int", "default": 1000},
}


def execute(call: Call) -> Mapping[str, Any]:
    """Run the statements; in check mode none that may write."""
    from paneldb import queries

    write = call.params["write"]
    statements = queries.parse_statements(call.params["statements"])
    with call.connect(read_only=not write) as engine:
        results = () if write and call.check_mode else queries.run(engine, statements, call.params["row_limit"])
        return {
            "changed": write and (call.check_mode or any(result["affected"] for result in results)),
            "engine": engine.name,
            "server_version": engine.server().version,
            "results": results,
            "statements": [statement.text for statement in statements],
        }


def main() -> None:
    run(execute, CONNECTION, SPEC)


if __name__ == "__main__":
    main()
