# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What rewrites what has been deployed, on a database in memory: rollback, reset, baseline, squash."""

from __future__ import annotations

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.base import Capabilities
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import MigrationError
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.migrations import errors
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.migrations.baseline import baseline
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.migrations.chain import Chain
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.migrations.deploy import deploy
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.migrations.ledger import Ledger
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.migrations.reset import reset
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.migrations.rollback import NONE, rollback
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.migrations.squash import squash
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.operations import Execute, NoInverse
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.schema import Column, Schema, Table
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.types import Type
from ansible_collections.ctrlaltplay.paneldb.tests.support.memory_runs import (
    ANYTHING,
    ONE,
    THREE,
    TWO,
    apply,
    both,
    done,
    schema,
    session,
    states,
    twelve,
)
from ansible_collections.ctrlaltplay.paneldb.tests.support.migration_chains import chain_to, with_migration
from ansible_collections.ctrlaltplay.paneldb.tests.support.stoppable_engine import Database, Stopped


@pytest.fixture(scope="module")
def chain() -> Chain:
    return chain_to(ONE, TWO, THREE)


# --- back


@both
def test_rollback_goes_back_and_forth(chain: Chain, capabilities: Capabilities) -> None:
    database = Database()
    apply(database, chain, capabilities)
    outcome = rollback(session(database, capabilities), chain, target=chain.migrations[0].id, consent=ANYTHING)
    assert outcome.migrations == (chain.migrations[2].id, chain.migrations[1].id)
    assert schema(database) == ONE.normalized()
    assert list(Ledger(session(database)).applied()) == [chain.migrations[0].id]
    assert not rollback(session(database, capabilities), chain, target=chain.migrations[0].id).plan.changed
    apply(database, chain, capabilities)
    assert schema(database) == THREE.normalized()
    rollback(session(database, capabilities), chain, target=NONE, consent=ANYTHING)
    assert schema(database) == Schema()
    assert states(database) == ["done"] * 4


@pytest.mark.parametrize("late", [False, True], ids=["before it took effect", "after"])
@both
def test_a_rollback_killed_anywhere_is_finished_by_the_same_command(capabilities: Capabilities, late: bool) -> None:
    for after in range(200):
        database = Database()
        apply(database, twelve(), capabilities)
        engine = session(database, capabilities)
        engine.stop_after, engine.late = after, late
        try:
            rollback(engine, twelve(), target=NONE, consent=ANYTHING)
        except Stopped:
            database.holder = None
            rollback(session(database, capabilities), twelve(), target=NONE, consent=ANYTHING)
        else:
            assert after > 12
            return
        assert schema(database) == Schema(), after
        assert Ledger(session(database)).applied() == {}, after
        assert set(done(database).values()) == {2}, after


def test_a_target_that_is_not_applied_is_refused(chain: Chain) -> None:
    database = Database()
    apply(database, chain, target=chain.migrations[0].id)
    with pytest.raises(errors.UnknownMigration, match="is not applied; the newest applied migration is"):
        rollback(session(database), chain, target=chain.head)


def test_what_cannot_be_taken_back_is_named_before_anything_is_touched(chain: Chain) -> None:
    longer = with_migration(chain, [Execute("one way", {"sqlite": ("x",)})])
    database = Database()
    apply(database, longer)
    before = schema(database)
    with pytest.raises(NoInverse, match="one way") as caught:
        rollback(session(database), longer, target=NONE, consent=ANYTHING)
    assert len(caught.value.details["reasons"]) == 1
    assert schema(database) == before
    assert states(database) == ["done"]


# --- reset, baseline, squash


def test_reset_starts_over_and_leaves_what_is_not_ours(chain: Chain) -> None:
    database = Database()
    apply(database, chain)
    foreign = Table("foreign", (Column("id", Type("integer")),))
    database.schema = database.schema.put(foreign)
    outcome = reset(session(database), chain, confirm="memory.db", environment="development")
    assert outcome.migrations == tuple(each.id for each in chain.migrations)
    assert schema(database) == THREE.put(foreign).normalized()
    assert [run.kind for run in Ledger(session(database)).runs()] == ["reset"]
    assert set(done(database).values()) == {1}


@pytest.mark.parametrize(
    ("confirm", "environment", "said"),
    [("memory.db", "production", "in production"), ("other", "development", "memory.db"), ("", "staging", "memory.db")],
)
def test_reset_needs_the_name_and_never_touches_production(
    chain: Chain, confirm: str, environment: str, said: str
) -> None:
    database = Database()
    apply(database, chain)
    with pytest.raises(errors.NotConfirmed, match=said):
        reset(session(database), chain, confirm=confirm, environment=environment)
    assert schema(database) == THREE.normalized()
    assert states(database) == ["done"]


@pytest.mark.parametrize("late", [False, True], ids=["before it took effect", "after"])
@both
def test_a_reset_killed_anywhere_is_finished_by_the_same_command(
    chain: Chain, capabilities: Capabilities, late: bool
) -> None:
    for after in range(200):
        database = Database()
        apply(database, chain, capabilities)
        engine = session(database, capabilities)
        engine.stop_after, engine.late = after, late
        try:
            reset(engine, chain, confirm="memory.db", environment="development")
        except Stopped:
            database.holder = None
            reset(session(database, capabilities), chain, confirm="memory.db", environment="development")
        else:
            assert after > 5
            return
        assert schema(database) == THREE.normalized(), after
        assert set(Ledger(session(database)).applied()) == {each.id for each in chain.migrations}, after
        assert set(done(database).values()) == {1}, after
        assert states(database)[-1] == "done", after


def test_baseline_writes_the_journal_alone(chain: Chain) -> None:
    foreign = Table("foreign", (Column("id", Type("integer")),))
    database = Database(schema=TWO.put(foreign))
    outcome = baseline(session(database), chain, target=chain.migrations[1].id)
    assert outcome.migrations == tuple(each.id for each in chain.migrations[:2])
    assert {row.how for row in Ledger(session(database)).applied().values()} == {"baseline"}
    assert schema(database) == TWO.put(foreign).normalized()
    assert not baseline(session(database), chain, target=chain.migrations[1].id).plan.changed
    with pytest.raises(MigrationError, match="a baseline begins a journal"):
        baseline(session(database), chain)
    apply(database, chain)
    assert schema(database) == THREE.put(foreign).normalized()


def test_baseline_names_every_difference(chain: Chain) -> None:
    database = Database(schema=ONE)
    with pytest.raises(errors.Drifted) as caught:
        baseline(session(database), chain)
    assert caught.value.details["differences"] == ["create_table b", "create_table c"]
    assert database == Database(schema=ONE)


def test_a_squashed_migration_is_recognised(chain: Chain) -> None:
    old, new = Database(), Database()
    apply(old, Chain(chain.migrations[:2]))
    made = squash(chain, "all so far", target=chain.migrations[1].id)
    assert made.replaced == chain.migrations[:2]
    assert made.chain.state() == chain.state()
    outcome = deploy(session(old), made.chain, consent=ANYTHING)
    assert outcome.migrations == (made.migration.id, chain.head)
    apply(new, made.chain)
    assert schema(old) == schema(new) == THREE.normalized()
    assert set(Ledger(session(old)).applied()) == {made.migration.id, chain.head}
    assert Ledger(session(old)).applied()[made.migration.id].how == "squash"
    assert not deploy(session(old), made.chain).plan.changed


def test_a_database_in_the_middle_of_a_squash_is_told_what_to_do(chain: Chain) -> None:
    database = Database()
    apply(database, Chain(chain.migrations[:1]))
    made = squash(chain, "all so far", target=chain.migrations[1].id)
    with pytest.raises(errors.PartlySquashed, match=chain.migrations[1].id):
        deploy(session(database), made.chain)


def test_a_squash_of_a_squash_still_knows_the_first_ones(chain: Chain) -> None:
    database = Database()
    apply(database, chain)
    once = squash(chain, "once", target=chain.migrations[1].id)
    twice = squash(once.chain, "twice")
    outcome = deploy(session(database), twice.chain)
    assert outcome.migrations == (twice.migration.id,)
    assert list(Ledger(session(database)).applied()) == [twice.migration.id]


def test_steps_of_persons_are_kept_or_dropped_by_name(chain: Chain) -> None:
    longer = with_migration(with_migration(chain, [Execute("a", {"sqlite": ()})]), [Execute("b", {"sqlite": ()})])
    with pytest.raises(errors.StepsNotSaid, match="a, b"):
        squash(longer, "all")
    made = squash(longer, "all", keep=["b"], drop=["a"])
    assert [each.label for each in made.migration.steps_by_hand] == ["b"]
