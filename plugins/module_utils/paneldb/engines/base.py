# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every engine offers. Use cases know this protocol and no engine by name.

Values travel in two forms. *Logical* values are what a model's types mean in Python: ``uuid`` str, ``string``/``text``/
``enum`` str, ``boolean`` bool, ``integer``/``bigint`` int, ``decimal`` Decimal, ``float`` float, ``timestamp`` aware
datetime in UTC cut to milliseconds, ``json`` plain JSON values, ``bytes`` bytes; None is null. *Stored* values are what
this engine's driver hands out when it reads the column, and what it takes when it writes it. ``encoders`` lead from the
one to the other, so that ten thousand rows are encoded once and then compared with what is there by ``==`` alone.
"""

from __future__ import annotations

import math
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Optional, TypeVar

from ..model.schema import Check, Column, ForeignKey, Schema, Table
from .target import Target

if TYPE_CHECKING:
    from ..model.operations import Operation
    from ..model.plan import Hazard, Statement, Step
    from .account import AccountPlan, WantedAccount
    from .parts import Accounts, Bulk, DatabaseItself, Query, Statistics

#: Leads from a logical value to a stored one; None where the two are the same.
Encoder = Optional[Callable[[Any], Any]]
Row = tuple[Any, ...]
Opened = TypeVar("Opened", bound="Engine")

#: Tables that belong to the collection itself begin with this and are in no model.
BOOKKEEPING_PREFIX = "_paneldb_"


@dataclass(frozen=True)
class Server:
    """Who answered. ``version`` as the server says it, ``numbers`` to compare, ``facts`` for people and hazards."""

    product: str
    version: str
    numbers: tuple[int, ...]
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Capabilities:
    """What this engine can do, so that no use case needs to ask which engine it is."""

    transactional_ddl: bool
    transactions: bool
    enforces_foreign_keys: bool
    online_indexes: bool = False


@dataclass(frozen=True)
class Limit:
    """Something of a model that this engine cannot have; it is left out and reported, never skipped in silence."""

    place: str
    reason: str


@dataclass(frozen=True)
class Catalogue:
    """What is in the database now: ``schema`` normalized, with every table but the bookkeeping ones.

    ``views`` are names of views. ``native`` is the engine's own knowledge (the text of triggers, say) which only the
    same engine reads when it compiles operations.
    """

    schema: Schema
    views: tuple[str, ...] = ()
    native: Any = None


@dataclass(frozen=True)
class Result:
    """What a statement of a person gave: names and rows of plain Python values, and how many rows it changed.

    ``truncated`` tells that there were more rows than were to be read. ``altered`` tells that the statement is of a
    kind that changes something other than rows, such as the schema.
    """

    columns: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()
    affected: int = 0
    truncated: bool = False
    altered: bool = False


class Engine(ABC):
    """One session with one database. Made by ``engines.connect``; a context manager that closes the session.

    Every method may raise ConnectionFailed, AccessDenied, StorageFull, StatementFailed or ConstraintViolated; drivers'
    own exceptions do not come through.
    """

    #: The name in option ``engine``.
    name: ClassVar[str]
    #: On the class what every server of the engine has, on a session what this one has.
    capabilities: Capabilities

    target: Target
    #: The moment of ``time.monotonic()`` at which what a person says is ended, whatever it is at.
    deadline: float = math.inf

    # --- session -------------------------------------------------------------------------------------------------

    @classmethod
    @abstractmethod
    def connect(cls, target: Target, *, read_only: bool = False) -> Engine:
        """Open a session in UTC, with the target's timeouts. ``read_only`` sessions cannot change anything."""

    @abstractmethod
    def close(self) -> None:
        """End the session; calling it twice is fine."""

    def __enter__(self: Opened) -> Opened:
        return self

    def __exit__(self, *_unused: object) -> None:
        self.close()

    @abstractmethod
    def server(self) -> Server:
        """Tell who answered (asked once, then remembered)."""

    def version(self) -> str:
        """Give the version that ``server`` tells, without asking for its facts where the driver knows it already."""
        return self.server().version

    @abstractmethod
    def transaction(self, *, schema_change: bool = False) -> AbstractContextManager[None]:
        """All or nothing, where the engine has transactions; nested use joins the outer one.

        ``schema_change`` says that statements made by ``compile`` (or by a person) will change the schema inside, which
        works where ``capabilities.transactional_ddl``. On SQLite a table can only be rebuilt while foreign keys are not
        enforced, and that cannot be switched inside a transaction: with ``schema_change`` they are verified at its end
        (no cascades happen inside), without it every statement obeys them as usual.
        """

    @abstractmethod
    def lock(self, timeout: float) -> AbstractContextManager[None]:
        """Hold the one lock that all work which changes schema or journal takes; waits ``timeout`` seconds at the most.

        It ends with its holder, however that one ends.

        :raises LockHeld: with who holds it (``owner``, as text) and for how long (``age_seconds``).
        """

    # --- schema --------------------------------------------------------------------------------------------------

    @abstractmethod
    def catalogue(self) -> Catalogue:
        """Read what is there, in a handful of queries however many tables there are."""

    @abstractmethod
    def existing_tables(self, names: Sequence[str]) -> frozenset[str]:
        """Tell which of these tables exist, bookkeeping ones included; cheaper than the catalogue."""

    @abstractmethod
    def canonical(self, schema: Schema) -> Schema:
        """Give the schema as this engine's catalogue would show it once created, normalized. Pure."""

    @abstractmethod
    def limits(self, schema: Schema) -> tuple[Limit, ...]:
        """Name what ``canonical`` had to leave out, and why. Pure."""

    @abstractmethod
    def compile(self, operations: Sequence[Operation], catalogue: Catalogue) -> tuple[tuple[Step, ...], Catalogue]:
        """Turn operations into steps for this server, given what is there; also give what will be there afterwards.

        Neighbouring operations on one table may share a step where that saves work. ``Execute`` becomes a step of its
        own. Nothing is run.

        :raises Unsupported: where an operation cannot be done here.
        """

    @abstractmethod
    def run(self, statement: Statement) -> None:
        """Run a statement that ``compile`` made."""

    # --- rows ----------------------------------------------------------------------------------------------------

    @abstractmethod
    def encoders(self, columns: Sequence[Column]) -> tuple[Encoder, ...]:
        """Give what leads from logical to stored values, per column. Encoders raise ValueError on what does not fit."""

    @abstractmethod
    def decoders(self, columns: Sequence[Column]) -> tuple[Encoder, ...]:
        """Give what leads back from stored to logical values, per column."""

    @abstractmethod
    def fetch(
        self, table: Table, columns: Sequence[str], *, where: tuple[str, Sequence[Any]] | None = None
    ) -> Iterator[Row]:
        """Read stored values, in no order, with flat memory. ``where`` names a column and the stored values wanted."""

    def count(self, table: Table) -> int:
        """Count the rows."""
        return self._statistics().count(self, table)

    def estimated_count(self, table: Table) -> int:
        """Tell about how many rows there are, by what is cheapest; 0 is said of an empty table alone."""
        return self.count(table)

    def insert(self, table: Table, columns: Sequence[str], rows: Iterable[Row]) -> int:
        """Write new rows of stored values in the fastest way the engine has, with flat memory; give their number.

        :raises ConstraintViolated: with ``row``, the position of the offending row (0 is the first), where it is known.
        """
        return self._bulk().insert(self, table, columns, rows)

    def update(self, table: Table, key: Sequence[str], columns: Sequence[str], rows: Iterable[Row]) -> int:
        """Set ``columns`` of the rows that ``key`` names; each row holds key values, then column values. In bulk."""
        return self._bulk().update(self, table, key, columns, rows)

    def delete(self, table: Table, key: Sequence[str], keys: Iterable[Row]) -> int:
        """Delete the rows that the keys name. In bulk."""
        return self._bulk().delete(self, table, key, keys)

    def query(
        self,
        statement: Any,
        parameters: Sequence[Any] | Mapping[str, Any] | None = None,
        *,
        limit: int | None = None,
    ) -> Result:
        """Run one statement of a person with bound values (``%s`` or ``%(name)s`` on every SQL engine).

        No more than ``limit`` rows are read, and one to tell whether there are more; what the statement changes is
        changed as a whole all the same.

        It ends when ``time_left`` is over.

        :raises WriteRefused: where the session only reads and the statement would change something.
        :raises StatementFailed: also where the statement has ended the transaction that it ran in.
        """
        return self._query().run_query(self, statement, parameters, limit)

    def end_by(self, deadline: float) -> None:
        """Have all that a person says from now on end by a moment of ``time.monotonic()``."""
        self.deadline = deadline

    @property
    def time_left(self) -> float:
        """Seconds that what a person says may take from now on; infinite where there is no end."""
        longest = self.target.statement_timeout or math.inf
        return longest if self.deadline == math.inf else max(0.001, min(longest, self.deadline - time.monotonic()))

    # --- live facts for hazards ----------------------------------------------------------------------------------

    def count_nulls(self, table: Table, column: str) -> int:
        """Count rows in which the column is null."""
        return self._statistics().count_nulls(self, table, column)

    def duplicates(self, table: Table, columns: Sequence[str], where: str = "") -> tuple[int, tuple[Row, ...]]:
        """Count groups of rows that share non-null values in the columns; also give up to five such values."""
        return self._statistics().duplicates(self, table, columns, where)

    def orphans(self, table: Table, key: ForeignKey) -> tuple[int, tuple[Row, ...]]:
        """Count rows that refer to nothing; also give up to five of the values that they refer with."""
        return self._statistics().orphans(self, table, key)

    def violations(self, table: Table, check: Check) -> int:
        """Count rows that break the rule."""
        return self._statistics().violations(self, table, check)

    def hazards(self, operations: Sequence[Operation], before: Catalogue) -> Iterable[Hazard]:
        """Find what is dangerous about the operations on this engine alone, weighed by what is in the database.

        ``before`` is what is there now. What every engine has in common is found in ``model.hazards``.
        """
        del operations, before
        return ()

    def table_bytes(self, table: Table) -> int | None:
        """Give the size with indexes, or None where the engine cannot tell."""
        return self._statistics().table_bytes(self, table)

    # --- the database itself -------------------------------------------------------------------------------------

    @classmethod
    def describe_database(cls, target: Target) -> dict[str, Any] | None:
        """Give the settings of the database that the target names (owner, encoding, file mode, ...); None if absent."""
        return cls._database().describe(target)

    @classmethod
    def plan_database(
        cls, target: Target, wanted: Mapping[str, Any], current: Mapping[str, Any] | None
    ) -> tuple[dict[str, Any], tuple[Statement, ...]]:
        """Give the settings as they will be, and the statements that lead there. The server is asked, never changed.

        :raises Unsupported: for a setting that this engine lacks, or that cannot change on an existing database.
        """
        return cls._database().plan(target, wanted, current)

    @classmethod
    def apply_database(cls, target: Target, statements: Sequence[Statement]) -> None:
        """Run what ``plan_database`` gave, outside the database itself."""
        cls._database().apply(target, statements)

    @classmethod
    def drop_database(cls, target: Target) -> None:
        """Remove the database and all in it; ends other sessions where the engine allows."""
        cls._database().drop(target)

    # --- accounts ------------------------------------------------------------------------------------------------

    @classmethod
    def plan_accounts(cls, target: Target, accounts: Sequence[WantedAccount]) -> tuple[AccountPlan, ...]:
        """Compare accounts with the server's; give what leads to the wanted ones, in the order of doing it.

        The target is the database that the profiles are about, opened by somebody who may change accounts.

        :raises Unsupported: where this server has no accounts, or none with such rights.
        """
        return cls._accounts().plan(target, accounts)

    @classmethod
    def apply_accounts(cls, target: Target, plans: Sequence[AccountPlan]) -> None:
        """Run what ``plan_accounts`` gave."""
        cls._accounts().apply(target, plans)

    # --- what an engine consists of ------------------------------------------------------------------------------
    # Modules are imported where they are needed: each task compiles what it imports.

    @abstractmethod
    def _bulk(self) -> Bulk:
        """Give the module that changes rows."""

    @abstractmethod
    def _query(self) -> Query:
        """Give the module that runs what persons say."""

    @abstractmethod
    def _statistics(self) -> Statistics:
        """Give the module that counts."""

    @classmethod
    @abstractmethod
    def _database(cls) -> DatabaseItself:
        """Give the module that looks after the database from outside."""

    @classmethod
    @abstractmethod
    def _accounts(cls) -> Accounts:
        """Give the module that looks after accounts by profile."""
