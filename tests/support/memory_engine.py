# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for an engine that keeps rows in lists, for tests of what stands above engines.

It obeys not-null, primary keys, uniques and foreign keys at each statement, as the strictest engine does, and undoes
a transaction that fails. Stored values are the logical ones, but for decimals and times, which it keeps as text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from datetime import datetime, timezone
from decimal import Decimal
from itertools import count
from typing import Any, Optional, cast

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.base import Engine, Server
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import Target
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import ConstraintViolated
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.schema import NOW, Column, Schema, Table

_TO_TEXT: dict[str, Callable[[Any], Any]] = {"decimal": str, "timestamp": datetime.isoformat}
_FROM_TEXT: dict[str, Callable[[Any], Any]] = {"decimal": Decimal, "timestamp": datetime.fromisoformat}


class MemoryEngine:
    """Rows by table name, each a dict; ``log`` names every call that wrote, with its number of rows."""

    name = "memory"

    def __init__(self, schema: Schema, tables: Optional[Iterable[str]] = None) -> None:
        self.schema = schema
        self.target = Target("memory")
        names = [table.name for table in schema.tables] if tables is None else tables
        self.rows: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
        self.log: list[tuple[str, str, int]] = []
        self.fetches: list[tuple[str, bool]] = []
        self.locked = 0
        self._numbers = count(1)

    def as_engine(self) -> Engine:
        """The same object as the type that use cases ask for."""
        return cast(Engine, self)

    def version(self) -> str:
        return "1"

    def server(self) -> Server:
        return Server("memory", self.version(), (1,))

    def existing_tables(self, names: Sequence[str]) -> frozenset[str]:
        return frozenset(name for name in names if name in self.rows)

    @contextmanager
    def lock(self, timeout: float) -> Iterator[None]:
        assert timeout > 0
        assert not self.locked, "the lock is held already"
        self.locked += 1
        try:
            yield
        finally:
            self.locked -= 1

    @contextmanager
    def transaction(self, *, schema_change: bool = False) -> Iterator[None]:
        assert not schema_change
        before = deepcopy(self.rows)
        try:
            yield
        except BaseException:
            self.rows = before
            raise

    def encoders(self, columns: Sequence[Column]) -> tuple[Any, ...]:
        return tuple(_TO_TEXT.get(column.type.name) for column in columns)

    def decoders(self, columns: Sequence[Column]) -> tuple[Any, ...]:
        return tuple(_FROM_TEXT.get(column.type.name) for column in columns)

    def count(self, table: Table) -> int:
        return len(self.rows[table.name])

    def estimated_count(self, table: Table) -> int:
        """Count the rows: nothing is cheaper."""
        return self.count(table)

    def fetch(self, table: Table, columns: Sequence[str], *, where: Any = None) -> Iterator[tuple[Any, ...]]:
        self.fetches.append((table.name, where is not None))
        for row in reversed(self.rows[table.name]):
            if where is None or row[where[0]] in where[1]:
                yield tuple(row[name] for name in columns)

    def insert(self, table: Table, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
        position = -1
        for position, row in enumerate(rows):
            self._insert(table, dict(zip(columns, row)), position)
        self.log.append(("insert", table.name, position + 1))
        return position + 1

    def update(self, table: Table, key: Sequence[str], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
        position = -1
        for position, row in enumerate(rows):
            [found] = [each for each in self.rows[table.name] if [each[name] for name in key] == list(row[: len(key)])]
            self.rows[table.name].remove(found)
            self._put(table, {**found, **dict(zip(columns, row[len(key) :]))}, position)
        self.log.append(("update", table.name, position + 1))
        return position + 1

    def delete(self, table: Table, key: Sequence[str], keys: Iterable[Sequence[Any]]) -> int:
        gone = {tuple(each) for each in keys}
        kept = [row for row in self.rows[table.name] if tuple(row[name] for name in key) not in gone]
        self.rows[table.name] = kept
        self.log.append(("delete", table.name, len(gone)))
        for holder, foreign in self.schema.references_to(table.name):
            for row in self.rows[holder.name]:
                self._require_reference(foreign.columns, foreign.ref_table, foreign.ref_columns, row, -1)
        return len(gone)

    def _insert(self, table: Table, row: dict[str, Any], position: int) -> None:
        for column in table.columns:
            if column.name not in row:
                row[column.name] = self._default(column)
        self._put(table, row, position)

    def _default(self, column: Column) -> Any:
        if column.autoincrement:
            return next(self._numbers)
        if column.default is None:
            return None
        if column.default.function == NOW:
            return datetime.now(timezone.utc).isoformat()
        assert not column.default.function, "ids are made by the client"
        return column.default.value

    def _put(self, table: Table, row: dict[str, Any], position: int) -> None:
        for column in table.columns:
            if row[column.name] is None and not column.null:
                raise ConstraintViolated(f"{table.name}.{column.name} is null.", row=position)
        keys = [unique.columns for unique in table.uniques]
        for columns in [*keys, table.primary_key.columns] if table.primary_key else keys:
            value = [row[name] for name in columns]
            if None not in value and any([each[name] for name in columns] == value for each in self.rows[table.name]):
                raise ConstraintViolated(f"{table.name} has such {columns} already.", row=position)
        self.rows[table.name].append(row)
        for key in table.foreign_keys:
            self._require_reference(key.columns, key.ref_table, key.ref_columns, row, position)

    def _require_reference(
        self, columns: Sequence[str], table: str, others: Sequence[str], row: dict[str, Any], position: int
    ) -> None:
        value = [row[name] for name in columns]
        if None not in value and not any([each[name] for name in others] == value for each in self.rows[table]):
            raise ConstraintViolated(f"{table} has no such {others}.", row=position)
