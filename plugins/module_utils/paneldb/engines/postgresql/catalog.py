# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is in the database: a handful of questions to pg_catalog, put together as a schema."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Callable

from ...model.schema import (
    AUTOINCREMENT,
    Check,
    Column,
    Default,
    Enum,
    ForeignKey,
    Index,
    IndexColumn,
    PrimaryKey,
    Schema,
    Table,
    Unique,
)
from ...model.types import Type
from ..base import BOOKKEEPING_PREFIX, Catalogue
from . import catalog_queries
from .wording import PROBE

Ask = Callable[..., list[tuple[Any, ...]]]

#: Where a row of catalog_queries.COLUMNS has the default.
_DEFAULT = 9

_TYPES = {
    "uuid": Type("uuid"),
    "text": Type("text"),
    "boolean": Type("boolean"),
    "integer": Type("integer"),
    "bigint": Type("bigint"),
    "double precision": Type("float"),
    "timestamp(3) with time zone": Type("timestamp"),
    "jsonb": Type("json"),
    "bytea": Type("bytes"),
}
_WITH_NUMBERS = re.compile(r"character varying\((\d+)\)|numeric\((\d+),(\d+)\)")
_DELETE_RULES = {"a": "no_action", "r": "restrict", "c": "cascade", "n": "set_null"}
#: pg_index.indoption: bit 1 is DESC, bit 2 NULLS FIRST; without a word for nulls they come last, with DESC first.
_ORDERS = {"0": False, "3": True}


@dataclass(frozen=True)
class Native:
    """What only this engine needs to know of a catalogue.

    ``schema``: the schema in which it all is. ``primary_keys``: name of each table's. ``triggers``: name of what keeps
    an updated-at column, by table and column. ``serials``: sequence of each column that counts by a default, by table
    and column. ``touch``: whether the trigger function is there. ``filled``: tables that hold pages of rows.
    ``leftovers``: what an interrupted run left half made, by name: an invalid index (empty) or the table whose
    constraint was never validated. ``kept``: indexes and keys that a model cannot state; nothing touches them.
    """

    schema: str = "public"
    primary_keys: Mapping[str, str] = field(default_factory=dict)
    triggers: Mapping[tuple[str, str], str] = field(default_factory=dict)
    serials: Mapping[tuple[str, str], str] = field(default_factory=dict)
    touch: bool = False
    filled: frozenset[str] = frozenset()
    leftovers: Mapping[str, str] = field(default_factory=dict)
    kept: tuple[str, ...] = ()


def read_catalogue(ask: Ask, schema: str, server_version: int) -> Catalogue:
    """Read the catalogue of the current schema; ``ask`` runs a statement."""
    reader = _Reader(ask(catalog_queries.RELATIONS))
    reader.triggers(ask(catalog_queries.TRIGGERS))
    found = [reader.tables_found()]
    reader.comments(ask(catalog_queries.COMMENTS, found))
    columns = ask(catalog_queries.COLUMNS, found)
    if any(str(row[_DEFAULT]).startswith("nextval(") for row in columns):
        reader.sequences(ask(catalog_queries.SEQUENCES, found))
    reader.columns(columns)
    reader.constraints(ask(catalog_queries.constraints(server_version), found))
    reader.indexes(ask(catalog_queries.indexes(server_version), found))
    enums = tuple(Enum(name, tuple(values or ())) for name, values in ask(catalog_queries.ENUMS))
    return Catalogue(Schema(reader.tables(), enums).normalized(), tuple(sorted(reader.views)), reader.native(schema))


def logical_type(text: str, enum: str | None) -> Type:
    """Give the logical type for what format_type says; ``foreign`` where a model cannot state it."""
    if enum is not None:
        return Type("enum", (enum,))
    if text in _TYPES:
        return _TYPES[text]
    match = _WITH_NUMBERS.fullmatch(text)
    if match is None:
        return Type("foreign", (text,))
    return Type("string", (match[1],)) if match[1] else Type("decimal", (match[2], match[3]))


class _Reader:
    """Collects the rows of all questions by table."""

    def __init__(self, relations: Iterable[tuple[Any, ...]]) -> None:
        self.views: list[str] = []
        self._names: dict[int, str] = {}
        self._comments: dict[tuple[int, int], str] = {}
        self._collations: dict[int, dict[str, str]] = defaultdict(dict)
        self._filled: set[str] = set()
        self._columns: dict[int, list[Column]] = defaultdict(list)
        self._positions: dict[int, dict[int, str]] = defaultdict(dict)
        self._elements: dict[int, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
        self._primary_keys: dict[str, str] = {}
        self._triggers: dict[tuple[str, str], str] = {}
        self._serials: dict[tuple[str, str], str] = {}
        self._sequences: dict[tuple[int, int], str] = {}
        self._leftovers: dict[str, str] = {}
        self._kept: list[str] = []
        self._touch = False
        for row in relations:
            self._relation(*row)

    def _relation(self, oid: int, name: str, kind: str, filled: bool) -> None:
        if kind == "v":
            self.views.append(name)
        elif not name.startswith(BOOKKEEPING_PREFIX):
            self._names[oid] = name
            if filled:
                self._filled.add(name)

    def triggers(self, rows: Iterable[tuple[Any, ...]]) -> None:
        """The triggers come before the columns, which they say something of."""
        for oid, name, argument in rows:
            self._touch = True
            if oid in self._names:
                column = bytes.fromhex(argument).rstrip(b"\0").decode()
                self._triggers[self._names[oid], column] = name

    def tables_found(self) -> list[int]:
        """The tables that the other questions are about."""
        return list(self._names)

    def comments(self, rows: Iterable[tuple[Any, ...]]) -> None:
        """They come before what they are about."""
        self._comments = {(oid, position): text for oid, position, text in rows}

    def sequences(self, rows: Iterable[tuple[Any, ...]]) -> None:
        """They come before the columns, too."""
        self._sequences = {(oid, position): sequence for oid, position, sequence in rows}

    def columns(self, rows: Iterable[tuple[Any, ...]]) -> None:
        for oid, position, *rest, collation in rows:
            table, name = self._names[oid], rest[0]
            sequence = self._sequences.get((oid, position)) if str(rest[-1]).startswith("nextval(") else None
            if sequence:
                self._serials[table, name] = sequence
            comment = self._comments.get((oid, position), "")
            self._columns[oid].append(self._column(table, comment, sequence is not None, *rest))
            self._positions[oid][position] = name
            self._collations[oid][str(position)] = str(collation)

    def _column(  # noqa: PLR0913, PLR0917 - a row of the catalogue
        self,
        table: str,
        comment: str,
        counted: bool,
        name: str,
        required: bool,
        identity: str,
        generated: str,
        enum: str | None,
        text: str,
        collation: str | None,
        default: str | None,
    ) -> Column:
        kind = logical_type(text, enum)
        return Column(
            name,
            kind,
            null=not required,
            default=None if generated else _default(default, kind, counted=counted or bool(identity)),
            updated_at=(table, name) in self._triggers,
            comment=comment,
            collation=collation or "",
            generated=default or "" if generated else "",
        )

    def constraints(self, rows: Iterable[tuple[Any, ...]]) -> None:
        for oid, name, kind, validated, columns, *rest in rows:
            if not rest[-1]:
                self._kept.append(name)
            elif not validated or name == PROBE:
                self._leftovers[name] = self._names[oid]
            else:
                self._constraint(oid, name, kind, self._named(oid, columns or ()), rest)

    def _constraint(self, oid: int, name: str, kind: str, columns: tuple[str, ...], rest: list[Any]) -> None:
        other, other_columns, rule, condition, _unused = rest
        if kind == "p":
            self._elements[oid]["primary_key"].append(PrimaryKey(columns))
            self._primary_keys[self._names[oid]] = name
        elif kind == "u":
            self._elements[oid]["uniques"].append(Unique(name, columns))
        elif kind == "c":
            self._elements[oid]["checks"].append(Check(name, _condition(condition)))
        elif other in self._names and rule in _DELETE_RULES:
            key = ForeignKey(name, columns, self._names[other], self._named(other, other_columns), _DELETE_RULES[rule])
            self._elements[oid]["foreign_keys"].append(key)
        else:
            self._kept.append(name)

    def indexes(self, rows: Iterable[tuple[Any, ...]]) -> None:
        for oid, name, unique, valid, keys, order, condition, plain, collation in rows:
            positions, orders = keys.split(), order.split()
            if not valid:
                self._leftovers[name] = ""
            elif not plain or not set(orders) <= set(_ORDERS) or not self._collated(oid, positions, collation.split()):
                self._kept.append(name)
            else:
                columns = zip(self._named(oid, map(int, positions)), orders)
                ordered = tuple(IndexColumn(column, _ORDERS[each]) for column, each in columns)
                self._elements[oid]["indexes"].append(Index(name, ordered, unique, _condition(condition)))

    def _collated(self, oid: int, positions: list[str], collations: list[str]) -> bool:
        """Tell whether an index sorts by the collations of its columns."""
        return [self._collations[oid][position] for position in positions] == collations

    def _named(self, oid: int, positions: Iterable[int]) -> tuple[str, ...]:
        return tuple(self._positions[oid][position] for position in positions)

    def tables(self) -> tuple[Table, ...]:
        return tuple(self._table(oid, name) for oid, name in self._names.items())

    def _table(self, oid: int, name: str) -> Table:
        elements = self._elements[oid]
        return Table(
            name,
            tuple(self._columns[oid]),
            next(iter(elements["primary_key"]), None),
            tuple(elements["uniques"]),
            tuple(elements["indexes"]),
            tuple(elements["foreign_keys"]),
            tuple(elements["checks"]),
            comment=self._comments.get((oid, 0), ""),
        )

    def native(self, schema: str) -> Native:
        return Native(
            schema,
            self._primary_keys,
            self._triggers,
            self._serials,
            self._touch,
            frozenset(self._filled),
            self._leftovers,
            tuple(sorted(self._kept)),
        )


def _default(text: str | None, kind: Type, *, counted: bool) -> Default | None:
    if counted:
        return Default(function=AUTOINCREMENT)
    if text is None:
        return None
    from .defaults import read_default

    return read_default(text, kind)


@cache
def _condition(text: str | None) -> str:
    if not text:
        return ""
    from .conditions import portable

    return portable(text)
