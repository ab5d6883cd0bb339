# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Statements that a person wrote: bound values, one transaction, expectations of what comes back.

``statements.parse_statements`` reads them, ``running.run`` and, in check mode, ``running.rehearse`` run them.
"""
