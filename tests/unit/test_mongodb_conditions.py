# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Conditions in MongoDB's two languages: what each says is what the condition says, and no more."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import Any

import pytest
from bson.decimal128 import Decimal128
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.mongodb.conditions import (
    Inexpressible,
    filter_of,
    formula_of,
    like_pattern,
    partial_filter_of,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.expression_evaluator import evaluate
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.expressions import parse
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.schema import Column, Table
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.types import Type, parse_type

TABLE = Table(
    "t",
    (
        Column("a", Type("integer"), null=True),
        Column("b", Type("integer"), null=True),
        Column("s", Type("text"), null=True),
        Column("ok", Type("boolean"), null=True),
        Column("at", Type("timestamp"), null=True),
        Column("price", parse_type("decimal(10,2)"), null=True),
    ),
)
MOMENT = datetime(2026, 1, 31, 8, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a > 3", {"a": {"$gt": 3}}),
        ("3 > a", {"a": {"$lt": 3}}),
        ("a <> 3", {"a": {"$nin": [None, 3]}}),
        ("a between 1 and 5", {"$and": [{"a": {"$gte": 1}}, {"a": {"$lte": 5}}]}),
        ("a in (1, 2)", {"a": {"$in": [1, 2]}}),
        ("not a in (1, 2)", {"a": {"$nin": [None, 1, 2]}}),
        ("s is null", {"s": None}),
        ("s is not null", {"s": {"$ne": None}}),
        ("s like 'x%'", {"s": {"$regex": r"^x[\s\S]*\z"}}),
        ("not s like 'x%'", {"s": {"$ne": None, "$not": {"$regex": r"^x[\s\S]*\z"}}}),
        ("ok", {"ok": True}),
        ("not ok", {"ok": False}),
        ("at > '2026-01-31T08:00:00Z'", {"at": {"$gt": MOMENT}}),
        ("price >= 1.50", {"price": {"$gte": Decimal128("1.50")}}),
        ("a = 1 or s = '$b'", {"$or": [{"a": {"$eq": 1}}, {"s": {"$eq": "$b"}}]}),
        ("length(s) > 3", None),
        ("a > b", None),
        ("a + 1 > 3", None),
        ("opaque:whatever", None),
    ],
)
def test_filters(text: str, told: Any) -> None:
    assert filter_of(text, TABLE) == told


def test_a_filter_of_what_is_false_is_that_of_the_opposite() -> None:
    assert filter_of("a > 3", TABLE, holds=False) == {"a": {"$lte": 3}}
    assert filter_of("a > 3 and ok", TABLE, holds=False) == {"$or": [{"a": {"$lte": 3}}, {"ok": False}]}
    assert filter_of("s is null or ok", TABLE, holds=False) == {"$and": [{"s": {"$ne": None}}, {"ok": False}]}


def test_decimals_that_are_text_are_not_compared() -> None:
    assert filter_of("price > 1", TABLE, decimals=False) is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a > 3", {"a": {"$gt": 3}}),
        ("s is not null and ok", {"$and": [{"s": {"$exists": True}}, {"ok": True}]}),
        ("a in (1, 2) or a > 7", {"$or": [{"a": {"$in": [1, 2]}}, {"a": {"$gt": 7}}]}),
        ("s is null", None),
        ("a <> 3", None),
        ("s like 'x%'", None),
        ("a > 3 and a <> 5", None),
    ],
)
def test_partial_indexes_take_a_part_of_that(text: str, told: Any) -> None:
    assert partial_filter_of(text, TABLE) == told


def test_a_formula_of_a_foreign_text_cannot_be() -> None:
    with pytest.raises(Inexpressible):
        formula_of("opaque:{}", TABLE)


@pytest.mark.parametrize(
    ("pattern", "texts"),
    [
        ("a%", {"a": True, "a\n\n": True, "ba": False}),
        ("a_", {"ab": True, "a\n": True, "a": False}),
        ("a.c", {"abc": False}),
    ],
)
def test_patterns_mean_whole_texts(pattern: str, texts: dict[str, bool]) -> None:
    expression = like_pattern(pattern).replace(r"\z", r"\Z")
    assert {text: bool(re.match(expression, text)) for text in texts} == texts


# --- formulas, calculated as the server does -------------------------------------------------------------------------


def calculated(formula: Any, row: dict[str, Any]) -> Any:
    """What the aggregation language gives, by its documentation: null sorts first, and makes calculations null."""
    if isinstance(formula, str) and formula.startswith("$"):
        return row.get(formula[1:])
    if not isinstance(formula, dict):
        return formula
    ((word, inside),) = formula.items()
    if word == "$literal":
        return inside
    if word == "$cond":
        test, yes, no = inside
        return calculated(yes if calculated(test, row) else no, row)
    if word == "$and":
        return all(calculated(each, row) for each in inside)
    if word == "$or":
        return any(calculated(each, row) for each in inside)
    values = [calculated(each, row) for each in inside] if isinstance(inside, list) else [calculated(inside, row)]
    return OPERATORS[word](*values)


def order(value: Any) -> tuple[int, Any]:
    if value is None:
        return 0, 0
    kinds = {bool: 3, int: 1, float: 1, str: 2}
    return kinds[type(value)], value


def _known(calculate: Any) -> Any:
    return lambda *values: None if None in values else calculate(*values)


OPERATORS: dict[str, Any] = {
    "$eq": lambda one, other: order(one) == order(other),
    "$ne": lambda one, other: order(one) != order(other),
    "$lt": lambda one, other: order(one) < order(other),
    "$lte": lambda one, other: order(one) <= order(other),
    "$gt": lambda one, other: order(one) > order(other),
    "$gte": lambda one, other: order(one) >= order(other),
    "$not": lambda value: not value,
    "$in": lambda value, items: any(calculated(item, {}) == value for item in items),
    "$add": _known(lambda one, other: one + other),
    "$subtract": _known(lambda one, other: one - other),
    "$multiply": _known(lambda one, other: one * other),
    "$divide": _known(lambda one, other: one / other),
    "$abs": _known(abs),
    "$ifNull": lambda value, other: other if value is None else value,
    "$strLenCP": len,
    "$toLower": str.lower,
    "$toUpper": str.upper,
}


@pytest.mark.parametrize(
    "text",
    [
        "a > 3",
        "a > b",
        "a <> b or ok",
        "not (a = 1 and b = 2)",
        "a in (1, 2, 5)",
        "not a in (1, 2, 5)",
        "a + b > 3 and a * 2 <> b",
        "a / b > 1",
        "abs(a) > 2",
        "coalesce(a, b, 7) > 2",
        "length(s) >= 2",
        "lower(s) = 'ab'",
        "upper(s) <> 'AB'",
        "s is null or s is not null and a is null",
        "ok and not a > 1",
        "s = '$a'",
    ],
)
@settings(max_examples=40)
@given(
    row=st.fixed_dictionaries(
        {
            "a": st.none() | st.integers(-5, 5),
            "b": st.none() | st.integers(-5, 5),
            "s": st.none() | st.sampled_from(["", "ab", "AB", "abc", "$a"]),
            "ok": st.none() | st.booleans(),
        }
    )
)
def test_formulas_say_what_the_condition_says(text: str, row: dict[str, Any]) -> None:
    expected = evaluate(parse(text), row)
    assert bool(calculated(formula_of(text, TABLE), row)) == (expected is True)
    assert bool(calculated(formula_of(text, TABLE, holds=False), row)) == (expected is False)
