# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is in the database: a handful of questions to information_schema, put together as a schema."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import groupby
from operator import itemgetter
from typing import Any, Optional

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
from ..base import BOOKKEEPING_PREFIX, Catalogue, Server
from . import catalog_queries
from .defaults import read_default
from .flavour import Flavour
from .naming import quoted
from .native import Extra, Native, Place
from .sizes import prefix_of
from .types import enum_values, is_enum, logical_type, shown_collation
from .wording import plain_quotes, read_comment

Ask = Callable[..., list[tuple[Any, ...]]]

_TABLES = ("BASE TABLE", "SYSTEM VERSIONED")
_DELETE_RULES = {"NO ACTION": "no_action", "RESTRICT": "restrict", "CASCADE": "cascade", "SET NULL": "set_null"}
#: The comment of a unique index that a model states as an index, to tell it from a unique key.
INDEX_MARK = "[index]"
_ON_UPDATE = re.compile(r"on update ([a-z_]+(?:\(\d*\))?)", re.IGNORECASE)
_IS_JSON = re.compile(r"json_valid\(`((?:[^`]|``)+)`\)")
_OF_INDEX = itemgetter(0, 1)


def read_catalogue(ask: Ask, database: str, server: Server) -> Catalogue:
    """Read the catalogue of one database; ``ask`` runs a statement with bound values."""
    flavour = Flavour.of(server)
    reader = _Reader(flavour, ask(catalog_queries.TABLES, [database]))
    if reader.store:
        reader.enums(ask(catalog_queries.ENUMS))
    reader.checks(ask(catalog_queries.checks(flavour), [database]))
    reader.columns(ask(catalog_queries.COLUMNS, [database]))
    reader.foreign_keys(ask(catalog_queries.FOREIGN_KEYS, [database, database]), database)
    reader.indexes(ask(catalog_queries.indexes(flavour), [database]))
    return Catalogue(reader.schema(), tuple(sorted(reader.views)), reader.native())


class _Reader:
    """Collects the rows of all questions by table."""

    def __init__(self, flavour: Flavour, tables: Iterable[Sequence[Any]]) -> None:
        self.views: list[str] = []
        self.store = False
        self._flavour = flavour
        self._comments: dict[str, str] = {}
        self._columns: dict[str, list[Column]] = defaultdict(list)
        self._kinds: dict[Place, Type] = {}
        self._elements: dict[str, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
        self._rules: dict[str, list[tuple[str, str]]] = defaultdict(list)
        self._own_rules: dict[Place, str] = {}
        self._stored: dict[str, tuple[str, ...]] = {}
        self._extras: dict[Place, Extra] = {}
        self._marks: dict[Place, str] = {}
        self._strays: dict[Place, Column] = {}
        self._kept: list[Place] = []
        self._helpers: set[Place] = set()
        for name, kind, comment in tables:
            self._table_found(name, kind, comment)

    def _table_found(self, name: str, kind: str, comment: str) -> None:
        self.store |= name == catalog_queries.ENUMS_TABLE
        if kind == "VIEW":
            self.views.append(name)
        elif kind in _TABLES and not name.startswith(BOOKKEEPING_PREFIX):
            self._comments[name] = read_comment(comment or "", marked=False)[0]

    def enums(self, rows: Iterable[Sequence[Any]]) -> None:
        """They come before the columns, which take their values from them."""
        self._stored = {name: tuple(json.loads(members)) for name, members in rows}

    def checks(self, rows: Iterable[Sequence[Any]]) -> None:
        """They come before the columns, too: some tell a column's type."""
        for table, name, rule, own in rows:
            if table not in self._comments:
                continue
            text = rule if self._flavour.mariadb else plain_quotes(rule)
            if own:
                # A column that got another name keeps its rule, whose own name stays behind.
                json_column = _IS_JSON.fullmatch(text)
                self._own_rules[table, json_column[1].replace("``", "`") if json_column else name] = text
            else:
                self._rules[table].append((name, text))

    def columns(self, rows: Iterable[Sequence[Any]]) -> None:
        for table, name, *rest in rows:
            if table in self._comments:
                self._columns[table].append(self._column(table, name, *rest))

    def _column(  # noqa: PLR0913, PLR0917 - a row of the catalogue
        self,
        table: str,
        name: str,
        default: Optional[str],
        null: str,
        text: str,
        collation: Optional[str],
        extra: str,
        generated: Optional[str],
        comment: str,
    ) -> Column:
        place, more = (table, name), extra.upper()
        own = self._own_rules.get(place, "")
        is_json = own == f"json_valid({quoted(name)})"
        told, mark = read_comment(comment or "", marked=is_enum(text))
        kind = self._enum(place, text, mark) if mark else logical_type(text, collation, is_json=is_json)
        self._kinds[place] = kind
        on_update = _ON_UPDATE.search(extra)
        self._note(
            place,
            Extra(
                storage=_storage(more),
                invisible="INVISIBLE" in more,
                check="" if kind.name == "json" else own,
                on_update=on_update[1] if on_update and kind.name != "timestamp" else "",
            ),
        )
        column = Column(
            name,
            kind,
            null=null == "YES",
            default=None if generated else self._default(default, more, kind),
            updated_at=on_update is not None,
            comment=told,
            collation=shown_collation(kind, collation, self._flavour),
            generated=self._computed(generated),
        )
        if mark and kind.name != "enum":
            enum = Type("enum", (mark,))
            own = shown_collation(enum, collation, self._flavour)
            self._strays[place] = replace(column, type=enum, default=self._default(default, more, enum), collation=own)
        return column

    def _default(self, text: Optional[str], extra: str, kind: Type) -> Optional[Default]:
        if "AUTO_INCREMENT" in extra:
            return Default(function=AUTOINCREMENT)
        return read_default(text, extra, kind, self._flavour)

    def _computed(self, text: Optional[str]) -> str:
        return (text if self._flavour.mariadb else plain_quotes(text)) if text else ""

    def _enum(self, place: Place, text: str, mark: str) -> Type:
        """The enum that a column's comment names, if the column has its values; else what others made of it."""
        self._marks[place] = mark
        values = enum_values(text)
        if not self.store:
            # Only the tables were brought here: they tell what their enums were.
            self._stored.setdefault(mark, values)
        known = self._stored.get(mark)
        shown = known and tuple(map(_as_shown, known))
        return Type("enum", (mark,)) if shown and values in (known, shown) else Type("foreign", (text,))

    def _note(self, place: Place, extra: Extra) -> None:
        if extra != _NOTHING:
            self._extras[place] = extra

    def foreign_keys(self, rows: Iterable[Sequence[Any]], database: str) -> None:
        for (table, name), parts in groupby(rows, _OF_INDEX):
            if table not in self._comments:
                continue
            _unused, _unused, columns, schemas, others, theirs, rules = zip(*parts)
            if schemas[0] != database or rules[0] not in _DELETE_RULES or others[0] not in self._comments:
                self._kept.append((table, name))
                continue
            key = ForeignKey(name, columns, others[0], theirs, _DELETE_RULES[rules[0]])
            self._elements[table]["foreign_keys"].append(key)

    def indexes(self, rows: Iterable[Sequence[Any]]) -> None:
        """They come behind the foreign keys, some of which have an index of their name."""
        for (table, name), parts in groupby(rows, _OF_INDEX):
            if table in self._comments:
                self._index(table, name, list(parts))

    def _index(self, table: str, name: str, parts: list[Sequence[Any]]) -> None:
        _unused, _unused, common, _unused, _unused, _unused, kind, comment, visible = parts[0]
        columns = [part[3] for part in parts]
        plain = all(self._is_whole(table, part[3], part[5]) for part in parts)
        if name == "PRIMARY" and plain:
            self._elements[table]["primary_key"].append(PrimaryKey(tuple(columns)))
        elif kind != "BTREE" or not visible or not plain:
            self._kept.append((table, name))
        elif common and self._helps(table, name, columns):
            self._helpers.add((table, name))
        else:
            ordered = tuple(IndexColumn(part[3], part[4] == "D") for part in parts)
            self._plain_index(table, name, ordered, unique=not common, marked=comment == INDEX_MARK)

    def _plain_index(
        self, table: str, name: str, columns: tuple[IndexColumn, ...], *, unique: bool, marked: bool
    ) -> None:
        if unique and not marked and not any(column.descending for column in columns):
            self._elements[table]["uniques"].append(Unique(name, tuple(column.name for column in columns)))
        else:
            self._elements[table]["indexes"].append(Index(name, columns, unique))

    def _is_whole(self, table: str, column: Optional[str], prefix: Optional[int]) -> bool:
        """Tell whether an index holds what a model's index of the column would hold."""
        kind = self._kinds.get((table, column or ""))
        return kind is not None and prefix_of(kind) == (prefix or 0)

    def _helps(self, table: str, name: str, columns: Sequence[str]) -> bool:
        keys = self._elements[table]["foreign_keys"]
        return any(key.name == name and key.columns == tuple(columns) for key in keys)

    # --- results -----------------------------------------------------------------------------------------------------

    def schema(self) -> Schema:
        tables = tuple(self._table(name) for name in self._comments)
        return Schema(tables, tuple(Enum(name, values) for name, values in self._stored.items())).normalized()

    def _table(self, name: str) -> Table:
        elements = self._elements[name]
        table = Table(
            name,
            tuple(self._columns[name]),
            next(iter(elements["primary_key"]), None),
            tuple(elements["uniques"]),
            tuple(elements["indexes"]),
            tuple(elements["foreign_keys"]),
            comment=self._comments[name],
        )
        return replace(table, checks=self._checks(table)) if self._rules[name] else table

    def _checks(self, table: Table) -> tuple[Check, ...]:
        from .conditions import portable, truths_of

        truths = truths_of(table)
        return tuple(Check(name, portable(text, truths)) for name, text in self._rules[table.name])

    def native(self) -> Native:
        return Native(
            self._flavour,
            self._extras,
            self._marks,
            self._strays,
            frozenset(self._helpers),
            tuple(sorted(self._kept)),
            self.store,
        )


_NOTHING = Extra()


def _storage(extra: str) -> str:
    return "STORED" if "STORED" in extra else "VIRTUAL" if "VIRTUAL" in extra else ""


def _as_shown(value: str) -> str:
    return re.sub("[\U00010000-\U0010ffff]", "?", value)
