# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  accept_hazards:
    description:
      - Codes of blocking hazards that are consented to, such as V(set-not-null). RV(hazards) of a check run names them.
    type: list
    elements: str
    default: []
  allow_destructive:
    description:
      - Operations that may destroy data, such as V(drop_column servers.motd), as RV(plan) of a check run names them.
      - V(all) consents to every one of them.
    type: list
    elements: str
    default: []
  expect_fingerprint:
    description:
      - Run the plan with this fingerprint or nothing. A check run gives it as RV(fingerprint).
    type: str
  plan_only:
    description: Make the plan and stop, as check mode does.
    type: bool
    default: false
"""
