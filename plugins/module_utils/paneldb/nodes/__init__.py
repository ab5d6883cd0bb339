# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The panel's nodes: registered, renamed, retired and removed in bulk, with their tokens; read, probed and listed.

``plan.plan_nodes`` compares, ``plan.apply_nodes`` writes, ``plan.run_nodes`` does both under the engine's lock. What a
node is made of stands in ``node_table``. Plain columns go through the seeds' comparison, which this builds on; tokens,
renames and whatever a node takes with it when it goes are added here.
"""
