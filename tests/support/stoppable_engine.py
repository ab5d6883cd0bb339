# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A database in memory whose sessions can be stopped anywhere: for unit tests of what runs above engines.

One operation is one statement. ``Database`` outlives its sessions, as a real one does; a session that is ``Stopped``
leaves it as a killed process would. Which kind of engine it is, is said by the capabilities.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Optional

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.base import (
    BOOKKEEPING_PREFIX,
    Capabilities,
    Catalogue,
    Encoder,
    Result,
    Row,
    Server,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import Target
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import LockHeld, StatementFailed
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.operations import (
    Execute,
    Operation,
    replay,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.plan import Statement, Step
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.schema import Column, Schema, Table

ONE_BY_ONE = Capabilities(transactional_ddl=False, transactions=True, enforces_foreign_keys=True)
AS_A_WHOLE = Capabilities(transactional_ddl=True, transactions=True, enforces_foreign_keys=True)


class Stopped(BaseException):
    """The process was killed here."""


@dataclass
class Database:
    """What is kept: schema, rows by table, statements of persons that ran, who holds the lock."""

    schema: Schema = field(default_factory=Schema)
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    executed: list[str] = field(default_factory=list)
    holder: Optional[str] = None


class StoppableEngine:
    """A session. ``stop_after`` counts statements and writes that may still be done; the next one stops the process.

    With ``late`` it stops only when that one has taken effect. ``refuse`` names an operation that fails. ``calls`` are
    the reads.
    """

    name: ClassVar[str] = "sqlite"

    def __init__(self, database: Database, capabilities: Capabilities = AS_A_WHOLE) -> None:
        self.database = database
        self.capabilities = capabilities
        self.target = Target("sqlite", path="memory.db", lock_timeout=0)
        self.stop_after = -1
        self.late = False
        self.refuse = ""
        self.calls: list[str] = []
        self._depth = 0
        self._changing = False

    def close(self) -> None:
        self.database.holder = None

    def version(self) -> str:
        return "1.0"

    def server(self) -> Server:
        return Server("memory", self.version(), (1, 0))

    @contextmanager
    def transaction(self, *, schema_change: bool = False) -> Iterator[None]:
        assert self._depth == 0 or not schema_change or self._changing, "the outer transaction had to say so"
        before = copy.deepcopy(self.database) if not self._depth else None
        self._changing = schema_change or bool(self._depth and self._changing)
        self._depth += 1
        try:
            yield
        except BaseException:
            if before is not None:
                self._undo(before)
            raise
        finally:
            self._depth -= 1

    def _undo(self, before: Database) -> None:
        if self.capabilities.transactional_ddl:
            self.database.schema, self.database.executed = before.schema, before.executed
        there = self.database.schema.table
        self.database.rows = {name: rows for name, rows in before.rows.items() if there(name)}

    @contextmanager
    def lock(self, timeout: float) -> Iterator[None]:
        assert timeout == self.target.lock_timeout
        if self.database.holder:
            raise LockHeld("Somebody else works on this database.", owner=self.database.holder, age_seconds=1)
        self.database.holder = "another"
        try:
            yield
        finally:
            self.database.holder = None

    # --- schema ------------------------------------------------------------------------------------------------------

    def catalogue(self) -> Catalogue:
        self.calls.append("catalogue")
        others = tuple(each for each in self.database.schema.tables if not each.name.startswith(BOOKKEEPING_PREFIX))
        return Catalogue(replace(self.database.schema, tables=others).normalized())

    def existing_tables(self, names: Sequence[str]) -> frozenset[str]:
        self.calls.append("existing_tables")
        return frozenset(name for name in names if self.database.schema.table(name))

    def canonical(self, schema: Schema) -> Schema:
        return schema.normalized()

    def compile(self, operations: Sequence[Operation], catalogue: Catalogue) -> tuple[tuple[Step, ...], Catalogue]:
        steps = []
        for position, operation in enumerate(operations):
            alone = isinstance(operation, Execute) and not operation.transaction
            text = f"{operation.name} {operation.target}"
            steps.append(Step((position,), (Statement(text, operation),), transactional=not alone))
        return tuple(steps), Catalogue(replay(operations, catalogue.schema).normalized())

    def run(self, statement: Statement) -> None:
        if statement.text == self.refuse:
            raise StatementFailed(f"The database refused {statement.text}.")
        self._write(lambda: self._run(statement.command))

    def _run(self, operation: Operation) -> None:
        self.database.schema = operation.apply(self.database.schema)
        there = self.database.schema.table
        self.database.rows = {name: rows for name, rows in self.database.rows.items() if there(name)}
        if isinstance(operation, Execute):
            self.database.executed.extend(operation.up[self.name])

    def _write(self, work: Callable[[], None]) -> None:
        self.stop_after -= 1
        if self.stop_after == -1 and not self.late:
            raise Stopped
        work()
        if self.stop_after == -1 and self.late:
            raise Stopped

    # --- rows --------------------------------------------------------------------------------------------------------

    def encoders(self, columns: Sequence[Column]) -> tuple[Encoder, ...]:
        return tuple(None for _unused in columns)

    def decoders(self, columns: Sequence[Column]) -> tuple[Encoder, ...]:
        return tuple(None for _unused in columns)

    def fetch(
        self, table: Table, columns: Sequence[str], *, where: tuple[str, Sequence[Any]] | None = None
    ) -> Iterator[Row]:
        self.calls.append(f"fetch {table.name}")
        for row in list(self._rows(table)):
            if where is None or row[where[0]] in where[1]:
                yield tuple(row[column] for column in columns)

    def insert(self, table: Table, columns: Sequence[str], rows: Iterable[Row]) -> int:
        added = [dict(zip(columns, row)) for row in rows]
        keys = [_key(table, row) for row in (*self._rows(table), *added)]
        assert len(keys) == len(set(keys)), f"a key of {table.name} twice"
        self._write(lambda: self._rows(table).extend(added))
        return len(added)

    def update(self, table: Table, key: Sequence[str], columns: Sequence[str], rows: Iterable[Row]) -> int:
        told = {tuple(row[: len(key)]): dict(zip(columns, row[len(key) :])) for row in rows}
        found = [row for row in self._rows(table) if tuple(row[each] for each in key) in told]
        assert len(found) == len(told), f"a row of {table.name} is missing"
        self._write(lambda: _update(found, key, told))
        return len(found)

    def delete(self, table: Table, key: Sequence[str], keys: Iterable[Row]) -> int:
        gone = {tuple(each) for each in keys}
        kept = [row for row in self._rows(table) if tuple(row[each] for each in key) not in gone]
        found = {tuple(row[each] for each in key) for row in self._rows(table)}
        assert gone <= found, f"a row of {table.name} is missing"
        self._write(lambda: self.database.rows.update({table.name: kept}))
        return len(gone)

    def count(self, table: Table) -> int:
        return len(self.database.rows.get(table.name, ()))

    def count_nulls(self, table: Table, column: str) -> int:
        return sum(row[column] is None for row in self.database.rows.get(table.name, ()))

    def hazards(self, *_unused: Any) -> tuple[()]:
        return ()

    def table_bytes(self, table: Table) -> int:
        return 8192 * len(self.database.rows.get(table.name, ()))

    def query(
        self,
        statement: Any,
        parameters: Sequence[Any] | Mapping[str, Any] | None = None,
        *,
        limit: int | None = None,
    ) -> Result:
        assert parameters is None
        assert limit is None
        return Result(("done",), ((statement in self.database.executed,),))

    def _rows(self, table: Table) -> list[dict[str, Any]]:
        assert self.database.schema.table(table.name), f"there is no table {table.name}"
        return self.database.rows.setdefault(table.name, [])


def _key(table: Table, row: Mapping[str, Any]) -> tuple[Any, ...]:
    assert table.primary_key is not None
    return tuple(row[each] for each in table.primary_key.columns)


def _update(rows: Iterable[dict[str, Any]], key: Sequence[str], told: Mapping[Row, Mapping[str, Any]]) -> None:
    for row in rows:
        row.update(told[tuple(row[each] for each in key)])
