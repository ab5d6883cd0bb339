# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wrong seeds: each error names file, place, what was found and what would do, and nothing is written."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import InputError
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.seeds.plan import plan_seeds
from ansible_collections.ctrlaltplay.paneldb.tests.support.memory_engine import MemoryEngine
from ansible_collections.ctrlaltplay.paneldb.tests.support.seeding import SCHEMA, ref, run, seed

ROW = "seeds[0].rows[0]"


@pytest.fixture
def memory() -> MemoryEngine:
    return MemoryEngine(SCHEMA)


def _person(**cells: Any) -> dict[str, Any]:
    return seed("people", "name", [{"name": "ann", **cells}])


def _fails(memory: MemoryEngine, *seeds: dict[str, Any], variables: Any = None) -> InputError:
    with pytest.raises(InputError) as caught:
        run(memory.as_engine(), *seeds, variables=variables)
    assert memory.log == []
    assert caught.value.details["source"] == "seeds.yml"
    return caught.value


@pytest.mark.parametrize(
    ("written", "path", "words"),
    [
        ({"tabel": "people"}, "seeds[0]", "no key 'tabel' in a seed"),
        ({"table": "peopel", "key": ["name"], "rows": []}, "seeds[0].table", "Did you mean 'people'?"),
        ({"table": "people", "rows": []}, "seeds[0]", "key 'key' of a seed is missing"),
        ({"table": "people", "key": [], "rows": []}, "seeds[0].key", "do not name one row"),
        ({"table": "people", "key": ["level"], "rows": []}, "seeds[0].key", "unique in the model: [id] or [name]"),
        ({"table": "people", "key": ["nam"], "rows": []}, "seeds[0].key[0]", "Did you mean 'name'?"),
        ({"table": "people", "key": ["extra"], "rows": []}, "seeds[0].key[0]", "json column cannot name a row"),
        ({"table": "people", "key": ["name"]}, "seeds[0]", "'rows' of a seed is missing"),
        ({"table": "people", "key": ["name"], "rows": {}}, "seeds[0].rows", "Expected a list"),
        ({"table": "people", "key": ["name"], "rows": ["ann"]}, ROW, "This is not a row"),
        ({"table": "people", "key": ["name"], "rows": [], "values": []}, "seeds[0].values", "one form"),
        ({"table": "people", "key": ["name"], "rows": [], "protect": ["x"]}, "seeds[0].protect[0]", "no column 'x'"),
        (
            {"table": "people", "key": ["name"], "rows": [], "protect": ["name"]},
            "seeds[0].protect",
            "cannot be protected",
        ),
        ({"table": "people", "key": ["name"], "rows": [], "prune": "yes"}, "seeds[0].prune", "true or false"),
        ({"table": "people", "key": ["name", "name"], "rows": []}, "seeds[0].key[1]", "named twice"),
    ],
)
def test_a_seed_of_the_wrong_form(memory: MemoryEngine, written: dict[str, Any], path: str, words: str) -> None:
    error = _fails(memory, written)
    assert error.details["path"] == path
    assert words in str(error)


def test_a_document_of_the_wrong_form(memory: MemoryEngine) -> None:
    with pytest.raises(InputError, match="no key 'seed' in a seed file"):
        plan_seeds(memory.as_engine(), SCHEMA, [("s.yml", {"seed": []})])
    with pytest.raises(InputError, match="not a list of seeds"):
        plan_seeds(memory.as_engine(), SCHEMA, [("s.yml", "people")])


@pytest.mark.parametrize(
    ("cells", "column", "words"),
    [
        ({"nane": "x"}, "nane", "Did you mean 'name'?"),
        ({"mail": 5}, "mail", "Found 5"),
        ({"mail": "x" * 41}, "mail", "41 characters, the column takes 40"),
        ({"mail": "a\0b"}, "mail", "NUL"),
        ({"mail": "\ud800"}, "mail", "no engine can keep"),
        ({"mail": ["x"]}, "mail", "This is no string(40)"),
        ({"level": "5"}, "level", "Found '5'"),
        ({"level": True}, "level", "Found True"),
        ({"level": 2**31}, "level", "beyond what integer holds"),
        ({"level": None}, "level", "Null is not allowed"),
        ({"active": 1}, "active", "Found 1"),
        ({"price": "1.005"}, "price", "Found '1.005'"),
        ({"price": 100000}, "price", "Found 100000"),
        ({"ratio": float("inf")}, "ratio", "beyond what float holds"),
        ({"since": "2026-01-01T00:00:00"}, "since", "needs its zone"),
        ({"since": "yesterday"}, "since", "This is no timestamp"),
        ({"kind": "ADMN"}, "kind", "Did you mean 'ADMIN'?"),
        ({"kind": ["ADMIN"]}, "kind", "no value of enum kind"),
        ({"picture": "###"}, "picture", "base64"),
        ({"id": "not-a-uuid"}, "id", "This is no uuid"),
        ({"mail": {"value": 1}}, "mail", "This mapping is no value"),
        ({"level": {"password": "x"}}, "level", "needs a column of text"),
        ({"mail": {"env": "MISSING"}}, "mail", "variable MISSING is not set"),
        ({"hash": {"password": ""}}, "hash.password", "1 to 72 bytes"),
        ({"hash": {"password": "x" * 73}}, "hash.password", "1 to 72 bytes"),
        ({"hash": {"password": 5}}, "hash.password", "A password is a text"),
        ({"hash": {"password": "x", "rounds": 3}}, "hash.rounds", "from 4 to 20"),
        ({"groupId": ref("gruops", name="x")}, "groupId.ref", "Did you mean 'groups'?"),
        ({"groupId": ref("groups", nam="x")}, "groupId.nam", "Did you mean 'name'?"),
        ({"groupId": ref("groups", note="x")}, "groupId", "do not name one row of groups"),
        ({"groupId": ref("groups", name=5)}, "groupId.name", "Found 5"),
        ({"groupId": ref("groups", name=None)}, "groupId.name", "Null"),
        ({"groupId": ref("groups", name="ghosts")}, "groupId", "groups has no row with name='ghosts'"),
        ({"mail": ref("grants", personId="x", groupId=1)}, "mail.personId", "This is no uuid"),
        ({"groupId": 4711}, "groupId", "groups has no row with such id"),
        ({"level": 101}, "", "breaks check people_level_check of people. Found {'level': 101}"),
    ],
)
def test_a_wrong_cell(memory: MemoryEngine, cells: dict[str, Any], column: str, words: str) -> None:
    error = _fails(memory, _person(**cells))
    assert error.details["path"] == (f"{ROW}.{column}" if column else ROW)
    assert words in str(error)


def test_row_7000_of_10000_breaks_a_check_and_is_named(memory: MemoryEngine) -> None:
    rows = [{"name": f"p{number}", "level": number % 100 + 1} for number in range(10_000)]
    rows[6999]["level"] = 0
    error = _fails(memory, seed("people", "name", rows))
    assert error.details["path"] == "seeds[0].rows[6999]"


def test_a_wrong_type_at_row_7000_is_named_among_rows_of_other_columns(memory: MemoryEngine) -> None:
    rows: list[dict[str, Any]] = [
        {"name": f"p{number}", **({"level": 1} if number % 2 else {})} for number in range(9000)
    ]
    rows[6999]["level"] = "one"
    assert _fails(memory, seed("people", "name", rows)).details["path"] == "seeds[0].rows[6999].level"


def test_the_same_key_twice_names_both_positions(memory: MemoryEngine) -> None:
    rows = [{"name": "ann"}, {"name": "bob"}, {"name": "ann", "level": 2}]
    error = _fails(memory, seed("people", "name", rows))
    assert error.details["path"] == "seeds[0].rows[2]"
    assert "seeds.yml: seeds[0].rows[0]" in str(error)


def test_the_same_key_in_two_seeds_names_both_positions(memory: MemoryEngine) -> None:
    error = _fails(memory, _person(), _person())
    assert error.details["path"] == "seeds[1].rows[0]"
    assert "seeds[0].rows[0]" in str(error)


def test_two_seeds_of_a_table_with_other_keys(memory: MemoryEngine) -> None:
    error = _fails(memory, _person(), seed("people", "mail", [{"mail": "x"}]))
    assert error.details["path"] == "seeds[1].key"
    assert "Use one key" in str(error)


def test_a_value_that_may_occur_once_occurs_twice(memory: MemoryEngine) -> None:
    rows = [{"name": "ann", "mail": "a@b"}, {"name": "bob", "mail": "a@b"}]
    error = _fails(memory, seed("people", "name", rows))
    assert "same mail as seeds.yml: seeds[0].rows[0]" in str(error)


def test_a_value_that_may_occur_once_is_that_of_a_row_of_the_database(memory: MemoryEngine) -> None:
    run(memory.as_engine(), _person(mail="a@b"))
    memory.log.clear()
    error = _fails(memory, seed("people", "name", [{"name": "bob", "mail": "a@b"}]))
    assert "A row of the database has the same mail" in str(error)


def test_a_row_lacks_its_key(memory: MemoryEngine) -> None:
    assert "The row lacks 'name'" in str(_fails(memory, seed("people", "name", [{"mail": "x"}])))


def test_a_key_is_null(memory: MemoryEngine) -> None:
    error = _fails(memory, seed("people", "mail", [{"mail": None, "name": "x"}]))
    assert error.details["path"] == f"{ROW}.mail"


def test_a_new_row_lacks_a_required_value(memory: MemoryEngine) -> None:
    error = _fails(memory, seed("people", "mail", [{"mail": "a@b"}]))
    assert "needs a value for 'name'" in str(error)


def test_values_of_the_wrong_length(memory: MemoryEngine) -> None:
    written = {"table": "people", "key": ["name"], "columns": ["name", "level"], "values": [["ann", 1], ["bob"]]}
    error = _fails(memory, written)
    assert error.details["path"] == "seeds[0].values[1]"
    assert "2 cells: name, level" in str(error)


def test_keys_that_refer_to_each_other_in_a_circle(memory: MemoryEngine) -> None:
    rows = [{"id": ref("groups", id=ref("groups", id=1)), "name": "x"}]
    assert "circle: groups -> groups" in str(_fails(memory, seed("groups", "id", rows)))


def test_a_row_to_be_pruned_cannot_be_referred_to(memory: MemoryEngine) -> None:
    run(memory.as_engine(), seed("groups", "name", [{"name": "old"}]))
    memory.log.clear()
    groups = seed("groups", "name", [{"name": "new"}], prune=True)
    assert "no row with name='old'" in str(_fails(memory, groups, _person(groupId=ref("groups", name="old"))))


def test_cells_of_a_csv_file_are_placed_in_that_file(memory: MemoryEngine) -> None:
    written = seed("people", "name", [{"name": "ann", "level": "1"}, {"name": "bob", "level": "x"}], src="people.csv")
    with pytest.raises(InputError, match="This is no whole number") as caught:
        run(memory.as_engine(), written)
    assert (caught.value.details["source"], caught.value.details["path"]) == ("people.csv", "rows[1].level")
