# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Deploying, on a database in memory: position, journal, kills between any two statements, resuming, rollback, squash.

What an engine's own server does is for the grid; here both kinds of engine stand side by side: one whose DDL is
transactional, and one where every statement stands alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.base import Capabilities
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import (
    LockHeld,
    MigrationError,
    PlanChanged,
    StatementFailed,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.migrations import errors, ledger
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.migrations.baseline import baseline
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.migrations.chain import Chain
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.migrations.deploy import deploy, plan_deploy
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.migrations.ledger import Ledger
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.migrations.reset import reset
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.migrations.rollback import NONE, rollback
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.migrations.squash import squash
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.operations import (
    Add,
    Drop,
    Execute,
    NoInverse,
    Operation,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.schema import Column, Schema, Table
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.types import Type
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.planning import Consent
from ansible_collections.ctrlaltplay.paneldb.tests.support.migration_chains import chain_to, model, with_migration
from ansible_collections.ctrlaltplay.paneldb.tests.support.stoppable_engine import (
    AS_A_WHOLE,
    ONE_BY_ONE,
    Database,
    StoppableEngine,
    Stopped,
)

ONE = model({"a": {}})
TWO = model({"a": {"x": {"type": "text", "null": True}}, "b": {}})
THREE = model({"a": {}, "b": {"y": {"type": "integer", "null": True}}, "c": {}})
ANYTHING = Consent(accepted=[], allowed=["all"])

both = pytest.mark.parametrize("capabilities", [AS_A_WHOLE, ONE_BY_ONE], ids=["as a whole", "one by one"])


@pytest.fixture(scope="module")
def chain() -> Chain:
    return chain_to(ONE, TWO, THREE)


def twelve() -> Chain:
    """One migration of twelve operations."""
    operations: list[Operation] = [Add("", Table("t", (Column("id", Type("integer")),)))]
    operations += [Add("t", Column(f"c{number}", Type("text"), null=True)) for number in range(8)]
    operations += [Drop("t", Column(f"c{number}", Type("text"), null=True)) for number in range(3)]
    return with_migration(Chain(), operations)


def session(database: Database, capabilities: Capabilities = AS_A_WHOLE) -> Any:
    """A session, as the type that use cases ask for."""
    return StoppableEngine(database, capabilities)


def apply(database: Database, chain: Chain, capabilities: Capabilities = AS_A_WHOLE, target: str = "") -> None:
    deploy(session(database, capabilities), chain, target=target, consent=ANYTHING)


def schema(database: Database) -> Schema:
    return StoppableEngine(database).catalogue().schema


def done(database: Database) -> Counter[tuple[str, int]]:
    """How often each operation is in the journal, whatever its state."""
    return Counter((row["migration"], row["position"]) for row in database.rows[ledger.OPERATIONS.name])


def states(database: Database) -> list[str]:
    return [run.state for run in Ledger(session(database)).runs()]


@both
def test_all_is_applied_in_order_and_recorded(chain: Chain, capabilities: Capabilities) -> None:
    database = Database()
    outcome = deploy(session(database, capabilities), chain, consent=ANYTHING)
    assert outcome.migrations == tuple(each.id for each in chain.migrations)
    assert schema(database) == THREE.normalized()
    rows = Ledger(session(database)).applied()
    assert {row.id: (row.parent, row.checksum, row.model, row.how) for row in rows.values()} == {
        each.id: (each.parent, each.checksum, each.model, "deploy") for each in chain.migrations
    }
    expected = sum(len(each.operations) for each in chain.migrations)
    assert [row["state"] for row in database.rows[ledger.OPERATIONS.name]] == ["done"] * expected
    (run,) = Ledger(session(database)).runs()
    assert (run.kind, run.state, run.fingerprint, run.error) == ("deploy", "done", outcome.plan.fingerprint, "")
    assert run.ended_at is not None
    assert {row.run for row in rows.values()} == {run.id}


def test_where_nothing_is_pending_only_the_journal_is_read(chain: Chain) -> None:
    database = Database()
    apply(database, chain)
    engine = session(database)
    outcome = deploy(engine, chain)
    assert not outcome.plan.changed
    assert outcome.migrations == ()
    assert engine.calls == ["existing_tables", f"fetch {ledger.MIGRATIONS.name}"]


def test_nobody_waits_for_the_lock_where_nothing_is_pending(chain: Chain) -> None:
    database = Database()
    apply(database, chain)
    database.holder = "somebody"
    assert not deploy(session(database), chain).plan.changed


def test_who_holds_the_lock_is_told(chain: Chain) -> None:
    database = Database(holder="ann@host, process 7")
    with pytest.raises(LockHeld) as caught:
        deploy(session(database), chain)
    assert caught.value.details["owner"] == "ann@host, process 7"
    assert database == Database(holder="ann@host, process 7")


def test_a_target_ends_the_way(chain: Chain) -> None:
    database = Database()
    middle = chain.migrations[1].id
    apply(database, chain, target=middle)
    assert schema(database) == TWO.normalized()
    assert not deploy(session(database), chain, target=chain.migrations[0].id).plan.changed
    apply(database, chain)
    assert schema(database) == THREE.normalized()


def test_a_plan_writes_nothing_and_is_what_runs(chain: Chain) -> None:
    database = Database()
    planned = plan_deploy(session(database), chain)
    assert database == Database()
    ran = deploy(session(database), chain, consent=ANYTHING)
    assert ran.plan == planned.plan


def test_another_fingerprint_runs_nothing(chain: Chain) -> None:
    database = Database()
    with pytest.raises(PlanChanged):
        deploy(session(database), chain, consent=Consent(fingerprint="sha256-v1:0"))
    assert database == Database()


# --- files and journal do not agree


def test_a_file_edited_after_it_was_applied_is_refused(chain: Chain) -> None:
    database = Database()
    apply(database, chain)
    edited = Chain([replace(chain.migrations[0], checksum="sha256-v1:1"), *chain.migrations[1:]])
    with pytest.raises(errors.EditedAfterApplied, match=f"{chain.migrations[0].id} is not what the database got"):
        deploy(session(database), edited)


def test_a_migration_that_only_the_database_has_is_named(chain: Chain) -> None:
    database = Database()
    apply(database, chain)
    with pytest.raises(errors.MissingFile, match=chain.head) as caught:
        deploy(session(database), Chain(chain.migrations[:2]))
    assert caught.value.details == {"migrations": [chain.head]}


def test_a_migration_put_before_an_applied_one_is_out_of_order(chain: Chain) -> None:
    database = Database()
    first, second, third = chain.migrations
    apply(database, Chain([first, second]))
    with pytest.raises(errors.OutOfOrder, match=f"has {second.id} but not {third.id}"):
        deploy(session(database), Chain([first, third, second]))


def test_a_journal_without_one_of_its_tables_is_refused(chain: Chain) -> None:
    database = Database()
    apply(database, chain)
    database.schema = database.schema.without("table", ledger.RUNS.name)
    with pytest.raises(MigrationError, match=ledger.RUNS.name):
        deploy(session(database), chain)


def test_what_was_altered_by_hand_is_not_altered_over() -> None:
    start = model({"a": {"x": {"type": "string(10)"}}})
    changed = chain_to(start, model({"a": {"x": {"type": "string(20)"}}}))
    database = Database()
    apply(database, changed, target=changed.migrations[0].id)
    table = database.schema.table("a")
    assert table is not None
    database.schema = database.schema.put(table.put(Column("x", Type("text"))))
    before = replace(database)
    with pytest.raises(errors.Drifted, match=r"alter_column a\.x: somebody changed it by hand"):
        deploy(session(database), changed)
    assert database == before


def test_what_is_there_already_is_drift(chain: Chain) -> None:
    database = Database(schema=Schema((Table("b", (Column("other", Type("text")),)),)))
    with pytest.raises(errors.Drifted, match="create_table b: it is there already"):
        deploy(session(database), chain)
    assert ledger.RUNS.name not in database.rows


# --- failures and kills


@both
def test_a_refused_statement_leaves_what_it_must_and_says_so(capabilities: Capabilities) -> None:
    database = Database()
    engine = session(database, capabilities)
    engine.refuse = "drop_column t.c1"
    with pytest.raises(StatementFailed, match=r"refused drop_column t\.c1"):
        deploy(engine, twelve(), consent=ANYTHING)
    (run,) = Ledger(session(database)).runs()
    assert run.state == "failed"
    assert "drop_column t.c1" in run.error
    assert run.error.startswith(twelve().head)
    whole = capabilities.transactional_ddl
    assert (schema(database).table("t") is None) == whole
    assert Ledger(session(database)).applied() == {}
    apply(database, twelve(), capabilities)
    assert schema(database) == twelve().state().normalized()
    assert set(done(database).values()) == {1}
    assert len(done(database)) == 12


def test_on_an_empty_database_all_is_done_or_nothing(chain: Chain) -> None:
    database = Database()
    engine = session(database)
    engine.refuse = "create_table c"
    with pytest.raises(StatementFailed, match="create_table c"):
        deploy(engine, chain, consent=ANYTHING)
    assert schema(database) == Schema()
    assert Ledger(session(database)).applied() == {}
    assert states(database) == ["failed"]
    assert not done(database)
    apply(database, chain)
    assert set(done(database).values()) == {1}
    assert states(database) == ["failed", "done"]


def test_what_alters_an_enum_or_is_a_persons_step_commits_alone() -> None:
    enum = model({"a": {}}, {"e": ["A"]})
    longer = chain_to(enum, model({"a": {}}, {"e": ["A", "B"]}), model({"a": {}, "b": {}}, {"e": ["A", "B"]}))
    database = Database()
    engine = session(database)
    engine.refuse = "create_table b"
    with pytest.raises(StatementFailed):
        deploy(engine, longer)
    assert set(Ledger(session(database)).applied()) == {each.id for each in longer.migrations[:2]}
    assert set(done(database).values()) == {1}


def kill_points(capabilities: Capabilities, late: bool) -> Iterator[tuple[int, Database]]:
    """Kill a run at its first, second, ... statement until it gets through."""
    for after in range(1000):
        database = Database()
        engine = session(database, capabilities)
        engine.stop_after, engine.late = after, late
        try:
            deploy(engine, twelve(), consent=ANYTHING)
        except Stopped:
            database.holder = None
            yield after, database
        else:
            return


@both
@pytest.mark.parametrize("late", [False, True], ids=["before it took effect", "after"])
def test_killed_between_any_two_statements_the_same_command_finishes(capabilities: Capabilities, late: bool) -> None:
    wanted, points = twelve().state().normalized(), 0
    for after, database in kill_points(capabilities, late):
        points += 1
        began = bool(database.schema.table(ledger.RUNS.name))
        outcome = deploy(session(database, capabilities), twelve(), consent=ANYTHING)
        assert schema(database) == wanted, after
        assert set(done(database).values()) == {1}, after
        assert len(done(database)) == 12, after
        assert {row["state"] for row in database.rows[ledger.OPERATIONS.name]} == {"done"}, after
        assert list(Ledger(session(database)).applied()) == [twelve().head], after
        expected = ["done"] if not (began and outcome.plan.changed) or not states(database)[1:] else None
        assert states(database)[-1] == "done", after
        assert expected or states(database) == ["interrupted", "done"], after
    assert points > 12


def test_a_statement_that_cannot_be_told_stops_with_what_was_found() -> None:
    database = Database()
    engine = session(database, ONE_BY_ONE)
    engine.refuse = "add_column t.c3"
    with pytest.raises(StatementFailed):
        deploy(engine, twelve(), consent=ANYTHING)
    table = database.schema.table("t")
    assert table is not None
    database.schema = database.schema.put(table.put(Column("c3", Type("integer"))))
    with pytest.raises(
        errors.HalfDone, match=r"column t\.c3 is neither as before that nor as after it.*integer"
    ) as caught:
        deploy(session(database, ONE_BY_ONE), twelve(), consent=ANYTHING)
    assert caught.value.details["operation"] == "add_column t.c3"
    database.schema = database.schema.put(table)
    apply(database, twelve(), ONE_BY_ONE)
    assert schema(database) == twelve().state().normalized()


def test_an_interrupted_run_goes_on_with_the_same_file_only() -> None:
    _unused, database = list(kill_points(ONE_BY_ONE, late=True))[10]
    other = with_migration(Chain(), [Add("", Table("u", (Column("id", Type("integer")),)))])
    renamed = Chain([replace(other.migrations[0], id=twelve().head)])
    with pytest.raises(errors.HalfDone, match="its file has changed"):
        deploy(session(database, ONE_BY_ONE), renamed, consent=ANYTHING)


def test_a_half_applied_migration_is_not_rolled_back() -> None:
    chain = with_migration(chain_to(ONE), twelve().migrations[0].operations)
    database = Database()
    engine = session(database, ONE_BY_ONE)
    engine.refuse = "add_column t.c3"
    with pytest.raises(StatementFailed):
        deploy(engine, chain, consent=ANYTHING)
    with pytest.raises(errors.HalfDone, match="is half applied"):
        rollback(session(database, ONE_BY_ONE), chain, target=NONE, consent=ANYTHING)


# --- steps of persons


def by_hand(**more: object) -> Chain:
    step = Execute("fill", {"sqlite": ("fill it",)}, transaction=False, **more)  # type: ignore[arg-type]
    return with_migration(Chain(), [Add("", Table("t", (Column("id", Type("integer")),))), step])


@pytest.mark.parametrize("late", [False, True], ids=["before it took effect", "after"])
def test_a_step_outside_transactions_runs_once(late: bool) -> None:
    chain = by_hand(done_when={"sqlite": "fill it"})
    for after in range(40):
        database = Database()
        engine = session(database)
        engine.stop_after, engine.late = after, late
        try:
            deploy(engine, chain, consent=ANYTHING)
        except Stopped:
            database.holder = None
            apply(database, chain)
        assert database.executed == ["fill it"], after
        assert set(done(database).values()) == {1}, after
        assert len(done(database)) == 2, after


def test_a_step_that_does_not_say_when_it_is_done_stops_with_what_to_do() -> None:
    database = Database()
    engine = session(database)
    engine.refuse = "execute fill"
    with pytest.raises(StatementFailed):
        deploy(engine, by_hand(), consent=ANYTHING)
    with pytest.raises(errors.HalfDone, match="done_when") as caught:
        deploy(session(database), by_hand(), consent=ANYTHING)
    assert caught.value.details["operation"] == "execute fill"


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
