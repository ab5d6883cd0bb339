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
from operator import attrgetter
from typing import Any, NamedTuple, TypeVar

from ...model.schema import Column, Enum, Index, IndexColumn, Schema, Table, Unique
from ..base import BOOKKEEPING_PREFIX, Catalogue
from .ddl import ENUM_PREFIX, TOUCH_PREFIX, create_index, touch_name, touch_trigger
from .native import NOTHING, Extras, Native, Trigger
from .own_form import Enums, OwnForm, plain_index

T = TypeVar("T", bound=Any)
_NAME_OF = attrgetter("name")

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
    reader = _Reader(entries, enums)
    tables = reader.tables()
    triggers = {each.name: Trigger(each.table, each.sql) for each in entries.triggers if not _is_touch(each)}
    views = {name: sql for name, sql in entries.views.items() if not _is_enum(name)}
    found = {**reader.enums, **enums}
    schema = Schema(tables, tuple([Enum(name, tuple(found[name])) for name in sorted(found)]))
    return as_catalogue(Native(schema, reader.extras, triggers, views))


class _Reader:
    """Reads all tables, in the order of their names."""

    def __init__(self, entries: _Entries, enums: Enums) -> None:
        self._entries = entries
        self._own_form = OwnForm(enums)
        self._known = enums
        self._touches: dict[str, dict[str, str]] = {}
        for each in filter(_is_touch, entries.triggers):
            self._touches.setdefault(each.table, {})[each.name] = each.sql
        self.enums: dict[str, Sequence[str]] = {}
        self.extras: dict[str, Extras] = {}

    def tables(self) -> tuple[Table, ...]:
        texts = self._entries.tables
        tables = {name: self._own_form.table(name, texts[name]) for name in sorted(texts)}
        foreign = [name for name, table in tables.items() if table is None]
        if foreign:
            self._read_foreign(foreign, tables)
        return tuple([self._completed(table) for table in tables.values() if table is not None])

    def _read_foreign(self, names: Sequence[str], tables: dict[str, Table | None]) -> None:
        from .read_table import TableReader, with_references

        reader = TableReader(self._known)
        for name in names:
            tables[name], extras = reader.read(name, self._entries.tables[name])
            if extras is not NOTHING:
                self.extras[name] = extras
        self.enums = reader.enums
        spelled = {table.name.lower(): table for table in tables.values() if table is not None}
        for name in names:
            tables[name] = with_references(spelled[name.lower()], spelled)

    def _completed(self, table: Table) -> Table:
        """Put in what stands outside of the table's own text, each kind of element in order of name."""
        name = table.name
        uniques, indexes = self._indexes(table)
        return Table(
            name,
            self._touched(table) if name in self._touches else table.columns,
            table.primary_key,
            _by_name(uniques),
            _by_name(indexes),
            _by_name(table.foreign_keys),
            _by_name(table.checks),
        )

    def _indexes(self, table: Table) -> tuple[list[Unique], list[Index]]:
        uniques, indexes, texts = list(table.uniques), list(table.indexes), {}
        for entry in self._entries.indexes.get(table.name, ()):
            element = plain_index(entry.name, entry.sql)
            if element is None:
                element = _any_index(entry, table)
                if create_index(table, element) != entry.sql:
                    texts[entry.name] = entry.sql
            if isinstance(element, Unique):
                uniques.append(element)
            else:
                indexes.append(element)
        if texts:
            self.extras[table.name] = replace(self.extras.get(table.name, NOTHING), indexes=texts)
        return uniques, indexes

    def _touched(self, table: Table) -> tuple[Column, ...]:
        """Mark the columns that a trigger of ours keeps, if its text is the one that we would write."""
        texts, extras = self._touches[table.name], self.extras.get(table.name, NOTHING)
        return tuple(
            [
                replace(column, updated_at=True)
                if column.type.name == "timestamp"
                and texts.get(touch_name(table.name, column.name)) == touch_trigger(table, column, extras)
                else column
                for column in table.columns
            ]
        )


def _by_name(elements: Sequence[T]) -> tuple[T, ...]:
    return tuple(sorted(elements, key=_NAME_OF)) if elements else ()


def _is_touch(entry: Entry) -> bool:
    return entry.name.startswith(TOUCH_PREFIX)


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


# --- indexes --------------------------------------------------------------------------------------------------------


def _any_index(entry: Entry, table: Table) -> Index | Unique:
    from .conditions import OPAQUE, read_condition
    from .parse import parse_index

    text = parse_index(entry.sql)
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
