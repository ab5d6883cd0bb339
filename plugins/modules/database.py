#!/usr/bin/python
# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: database
short_description: Create, change or remove the database itself
version_added: 1.0.0
description:
  - Makes sure that the database is there with the settings that are given, or that it is gone.
  - On SQLite the database is a file; its folder is created, its mode and journal are settings.
  - On PostgreSQL the schema that O(schema) names is created with it, and sessions are set to UTC.
  - On MySQL and MariaDB its text is utf8mb4, and compared exactly (C(utf8mb4_0900_bin), or C(utf8mb4_nopad_bin) on
    MariaDB), as on the other engines, unless O(collation) says otherwise.
  - What an engine does not have is an error that says so.
author: Ctrl-Alt-Play PanelDB contributors (@ctrl-alt-play)
options:
  state:
    description: Whether the database is there.
    type: str
    choices: [present, absent]
    default: present
  confirm:
    description: With O(state=absent), the name of the database (the file's name on SQLite). Anything else is refused.
    type: str
  owner:
    description:
      - Role that owns the database, or account that owns the file. Unchanged when not given.
      - On MySQL the account that has all rights on the database, such as V(panel) or V(panel@10.0.0.%).
    type: str
  owner_password:
    description:
      - Password of the owner, on PostgreSQL and MySQL. One that is missing is made with it, and may log in.
      - It is sent as what the server keeps of it (a SCRAM verifier, or a hash), and only where what is there is not of
        this password.
    type: str
  group:
    description: Group of the file, on SQLite.
    type: str
  mode:
    description: Permissions of the file on SQLite, in octal. A new file gets V(0600) where none is given.
    type: str
  journal_mode:
    description: Journal of the file, on SQLite. A new file gets V(wal) where none is given.
    type: str
    choices: [wal, delete]
  encoding:
    description:
      - Encoding of a new database, on PostgreSQL. It cannot change later.
      - On MySQL utf8mb4 (V(UTF8)) is the only one, and can be made that of new tables.
    type: str
  collation:
    description:
      - Collation and character classes of a new database, on PostgreSQL. They cannot change later.
      - On MySQL the collation of the database and of new tables of others; tables of the model have the exact one.
    type: str
extends_documentation_fragment:
  - ctrlaltplay.paneldb.attributes
  - ctrlaltplay.paneldb.attributes.full
  - ctrlaltplay.paneldb.connection
seealso:
  - module: ctrlaltplay.paneldb.schema
"""

EXAMPLES = r"""
- name: A database in one file
  ctrlaltplay.paneldb.database:
    engine: sqlite
    path: /srv/panel/panel.db
    owner: panel

- name: A database on PostgreSQL, by the superuser over the socket
  ctrlaltplay.paneldb.database:
    engine: postgresql
    login_user: postgres
    database: panel
    owner: panel
    owner_password: "{{ panel_password }}"
    encoding: UTF8
  become: true
  become_user: postgres

- name: Remove it, said twice on purpose
  ctrlaltplay.paneldb.database:
    engine: postgresql
    login_user: postgres
    database: panel_old
    state: absent
    confirm: panel_old
  become: true
  become_user: postgres
"""

RETURN = r"""
engine:
  description: The engine.
  returned: success
  type: str
  sample: sqlite
database:
  description: Settings of the database after the run; in check mode as a real run would leave them.
  returned: success and O(state=present)
  type: dict
  sample: {mode: "0600", journal_mode: wal}
statements:
  description: What was run or, in check mode, would be run.
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

SETTINGS: Spec = {
    "owner": {"type": "str"},
    "owner_password": {"type": "str", "no_log": True},
    "group": {"type": "str"},
    "mode": {"type": "str"},
    "journal_mode": {"type": "str", "choices": ["wal", "delete"]},
    "encoding": {"type": "str"},
    "collation": {"type": "str"},
}
SPEC: Spec = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "confirm": {"type": "str"},
}


def ensure(call: Call) -> Mapping[str, Any]:
    """Plan the database's settings, or its end, and apply."""
    from paneldb import databases

    wanted = {name: call.params[name] for name in SETTINGS if call.params[name] is not None}
    plan = databases.plan(call.target, call.params["state"], wanted, confirm=call.params["confirm"] or "")
    if not call.check_mode:
        databases.apply(plan)
    return plan.to_data()


def main() -> None:
    run(ensure, CONNECTION, SETTINGS, SPEC, required_if=[("state", "absent", ("confirm",))])


if __name__ == "__main__":
    main()
