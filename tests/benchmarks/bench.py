# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all benchmarks of a run share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import Target
from ansible_collections.ctrlaltplay.paneldb.tests.benchmarks.plays import Plays
from ansible_collections.ctrlaltplay.paneldb.tests.benchmarks.results import Row
from ansible_collections.ctrlaltplay.paneldb.tests.benchmarks.timing import measured, steady
from ansible_collections.ctrlaltplay.paneldb.tests.support.grid import Bed, MysqlBed, PostgresqlBed, SqliteBed
from ansible_collections.ctrlaltplay.paneldb.tests.support.mariadb import mariadb_server
from ansible_collections.ctrlaltplay.paneldb.tests.support.mongodb import MongodbBed
from ansible_collections.ctrlaltplay.paneldb.tests.support.postgresql import postgresql_server
from ansible_collections.ctrlaltplay.paneldb.tests.support.standins import documentdb

#: Seconds that a play with one ping takes on the machine on which the goals in milliseconds were set.
REFERENCE = 0.59
#: The servers write to the disk what they commit, as installed ones do and those of the tests do not.
_DURABLE = {"fsync": "on", "full_page_writes": "on", "autovacuum": "on", "log_statement": "'none'"}
_DURABLE_MARIADB = {
    "innodb_flush_log_at_trx_commit": "1",
    "innodb_doublewrite": "1",
    "innodb_buffer_pool_size": "128M",
    "innodb_log_file_size": "96M",
}


@dataclass(frozen=True)
class Bench:
    """One run: a scratch folder, one bed per engine of SQL, MongoDB's stand-in, and how thorough it is.

    FerretDB 2 keeps its documents in PostgreSQL: times of its own tell nothing of MongoDB, so it is only measured
    beside the bare driver on the same server.
    """

    scratch: Path
    beds: Mapping[str, Bed]
    mongodb: Bed
    quick: bool = False
    rounds: int = 0

    def runs(self, usual: int) -> int:
        """How many rounds to measure where a thorough run has ``usual`` ones."""
        return self.rounds or (min(usual, 3) if self.quick else usual)

    def size(self, usual: int) -> int:
        """How many rows, migrations or tables to take where a thorough run takes ``usual``."""
        return max(usual // 10, 10) if self.quick else usual

    @cached_property
    def pace(self) -> float:
        """How many times as long as that machine this one takes: milliseconds are compared after division by it."""
        plays = self.plays()
        pings = plays.pings()
        found = measured({"ping": steady(lambda: plays.run(pings))}, self.runs(7))
        return found.of("ping").processor / REFERENCE

    def plays(self) -> Plays:
        """Plays in a folder of their own."""
        return Plays(Path(mkdtemp(dir=self.scratch)))


@contextmanager
def benches(*, quick: bool, rounds: int) -> Iterator[Bench]:
    """A bench with a bed of each engine for the duration of the block."""
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(TemporaryDirectory(prefix="paneldb-benchmarks-")))
        server = stack.enter_context(postgresql_server(**_DURABLE))
        mariadb = stack.enter_context(mariadb_server(**_DURABLE_MARIADB))
        standin = stack.enter_context(documentdb())
        (scratch / "sqlite").mkdir()
        sqlite = SqliteBed(scratch / "sqlite")
        beds = {"sqlite": sqlite, "postgresql": PostgresqlBed(server), "mysql": MysqlBed(mariadb)}
        mongodb = MongodbBed(Target(engine="mongodb", host=standin.host, port=standin.port), slower=10)
        yield Bench(scratch, beds, mongodb, quick, rounds)


#: A benchmark: yields its rows as they are measured.
Benchmark = Callable[[Bench], Iterator[Row]]
