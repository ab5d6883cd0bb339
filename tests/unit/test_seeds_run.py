# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Seeds that are right: what is written, what is left, what people are told."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import ConstraintViolated
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.seeds.plan import (
    TablesMissing,
    plan_seeds,
    run_seeds,
)
from ansible_collections.ctrlaltplay.paneldb.tests.support.memory_engine import MemoryEngine
from ansible_collections.ctrlaltplay.paneldb.tests.support.seeding import SCHEMA, counts, ref, run, seed

ANN, BOB, CAT = {"name": "ann"}, {"name": "bob", "level": 2}, {"name": "cat", "mail": "cat@example.com"}


@pytest.fixture
def memory() -> MemoryEngine:
    return MemoryEngine(SCHEMA)


def _people(memory: MemoryEngine) -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in memory.rows["people"]}


def test_a_second_run_changes_nothing(memory: MemoryEngine) -> None:
    engine, people = memory.as_engine(), seed("people", "name", [ANN, BOB, CAT])
    assert counts(run(engine, people)) == (3, 0, 0, 0, 0)
    memory.log.clear()
    plan = run(engine, people)
    assert (counts(plan), plan.changed, memory.log) == ((0, 0, 3, 0, 0), False, [])
    assert plan.diff()["before"] == plan.diff()["after"]


def test_only_rows_and_columns_that_differ_are_written(memory: MemoryEngine) -> None:
    run(memory.as_engine(), seed("people", "name", [ANN, BOB, CAT]))
    memory.log.clear()
    plan = run(memory.as_engine(), seed("people", "name", [ANN, {**BOB, "level": 3, "mail": None}, CAT]))
    assert counts(plan) == (0, 1, 2, 0, 0)
    assert memory.log == [("update", "people", 1)]
    assert (plan.before, plan.after) == ('people name="bob"\n  level: 2\n', 'people name="bob"\n  level: 3\n')
    assert _people(memory)["bob"]["level"] == 3


def test_columns_that_a_row_does_not_name_get_defaults_and_are_left_alone_later(memory: MemoryEngine) -> None:
    run(memory.as_engine(), seed("people", "name", [BOB]))
    assert _people(memory)["bob"] == {
        **_people(memory)["bob"],
        "kind": "USER",
        "active": True,
        "level": 2,
        "mail": None,
    }
    memory.rows["people"][0]["mail"] = "typed in by hand"
    assert counts(run(memory.as_engine(), seed("people", "name", [BOB]))) == (0, 0, 1, 0, 0)


def test_values_of_every_type(memory: MemoryEngine) -> None:
    row = {
        "id": "AAAAAAAA-0000-4000-8000-00000000000A",
        "name": "Ünï 漢字 'q' \"t\" %s",
        "mail": "",
        "kind": "ADMIN",
        "level": 100,
        "active": False,
        "price": -3,
        "ratio": 2,
        "since": "2026-01-31T09:00:00.120+01:00",
        "extra": {"env": "stays", "ref": ["as", "it", {"is": None}]},
        "picture": "AAEC",
    }
    run(memory.as_engine(), seed("people", "name", [row]))
    [written] = memory.rows["people"]
    assert written["id"] == "aaaaaaaa-0000-4000-8000-00000000000a"
    assert (written["price"], written["ratio"], written["picture"]) == ("-3.00", 2.0, b"\0\1\2")
    assert written["since"] == datetime(2026, 1, 31, 8, 0, 0, 120_000, timezone.utc).isoformat()
    assert written["extra"] == row["extra"]
    assert counts(run(memory.as_engine(), seed("people", "name", [row]))) == (0, 0, 1, 0, 0)


def test_cells_of_a_csv_file_are_read_by_the_type_of_their_column(memory: MemoryEngine) -> None:
    row = {
        "name": "17",
        "level": "17",
        "active": "FALSE",
        "price": "1.5",
        "ratio": "1e3",
        "extra": '{"a": 1}',
        "mail": None,
        "since": "2026-01-31T08:00:00Z",
    }
    run(memory.as_engine(), seed("people", "name", [row], src="people.CSV"))
    [written] = memory.rows["people"]
    assert [written[name] for name in row] == [
        "17", 17, False, "1.50", 1000.0, {"a": 1}, None, "2026-01-31T08:00:00+00:00"
    ]  # fmt: skip


def test_columns_and_values_mean_the_same_as_rows(memory: MemoryEngine) -> None:
    run(memory.as_engine(), seed("people", "name", [{"name": "ann", "level": 3}, {"name": "bob", "level": 4}]))
    short = {"table": "people", "key": ["name"], "columns": ["level", "name"], "values": [[3, "ann"], [4, "bob"]]}
    assert counts(run(memory.as_engine(), short)) == (0, 0, 2, 0, 0)


def test_one_seed_or_a_list_of_seeds_is_a_document_too(memory: MemoryEngine) -> None:
    documents: list[tuple[str, Any]] = [("option seeds", seed("people", "name", [ANN])), ("more", [])]
    assert counts(run_seeds(memory.as_engine(), SCHEMA, documents)) == (1, 0, 0, 0, 0)


# --- references ------------------------------------------------------------------------------------------------------


def test_references_are_found_in_any_order_of_seeds(memory: MemoryEngine) -> None:
    grants = seed(
        "grants", "personId groupId", [{"personId": ref("people", name="ann"), "groupId": ref("groups", name="g")}]
    )
    people = seed("people", "name", [{"name": "ann", "groupId": ref("groups", name="g")}])
    groups = seed("groups", "name", [{"name": "g"}])
    assert counts(run(memory.as_engine(), grants, people, groups)) == (3, 0, 0, 0, 0)
    [grant], [person], [group] = memory.rows["grants"], memory.rows["people"], memory.rows["groups"]
    assert (grant["personId"], grant["groupId"], person["groupId"]) == (person["id"], group["id"], group["id"])
    assert counts(run(memory.as_engine(), groups, people, grants)) == (0, 0, 3, 0, 0)


def test_references_lead_to_rows_that_no_seed_names(memory: MemoryEngine) -> None:
    run(memory.as_engine(), seed("groups", "name", [{"name": "there"}]))
    plan = run(memory.as_engine(), seed("people", "name", [{"name": "ann", "groupId": ref("groups", name="there")}]))
    assert counts(plan) == (1, 0, 0, 0, 0)
    assert _people(memory)["ann"]["groupId"] == memory.rows["groups"][0]["id"]


def test_rows_refer_to_rows_of_their_own_table(memory: MemoryEngine) -> None:
    rows = [
        {"name": "leaf", "parentId": ref("groups", name="root")},
        {"name": "root", "parentId": None},
        {"name": "loop", "parentId": ref("groups", name="loop")},
    ]
    run(memory.as_engine(), seed("groups", "name", rows))
    groups = {row["name"]: row for row in memory.rows["groups"]}
    assert groups["leaf"]["parentId"] == groups["root"]["id"]
    assert groups["loop"]["parentId"] == groups["loop"]["id"]
    assert counts(run(memory.as_engine(), seed("groups", "name", rows))) == (0, 0, 3, 0, 0)


def test_tables_that_refer_to_each_other(memory: MemoryEngine) -> None:
    people = seed("people", "name", [{"name": "ann", "badgeId": ref("badges", code="A1")}])
    badges = seed("badges", "code", [{"code": "A1", "ownerId": ref("people", name="ann")}])
    run(memory.as_engine(), people, badges)
    [person], [badge] = memory.rows["people"], memory.rows["badges"]
    assert (person["badgeId"], badge["ownerId"]) == (badge["id"], person["id"])
    assert counts(run(memory.as_engine(), people, badges)) == (0, 0, 2, 0, 0)


def test_a_reference_names_its_row_by_another_reference(memory: MemoryEngine) -> None:
    one = {"personId": ref("people", name="ann"), "groupId": ref("groups", name="g"), "note": None}
    people, groups = seed("people", "name", [ANN]), seed("groups", "name", [{"name": "g"}])
    grants = seed("grants", "personId groupId", [one])
    run(memory.as_engine(), people, groups, grants)
    named = ref("grants", personId=ref("people", name="ann"), groupId=ref("groups", name="g"))
    with pytest.raises(Exception, match="no primary key of one column"):
        run(memory.as_engine(), seed("people", "name", [{"name": "x", "mail": named}]))


def test_a_reference_follows_a_row_whose_name_changes_in_the_same_run(memory: MemoryEngine) -> None:
    fixed = "00000000-0000-4000-8000-000000000001"
    run(memory.as_engine(), seed("people", "id", [{"id": fixed, "name": "old"}]))
    renamed = seed("people", "id", [{"id": fixed, "name": "new"}])
    badge = {"code": "A1", "ownerId": ref("people", name="new")}
    run(memory.as_engine(), renamed, seed("badges", "code", [badge]))
    assert memory.rows["badges"][0]["ownerId"] == fixed
    gone = {"code": "A2", "ownerId": ref("people", name="old")}
    run(memory.as_engine(), seed("people", "id", [{"id": fixed, "name": "old"}]))
    with pytest.raises(Exception, match="no row with name='old'"):
        run(memory.as_engine(), renamed, seed("badges", "code", [gone]))


# --- protected, pruned, left out -------------------------------------------------------------------------------------


def test_a_protected_column_is_set_once_and_never_changed(memory: MemoryEngine) -> None:
    engine = memory.as_engine()
    run(engine, seed("people", "name", [BOB], protect=["level"]))
    memory.rows["people"][0]["level"] = 50
    plan = run(engine, seed("people", "name", [BOB], protect=["level"]))
    assert (counts(plan), plan.changed) == ((0, 0, 0, 1, 0), False)
    plan = run(engine, seed("people", "name", [{**BOB, "mail": "b@c"}], protect=["level"]))
    assert counts(plan) == (0, 1, 0, 0, 0)
    assert (memory.rows["people"][0]["level"], memory.rows["people"][0]["mail"]) == (50, "b@c")


@pytest.mark.parametrize("by_option", [True, False])
def test_pruning_removes_what_no_seed_names(memory: MemoryEngine, by_option: bool) -> None:
    engine = memory.as_engine()
    run(engine, seed("people", "name", [ANN, BOB, CAT]))
    assert counts(run(engine, seed("people", "name", [BOB]))) == (0, 0, 1, 0, 0)
    plan = run(engine, seed("people", "name", [BOB], **({} if by_option else {"prune": True})), prune=by_option)
    assert counts(plan) == (0, 0, 1, 0, 2)
    assert plan.before == 'people name="ann"\npeople name="cat"\n'
    assert list(_people(memory)) == ["bob"]


def test_a_pruned_table_without_rows_is_emptied(memory: MemoryEngine) -> None:
    run(memory.as_engine(), seed("people", "name", [ANN]))
    assert counts(run(memory.as_engine(), seed("people", "name", [], prune=True))) == (0, 0, 0, 0, 1)
    assert memory.rows["people"] == []


def test_rows_that_others_refer_to_cannot_be_pruned_and_nothing_is_written(memory: MemoryEngine) -> None:
    engine = memory.as_engine()
    run(
        engine,
        seed("groups", "name", [{"name": "g"}]),
        seed("people", "name", [{**ANN, "groupId": ref("groups", name="g")}]),
    )
    with pytest.raises(ConstraintViolated, match="Rows of groups that no seed names cannot be pruned"):
        run(engine, seed("groups", "name", [{"name": "h"}], prune=True))
    assert [row["name"] for row in memory.rows["groups"]] == ["g"]


@pytest.mark.parametrize(("variables", "created"), [({}, 0), ({"GO": ""}, 0), ({"GO": "1"}, 1)])
def test_a_seed_is_left_out_where_its_variable_is_empty(
    memory: MemoryEngine, variables: dict[str, str], created: int
) -> None:
    plan = run(memory.as_engine(), seed("people", "name", [ANN], when_set="GO"), variables=variables)
    assert plan.counts["created"] == created
    assert plan.skipped == (() if created else ("seeds.yml: seeds[0] (people): GO is not set.",))


# --- check mode, missing tables, locks -------------------------------------------------------------------------------


def test_check_mode_writes_nothing_and_tells_what_a_real_run_then_does(memory: MemoryEngine) -> None:
    engine = memory.as_engine()
    run(engine, seed("people", "name", [ANN, BOB]))
    memory.log.clear()
    seeds = (
        seed("groups", "name", [{"name": "g"}]),
        seed("people", "name", [{**BOB, "level": 9, "groupId": ref("groups", name="g")}, CAT], prune=True),
    )
    checked = run(engine, *seeds, check=True)
    assert memory.log == []
    real = run(engine, *seeds)
    assert checked.to_data() == real.to_data()
    assert counts(real) == (2, 1, 0, 0, 1)
    json.dumps(real.to_data())


def test_tables_that_are_not_there_yet_count_as_empty_in_check_mode_and_stop_a_real_run() -> None:
    memory = MemoryEngine(SCHEMA, ["groups"])
    seeds = (
        seed("people", "name", [{**ANN, "groupId": ref("groups", name="g")}]),
        seed("groups", "name", [{"name": "g"}]),
    )
    plan = run(memory.as_engine(), *seeds, check=True)
    assert (counts(plan), plan.missing) == ((2, 0, 0, 0, 0), ("people",))
    with pytest.raises(TablesMissing, match="no table people to seed; nothing was written"):
        run(memory.as_engine(), *seeds)
    assert memory.log == []


def test_a_real_run_holds_the_lock_and_check_mode_does_not(memory: MemoryEngine) -> None:
    engine = memory.as_engine()
    with engine.lock(1):
        assert run(engine, seed("people", "name", [ANN]), check=True).changed
        with pytest.raises(AssertionError, match="held already"):
            run(engine, seed("people", "name", [ANN]))


def test_a_rule_that_only_the_database_knows_names_the_row_and_leaves_everything_as_it_was(
    memory: MemoryEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_unused: Any) -> int:
        raise ConstraintViolated("A trigger says no.", row=1)

    monkeypatch.setattr(memory, "insert", refuse)
    with pytest.raises(ConstraintViolated, match=r"seeds.yml: seeds\[0\].rows\[2\]: A trigger says no") as caught:
        run(memory.as_engine(), seed("people", "name", [{"name": "a"}, {"name": "b", "level": 2}, {"name": "c"}]))
    assert caught.value.details["path"] == "seeds[0].rows[2]"
    assert memory.rows["people"] == []


def test_a_large_table_is_asked_for_the_keys_alone(memory: MemoryEngine) -> None:
    run(memory.as_engine(), seed("people", "name", [{"name": f"p{number}"} for number in range(11)]))
    memory.fetches.clear()
    plan = run(memory.as_engine(), seed("people", "name", [{"name": "p3"}, {"name": "new"}]))
    assert counts(plan) == (1, 0, 1, 0, 0)
    assert memory.fetches == [("people", True)]


def test_the_diff_is_capped_and_says_how_much_is_left_out(memory: MemoryEngine) -> None:
    plan = run(memory.as_engine(), seed("people", "name", [{"name": f"p{number}"} for number in range(1000)]))
    assert plan.after.count("\n") == 201
    assert plan.after.endswith("... and 800 more rows that change\n")


def test_planning_twice_gives_the_same_data(memory: MemoryEngine) -> None:
    people = seed("people", "name", [ANN, {"name": "x", "extra": {"b": 1, "a": [1.5, None]}}, CAT], prune=True)
    documents = [("s.yml", {"seeds": [people]})]
    first, second = (plan_seeds(memory.as_engine(), SCHEMA, documents).to_data() for _unused in range(2))
    assert first == second
