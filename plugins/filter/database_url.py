# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter ``database_url``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import PanelDbError

DOCUMENTATION = r"""
name: database_url
version_added: 1.0.0
short_description: Write the parts of a connection as one URL
description:
  - Gives the URL that applications read from C(DATABASE_URL), with every character percent-encoded where it must be.
author: Ctrl-Alt-Play PanelDB contributors (@ctrl-alt-play)
positional: style
options:
  _input:
    description: The connection, in the options that all modules of the collection take.
    type: dict
    required: true
  style:
    description: Whose form to write. V(generic) is what the modules read back.
    type: str
    choices: [generic, prisma, sqlalchemy]
    default: generic
seealso:
  - plugin: ctrlaltplay.paneldb.mask_url
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Show the URL that Prisma wants
  ansible.builtin.debug:
    msg: "{{ {'engine': 'sqlite', 'path': '/srv/panel/panel.db'} | ctrlaltplay.paneldb.database_url('prisma') }}"
"""

RETURN = r"""
_value:
  description: The URL. It holds the password, where there is one.
  type: str
"""


def database_url(connection: Mapping[str, Any], style: str = "generic") -> str:
    """Write the connection as a URL.

    :raises AnsibleFilterError: where a part is wrong.
    """
    from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import parse_target
    from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.urls import to_url

    try:
        return to_url(parse_target(connection), mask=False, style=style)
    except PanelDbError as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    """What Ansible asks for filters."""

    def filters(self) -> dict[str, Callable[..., str]]:
        return {"database_url": database_url}
