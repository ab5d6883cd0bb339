# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Can run in check mode and say what a real run would change, without changing it.
  diff_mode:
    description: Says in diff mode what differs, before and after.
  idempotent:
    description: A second run with the same options changes nothing.
  platform:
    description: Where the module runs.
    platforms: posix
    support: full
"""
    FULL = r"""
options: {}
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
"""
    INFO = r"""
options: {}
attributes:
  check_mode:
    support: full
    details: Nothing is ever changed.
  diff_mode:
    support: N/A
    details: Nothing is ever changed.
  idempotent:
    support: full
"""
