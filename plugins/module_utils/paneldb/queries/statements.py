# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading option ``statements``."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..engines.target import LONGEST_TIME
from ..model.reading import Fields, Place
from .expecting import NOTHING, Expectation, parse_expectation

_KEYS = ("statement", "positional", "named", "expect")


@dataclass(frozen=True)
class BoundStatement:
    """One statement (a text, or a command of a document engine as a mapping) with its values and what it must give."""

    statement: Any = field(repr=False)
    values: Any = field(default=None, repr=False)
    expect: Expectation = NOTHING

    @property
    def shown(self) -> str:
        """What people may see of it: a text, which has marks where values go, or a command without its values."""
        if isinstance(self.statement, str):
            return self.statement
        (command, subject), *others = self.statement.items()
        parts = [f"{command}: {subject if isinstance(subject, (str, int)) else '...'}"]
        return "{" + ", ".join([*parts, *(f"{name}: ..." for name, _unused in others)]) + "}"


def parse_statements(rows: Sequence[Any]) -> tuple[BoundStatement, ...]:
    """Read option ``statements``.

    :raises InputError: where a statement is empty, has values in both ways, or an expectation is none.
    """
    place = Place("option statements")
    return tuple(_parse(row, place.item(position)) for position, row in enumerate(rows))


def read_limit(number: int) -> int:
    """Read option ``row_limit``.

    :raises InputError: where it is below zero.
    """
    if number < 0:
        raise Place("option row_limit").unexpected("a number of rows", number, "0 or more")
    return number


def read_timeout(seconds: float | None) -> float:
    """Read option ``timeout``; 0, which is no limit, where it is not given.

    :raises InputError: where it is below zero, or no time.
    """
    if seconds is None:
        return 0.0
    if not 0 <= seconds <= LONGEST_TIME:
        raise Place("option timeout").unexpected("a time", seconds, "seconds; 0 is no limit")
    return seconds


def _parse(row: Any, place: Place) -> BoundStatement:
    # Options that a task leaves out come as None.
    said = {key: value for key, value in row.items() if value is not None} if isinstance(row, Mapping) else row
    fields = Fields(said, place, _KEYS, "a statement")
    statement = _statement(fields.value("statement"), fields.at("statement"))
    if "positional" in fields and "named" in fields:
        raise place.error("Values come either by position or by name.", expected="positional or named")
    values = fields.items("positional") if "positional" in fields else fields.mapping("named")
    given = "positional" in fields or "named" in fields
    expect = parse_expectation(fields.data["expect"], fields.at("expect")) if "expect" in fields else NOTHING
    return BoundStatement(statement, values if given else None, expect)


def _statement(statement: Any, place: Place) -> Any:
    if isinstance(statement, str) and statement.lstrip().startswith("{"):
        statement = _command(statement, place)
    if not isinstance(statement, (str, dict)):
        raise place.unexpected("a statement", statement, "a text or, on MongoDB, a mapping")
    if not (statement.strip() if isinstance(statement, str) else statement):
        raise place.error("The statement is empty.", expected="one statement")
    return statement


def _command(text: str, place: Place) -> Any:
    """No statement of SQL begins with a brace, so what does is a command in JSON."""
    try:
        return json.loads(text)
    except ValueError as error:
        raise place.error(f"This command is no JSON: {error}.", expected="a mapping") from None
