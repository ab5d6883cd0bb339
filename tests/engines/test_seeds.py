# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Seeds on real engines: what the unit tests show on a stand-in holds there too, and what only a server can show."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines import connect
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.base import Engine
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import Target
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import ConstraintViolated, InputError
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.diff import difference
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.load import load_model
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.schema import Schema
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.seeds.plan import run_seeds
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.sources import read_model, read_seeds
from ansible_collections.ctrlaltplay.paneldb.tests.support.ansible_runner import CHECKOUT
from ansible_collections.ctrlaltplay.paneldb.tests.support.grid import Bed, apply_operations
from ansible_collections.ctrlaltplay.paneldb.tests.support.seeding import PEOPLE, SCHEMA, counts, ref, run, seed

SHIPPED = CHECKOUT / "roles" / "panel" / "files"


@pytest.fixture
def seeded(engine: Engine) -> Engine:
    """A session with a database that holds the small model of the tests, without rows."""
    apply_operations(engine, difference(Schema(), SCHEMA, prune=False))
    return engine


def _rows(engine: Engine, *columns: str) -> list[tuple[Any, ...]]:
    table_columns = [PEOPLE.column(name) for name in columns]
    decoders = engine.decoders(table_columns)
    return sorted(
        tuple(decode(value) if decode else value for decode, value in zip(decoders, row))
        for row in engine.fetch(PEOPLE, columns)
    )


def test_values_of_every_type_come_back_as_they_were_written(seeded: Engine) -> None:
    row = {
        "name": "Ünï 漢字 'q' \"t\" %s",
        "mail": "back\\slash\ttab\nline",
        "kind": "ADMIN",
        "level": 100,
        "active": False,
        "price": "-1234.50",
        "ratio": 0.1,
        "since": "2026-01-31T09:00:00.120+01:00",
        "extra": {"b": [1, 2.5, None, True, "x"], "a": {"ref": "stays", "env": "too"}, "%s": "\u2028"},
        "picture": "AAEC/w==",
    }
    assert counts(run(seeded, seed("people", "name", [row]))) == (1, 0, 0, 0, 0)
    assert counts(run(seeded, seed("people", "name", [row]))) == (0, 0, 1, 0, 0)
    [found] = _rows(seeded, "mail", "price", "since", "extra", "picture")
    assert found[0] == row["mail"]
    assert str(found[1]) == "-1234.50"
    assert found[2] == datetime(2026, 1, 31, 8, 0, 0, 120_000, timezone.utc)
    assert found[3] == row["extra"]
    assert bytes(found[4]) == b"\0\1\2\xff"


@pytest.mark.dialect
def test_everything_refers_to_everything_and_a_second_run_changes_nothing(seeded: Engine) -> None:
    seeds = (
        seed(
            "grants",
            "personId groupId",
            [{"personId": ref("people", name="ann"), "groupId": ref("groups", name="leaf")}],
        ),
        seed("badges", "code", [{"code": "A1", "ownerId": ref("people", name="ann")}]),
        seed(
            "people",
            "name",
            [{"name": "ann", "badgeId": ref("badges", code="A1"), "groupId": ref("groups", name="root")}],
        ),
        seed("groups", "name", [{"name": "leaf", "parentId": ref("groups", name="root")}, {"name": "root"}]),
    )
    assert counts(run(seeded, *seeds)) == (5, 0, 0, 0, 0)
    assert counts(run(seeded, *seeds)) == (0, 0, 5, 0, 0)
    assert counts(run(seeded, *seeds, prune=True)) == (0, 0, 5, 0, 0)


def test_updates_of_many_rows_write_these_and_no_others(seeded: Engine) -> None:
    rows = [{"name": f"p{number:04}", "level": number % 100 + 1, "active": True} for number in range(2000)]
    run(seeded, seed("people", "name", rows))
    edited = [
        {**row, **({"level": 50, "active": False} if position % 10 == 0 else {})} for position, row in enumerate(rows)
    ]
    plan = run(seeded, seed("people", "name", edited), check=True)
    assert _rows(seeded, "name", "level", "active") == [(row["name"], row["level"], True) for row in rows]
    assert run(seeded, seed("people", "name", edited)).to_data() == plan.to_data()
    assert counts(plan) == (0, 200, 1800, 0, 0)
    assert _rows(seeded, "name", "level", "active") == [(row["name"], row["level"], row["active"]) for row in edited]


@pytest.mark.dialect
def test_protected_and_pruned_rows(seeded: Engine) -> None:
    run(seeded, seed("people", "name", [{"name": "ann", "level": 5}, {"name": "bob"}]))
    seeded.update(PEOPLE, ["name"], ["level"], [("ann", 77)])
    plan = run(seeded, seed("people", "name", [{"name": "ann", "level": 6}], protect=["level"], prune=True))
    assert counts(plan) == (0, 0, 0, 1, 1)
    assert _rows(seeded, "name", "level") == [("ann", 77)]


def test_a_large_table_is_compared_by_key(seeded: Engine) -> None:
    run(seeded, seed("people", "name", [{"name": f"p{number}"} for number in range(3000)]))
    wanted = [{"name": f"p{number}", "level": 2} for number in range(0, 1200, 3)] + [{"name": "new"}]
    assert counts(run(seeded, seed("people", "name", wanted))) == (1, 400, 0, 0, 0)


@pytest.mark.dialect
def test_row_7000_of_10000_breaks_a_check_and_nothing_is_written(seeded: Engine) -> None:
    rows = [{"name": f"p{number}", "level": 1} for number in range(10_000)]
    rows[6999]["level"] = 101
    with pytest.raises(InputError, match=r"seeds\[0\].rows\[6999\]: The row breaks check people_level_check"):
        run(seeded, seed("people", "name", rows))
    assert seeded.count(PEOPLE) == 0


def test_what_only_the_database_refuses_names_the_row_and_leaves_nothing(
    bed: Bed, target: Target, seeded: Engine
) -> None:
    bed.add_unique(target, "people", "hash")
    rows: list[dict[str, Any]] = [{"name": f"p{number}", "hash": None} for number in range(3000)]
    rows[100]["hash"] = rows[2500]["hash"] = "twice"
    with pytest.raises(ConstraintViolated) as caught:
        run(seeded, seed("groups", "name", [{"name": "g"}]), seed("people", "name", rows))
    assert caught.value.details["path"] == "seeds[1].rows[2500]"
    # Where there are no transactions, the group stands that was written before.
    told = (1, 0, 0, 0, 0) if seeded.capabilities.transactions else (0, 0, 1, 0, 0)
    assert counts(run(seeded, seed("groups", "name", [{"name": "g"}]), check=True)) == told
    assert seeded.count(PEOPLE) == 0


@pytest.mark.dialect
def test_seeders_at_once_make_each_row_once(target: Target, seeded: Engine) -> None:
    people = seed("people", "name", [{"name": f"p{number}"} for number in range(500)])

    def work(_unused: int) -> tuple[int, ...]:
        with connect(target) as engine:
            return counts(run(engine, people))

    with ThreadPoolExecutor(4) as pool:
        outcomes = sorted(pool.map(work, range(4)))
    assert outcomes == [(0, 0, 500, 0, 0)] * 3 + [(500, 0, 0, 0, 0)]
    assert seeded.count(PEOPLE) == 500


@pytest.mark.dialect
def test_a_missing_table_is_a_statement_in_check_mode(engine: Engine) -> None:
    plan = run(engine, seed("people", "name", [{"name": "ann"}]), check=True)
    assert (counts(plan), plan.missing) == ((1, 0, 0, 0, 0), ("people",))


def test_the_shipped_seeds_of_the_panel(engine: Engine) -> None:
    model = load_model(read_model("panel", SHIPPED))
    apply_operations(engine, difference(Schema(), model, prune=False))
    documents = read_seeds(["panel"], SHIPPED)
    first = run_seeds(engine, model, documents)
    assert first.counts_by_table["alts"]["created"] >= 6
    assert first.counts_by_table["roles"]["created"] == 3
    assert "users" not in first.counts_by_table
    assert len(first.skipped) == 1
    second = run_seeds(engine, model, documents)
    assert not second.changed
    assert second.counts["unchanged"] == first.counts["created"]
    admin = run_seeds(engine, model, documents, variables={"PANEL_ADMIN_PASSWORD": "long enough"})
    assert admin.counts["created"] == 1
    assert not run_seeds(engine, model, documents, variables={"PANEL_ADMIN_PASSWORD": "long enough"}).changed


# --- any rows --------------------------------------------------------------------------------------------------------

_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | _TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=6,
)
_CELLS = {
    "kind": st.sampled_from(["ADMIN", "MODERATOR", "USER"]),
    "level": st.integers(1, 100),
    "active": st.booleans(),
    "price": st.none() | st.decimals(-9999, 9999, places=2).map(str),
    "ratio": st.none() | st.floats(allow_nan=False, allow_infinity=False),
    "since": st.integers(-30_000_000_000, 200_000_000_000).map(
        lambda seconds: (datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(seconds=seconds)).isoformat()
    ),
    "extra": _JSON,
    "hash": st.none() | _TEXT,
}
_PEOPLE = st.dictionaries(
    _TEXT.filter(lambda name: len(name) <= 20), st.fixed_dictionaries({}, optional=_CELLS), max_size=6
)


@pytest.fixture(scope="module")
def shared(bed: Bed) -> Iterator[Engine]:
    """One database for all examples of the properties; each begins by emptying it."""
    with bed.database() as target, connect(target) as engine:
        apply_operations(engine, difference(Schema(), SCHEMA, prune=False))
        yield engine


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(before=_PEOPLE, edits=_PEOPLE)
def test_any_rows_twice_change_nothing_and_edits_change_exactly_what_they_name(
    shared: Engine, before: dict[str, Any], edits: dict[str, Any]
) -> None:
    run(shared, seed("people", "name", [], prune=True))
    first = seed("people", "name", [{"name": name, **cells} for name, cells in before.items()])
    assert counts(run(shared, first)) == (len(before), 0, 0, 0, 0)
    assert counts(run(shared, first)) == (0, 0, len(before), 0, 0)
    second = seed("people", "name", [{"name": name, **cells} for name, cells in edits.items()], prune=True)
    checked = run(shared, second, check=True)
    real = run(shared, second)
    assert checked.to_data() == real.to_data()
    kept = before.keys() & edits.keys()
    assert (real.counts["created"], real.counts["pruned"]) == (len(edits) - len(kept), len(before) - len(kept))
    assert counts(run(shared, second)) == (0, 0, len(edits), 0, 0)
    assert {name for (name,) in _rows(shared, "name")} == edits.keys()
