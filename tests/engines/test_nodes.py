# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Registration of nodes on real engines: what the unit tests show on a stand-in holds there too, and at once."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines import connect
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.base import Engine
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import Target
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import InputError
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.diff import difference
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.schema import Schema
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.nodes.hosts import read_hosts
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.nodes.information import Filter, find
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.nodes.leaving import NodeInUse
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.nodes.plan import NodePlan
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.nodes.rotation import Rotation
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.nodes.tokens import hashed, is_retired
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.seeds.plan import run_seeds
from ansible_collections.ctrlaltplay.paneldb.tests.support.grid import Bed, apply_operations
from ansible_collections.ctrlaltplay.paneldb.tests.support.registering import (
    FULL,
    HASHED,
    NOON,
    counted,
    csv_listing,
    hours,
    node,
    register,
    stored,
)
from ansible_collections.ctrlaltplay.paneldb.tests.support.seeding import ref, seed

RUNNERS = 8


def _with_tables(engine: Engine, model: Schema) -> None:
    """Make the tables of nodes, and those that hang on them."""
    kept = ("nodes", "alts", "users", "servers", "server_actions")
    part = Schema(tuple(table for table in model.tables if table.name in kept), model.enums)
    apply_operations(engine, difference(Schema(), engine.canonical(part), prune=False))


@pytest.fixture
def panel(engine: Engine) -> Engine:
    """A session with a database that has room for all that nodes can have."""
    _with_tables(engine, FULL)
    return engine


def _both(engine: Engine, *arguments: Any, **options: Any) -> NodePlan:
    """Run in check mode, then in earnest: the same is told, and check mode writes nothing."""
    before = stored(engine, *FULL.holder("nodes").column_names)
    checked = register(engine, *arguments, check=True, **options)
    assert stored(engine, *FULL.holder("nodes").column_names) == before
    done = register(engine, *arguments, **options)
    assert checked.to_data() == done.to_data()
    return done


def test_a_node_from_its_first_day_to_its_last(panel: Engine) -> None:
    rows = [node("a", status="ONLINE", tags=["ssd", "eu"]), node("köln", hostname="2001:DB8::1", token="t" * 20)]
    first = _both(panel, rows)
    assert counted(first) == {"created": 2}
    assert not _both(panel, rows, now=NOON + hours(1)).changed
    assert stored(panel, "hostname", "status", "tags", "tokenIssuedAt") == {
        "a": ("a.example.com", "ONLINE", ["eu", "ssd"], NOON),
        "köln": ("2001:db8::1", "OFFLINE", None, NOON),
    }

    moved = [{"name": "b", "renamed_from": "a", "port": 81}, {"name": "a", "renamed_from": "köln"}]
    assert counted(_both(panel, moved)) == {"updated": 1, "renamed": 2}
    assert not _both(panel, moved).changed

    rotated = _both(panel, rotate=Rotation(("b",), overlap=hours(2)), now=NOON + hours(5))
    kept = stored(panel, "token", "tokenIssuedAt", "previousToken", "previousTokenExpiresAt")
    assert kept["a"] == ("t" * 20, NOON, None, None)
    assert kept["b"] == (kept["b"][0], NOON + hours(5), first.issued["a"], NOON + hours(7))
    assert counted(rotated) == {"rotated": 1}
    assert counted(_both(panel, rotate=Rotation(older_than=hours(6)), now=NOON + hours(6))) == {"rotated": 1}

    gone = [{"name": "a", "state": "retired"}, {"name": "b", "state": "absent"}]
    assert counted(_both(panel, gone)) == {"retired": 1, "removed": 1}
    assert not _both(panel, gone).changed
    assert is_retired(stored(panel, "token")["a"])
    assert counted(_both(panel, [node("a")])) == {"updated": 1, "restored": 1}
    assert stored(panel, "hostname", "status") == {"a": ("a.example.com", "OFFLINE")}


def test_a_clock_that_was_set_back_rotates_nothing_by_age_and_no_time_goes_back(panel: Engine) -> None:
    first = register(panel, [node("a"), node("b")])
    early = NOON - hours(48)
    aged = _both(panel, rotate=Rotation(older_than=hours(1), overlap=hours(2)), now=early)
    assert (counted(aged), len(aged.warnings)) == ({}, 1)
    named = _both(panel, rotate=Rotation(("a",), overlap=hours(2)), now=early)
    assert counted(named) == {"rotated": 1}
    kept = stored(panel, "tokenIssuedAt", "previousToken", "previousTokenExpiresAt")
    assert kept == {"a": (NOON, first.issued["a"], NOON + hours(2)), "b": (NOON, None, None)}
    assert counted(_both(panel, rotate=Rotation(older_than=hours(1)), now=NOON + hours(3))) == {"rotated": 2}
    assert {row[1:] for row in stored(panel, "token", "previousToken", "previousTokenExpiresAt").values()} == {
        (None, None)
    }


def test_hashed_tokens(engine: Engine) -> None:
    _with_tables(engine, HASHED)
    plan = register(engine, [node("a"), node("b")], schema=HASHED)
    assert stored(engine, "tokenHash", schema=HASHED) == {name: hashed(token) for name, token in plan.issued.items()}
    assert not register(engine, [node("a"), node("b")], schema=HASHED).changed


def test_thousands_of_nodes_with_a_bad_line_are_refused_and_without_it_are_there(bed: Bed, panel: Engine) -> None:
    number = bed.scaled(10_000)
    lines = ["name,hostname,port,status", *(f"n{each},n{each}.example.com,8080,ONLINE" for each in range(number))]
    bad = [*lines[:701], "n700,n700.example.com,8080,ONLNE", *lines[702:]]
    with pytest.raises(InputError, match=r"nodes\.csv: line 702, status: This is no value of enum"):
        register(panel, listed=csv_listing("\n".join(bad)))
    assert panel.count(FULL.holder("nodes")) == 0

    assert counted(register(panel, listed=csv_listing("\n".join(lines)))) == {"created": number}
    assert not register(panel, listed=csv_listing("\n".join(lines))).changed
    assert len(set(stored(panel, "token").values())) == number
    few = [node("n5", status="OFFLINE"), node("more"), {"name": "five", "renamed_from": "n55"}]
    assert counted(register(panel, few)) == {"created": 1, "updated": 1, "renamed": 1}
    with pytest.raises(InputError, match='those of node "n6" of the database'):
        register(panel, [node("other", hostname="n6.example.com")])


def test_runners_at_once_register_the_union_and_each_token_once(target: Target, panel: Engine) -> None:
    assert panel.count(FULL.holder("nodes")) == 0
    lists = [[node(f"n{number}") for number in range(each * 20, each * 20 + 60)] for each in range(RUNNERS)]

    def work(rows: list[dict[str, Any]]) -> Mapping[str, str]:
        with connect(target) as session:
            return register(session, rows).issued

    with ThreadPoolExecutor(RUNNERS) as pool:
        issued = list(pool.map(work, lists))
    kept = stored(panel, "token")
    assert kept.keys() == {f"n{number}" for number in range(200)}
    assert sum(map(len, issued)) == 200
    assert {name: token for each in issued for name, token in each.items()} == kept


def _populate(engine: Engine, homes: Mapping[str, tuple[str, int]]) -> None:
    owner = {"username": "u", "email": "e@example.com", "passwordHash": "x"}
    alt = {"name": "alt", "type": "GAME", "ctrlConfig": {}, "altConfig": {}}
    servers = [
        {
            "name": name,
            "port": port,
            "nodeId": ref("nodes", name=home),
            "altId": ref("alts", name="alt"),
            "ownerId": ref("users", username="u"),
        }
        for name, (home, port) in homes.items()
    ]
    tables = [seed("users", "username", [owner]), seed("alts", "name", [alt]), seed("servers", "nodeId port", servers)]
    run_seeds(engine, FULL, [("seeds.yml", {"seeds": tables})])
    keys = [row[0] for row in engine.fetch(FULL.holder("servers"), ["id"])]
    actions = [{"id": key, "serverId": key, "action": "START"} for key in keys]
    run_seeds(engine, FULL, [("seeds.yml", seed("server_actions", "id", actions))])


def test_servers_move_stay_or_go_with_their_node(panel: Engine) -> None:
    register(panel, [node("a"), node("b"), node("c")])
    _populate(panel, {"s1": ("a", 1), "s2": ("a", 2), "s3": ("b", 3), "s4": ("c", 3)})
    with pytest.raises(NodeInUse, match="2 rows of servers"):
        register(panel, [{"name": "a", "state": "absent"}])
    with pytest.raises(NodeInUse, match="share port 3"):
        register(panel, [{"name": "b", "state": "absent"}], drain="c")
    assert counted(_both(panel, [{"name": "a", "state": "absent"}], drain="c")) == {"removed": 1, "moved": 2}
    assert [found["servers"] for found in find(panel, FULL, Filter(), NOON).nodes] == [1, 3]
    forced = _both(panel, [{"name": "c", "state": "absent"}], force=True)
    assert counted(forced) == {"removed": 1, "deleted": 6}
    assert (panel.count(FULL.holder("servers")), panel.count(FULL.holder("server_actions"))) == (1, 1)


def test_nodes_are_read_without_their_tokens(panel: Engine) -> None:
    plan = register(panel, [node("b", tags=["eu"], status="ONLINE"), node("a")])
    hosts = read_hosts(panel, FULL, ["port", "status", "tags"], ())
    assert hosts == [
        {"name": "a", "panel_node": {"hostname": "a.example.com", "port": 8080, "status": "OFFLINE", "tags": None}},
        {"name": "b", "panel_node": {"hostname": "b.example.com", "port": 8080, "status": "ONLINE", "tags": ["eu"]}},
    ]
    found = find(panel, FULL, Filter(names=["b", "x*"], status=["ONLINE"]), NOON + hours(1)).nodes
    assert [(each["name"], each["tags"], each["token_age_seconds"]) for each in found] == [("b", ["eu"], 3600)]
    assert not any(token in repr(found) for token in plan.issued.values())
    for column in ("token", "previousToken", "tokenIssuedAt", "nothing"):
        with pytest.raises(InputError, match="Hosts cannot have this column"):
            read_hosts(panel, FULL, [column], ())


def test_a_process_that_dies_midway_leaves_nothing_half_done(
    panel: Engine, target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.nodes import changes

    register(panel, [node("a"), node("b")])
    before = stored(panel, "token", "hostname")

    def die(*_unused: object) -> None:
        raise KeyboardInterrupt

    rows = [{"name": "c", "renamed_from": "a"}, node("d"), node("b", hostname="other")]
    with monkeypatch.context() as patched, connect(target) as session:
        patched.setattr(changes, "write_changes", die)
        with pytest.raises(KeyboardInterrupt):
            register(session, rows, rotate=Rotation(("b",)))
    if panel.capabilities.transactions:
        assert stored(panel, "token", "hostname") == before
    register(panel, rows)
    assert stored(panel, "hostname") == {"b": "other", "c": "a.example.com", "d": "d.example.com"}
    assert stored(panel, "token")["c"] == before["a"][0]
