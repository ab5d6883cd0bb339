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
  - Only reads unless O(write=true); the session itself then refuses to change anything, whatever the statements say.
  - In check mode with O(write=true) statements that read are run, and the session refuses the others, which counts as
    the change that a real run would make.
  - What must come back can be stated for each statement; where it does not, the task fails and everything is undone.
  - MongoDB without a replica set has no transactions; what ran before a failure stays there.
author: Ctrl-Alt-Play PanelDB contributors (@ctrl-alt-play)
options:
  statements:
    description:
      - Statements to run, in order.
      - They travel sealed. Their values appear in no result, log or error message.
    type: list
    elements: dict
    required: true
    suboptions:
      statement:
        description:
          - On SQL engines the statement, with V(%s) or V(%(name\)s) where values go, and V(%%) for a percent sign where
            there are values.
          - On MongoDB a command as a mapping or as JSON, such as C(find) with the name of a collection and a C(filter);
            a bound value goes where a mapping of C($param) and its name, or its position, stands.
        type: raw
        required: true
      positional:
        description: Values for V(%s), in order.
        type: list
        elements: raw
      named:
        description: Values for V(%(name\)s).
        type: dict
      expect:
        description: What the statement must give. All that is stated must hold; else the task fails.
        type: dict
        suboptions:
          count:
            description: How many rows come back, as a number, or as a mapping of V(min) and V(max).
            type: raw
          affected:
            description: How many rows are changed, as a number, or as a mapping of V(min) and V(max).
            type: raw
          columns:
            description: The names of the columns, in order.
            type: list
            elements: str
          types:
            description:
              - The type of all values of a column, by its name - V(boolean), V(integer), V(number), V(text), V(time),
                V(bytes), V(list), V(mapping) or V(any), with a question mark behind it where nulls may be among them.
              - SQLite has no booleans and no times; there they are integers and text.
            type: dict
          rows:
            description:
              - The rows themselves, in order, as mappings of the columns that matter, or as lists of values where
                O(statements[].expect.columns) names them.
              - Numbers are compared as numbers, everything else in the form that RV(results[].rows) has.
            type: list
            elements: raw
  write:
    description: Allow statements that change something.
    type: bool
    default: false
  row_limit:
    description:
      - Rows to give back per statement, at the most. No more are read from the server; a warning and
        RV(results[].truncated) tell where there were more.
    type: int
    default: 1000
  timeout:
    description:
      - Seconds that all statements may take together, the connection and waiting for others included. What is not done
        by then is ended, the task fails and everything is undone. V(0), as where it is not given, is no limit.
    type: float
extends_documentation_fragment:
  - ctrlaltplay.paneldb.attributes
  - ctrlaltplay.paneldb.connection
attributes:
  check_mode:
    support: full
    details: What reads after a statement that was left out sees the rows as they are now.
  diff_mode:
    support: none
    details: Only the server knows what a statement changes.
  idempotent:
    support: none
    details: A statement does what it says each time.
notes:
  - The time that each single statement may take is O(statement_timeout).
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
        expect: {affected: 1}
      - statement: DELETE FROM sessions WHERE "expiresAt" < now()

- name: Insist on what is there, within five seconds
  ctrlaltplay.paneldb.query:
    url: "{{ panel_database_url }}"
    timeout: 5
    statements:
      - statement: SELECT username, role FROM users WHERE role = 'ADMIN' ORDER BY username
        expect:
          columns: [username, role]
          types: {username: text}
          count: {min: 1, max: 3}
      - statement: SELECT name, status FROM nodes ORDER BY name LIMIT 1
        expect:
          rows:
            - {name: alpha, status: MAINTENANCE}

- name: The same on MongoDB
  ctrlaltplay.paneldb.query:
    url: "{{ panel_mongodb_url }}"
    statements:
      - statement: {find: nodes, filter: {status: ONLINE}, sort: {name: 1}}
        expect: {count: {min: 1}}
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
  description: What each statement gave, in order.
  returned: success
  type: list
  elements: dict
  contains:
    columns:
      description: Names of the columns. One that is there already gets a number, such as V(id_2).
      type: list
      elements: str
    rows:
      description:
        - Rows as dictionaries. Decimals, UUIDs, object ids and times are text (times in ISO 8601, with their zone where
          they have one), bytes are base64, and so is text that is no UTF-8. Numbers that JSON lacks are the texts
          V(NaN), V(Infinity) and V(-Infinity).
      type: list
      elements: dict
    affected:
      description: Rows that the statement changed.
      type: int
    truncated:
      description: Whether there were more rows than O(row_limit).
      type: bool
    ran:
      description: False where a check run left the statement out, since it would have changed something.
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

import time
from collections.abc import Mapping
from typing import Any

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils._ansible import CONNECTION, Call, Spec, run

EXPECT: Spec = {
    "count": {"type": "raw"},
    "affected": {"type": "raw"},
    "columns": {"type": "list", "elements": "str"},
    "types": {"type": "dict"},
    "rows": {"type": "list", "elements": "raw"},
}
SPEC: Spec = {
    "statements": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "statement": {"type": "raw", "required": True},
            "positional": {"type": "list", "elements": "raw"},
            "named": {"type": "dict"},
            "expect": {"type": "dict", "options": EXPECT},
        },
    },
    "write": {"type": "bool", "default": False},
    "row_limit": {"type": "int", "default": 1000},
    "timeout": {"type": "float"},
}


def execute(call: Call) -> Mapping[str, Any]:
    """Run the statements; in check mode those that read."""
    from paneldb.queries import running
    from paneldb.queries.statements import parse_statements, read_limit, read_timeout

    begun, timeout = time.monotonic(), read_timeout(call.params["timeout"])
    statements = parse_statements(call.params["statements"])
    limit, writes = read_limit(call.params["row_limit"]), call.params["write"] and not call.check_mode
    rehearsed = call.params["write"] and call.check_mode
    with call.connect(read_only=not writes, longest=timeout) as engine:
        if timeout:
            engine.end_by(begun + timeout)
        outcomes = (running.rehearse if rehearsed else running.run)(engine, statements, limit)
        server = engine.server()
    for position, outcome in enumerate(outcomes):
        if outcome.truncated:
            call.warn(f"statements[{position}] has more rows than the {limit} that were read (row_limit).")
    return {
        "changed": call.params["write"] and any(outcome.changed for outcome in outcomes),
        "engine": engine.name,
        "server_version": server.version,
        "results": [outcome.to_data() for outcome in outcomes],
        "statements": [statement.shown for statement in statements],
    }


def main() -> None:
    run(execute, CONNECTION, SPEC)


if __name__ == "__main__":
    main()
