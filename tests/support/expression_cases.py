# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Conditions of the portable expression language, made at random over one table, and how two engines write them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model import expression_tree as tree
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.expressions import (
    Column,
    Dialect,
    Expression,
    glob_from_like,
    number_text,
)

#: Columns by type; several names need quotes somewhere.
NUMBERS = ("port", "Big Int", "order")
TEXTS = ("name", 'say "hi"', "displayName")
BOOLEANS = ("active", "is")

CHARACTERS = "aAbB%_\\'*?[]^- \u00e9\U0001f600\""


class StandardDialect(Dialect):
    """Names and values as standard SQL has them."""

    def identifier(self, name: str) -> str:
        return '"' + name.replace('"', '""') + '"'

    def literal(self, value: Any) -> str:
        if value is None or isinstance(value, bool):
            return {None: "NULL", True: "TRUE", False: "FALSE"}[value]
        return "'" + value.replace("'", "''") + "'" if isinstance(value, str) else number_text(value)


class PostgresqlDialect(StandardDialect):
    """PostgreSQL cuts a division of whole numbers."""

    def divide(self, left: str, right: str, nonzero: bool) -> str:
        return super().divide(f"({left})::numeric", right, nonzero)


class SqliteDialect(StandardDialect):
    """SQLite's LIKE does not mind the case, and it cuts a division of whole numbers."""

    def like(self, operand: str, pattern: str, negated: bool) -> str:
        return f"{operand} {'NOT ' if negated else ''}GLOB {self.literal(glob_from_like(pattern))}"

    def divide(self, left: str, right: str, nonzero: bool) -> str:
        return super().divide(f"CAST({left} AS REAL)", right, nonzero)


def _columns(names: Sequence[str]) -> st.SearchStrategy[Expression]:
    return st.sampled_from(names).map(Column)


def _string(value: str) -> Expression:
    return tree.Literal(tree.STRING, value)


TEXT_VALUES = st.text(CHARACTERS, max_size=5)
NUMBER_LITERALS = st.one_of(
    st.integers(-100, 100).map(str),
    st.sampled_from(["0.5", "-2.25", "1.50", "3000000000", "-99999999999999999999", "1e3", "0.0"]),
).map(tree.number)
STRING_LITERALS = TEXT_VALUES.map(_string)


def _numbers(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    return st.one_of(
        st.builds(tree.arithmetic, st.sampled_from("+-*/"), inner, inner),
        st.builds(lambda each: tree.call("abs", [each]), inner),
        st.builds(tree.negative, inner),
        st.lists(inner, min_size=2, max_size=3).map(lambda each: tree.call("coalesce", each)),
    )


def _texts(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    return st.one_of(
        st.builds(lambda name, each: tree.call(name, [each]), st.sampled_from(["lower", "upper"]), inner),
        st.lists(inner, min_size=2, max_size=3).map(lambda each: tree.call("coalesce", each)),
    )


TEXT_EXPRESSIONS = st.recursive(st.one_of(_columns(TEXTS), STRING_LITERALS), _texts, max_leaves=3)
NUMBER_EXPRESSIONS = st.recursive(
    st.one_of(
        _columns(NUMBERS), NUMBER_LITERALS, st.builds(lambda each: tree.call("length", [each]), TEXT_EXPRESSIONS)
    ),
    _numbers,
    max_leaves=4,
)
PATTERNS = st.text(CHARACTERS + "%%__", max_size=6).map(lambda each: each + "\\" * _open_escape(each))


def _open_escape(pattern: str) -> int:
    return (len(pattern) - len(pattern.rstrip("\\"))) % 2


def _list(items: st.SearchStrategy[Expression]) -> st.SearchStrategy[list[Expression]]:
    return st.lists(items, min_size=1, max_size=3)


TESTS = st.one_of(
    st.builds(tree.comparison, st.sampled_from(list(tree.OPPOSITES)), NUMBER_EXPRESSIONS, NUMBER_EXPRESSIONS),
    st.builds(tree.comparison, st.sampled_from(["=", "!="]), TEXT_EXPRESSIONS, TEXT_EXPRESSIONS),
    st.builds(
        lambda value, low, high, negated: tree.between(value, low, high, negated=negated),
        NUMBER_EXPRESSIONS,
        NUMBER_EXPRESSIONS,
        NUMBER_EXPRESSIONS,
        st.booleans(),
    ),
    st.builds(tree.membership, NUMBER_EXPRESSIONS, _list(NUMBER_LITERALS)),
    st.builds(tree.membership, NUMBER_EXPRESSIONS, _list(NUMBER_EXPRESSIONS)),
    st.builds(tree.membership, TEXT_EXPRESSIONS, _list(STRING_LITERALS)),
    st.builds(tree.like, TEXT_EXPRESSIONS, PATTERNS.map(_string)),
    st.builds(tree.IsNull, st.one_of(TEXT_EXPRESSIONS, NUMBER_EXPRESSIONS, _columns(BOOLEANS))),
    _columns(BOOLEANS),
    st.booleans().map(lambda each: tree.Literal(tree.BOOLEAN, each)),
    st.builds(
        lambda name, each: tree.comparison("=", Column(name), tree.Literal(tree.BOOLEAN, each)),
        st.sampled_from(BOOLEANS),
        st.booleans(),
    ),
)


def _conditions(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    return st.one_of(
        st.builds(tree.negation, inner),
        st.builds(tree.logical, st.sampled_from(["and", "or"]), st.lists(inner, min_size=2, max_size=3)),
        st.builds(tree.comparison, st.just("="), inner, inner),
        st.builds(tree.IsNull, inner),
    )


CONDITIONS = st.recursive(TESTS, _conditions, max_leaves=5)

ROWS = st.fixed_dictionaries(
    {
        **dict.fromkeys(NUMBERS, st.one_of(st.none(), st.integers(-100, 100))),
        **dict.fromkeys(TEXTS, st.one_of(st.none(), TEXT_VALUES)),
        **dict.fromkeys(BOOLEANS, st.one_of(st.none(), st.booleans())),
    }
)
