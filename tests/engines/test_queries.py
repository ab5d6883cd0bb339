# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Statements of people on every SQL engine: all or none, read-only unless asked, no more rows than wanted."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines import connect
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.base import Engine
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import (
    InputError,
    PanelDbError,
    StatementFailed,
    WriteRefused,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.queries.running import (
    Outcome,
    TimeIsUp,
    rehearse,
    run,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.queries.statements import parse_statements

#: MongoDB has commands instead, see test_mongodb_queries.
pytestmark = pytest.mark.sql

INSERT = "INSERT INTO things (id, name) VALUES (%s, %s)"
ALL = "SELECT id, name FROM things ORDER BY id"


def counting(power: int) -> str:
    """A statement that counts 10 to some power rows."""
    numbers = " UNION ALL ".join(f"SELECT {number} AS n" for number in range(10))
    return f"WITH d AS ({numbers}) SELECT count(*) FROM " + ", ".join(f"d AS d{number}" for number in range(power))


#: Longer than any test may take.
ENDLESS = counting(9)


def row(statement: Any, *values: Any, **expect: Any) -> dict[str, Any]:
    """A statement of the option, as the module gets it."""
    return {"statement": statement, "positional": list(values) or None, "named": None, "expect": expect or None}


def execute(engine: Engine, *rows: dict[str, Any], limit: int = 100) -> list[Outcome]:
    """Run statements as the module does."""
    return run(engine, parse_statements(rows), limit)


@pytest.fixture
def things(engine: Engine) -> Engine:
    """A session with a table of ten rows."""
    engine.query("CREATE TABLE things (id INTEGER PRIMARY KEY, name VARCHAR(20))")
    execute(engine, *(row(INSERT, number, f"n{number}") for number in range(10)))
    return engine


@pytest.fixture
def reader(things: Engine) -> Iterator[Engine]:
    """A session that only reads these rows."""
    with connect(things.target, read_only=True) as session:
        yield session


def test_many_statements_are_one_transaction(things: Engine) -> None:
    first, second, third = execute(
        things,
        row("UPDATE things SET name = %s WHERE id < %s", "new", 3, affected=3),
        row(ALL, count=10, types={"id": "integer", "name": "text"}),
        row("DELETE FROM things WHERE id = %s", 77),
    )
    assert (first.affected, first.changed, second.changed, third.changed) == (3, True, False, False)
    assert second.to_data()["rows"][2] == {"id": 2, "name": "new"}


@pytest.mark.parametrize(
    "last",
    [
        row("SELECT nonsense FROM things"),
        row(INSERT, 0, "there already"),
        row("UPDATE things SET name = 'x' WHERE id = 77", affected=1),
        row(ALL, rows=[{"id": 0}]),
    ],
    ids=["wrong", "twice", "affected", "rows"],
)
def test_one_that_fails_undoes_all(things: Engine, last: dict[str, Any]) -> None:
    with pytest.raises(StatementFailed, match=r"^statements\[1\]") as caught:
        execute(things, row("UPDATE things SET name = 'gone'"), last)
    assert caught.value.details["position"] == 1
    assert things.query(ALL).rows == tuple((number, f"n{number}") for number in range(10))


def test_no_more_rows_are_read_than_are_wanted(things: Engine) -> None:
    for limit, truncated in ((3, True), (9, True), (10, False), (11, False), (0, True)):
        (outcome,) = execute(things, row(ALL), limit=limit)
        assert (len(outcome.rows), outcome.truncated) == (min(limit, 10), truncated)
    (counted,) = execute(things, row(ALL, count=10), limit=2)
    assert (len(counted.rows), counted.truncated) == (2, True)
    with pytest.raises(StatementFailed, match="more than 5 rows where at most 5"):
        execute(things, row(ALL, count={"max": 5}), limit=2)


def test_a_session_that_only_reads_refuses_what_changes(reader: Engine) -> None:
    for change in ("DELETE FROM things", "CREATE TABLE more (a INTEGER)", "DROP TABLE things"):
        with pytest.raises(WriteRefused, match=r"statements\[1\]"):
            execute(reader, row(ALL), row(change))
    assert execute(reader, row(ALL))[0].rows[9] == (9, "n9")


@pytest.mark.parametrize(
    "way_out",
    [
        ["COMMIT", "DELETE FROM things"],
        ["ROLLBACK", "DELETE FROM things"],
        ["SET TRANSACTION READ WRITE", "DELETE FROM things"],
        ["COMMIT; DELETE FROM things"],
        ["ROLLBACK; SET default_transaction_read_only = off; BEGIN; DELETE FROM things; COMMIT; BEGIN"],
        ["SET SESSION TRANSACTION READ WRITE", "COMMIT", "DELETE FROM things"],
        ["PRAGMA query_only = OFF", "DELETE FROM things"],
    ],
    ids=str,
)
def test_there_is_no_way_out_of_reading(reader: Engine, things: Engine, way_out: list[str]) -> None:
    with pytest.raises(PanelDbError):
        execute(reader, *map(row, way_out))
    assert things.query("SELECT count(*) FROM things").rows == ((10,),)


def test_a_statement_that_ends_the_transaction_is_told(things: Engine) -> None:
    """MySQL is not even asked: it would commit."""
    with pytest.raises(StatementFailed, match=r"statements\[1\]: .*(?:has ended|would end) the transaction"):
        execute(things, row(INSERT, 11, "a"), row("COMMIT"), row(INSERT, 12, "b"))
    assert things.query("SELECT max(id) FROM things").rows == ((9 if things.name == "mysql" else 11,),)


def test_a_check_run_runs_what_reads(reader: Engine) -> None:
    rows = (
        row(ALL, count=10),
        row("UPDATE things SET name = 'x'", affected=10),
        row(ALL, rows=[{"name": "x"}]),
        row("CREATE TABLE more (a INTEGER)"),
        row("SELECT a FROM more"),
    )
    outcomes = rehearse(reader, parse_statements(rows), 100)
    assert [each.ran for each in outcomes] == [True, False, True, False, False]
    assert [each.changed for each in outcomes] == [False, True, False, True, False]
    assert len(outcomes[2].rows) == 10


def test_a_check_run_fails_where_a_real_run_would_before_its_first_change(reader: Engine) -> None:
    for wrong in (row("SELECT nonsense"), row(ALL, count=1)):
        with pytest.raises(StatementFailed):
            rehearse(reader, parse_statements([wrong, row("DELETE FROM things")]), 100)


def test_a_statement_may_take_so_long_and_no_longer(things: Engine) -> None:
    with connect(replace(things.target, statement_timeout=0.3), read_only=True) as session:
        with pytest.raises(StatementFailed, match=r"statements\[0\]"):
            execute(session, row(ENDLESS))
        assert execute(session, row(ALL))[0].rows[0] == (0, "n0")


@contextmanager
def ending(things: Engine, seconds: float) -> Iterator[Engine]:
    """A session that ends in so many seconds; the block may not take much longer."""
    begun = time.monotonic()
    with connect(replace(things.target, lock_timeout=seconds)) as session:
        session.end_by(begun + seconds)
        yield session
    assert time.monotonic() - begun < seconds + 1.5
    assert things.query("SELECT count(*) FROM things").rows == ((10,),)


@pytest.mark.parametrize("slow", [ENDLESS, f"INSERT INTO things (id) {ENDLESS}"], ids=["reading", "writing"])
def test_statements_end_together_in_time(things: Engine, slow: str) -> None:
    with (
        ending(things, 0.4) as session,
        pytest.raises(TimeIsUp, match=r"statements\[2\] did not end in time; all is undone"),
    ):
        execute(session, row(INSERT, 11, "x"), row(ALL), row(slow))


def test_many_statements_get_no_more_time_than_one(things: Engine) -> None:
    with ending(things, 0.4) as session, pytest.raises(TimeIsUp) as caught:
        execute(session, *[row(INSERT, 11, "x"), *[row(counting(5))] * 500])
    assert caught.value.details["position"] > 1


def test_waiting_for_others_takes_no_longer_than_all_may_take(things: Engine) -> None:
    with things.transaction():
        things.query("UPDATE things SET name = 'held'")
        with ending(things, 0.4) as session, pytest.raises(PanelDbError):
            execute(session, row("UPDATE things SET name = 'other'"))


def test_a_check_run_ends_in_time_as_well(reader: Engine) -> None:
    reader.end_by(time.monotonic() + 0.3)
    with pytest.raises(TimeIsUp, match=r"statements\[1\]"):
        rehearse(reader, parse_statements([row("DELETE FROM things"), row(ENDLESS)]), 100)


def test_values_are_bound_whatever_is_in_them(things: Engine) -> None:
    hard = ["'; DROP TABLE x", "100%", "%s %(a)s", 'a"b`c\\d', "\U0001f600 é", ""]
    execute(things, row("DELETE FROM things"), *(row(INSERT, at, text) for at, text in enumerate(hard)))
    (found,) = execute(things, row(ALL))
    assert [each[1] for each in found.rows] == hard
    named = parse_statements([{"statement": "SELECT id FROM things WHERE name = %(name)s", "named": {"name": "100%"}}])
    assert run(things, named, 10)[0].rows == ((1,),)


@pytest.mark.parametrize("values", [["s3cret"], [1, "s3cret", 2], ["s3cret" * 9, 11], [1, "s3cret"]])
def test_errors_tell_no_values(things: Engine, values: list[Any]) -> None:
    with pytest.raises(PanelDbError) as caught:
        execute(things, row(INSERT, *values), row(INSERT, *values))
    assert "s3cret" not in str(caught.value.to_data())


def test_a_mapping_is_no_statement_of_sql(things: Engine) -> None:
    with pytest.raises(InputError, match="is a text"):
        execute(things, row({"find": "things"}))


def test_columns_of_one_name_lose_no_value(things: Engine) -> None:
    (outcome,) = execute(things, row("SELECT a.id, b.id FROM things AS a JOIN things AS b ON b.id = a.id + 1"), limit=1)
    assert outcome.columns == ("id", "id_2")
