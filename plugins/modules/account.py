#!/usr/bin/python
# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: account
short_description: Accounts of the database, each with the rights of a profile
version_added: 1.0.0
description:
  - Makes sure that accounts are there, can log in, and may do what their profile says and no more; or that they are
    gone.
  - Rights are compared one by one. What an account has beyond its profile on this database, or on the server as a
    whole, is taken away, and so are roles that are not those of its profile.
  - Tables that future migrations make are covered.
  - These are accounts of the database. People who sign in to the panel are rows of its table, see
    M(ctrlaltplay.paneldb.user).
author: Ctrl-Alt-Play PanelDB contributors (@ctrl-alt-play)
options:
  accounts:
    description:
      - The accounts. They travel sealed.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description:
          - Name of the account.
          - On SQLite, with O(accounts[].profile=owner) an account of the operating system, else a group of it.
        type: str
        required: true
      profile:
        description:
          - V(owner) owns the database and changes the schema, as migrations do. There is one of it at the most.
          - V(app) reads and writes the rows of the model's tables.
          - V(read-only) reads them.
          - V(backup) has what the backup programs of the engine need.
          - V(monitor) reads statistics of the server and no row.
          - Needed with O(accounts[].state=present).
        type: str
        choices: [owner, app, read-only, backup, monitor]
      state:
        description: Whether the account is there.
        type: str
        choices: [present, absent]
        default: present
      host:
        description:
          - On MySQL, where the account may come from. V(%) where nothing is said, and V(localhost) for one that comes
            by the socket.
        type: str
      password:
        description:
          - The password, from Ansible Vault. It is compared with what the server keeps and only written where it is not
            that one.
          - One who is there keeps the password where none is given.
        type: str
      password_file:
        description: File on the host with the password in its first line.
        type: str
      auth:
        description:
          - V(socket) accounts have no password. The server knows them by the account of the operating system at the
            other end of its socket, which on PostgreSQL takes a line C(peer) in C(pg_hba.conf).
        type: str
        choices: [password, socket]
        default: password
      require_tls:
        description:
          - On MySQL, refuse the account without TLS. On PostgreSQL that is said in C(pg_hba.conf), and not supported
            here.
        type: bool
        default: false
      reassign_to:
        description:
          - With O(accounts[].state=absent) on PostgreSQL, who gets what the account owns. An account that owns
            something is not removed without it.
        type: str
extends_documentation_fragment:
  - ctrlaltplay.paneldb.attributes
  - ctrlaltplay.paneldb.attributes.full
  - ctrlaltplay.paneldb.connection
notes:
  - The connection is that of somebody who may make accounts and read what the server keeps of passwords, such as the
    superuser over the socket.
seealso:
  - module: ctrlaltplay.paneldb.database
    description: Makes the database, with its owner.
"""

EXAMPLES = r"""
- name: Who may do what with the panel's database
  ctrlaltplay.paneldb.account:
    engine: postgresql
    login_user: postgres
    database: panel
    accounts:
      - {name: panel_owner, profile: owner, password: "{{ vault_owner_password }}"}
      - {name: panel, profile: app, password: "{{ vault_panel_password }}"}
      - {name: report, profile: read-only, password_file: /etc/paneldb/report.password}
      - {name: backup, profile: backup, auth: socket}
      - {name: exporter, profile: monitor, auth: socket}
      - {name: intern, state: absent, reassign_to: panel_owner}
  become: true
  become_user: postgres

- name: The same words for a file - its owner and its group
  ctrlaltplay.paneldb.account:
    engine: sqlite
    path: /srv/panel/panel.db
    accounts:
      - {name: panel, profile: owner}
      - {name: panel-readers, profile: read-only}
  become: true
"""

RETURN = r"""
engine:
  description: The engine.
  returned: success
  type: str
  sample: postgresql
accounts:
  description: What became of each account, in the order of doing it.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Its name.
      type: str
    profile:
      description: Its profile; empty for one that is to be gone.
      type: str
    outcome:
      description: One of V(created), V(changed), V(unchanged), V(removed), V(absent).
      type: str
    notes:
      description: What this engine cannot do as the profile says.
      type: list
      elements: str
statements:
  description: What was run or, in check mode, would be run. Passwords are not in it.
  returned: success
  type: list
  elements: str
counts:
  description: Numbers of statements and of accounts by what became of them.
  returned: success
  type: dict
  sample: {created: 2, statements: 14}
duration_ms:
  description: Milliseconds that the module worked.
  returned: success
  type: float
  sample: 42.5
"""

from collections.abc import Mapping
from typing import Any

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils._ansible import CONNECTION, Call, Spec, run

SPEC: Spec = {
    "accounts": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "name": {"type": "str", "required": True},
            "profile": {"type": "str", "choices": ["owner", "app", "read-only", "backup", "monitor"]},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "host": {"type": "str"},
            "password": {"type": "str", "no_log": True},
            "password_file": {"type": "str", "no_log": False},
            "auth": {"type": "str", "choices": ["password", "socket"], "default": "password"},
            "require_tls": {"type": "bool", "default": False},
            "reassign_to": {"type": "str"},
        },
    },
}


def ensure(call: Call) -> Mapping[str, Any]:
    """Plan and, outside check mode, apply."""
    from paneldb import accounts

    plan = accounts.plan(call.target, accounts.parse_accounts(call.params["accounts"]))
    if not call.check_mode:
        accounts.apply(plan)
    for account in plan.accounts:
        for note in account.notes:
            call.warn(f"{account.name} ({account.profile}): {note}")
    return plan.to_data()


def main() -> None:
    run(ensure, CONNECTION, SPEC)


if __name__ == "__main__":
    main()
