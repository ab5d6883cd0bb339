# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Migrations on real engines: what files say is what is there, in both directions, with a journal that says so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines import connect
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.base import Engine
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import Target
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import (
    HazardsNotAccepted,
    MigrationError,
    StatementFailed,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.migrations import errors
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.migrations.baseline import baseline
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.migrations.chain import Chain, load_chain
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.migrations.deploy import deploy, plan_deploy
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.migrations.drift import compare
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.migrations.info import (
    DRIFT,
    HAZARDS,
    ORPHANS,
    status,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.migrations.reset import reset
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.migrations.rollback import NONE, rollback
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.migrations.squash import squash
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.operations import Execute
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.planning import Consent
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.schemas.push import push
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.sources import read_migrations
from ansible_collections.ctrlaltplay.paneldb.tests.support.grid import Bed
from ansible_collections.ctrlaltplay.paneldb.tests.support.migration_chains import chain_to, model, with_migration

SHIPPED = Path(__file__).resolve().parents[2] / "roles" / "panel" / "files"
ANYTHING = Consent(allowed=["all"])

MODELS = (
    model({"users": {"name": {"type": "string(20)"}}, "old": {}}, {"role": ["A", "B"]}),
    model(
        {
            "users": {
                "columns": {
                    "id": {"type": "integer"},
                    "login": {"type": "string(40)", "renamed_from": "name"},
                    "role": {"type": "enum(role)", "default": "A"},
                    "boss": {"type": "integer", "null": True},
                    "changed": {"type": "timestamp", "default": "now()", "updated_at": True},
                },
                "primary_key": ["id"],
                "unique": [["login"]],
                "indexes": [{"columns": [{"name": "role", "order": "desc"}], "where": "role = 'B'"}, ["boss"]],
                "foreign_keys": [{"columns": ["boss"], "references": "users", "on_delete": "set_null"}],
                "checks": ["id > 0"],
            },
            "sessions": {"token": {"type": "uuid", "default": "uuid()"}},
        },
        {"role": ["A", "B", "C"]},
    ),
    model({"users": {"login": {"type": "text"}}, "sessions": {"data": {"type": "json", "null": True}}}),
)


@pytest.fixture(scope="module")
def chain() -> Chain:
    return chain_to(*MODELS)


@pytest.fixture
def shipped() -> Chain:
    found = read_migrations(SHIPPED / "migrations")
    return load_chain(found.files, found.lock)


def journal(bed: Bed, target: Target, table: str, *columns: str) -> list[tuple[Any, ...]]:
    return bed.read(target, f"_paneldb_{table}", columns)


def matches(engine: Engine, chain: Chain, count: int | None = None) -> bool:
    """A column that is taken back and comes again stands last, which means nothing."""
    return compare(engine.catalogue().schema, engine.canonical(chain.state(count))) == ((), ())


def test_the_shipped_migrations_make_the_shipped_model(engine: Engine, shipped: Chain) -> None:
    planned = plan_deploy(engine, shipped)
    assert not engine.existing_tables(["_paneldb_migrations", "users"])
    assert deploy(engine, shipped).plan == planned.plan
    assert matches(engine, shipped)
    again = deploy(engine, shipped)
    assert (again.plan.changed, again.migrations) == (False, ())
    found = status(engine, shipped, gather=[DRIFT, HAZARDS, ORPHANS]).to_data()
    assert found["counts"] == {"applied": len(shipped), "pending": 0, "runs": 0}
    assert [found[key] for key in ("drift", "unmanaged", "hazards", "problem", "orphans")] == [[], [], [], None, []]


@pytest.mark.dialect
def test_pushing_the_model_leads_to_the_same_catalogue(engine: Engine, bed: Bed, shipped: Chain) -> None:
    deploy(engine, shipped)
    with bed.database() as other, connect(other) as pushed:
        push(pushed, shipped.state())
        assert pushed.catalogue().schema == engine.catalogue().schema


def test_forth_back_and_forth_with_rows(engine: Engine, bed: Bed, target: Target, chain: Chain) -> None:
    first, second, _unused = chain.migrations
    deploy(engine, chain, target=first.id)
    assert matches(engine, chain, 1)
    bed.put(target, "users", [{"id": 1, "name": "ann"}, {"id": 2, "name": "bob"}])
    deploy(engine, chain, consent=ANYTHING)
    assert matches(engine, chain)
    assert bed.read(target, "users", ["id", "login"]) == [(1, "ann"), (2, "bob")]
    rollback(engine, chain, target=second.id, consent=ANYTHING)
    assert matches(engine, chain, 2)
    rollback(engine, chain, target=first.id, consent=ANYTHING)
    assert matches(engine, chain, 1)
    assert bed.read(target, "users", ["id", "name"]) == [(1, "ann"), (2, "bob")]
    assert journal(bed, target, "migrations", "id") == [(first.id,)]
    deploy(engine, chain, consent=ANYTHING)
    assert matches(engine, chain)
    rollback(engine, chain, target=NONE, consent=ANYTHING)
    assert engine.catalogue().schema.tables == ()
    assert set(journal(bed, target, "runs", "state")) == {("done",)}


@pytest.mark.dialect
def test_the_journal_holds_what_was_done(engine: Engine, bed: Bed, target: Target, chain: Chain) -> None:
    outcome = deploy(engine, chain, consent=ANYTHING)
    rows = journal(bed, target, "migrations", "id", "parent", "checksum", "model", "how")
    assert rows == [(each.id, each.parent, each.checksum, each.model, "deploy") for each in chain.migrations]
    ((kind, state, fingerprint, error),) = journal(bed, target, "runs", "kind", "state", "fingerprint", "error")
    assert (kind, state, fingerprint, error) == ("deploy", "done", outcome.plan.fingerprint, "")
    operations = journal(bed, target, "operations", "migration", "position", "name", "target")
    assert operations == [
        (migration.id, position, operation.name, operation.target)
        for migration in chain.migrations
        for position, operation in enumerate(migration.operations)
    ]
    ends = journal(bed, target, "operations", "state", "ended_at")
    assert all(state == "done" and ended is not None for state, ended in ends)
    times = status(engine, chain).position.rows.values()
    assert all(row.applied_at.utcoffset() is not None and row.duration_ms >= 0 for row in times)


@pytest.mark.dialect
def test_a_failure_undoes_its_migration_and_keeps_those_before(
    engine: Engine, bed: Bed, target: Target, chain: Chain
) -> None:
    longer = with_migration(chain, [Execute("broken", {bed.engine: (bed.nonsense,)})])
    with pytest.raises(StatementFailed, match=bed.refusal):
        deploy(engine, longer, consent=ANYTHING)
    assert matches(engine, chain)
    assert len(journal(bed, target, "migrations", "id")) == len(chain)
    ((state, error),) = journal(bed, target, "runs", "state", "error")
    assert state == "failed"
    assert error.startswith(f"{longer.head}: execute broken: ")
    assert status(engine, longer).runs[-1].error == error
    # What commits as a whole is planned again; elsewhere the operation that failed is told.
    left = set() if engine.capabilities.transactional_ddl else {("failed",)}
    assert set(journal(bed, target, "operations", "state")) == {("done",), *left}


@pytest.mark.dialect
def test_data_is_lost_by_consent_only(engine: Engine, bed: Bed, target: Target) -> None:
    chain = chain_to(model({"t": {"x": {"type": "text"}}}), model({"t": {}}))
    deploy(engine, chain, target=chain.migrations[0].id)
    bed.put(target, "t", [{"id": 1, "x": "kept"}])
    with pytest.raises(HazardsNotAccepted, match=r"drop_column t\.x"):
        deploy(engine, chain)
    assert bed.read(target, "t", ["x"]) == [("kept",)]
    assert [hazard.severity for hazard in status(engine, chain, gather=[HAZARDS]).hazards or ()].count("block") == 1
    agreed = Chain([chain.migrations[0]])
    agreed = with_migration(agreed, chain.migrations[1].operations, accept_hazards=["drop-column"])
    assert deploy(engine, agreed).plan.changed
    assert engine.catalogue().schema.tables[0].column_names == ("id",)


@pytest.mark.dialect
def test_drift_is_told_apart_from_what_is_not_ours(engine: Engine, bed: Bed, target: Target, chain: Chain) -> None:
    deploy(engine, chain, consent=ANYTHING)
    bed.add_column(target, "users", "extra")
    bed.drop_table(target, "sessions")
    bed.add_table(target, "foreigner")
    found = status(engine, chain, gather=[DRIFT]).to_data()
    assert sorted(found["drift"]) == ["create_table sessions", "drop_column users.extra"]
    assert found["unmanaged"] == ["table foreigner"]


@pytest.mark.dialect
def test_what_was_changed_by_hand_is_not_changed_over(engine: Engine, bed: Bed, target: Target) -> None:
    chain = chain_to(model({"t": {}}), model({"t": {"x": {"type": "text", "null": True}}}))
    deploy(engine, chain, target=chain.migrations[0].id)
    bed.add_column(target, "t", "x")
    with pytest.raises(errors.Drifted, match=r"add_column t\.x: it is there already"):
        deploy(engine, chain)
    assert len(status(engine, chain).position.pending) == 1
    problem = status(engine, chain, gather=[HAZARDS]).problem
    assert isinstance(problem, errors.Drifted)


@pytest.mark.dialect
def test_orphans_are_counted(engine: Engine, bed: Bed, target: Target) -> None:
    child = {
        "columns": {"id": {"type": "integer"}, "parent": {"type": "integer", "null": True}},
        "primary_key": ["id"],
        "indexes": [["parent"]],
        "foreign_keys": [{"columns": ["parent"], "references": "parent"}],
    }
    chain = chain_to(model({"parent": {}, "child": child}))
    deploy(engine, chain)
    bed.put(target, "child", [{"id": 1, "parent": 7}, {"id": 2, "parent": 7}, {"id": 3, "parent": None}])
    (found,) = status(engine, chain, gather=[ORPHANS]).to_data()["orphans"]
    assert (found["table"], found["foreign_key"], found["count"]) == ("child", "child_parent_fkey", 2)
    assert [7] in found["samples"]


@pytest.mark.dialect
def test_reset_makes_everything_anew(engine: Engine, bed: Bed, target: Target, chain: Chain) -> None:
    deploy(engine, chain, consent=ANYTHING)
    bed.put(target, "users", [{"id": 1, "login": "ann"}])
    bed.add_table(target, "foreigner")
    with pytest.raises(errors.NotConfirmed):
        reset(engine, chain, confirm="another", environment="development")
    with pytest.raises(errors.NotConfirmed):
        reset(engine, chain, confirm=target.name, environment="production")
    assert bed.read(target, "users", ["login"]) == [("ann",)]
    reset(engine, chain, confirm=target.name, environment="development")
    assert bed.count(target, "users") == 0
    assert status(engine, chain, gather=[DRIFT]).drift == ((), ("table foreigner",))
    assert journal(bed, target, "runs", "kind", "state") == [("reset", "done")]


@pytest.mark.dialect
def test_reset_finds_what_half_a_chain_left(engine: Engine, bed: Bed, target: Target, chain: Chain) -> None:
    deploy(engine, chain, target=chain.migrations[1].id)
    reset(engine, chain, confirm=target.name, environment="development")
    assert matches(engine, chain)
    assert len(journal(bed, target, "migrations", "id")) == len(chain)


@pytest.mark.dialect
def test_reset_leaves_what_others_refer_to(engine: Engine, bed: Bed, target: Target, chain: Chain) -> None:
    deploy(engine, chain, consent=ANYTHING)
    bed.add_table(target, "foreigner", refers_to="users")
    if not engine.capabilities.enforces_foreign_keys:
        reset(engine, chain, confirm=target.name, environment="development")
        assert status(engine, chain, gather=[DRIFT]).drift == ((), ("table foreigner",))
        return
    with pytest.raises(MigrationError, match="no migration made foreigner"):
        reset(engine, chain, confirm=target.name, environment="development")
    assert len(journal(bed, target, "migrations", "id")) == len(chain)


def test_an_existing_database_is_taken_over(engine: Engine, bed: Bed, target: Target, chain: Chain) -> None:
    push(engine, MODELS[1])
    with pytest.raises(errors.Drifted, match=r"alter_column users\.login"):
        baseline(engine, chain)
    assert not engine.existing_tables(["_paneldb_migrations"])
    baseline(engine, chain, target=chain.migrations[1].id)
    assert journal(bed, target, "migrations", "how") == [("baseline",)] * 2
    deploy(engine, chain, consent=ANYTHING)
    assert matches(engine, chain)


@pytest.mark.dialect
def test_a_squashed_chain_deploys_on_old_and_new(engine: Engine, bed: Bed, chain: Chain) -> None:
    deploy(engine, chain, target=chain.migrations[1].id)
    short = squash(chain, "so far", target=chain.migrations[1].id).chain
    deploy(engine, short, consent=ANYTHING)
    assert matches(engine, chain)
    with bed.database() as other, connect(other) as fresh:
        deploy(fresh, short, consent=ANYTHING)
        assert fresh.catalogue().schema == engine.catalogue().schema
    assert not deploy(engine, short).plan.changed


@pytest.mark.dialect
def test_a_reader_may_look(engine: Engine, target: Target, chain: Chain) -> None:
    with connect(target, read_only=True) as reader:
        assert status(reader, chain, gather=[DRIFT, HAZARDS]).to_data()["counts"]["pending"] == len(chain)
    deploy(engine, chain)
    with connect(target, read_only=True) as reader:
        assert status(reader, chain, gather=[DRIFT, HAZARDS, ORPHANS]).to_data()["counts"]["applied"] == len(chain)


NAMES = ['quote"d', "per%cent %s %(x)s", "a space", "select", "ünï", "b`tick"]


def test_names_are_only_names(engine: Engine, bed: Bed) -> None:
    able = [name for name in NAMES if '"' not in name or any('"' in stem for stem in bed.stems)]
    tables = {name: {"columns": {name: {"type": "integer"}}, "primary_key": [name]} for name in able}
    chain = chain_to(model(tables))
    deploy(engine, chain)
    assert matches(engine, chain)
    assert status(engine, chain, gather=[DRIFT, HAZARDS, ORPHANS]).to_data()["drift"] == []
    rollback(engine, chain, target=NONE, consent=ANYTHING)
    assert engine.catalogue().schema.tables == ()
