# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter ``mask_url``."""

from __future__ import annotations

from collections.abc import Callable

from ansible.errors import AnsibleFilterError

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import PanelDbError

DOCUMENTATION = r"""
name: mask_url
version_added: 1.0.0
short_description: Put stars in place of the secrets of a database URL
description:
  - Gives the same URL, fit to be shown.
author: Ctrl-Alt-Play PanelDB contributors (@ctrl-alt-play)
options:
  _input:
    description: The URL.
    type: str
    required: true
seealso:
  - plugin: ctrlaltplay.paneldb.database_url
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Say where the panel's database is
  ansible.builtin.debug:
    msg: "{{ panel_database_url | ctrlaltplay.paneldb.mask_url }}"
"""

RETURN = r"""
_value:
  description: The URL, with C(***) where the password stood.
  type: str
"""


def mask_url(url: str) -> str:
    """Mask the secrets of a URL.

    :raises AnsibleFilterError: where it is none.
    """
    from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import parse_target
    from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.urls import to_url

    try:
        return to_url(parse_target({"url": url}), mask=True)
    except PanelDbError as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    """What Ansible asks for filters."""

    def filters(self) -> dict[str, Callable[..., str]]:
        return {"mask_url": mask_url}
