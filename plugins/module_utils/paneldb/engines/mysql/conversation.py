# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The conversation with one server: statements, what they end, and transactions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ...errors import ConnectionFailed, StatementFailed
from ..base import Row
from ..target import Target
from .faults import DEADLOCK, RUNNING, translated
from .session import product_of
from .transfer import PACKET_HEAD

if TYPE_CHECKING:
    from pymysql.cursors import Cursor

    from .transfer import Transfer
    from .wire import Connection

_IN_TRANSACTION = 1
#: Bytes that any server takes at once, but for one that was made to take less.
_SMALLEST_PACKET = 1 << 20


class Conversation:
    """The connection is in autocommit mode; transactions are begun and ended by statements."""

    def __init__(self, target: Target, connection: Connection, *, read_only: bool = False) -> None:
        self.target = target
        self.read_only = read_only
        self.in_transaction = False
        #: Why the transaction that the session believes to be in is none any more.
        self.lost = ""
        self.connection = connection
        self.product, self.numbers = product_of(connection.server_version)
        self._savepoints = 0
        self._transfer: Transfer | None = None

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
