# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one connection: how it is opened, and what a transaction is on it."""

from __future__ import annotations

import math
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ...errors import ConnectionFailed, ConstraintViolated, StatementFailed
from ..target import Target
from .failures import translated
from .words import quote

#: How many orphans an error names.
_SHOWN = 5
#: KiB of pages kept in memory: rows with random keys, such as UUIDs, touch pages all over a table.
_CACHE = 16 * 1024
#: Instructions of SQLite's machine between two looks at the clock: some tenths of a millisecond.
_INSTRUCTIONS = 10_000


def file_uri(path: str, mode: str) -> str:
    """Give the URI of a file; every character that means something in a URI is escaped."""
    from urllib.parse import quote as percent

    return f"file:{percent(str(Path(path).absolute()))}?mode={mode}"


class Clock:
    """Ends a statement that runs for too long; SQLite has no clock of its own for that."""

    def __init__(self, seconds: float, deadline: float = math.inf) -> None:
        self._seconds = seconds or math.inf
        self._deadline = deadline
        self.start()

    def start(self) -> None:
        self._end = min(time.monotonic() + self._seconds, self._deadline)

    def over(self) -> int:
        return int(time.monotonic() > self._end)


class Session:
    """A connection in autocommit: a transaction begins and ends where it is said, and nowhere else."""

    def __init__(self, target: Target, *, read_only: bool) -> None:
        self.target = target
        self.path = target.path
        self.read_only = read_only
        self._depth = 0
        self._schema_change = False
        self._suspect = False
        self.deadline = math.inf
        self._clock: Clock | None = None
        with translated(self.path):
            self.connection = _open(target, "ro" if read_only else "rw")
        try:
            self._prepare(target)
        except BaseException:
            self.connection.close()
            raise

    def _prepare(self, target: Target) -> None:
        with translated(self.path):
            self.connection.execute("PRAGMA foreign_keys = ON")
            self.connection.execute(f"PRAGMA cache_size = -{_CACHE}")
            self.connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchall()
        if target.statement_timeout:
            self._watch(Clock(target.statement_timeout))

    def _watch(self, clock: Clock) -> None:
        self._clock = clock
        self.connection.set_progress_handler(clock.over, _INSTRUCTIONS)

    def end_by(self, deadline: float) -> None:
        """See ``Engine.end_by``."""
        self.deadline = deadline
        self._watch(Clock(self.target.statement_timeout, deadline))

    def _wait_in_time(self) -> None:
        """Have COMMIT wait for those who read no longer than there is time; SQLite's clock does not go meanwhile."""
        if self.deadline != math.inf:
            left = min(self.target.lock_timeout, max(0.0, self.deadline - time.monotonic()))
            self.connection.execute(f"PRAGMA busy_timeout = {int(left * 1000)}")

    def close(self) -> None:
        self.connection.close()

    def execute(self, sql: str, values: Any = ()) -> sqlite3.Cursor:
        """Run one statement.

        :raises PanelDbError: see ``failures``.
        """
        self.start_clock()
        with translated(self.path):
            return self.connection.execute(sql, values)

    def start_clock(self) -> None:
        """Give the work that comes now the whole time of a statement."""
        if self._clock:
            self._clock.start()

    @contextmanager
    def transaction(self, *, schema_change: bool = False) -> Iterator[None]:
        """See ``Engine.transaction``. A joined transaction is the outer one, and so are its foreign keys."""
        if self._depth:
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1
            return
        self._begin(schema_change)
        try:
            yield
            if self._suspect and schema_change:
                self._verify()
            self._wait_in_time()
            self.execute("COMMIT")
        except BaseException:
            self._roll_back()
            raise
        finally:
            self._end()

    @property
    def in_transaction(self) -> bool:
        return self._depth > 0

    @property
    def changes_schema(self) -> bool:
        """Whether a transaction that may rebuild tables is open."""
        return self._schema_change

    def suspect(self) -> None:
        """Tell that something runs which may break a reference, a view or a trigger: looking for it reads every row."""
        self._suspect = True

    def _begin(self, schema_change: bool) -> None:
        if schema_change:
            self.execute("PRAGMA foreign_keys = OFF")
        try:
            self.execute("BEGIN" if self.read_only else "BEGIN IMMEDIATE")
        except BaseException:
            self.execute("PRAGMA foreign_keys = ON")
            raise
        self._depth, self._schema_change, self._suspect = 1, schema_change, False

    def _roll_back(self) -> None:
        """Take everything back. SQLite has done so by itself after some errors, such as a full disk."""
        if self.connection.in_transaction:
            try:
                self.connection.execute("ROLLBACK")
            except sqlite3.Error:
                # The first error is the one to tell; SQLite rolls back when the file is opened next.
                return

    def _end(self) -> None:
        self._depth = 0
        if self._schema_change:
            self._schema_change = False
            self.connection.execute("PRAGMA foreign_keys = ON")
            self.connection.execute("PRAGMA legacy_alter_table = OFF")

    # --- what must hold before a change of the schema is committed -----------------------------------------------

    def _verify(self) -> None:
        self._verify_references()
        self._verify_texts()

    def _verify_references(self) -> None:
        """Foreign keys were not enforced while tables were rebuilt."""
        orphans = self.execute("PRAGMA foreign_key_check").fetchmany(_SHOWN)
        if orphans:
            table, _unused, parent, _unused = orphans[0]
            raise ConstraintViolated(
                f"Rows of {table} refer to rows of {parent} that are not there; the change is undone.",
                hint="Mend or delete these rows first.",
                table=table,
                rule="foreign key",
                references=parent,
                rows=[{"table": each[0], "rowid": each[1], "references": each[2]} for each in orphans],
            )

    def _verify_texts(self) -> None:
        """Have SQLite look at all views and triggers, which it does when a table is renamed; it keeps broken ones."""
        others = "SELECT 1 FROM sqlite_master WHERE type IN ('view', 'trigger') AND substr(name, 1, 9) <> '_paneldb_'"
        if not self.execute(f"{others} LIMIT 1").fetchall():
            return
        probe, renamed = quote("_paneldb_probe"), quote("_paneldb_probe_renamed")
        self.execute(f"CREATE TABLE {probe} (a)")
        try:
            self.execute(f"ALTER TABLE {probe} RENAME TO {renamed}")
        except StatementFailed as error:
            raise StatementFailed(
                f"A view or trigger would be left broken; the change is undone. {error.message}",
                hint="Drop or change it first, then run again.",
            ) from error
        self.execute(f"DROP TABLE {renamed}")


def _open(target: Target, mode: str) -> sqlite3.Connection:
    if Path(target.path).is_dir():
        raise ConnectionFailed(
            f"{target.path} is a folder.", hint="Give the path of the database file.", path=target.path
        )
    if not Path(target.path).exists():
        raise ConnectionFailed(
            f"There is no database file {target.path}.",
            hint="Create it first (module database, or a run of the play that sets it up).",
            path=target.path,
        )
    return sqlite3.connect(
        file_uri(target.path, mode), uri=True, isolation_level=None, timeout=target.lock_timeout, cached_statements=64
    )
