# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Conditions of checks and partial indexes, to SQLite and back."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from ...model.schema import Table
from .words import quote

if TYPE_CHECKING:
    from ...model.expressions import Dialect

OPAQUE = "opaque:"


def condition_sql(condition: str, table: Table) -> str:
    """Write a condition, given in canonical text, as SQLite has it."""
    from ...model.expressions import parse, render

    if condition.startswith(OPAQUE):
        return condition[len(OPAQUE) :]
    decimals = frozenset(column.name for column in table.columns if column.type.name == "decimal")
    return render(parse(condition), _dialect(decimals))


@cache
def read_condition(sql: str) -> str:
    """Give SQLite's text of a condition as canonical text; what is outside the language comes back as ``opaque:``."""
    from ...model.expression_reader import parse_deparsed
    from ...model.expressions import Opaque, canonical_text

    expression = parse_deparsed(sql)
    return OPAQUE + sql if isinstance(expression, Opaque) else canonical_text(expression)


@cache
def _dialect(decimals: frozenset[str]) -> Dialect:
    from decimal import Decimal

    from ...model.expressions import Dialect, glob_from_like, number_text
    from .words import literal

    class _SqliteDialect(Dialect):
        def identifier(self, name: str) -> str:
            return quote(name)

        def column(self, name: str) -> str:
            """Decimals are kept as text, and must compare as numbers."""
            return f"CAST({quote(name)} AS NUMERIC)" if name in decimals else quote(name)

        def literal(self, value: object) -> str:
            if isinstance(value, str):
                return literal(value)
            if isinstance(value, Decimal):
                return number_text(value)
            return {True: "TRUE", False: "FALSE"}.get(value, "NULL")  # type: ignore[call-overload, no-any-return]

        def like(self, operand: str, pattern: str, negated: bool) -> str:
            return f"{operand} {'NOT ' if negated else ''}GLOB {literal(glob_from_like(pattern))}"

        def divide(self, left: str, right: str, nonzero: bool) -> str:  # noqa: ARG002 - dividing by zero gives null
            return f"CAST({left} AS REAL) / {right}"

        def call(self, name: str, arguments: Sequence[str]) -> str:
            return f"{name}({', '.join(arguments)})"

    return _SqliteDialect()
