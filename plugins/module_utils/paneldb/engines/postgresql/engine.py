# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One session with one PostgreSQL database (13 or later) by psycopg2."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import TYPE_CHECKING, Any, ClassVar

from ...errors import ConnectionFailed, StatementFailed
from ...model.schema import Column, Schema, Table
from ..base import Capabilities, Catalogue, Encoder, Engine, Limit, Row, Server
from ..target import Target
from .faults import LOCK_NOT_AVAILABLE, RUNNING, translated
from .session import milliseconds, open_session

if TYPE_CHECKING:
    import psycopg2.extensions

    from ...model.operations import Operation
    from ...model.plan import Statement, Step
    from ..parts import Accounts, Bulk, DatabaseItself, Query, Statistics

_SAVEPOINT = '"_paneldb_step"'
#: An ALTER that waits for its lock makes all readers wait behind it, so it waits for this long and tries again.
LOCK_ATTEMPT = 0.5


class PostgresqlEngine(Engine):
    """See ``Engine``. The connection is in autocommit mode; transactions are begun and ended by statements."""

    name: ClassVar[str] = "postgresql"
    capabilities = Capabilities(
        transactional_ddl=True, transactions=True, enforces_foreign_keys=True, online_indexes=True
    )

    def __init__(self, target: Target, connection: psycopg2.extensions.connection, *, read_only: bool = False) -> None:
        self.target = target
        self.read_only = read_only
        self.in_transaction = False
        self._connection = connection
        self._known_pid = connection.get_backend_pid()
        self._schema: str | None = None
        self._server: Server | None = None
        self._names = 0

    # --- session -------------------------------------------------------------------------------------------------

    @classmethod
    def connect(cls, target: Target, *, read_only: bool = False) -> PostgresqlEngine:
        return cls(target, open_session(target, read_only=read_only), read_only=read_only)

    def close(self) -> None:
        self._connection.close()

    def server(self) -> Server:
        if self._server is None:
            from .statistics import server

            self._server = server(self, self._known_pid)
        return self._server

    def version(self) -> str:
        return str(self._connection.info.parameter_status("server_version")).partition(" ")[0]

    @property
    def schema(self) -> str:
        """The schema in which all is made; the one of the target where the database has none of that name yet."""
        if self._schema is None:
            found = self.ask("SELECT current_schema()")[0][0]
            if found is None:
                return self.target.schema or "public"
            self._schema = str(found)
        return self._schema

    @property
    def failed(self) -> bool:
        """Whether the session can do nothing more before its transaction is undone, or at all."""
        return self.closed or self._connection.info.transaction_status not in (0, 2)

    @property
    def closed(self) -> bool:
        """Whether the session has ended."""
        return bool(self._connection.closed)

    def cursor(self) -> psycopg2.extensions.cursor:
        """Give the driver's cursor; the caller translates its errors."""
        if self.closed:
            raise ConnectionFailed(
                "The session with PostgreSQL has ended.", hint="Look at the server, then run it again."
            )
        return self._connection.cursor()

    def ask(self, statement: str, parameters: Sequence[Any] = (), action: str = "Asking the server") -> list[Row]:
        """Run a statement of ours and give its rows."""
        with translated(action), self.cursor() as cursor:
            cursor.execute(statement, parameters or None)
            return list(cursor.fetchall()) if cursor.description else []

    def fresh_name(self, quoted_name: str) -> str:
        """Give a quoted name that this session has not used: several cursors may be open at once."""
        self._names += 1
        return f'{quoted_name[:-1]}_{self._names}"'

    @contextmanager
    def transaction(self, *, schema_change: bool = False) -> Iterator[None]:
        del schema_change
        if self.in_transaction:
            yield
            return
        # Once something has been read, a transaction that only reads cannot be made one that writes any more.
        self._say("BEGIN READ ONLY; SELECT 1" if self.read_only else "BEGIN")
        self.in_transaction = True
        try:
            yield
            self._commit()
        except BaseException:
            self._undo()
            raise
        finally:
            self.in_transaction = False

    def _commit(self) -> None:
        """A transaction in which a statement failed is undone by COMMIT, without an error."""
        if self._say("COMMIT") != "COMMIT":
            raise StatementFailed("The transaction has been undone: a statement in it failed.")

    def _undo(self) -> None:
        try:
            if self._connection.info.transaction_status:
                self._say("ROLLBACK")
        except ConnectionFailed:
            # The server has undone it.
            return

    def _say(self, statement: str, action: str = "") -> str:
        with translated(action or statement), self.cursor() as cursor:
            cursor.execute(statement)
            return str(cursor.statusmessage)

    def lock(self, timeout: float) -> AbstractContextManager[None]:
        from .locking import held

        return held(self, self.schema, timeout)

    # --- schema --------------------------------------------------------------------------------------------------

    def catalogue(self) -> Catalogue:
        from .catalog import read_catalogue

        return read_catalogue(self.ask, self.schema, self._connection.server_version)

    def existing_tables(self, names: Sequence[str]) -> frozenset[str]:
        rows = self.ask(
            "SELECT c.relname FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace"
            " WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p') AND c.relname = ANY(%s::text[])",
            [list(names)],
        )
        return frozenset(name for (name,) in rows)

    def canonical(self, schema: Schema) -> Schema:
        from .canonical import canonical_schema

        return canonical_schema(schema)

    def limits(self, schema: Schema) -> tuple[Limit, ...]:
        """A model can state nothing that PostgreSQL cannot have."""
        del schema
        return ()

    def compile(self, operations: Sequence[Operation], catalogue: Catalogue) -> tuple[tuple[Step, ...], Catalogue]:
        from .compiler import compile_operations

        return compile_operations(operations, catalogue)

    def run(self, statement: Statement) -> None:
        """Run a statement that ``compile`` made, or a person wrote.

        It waits for locks for half a second at a time, with growing pauses in between in which whoever queued behind
        it goes on, until the target's ``lock_timeout`` is over. In a transaction a savepoint keeps what came before.
        """
        from ..waiting import persist

        try:
            persist(
                lambda: self._attempt(statement),
                lambda error: error.details.get("sqlstate") == LOCK_NOT_AVAILABLE,
                self.target.lock_timeout,
            )
        except StatementFailed as error:
            error.details.setdefault("statement", statement.text)
            self._clear_up(statement)
            raise

    def _clear_up(self, statement: Statement) -> None:
        """Remove what a statement outside any transaction leaves half made."""
        from ...model.plan import Statement

        undo = getattr(statement, "undo", "")
        if undo and not self.failed:
            with suppress(StatementFailed):
                self.run(Statement(undo))

    def _attempt(self, statement: Statement) -> None:
        if self.in_transaction:
            self._attempt_inside(statement)
        else:
            from .online import run_outside

            run_outside(self, statement)

    def _attempt_inside(self, statement: Statement) -> None:
        """One round trip: the savepoint, a short wait for locks, the statement, the usual wait again."""
        usual, short = self.target.lock_timeout, self.lock_attempt()
        before = f"SAVEPOINT {_SAVEPOINT}; SET LOCAL lock_timeout = {milliseconds(short)}; "
        after = f"\n; SET LOCAL lock_timeout = {milliseconds(usual)}; RELEASE SAVEPOINT {_SAVEPOINT}"
        try:
            self._say(before + statement.text + after, RUNNING)
        except StatementFailed:
            if self.failed and not self.closed:
                # Where the text could not even be parsed, nothing of it has run and there is no savepoint.
                with suppress(StatementFailed):
                    self._say(f"ROLLBACK TO SAVEPOINT {_SAVEPOINT}; RELEASE SAVEPOINT {_SAVEPOINT}")
            raise

    def lock_attempt(self) -> float:
        """Seconds that one attempt waits for a lock; no longer than all of them may."""
        usual = self.target.lock_timeout
        return min(LOCK_ATTEMPT, usual) if usual else LOCK_ATTEMPT

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
