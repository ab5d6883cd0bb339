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
from ...model.schema import Column, Schema, Table
from ..base import BOOKKEEPING_PREFIX, Capabilities, Catalogue, Encoder, Engine, Limit, Row, Server
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
    from ..parts import Accounts, Bulk, DatabaseItself, Query, Statistics
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

    def estimated_count(self, table: Table) -> int:
        from .statistics import estimated_count

        return estimated_count(self, table)

    def hazards(self, operations: Sequence[Operation], before: Catalogue) -> Iterable[Hazard]:
        from .hazards import live_hazards

        return tuple(live_hazards(self, operations, before))

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
