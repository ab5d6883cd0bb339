# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Deploying, on a database in memory: position, journal, kills between any two statements, resuming.

What an engine's own server does is for the grid; here both kinds of engine stand side by side: one whose DDL is
transactional, and one where every statement stands alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.base import Capabilities
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import (
    LockHeld,
    MigrationError,
    PlanChanged,
    StatementFailed,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.migrations import errors, ledger
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.migrations.chain import Chain
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.migrations.deploy import deploy, plan_deploy
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.migrations.ledger import Ledger
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.migrations.rollback import NONE, rollback
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.operations import Add, Execute
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.schema import Column, Schema, Table
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.types import Type
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.planning import Consent
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
from ansible_collections.ctrlaltplay.paneldb.tests.support.migration_chains import chain_to, model, with_migration
from ansible_collections.ctrlaltplay.paneldb.tests.support.stoppable_engine import ONE_BY_ONE, Database, Stopped


@pytest.fixture(scope="module")
def chain() -> Chain:
    return chain_to(ONE, TWO, THREE)


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
