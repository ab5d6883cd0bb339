# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine for SQLite files."""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

from ...errors import StatementFailed
from ...model.schema import Column, Schema, Table
from ..base import Capabilities, Catalogue, Encoder, Engine, Limit, Row, Server
from ..target import Target
from .session import Session

if TYPE_CHECKING:
    from ...model.operations import Operation
    from ...model.plan import Statement, Step
    from ..parts import Accounts, Bulk, DatabaseItself, Query, Statistics

_REBUILT = 'CREATE TABLE "_paneldb_new_'
#: Statements that cannot break what other tables, views or triggers rely on, or that SQLite looks after itself.
_HARMLESS = re.compile(
    r'(?:CREATE (?:UNIQUE INDEX|INDEX|TABLE|VIEW|TRIGGER) "|DROP (?:INDEX |TRIGGER |VIEW IF EXISTS "_paneldb_)'
    r'|PRAGMA legacy_alter_table|ALTER TABLE "(?:[^"]|"")*" (?:ADD|RENAME|DROP) )'
)


class SqliteEngine(Session, Engine):
    """One connection to one file. What it does in detail stands in the modules beside this one."""

    name: ClassVar[str] = "sqlite"
    capabilities = Capabilities(transactional_ddl=True, transactions=True, enforces_foreign_keys=True)

    _locks = 0

    # --- session -------------------------------------------------------------------------------------------------

    @classmethod
    def connect(cls, target: Target, *, read_only: bool = False) -> SqliteEngine:
        return cls(target, read_only=read_only)

    def server(self) -> Server:
        folder = os.statvfs(os.path.dirname(os.path.abspath(self.target.path)))  # noqa: PTH100, PTH120 - pathlib is slower
        facts = {"path": self.target.path, "disk_free_bytes": folder.f_bavail * folder.f_frsize}
        return Server("SQLite", sqlite3.sqlite_version, sqlite3.sqlite_version_info, facts)

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

        return read_catalogue(self.execute(QUERY).fetchall())

    def existing_tables(self, names: Sequence[str]) -> frozenset[str]:
        found = self.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
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
        if statement.text.startswith(_REBUILT) and not self.changes_schema:
            raise StatementFailed("A table can only be rebuilt in a transaction that was opened with schema_change.")
        if statement.command is not None:
            from .rebuild import require_known

            require_known(self, statement.command)
        if not _HARMLESS.match(statement.text):
            self.suspect()
        self.execute(statement.text)

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

        return fetch(self, table, columns, where)

    # --- modules beside this one ---------------------------------------------------------------------------------

    def _bulk(self) -> Bulk:
        from . import bulk

        return bulk

    def _query(self) -> Query:
        from . import query

        return query

    def _statistics(self) -> Statistics:
        from . import statistics

        return statistics

    @classmethod
    def _database(cls) -> DatabaseItself:
        from . import database

        return database

    @classmethod
    def _accounts(cls) -> Accounts:
        from . import accounts

        return accounts
