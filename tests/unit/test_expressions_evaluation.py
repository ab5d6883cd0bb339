# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a condition says about a row, with SQLite as the judge."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.expression_evaluator import (
    evaluate,
    evaluator,
    matches,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.expressions import (
    Expression,
    Opaque,
    parse,
    render,
)
from ansible_collections.ctrlaltplay.paneldb.tests.support.expression_cases import (
    BOOLEANS,
    CONDITIONS,
    NUMBERS,
    PATTERNS,
    ROWS,
    TEXT_VALUES,
    TEXTS,
    SqliteDialect,
)

DIALECT = SqliteDialect()
SECOND = datetime(2026, 1, 2, tzinfo=timezone.utc)


@pytest.fixture(scope="module")
def judge() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:")
    kinds = {**dict.fromkeys((*NUMBERS, *BOOLEANS), "integer"), **dict.fromkeys(TEXTS, "text")}
    connection.execute(f"create table t ({', '.join(f'{DIALECT.identifier(name)} {kinds[name]}' for name in kinds)})")
    yield connection
    connection.close()


def judged(connection: sqlite3.Connection, expression: Expression, row: dict[str, Any]) -> bool | None:
    columns = ", ".join(map(DIALECT.identifier, row))
    connection.execute("delete from t")
    connection.execute(f"insert into t ({columns}) values ({', '.join('?' * len(row))})", tuple(row.values()))
    ((value,),) = connection.execute(f"select {render(expression, DIALECT)} from t").fetchall()
    return None if value is None else bool(value)


@given(expression=CONDITIONS, row=ROWS)
def test_sqlite_says_the_same(judge: sqlite3.Connection, expression: Expression, row: dict[str, Any]) -> None:
    answer = evaluate(expression, row)
    verdict = judged(judge, expression, row)
    assert answer is None or answer == verdict


@given(expression=CONDITIONS, row=ROWS)
def test_what_sqlite_calls_unknown_is_never_true_or_false(
    judge: sqlite3.Connection, expression: Expression, row: dict[str, Any]
) -> None:
    if judged(judge, expression, row) is None:
        assert evaluate(expression, row) is None


@given(text=TEXT_VALUES, pattern=PATTERNS)
@example(text="", pattern="%")
@example(text="aab", pattern="%ab")
@example(text="a%b", pattern="a\\%b")
def test_patterns_match_as_in_sqlite(judge: sqlite3.Connection, text: str, pattern: str) -> None:
    like = DIALECT.like("?", pattern, False)
    ((verdict,),) = judge.execute(f"select {like}", (text,)).fetchall()
    assert matches(text, pattern) == bool(verdict)


@pytest.mark.parametrize(
    ("condition", "row", "answer"),
    [
        ("port between 1 and 65535", {"port": 0}, False),
        ("port between 1 and 65535", {"port": 65535}, True),
        ("port between 1 and 65535", {"port": None}, None),
        ("port between 1 and 65535", {"port": "80"}, None),
        ("port = 1 or name is null", {"port": 1}, None),
        ("a = 1 or b = 1", {"a": 1, "b": None}, True),
        ("a = 1 and b = 1", {"a": 2, "b": None}, False),
        ("a = 1 and b = 1", {"a": 1, "b": None}, None),
        ("not (a in (1, 2))", {"a": None}, None),
        ("a in (1, 2)", {"a": 2}, True),
        ("status in ('A', 'B')", {"status": "a"}, False),
        ("email like '%@%'", {"email": "x"}, False),
        ("length(name) > 1", {"name": "\U0001f600"}, False),
        ("lower(name) = name", {"name": "Abc"}, False),
        ("lower(name) = name", {"name": "\u00c9"}, None),
        ("name > 'a'", {"name": "b"}, None),
        ("price > 0.1", {"price": Decimal("0.1")}, False),
        ("weight = 0.1", {"weight": 0.1}, True),
        ("price * 3 = 0.3", {"price": Decimal("0.1")}, True),
        ("a / 2 = 0.5", {"a": 1}, True),
        ("a / 0 = 1", {"a": 1}, None),
        ("(a / b) is null", {"a": 1.5, "b": 0}, True),
        ("abs(a) = 1.5", {"a": Decimal("-1.5")}, True),
        ("a * a > 0", {"a": 10**12}, None),
        ("weight > 0", {"weight": float("nan")}, None),
        ("coalesce(a, b, 3) = 3", {"a": None, "b": None}, True),
        ("active", {"active": False}, False),
        ("not active", {"active": None}, None),
        ("active = true", {"active": True}, True),
        ("active = 1", {"active": True}, None),
        ("active", {"active": "yes"}, None),
        ("length(a) = 1", {"a": 1}, None),
        ("abs(a) = 1", {"a": "x"}, None),
        ("a + 1 = 2", {"a": "x"}, None),
        ("a like '1'", {"a": 1}, None),
        (
            "a > b",
            {"a": SECOND, "b": SECOND - timedelta(days=1)},
            True,
        ),
        ("a > '2026-01-01T00:00:00Z'", {"a": SECOND - timedelta(days=365)}, False),
        ("a > '2026-01-01'", {"a": SECOND}, True),
        ("a > 'soon'", {"a": SECOND}, None),
    ],
)
def test_answers(condition: str, row: dict[str, Any], answer: bool | None) -> None:
    assert evaluate(parse(condition), row) is answer


def test_nothing_is_said_of_foreign_conditions() -> None:
    assert evaluate(Opaque("a = 1"), {"a": 1}) is None


def test_one_evaluator_serves_many_rows() -> None:
    keeps = evaluator(parse("port between 1 and 65535"))
    assert [keeps({"port": port}) for port in (1, 0, None)] == [True, False, None]
    assert keeps({}) is None


def test_hostile_patterns_take_no_longer_than_their_length_times_the_texts() -> None:
    assert not matches("a" * 2000, "%a" * 30 + "%b")
