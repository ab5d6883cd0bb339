# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Registration on a stand-in for an engine: what a run plans, writes, tells and keeps to itself."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.base import Engine
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import (
    ConstraintViolated,
    InputError,
    Unsupported,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.schema import Schema
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.nodes.information import Filter, find
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.nodes.leaving import NodeInUse
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.nodes.rotation import Rotation
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.nodes.tokens import hashed, is_retired
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.seeds.plan import TablesMissing
from ansible_collections.ctrlaltplay.paneldb.tests.support.memory_engine import MemoryEngine
from ansible_collections.ctrlaltplay.paneldb.tests.support.registering import (
    FULL,
    HASHED,
    NOON,
    PLAIN,
    counted,
    hours,
    node,
    register,
    stored,
)


def _engine(schema: Schema = FULL) -> Engine:
    return MemoryEngine(schema).as_engine()


def _everything(plan: Any) -> str:
    return json.dumps(plan.to_data(), default=str) + repr(plan)


# --- registering -----------------------------------------------------------------------------------------------------


def test_check_mode_is_the_real_run_and_writes_nothing() -> None:
    engine = _engine()
    rows = [node("a", status="ONLINE", tags=["x"], location="here"), node("b")]
    checked = register(engine, rows, check=True)
    assert stored(engine, "token") == {}
    real = register(engine, rows)
    assert checked.to_data() == real.to_data()
    assert counted(real) == {"created": 2}
    assert stored(engine, "status", "tags", "location") == {
        "a": ("ONLINE", ["x"], "here"),
        "b": ("OFFLINE", None, None),
    }


def test_a_second_run_changes_nothing_and_writes_nothing() -> None:
    memory = MemoryEngine(FULL)
    rows = [node("a"), node("b", hostname="B.example.com.")]
    register(memory.as_engine(), rows)
    tokens, written = stored(memory.as_engine(), "token", "tokenIssuedAt"), len(memory.log)
    plan = register(memory.as_engine(), rows, now=NOON + hours(5))
    assert (plan.changed, counted(plan), plan.before, plan.after) == (False, {"unchanged": 2}, "", "")
    assert (stored(memory.as_engine(), "token", "tokenIssuedAt"), len(memory.log)) == (tokens, written)


def test_tokens_of_nodes_that_are_there_are_not_kept_in_memory() -> None:
    """Whatever the order in which the database gives them, and whether or not they differ."""
    engine = _engine()
    names = ["a", "b", "c", "d"]
    made = register(engine, [node(name) for name in names]).issued
    register(engine, [{"name": "d", "state": "retired"}])
    again = register(engine, [node("b"), node("a"), node("c", port=81), node("d", status="ONLINE")], check=True)
    assert again.rows is not None
    assert counted(again) == {"updated": 2, "restored": 1, "unchanged": 2}
    kept = again.rows.state.existing
    assert sorted(row[0] for row in kept) == names
    assert [token for token in made.values() if token in repr(kept)] == []
    assert [row[0] for row in kept if any(is_retired(cell) for cell in row)] == ["d"]


def test_only_what_differs_is_written() -> None:
    memory = MemoryEngine(FULL)
    register(memory.as_engine(), [node(f"n{number}") for number in range(20)])
    memory.log.clear()
    plan = register(memory.as_engine(), [node(f"n{number}", port=8080 + (number == 7)) for number in range(20)])
    assert counted(plan) == {"updated": 1, "unchanged": 19}
    assert memory.log == [("update", "nodes", 1)]
    assert plan.before == 'nodes name="n7"\n  port: 8080\n'
    assert plan.after == 'nodes name="n7"\n  port: 8081\n'


def test_tokens_are_made_once_and_shown_only_as_issued() -> None:
    engine = _engine()
    plan = register(engine, [node("a"), node("b")])
    tokens = stored(engine, "token")
    assert plan.issued == tokens
    assert len(set(tokens.values())) == 2
    assert not any(token in _everything(plan) for token in tokens.values())
    assert register(engine, [node("a"), node("b")]).issued == {}


def test_hashes_where_the_model_says_so() -> None:
    engine = _engine(HASHED)
    plan = register(engine, [node("a"), node("b", token="t" * 20)], schema=HASHED)
    kept = stored(engine, "tokenHash", schema=HASHED)
    assert kept == {"a": hashed(plan.issued["a"]), "b": hashed("t" * 20)}
    assert not register(engine, [node("a"), node("b", token="t" * 20)], schema=HASHED).changed


def test_a_given_token_is_taken_and_replaced_by_another_one() -> None:
    engine = _engine()
    register(engine, [node("a", token="t" * 20)])
    assert not register(engine, [node("a", token="t" * 20)]).changed
    assert not register(engine, [node("a")]).changed
    plan = register(engine, [node("a", token="u" * 20)], now=NOON + hours(1))
    assert (counted(plan), plan.issued) == ({"rotated": 1}, {})
    assert stored(engine, "token", "previousToken", "tokenIssuedAt") == {"a": ("u" * 20, None, NOON + hours(1))}
    assert "uuu" not in _everything(plan)
    assert "ttt" not in _everything(plan)


def test_a_part_of_the_columns_is_enough_for_a_node_that_is_there() -> None:
    engine = _engine()
    register(engine, [node("a"), node("b")])
    plan = register(engine, [{"name": "a", "status": "ONLINE"}, {"name": "b", "port": 81}])
    assert counted(plan) == {"updated": 2}
    with pytest.raises(InputError, match=r"nodes\[0\].*needs a value for 'port'"):
        register(engine, [{"name": "new", "hostname": "x"}])


def test_without_a_table_check_mode_plans_and_a_run_refuses() -> None:
    engine = MemoryEngine(FULL, tables=[]).as_engine()
    plan = register(engine, [node("a")], check=True)
    assert (counted(plan), plan.to_data()["missing_tables"]) == ({"created": 1}, ["nodes"])
    with pytest.raises(TablesMissing):
        register(engine, [node("a")])
    assert not register(engine, [{"name": "a", "state": "absent"}]).changed


class _Interrupted(MemoryEngine):
    """Somebody else makes nodes between the look and the writing, so many times."""

    times = 1

    def __init__(self, schema: Schema) -> None:
        super().__init__(schema)
        self.theirs: list[dict[str, Any]] = []

    def insert(self, table: Any, columns: Any, rows: Any) -> int:
        if table.name == "nodes" and self.times:
            self.times -= 1
            row = {"id": f"x{self.times}", "name": f"n{self.times}", "hostname": "h", "port": 1}
            self.theirs.append(
                {**row, "token": "theirs" * 4 + str(self.times), "status": "OFFLINE", "createdAt": "", "updatedAt": ""}
            )
            raise ConstraintViolated("There is such a node.", row=0)
        return super().insert(table, columns, rows)

    def existing_tables(self, names: Sequence[str]) -> frozenset[str]:
        self.rows["nodes"] += self.theirs
        self.theirs = []
        return super().existing_tables(names)


def test_a_node_that_somebody_makes_in_between_is_taken_as_it_is() -> None:
    memory = _Interrupted(PLAIN)
    plan = register(memory.as_engine(), [node("n0"), node("n1", hostname="g", port=2)], schema=PLAIN)
    assert counted(plan) == {"created": 1, "updated": 1}
    assert plan.issued == {"n1": stored(memory.as_engine(), "token", schema=PLAIN)["n1"]}
    assert stored(memory.as_engine(), "hostname", schema=PLAIN) == {"n0": "n0.example.com", "n1": "g"}


def test_a_rule_that_is_broken_each_time_is_told() -> None:
    memory = _Interrupted(PLAIN)
    memory.times = 100
    with pytest.raises(ConstraintViolated, match="There is such a node"):
        register(memory.as_engine(), [node("other")], schema=PLAIN)
    assert memory.times == 97


# --- what occurs once ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([node("a"), node("b"), node("a")], ["nodes[2]", "nodes[0]"]),
        ([node("a"), node("b", hostname="A.example.com.")], ["nodes[1]", "nodes[0]"]),
        ([node("new", hostname="there.example.com")], ["nodes[0]", 'node "there" of the database']),
        ([node("new", token="t" * 20)], ["nodes[0].token", 'node "there" of the database']),
        ([{"name": "other", "hostname": "there.example.com"}], ["nodes[0]", 'node "there" of the database']),
    ],
)
def test_what_is_twice_is_refused_with_both_places(rows: Sequence[Any], told: Sequence[str]) -> None:
    engine = _engine()
    register(engine, [node("there", token="t" * 20), node("other")])
    before = stored(engine, "hostname", "port", "token")
    with pytest.raises(InputError) as caught:
        register(engine, rows)
    assert all(each in str(caught.value) for each in told)
    assert "tttt" not in str(caught.value)
    assert stored(engine, "hostname", "port", "token") == before


def test_a_place_that_its_node_gives_up_is_free() -> None:
    engine = _engine()
    register(engine, [node("a", port=1), node("b", port=2)])
    swapped = [node("a", hostname="b.example.com", port=2), node("b", hostname="a.example.com", port=1)]
    assert counted(register(engine, swapped)) == {"updated": 2}
    plan = register(engine, [{"name": "a", "state": "absent"}, node("c", hostname="b.example.com", port=2)])
    assert counted(plan) == {"created": 1, "removed": 1}


# --- renames ---------------------------------------------------------------------------------------------------------


def test_a_renamed_node_keeps_what_it_has() -> None:
    engine = _engine()
    register(engine, [node("old", port=1)])
    before = stored(engine, "id", "token")["old"]
    plan = register(engine, [{"name": "new", "renamed_from": "old", "port": 2}])
    assert counted(plan) == {"updated": 1, "renamed": 1}
    assert 'nodes name="new" (was "old")' in plan.after
    assert stored(engine, "id", "token") == {"new": before}
    assert not register(engine, [{"name": "new", "renamed_from": "old", "port": 2}]).changed


def test_names_that_move_on_in_a_chain() -> None:
    engine = _engine()
    register(engine, [node("a"), node("b"), node("c")])
    ids = stored(engine, "id")
    rows = [{"name": "b", "renamed_from": "a"}, {"name": "d", "renamed_from": "c"}, {"name": "c", "renamed_from": "b"}]
    assert counted(register(engine, rows)) == {"renamed": 3}
    assert stored(engine, "id") == {"b": ids["a"], "c": ids["b"], "d": ids["c"]}
    assert not register(engine, rows).changed


def test_a_rename_onto_a_node_that_stays_is_refused() -> None:
    engine = _engine()
    register(engine, [node("old"), node("new")])
    with pytest.raises(InputError, match="There are nodes of both names"):
        register(engine, [{"name": "new", "renamed_from": "old"}])


def test_a_node_that_was_never_there_is_made_under_its_new_name() -> None:
    engine = _engine()
    assert counted(register(engine, [node("new", renamed_from="old")])) == {"created": 1}


# --- rotation --------------------------------------------------------------------------------------------------------


def test_rotation_by_name_with_overlap() -> None:
    engine = _engine()
    first = register(engine, [node("a"), node("b")])
    plan = register(engine, rotate=Rotation(("a",), overlap=hours(2)), now=NOON + hours(1))
    assert counted(plan) == {"rotated": 1}
    assert stored(engine, "token", "tokenIssuedAt", "previousToken", "previousTokenExpiresAt") == {
        "a": (plan.issued["a"], NOON + hours(1), first.issued["a"], NOON + hours(3)),
        "b": (first.issued["b"], NOON, None, None),
    }
    again = register(engine, rotate=Rotation(("*",)), now=NOON + hours(4))
    assert counted(again) == {"rotated": 2}
    assert stored(engine, "previousToken", "previousTokenExpiresAt") == {"a": (None, None), "b": (None, None)}


def test_rotation_by_age_rotates_each_token_once() -> None:
    engine = _engine()
    register(engine, [node("a")])
    register(engine, [node("b")], now=NOON + hours(10))
    old = Rotation(older_than=hours(5))
    assert counted(register(engine, rotate=old, now=NOON + hours(4.9))) == {}
    assert counted(register(engine, rotate=old, now=NOON + hours(5))) == {"rotated": 1}
    assert counted(register(engine, rotate=old, now=NOON + hours(6))) == {}
    assert counted(register(engine, rotate=Rotation(("a",), hours(1)), now=NOON + hours(30))) == {"rotated": 1}


def test_a_clock_that_was_set_back_rotates_nothing_by_age_and_times_never_go_back() -> None:
    engine = _engine()
    first = register(engine, [node("a"), node("b")])
    back = NOON - hours(1000)
    plan = register(engine, rotate=Rotation(older_than=hours(1)), now=back)
    assert not plan.changed
    assert "Tokens of 2 nodes" in plan.warnings[0]
    by_name = register(engine, rotate=Rotation(("a",), overlap=hours(2)), now=back)
    assert stored(engine, "token", "tokenIssuedAt", "previousToken", "previousTokenExpiresAt")["a"] == (
        by_name.issued["a"],
        NOON,
        first.issued["a"],
        NOON + hours(2),
    )


def test_rotation_in_the_plain_model_works_by_name_and_says_what_lacks_for_more() -> None:
    engine = _engine(PLAIN)
    register(engine, [node("a")], schema=PLAIN)
    assert counted(register(engine, schema=PLAIN, rotate=Rotation(("a",)))) == {"rotated": 1}
    with pytest.raises(Unsupported, match="tokenIssuedAt"):
        register(engine, schema=PLAIN, rotate=Rotation(older_than=hours(1)))
    with pytest.raises(Unsupported, match="previousToken and previousTokenExpiresAt"):
        register(engine, schema=PLAIN, rotate=Rotation(("a",), overlap=hours(1)))


def test_rotating_an_unknown_name_is_an_error_and_a_pattern_is_not() -> None:
    engine = _engine()
    with pytest.raises(InputError, match="no node of this name"):
        register(engine, rotate=Rotation(("a",)))
    assert not register(engine, rotate=Rotation(("a*",))).changed


def test_a_list_and_a_rotation_in_one_run() -> None:
    engine = _engine()
    register(engine, [node("a"), node("gone"), node("kept", token="t" * 20)])
    rows = [{"name": "new", "renamed_from": "a"}, node("fresh"), {"name": "gone", "state": "absent"}]
    plan = register(engine, rows, rotate=Rotation(("*",)))
    assert counted(plan) == {"created": 1, "renamed": 1, "rotated": 2, "removed": 1}
    assert stored(engine, "token") == plan.issued
    assert plan.issued.keys() == {"new", "fresh", "kept"}


# --- going -----------------------------------------------------------------------------------------------------------


def _populate(engine: Engine, homes: Sequence[tuple[str, int]]) -> None:
    """Make servers by node and port, each with an action."""
    servers, actions, alts, users = (FULL.holder(name) for name in ("servers", "server_actions", "alts", "users"))
    ids = stored(engine, "id")
    engine.insert(alts, ["id", "name", "type", "ctrlConfig", "altConfig"], [("alt", "alt", "GAME", {}, {})])
    engine.insert(users, ["id", "username", "email", "passwordHash"], [("user", "u", "e", "x")])
    rows = [(f"s{number}", f"s{number}", port, ids[home], "alt", "user") for number, (home, port) in enumerate(homes)]
    engine.insert(servers, ["id", "name", "port", "nodeId", "altId", "ownerId"], rows)
    engine.insert(actions, ["id", "serverId", "action"], [(f"x{row[0]}", row[0], "START") for row in rows])


def _homes(engine: Engine) -> dict[str, str]:
    names = {key: name for name, key in stored(engine, "id").items()}
    return {key: names[home] for key, home in engine.fetch(FULL.holder("servers"), ["id", "nodeId"])}


@pytest.mark.parametrize("state", ["absent", "retired"])
def test_a_node_with_servers_stays_unless_it_is_said_what_becomes_of_them(state: str) -> None:
    engine = _engine()
    register(engine, [node("a"), node("b")])
    _populate(engine, [("a", 1), ("a", 2), ("b", 3)])
    leaving = [{"name": "a", "state": state}]
    for check in (True, False):
        with pytest.raises(NodeInUse, match="2 rows of servers refer to nodes that are to go, first 'a'"):
            register(engine, leaving, check=check)
    assert _homes(engine) == {"s0": "a", "s1": "a", "s2": "b"}

    plan = register(engine, leaving, drain="b")
    assert counted(plan) == {"moved": 2, "removed" if state == "absent" else "retired": 1}
    assert set(_homes(engine).values()) == {"b"}
    assert not register(engine, leaving, drain="b").changed


def test_force_deletes_the_servers_of_a_removed_node_with_all_that_hangs_on_them() -> None:
    engine = _engine()
    register(engine, [node("a"), node("b")])
    _populate(engine, [("a", 1), ("b", 3)])
    plan = register(engine, [{"name": "a", "state": "absent"}], force=True)
    assert counted(plan) == {"removed": 1, "deleted": 2}
    assert _homes(engine) == {"s1": "b"}
    assert [*engine.fetch(FULL.holder("server_actions"), ["id"])] == [("xs1",)]


def test_force_leaves_the_servers_of_a_retired_node() -> None:
    engine = _engine()
    register(engine, [node("a")])
    _populate(engine, [("a", 1)])
    assert counted(register(engine, [{"name": "a", "state": "retired"}], force=True)) == {"retired": 1}
    assert _homes(engine) == {"s0": "a"}


def test_servers_move_to_a_node_that_the_same_run_makes() -> None:
    engine = _engine()
    register(engine, [node("a")])
    _populate(engine, [("a", 1)])
    plan = register(engine, [node("new"), {"name": "a", "state": "absent"}], drain="new")
    assert counted(plan) == {"created": 1, "moved": 1, "removed": 1}
    assert _homes(engine) == {"s0": "new"}


@pytest.mark.parametrize(
    ("homes", "leavers", "told"),
    [
        ([("a", 1), ("b", 1)], ["a"], "'a' and the node they are to move to share port 1"),
        ([("a", 1), ("c", 1)], ["a", "c"], "'a' and 'c' share port 1"),
    ],
)
def test_a_port_of_the_new_home_that_is_taken(
    homes: Sequence[tuple[str, int]], leavers: Sequence[str], told: str
) -> None:
    engine = _engine()
    register(engine, [node("a"), node("b"), node("c")])
    _populate(engine, homes)
    with pytest.raises(NodeInUse, match=told):
        register(engine, [{"name": name, "state": "absent"} for name in leavers], drain="b")


@pytest.mark.parametrize("drain", ["nowhere", "a", "tired"])
def test_no_new_home(drain: str) -> None:
    engine = _engine()
    register(engine, [node("a"), node("tired")])
    register(engine, [{"name": "tired", "state": "retired"}])
    with pytest.raises(InputError) as caught:
        register(engine, [{"name": "a", "state": "absent"}], drain=drain)
    assert caught.value.details["source"] == "option drain"


def test_a_retired_node_signs_in_no_more_and_comes_back_with_a_new_token() -> None:
    engine = _engine()
    first = register(engine, [node("a", status="ONLINE")])
    register(engine, rotate=Rotation(("a",), overlap=hours(9)))
    plan = register(engine, [{"name": "a", "state": "retired"}])
    token, status, previous, until = stored(engine, "token", "status", "previousToken", "previousTokenExpiresAt")["a"]
    assert (counted(plan), plan.issued) == ({"retired": 1}, {})
    assert (is_retired(token), status, previous, until) == (True, "RETIRED", None, None)
    assert not register(engine, [{"name": "a", "state": "retired"}]).changed
    assert not register(engine, rotate=Rotation(("*",))).changed

    back = register(engine, [node("a")])
    assert counted(back) == {"restored": 1}
    assert stored(engine, "token", "status")["a"] == (back.issued["a"], "OFFLINE")
    assert back.issued["a"] != first.issued["a"]
    assert not register(engine, [node("a")]).changed


def test_retiring_in_the_plain_and_the_hashed_model() -> None:
    for schema, column in ((PLAIN, "token"), (HASHED, "tokenHash")):
        engine = _engine(schema)
        register(engine, [node("a")], schema=schema)
        register(engine, [{"name": "a", "state": "retired"}], schema=schema)
        kept, status = stored(engine, column, "status", schema=schema)["a"]
        assert (is_retired(kept), status) == (True, "MAINTENANCE")
        assert counted(register(engine, [node("a")], schema=schema)) == {"restored": 1}


def test_absent_nodes_that_are_not_there_and_unknown_ones_to_retire() -> None:
    engine = _engine()
    assert not register(engine, [{"name": "a"}], state="absent").changed
    with pytest.raises(InputError, match="no such node to retire"):
        register(engine, [{"name": "a"}], state="retired")


# --- any lists -------------------------------------------------------------------------------------------------------

_NAMES = st.text(st.characters(codec="utf-8", categories=("L", "N", "S")), min_size=1, max_size=10)
_LISTS = st.dictionaries(_NAMES, st.tuples(st.integers(1, 65535), st.sampled_from(["ONLINE", "OFFLINE"])), max_size=8)


@given(before=_LISTS, after=_LISTS)
def test_any_list_twice_changes_nothing_and_leaves_what_it_does_not_name(before: Any, after: Any) -> None:
    def rows(found: Any) -> list[dict[str, Any]]:
        named = enumerate(found.items())
        return [
            node(name, hostname=f"{id(found)}-{at}.example", port=port, status=status)
            for at, (name, (port, status)) in named
        ]

    engine = _engine()
    assert counted(register(engine, rows(before))).get("created", 0) == len(before)
    tokens = stored(engine, "token")
    register(engine, rows(after))
    assert not register(engine, rows(after)).changed
    kept = stored(engine, "token")
    assert kept.keys() == before.keys() | after.keys()
    assert {name: kept[name] for name in tokens} == tokens
    assert len(set(kept.values())) == len(kept)


# --- reading ---------------------------------------------------------------------------------------------------------


def _found(engine: Engine, now: datetime = NOON, schema: Schema = FULL, **wanted: Any) -> list[dict[str, Any]]:
    return find(engine, schema, Filter(**wanted), now).nodes


def test_reading_nodes_by_name_status_and_age() -> None:
    engine = _engine()
    register(engine, [node("eu-1", status="ONLINE"), node("eu-2"), node("us-1", status="ONLINE")])
    _populate(engine, [("eu-1", 1), ("eu-1", 2), ("us-1", 3)])
    register(engine, rotate=Rotation(("us-1",)), now=NOON + hours(5))
    later = NOON + hours(6)

    def names(**wanted: Any) -> list[str]:
        return [found["name"] for found in _found(engine, later, **wanted)]

    assert names() == ["eu-1", "eu-2", "us-1"]
    assert names(names=["eu-*"]) == ["eu-1", "eu-2"]
    assert names(names=["us-1", "nobody"]) == ["us-1"]
    assert names(status=["ONLINE"]) == ["eu-1", "us-1"]
    assert names(token_older_than=hours(2)) == ["eu-1", "eu-2"]
    assert [found["servers"] for found in _found(engine)] == [2, 0, 1]
    assert [found["token_age_seconds"] for found in _found(engine, later)] == [21600, 21600, 3600]
    counts = find(engine, FULL, Filter(), later).counts()
    assert counts == {"nodes": 3, "retired": 0, "servers": 3, "by_status": {"OFFLINE": 1, "ONLINE": 2}}


def test_tokens_are_read_only_where_they_are_asked_for() -> None:
    engine = _engine()
    plan = register(engine, [node("a"), node("b")])
    register(engine, [{"name": "b", "state": "retired"}])
    assert not any(token in repr(_found(engine)) for token in plan.issued.values())
    asked = _found(engine, with_tokens=True)
    assert [found.get("token") for found in asked] == [plan.issued["a"], None]
    with pytest.raises(Unsupported, match="hashes"):
        _found(_engine(HASHED), schema=HASHED, with_tokens=True)


def test_an_unknown_status_is_an_error() -> None:
    with pytest.raises(InputError, match="Did you mean 'ONLINE'"):
        _found(_engine(), status=["ONLNE"])
