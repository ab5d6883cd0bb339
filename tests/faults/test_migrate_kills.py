# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""kill -9 between any two statements, then the same command again: one catalogue, each operation once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines import connect
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import Target
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.migrations.chain import Chain
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.migrations.deploy import deploy
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.migrations.rollback import NONE, rollback
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.operations import (
    Add,
    Alter,
    Drop,
    Execute,
    Operation,
    Rename,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.schema import (
    Check,
    Column,
    ForeignKey,
    Index,
    IndexColumn,
    PrimaryKey,
    Schema,
    Table,
    Unique,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.types import Type
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.planning import Consent
from ansible_collections.ctrlaltplay.paneldb.tests.support.grid import Bed
from ansible_collections.ctrlaltplay.paneldb.tests.support.migrating import Migrating
from ansible_collections.ctrlaltplay.paneldb.tests.support.migration_chains import with_migration

ANYTHING = Consent(allowed=["all"])

ID = Column("id", Type("integer"))
BASE = Table("t", (ID, Column("gone", Type("text"), null=True)), PrimaryKey(("id",)))


def first() -> Chain:
    return with_migration(Chain(), [Add("", BASE)])


def twelve() -> Chain:
    """One migration of twelve operations of every kind, on a table with rows."""
    text, longer = Column("a", Type("string", ("20",)), null=True), Column("a", Type("string", ("40",)), null=True)
    other = Table("other", (ID, Column("t", Type("integer"), null=True)), PrimaryKey(("id",)))
    operations: list[Operation] = [
        Rename("", "table", "t", "things"),
        Add("things", text),
        Add("things", Column("b", Type("integer"), null=True)),
        Add("things", Unique("things_b_key", ("b",))),
        Add("things", Index("things_a_idx", (IndexColumn("a", descending=True),))),
        Add("things", Check("things_check", "id > 0")),
        Alter("things", text, longer),
        Drop("things", Column("gone", Type("text"), null=True)),
        Rename("things", "column", "b", "c"),
        Add("", other),
        Add("other", ForeignKey("other_t_fkey", ("t",), "things", ("id",), "cascade")),
        Add("other", Index("other_t_idx", (IndexColumn("t"),))),
    ]
    return with_migration(first(), operations)


def outside() -> Chain:
    """A migration with a step that runs outside any transaction, between two that do not."""
    build = 'CREATE INDEX {} "by_hand" ON "t" ("gone")'
    step = Execute(
        "index by hand",
        {
            "sqlite": (build.format(""),),
            "postgresql": (build.format("CONCURRENTLY"),),
            "mysql": ("CREATE INDEX by_hand ON t (gone(20))",),
            "mongodb": ('{"create": "by_hand"}',),
        },
        {
            "sqlite": ('DROP INDEX "by_hand"',),
            "postgresql": ('DROP INDEX "by_hand"',),
            "mysql": ("DROP INDEX by_hand ON t",),
            "mongodb": ('{"drop": "by_hand"}',),
        },
        {
            "sqlite": "SELECT count(*) FROM sqlite_schema WHERE name = 'by_hand'",
            "postgresql": "SELECT to_regclass('by_hand') IS NOT NULL",
            "mysql": "SELECT count(*) FROM information_schema.statistics"
            " WHERE table_schema = database() AND index_name = 'by_hand'",
            "mongodb": '{"listCollections": 1, "filter": {"name": "by_hand"}}',
        },
        transaction=False,
    )
    column = Column("late", Type("integer"), null=True)
    return with_migration(first(), [Add("t", Column("early", Type("integer"), null=True)), step, Add("t", column)])


def online() -> Chain:
    """A migration of one index on a table with rows, which some engines build outside a transaction."""
    return with_migration(first(), [Add("t", Index("t_gone_idx", (IndexColumn("gone"),)))])


def three() -> Chain:
    """Three migrations of a table each."""
    chain = Chain()
    for name in ("a", "b", "c"):
        chain = with_migration(chain, [Add("", Table(name, (ID,), PrimaryKey(("id",))))])
    return chain


CHAINS = {"twelve operations": twelve, "a step outside transactions": outside, "an index alone": online}


@pytest.fixture(params=CHAINS, ids=[name.replace(" ", "-") for name in CHAINS])
def chain(request: pytest.FixtureRequest) -> Chain:
    return CHAINS[request.param]()


def prepared(target: Target, bed: Bed, chain: Chain) -> None:
    """A database with the first migration applied, and rows in it."""
    with connect(target) as engine:
        deploy(engine, Chain(chain.migrations[:1]))
    bed.put(target, "t", [{"id": 1, "gone": "x"}, {"id": 2, "gone": "y"}, {"id": 3, "gone": None}])


def catalogue(target: Target) -> Schema:
    with connect(target) as engine:
        return engine.catalogue().schema


def killed_everywhere(bed: Bed, chain: Chain, scratch: Path, command: str) -> Iterator[tuple[int, Target]]:
    """Give a database for each point: a process was killed there."""
    for point in range(200):
        with bed.database() as target:
            prepared(target, bed, chain)
            if command == "rollback":
                with connect(target) as engine:
                    deploy(engine, chain, consent=ANYTHING)
            folder = scratch / str(point)
            folder.mkdir()
            migrating = Migrating(folder, target)
            migrating.write(chain)
            with migrating.start(command) as child:
                if not stopped_at(child, point):
                    return
                child.kill()
            yield point, target


def stopped_at(child: Any, point: int) -> bool:
    """Let the process run to a point; False where it ended before."""
    try:
        child.wait_for(str(point))
    except AssertionError:
        assert child.wait() == 0, child.errors.read_text()
        return False
    return True


def journal(bed: Bed, target: Target, head: str) -> tuple[Sequence[Any], Sequence[Any], Sequence[Any]]:
    """Applied ids, states of runs, and (position, state) of the operations of the newest migration."""
    applied = bed.read(target, "_paneldb_migrations", ["id"])
    states = bed.read(target, "_paneldb_runs", ["started_at", "state"])
    operations = bed.read(target, "_paneldb_operations", ["position", "state", "migration"])
    return [row[0] for row in applied], [row[1] for row in states], [row[:2] for row in operations if row[2] == head]


def test_killed_anywhere_the_same_command_finishes(bed: Bed, chain: Chain, tmp_path: Path) -> None:
    points = 0
    with bed.database() as target:
        prepared(target, bed, chain)
        with connect(target) as engine:
            deploy(engine, chain, consent=ANYTHING)
        wanted = catalogue(target)
    for point, target in killed_everywhere(bed, chain, tmp_path, "deploy"):
        points += 1
        with connect(target) as engine:
            deploy(engine, chain, consent=ANYTHING)
        assert catalogue(target) == wanted, point
        applied, states, operations = journal(bed, target, chain.head)
        assert applied == [migration.id for migration in chain.migrations], point
        assert states in (["done", "done"], ["done", "interrupted", "done"]), point
        assert operations == [(position, "done") for position in range(len(chain.migrations[1].operations))], point
        table = "things" if wanted.table("things") else "t"
        assert bed.read(target, table, ["id"]) == [(1,), (2,), (3,)], point
    assert points > 5


def test_on_an_empty_database_killed_anywhere_the_same_command_finishes(bed: Bed, tmp_path: Path) -> None:
    chain, points, sizes, together = three(), 0, set(), True
    for point in range(200):
        folder = tmp_path / str(point)
        folder.mkdir()
        with bed.database() as target:
            migrating = Migrating(folder, target)
            migrating.write(chain)
            with migrating.start() as child:
                if not stopped_at(child, point):
                    break
                child.kill()
            with connect(target) as engine:
                sizes.add(len(engine.catalogue().schema.tables))
                together = engine.capabilities.transactional_ddl
                deploy(engine, chain)
                assert engine.catalogue().schema == engine.canonical(chain.state()), point
            applied, states, operations = journal(bed, target, chain.head)
            assert applied == [migration.id for migration in chain.migrations], point
            assert states in (["done"], ["interrupted", "done"]), point
            assert operations == [(0, "done")], point
        points += 1
    assert points > 5
    wanted = {0, 3} if together else {0, 1, 2, 3}
    assert sizes == wanted, "where the schema can be undone, three migrations are there together or not at all"


@pytest.mark.parametrize("made", [twelve, outside])
def test_a_rollback_killed_anywhere_is_finished_by_the_same_command(
    bed: Bed, made: Callable[[], Chain], tmp_path: Path
) -> None:
    chain, points = made(), 0
    for point, target in killed_everywhere(bed, chain, tmp_path, "rollback"):
        points += 1
        with connect(target) as engine:
            rollback(engine, chain, target=NONE, consent=ANYTHING)
            assert engine.catalogue().schema == Schema(), point
        applied, states, operations = journal(bed, target, chain.head)
        assert applied == [], point
        assert states[:2] == ["done", "done"], point
        assert states[2:] in (["done"], ["interrupted", "done"]), point
        assert len(operations) == 2 * len(chain.migrations[1].operations), point
        assert {state for _unused, state in operations} == {"done"}, point
    assert points > 5
