#!/usr/bin/python
# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: user
short_description: Add users of the panel, and give them new passwords
version_added: 1.0.0
description:
  - Makes sure that users are there who can sign in to the panel, each with a role, all in one transaction.
  - Passwords become bcrypt hashes at the panel's cost, on the host, and only where the one that is there is of another
    password.
  - Works on the panel's tables C(users) and C(sessions) on every engine.
  - These are the people who use the panel. Accounts of the database itself are not meant.
author: Ctrl-Alt-Play PanelDB contributors (@ctrl-alt-play)
options:
  users:
    description:
      - The users. They travel sealed.
    type: list
    elements: dict
    required: true
    suboptions:
      username:
        description: Name to sign in with.
        type: str
        required: true
      email:
        description: Address. A new user needs one.
        type: str
      role:
        description: One of the model's roles, such as V(ADMIN), V(MODERATOR) or V(USER). A new user is a V(USER).
        type: str
      password:
        description: The password. A new user needs one.
        type: str
      update_password:
        description:
          - With V(on_create) a user who is there keeps the password, which may have been chosen in the panel.
          - With V(always) the one that is given counts.
        type: str
        choices: [on_create, always]
        default: on_create
      must_exist:
        description: Refuse to make a new user, so that a misspelt name does not become one.
        type: bool
        default: false
      end_sessions:
        description: End all sessions that the user has, each time that the task runs.
        type: bool
        default: false
  model:
    description: File with the model, read on the controller. V(panel) is the model that comes with the collection.
    type: str
    default: panel
extends_documentation_fragment:
  - ctrlaltplay.paneldb.attributes
  - ctrlaltplay.paneldb.attributes.full
  - ctrlaltplay.paneldb.connection
requirements:
  - bcrypt on the host, for passwords
seealso:
  - module: ctrlaltplay.paneldb.seed
    description: Rows of any table, the first administrator among them.
"""

EXAMPLES = r"""
- name: Somebody new
  ctrlaltplay.paneldb.user:
    engine: sqlite
    path: /srv/panel/panel.db
    users:
      - username: ann
        email: ann@example.org
        role: MODERATOR
        password: "{{ vault_ann_password }}"

- name: A new password for somebody who forgot it; whoever is signed in with the old one is signed out
  ctrlaltplay.paneldb.user:
    url: "{{ panel_database_url }}"
    users:
      - username: ann
        password: "{{ vault_ann_new_password }}"
        update_password: always
        must_exist: true
        end_sessions: true
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
  description: How many users were created, updated, left as they were, and kept a password of their own.
  returned: success
  type: dict
  sample: {created: 1, updated: 0, unchanged: 0, protected: 0, pruned: 0}
tables:
  description: The same counts by table.
  returned: success
  type: dict
missing_tables:
  description: In check mode, tables that do not exist yet and count as empty.
  returned: success
  type: list
  elements: str
left_out:
  description: Always empty here.
  returned: success
  type: list
  elements: str
sessions_ended:
  description: How many sessions were ended.
  returned: success
  type: int
  sample: 2
duration_ms:
  description: Milliseconds that the module worked.
  returned: success
  type: float
  sample: 250.0
"""

from collections.abc import Mapping
from typing import Any

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils._ansible import CONNECTION, Call, Spec, run

SPEC: Spec = {
    "users": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "username": {"type": "str", "required": True},
            "email": {"type": "str"},
            "role": {"type": "str"},
            "password": {"type": "str", "no_log": True},
            "update_password": {
                "type": "str",
                "choices": ["on_create", "always"],
                "default": "on_create",
                "no_log": False,
            },
            "must_exist": {"type": "bool", "default": False},
            "end_sessions": {"type": "bool", "default": False},
        },
    },
    "model": {"type": "str", "default": "panel"},
}


def ensure(call: Call) -> Mapping[str, Any]:
    """Plan and, outside check mode, write."""
    from paneldb.seeds.users import parse_users, run_users

    users, model = parse_users(call.params["users"]), call.model()
    with call.connect(read_only=call.check_mode) as engine:
        return run_users(engine, model, users, check=call.check_mode).to_data()


def main() -> None:
    run(ensure, CONNECTION, SPEC)


if __name__ == "__main__":
    main()
