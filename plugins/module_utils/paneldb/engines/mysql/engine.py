# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One session with one database of MySQL (8.0 or later) or MariaDB (10.6 or later) by PyMySQL."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

from ...errors import ConnectionFailed, InputError, PanelDbError, StatementFailed
from ...model.schema import Check, Column, ForeignKey, Schema, Table
from ..base import Capabilities, Catalogue, Encoder, Engine, Limit, Result, Row, Server
from ..target import Target
from .faults import DEADLOCK, LOCK_WAIT_TIMEOUT, RUNNING, translated
from .session import lock_seconds, open_session, product_of
from .transfer import PACKET_HEAD

if TYPE_CHECKING:
    from pymysql.cursors import Cursor

    from ...model.operations import Operation
    from ...model.plan import Statement, Step
    from ..account import AccountPlan, WantedAccount
    from .transfer import Transfer
    from .wire import Connection

#: Seconds that one attempt waits for a lock: whoever queued behind a waiting ALTER waits as well. The server's least.
LOCK_ATTEMPT = 1
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 3.0
_IN_TRANSACTION = 1
#: Bytes that any server takes at once, but for one that was made to take less.
_SMALLEST_PACKET = 1 << 20


class MysqlEngine(Engine):
    """See ``Engine``. The connection is in autocommit mode; transactions are begun and ended by statements."""

    name: ClassVar[str] = "mysql"
    capabilities = Capabilities(transactional_ddl=False, transactions=True, enforces_foreign_keys=True)

    def __init__(self, target: Target, connection: Connection, *, read_only: bool = False) -> None:
        self.target = target
        self.read_only = read_only
        self.in_transaction = False
        #: Why the transaction that the session believes to be in is none any more.
        self.lost = ""
        self.connection = connection
        self.product, self.numbers = product_of(connection.server_version)
        self._server: Server | None = None
        self._savepoints = 0
        self._transfer: Transfer | None = None

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

    def __enter__(self) -> MysqlEngine:
        return self

    def close(self) -> None:
        if not self.closed:
            self.connection.close()

    @property
    def closed(self) -> bool:
        """Whether the session has ended."""
        return not self.connection.open

    @property
    def database(self) -> str:
        """The database that the session was opened with."""
        name: Any = self.connection.db
        return name.decode() if isinstance(name, bytes) else str(name)

    @property
    def transfer(self) -> Transfer:
        """What the server takes at once."""
        if self._transfer is None:
            from .transfer import ask_transfer

            self._transfer = ask_transfer(self)
        return self._transfer

    def server(self) -> Server:
        if self._server is None:
            from .statistics import server

            self._server = server(self)
        return self._server

    def execute(
        self,
        statement: str | bytes,
        parameters: Sequence[Any] | Mapping[str, Any] | None = None,
        action: str = RUNNING,
        *,
        unbuffered: bool = False,
    ) -> Cursor:
        """Run a statement and give its cursor, with all its rows in memory unless it is ``unbuffered``.

        A percent sign in the statement is one unless there are parameters. No other statement may be run before an
        unbuffered cursor is closed.
        """
        from pymysql.cursors import Cursor, SSCursor

        self.require_session()
        with self.noting_loss(), translated(action):
            if isinstance(statement, str):
                statement = (self.bound(statement, parameters) if parameters else statement).encode()
            if len(statement) > _SMALLEST_PACKET:
                self._refuse_large(len(statement), action)
            cursor = self.connection.cursor(SSCursor if unbuffered else Cursor)
            cursor.execute(statement)  # type: ignore[call-overload]
        self._note_end(action)
        return cursor

    def _refuse_large(self, size: int, action: str) -> None:
        """The server would end the session."""
        if size > self.transfer.packet + PACKET_HEAD:
            raise StatementFailed(
                f"{action}: the statement has {size} bytes, more than the server takes at once.",
                hint="Raise max_allowed_packet on the server, or make several statements of it.",
            )

    def bound(self, statement: str, parameters: Sequence[Any] | Mapping[str, Any]) -> str:
        """Put values in their places."""
        from .literals import bound

        return bound(statement, parameters, self.connection.server_status)

    def require_session(self) -> None:
        """Refuse to go on where the session, or the transaction it believes to be in, is no more."""
        if self.closed:
            raise ConnectionFailed(
                "The session with the server has ended.", hint="Look at the server, then run it again."
            )
        if self.lost:
            raise StatementFailed(f"The transaction is over: {self.lost}.", hint="Run it again.")

    @contextmanager
    def noting_loss(self) -> Iterator[None]:
        """A deadlock undoes the whole transaction, not just the statement that was chosen as its victim."""
        try:
            yield
        except BaseException as error:
            if self.in_transaction and getattr(error, "details", {}).get("errno") == DEADLOCK:
                self.lost = "the server has undone it because of a deadlock"
            raise

    @property
    def is_in_transaction(self) -> bool:
        """Whether the server says so; MySQL commits without a word before and after each change of the schema."""
        return bool(self.connection.server_status & _IN_TRANSACTION)

    def _note_end(self, action: str) -> None:
        """See "Statements That Cause an Implicit Commit" in the manual."""
        if self.in_transaction and not self.is_in_transaction:
            self.lost = "a statement in it has ended it, as every change of the schema does"
            raise StatementFailed(f"{action}: {self.lost}.", hint="Set `transaction: false` on the step.")

    def ask(self, statement: str, parameters: Sequence[Any] = (), action: str = "Asking the server") -> list[Row]:
        """Run a statement of ours and give its rows."""
        return list(self.execute(statement, parameters, action).fetchall())

    @contextmanager
    def transaction(self, *, schema_change: bool = False) -> Iterator[None]:
        """Join the outer transaction, or begin one; none for changes of the schema, each of which commits itself."""
        if self.in_transaction or schema_change:
            yield
            return
        self.ask(
            "START TRANSACTION READ ONLY" if self.read_only else "START TRANSACTION", action="Beginning a transaction"
        )
        self.in_transaction = True
        try:
            yield
            self.require_session()
            self._end("COMMIT")
        except BaseException:
            self._undo()
            raise
        finally:
            self.in_transaction, self.lost = False, ""

    @contextmanager
    def all_or_nothing(self) -> Iterator[None]:
        """A transaction; inside one, a part of it that can be undone on its own."""
        if not self.in_transaction:
            with self.transaction():
                yield
            return
        self._savepoints += 1
        name = f"`_paneldb_{self._savepoints}`"
        self.ask(f"SAVEPOINT {name}")
        try:
            yield
        except BaseException:
            if not self.closed and not self.lost:
                self.ask(f"ROLLBACK TO SAVEPOINT {name}")
            raise
        finally:
            self._savepoints -= 1

    def _end(self, statement: str) -> None:
        self.in_transaction = False
        self.ask(statement, action="Ending a transaction")

    def _undo(self) -> None:
        self.lost = ""
        if self.closed:
            return
        try:
            self._end("ROLLBACK")
        except ConnectionFailed:
            # The server has undone it.
            return

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

    def run(self, statement: Statement) -> None:
        """Run a statement that ``compile`` made, or a person wrote.

        It waits for locks for a second at a time, with growing pauses in between in which whoever queued behind it goes
        on, until the target's ``lock_timeout`` is over. What a deadlock or a timeout undid is only tried again outside
        transactions, where it was that one statement.
        """
        deadline = time.monotonic() + (self.target.lock_timeout or math.inf)
        pause = _FIRST_PAUSE
        while True:
            try:
                return self._attempt(statement)
            except PanelDbError as error:
                waited = error.details.get("errno") in (LOCK_WAIT_TIMEOUT, DEADLOCK) and not self.lost
                if not waited or time.monotonic() + pause > deadline:
                    error.details.setdefault("statement", statement.text)
                    raise
            time.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

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

    def count(self, table: Table) -> int:
        from .statistics import count

        return count(self, table)

    def insert(self, table: Table, columns: Sequence[str], rows: Iterable[Row]) -> int:
        from .bulk import insert

        return insert(self, table, columns, rows)

    def update(self, table: Table, key: Sequence[str], columns: Sequence[str], rows: Iterable[Row]) -> int:
        from .bulk import update

        return update(self, table, key, columns, rows)

    def delete(self, table: Table, key: Sequence[str], keys: Iterable[Row]) -> int:
        from .bulk import delete

        return delete(self, table, key, keys)

    def query(
        self,
        statement: Any,
        parameters: Sequence[Any] | Mapping[str, Any] | None = None,
        *,
        limit: int | None = None,
    ) -> Result:
        from .query import run_query

        return run_query(self, statement, parameters, limit)

    # --- live facts for hazards ----------------------------------------------------------------------------------

    def count_nulls(self, table: Table, column: str) -> int:
        from .statistics import count_nulls

        return count_nulls(self, table, column)

    def duplicates(self, table: Table, columns: Sequence[str], where: str = "") -> tuple[int, tuple[Row, ...]]:
        from .statistics import duplicates

        return duplicates(self, table, columns, where)

    def orphans(self, table: Table, key: ForeignKey) -> tuple[int, tuple[Row, ...]]:
        from .statistics import orphans

        return orphans(self, table, key)

    def violations(self, table: Table, check: Check) -> int:
        from .statistics import violations

        return violations(self, table, check)

    def table_bytes(self, table: Table) -> int | None:
        from .statistics import table_bytes

        return table_bytes(self, table)

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
        from .profiles import plan

        return plan(target, accounts)

    @classmethod
    def apply_accounts(cls, target: Target, plans: Sequence[AccountPlan]) -> None:
        from .profiles import apply

        apply(target, plans)
