# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules that this server does not keep, looked at before rows are sent.

A server with validators refuses what breaks a rule. On one without (FerretDB), the columns that may not be null, the
longest texts and those checks whose columns are all given are looked at here; what other programs write is not.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from ...errors import ConstraintViolated
from ...model.schema import Check, Column, Table
from ..base import BOOKKEEPING_PREFIX
from .probes import VALIDATORS
from .values import decoder

if TYPE_CHECKING:
    from .engine import MongodbEngine

Row = tuple[Any, ...]


class _Rule(NamedTuple):
    """``broken`` tells whether a row breaks the rule ``name``, which ``says`` something to people."""

    name: str
    says: str
    broken: Callable[[Row], bool]


def verified(
    engine: MongodbEngine,
    table: Table,
    columns: Sequence[str],
    rows: Iterable[Row],
    *,
    given: Sequence[str] | None = None,
    defaults: Container[str] | None = None,
) -> Iterable[Row]:
    """Give the rows back, and stop at the first one that breaks a rule that nobody else looks at.

    ``given`` are the columns that are written, all of them where it is not said. ``defaults`` are the columns of new
    rows that have a value although they are not given; None where rows are not new.

    :raises ConstraintViolated: with ``row``.
    """
    if engine.probes.can(VALIDATORS) or table.name.startswith(BOOKKEEPING_PREFIX):
        return rows
    written = columns if given is None else given
    rules = [*_rules(table, columns, written)]
    if defaults is not None:
        rules += _missing(table, columns, defaults)
    never_null = [*_never_null(table, columns, written)]
    return _looked_at(table, rows, never_null, rules) if rules or never_null else rows


def _looked_at(table: Table, rows: Iterable[Row], never_null: Sequence[_Rule], rules: Sequence[_Rule]) -> Iterator[Row]:
    for number, row in enumerate(rows):
        if None in row:
            for rule in never_null:
                if rule.broken(row):
                    raise _broken(table, rule, number)
        for rule in rules:
            if rule.broken(row):
                raise _broken(table, rule, number)
        yield row


def _broken(table: Table, rule: _Rule, number: int) -> ConstraintViolated:
    return ConstraintViolated(
        f"Writing rows to {table.name}: {rule.says}. Row {number} (0 is the first) is to blame.",
        hint="Change the row, or the rule in the model.",
        row=number,
        table=table.name,
        constraint=rule.name,
    )


def _place(columns: Sequence[str], name: str) -> int:
    """Give where the value stands that is written: in an update behind the one that the row is found by."""
    return len(columns) - 1 - list(reversed(columns)).index(name)


def _never_null(table: Table, columns: Sequence[str], given: Sequence[str]) -> Iterator[_Rule]:
    for column in (table.column(name) for name in dict.fromkeys(given)):
        if not column.null:
            yield _Rule(column.name, f"{column.name} must not be null", _is_null(_place(columns, column.name)))


def _rules(table: Table, columns: Sequence[str], given: Sequence[str]) -> Iterator[_Rule]:
    for column in (table.column(name) for name in dict.fromkeys(given)):
        at = _place(columns, column.name)
        if column.type.name == "string":
            yield _Rule(column.name, f"{column.name} takes {column.type.length} characters", _is_longer(column, at))
    for check in table.checks:
        broken = _breaks(check, table, columns, given)
        if broken is not None:
            yield _Rule(check.name, f"the check {check.name} does not hold", broken)


def _missing(table: Table, columns: Sequence[str], defaults: Container[str]) -> Iterator[_Rule]:
    for column in table.columns:
        if not (column.null or column.name in columns or column.name in defaults):
            yield _Rule(column.name, f"{column.name} must not be null", lambda _row: True)


def _is_null(at: int) -> Callable[[Row], bool]:
    return lambda row: row[at] is None


def _is_longer(column: Column, at: int) -> Callable[[Row], bool]:
    longest = column.type.length
    return lambda row: row[at] is not None and len(row[at]) > longest


def _breaks(check: Check, table: Table, columns: Sequence[str], given: Sequence[str]) -> Callable[[Row], bool] | None:
    """Give what tells that a row breaks the check, None where that cannot be told by what is given."""
    from ...model.expression_evaluator import evaluator
    from ...model.expressions import columns_of, parse

    expression = parse(check.expression)
    names = columns_of(expression)
    if not names or not names.issubset(columns) or names.isdisjoint(given):
        return None
    keeps = evaluator(expression)
    places = {name: _place(columns, name) for name in names}
    decoders = {name: decoder(table.column(name)) for name in names}

    def broken(row: Row) -> bool:
        values = {name: row[at] for name, at in places.items()}
        decoded = {name: _logical(value, decoders[name]) for name, value in values.items()}
        return keeps(decoded) is False

    return broken


def _logical(value: Any, decode: Callable[[Any], Any] | None) -> Any:
    return value if decode is None else decode(value)
