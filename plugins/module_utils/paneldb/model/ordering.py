# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The order in which tables can be made and removed: whoever refers comes after, and goes before."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from .schema import ForeignKey, Table


def creation_order(tables: Iterable[Table]) -> tuple[list[Table], list[tuple[str, ForeignKey]]]:
    """Sort tables so that each one comes after those it refers to, by name where they do not care.

    In a ring of references the keys that close it are taken out, nullable ones where there are any. They are given
    apart, each with the name of its table, to be added once all tables are there.
    """
    waiting = {table.name: table for table in sorted(tables, key=lambda table: table.name)}
    ordered: list[Table] = []
    taken_out: list[tuple[str, ForeignKey]] = []
    while waiting:
        table = _next(list(waiting.values()))
        del waiting[table.name]
        closing = [key for key in table.foreign_keys if key.ref_table in waiting]
        taken_out.extend((table.name, key) for key in closing)
        kept = tuple(key for key in table.foreign_keys if key not in closing)
        ordered.append(replace(table, foreign_keys=kept) if closing else table)
    return ordered, taken_out


def removal_order(tables: Iterable[Table]) -> tuple[list[str], list[tuple[str, ForeignKey]]]:
    """Sort names of tables so that each one goes before those it refers to.

    Also give the foreign keys that must go first because they close a ring, each with the name of its table.
    """
    ordered, closing = creation_order(tables)
    return [table.name for table in reversed(ordered)], closing


def _next(waiting: list[Table]) -> Table:
    """The first table without obstacles, else the one with the fewest; required keys weigh more."""
    names = {table.name for table in waiting}
    free = next((table for table in waiting if _obstacles(table, names) == (0, 0)), None)
    return free or min(waiting, key=lambda table: _obstacles(table, names))


def _obstacles(table: Table, waiting: set[str]) -> tuple[int, int]:
    """How many required and how many nullable foreign keys point at tables that are still to come."""
    required = nullable = 0
    for key in table.foreign_keys:
        if key.ref_table in waiting and key.ref_table != table.name:
            if all(table.column(column).null for column in key.columns):
                nullable += 1
            else:
                required += 1
    return required, nullable
