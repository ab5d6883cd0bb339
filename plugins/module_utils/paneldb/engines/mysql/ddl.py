# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The text of definitions: columns, keys, indexes, tables."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Union

from ...errors import Unsupported
from ...model.schema import Check, Column, Enum, ForeignKey, Index, IndexColumn, PrimaryKey, Table, Unique
from .catalog import INDEX_MARK
from .catalog_queries import ENUMS_TABLE
from .conditions import condition
from .defaults import NOW_TEXT, default_text
from .flavour import Flavour
from .naming import listed, quoted
from .native import Extra
from .sizes import prefix_of
from .types import Enums, exact_collation, type_text
from .wording import comment_text, literal

_DELETE_RULES = {"cascade": "CASCADE", "restrict": "RESTRICT", "set_null": "SET NULL", "no_action": "NO ACTION"}
#: Characters of the longest comments of a column and of a table ("CREATE TABLE Statement").
_LONGEST_COMMENT, _LONGEST_OF_TABLE = 1024, 2048

Rule = Union[PrimaryKey, Unique, Index, ForeignKey, Check]


@dataclass(frozen=True)
class Wording:
    """What definitions depend on besides the element itself: the server, and the values of enums."""

    flavour: Flavour
    enums: Enums = field(default_factory=dict)

    def column(self, column: Column, extra: Extra) -> str:
        """Write a column's whole definition, its name included."""
        collation = exact_collation(column.type, column.collation, self.flavour)
        parts = [quoted(column.name), type_text(column.type, self.enums, collation)]
        parts.extend(self._computed(column, extra) if column.generated else self._filled(column, extra))
        if extra.invisible:
            parts.append("INVISIBLE")
        comment = comment_text(column.comment, column.type.enum if column.type.name == "enum" else "")
        if comment:
            parts.append(f"COMMENT {_comment(comment, _LONGEST_COMMENT, f'column {column.name}')}")
        if extra.check:
            parts.append(f"CHECK ({extra.check})")
        return " ".join(parts)

    def _computed(self, column: Column, extra: Extra) -> Iterator[str]:
        yield f"GENERATED ALWAYS AS ({column.generated}) {extra.storage or 'STORED'}"
        if not column.null and not self.flavour.mariadb:
            yield "NOT NULL"

    def _filled(self, column: Column, extra: Extra) -> Iterator[str]:
        yield "NULL" if column.null else "NOT NULL"
        if column.autoincrement:
            yield "AUTO_INCREMENT"
        elif column.default is not None:
            yield f"DEFAULT {default_text(column.default, column.type)}"
        if extra.on_update or column.updated_at:
            yield f"ON UPDATE {extra.on_update or NOW_TEXT}"

    def rule(self, table: Table, element: Rule) -> str:
        """Write a key, index or rule as CREATE TABLE and ADD have it."""
        if isinstance(element, PrimaryKey):
            return f"PRIMARY KEY ({self._indexed(table, element.columns)})"
        if isinstance(element, Unique):
            return f"UNIQUE INDEX {quoted(element.name)} ({self._indexed(table, element.columns)})"
        if isinstance(element, Index):
            return self._index(table, element)
        if isinstance(element, Check):
            return f"CONSTRAINT {quoted(element.name)} CHECK ({condition(element.expression)})"
        other = f"{quoted(element.ref_table)} ({listed(element.ref_columns)})"
        return (
            f"CONSTRAINT {quoted(element.name)} FOREIGN KEY ({listed(element.columns)}) REFERENCES {other}"
            f" ON DELETE {_DELETE_RULES[element.on_delete]}"
        )

    def _index(self, table: Table, index: Index) -> str:
        columns = ", ".join(
            self._indexed(table, [each.name]) + (" DESC" if each.descending else "") for each in index.columns
        )
        plain = index.unique and not any(each.descending for each in index.columns)
        mark = f" COMMENT {literal(INDEX_MARK)}" if plain else ""
        return f"{'UNIQUE INDEX' if index.unique else 'INDEX'} {quoted(index.name)} ({columns}){mark}"

    @staticmethod
    def _indexed(table: Table, names: Iterable[str]) -> str:
        """Columns of an index; of one without a longest value the beginning."""
        prefixes = ((name, prefix_of(table.column(name).type)) for name in names)
        return ", ".join(f"{quoted(name)}({prefix})" if prefix else quoted(name) for name, prefix in prefixes)

    def create_table(self, table: Table, extras: Sequence[Extra]) -> str:
        """Write the statement that makes a table."""
        if not table.columns:
            raise Unsupported(f"MySQL cannot have table {table.name}, which has no column.")
        parts = [self.column(column, extra) for column, extra in zip(table.columns, extras)]
        rules: list[Rule] = [table.primary_key] if table.primary_key else []
        rules += [*table.uniques, *table.indexes, *helpers(table), *table.checks, *table.foreign_keys]
        parts.extend(self.rule(table, rule) for rule in rules)
        options = f"ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE {self.flavour.collation}"
        comment = f" {table_comment(table)}" if table.comment else ""
        body = ",\n  ".join(parts)
        return f"CREATE TABLE {quoted(table.name)} (\n  {body}\n) {options}{comment}"


def helpers(table: Table) -> Iterator[Index]:
    """Indexes that foreign keys need, by their names: the server would make them by itself, and sometimes drop them."""
    leading = [tuple(columns) for columns in _orders(table)]
    for key in table.foreign_keys:
        if not any(columns[: len(key.columns)] == key.columns for columns in leading):
            leading.append(key.columns)
            yield Index(key.name, tuple(map(IndexColumn, key.columns)))


def _orders(table: Table) -> Iterator[Sequence[str]]:
    if table.primary_key is not None:
        yield table.primary_key.columns
    yield from (unique.columns for unique in table.uniques)
    for index in table.indexes:
        # A key leans on columns in ascending order alone.
        yield [each.name for each in takewhile(lambda column: not column.descending, index.columns)]


def table_comment(table: Table) -> str:
    """Write a table's comment as an option of it; an empty one takes it away."""
    return f"COMMENT={_comment(comment_text(table.comment), _LONGEST_OF_TABLE, f'table {table.name}')}"


def _comment(text: str, longest: int, whose: str) -> str:
    if len(text) > longest:
        raise Unsupported(
            f"The comment of {whose} has {len(text)} characters with what is kept in it, and MySQL takes {longest}."
        )
    return literal(text)


def alter_table(table: str, parts: Sequence[str]) -> str:
    """Write one ALTER TABLE of all the parts."""
    return f"ALTER TABLE {quoted(table)}\n  " + ",\n  ".join(parts)


# --- enums -----------------------------------------------------------------------------------------------------------


def create_store(flavour: Flavour) -> str:
    """Write the statement that makes the table in which enums are kept."""
    return (
        f"CREATE TABLE IF NOT EXISTS {quoted(ENUMS_TABLE)} (\n  name varchar(255) NOT NULL PRIMARY KEY,\n"
        "  members longtext NOT NULL\n"
        f") ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE {flavour.collation}"
    )


def drop_store() -> str:
    """Write the statement that removes that table."""
    return f"DROP TABLE IF EXISTS {quoted(ENUMS_TABLE)}"


def keep_enum(enum: Enum) -> str:
    """Write the statement that keeps an enum's values."""
    members = literal(json.dumps(enum.values))
    return f"REPLACE INTO {quoted(ENUMS_TABLE)} (name, members) VALUES ({literal(enum.name)}, {members})"


def forget_enum(name: str) -> str:
    """Write the statement that forgets an enum."""
    return f"DELETE FROM {quoted(ENUMS_TABLE)} WHERE name = {literal(name)}"


def rename_enum(before: str, after: str) -> str:
    """Write the statement that gives an enum another name."""
    return f"UPDATE {quoted(ENUMS_TABLE)} SET name = {literal(after)} WHERE name = {literal(before)}"
