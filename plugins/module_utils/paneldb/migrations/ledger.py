# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The journal that a database keeps of its migrations: what is applied, each run, each operation.

Its three tables are a model like any other, made by the engine's own ``compile``. A run has one row from its start to
its end. A migration has one row while it is applied. Each operation of a run has one row: planned at first, then done;
where a migration cannot commit as a whole, also started or failed (see ``run``).
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from itertools import groupby
from typing import Any, NamedTuple

from ..engines.base import BOOKKEEPING_PREFIX, Catalogue, Encoder, Engine
from ..errors import MigrationError
from ..model.operations import Add, Drop
from ..model.plan import Step
from ..model.schema import Column, PrimaryKey, Schema, Table
from ..model.types import Type

PLANNED, STARTED, DONE, FAILED, INTERRUPTED = "planned", "started", "done", "failed", "interrupted"
UNFINISHED = (PLANNED, STARTED, FAILED)

DEPLOY, BASELINE, SQUASH, ROLLBACK, RESET = "deploy", "baseline", "squash", "rollback", "reset"

_ID, _CHECKSUM, _WORD, _TIME, _TEXT, _UUID = (
    Type("string", ("255",)),
    Type("string", ("80",)),
    Type("string", ("20",)),
    Type("timestamp"),
    Type("text"),
    Type("uuid"),
)
#: Error texts are cut to so many characters.
LONGEST_ERROR = 4000


def _table(name: str, key: Sequence[str], *columns: Column) -> Table:
    return Table(BOOKKEEPING_PREFIX + name, columns, PrimaryKey(tuple(key)))


MIGRATIONS = _table(
    "migrations",
    ["id"],
    Column("id", _ID),
    Column("parent", _ID),
    Column("checksum", _CHECKSUM),
    Column("model", _CHECKSUM),
    Column("applied_at", _TIME),
    Column("run", _UUID),
    Column("duration_ms", Type("bigint")),
    Column("how", _WORD),
)
RUNS = _table(
    "runs",
    ["id"],
    Column("id", _UUID),
    Column("kind", _WORD),
    Column("started_at", _TIME),
    Column("ended_at", _TIME, null=True),
    Column("state", _WORD),
    Column("owner", _TEXT),
    Column("fingerprint", _CHECKSUM),
    Column("error", _TEXT),
)
OPERATIONS = _table(
    "operations",
    ["run", "migration", "position"],
    Column("run", _UUID),
    Column("migration", _ID),
    Column("position", Type("integer")),
    Column("name", Type("string", ("40",))),
    Column("target", _TEXT),
    Column("state", _WORD),
    Column("started_at", _TIME, null=True),
    Column("ended_at", _TIME, null=True),
)
#: In the order in which they are made: where the last is there, all are.
TABLES = (RUNS, OPERATIONS, MIGRATIONS)


class Applied(NamedTuple):
    """A row of the table of migrations."""

    id: str
    parent: str
    checksum: str
    model: str
    applied_at: datetime
    run: str
    duration_ms: int
    how: str

    def to_data(self) -> dict[str, Any]:
        """Give what people want to know, as plain values."""
        told = {"id": self.id, "how": self.how, "applied_at": self.applied_at.isoformat()}
        return {**told, "duration_ms": self.duration_ms}


class RunRow(NamedTuple):
    """A row of the table of runs."""

    id: str
    kind: str
    started_at: datetime
    ended_at: datetime | None
    state: str
    owner: str
    fingerprint: str
    error: str

    def to_data(self) -> dict[str, Any]:
        """Give what people want to know, as plain values."""
        ended = self.ended_at.isoformat() if self.ended_at else None
        when = {"started_at": self.started_at.isoformat(), "ended_at": ended}
        return {"id": self.id, "kind": self.kind, "state": self.state, "owner": self.owner, **when, "error": self.error}


class OperationRow(NamedTuple):
    """A row of the table of operations; ``position`` counts from 0 in the migration, in the order of the run."""

    run: str
    migration: str
    position: int
    name: str
    target: str
    state: str
    started_at: datetime | None = None
    ended_at: datetime | None = None


_ROWS: dict[str, Any] = {MIGRATIONS.name: Applied, RUNS.name: RunRow, OPERATIONS.name: OperationRow}


@dataclass(frozen=True)
class _Codec:
    """What leads between logical rows and stored ones, made once for each table."""

    encoders: Mapping[str, Encoder]
    decoders: Sequence[Encoder]


class Ledger:
    """Reads and writes the journal of one database through its engine, and never by statements of its own."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._codecs: dict[str, _Codec] = {}
        self._there: frozenset[str] = frozenset()

    def exists(self) -> bool:
        """Tell whether the database has a journal.

        :raises MigrationError: where a table of it is gone.
        """
        if not self._there:
            self._there = self._engine.existing_tables([table.name for table in TABLES])
        if MIGRATIONS.name not in self._there:
            return False
        lacking = [table.name for table in TABLES if table.name not in self._there]
        if lacking:
            raise MigrationError(
                f"The journal lacks the table {', '.join(lacking)}.",
                hint="Restore it from a backup, or drop what is left of the journal and record a baseline.",
            )
        return True

    def create(self, catalogue: Catalogue | None = None) -> None:
        """Make the tables that are not there yet; ``catalogue`` saves reading it where it is at hand."""
        if not self.exists():
            missing = [Add("", table) for table in TABLES if table.name not in self._there]
            steps, _unused = self._engine.compile(missing, catalogue or self._engine.catalogue())
            self._run(steps)
            self._there = frozenset(table.name for table in TABLES)

    def drop(self) -> None:
        """Remove those of the tables that are there."""
        names = self._engine.existing_tables([table.name for table in TABLES])
        there = tuple(table for table in TABLES if table.name in names)
        if there:
            # No catalogue shows these tables: what it lacks is added as this engine would show it.
            catalogue = self._engine.catalogue()
            ours = self._engine.canonical(Schema(there)).tables
            shown = replace(catalogue, schema=replace(catalogue.schema, tables=(*catalogue.schema.tables, *ours)))
            steps, _unused = self._engine.compile([Drop("", table) for table in reversed(there)], shown)
            self._run(steps)
        self._there = frozenset()

    def _run(self, steps: Iterable[Step]) -> None:
        # Where DDL is part of a transaction this may stand in one that changes no schema otherwise.
        alone = not self._engine.capabilities.transactional_ddl
        with self._engine.transaction(schema_change=alone):
            for step in steps:
                for statement in step.statements:
                    self._engine.run(statement)

    # --- what is there -------------------------------------------------------------------------------------------

    def applied(self) -> dict[str, Applied]:
        """Give the applied migrations by id, in no order; none where there is no journal."""
        return {row.id: row for row in self._fetch(MIGRATIONS)} if self.exists() else {}

    def runs(self, *states: str) -> list[RunRow]:
        """Give the runs in one of the states (all where none is named), oldest first."""
        found = self._fetch(RUNS, "state", states) if self.exists() else []
        return sorted(found, key=lambda run: (run.started_at, run.id))

    def operations(self, run: str) -> list[OperationRow]:
        """Give the operations of a run by migration and position."""
        return sorted(self._fetch(OPERATIONS, "run", [run]), key=lambda row: (row.migration, row.position))

    def unfinished(self) -> list[OperationRow]:
        """Give the operations that a run planned and did not finish."""
        return self._fetch(OPERATIONS, "state", UNFINISHED) if self.exists() else []

    def _fetch(self, table: Table, column: str = "", values: Sequence[Any] = ()) -> list[Any]:
        where = (column, [self._encoded(table, column, value) for value in values]) if values else None
        decoders, make = self._codec(table).decoders, _ROWS[table.name]
        rows = self._engine.fetch(table, table.column_names, where=where)
        return [make(*(_through(decode, value) for decode, value in zip(decoders, row))) for row in rows]

    # --- what happens --------------------------------------------------------------------------------------------

    def add_run(self, run: RunRow) -> None:
        """Write the row of a run that begins."""
        self._insert(RUNS, [run])

    def end_run(self, run: RunRow, state: str = DONE, error: str = "") -> None:
        """Write how a run ended."""
        self._update(RUNS, ["id"], ["state", "ended_at", "error"], [(run.id, state, now(), error[:LONGEST_ERROR])])

    def add_applied(self, rows: Iterable[Applied]) -> None:
        """Write that migrations are applied."""
        self._insert(MIGRATIONS, rows)

    def remove_applied(self, ids: Iterable[str]) -> None:
        """Write that migrations are applied no longer."""
        self._delete(MIGRATIONS, ["id"], [(identity,) for identity in ids])

    def add_operations(self, rows: Iterable[OperationRow]) -> None:
        """Write rows of operations."""
        self._insert(OPERATIONS, rows)

    def update_operations(self, rows: Iterable[OperationRow]) -> None:
        """Write the states and times of operations that have rows already."""
        key = ["run", "migration", "position"]
        told = [(each.run, each.migration, each.position, each.state, each.started_at, each.ended_at) for each in rows]
        self._update(OPERATIONS, key, ["state", "started_at", "ended_at"], told)

    def finish_operations(self, run: str, rows: Sequence[OperationRow]) -> None:
        """Put these rows in the place of all that the run still has as planned."""
        if rows:
            self._delete(OPERATIONS, ["run", "state"], [(run, PLANNED)])
            self._insert(OPERATIONS, rows)

    def remove_operations(self, rows: Iterable[OperationRow]) -> None:
        """Remove rows of operations."""
        self._delete(OPERATIONS, ["run", "migration", "position"], [row[:3] for row in rows])

    def _insert(self, table: Table, rows: Iterable[Sequence[Any]]) -> None:
        stored = self._stored(table, table.column_names, rows)
        if stored:
            self._engine.insert(table, table.column_names, stored)

    def _update(self, table: Table, key: Sequence[str], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        stored = self._stored(table, [*key, *columns], rows)
        if stored:
            self._engine.update(table, key, columns, stored)

    def _delete(self, table: Table, key: Sequence[str], keys: Iterable[Sequence[Any]]) -> None:
        stored = self._stored(table, key, keys)
        if stored:
            self._engine.delete(table, key, stored)

    def _stored(self, table: Table, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> list[tuple[Any, ...]]:
        encoders = [self._codec(table).encoders[column] for column in columns]
        return [tuple(_through(encode, value) for encode, value in zip(encoders, row)) for row in rows]

    def _encoded(self, table: Table, column: str, value: Any) -> Any:
        return _through(self._codec(table).encoders[column], value)

    def _codec(self, table: Table) -> _Codec:
        if table.name not in self._codecs:
            encoders = self._engine.encoders(table.columns)
            named = dict(zip(table.column_names, encoders))
            self._codecs[table.name] = _Codec(named, self._engine.decoders(table.columns))
        return self._codecs[table.name]


def by_migration(rows: Iterable[OperationRow]) -> Iterator[tuple[str, tuple[OperationRow, ...]]]:
    """Part rows of one run that stand in order."""
    for identity, group in groupby(rows, lambda row: row.migration):
        yield identity, tuple(group)


def new_run(kind: str, fingerprint: str) -> RunRow:
    """Give the row of a run of this process that begins now."""
    return RunRow(str(uuid.uuid4()), kind, now(), None, STARTED, whoami(), fingerprint, "")


def _through(convert: Encoder, value: Any) -> Any:
    return value if convert is None or value is None else convert(value)


def now() -> datetime:
    """Give the time in UTC, cut to milliseconds as all engines keep it."""
    time = datetime.now(timezone.utc)
    return time.replace(microsecond=time.microsecond // 1000 * 1000)


def whoami() -> str:
    """Name the process for people: account, host, process id."""
    import pwd

    try:
        account = pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        account = str(os.geteuid())
    return f"{account}@{os.uname().nodename}, process {os.getpid()}"
