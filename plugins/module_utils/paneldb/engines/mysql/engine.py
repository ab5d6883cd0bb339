# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One session with one database of MySQL (8.0 or later) or MariaDB (10.6 or later) by PyMySQL."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, ClassVar

from ...errors import InputError, PanelDbError
from ...model.schema import Column, Schema, Table
from ..base import Capabilities, Catalogue, Encoder, Engine, Limit, Row, Server
from ..target import Target
from .conversation import Conversation
from .faults import DEADLOCK, LOCK_WAIT_TIMEOUT
from .session import lock_seconds, open_session

if TYPE_CHECKING:
    from ...model.operations import Operation
    from ...model.plan import Hazard, Statement, Step
    from ..parts import Accounts, Bulk, DatabaseItself, Query, Statistics

#: Seconds that one attempt waits for a lock: whoever queued behind a waiting ALTER waits as well. The server's least.
LOCK_ATTEMPT = 1


class MysqlEngine(Conversation, Engine):
    """See ``Engine``."""

    name: ClassVar[str] = "mysql"
    capabilities = Capabilities(transactional_ddl=False, transactions=True, enforces_foreign_keys=True)
    _server: Server | None = None

    # --- session -------------------------------------------------------------------------------------------------

    @classmethod
    def connect(cls, target: Target, *, read_only: bool = False) -> MysqlEngine:
        engine = cls(target, open_session(target, read_only=read_only), read_only=read_only)
        if not engine.connection.db:
            engine.close()
            raise InputError(
                "It is not said which database is meant.", source="database", hint="Give database, or a URL."
            )
        return engine

    def server(self) -> Server:
        if self._server is None:
            from .statistics import server

            self._server = server(self)
        return self._server

    def version(self) -> str:
        return ".".join(map(str, self.numbers))

    def lock(self, timeout: float) -> AbstractContextManager[None]:
        from .locking import held

        return held(self, timeout)

    # --- schema --------------------------------------------------------------------------------------------------

    def catalogue(self) -> Catalogue:
        from .catalog import read_catalogue

        return read_catalogue(
            self.ask, self.database, Server(self.product, self.connection.server_version, self.numbers)
        )

    def existing_tables(self, names: Sequence[str]) -> frozenset[str]:
        if not names:
            return frozenset()
        places = ", ".join(["%s"] * len(names))
        rows = self.ask(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()"
            f" AND table_type IN ('BASE TABLE', 'SYSTEM VERSIONED') AND table_name IN ({places})",
            list(names),
        )
        return frozenset(name for (name,) in rows) & frozenset(names)

    def canonical(self, schema: Schema) -> Schema:
        from .canonical import canonical_schema
        from .flavour import Flavour

        return canonical_schema(schema, Flavour(self.product, self.numbers))

    def limits(self, schema: Schema) -> tuple[Limit, ...]:
        from .canonical import limits_of
        from .flavour import Flavour

        return limits_of(schema, Flavour(self.product, self.numbers))

    def compile(self, operations: Sequence[Operation], catalogue: Catalogue) -> tuple[tuple[Step, ...], Catalogue]:
        from .compiler import compile_operations

        return compile_operations(operations, catalogue)

    def hazards(self, operations: Sequence[Operation], before: Catalogue) -> Iterable[Hazard]:
        from .hazards import unlike_keys

        return tuple(unlike_keys(operations, before))

    def run(self, statement: Statement) -> None:
        """Run a statement that ``compile`` made, or a person wrote.

        It waits for locks for a second at a time, with growing pauses in between in which whoever queued behind it goes
        on, until the target's ``lock_timeout`` is over. What a deadlock or a timeout undid is only tried again outside
        transactions, where it was that one statement.
        """
        from ..waiting import persist

        try:
            persist(
                lambda: self._attempt(statement),
                lambda error: error.details.get("errno") in (LOCK_WAIT_TIMEOUT, DEADLOCK) and not self.lost,
                self.target.lock_timeout,
            )
        except PanelDbError as error:
            error.details.setdefault("statement", statement.text)
            raise

    def _attempt(self, statement: Statement) -> None:
        self._wait_for_locks(min(LOCK_ATTEMPT, lock_seconds(self.target.lock_timeout)))
        try:
            self.execute(statement.text)
        finally:
            if not self.closed and not self.lost:
                self._wait_for_locks(lock_seconds(self.target.lock_timeout))

    def _wait_for_locks(self, seconds: int) -> None:
        self.ask(f"SET SESSION lock_wait_timeout = {seconds}, SESSION innodb_lock_wait_timeout = {seconds}")

    # --- rows ----------------------------------------------------------------------------------------------------

    def encoders(self, columns: Sequence[Column]) -> tuple[Encoder, ...]:
        from .values import encoders

        return encoders(columns)

    def decoders(self, columns: Sequence[Column]) -> tuple[Encoder, ...]:
        from .values import decoders

        return decoders(columns)

    def fetch(
        self, table: Table, columns: Sequence[str], *, where: tuple[str, Sequence[Any]] | None = None
    ) -> Iterator[Row]:
        from .reading import fetch

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
        from . import profiles

        return profiles
