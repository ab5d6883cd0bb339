# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One session with one MongoDB database, by PyMongo."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from ...errors import ConnectionFailed, WriteRefused
from ...model.schema import Check, Column, ForeignKey, Schema, Table
from ..base import BOOKKEEPING_PREFIX, Capabilities, Catalogue, Encoder, Engine, Limit, Result, Row, Server
from ..target import Target
from .faults import translated
from .probes import TRANSACTIONS, Probes, probe
from .session import database_of, open_client, require_name

if TYPE_CHECKING:
    from pymongo.client_session import ClientSession
    from pymongo.collection import Collection
    from pymongo.database import Database

    from ...model.operations import Operation
    from ...model.plan import Hazard, Statement, Step
    from ..account import AccountPlan, WantedAccount
    from .lease import Lease
    from .session import Client


class MongodbEngine(Engine):
    """See ``Engine``. Columns are fields of their names; which server has what stands in ``probes``.

    ``session`` is the driver's session while a transaction is open, ``lease`` the lock while it is held.
    """

    name: ClassVar[str] = "mongodb"
    #: What every server has; transactions are added where the one that answers has them.
    capabilities = Capabilities(transactional_ddl=False, transactions=False, enforces_foreign_keys=False)

    def __init__(self, target: Target, client: Client, probes: Probes, *, read_only: bool = False) -> None:
        self.target = target
        self.read_only = read_only
        self.client = client
        self.probes = probes
        self.database: Database[dict[str, Any]] = database_of(client, target, majority=probes.replicated)
        self.session: ClientSession | None = None
        self.lease: Lease | None = None
        self.capabilities = replace(type(self).capabilities, transactions=probes.can(TRANSACTIONS))
        self._closed = False

    # --- session -------------------------------------------------------------------------------------------------

    @classmethod
    def connect(cls, target: Target, *, read_only: bool = False) -> MongodbEngine:
        require_name(target.database)
        client = open_client(target)
        try:
            return cls(target, client, probe(client, target.database), read_only=read_only)
        except BaseException:
            client.close()
            raise

    def __enter__(self) -> MongodbEngine:
        return self

    def close(self) -> None:
        self._closed = True
        self.client.close()

    def server(self) -> Server:
        from .statistics import server

        return server(self)

    def transaction(self, *, schema_change: bool = False) -> AbstractContextManager[None]:
        from .transactions import transaction

        del schema_change
        return transaction(self)

    def lock(self, timeout: float) -> AbstractContextManager[None]:
        from .lease import held

        return held(self, timeout)

    def collection(self, name: str) -> Collection[dict[str, Any]]:
        """Give the driver's collection; the caller translates its errors, and says before what it is about to write."""
        self._refuse_closed()
        return self.database[name]

    def command(self, command: Mapping[str, Any], action: str, *, write: bool = False) -> dict[str, Any]:
        """Run a command of ours, outside any transaction, and give the answer.

        :raises Unsupported: where this server does not know the command, or an option of it.
        """
        self._refuse_closed()
        if write:
            self.before_writing(action)
        with translated(action):
            return self.database.command(dict(command))

    def before_writing(self, action: str) -> None:
        """Refuse to write where the session only reads, and where the lock that it wrote under is lost.

        Whoever writes calls this right before each command that is sent.

        :raises WriteRefused: the session only reads.
        :raises LockHeld: the lock was held, and is lost.
        """
        self._refuse_closed()
        if self.read_only:
            raise WriteRefused(f"{action}: the session only reads.", hint="Allow writing (query: write).")
        if self.lease is not None:
            self.lease.verify()

    def fence(self, table: str) -> int | None:
        """Give the number that documents of a bookkeeping collection carry while the lock is held; else None."""
        if self.lease is None or not table.startswith(BOOKKEEPING_PREFIX):
            return None
        return self.lease.fence

    def _refuse_closed(self) -> None:
        if self._closed:
            raise ConnectionFailed("The session with MongoDB has ended.", hint="Open another one.")

    # --- schema --------------------------------------------------------------------------------------------------

    def catalogue(self) -> Catalogue:
        from .catalog import read_catalogue

        return read_catalogue(self)

    def existing_tables(self, names: Sequence[str]) -> frozenset[str]:
        self._refuse_closed()
        with translated("Reading which collections there are"):
            found = self.database.list_collection_names(filter={"name": {"$in": list(names)}, "type": "collection"})
        return frozenset(found).intersection(names)

    def canonical(self, schema: Schema) -> Schema:
        from .canonical import canonical_schema

        return canonical_schema(schema)

    def limits(self, schema: Schema) -> tuple[Limit, ...]:
        from .canonical import limits_of

        return tuple(limits_of(schema, self.probes))

    def compile(self, operations: Sequence[Operation], catalogue: Catalogue) -> tuple[tuple[Step, ...], Catalogue]:
        from .compiler import compile_operations

        return compile_operations(operations, catalogue, self.probes)

    def run(self, statement: Statement) -> None:
        from .commands import run_command

        run_command(self, statement)

    # --- rows ----------------------------------------------------------------------------------------------------

    def encoders(self, columns: Sequence[Column]) -> tuple[Encoder, ...]:
        from .values import encoder

        return tuple(encoder(column, self.probes) for column in columns)

    def decoders(self, columns: Sequence[Column]) -> tuple[Encoder, ...]:
        from .values import decoder

        return tuple(map(decoder, columns))

    def fetch(
        self, table: Table, columns: Sequence[str], *, where: tuple[str, Sequence[Any]] | None = None
    ) -> Iterator[Row]:
        from .bulk import fetch

        return fetch(self, table, columns, where)

    def count(self, table: Table) -> int:
        from .statistics import count

        return count(self, table)

    def insert(self, table: Table, columns: Sequence[str], rows: Iterable[Row]) -> int:
        from .inserting import insert

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
        from .orphans import orphans

        return orphans(self, table, key)

    def violations(self, table: Table, check: Check) -> int:
        from .statistics import violations

        return violations(self, table, check)

    def hazards(self, operations: Sequence[Operation], before: Catalogue) -> Iterable[Hazard]:
        from .hazards import live_hazards

        return tuple(live_hazards(self, operations, before))

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
        from .accounts import plan

        return plan(target, accounts)

    @classmethod
    def apply_accounts(cls, target: Target, plans: Sequence[AccountPlan]) -> None:
        from .accounts import apply

        apply(target, plans)
