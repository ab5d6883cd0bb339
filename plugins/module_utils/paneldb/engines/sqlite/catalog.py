# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the catalogue: one query for the texts that SQLite keeps of everything, and the rest is reading these.

The texts hold all that the PRAGMAs tell and more (names of constraints, checks, collations), and one query is faster
than a handful of PRAGMAs for each table. Tests hold what is read here against the PRAGMAs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from ...model.schema import Enum, Index, IndexColumn, Schema, Table, Unique
from ..base import BOOKKEEPING_PREFIX, Catalogue
from .ddl import ENUM_PREFIX, TOUCH_PREFIX, create_index, touch_name, touch_triggers
from .native import NOTHING, Extras, Native, Trigger
from .parse import IndexText, parse_index
from .read_table import Enums, TableReader

QUERY = (
    "SELECT type, name, tbl_name, sql FROM sqlite_master"
    " WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
)


class Entry(NamedTuple):
    """A row of ``sqlite_master``."""

    type: str
    name: str
    table: str
    sql: str


@dataclass
class _Entries:
    """The rows, sorted out."""

    tables: dict[str, str] = field(default_factory=dict)
    indexes: dict[str, list[Entry]] = field(default_factory=dict)
    triggers: list[Entry] = field(default_factory=list)
    views: dict[str, str] = field(default_factory=dict)
    virtual: list[str] = field(default_factory=list)


def read_catalogue(rows: Iterable[Sequence[str]]) -> Catalogue:
    """Make the catalogue of the rows that ``QUERY`` gives."""
    entries = _sorted(rows)
    enums = {name[len(ENUM_PREFIX) :]: _enum_values(sql) for name, sql in entries.views.items() if _is_enum(name)}
    touches = {entry.name: entry.sql for entry in entries.triggers if entry.name.startswith(TOUCH_PREFIX)}
    reader = TableReader(enums)
    tables, extras = [], {}
    for name, sql in entries.tables.items():
        table, kept = reader.read(name, sql)
        table, kept = _with_indexes(table, kept, entries.indexes.get(name, ()))
        tables.append(_with_touches(table, kept, touches) if touches else table)
        if kept is not NOTHING:
            extras[name] = kept
    schema = reader.with_references(Schema(tuple(tables), _enums(enums, reader.enums))).normalized()
    triggers = {each.name: Trigger(each.table, each.sql) for each in entries.triggers if each.name not in touches}
    views = {name: sql for name, sql in entries.views.items() if not _is_enum(name)}
    return as_catalogue(Native(schema, extras, triggers, views))


def as_catalogue(native: Native) -> Catalogue:
    """Give what others may see of it: everything but the bookkeeping tables."""
    shown = tuple(table for table in native.schema.tables if not table.name.startswith(BOOKKEEPING_PREFIX))
    return Catalogue(Schema(shown, native.schema.enums), tuple(sorted(native.views)), native)


def native_of(catalogue: Catalogue) -> Native:
    """Give this engine's own part of a catalogue; one that was not read from a database has none."""
    return catalogue.native if isinstance(catalogue.native, Native) else Native()


def _sorted(rows: Iterable[Sequence[str]]) -> _Entries:
    entries = _Entries()
    for row in rows:
        entry = Entry(*row)
        if entry.type == "index":
            entries.indexes.setdefault(entry.table, []).append(entry)
        elif entry.type == "trigger":
            entries.triggers.append(entry)
        elif entry.type == "view":
            entries.views[entry.name] = entry.sql
        elif entry.sql[:14].upper() == "CREATE VIRTUAL":
            entries.virtual.append(entry.name)
        else:
            entries.tables[entry.name] = entry.sql
    for name in [name for name in entries.tables if _is_shadow(name, entries.virtual)]:
        del entries.tables[name]
    return entries


def _is_shadow(name: str, virtual: Sequence[str]) -> bool:
    """Tell whether a table only keeps what a virtual table (of a full text search, say) is made of."""
    return any(name.startswith(f"{each}_") for each in virtual)


# --- enums ----------------------------------------------------------------------------------------------------------

_TEXT = re.compile(r"'((?:[^']|'')*)'")


def _is_enum(name: str) -> bool:
    return name.startswith(ENUM_PREFIX)


def _enum_values(sql: str) -> tuple[str, ...]:
    values = sql[sql.index(" AS VALUES ") :]
    return tuple(text.replace("''", "'") for text in _TEXT.findall(values))


def _enums(kept: Enums, used: Enums) -> tuple[Enum, ...]:
    return tuple(Enum(name, tuple(values)) for name, values in {**used, **kept}.items())


# --- indexes and triggers -------------------------------------------------------------------------------------------

_NAME = r'"(?:[^"]|"")*"'
_INDEX = re.compile(
    rf"CREATE (UNIQUE )?INDEX {_NAME} ON {_NAME} ?\(({_NAME}(?: ASC| DESC)?(?:, ?{_NAME}(?: ASC| DESC)?)*)\)\Z"
)
_INDEX_COLUMN = re.compile(r'"((?:[^"]|"")*)"( ASC| DESC)?')


def _with_indexes(table: Table, extras: Extras, entries: Iterable[Entry]) -> tuple[Table, Extras]:
    uniques, indexes, texts = list(table.uniques), list(table.indexes), {}
    for entry in entries:
        element = _plain_index(entry) or _any_index(entry, table)
        if isinstance(element, Unique):
            uniques.append(element)
        else:
            indexes.append(element)
        if create_index(table, element) != entry.sql:
            texts[entry.name] = entry.sql
    table = replace(table, uniques=tuple(uniques), indexes=tuple(indexes))
    return table, replace(extras, indexes=texts) if texts else extras


def _plain_index(entry: Entry) -> Index | Unique | None:
    """Read an index in the form in which ``ddl`` (and Prisma) writes it, if it is in that form."""
    match = _INDEX.match(entry.sql)
    if match is None:
        return None
    columns = [(name.replace('""', '"'), order) for name, order in _INDEX_COLUMN.findall(match.group(2))]
    if match.group(1) and not any(order for _, order in columns):
        return Unique(entry.name, tuple(name for name, _ in columns))
    return Index(
        entry.name, tuple(IndexColumn(name, order == " DESC") for name, order in columns), bool(match.group(1))
    )


def _any_index(entry: Entry, table: Table) -> Index | Unique:
    from .conditions import OPAQUE, read_condition

    text: IndexText = parse_index(entry.sql)
    unique = entry.sql.split(None, 2)[1].upper() == "UNIQUE"
    names = {name.lower(): name for name in table.column_names}
    columns = []
    for part in text.parts:
        plain = part.name and not part.collation
        name = names.get(part.name.lower(), part.name) if plain else OPAQUE + part.text
        columns.append(IndexColumn(name, bool(plain) and part.descending))
    ordered = any(part.descending or part.ascending or part.collation or part.expression for part in text.parts)
    if unique and not text.where and not ordered:
        return Unique(entry.name, tuple(column.name for column in columns))
    return Index(entry.name, tuple(columns), unique, read_condition(text.where) if text.where else "")


def _with_touches(table: Table, extras: Extras, touches: dict[str, str]) -> Table:
    """Mark the columns that a trigger of ours keeps, if its text is the one that we would write."""
    asked = replace(table, columns=tuple(replace(column, updated_at=True) for column in table.columns))
    kept = {name for name, text in touch_triggers(asked, extras).items() if touches.get(name) == text}
    if not kept:
        return table
    columns = (replace(each, updated_at=touch_name(table.name, each.name) in kept) for each in table.columns)
    return replace(table, columns=tuple(columns))
