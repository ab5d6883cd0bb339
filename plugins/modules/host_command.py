#!/usr/bin/python
# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: host_command
short_description: Install the host command, with what it works on
version_added: 1.0.0
description:
  - Installs C(paneldb), one file made of the same code that the modules run, for cron and for whoever looks after the
    database. It needs the host's Python and what the engine needs, and nothing else.
  - Puts the model, the migrations, the seeds and the settings that it works with beside it. These folders then hold
    what the options name, and nothing else.
  - Everything is compared first and sent in one go. Files are written whole or not at all, and only where they differ.
  - What is kept in Ansible Vault is for the controller. A seed that holds any of it stays off the host, see
    RV(left_out); a model or a migration cannot.
author: Ctrl-Alt-Play PanelDB contributors (@ctrl-alt-play)
options:
  path:
    description: Where the command is installed.
    type: path
    default: /usr/local/bin/paneldb
  python:
    description: Interpreter that runs the command, an absolute path without blanks.
    type: str
    default: /usr/bin/python3
  share:
    description: Folder for C(model), C(migrations) and C(seeds). Seeds can be read by their owner alone.
    type: path
    default: /usr/local/share/paneldb
  model:
    description: File with the model, read on the controller. V(panel) is the model that comes with the collection.
    type: str
    default: panel
  migrations:
    description: Folder with migrations, read on the controller. V(panel) is the one that comes with the collection.
    type: str
    default: panel
  seeds:
    description:
      - Files and folders with seeds, read on the controller. V(panel) is what comes with the collection.
      - Seeds that are written in the task itself stay off the host.
    type: list
    elements: raw
    default: [panel]
  settings_file:
    description: Settings of the command. Only its owner can read the file and its folder.
    type: path
    default: /etc/paneldb/paneldb.env
  settings:
    description:
      - Settings by name, such as C(DATABASE_URL). Where the model, migrations and seeds are is added to them.
      - Without this option there is no settings file of this module, and one that is there stays as it is.
      - They are sent to the host sealed and appear in no result, diff or log.
    type: dict
  sealed:
    description:
      - Files and secrets of the controller in one string. The action plugin fills it; nobody writes it by hand.
    type: str
  core:
    description:
      - The code of the collection itself, as the host runs it. The action plugin fills it; nobody writes it by hand.
    type: dict
extends_documentation_fragment:
  - ctrlaltplay.paneldb.attributes
  - ctrlaltplay.paneldb.attributes.full
seealso:
  - module: ctrlaltplay.paneldb.migrate_info
"""

EXAMPLES = r"""
- name: The host command, for the panel's own schema
  ctrlaltplay.paneldb.host_command:
    settings:
      DATABASE_URL: "{{ panel_url }}"
      PANELDB_ENVIRONMENT: production
  become: true

- name: The same for an account without root
  ctrlaltplay.paneldb.host_command:
    path: ~/.local/bin/paneldb
    share: ~/.local/share/paneldb
    settings_file: ~/.config/paneldb/paneldb.env
    settings:
      DATABASE_URL: sqlite:////home/panel/panel.db
"""

RETURN = r"""
path:
  description: Where the command is.
  returned: success
  type: str
  sample: /usr/local/bin/paneldb
written:
  description: Files that were written; in check mode, that would be.
  returned: success
  type: list
  elements: str
removed:
  description: Files of the folders that were removed, because no option names them; in check mode, that would be.
  returned: success
  type: list
  elements: str
left_out:
  description: Seeds that stay off the host, each with the reason.
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

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils._ansible import Call, Spec, run

SPEC: Spec = {
    "path": {"type": "path", "default": "/usr/local/bin/paneldb"},
    "python": {"type": "str", "default": "/usr/bin/python3"},
    "share": {"type": "path", "default": "/usr/local/share/paneldb"},
    "model": {"type": "str", "default": "panel"},
    "migrations": {"type": "str", "default": "panel"},
    "seeds": {"type": "list", "elements": "raw", "default": ["panel"]},
    "settings_file": {"type": "path", "default": "/etc/paneldb/paneldb.env"},
    "settings": {"type": "dict", "no_log": True},
    "sealed": {"type": "str", "no_log": True},
    "core": {"type": "dict", "no_log": True},
}


def install(call: Call) -> Mapping[str, Any]:
    """Compare and, outside check mode, write; ask for the command's content only where it is needed."""
    from paneldb.host import installing, layout

    folders, files = layout.lay_out(call.params, {name: call.documents(name) for name in layout.DOCUMENTS})
    changes = installing.compare(folders, files)
    if not call.check_mode:
        if changes.lacking:
            return {"lacking": changes.lacking}
        installing.carry_out(changes)
    return {
        "changed": changes.changed,
        "path": call.params["path"],
        "written": [file.path for file in changes.files],
        "removed": changes.stale,
        "left_out": call.documents("left_out"),
        "diff": {"before": changes.before, "after": changes.after},
    }


def main() -> None:
    run(install, SPEC)


if __name__ == "__main__":
    main()
