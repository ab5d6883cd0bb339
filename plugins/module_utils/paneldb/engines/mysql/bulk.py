# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changing and deleting rows in bulk: a few by a statement each, many by a table of the session and a join."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from ...errors import AccessDenied, StatementFailed
from ...model.schema import Column, Table
from .literals import writer
from .loading import Loading
from .naming import quoted
from .retrying import retried

if TYPE_CHECKING:
    from .engine import MysqlEngine

Row = tuple[Any, ...]

#: Up to so many rows get a statement each; a table to load them to costs more.
FEW = 40
STAGED = "`_paneldb_staged`"
#: No temporary tables inside transactions, or none without a key, on servers that insist on GTIDs or on keys.
_NOT_MADE = frozenset((1786, 1787, 3750))
#: Types that an index may hold whole.
_INDEXABLE = frozenset(("uuid", "integer", "bigint", "decimal", "timestamp", "boolean", "enum", "float"))


def insert(engine: MysqlEngine, table: Table, columns: Sequence[str], rows: Iterable[Row]) -> int:
    """See ``Engine.insert``."""
    chosen = [table.column(name) for name in columns]
    return Loading(engine, quoted(table.name), chosen, columns, f"Writing rows to {table.name}").run(rows)


def update(engine: MysqlEngine, table: Table, key: Sequence[str], columns: Sequence[str], rows: Iterable[Row]) -> int:
    """See ``Engine.update``."""
    return _Change(engine, table, key, columns).run(rows)


def delete(engine: MysqlEngine, table: Table, key: Sequence[str], keys: Iterable[Row]) -> int:
    """See ``Engine.delete``."""
    return _Change(engine, table, key, ()).run(keys)


class _Change:
    """Rows to change in ``columns``, or to delete where no columns are given."""

    def __init__(self, engine: MysqlEngine, table: Table, key: Sequence[str], columns: Sequence[str]) -> None:
        self._engine = engine
        self._table = table
        self._key = [table.column(name) for name in key]
        self._columns = [table.column(name) for name in columns]
        self._names = [f"k{at}" for at in range(len(key))] + [f"v{at}" for at in range(len(columns))]
        self._action = f"Changing rows of {table.name}"

    def run(self, rows: Iterable[Row]) -> int:
        """Give how many rows there were."""
        remaining = iter(rows)
        first = list(islice(remaining, FEW + 1))
        if not first:
            return 0
        if len(first) == 1:
            # A statement is done as a whole or not at all by itself.
            return retried(self._engine, lambda: self._changed_one(0, first[0]))
        if len(first) <= FEW:
            return retried(self._engine, lambda: self._one_by_one(first))
        return self._staged(chain(first, remaining))

    def _one_by_one(self, rows: Iterable[Row]) -> int:
        count = 0
        with self._engine.all_or_nothing():
            for position, row in enumerate(rows):
                count += self._changed_one(position, row)
        return count

    def _changed_one(self, position: int, row: Row) -> int:
        written = writer(self._engine.connection.server_status)
        pairs = [(column, written(value, column.type.name)) for column, value in zip(self._all(), row)]
        rules = " AND ".join(
            f"{quoted(column.name)} {'<=>' if column.null else '='} {value}"
            for column, value in pairs[: len(self._key)]
        )
        changes = ", ".join(f"{quoted(column.name)} = {value}" for column, value in pairs[len(self._key) :])
        place = quoted(self._table.name)
        text = f"UPDATE {place} SET {changes}" if changes else f"DELETE FROM {place}"
        try:
            return self._engine.execute(f"{text} WHERE {rules}", action=self._action).rowcount
        except StatementFailed as error:
            error.details.setdefault("row", position)
            raise

    def _all(self) -> list[Column]:
        return [*self._key, *self._columns]

    def _staged(self, rows: Iterable[Row]) -> int:
        """Load the rows to a table of the session; outside transactions, the change itself is then one statement."""
        with self._staging() as there:
            if not there:
                return retried(self._engine, lambda: self._one_by_one(rows), repeatable=lambda: False)
            Loading(self._engine, STAGED, self._all(), self._names, self._action).run(rows)
            text = self._joined()
            return retried(self._engine, lambda: self._engine.execute(text, action=self._action).rowcount)

    def _joined(self) -> str:
        """Only a nullable part of a key is compared as null to null."""
        rules = " AND ".join(
            f"t.{quoted(column.name)} {'<=>' if column.null else '='} s.{name}"
            for column, name in zip(self._key, self._names)
        )
        changes = ", ".join(
            f"t.{quoted(column.name)} = s.{name}" for column, name in zip(self._columns, self._names[len(self._key) :])
        )
        source = f"{STAGED} AS s JOIN {quoted(self._table.name)} AS t ON {rules}"
        return f"UPDATE {source} SET {changes}" if changes else f"DELETE t FROM {source}"

    @contextmanager
    def _staging(self) -> Iterator[bool]:
        """Make the table with the columns' own types; tell whether the account, and the server, let us."""
        try:
            self._engine.ask(self._create(), action=self._action)
        except (AccessDenied, StatementFailed) as error:
            if isinstance(error, StatementFailed) and error.details.get("errno") not in _NOT_MADE:
                raise
            yield False
            return
        try:
            yield True
        finally:
            if not self._engine.closed and not self._engine.lost:
                self._engine.ask(f"DROP TEMPORARY TABLE {STAGED}")

    def _create(self) -> str:
        """A key of its own, as some servers insist on; and one to join by where the table has none for that."""
        copies = ", ".join(f"{quoted(column.name)} AS {name}" for column, name in zip(self._all(), self._names))
        index = ""
        if not self._is_indexed() and all(column.type.name in _INDEXABLE for column in self._key):
            index = f", KEY ({', '.join(self._names[: len(self._key)])})"
        return (
            f"CREATE TEMPORARY TABLE {STAGED} (`n` bigint NOT NULL AUTO_INCREMENT PRIMARY KEY{index})"
            f" SELECT {copies} FROM {quoted(self._table.name)} WHERE FALSE"
        )

    def _is_indexed(self) -> bool:
        table = self._table
        known = [table.primary_key.columns] if table.primary_key else []
        known += [unique.columns for unique in table.uniques]
        known += [tuple(column.name for column in index.columns) for index in table.indexes]
        wanted = {column.name for column in self._key}
        return any(columns and set(columns[: len(wanted)]) <= wanted for columns in known)
