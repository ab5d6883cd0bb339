# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows by natural key, from files: compared first, then only the difference is written, all in one transaction.

``plan.plan_seeds`` compares, ``plan.apply_seeds`` writes, ``plan.run_seeds`` does both under the engine's lock.
"""
