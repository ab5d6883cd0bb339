# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine for SQLite files."""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

from ...errors import StatementFailed
from ...model.schema import Check, Column, ForeignKey, Schema, Table
from ..base import Capabilities, Catalogue, Encoder, Engine, Limit, Result, Row, Server
from ..target import Target
from .session import Session

if TYPE_CHECKING:
    from ...model.operations import Operation
    from ...model.plan import Statement, Step
    from ..account import AccountPlan, WantedAccount

_REBUILT = 'CREATE TABLE "_paneldb_new_'
#: Statements that cannot break what other tables, views or triggers rely on, or that SQLite looks after itself.
_HARMLESS = re.compile(
    r'(?:CREATE (?:UNIQUE INDEX|INDEX|TABLE|VIEW|TRIGGER) "|DROP (?:INDEX |TRIGGER |VIEW IF EXISTS "_paneldb_)'
    r'|PRAGMA legacy_alter_table|ALTER TABLE "(?:[^"]|"")*" (?:ADD|RENAME|DROP) )'
)


class SqliteEngine(Engine):
    """One connection to one file. What it does in detail stands in the modules beside this one."""

    name: ClassVar[str] = "sqlite"
    capabilities = Capabilities(transactional_ddl=True, transactions=True, enforces_foreign_keys=True)

    def __init__(self, target: Target, session: Session) -> None:
        self.target = target
        self._session = session
        self._locks = 0

    # --- session -------------------------------------------------------------------------------------------------

    @classmethod
    def connect(cls, target: Target, *, read_only: bool = False) -> SqliteEngine:
        return cls(target, Session(target, read_only=read_only))

    def close(self) -> None:
        self._session.connection.close()

    def server(self) -> Server:
        folder = os.statvfs(os.path.dirname(os.path.abspath(self.target.path)))  # noqa: PTH100, PTH120 - pathlib is slower
        facts = {"path": self.target.path, "disk_free_bytes": folder.f_bavail * folder.f_frsize}
        return Server("SQLite", sqlite3.sqlite_version, sqlite3.sqlite_version_info, facts)

    def transaction(self, *, schema_change: bool = False) -> AbstractContextManager[None]:
        return self._session.transaction(schema_change=schema_change)

    @contextmanager
    def lock(self, timeout: float) -> Iterator[None]:
        """See the protocol; taken once more inside, it is the same lock."""
        from .lock import held

        self._locks += 1
        try:
            if self._locks > 1:
                yield
            else:
                with held(self.target.path, timeout):
                    yield
        finally:
            self._locks -= 1

    # --- schema --------------------------------------------------------------------------------------------------

    def catalogue(self) -> Catalogue:
        from .catalog import QUERY, read_catalogue

        return read_catalogue(self._session.execute(QUERY).fetchall())

    def existing_tables(self, names: Sequence[str]) -> frozenset[str]:
        found = self._session.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        return frozenset(name for (name,) in found).intersection(names)

    def canonical(self, schema: Schema) -> Schema:
        from .canonical import canonical_schema

        return canonical_schema(schema)

    def limits(self, schema: Schema) -> tuple[Limit, ...]:
        from .canonical import limits_of

        return tuple(limits_of(schema))

    def compile(self, operations: Sequence[Operation], catalogue: Catalogue) -> tuple[tuple[Step, ...], Catalogue]:
        from .compile import Compiler

        return Compiler(catalogue, sqlite3.sqlite_version_info).compile(operations)

    def run(self, statement: Statement) -> None:
        if statement.text.startswith(_REBUILT) and not self._session.changes_schema:
            raise StatementFailed("A table can only be rebuilt in a transaction that was opened with schema_change.")
        if statement.command is not None:
            from .rebuild import require_known

            require_known(self._session, statement.command)
        if not _HARMLESS.match(statement.text):
            self._session.suspect()
        self._session.execute(statement.text)

    # --- rows ----------------------------------------------------------------------------------------------------

    def encoders(self, columns: Sequence[Column]) -> tuple[Encoder, ...]:
        from .values import encoder

        return tuple(map(encoder, columns))

    def decoders(self, columns: Sequence[Column]) -> tuple[Encoder, ...]:
        from .values import decoder

        return tuple(map(decoder, columns))

    def fetch(
        self, table: Table, columns: Sequence[str], *, where: tuple[str, Sequence[Any]] | None = None
    ) -> Iterator[Row]:
        from .bulk import fetch

        return fetch(self._session, table, columns, where)

    def count(self, table: Table) -> int:
        from .statistics import count

        return count(self._session, table)

    def insert(self, table: Table, columns: Sequence[str], rows: Iterable[Row]) -> int:
        from .bulk import insert

        return insert(self._session, table, columns, rows)

    def update(self, table: Table, key: Sequence[str], columns: Sequence[str], rows: Iterable[Row]) -> int:
        from .bulk import update

        return update(self._session, table, key, columns, rows)

    def delete(self, table: Table, key: Sequence[str], keys: Iterable[Row]) -> int:
        from .bulk import delete

        return delete(self._session, table, key, keys)

    def query(
        self,
        statement: Any,
        parameters: Sequence[Any] | Mapping[str, Any] | None = None,
        *,
        limit: int | None = None,
    ) -> Result:
        from .query import run_query

        return run_query(self._session, statement, parameters, limit)

    # --- live facts for hazards ----------------------------------------------------------------------------------

    def count_nulls(self, table: Table, column: str) -> int:
        from .statistics import count_nulls

        return count_nulls(self._session, table, column)

    def duplicates(self, table: Table, columns: Sequence[str], where: str = "") -> tuple[int, tuple[Row, ...]]:
        from .statistics import duplicates

        return duplicates(self._session, table, columns, where)

    def orphans(self, table: Table, key: ForeignKey) -> tuple[int, tuple[Row, ...]]:
        from .statistics import orphans

        return orphans(self._session, table, key)

    def violations(self, table: Table, check: Check) -> int:
        from .statistics import violations

        return violations(self._session, table, check)

    def table_bytes(self, table: Table) -> int | None:
        from .statistics import table_bytes

        return table_bytes(self._session, table)

    # --- the database itself -------------------------------------------------------------------------------------

    @classmethod
    def describe_database(cls, target: Target) -> dict[str, Any] | None:
        from .database import describe

        return describe(target)

    @classmethod
    def plan_database(
        cls, target: Target, wanted: Mapping[str, Any], current: Mapping[str, Any] | None
    ) -> tuple[dict[str, Any], tuple[Statement, ...]]:
        from .database import plan

        return plan(target, wanted, current)

    @classmethod
    def apply_database(cls, target: Target, statements: Sequence[Statement]) -> None:
        from .database import apply

        apply(target, statements)

    @classmethod
    def drop_database(cls, target: Target) -> None:
        from .database import drop

        drop(target)

    @classmethod
    def plan_accounts(cls, target: Target, accounts: Sequence[WantedAccount]) -> tuple[AccountPlan, ...]:
        from .accounts import plan

        return plan(target, accounts)

    @classmethod
    def apply_accounts(cls, target: Target, plans: Sequence[AccountPlan]) -> None:
        from .accounts import apply

        apply(target, plans)
