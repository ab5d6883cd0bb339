# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes of an enum's values.

ALTER TYPE ADD VALUE is cheap but its value cannot be used before the transaction has ended. Where a value goes, the
order changes or a new value is needed at once, the type is made anew and the columns are written over.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Union

from ...model.operations import Execute, Operation
from ...model.schema import Check, Column, Enum, Index, Schema, Table
from . import ddl
from .wording import OPAQUE, default_text, literal, quoted

_FORMER = "_paneldb_former_enum"


def change_enum(
    before: Enum, after: Enum, schema: Schema, database_schema: str, others: Sequence[Operation]
) -> Iterator[str]:
    """Give the statements that lead from the one list of values to the other; ``others`` run in the same change."""
    name = f"{quoted(database_schema)}.{quoted(after.name)}"
    kept = [value for value in after.values if value in before.values]
    new = [value for value in after.values if value not in before.values]
    if kept == list(before.values) and not _needed(new, others):
        yield from _added(name, after, new)
    else:
        yield from _made_anew(name, after, schema, database_schema)


def _needed(values: Sequence[str], others: Sequence[Operation]) -> bool:
    """Tell, rather too often than too seldom, whether one of the other operations may use one of the values."""
    if any(isinstance(each, Execute) for each in others):
        return True
    told = " ".join(repr(each) for each in others)
    return any(repr(value) in told or value in told for value in values)


def _added(name: str, after: Enum, new: Sequence[str]) -> Iterator[str]:
    for position, value in enumerate(after.values):
        if value in new:
            follows = position + 1 == len(after.values) or all(each in new for each in after.values[position:])
            place = "" if follows else f" BEFORE {literal(_next_old(after, position, new))}"
            yield f"ALTER TYPE {name} ADD VALUE {literal(value)}{place}"


def _next_old(after: Enum, position: int, new: Sequence[str]) -> str:
    return next(value for value in after.values[position:] if value not in new)


def _made_anew(name: str, after: Enum, schema: Schema, database_schema: str) -> Iterator[str]:
    holders = [(table, _columns(table, after.name)) for table in schema.tables]
    holders = [(table, columns) for table, columns in holders if columns]
    conditions = [(table, each) for table, columns in holders for each in _reading(table, columns)]
    for table, element in conditions:
        yield _without(table.name, element)
    yield f"ALTER TYPE {name} RENAME TO {quoted(_FORMER)}"
    yield f"CREATE TYPE {name} AS ENUM ({', '.join(map(literal, after.values))})"
    for table, columns in holders:
        parts = [part for column in columns for part in _rewritten(column, name, database_schema)]
        yield f"ALTER TABLE {quoted(table.name)} " + ",\n  ".join(parts)
    yield f"DROP TYPE {quoted(database_schema)}.{quoted(_FORMER)}"
    for table, element in conditions:
        yield _again(table.name, element)


def _columns(table: Table, enum: str) -> list[Column]:
    return [column for column in table.columns if column.type.name == "enum" and column.type.enum == enum]


def _rewritten(column: Column, name: str, database_schema: str) -> Iterator[str]:
    head = f"ALTER COLUMN {quoted(column.name)}"
    if column.default is not None:
        yield f"{head} DROP DEFAULT"
    yield f"{head} TYPE {name} USING {quoted(column.name)}::text::{name}"
    if column.default is not None:
        yield f"{head} SET DEFAULT {default_text(column.default, column.type, database_schema)}"


def _reading(table: Table, columns: Sequence[Column]) -> Iterator[Union[Check, Index]]:
    """Checks and partial indexes that read one of the columns: they compare with constants of the former type."""
    names = {column.name for column in columns}
    yield from (check for check in table.checks if _reads(check.expression, names))
    yield from (index for index in table.indexes if index.where and _reads(index.where, names))


def _reads(text: str, names: set[str]) -> bool:
    if text.startswith(OPAQUE):
        return any(name in text for name in names)
    from ...model.expressions import columns_of, parse

    return not names.isdisjoint(columns_of(parse(text)))


def _without(table: str, element: Union[Check, Index]) -> str:
    if isinstance(element, Index):
        return f"DROP INDEX {quoted(element.name)}"
    return f"ALTER TABLE {quoted(table)} DROP CONSTRAINT {quoted(element.name)}"


def _again(table: str, element: Union[Check, Index]) -> str:
    if isinstance(element, Index):
        return ddl.create_index(table, element)
    return f"ALTER TABLE {quoted(table)} ADD {ddl.constraint_definition(element)}"
