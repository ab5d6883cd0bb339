# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Statements of people: how they are read, what may be expected of them, and the forms that values come back in."""

from __future__ import annotations

import datetime
import json
import uuid
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.base import Result
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.person import alters, first_word
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import InputError
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.reading import Place
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.plain import plain
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.queries.expecting import (
    parse_expectation,
    same,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.queries.running import _distinct
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.queries.statements import (
    parse_statements,
    read_limit,
    read_timeout,
)

UTC = datetime.timezone.utc
FORMS: list[tuple[Any, Any]] = [
    (Decimal("7.50"), "7.50"),
    (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    (b"\0\xff", "AP8="),
    (memoryview(b"a"), "YQ=="),
    (float("nan"), "NaN"),
    (float("inf"), "Infinity"),
    (float("-inf"), "-Infinity"),
    (-0.0, 0.0),
    (datetime.datetime(2026, 1, 2, 3, 4, 5, 678000, UTC), "2026-01-02T03:04:05.678000+00:00"),
    (datetime.datetime(2026, 1, 2, 3, 4, 5), "2026-01-02T03:04:05"),  # noqa: DTZ001 - without a zone stays without
    (datetime.date(2026, 1, 2), "2026-01-02"),
    (datetime.time(3, 4, tzinfo=UTC), "03:04:00+00:00"),
    (datetime.timedelta(days=1, seconds=7384, microseconds=500000), "P1DT2H3M4.5S"),
    (-datetime.timedelta(seconds=1), "-P0DT0H0M1S"),
    ((1, [None, {2: Decimal(1)}]), [1, [None, {"2": "1"}]]),
    (2**70, 2**70),
]


@pytest.mark.parametrize(("value", "form"), FORMS)
def test_every_type_has_one_form_in_json(value: Any, form: Any) -> None:
    assert plain(value) == form
    assert json.loads(json.dumps(plain(value), allow_nan=False)) == form


def test_object_ids_and_the_other_types_of_documents() -> None:
    import bson

    number = bson.ObjectId("65a000000000000000000001")
    document = {"_id": number, "n": bson.Int64(5), "d": bson.Decimal128("1.50"), "b": bson.Binary(b"a", 5)}
    assert plain(document) == {"_id": "65a000000000000000000001", "n": 5, "d": "1.50", "b": "YQ=="}
    assert json.dumps(plain({"r": bson.Regex("a"), "t": bson.Timestamp(1, 2), "k": bson.MinKey()}))


# --- reading ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"statement": " "}, r"statements: \[0\].statement: The statement is empty"),
        ({"statement": {}}, "empty"),
        ({"statement": 7}, "not a statement"),
        ({"statement": "{find: x"}, "no JSON"),
        ({}, "missing"),
        ({"statement": "S", "positional": [1], "named": {"a": 1}}, "either by position or by name"),
        ({"statement": "S", "expect": {"row": 1}}, "Did you mean 'rows'"),
        ({"statement": "S", "expect": {"count": -1}}, "number of rows"),
        ({"statement": "S", "expect": {"count": True}}, "number of rows"),
        ({"statement": "S", "expect": {"affected": {"least": 1}}}, "no key 'least'"),
        ({"statement": "S", "expect": {"types": {"a": "txt"}}}, "no such type"),
        ({"statement": "S", "expect": {"rows": [[1]]}}, "needs the columns"),
        ({"statement": "S", "expect": {"rows": [[1, 2]], "columns": ["a"]}}, "needs the columns"),
        ({"statement": "S", "expect": {"rows": [3]}}, "not a row"),
        ("SELECT 1", "not a statement"),
    ],
)
def test_what_is_no_statement_is_refused_with_its_place(row: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_statements([row])


def test_options_that_were_left_out_are_not_there() -> None:
    (statement,) = parse_statements([{"statement": "S %", "positional": None, "named": None, "expect": None}])
    assert (statement.statement, statement.values) == ("S %", None)
    (empty,) = parse_statements([{"statement": "S", "positional": []}])
    assert empty.values == []


def test_a_command_shows_none_of_its_values() -> None:
    command = {"insert": "users", "documents": [{"token": "s3cret"}], "ordered": True}
    for written in (command, json.dumps(command)):
        (statement,) = parse_statements([{"statement": written, "named": {"a": "s3cret"}}])
        assert statement.statement == command
        assert statement.shown == "{insert: users, documents: ..., ordered: ...}"
        assert "s3cret" not in repr(statement)


def test_a_limit_below_zero_is_none() -> None:
    assert read_limit(0) == 0
    with pytest.raises(InputError, match="row_limit"):
        read_limit(-1)


def test_a_time_for_all_statements() -> None:
    assert (read_timeout(None), read_timeout(0.0), read_timeout(2.5)) == (0, 0, 2.5)
    for wrong in (-1.0, float("nan"), 1e12):
        with pytest.raises(InputError, match="option timeout"):
            read_timeout(wrong)


# --- expectations ----------------------------------------------------------------------------------------------------

PEOPLE = Result(("id", "name", "at"), ((1, "Ann", None), (2, "Bob", datetime.date(2026, 1, 2))))
HOLDING: list[dict[str, Any]] = [
    {},
    {"count": 2},
    {"count": "2"},
    {"count": {"min": 1}},
    {"count": {"max": 2}},
    {"affected": 0},
    {"columns": ["id", "name", "at"]},
    {"types": {"id": "integer", "name": "text", "at": "time?"}},
    {"types": {"id": "number", "name": "any", "at": "any?"}},
    {"rows": [{"id": 1}, {"name": "Bob", "at": "2026-01-02"}]},
    {"rows": [[1, "Ann", None], ["2", "Bob", "2026-01-02"]], "columns": ["id", "name", "at"]},
]
BROKEN: list[tuple[dict[str, Any], str]] = [
    ({"count": 1}, "gave 2 rows where 1 were expected"),
    ({"count": {"min": 3, "max": 4}}, "where at least 3 and at most 4 were"),
    ({"affected": {"min": 1}}, "changed 0 rows where at least 1 were"),
    ({"columns": ["name", "id", "at"]}, "gave the columns id, name, at where name, id, at were"),
    ({"types": {"at": "time"}}, "row 0, column at, something else than time"),
    ({"types": {"name": "integer"}}, "row 0, column name"),
    ({"types": {"id": "text"}}, "row 0, column id"),
    ({"types": {"no": "text"}}, "no column no"),
    ({"rows": []}, "gave 2 rows where 0 were"),
    ({"rows": [{"id": 1}, {"name": "s3cret"}]}, "row 1, column name, another value than was expected"),
    ({"rows": [{"id": None}, {}]}, "row 0, column id, another value"),
    ({"rows": [{"no": 1}, {}]}, "no column no"),
]


@pytest.mark.parametrize("expect", HOLDING)
def test_what_holds(expect: dict[str, Any]) -> None:
    assert parse_expectation(expect, Place("expect")).mismatch(PEOPLE) == ""


@pytest.mark.parametrize(("expect", "message"), BROKEN)
def test_what_does_not_hold_is_said_without_values(expect: dict[str, Any], message: str) -> None:
    told = parse_expectation(expect, Place("expect")).mismatch(PEOPLE)
    assert message in told
    assert "s3cret" not in told
    assert "Ann" not in told


@pytest.mark.parametrize(
    ("expect", "read", "mismatch"),
    [
        ({"count": 2}, 2, "more than 2 rows"),
        ({"count": {"max": 2}}, 2, "more than 2 rows"),
        ({"count": {"min": 2}}, 2, ""),
        ({"rows": [{}, {}]}, 2, "more than 2 rows"),
        ({"columns": ["id", "name", "at"]}, 0, ""),
    ],
)
def test_as_many_rows_are_read_as_must_be(expect: dict[str, Any], read: int, mismatch: str) -> None:
    expectation = parse_expectation(expect, Place("expect"))
    assert expectation.limit == read
    assert mismatch in expectation.mismatch(Result(PEOPLE.columns, PEOPLE.rows, truncated=True))


@pytest.mark.parametrize(
    ("value", "wanted", "equal"),
    [
        (Decimal("1.50"), 1.5, True),
        (Decimal("1.50"), "1.5", True),
        (1, True, True),
        (True, 1, True),
        (0, None, False),
        (None, None, True),
        (float("nan"), "NaN", True),
        (Decimal("NaN"), "NaN", True),
        ("1", 1, False),
        (1, [1], False),
        ({"a": Decimal(1)}, {"a": "1"}, True),
        ([1, 2], [1, 2], True),
        (uuid.UUID(int=1), str(uuid.UUID(int=1)), True),
        (b"a", "YQ==", True),
    ],
)
def test_values_and_what_was_written_for_them(value: Any, wanted: Any, equal: bool) -> None:
    assert same(value, wanted) is equal


@given(st.one_of(st.integers(), st.decimals(), st.floats(), st.text(), st.binary(), st.datetimes(), st.uuids()))
def test_every_value_is_the_same_as_its_form(value: Any) -> None:
    assert same(value, plain(value))


@given(st.lists(st.sampled_from(["id", "id_2", "id_3", "name"])))
def test_columns_of_one_name_are_told_apart(names: list[str]) -> None:
    made = _distinct(names)
    assert len(set(made)) == len(made) == len(names)
    assert [new for new, old in zip(made, names) if names.count(old) == 1] == [n for n in names if names.count(n) == 1]


@pytest.mark.parametrize(
    ("text", "word", "altering"),
    [
        ("  -- so\n /* and */ (select 1)", "SELECT", False),
        ("update t set a = 1", "UPDATE", False),
        ("CREATE TABLE t (a int)", "CREATE", True),
        ("truncate t", "TRUNCATE", True),
        ("/* without an end", "", False),
        ("", "", False),
    ],
)
def test_how_statements_begin(text: str, word: str, altering: bool) -> None:
    assert (first_word(text), alters(text)) == (word, altering)
