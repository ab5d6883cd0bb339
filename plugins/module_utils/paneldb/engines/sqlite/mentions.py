# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which columns an element of a table uses."""

from __future__ import annotations

from typing import Union

from ...model.schema import Check, ForeignKey, Index, PrimaryKey, Unique
from .conditions import OPAQUE

Rule = Union[PrimaryKey, Unique, ForeignKey, Check, Index]


def columns_of_element(element: Rule) -> frozenset[str] | None:
    """Give the names of the columns, or None where a foreign text hides them."""
    if isinstance(element, (PrimaryKey, Unique, ForeignKey)):
        return frozenset(element.columns)
    if isinstance(element, Check):
        return _columns_of(element.expression)
    names = frozenset(column.name for column in element.columns)
    if any(name.startswith(OPAQUE) for name in names):
        return None
    inside = _columns_of(element.where) if element.where else frozenset()
    return None if inside is None else names | inside


def _columns_of(condition: str) -> frozenset[str] | None:
    if condition.startswith(OPAQUE):
        return None
    from ...model.expressions import columns_of, parse

    return frozenset(columns_of(parse(condition)))
