#!/usr/bin/python
# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: migration
short_description: Write the next migration file from the model
version_added: 1.0.0
description:
  - Compares the model with the state that the migration files lead to and writes the difference as one readable file.
  - Works on the controller and offline; no database is asked and none is changed.
  - A rename that looks likely but is not said (C(renamed_from)) stops it with the question.
author: Ctrl-Alt-Play PanelDB contributors (@ctrl-alt-play)
options:
  model:
    description: File with the model. V(panel) is the model that comes with the collection.
    type: str
    default: panel
  migrations:
    description: Folder for the migration files; created where it is missing.
    type: path
    required: true
  state:
    description:
      - V(present) writes a file where the model has changes that no file has.
      - V(current) writes nothing and fails where there are such changes, for CI.
      - V(squash) replaces all files up to O(target) by one that leads to the same state.
      - V(sealed) writes C(migrations.lock) anew for files that were edited on purpose and that no database has yet.
    type: str
    choices: [present, current, squash, sealed]
    default: present
  name:
    description: What the change is about; becomes part of the file's name.
    type: str
  target:
    description: With O(state=squash), the newest migration to take in; all of them where it is not given.
    type: str
  allow_destructive:
    description:
      - Drops that are meant although they look like one half of a rename, such as V(drop_column servers.motd).
    type: list
    elements: str
    default: []
  keep_steps:
    description: With O(state=squash), labels of steps written by a person that a new database needs.
    type: list
    elements: str
    default: []
  drop_steps:
    description: With O(state=squash), labels of steps written by a person that only moved rows of old databases.
    type: list
    elements: str
    default: []
extends_documentation_fragment:
  - ctrlaltplay.paneldb.attributes
  - ctrlaltplay.paneldb.attributes.full
seealso:
  - module: ctrlaltplay.paneldb.migrate
    description: Applies the files.
"""

EXAMPLES = r"""
- name: Write what changed in the model
  ctrlaltplay.paneldb.migration:
    model: "{{ playbook_dir }}/model.yml"
    migrations: "{{ playbook_dir }}/migrations"
    name: add motd

- name: Fail in CI when somebody forgot to
  ctrlaltplay.paneldb.migration:
    model: "{{ playbook_dir }}/model.yml"
    migrations: "{{ playbook_dir }}/migrations"
    state: current
"""

RETURN = r"""
file:
  description: The file that was written or, in check mode, would be written.
  returned: when there is something to write
  type: str
  sample: /srv/panel/migrations/20261124120000_add_motd.yml
id:
  description: Id of the migration.
  returned: when there is something to write
  type: str
  sample: 20261124120000_add_motd
plan:
  description: The operations, in order.
  returned: success
  type: list
  elements: str
  sample: [add_column servers.motd]
replaced:
  description: Ids of migrations that a squashed one replaces.
  returned: with O(state=squash)
  type: list
  elements: str
hazards:
  description: What to know before it is deployed, as far as it can be told without a server.
  returned: success
  type: list
  elements: dict
"""


from ansible.module_utils.basic import AnsibleModule

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils._ansible import Spec

SPEC: Spec = {
    "model": {"type": "str", "default": "panel"},
    "migrations": {"type": "path", "required": True},
    "state": {"type": "str", "choices": ["present", "current", "squash", "sealed"], "default": "present"},
    "name": {"type": "str"},
    "target": {"type": "str"},
    "allow_destructive": {"type": "list", "elements": "str", "default": []},
    "keep_steps": {"type": "list", "elements": "str", "default": []},
    "drop_steps": {"type": "list", "elements": "str", "default": []},
}


def main() -> None:
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    module.fail_json(msg="This module works on the controller, through the action plugin of the same name.")


if __name__ == "__main__":
    main()
