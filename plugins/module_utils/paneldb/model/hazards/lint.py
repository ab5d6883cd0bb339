# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is unwise about a schema as a whole, before it holds a single row."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from ..naming import LONGEST_NAME
from ..plan import INFO, WARN, Hazard
from ..schema import Index, Schema, Table

#: Bytes that an entry of an index may take: a third of a page on PostgreSQL; MySQL takes 3,072.
_WIDEST_INDEX = 2704
_MOST_COLUMNS = 5
_UNBOUNDED = ("text", "json", "bytes")

_MONEY = re.compile(r"price|amount|cost|balance|fee|salary|money|currency|payment|invoice|total", re.IGNORECASE)
_WITHOUT_ZONE = re.compile(r"^(timestamp without time zone|timestamp|datetime)\b", re.IGNORECASE)
_PADDED = re.compile(r"^(char|character|bpchar)\b(?! varying)", re.IGNORECASE)


class _Key(NamedTuple):
    """Anything that keeps columns in order: ``fixed`` ones enforce a rule, so they are never the one too many."""

    name: str
    columns: tuple[str, ...]
    where: str
    fixed: bool


def lint(schema: Schema, tables: frozenset[str] | None = None) -> tuple[Hazard, ...]:
    """Give what is unwise, in order of place; of these tables alone where they are named. Nothing here blocks."""
    found = list(_scope("", [table.name for table in schema.tables]))
    found.extend(_scope("", [enum.name for enum in schema.enums]))
    for table in schema.tables:
        if tables is not None and table.name not in tables:
            continue
        found.extend(_names(table))
        found.extend(_columns(table))
        found.extend(_indexes(table))
        found.extend(_keys_without_index(table))
        found.extend(_wide(table))
    return tuple(sorted(found, key=lambda hazard: (hazard.operation, hazard.code, hazard.message)))


def _names(table: Table) -> Iterator[Hazard]:
    yield from _scope(table.name, list(table.column_names))
    rules = (rule.name for rule in table.elements() if rule.kind not in ("column", "primary_key"))
    yield from _scope(table.name, list(rules))


def _scope(holder: str, names: list[str]) -> Iterator[Hazard]:
    from .words import RESERVED

    if _unremarkable(names) and RESERVED.isdisjoint(map(str.upper, names)):
        return
    seen: dict[str, str] = {}
    for name in names:
        place = f"{holder}.{name}" if holder else name
        if len(name.encode()) > LONGEST_NAME:
            message = f"The name has {len(name.encode())} bytes; PostgreSQL cuts it to {LONGEST_NAME} in silence."
            yield Hazard("identifier-too-long", WARN, place, message, "Choose a shorter name.")
        if name.upper() in RESERVED:
            message = f"{name} is a word of SQL: whoever writes it without quotes gets an error, or something else."
            yield Hazard("reserved-word", INFO, place, message, "Choose another name.")
        other = seen.setdefault(name.casefold(), name)
        if other != name:
            message = f"{name} and {other} differ in case alone; SQLite, and MySQL on some systems, take them for one."
            yield Hazard("case-collision", WARN, place, message, "Choose another name.")


def _unremarkable(names: list[str]) -> bool:
    """Tell at once of names that are short and unlike, as nearly all are."""
    longest = max(map(len, map(str.encode, names)), default=0)
    return longest <= LONGEST_NAME and len(set(map(str.casefold, names))) == len(names)


def _columns(table: Table) -> Iterator[Hazard]:
    for column in table.columns:
        place = f"{table.name}.{column.name}"
        foreign = column.type.arguments[0] if column.type.name == "foreign" else ""
        if column.type.name == "float" and _MONEY.search(column.name):
            message = "A float cannot hold most amounts of money exactly, and sums drift."
            yield Hazard("money-as-float", WARN, place, message, "Use decimal(p,s), or whole cents.")
        if _WITHOUT_ZONE.search(foreign):
            message = "Times without a zone mean another moment to every session."
            yield Hazard("timestamp-without-zone", WARN, place, message, "Use timestamp.")
        if _PADDED.search(foreign):
            message = "Values are filled with blanks to their length, and compare as if they had none."
            yield Hazard("char-type", WARN, place, message, "Use string(n).")


def _indexes(table: Table) -> Iterator[Hazard]:
    keys = list(_keys(table))
    for position, key in enumerate(keys):
        if key.fixed:
            continue
        for other_position, other in enumerate(keys):
            if other_position == position or other.where not in ("", key.where):
                continue
            place = f"{table.name}.{key.name}"
            same = other.columns == key.columns and other.where == key.where
            if same and (other.fixed or other_position < position):
                message = f"{other.name} holds the same columns; each write pays for both."
                yield Hazard("duplicate-index", WARN, place, message, f"Drop {key.name}.")
            elif len(other.columns) > len(key.columns) and other.columns[: len(key.columns)] == key.columns:
                message = f"{other.name} begins with the same columns and serves the same queries."
                yield Hazard("index-prefix-of-another", INFO, place, message, f"Drop {key.name}.")


def _keys(table: Table) -> Iterator[_Key]:
    if table.primary_key is not None:
        yield _Key("the primary key", table.primary_key.columns, "", fixed=True)
    for unique in table.uniques:
        yield _Key(unique.name, unique.columns, "", fixed=True)
    for index in table.indexes:
        yield _Key(index.name, _directed(index), index.where, index.unique)


def _directed(index: Index) -> tuple[str, ...]:
    """Columns of an index; a descending one is another column, since it gives another order."""
    return tuple(f"{column.name} DESC" if column.descending else column.name for column in index.columns)


def _keys_without_index(table: Table) -> Iterator[Hazard]:
    ordered = [[name.removesuffix(" DESC") for name in key.columns] for key in _keys(table) if not key.where]
    for key in table.foreign_keys:
        width = len(key.columns)
        if not any(set(columns[:width]) == set(key.columns) for columns in ordered):
            message = f"Deleting a row of {key.ref_table} reads all of {table.name}, which has no index on the key."
            safer = f"Add an index on {', '.join(key.columns)}."
            yield Hazard("foreign-key-without-index", WARN, f"{table.name}.{key.name}", message, safer)


def _wide(table: Table) -> Iterator[Hazard]:
    for name, columns in _indexed(table):
        kinds = [table.column(column).type for column in columns]
        unbounded = [column for column, kind in zip(columns, kinds) if kind.name in _UNBOUNDED]
        widest = sum(4 * kind.length for kind in kinds if kind.name == "string")
        if unbounded:
            message = (
                f"Column {unbounded[0]} has no longest value; PostgreSQL refuses one over {_WIDEST_INDEX} bytes here."
            )
        elif widest > _WIDEST_INDEX:
            message = f"An entry may take {widest} bytes; PostgreSQL refuses one over {_WIDEST_INDEX}."
        elif len(columns) > _MOST_COLUMNS:
            message = f"{len(columns)} columns make every entry long, and few queries use more than the first ones."
        else:
            continue
        yield Hazard("wide-index", WARN, f"{table.name}.{name}", message, "Index fewer or shorter columns.")


def _indexed(table: Table) -> Iterator[tuple[str, tuple[str, ...]]]:
    yield from ((unique.name, unique.columns) for unique in table.uniques)
    for index in table.indexes:
        yield index.name, tuple(column.name for column in index.columns)


def new_findings(before: Iterable[Hazard], after: Iterable[Hazard]) -> tuple[Hazard, ...]:
    """What is unwise now and was not before."""
    known: set[Any] = {(hazard.code, hazard.operation, hazard.message) for hazard in before}
    return tuple(hazard for hazard in after if (hazard.code, hazard.operation, hazard.message) not in known)
