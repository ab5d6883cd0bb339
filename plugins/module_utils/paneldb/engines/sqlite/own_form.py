# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads tables and indexes in the very form in which ``ddl`` writes them: the way of nearly every catalogue.

A table is cut at its line ends, and each line matched as a whole. A cut in the wrong place (a line end inside of a
text) leaves pieces with an open quote or parenthesis, which match nothing; such a table, like any other that is not
quite in our form, is left to ``read_table``, which reads everything and takes ten times as long.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache

from ...model.schema import (
    AUTOINCREMENT,
    Check,
    Column,
    Default,
    ForeignKey,
    Index,
    IndexColumn,
    PrimaryKey,
    Table,
    Unique,
)
from ...model.types import Type, parse_type
from .conditions import OPAQUE, read_condition
from .types import FUNCTION_TEXTS, PLAIN, is_declared, read_default, type_check
from .words import quote

Enums = Mapping[str, Sequence[str]]


_NAME = r'"(?:[^"]|"")*"'
_NAMES = rf"\(({_NAME}(?:, {_NAME})*)\)"
_FUNCTION_TEXTS = "|".join(re.escape(text) for text in FUNCTION_TEXTS)

#: A column up to the opening parenthesis of its check, if it has one.
_COLUMN = re.compile(
    r'"((?:[^"]|"")*)" (TEXT|INTEGER|BIGINT|REAL|BLOB)( NOT NULL)?( PRIMARY KEY AUTOINCREMENT)?'
    rf"(?: DEFAULT ('(?:[^']|'')*'|[-+]?[0-9][0-9.]*(?:[eE][-+]?[0-9]+)?|{_FUNCTION_TEXTS}))?"
    r'(?: CONSTRAINT "((?:[^"]|"")*)" CHECK \()?'
)
_PRIMARY_KEY = re.compile(rf"PRIMARY KEY {_NAMES}\Z")
_FOREIGN_KEY = re.compile(
    rf'CONSTRAINT "((?:[^"]|"")*)" FOREIGN KEY {_NAMES} REFERENCES ({_NAME}) {_NAMES}'
    r"(?: ON DELETE (CASCADE|RESTRICT|SET NULL))?\Z"
)
_CHECK = re.compile(r'CONSTRAINT "((?:[^"]|"")*)" CHECK \((.*)\)\Z', re.DOTALL)
_INDEX = re.compile(
    rf"CREATE (UNIQUE )?INDEX {_NAME} ON {_NAME} \(({_NAME}(?: ASC| DESC)?(?:, {_NAME}(?: ASC| DESC)?)*)\)\Z"
)
_INDEX_COLUMN = re.compile(r'"((?:[^"]|"")*)"( ASC| DESC)?')
_INSIDE = re.compile(r'"((?:[^"]|"")*)"')


class OwnForm:
    """Reads tables one after another; lines that stand in many tables are read once."""

    def __init__(self, enums: Enums) -> None:
        self._enums = enums
        self._columns: dict[str, tuple[Column, ...]] = {}

    def table(self, name: str, sql: str) -> Table | None:
        """Give the table, or None where its text is in another form."""
        head = f"CREATE TABLE {quote(name)} (\n  "
        if not (sql.startswith(head) and sql.endswith("\n)")):
            return None
        columns: list[Column] = []
        rules: list[str] = []
        for line in sql[len(head) : -2].split(",\n  "):
            if not line.startswith('"'):
                rules.append(line)
            else:
                found = self._columns.get(line) or self._read_columns(line)
                if not found:
                    return None
                columns.extend(found)
        return _with_rules(name, columns, rules, sql)

    def _read_columns(self, line: str) -> tuple[Column, ...]:
        """Read a line of one column, or of several where ALTER TABLE has added some; empty where that fails."""
        columns, position = [], 0
        while True:
            match = _COLUMN.match(line, position)
            kind, position = self._type(match, line) if match else (None, 0)
            if match is None or kind is None:
                return ()
            columns.append(_column(match, kind))
            if position == len(line):
                break
            if not line.startswith(', "', position):
                return ()
            position += 2
        self._columns[line] = tuple(columns)
        return self._columns[line]

    def _type(self, match: re.Match[str], line: str) -> tuple[Type | None, int]:
        """Give the type that declaration and check tell together, and where the column ends."""
        name, declared, check, end = match.group(1), match.group(2), match.group(6), match.end()
        if check is None:
            return PLAIN[declared], end
        kind = type_named(check.replace('""', '"'))
        if kind is None or not is_declared(kind, declared):
            return None, end
        values = self._enums.get(kind.enum, ()) if kind.name == "enum" else ()
        body = type_check(kind, f'"{name}"', values) + ")"
        return (kind, end + len(body)) if line.startswith(body, end) else (None, end)


def _column(match: re.Match[str], kind: Type) -> Column:
    name, _unused, required, counts, text, _unused = match.groups()
    default = Default(None, AUTOINCREMENT) if counts else read_default(kind, text) if text else None
    return Column(name.replace('""', '"'), kind, required is None, default)


@cache
def type_named(check: str) -> Type | None:
    """Give the type that a check of that name belongs to; types without a check have none."""
    try:
        kind = parse_type(check)
    except ValueError:
        return None
    return kind if str(kind) == check and kind not in PLAIN.values() and kind.name != "integer" else None


def plain_index(name: str, sql: str) -> Index | Unique | None:
    """Read an index without a condition, or give None where its text is in another form."""
    match = _INDEX.match(sql)
    if match is None:
        return None
    columns = [(column.replace('""', '"'), order) for column, order in _INDEX_COLUMN.findall(match.group(2))]
    unique = match.group(1) is not None
    if not any(order for _unused, order in columns):
        names = tuple([column for column, _unused in columns])
        return Unique(name, names) if unique else Index(name, tuple(map(IndexColumn, names)))
    if any((order == " ASC") != unique for _unused, order in columns if order != " DESC"):
        return None
    return Index(name, tuple([IndexColumn(column, order == " DESC") for column, order in columns]), unique)


def _with_rules(name: str, columns: Sequence[Column], lines: Sequence[str], text: str) -> Table | None:
    key, keys, checks = None, [], []
    for line in lines:
        reference, rule = _FOREIGN_KEY.match(line), _CHECK.match(line)
        if reference:
            keys.append(_foreign_key(reference))
        elif rule:
            checks.append(Check(rule.group(1).replace('""', '"'), read_condition(rule.group(2))))
        else:
            match = _PRIMARY_KEY.match(line)
            if match is None or key is not None:
                return None
            key = PrimaryKey(_names(match.group(1)))
    if any(check.expression.startswith(OPAQUE) for check in checks):
        # It may be a piece of a longer rule, which held what looks like the end of a line here.
        return None
    counting = [column.name for column in columns if column.autoincrement]
    key = PrimaryKey(tuple(counting)) if counting else key
    if key is not None and not counting and _is_row_number(key, text):
        return None
    return Table(name, tuple(columns), key, (), (), tuple(keys), tuple(checks))


def _is_row_number(key: PrimaryKey, text: str) -> bool:
    """Tell whether the key is the number of the row, which ``ddl`` makes only of keys that count."""
    return len(key.columns) == 1 and f"\n  {quote(key.columns[0])} INTEGER " in text


def _foreign_key(match: re.Match[str]) -> ForeignKey:
    name, columns, table, ref_columns, rule = match.groups()
    return ForeignKey(
        name.replace('""', '"'),
        _names(columns),
        table[1:-1].replace('""', '"'),
        _names(ref_columns),
        rule.lower().replace(" ", "_") if rule else "no_action",
    )


def _names(text: str) -> tuple[str, ...]:
    return tuple([name.replace('""', '"') for name in _INSIDE.findall(text)])
