# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Elements of a schema as SQLite's statements. Every text here is one that ``parse`` and ``catalog`` read back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Union

from ...model.schema import Check, Column, Enum, ForeignKey, Index, IndexColumn, Table, Unique
from ..base import BOOKKEEPING_PREFIX
from .conditions import OPAQUE, condition_sql
from .native import NOTHING, Extras
from .types import DECLARED, NOW_SQL, default_sql, type_check
from .words import literal, quote, quoted

TOUCH_PREFIX = f"{BOOKKEEPING_PREFIX}touch_"
ENUM_PREFIX = f"{BOOKKEEPING_PREFIX}enum_"

Enums = Mapping[str, Sequence[str]]


def create_table(table: Table, enums: Enums, extras: Extras = NOTHING, name: str = "") -> str:
    """Write CREATE TABLE, under another ``name`` where one is given; one element a line."""
    key = table.primary_key
    sole = "" if counts_rows(table, extras) or not key or len(key.columns) > 1 else key.columns[0]
    parts = [column_sql(column, enums, extras, sole_key=column.name == sole) for column in table.columns]
    if key and not any(column.autoincrement for column in table.columns):
        parts.append(extras.rest("primary_key", key.name) or f"PRIMARY KEY ({quoted(key.columns)})")
    parts.extend(_inner_unique(unique, extras) for unique in table.uniques if unique.name in extras.inner)
    parts.extend(_foreign_key(each, extras) for each in table.foreign_keys)
    parts.extend(_check(check, table) for check in table.checks)
    body = ",\n  ".join(parts)
    options = f" {extras.options}" if extras.options else ""
    return f"CREATE TABLE {quote(name or table.name)} (\n  {body}\n){options}"


def column_sql(column: Column, enums: Enums, extras: Extras = NOTHING, *, sole_key: bool = False) -> str:
    """Write a column as it stands in CREATE TABLE or behind ADD COLUMN.

    A column that is the whole primary key and INTEGER would be the number of the row, which SQLite makes up where an
    insert gives null; BIGINT means the same without that.
    """
    declared = declared_type(column)
    words = [quote(column.name), "BIGINT" if sole_key and declared == "INTEGER" else declared]
    if not column.null:
        words.append("NOT NULL")
        words.append(extras.rest("column", column.name))
    if column.autoincrement:
        words.append("PRIMARY KEY AUTOINCREMENT")
    if column.default is not None:
        default = default_sql(column.type, column.default)
        words.append(f"DEFAULT {default}" if default else "")
    words.append(f"COLLATE {quote(column.collation)}" if column.collation else "")
    words.append(f"GENERATED ALWAYS AS {column.generated}" if column.generated else "")
    values = enums[column.type.enum] if column.type.name == "enum" else ()
    check = type_check(column.type, quote(column.name), values)
    words.append(f"CONSTRAINT {quote(str(column.type))} CHECK ({check})" if check else "")
    return " ".join(word for word in words if word)


def declared_type(column: Column) -> str:
    """Give the declared type; of a foreign one the text that it was found with."""
    return column.type.arguments[0] if column.type.name == "foreign" else DECLARED[column.type.name]


def counts_rows(table: Table, extras: Extras) -> bool:
    """Tell whether the primary key is the number of the row itself: where it counts, or where others made it so."""
    key = table.primary_key
    if key is None or len(key.columns) != 1:
        return False
    column = table.column(key.columns[0])
    return column.autoincrement or (declared_type(column) == "INTEGER" and bool(extras.rest("primary_key", key.name)))


def _inner_unique(unique: Unique, extras: Extras) -> str:
    plain = f"UNIQUE ({quoted(unique.columns)})"
    return f"CONSTRAINT {quote(unique.name)} {extras.rest('unique', unique.name) or plain}"


def _foreign_key(key: ForeignKey, extras: Extras) -> str:
    rule = "" if key.on_delete == "no_action" else f" ON DELETE {key.on_delete.replace('_', ' ').upper()}"
    rest = extras.rest("foreign_key", key.name)
    return (
        f"CONSTRAINT {quote(key.name)} FOREIGN KEY ({quoted(key.columns)})"
        f" REFERENCES {quote(key.ref_table)} ({quoted(key.ref_columns)}){rule}{f' {rest}' if rest else ''}"
    )


def _check(check: Check, table: Table) -> str:
    return f"CONSTRAINT {quote(check.name)} CHECK ({condition_sql(check.expression, table)})"


def create_index(table: Table, index: Union[Index, Unique], extras: Extras = NOTHING) -> str:
    """Write CREATE INDEX.

    A unique key is a unique index here, so that it comes and goes without a rebuild. An index that is unique without
    being a key says ``ASC`` of its columns: that means nothing to SQLite, and tells the two apart.
    """
    kept = extras.indexes.get(index.name)
    if kept is not None:
        return kept
    if isinstance(index, Unique):
        return f"CREATE UNIQUE INDEX {quote(index.name)} ON {quote(table.name)} ({quoted(index.columns)})"
    columns = ", ".join(_index_column(column, index.unique) for column in index.columns)
    where = f" WHERE {condition_sql(index.where, table)}" if index.where else ""
    kind = "UNIQUE INDEX" if index.unique else "INDEX"
    return f"CREATE {kind} {quote(index.name)} ON {quote(table.name)} ({columns}){where}"


def _index_column(column: IndexColumn, unique: bool) -> str:
    name = column.name[len(OPAQUE) :] if column.name.startswith(OPAQUE) else quote(column.name)
    return f"{name} DESC" if column.descending else f"{name} ASC" if unique else name


def create_indexes(table: Table, extras: Extras = NOTHING) -> Iterator[str]:
    """Write all indexes of the table that stand outside it."""
    yield from (create_index(table, each, extras) for each in table.uniques if each.name not in extras.inner)
    yield from (create_index(table, each, extras) for each in table.indexes)


def touch_triggers(table: Table, extras: Extras = NOTHING) -> dict[str, str]:
    """Write the triggers that keep ``updated_at`` columns, by name.

    A row whose update sets another value keeps that one. The second condition ends the recursion where a client has
    switched ``recursive_triggers`` on: time stands still within a statement.
    """
    return {
        touch_name(table.name, column.name): touch_trigger(table, column, extras)
        for column in table.columns
        if column.updated_at
    }


def touch_name(table: str, column: str) -> str:
    """Name a trigger; both names are escaped, so that two triggers never share one."""
    return TOUCH_PREFIX + ".".join(name.replace("%", "%25").replace(".", "%2E") for name in (table, column))


def touch_trigger(table: Table, column: Column, extras: Extras) -> str:
    """Write one of them."""
    name, trigger = quote(column.name), quote(touch_name(table.name, column.name))
    return (
        f"CREATE TRIGGER {trigger} AFTER UPDATE ON {quote(table.name)} FOR EACH ROW\n"
        f"WHEN NEW.{name} IS OLD.{name} AND NEW.{name} IS NOT {NOW_SQL}\n"
        f"BEGIN\n"
        f"  UPDATE {quote(table.name)} SET {name} = {NOW_SQL} WHERE {_same_row(table, extras)};\n"
        f"END"
    )


def _same_row(table: Table, extras: Extras) -> str:
    """Name the row. Where the primary key is the row's number, renaming it would rename ``rowid`` here."""
    row = None if extras.without_rowid else row_name(table)
    key = table.primary_key.columns if table.primary_key else ()
    if counts_rows(table, extras):
        row = quote(key[0])
    if row is not None:
        return f"{row} = NEW.{row}"
    return " AND ".join(f"{quote(name)} IS NEW.{quote(name)}" for name in key)


def row_name(table: Table) -> str | None:
    """Give a name by which SQLite knows the hidden number of a row; None where columns have taken all three names."""
    taken = {name.lower() for name in table.column_names}
    return next((name for name in ("rowid", "_rowid_", "oid") if name not in taken), None)


def create_enum(enum: Enum) -> str:
    """Write the view that keeps an enum's values, whether or not a column uses them now."""
    values = ", ".join(f"({literal(value)})" for value in enum.values)
    return f'CREATE VIEW {quote(ENUM_PREFIX + enum.name)} ("value") AS VALUES {values}'
