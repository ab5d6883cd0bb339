# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Conditions of checks and partial indexes: from the portable language to PostgreSQL's, and back from what it shows."""

from __future__ import annotations

from decimal import Decimal

from ...model.expression_printer import Dialect, Value, canonical_text
from ...model.expressions import Opaque, number_text
from ..urls import quoted_identifier
from .wording import OPAQUE, literal


class PostgresqlDialect(Dialect):
    """Conditions as PostgreSQL reads them."""

    def identifier(self, name: str) -> str:
        return quoted_identifier(name)

    def literal(self, value: Value) -> str:
        if isinstance(value, str):
            return literal(value)
        if isinstance(value, Decimal):
            return number_text(value)
        return {True: "TRUE", False: "FALSE", None: "NULL"}[value]

    def divide(self, left: str, right: str, nonzero: bool) -> str:
        return f"{left}::numeric / {right if nonzero else f'NULLIF({right}, 0)'}"


def portable(text: str) -> str:
    """Give a condition as the catalogue shows it in canonical text; one that cannot be said so begins with OPAQUE."""
    from ...model.expression_reader import parse_deparsed

    expression = parse_deparsed(text)
    return OPAQUE + text if isinstance(expression, Opaque) else canonical_text(expression)
