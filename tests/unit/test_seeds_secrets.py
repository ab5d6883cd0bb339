# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets of seeds: they reach the database and nobody else."""

from __future__ import annotations

import json
import sys
from typing import Any

import bcrypt
import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import InputError
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.seeds.files import variable_names
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.seeds.secrets import BcryptMissing
from ansible_collections.ctrlaltplay.paneldb.tests.support.memory_engine import MemoryEngine
from ansible_collections.ctrlaltplay.paneldb.tests.support.seeding import SCHEMA, counts, ref, run, seed

SECRET = "correct-horse-battery"
VARIABLES = {"SECRET": SECRET, "LEVEL": "7"}


@pytest.fixture
def memory() -> MemoryEngine:
    return MemoryEngine(SCHEMA)


def _person(**cells: Any) -> dict[str, Any]:
    return seed("people", "name", [{"name": "ann", **cells}])


@pytest.mark.parametrize(
    "written",
    [
        _person(mail={"env": "SECRET"}),
        _person(mail={"!vault": SECRET}),
        _person(hash={"password": {"env": "SECRET"}, "rounds": 4}),
        _person(hash={"password": {"!vault": SECRET}, "rounds": 4}),
        _person(hash={"password": SECRET, "rounds": 4}),
        {**_person(mail=SECRET), "secret": ["mail"]},
        {**_person(mail=SECRET), "secret": True},
        _person(mail=SECRET[:8], extra={"smtp": [{"password": {"!vault": SECRET}}]}),
        seed("people", "mail", [{"mail": {"env": "SECRET"}, "name": "ann"}]),
    ],
)
def test_a_secret_is_in_nothing_that_people_see(memory: MemoryEngine, written: dict[str, Any]) -> None:
    for _unused in range(2):
        plan = run(memory.as_engine(), written, variables=VARIABLES)
        assert SECRET not in json.dumps(plan.to_data()) + repr(plan) + str(plan)
        assert SECRET not in repr([(each.state, each.state.batches, each.state.rows) for each in plan.tables])
        assert "$2b$" not in json.dumps(plan.to_data())
    [row] = memory.rows["people"]
    kept = [row["hash"] or row["mail"], row["extra"]]
    assert (
        SECRET in kept
        or kept[1] == {"smtp": [{"password": SECRET}]}
        or bcrypt.checkpw(SECRET.encode(), kept[0].encode())
    )


def test_a_secret_that_changes_shows_that_it_does_and_nothing_more(memory: MemoryEngine) -> None:
    run(memory.as_engine(), _person(mail={"env": "SECRET"}), variables=VARIABLES)
    plan = run(memory.as_engine(), _person(mail={"env": "SECRET"}), variables={"SECRET": "another-secret"})
    assert (plan.before, plan.after) == (
        'people name="ann"\n  mail: ********\n',
        'people name="ann"\n  mail: ******** (changed)\n',
    )


def test_a_pruned_row_with_a_secret_key_is_masked(memory: MemoryEngine) -> None:
    both = [{"mail": {"env": "SECRET"}, "name": "ann"}, {"mail": "b@c", "name": "bob"}]
    run(memory.as_engine(), seed("people", "mail", both), variables=VARIABLES)
    left = [{"mail": {"env": "OTHER"}, "name": "cat"}]
    plan = run(memory.as_engine(), seed("people", "mail", left, prune=True), variables={"OTHER": "other-secret"})
    assert counts(plan) == (1, 0, 0, 0, 2)
    assert SECRET not in str(plan.diff())
    assert "b@c" not in str(plan.diff())


def test_a_variable_is_read_by_the_type_of_its_column(memory: MemoryEngine) -> None:
    run(memory.as_engine(), _person(level={"env": "LEVEL"}), variables=VARIABLES)
    assert memory.rows["people"][0]["level"] == 7


@pytest.mark.parametrize(
    ("cells", "more"),
    [
        ({"level": {"env": "SECRET"}}, {}),
        ({"kind": {"!vault": SECRET}}, {}),
        ({"level": SECRET}, {"secret": ["level"]}),
        ({"groupId": ref("groups", name={"env": "SECRET"})}, {}),
        ({"mail": {"!vault": SECRET * 5}}, {}),
        ({"hash": {"password": SECRET * 5}}, {}),
    ],
)
def test_errors_do_not_quote_secrets(memory: MemoryEngine, cells: dict[str, Any], more: dict[str, Any]) -> None:
    with pytest.raises(InputError) as caught:
        run(memory.as_engine(), {**_person(**cells), **more}, variables=VARIABLES)
    assert SECRET not in str(caught.value) + json.dumps(caught.value.to_data())


def test_a_broken_check_does_not_quote_a_secret(memory: MemoryEngine) -> None:
    with pytest.raises(InputError, match="people_level_check") as caught:
        run(memory.as_engine(), _person(level={"env": "BIG"}), variables={"BIG": "73911"})
    assert "73911" not in str(caught.value)


def test_a_password_is_hashed_at_the_panels_cost(memory: MemoryEngine) -> None:
    run(memory.as_engine(), _person(hash={"password": {"env": "SECRET"}}), variables=VARIABLES)
    assert memory.rows["people"][0]["hash"].startswith("$2b$12$")


def test_a_hash_that_verifies_is_never_rewritten(memory: MemoryEngine) -> None:
    written = _person(hash={"password": {"env": "SECRET"}, "rounds": 4})
    run(memory.as_engine(), written, variables=VARIABLES)
    before = memory.rows["people"][0]["hash"]
    plan = run(memory.as_engine(), _person(hash={"password": SECRET, "rounds": 5}))
    assert (counts(plan), memory.rows["people"][0]["hash"]) == ((0, 0, 1, 0, 0), before)
    plan = run(memory.as_engine(), written, variables={"SECRET": "a new one"})
    assert counts(plan) == (0, 1, 0, 0, 0)
    assert bcrypt.checkpw(b"a new one", memory.rows["people"][0]["hash"].encode())


@pytest.mark.parametrize("found", [None, "", "plain text", "$2b$12$broken", "$argon2id$v=19$x"])
def test_what_is_no_hash_is_replaced(memory: MemoryEngine, found: Any) -> None:
    run(memory.as_engine(), _person(hash=found))
    assert counts(run(memory.as_engine(), _person(hash={"password": SECRET, "rounds": 4}))) == (0, 1, 0, 0, 0)


def test_a_protected_password_is_left_to_its_owner(memory: MemoryEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    written = {**_person(hash={"password": SECRET, "rounds": 4}), "protect": ["hash"]}
    run(memory.as_engine(), written)
    memory.rows["people"][0]["hash"] = "changed by its owner"
    monkeypatch.setitem(sys.modules, "bcrypt", None)
    assert counts(run(memory.as_engine(), written)) == (0, 0, 1, 0, 0)


def test_without_bcrypt_a_new_password_is_a_clear_error_and_check_mode_needs_none(
    memory: MemoryEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "bcrypt", None)
    written = _person(hash={"password": SECRET})
    assert run(memory.as_engine(), written, check=True).changed
    with pytest.raises(BcryptMissing, match="python3-bcrypt"):
        run(memory.as_engine(), written)
    assert memory.rows["people"] == []


def test_variables_that_documents_ask_for() -> None:
    rows = [{"mail": {"env": "A"}, "hash": {"password": {"env": "B"}}, "groupId": ref("groups", name={"env": "C"})}]
    listed = {"table": "people", "key": ["name"], "columns": ["name"], "values": [[{"env": "E"}]]}
    documents: list[tuple[str, Any]] = [("s", [seed("people", "name", rows, when_set=["D", "A"]), listed])]
    assert variable_names(documents) == {"A", "B", "C", "D", "E"}
