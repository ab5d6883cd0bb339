# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pushing a model to a live database: consent, live facts of hazards, the fingerprint, what stays when it fails."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines import connect
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.base import Engine
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import Target
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import (
    HazardsNotAccepted,
    LockHeld,
    PlanChanged,
    StatementFailed,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.operations import Execute, Rename
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.plan import (
    BLOCK,
    INFO,
    WARN,
    Hazard,
    Plan,
    Stage,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.schema import Schema
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.planning import (
    Change,
    Consent,
    Progress,
    apply_plan,
    compose,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.schemas.push import plan_push, push
from ansible_collections.ctrlaltplay.paneldb.tests.support.engine_rows import table_of, write_rows
from ansible_collections.ctrlaltplay.paneldb.tests.support.grid import Bed
from ansible_collections.ctrlaltplay.paneldb.tests.support.models import alike, model

pytestmark = pytest.mark.dialect

PANEL = """
    tables:
      nodes:
        columns:
          id: {type: bigint}
          name: {type: string(50), null: true}
          token: {type: string(50), null: true}
          port: {type: integer, null: true}
        primary_key: [id]
      servers:
        columns: {id: {type: bigint}, nodeId: {type: bigint, null: true}}
        primary_key: [id]
"""
NODES = [(1, "a", "s3cret", 1), (2, "a", "s3cret", None), (3, "b", "other", 70000), (4, None, None, 5)]
SERVERS = [(1, 1), (2, 9), (3, 9), (4, None)]


def edited(*pairs: tuple[str, str]) -> Schema:
    """The schema above with pieces of its text replaced."""
    text = PANEL
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    return model(text)


def with_rule(line: str) -> tuple[str, str]:
    """What to replace so that table nodes has one more line."""
    end = "primary_key: [id]\n      servers"
    return end, end.replace("\n", f"\n        {line}\n")


@pytest.fixture
def filled(engine: Engine) -> Engine:
    """A database of the schema above, with rows in it."""
    push(engine, model(PANEL))
    schema = engine.catalogue().schema
    write_rows(
        engine, schema, {"nodes": (("id", "name", "token", "port"), NODES), "servers": (("id", "nodeId"), SERVERS)}
    )
    return engine


def hazard_of(plan: Plan, code: str) -> Hazard:
    (found,) = (hazard for hazard in plan.hazards if hazard.code == code)
    return found


def facts_of(plan: Plan, code: str) -> dict[str, Any]:
    return dict(hazard_of(plan, code).facts)


# --- live facts ------------------------------------------------------------------------------------------------------


def test_nulls_are_counted(filled: Engine) -> None:
    plan = plan_push(filled, edited(("string(50), null: true}", "string(50)}"))).plan
    found = [hazard for hazard in plan.hazards if hazard.code == "set-not-null"]
    assert [(hazard.severity, dict(hazard.facts)["nulls"]) for hazard in found] == [(BLOCK, 1), (BLOCK, 1)]
    assert "1 row(s) hold a null." in found[0].message


def test_duplicates_are_counted_and_shown_unless_they_may_be_secrets(filled: Engine) -> None:
    keys = "unique: [{name: u, columns: [name]}, {name: v, columns: [token]}]"
    plan = plan_push(
        filled, edited(("primary_key: [id]\n      servers", f"primary_key: [id]\n        {keys}\n      servers"))
    ).plan
    by_name = {hazard.operation: hazard for hazard in plan.hazards if hazard.code == "add-unique"}
    name, token = by_name["add_unique nodes.u"], by_name["add_unique nodes.v"]
    assert name.severity == token.severity == BLOCK
    assert dict(name.facts)["duplicates"] == 1
    assert dict(name.facts)["samples"] == [["a"]]
    assert "samples" not in dict(token.facts)
    assert "s3cret" not in str(plan.hazards)


def test_orphans_are_counted(filled: Engine) -> None:
    key = "foreign_keys: [{columns: [nodeId], references: nodes}]"
    plan = plan_push(filled, model(f"{PANEL.rstrip()}\n        {key}\n")).plan
    assert hazard_of(plan, "add-foreign-key").severity == BLOCK
    assert facts_of(plan, "add-foreign-key")["orphans"] == 2
    assert {value for (value,) in facts_of(plan, "add-foreign-key")["samples"]} == {"9"}


def test_rows_that_break_a_check_are_counted(filled: Engine) -> None:
    rule = 'checks: ["port between 1 and 65535"]'
    plan = plan_push(
        filled, edited(("primary_key: [id]\n      servers", f"primary_key: [id]\n        {rule}\n      servers"))
    ).plan
    assert (hazard_of(plan, "add-check").severity, facts_of(plan, "add-check")["violations"]) == (BLOCK, 1)


def test_values_that_would_be_cut_are_counted(filled: Engine) -> None:
    plan = plan_push(filled, edited(("token: {type: string(50)", "token: {type: string(5)"))).plan
    assert (hazard_of(plan, "type-narrowing").severity, facts_of(plan, "type-narrowing")["violations"]) == (BLOCK, 2)


def test_losses_are_counted(filled: Engine) -> None:
    plan = plan_push(filled, edited(("port: {type: integer, null: true}", "")), prune=True).plan
    assert facts_of(plan, "drop-column")["values"] == 3
    assert hazard_of(plan, "drop-column").severity == BLOCK
    gone = plan_push(filled, Schema(), prune=True).plan
    assert sorted(dict(hazard.facts)["rows"] for hazard in gone.hazards if hazard.code == "drop-table") == [4, 4]


def test_an_empty_table_loses_nothing(engine: Engine) -> None:
    push(engine, model(PANEL))
    plan = plan_push(engine, Schema(), prune=True).plan
    assert {hazard.severity for hazard in plan.hazards} == {INFO}
    push(engine, Schema(), prune=True)
    assert engine.catalogue().schema == Schema()


def test_facts_are_asked_under_the_names_of_now(filled: Engine) -> None:
    """A column is renamed, then forbidden to be null, in one plan: the nulls stand under its former name."""
    after = edited(
        ("nodes:", "hosts:\n        renamed_from: nodes"),
        ("name: {type: string(50), null: true}", "title: {type: string(50), renamed_from: name}"),
    )
    plan = plan_push(filled, after).plan
    assert facts_of(plan, "set-not-null")["nulls"] == 1


def test_a_step_in_between_may_mend_rows(bed: Bed, filled: Engine) -> None:
    after = edited(("name: {type: string(50), null: true}", "name: {type: string(50)}"))
    operations = tuple(each for stage in plan_push(filled, after).plan.stages for each in stage.operations)
    mend = Execute("mend", {filled.name: (bed.filling("nodes", "name", "x"),)})
    plan = compose(filled, [Change("m1", (mend,)), Change("m2", operations)])
    assert hazard_of(plan, "set-not-null").severity == WARN
    apply_plan(filled, plan)
    assert alike(filled.catalogue().schema) == alike(filled.canonical(after))


# --- consent ---------------------------------------------------------------------------------------------------------


def test_nothing_runs_without_consent(filled: Engine) -> None:
    before = filled.catalogue().schema
    target = edited(("port: {type: integer, null: true}", ""))
    with pytest.raises(HazardsNotAccepted, match=r"drop_column nodes\.port") as refused:
        push(filled, target, prune=True)
    assert [hazard["code"] for hazard in refused.value.details["hazards"]] == ["drop-column"]
    assert filled.catalogue().schema == before
    push(filled, target, prune=True, consent=Consent(allowed=["drop_column nodes.port"]))
    assert table_of(filled.catalogue().schema, "nodes").find("column", "port") is None


def test_a_likely_rename_is_asked_about(filled: Engine) -> None:
    target = edited(("token: {type: string(50), null: true}", "secret: {type: string(50), null: true}"))
    with pytest.raises(HazardsNotAccepted) as refused:
        push(filled, target, prune=True)
    codes = {hazard["code"] for hazard in refused.value.details["hazards"]}
    assert codes == {"drop-column", "likely-rename"}
    push(filled, target, prune=True, consent=Consent(allowed=["drop_column nodes.token"]))


def test_only_the_plan_that_was_agreed_to_runs(filled: Engine) -> None:
    more = ("id: {type: bigint}, nodeId", "id: {type: bigint}, motd: {type: text, null: true}, nodeId")
    agreed = plan_push(filled, edited(more)).plan.fingerprint
    with pytest.raises(PlanChanged):
        push(filled, edited(more, ("motd", "note")), consent=Consent(fingerprint=agreed))
    assert push(filled, edited(more), consent=Consent(fingerprint=agreed)).plan.fingerprint == agreed
    assert not push(filled, edited(more), consent=Consent(fingerprint=agreed)).plan.changed


# --- faults ----------------------------------------------------------------------------------------------------------


def test_a_change_that_fails_leaves_all_as_it_was(filled: Engine) -> None:
    """The rule that rows break comes last; what ran before it is undone, or stands, and the rest is told again."""
    before = filled.catalogue().schema
    target = edited(
        ("id: {type: bigint}, nodeId", "id: {type: bigint}, motd: {type: text, null: true}, nodeId"),
        ("nodes:\n", "nodes:\n        comment: new\n"),
        with_rule("unique: [[name]]"),
    )
    with pytest.raises(StatementFailed) as failed:
        push(filled, target, consent=Consent(accepted=["add-unique"]))
    assert "nodes" in failed.value.details["operation"]
    assert "statement" in failed.value.details
    if filled.capabilities.transactional_ddl:
        assert filled.catalogue().schema == before
    else:
        stages = plan_push(filled, target).plan.stages
        left = [f"{each.name} {each.target}" for stage in stages for each in stage.operations]
        assert "add_unique nodes.nodes_name_key" in left


def test_progress_hears_of_every_step_inside_its_transaction(engine: Engine) -> None:
    heard: list[tuple[str, int]] = []

    class Listener(Progress):
        def before_step(self, stage: Stage, position: int) -> None:
            assert stage.origin == ""
            heard.append(("before", position))

        def after_step(self, stage: Stage, position: int) -> None:
            heard.append(("after", position))
            if position == len(stage.steps) - 1:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        push(engine, model(PANEL), progress=Listener())
    steps = len(heard) // 2
    assert heard == [(when, position) for position in range(steps) for when in ("before", "after")]
    made = engine.catalogue().schema.tables
    assert bool(made) != engine.capabilities.transactional_ddl, "all is undone with the listener's own failure"


def test_a_second_runner_waits_for_the_lock(filled: Engine, target: Target) -> None:
    with connect(replace(target, lock_timeout=0.2)) as other, filled.lock(5):
        assert not push(other, model(PANEL)).plan.changed, "nothing to do needs no lock"
        with pytest.raises(LockHeld):
            push(other, edited(("nodeId", "hostId")))


def test_a_rename_in_one_stage_and_its_use_in_the_next(filled: Engine) -> None:
    changes = [
        Change("m1", (Rename("", "table", "nodes", "hosts"),)),
        Change("m2", (Rename("hosts", "column", "name", "title"),)),
    ]
    apply_plan(filled, compose(filled, changes))
    assert "title" in table_of(filled.catalogue().schema, "hosts").column_names
