# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of PostgreSQL beyond what every engine promises: the server's own text, its refusals, its cursors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.postgresql import bulk
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.postgresql.engine import (
    PostgresqlEngine,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.postgresql.values import encode_json
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import parse_target
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import (
    ConstraintViolated,
    InputError,
    StatementFailed,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.operations import Add
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.schema import (
    Check,
    Column,
    ForeignKey,
    PrimaryKey,
    Table,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.types import Type, parse_type
from ansible_collections.ctrlaltplay.paneldb.tests.support.grid import apply_operations
from ansible_collections.ctrlaltplay.paneldb.tests.support.postgresql import PostgresServer

TABLE = Table(
    "100% of it",
    (
        Column("id", Type("integer")),
        Column("a%s", Type("text"), null=True),
        Column("parent", Type("integer"), null=True),
        Column("price", parse_type("decimal(5,2)"), null=True),
    ),
    PrimaryKey(("id",)),
    foreign_keys=(ForeignKey("of_parent", ("parent",), "100% of it", ("id",)),),
    checks=(Check("positive", "id > 0"),),
)


@pytest.fixture(scope="module")
def shared(postgresql_server: PostgresServer) -> Iterator[PostgresqlEngine]:
    name = postgresql_server.create_database()
    with PostgresqlEngine.connect(parse_target({"url": postgresql_server.url(name)})) as session:
        yield session
    postgresql_server.drop_database(name)


@pytest.fixture
def session(shared: PostgresqlEngine) -> PostgresqlEngine:
    shared.query("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    apply_operations(shared, [Add("", TABLE)])
    return shared


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner),
    max_leaves=10,
)


@settings(max_examples=25)
@given(values=st.lists(JSON, min_size=10, max_size=40))
def test_json_is_written_as_the_server_writes_it(shared: PostgresqlEngine, values: list[Any]) -> None:
    mine = [encode_json(value) for value in values]
    rows = shared.query(
        "SELECT array_agg(v::jsonb::text ORDER BY n) FROM unnest(%s) WITH ORDINALITY AS t(v, n)", [mine]
    )
    assert rows.rows[0][0] == mine


REFUSED: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"id": None}, ConstraintViolated, "column"),
    ({"id": 1}, ConstraintViolated, "constraint"),
    ({"id": -1}, ConstraintViolated, "constraint"),
    ({"a%s": "s3cret\0"}, InputError, "column"),
    ({"price": "s3cret"}, StatementFailed, "column"),
    ({"price": "1000.00"}, StatementFailed, "column"),
]


@pytest.mark.parametrize(("change", "kind", "told"), REFUSED)
def test_bad_row_is_named_but_not_shown(
    session: PostgresqlEngine, change: dict[str, Any], kind: type[Exception], told: str
) -> None:
    def rows() -> Iterator[tuple[Any, ...]]:
        for number in range(1, 5001):
            row = {"id": number, "a%s": "s3cret", "parent": None, "price": "1.00"}
            row.update(change if number == 4001 else {})
            yield tuple(row.values())

    with pytest.raises(kind) as caught:
        session.insert(TABLE, TABLE.column_names, rows())
    error = caught.value
    assert isinstance(error, (ConstraintViolated, StatementFailed, InputError))
    assert error.details["row"] == 4000
    assert error.details[told]
    assert "s3cret" not in str(error)
    assert "s3cret" not in repr(error.to_data())
    assert session.count(TABLE) == 0


def test_orphan_is_told_by_the_value_it_refers_with(session: PostgresqlEngine) -> None:
    with pytest.raises(ConstraintViolated, match=r"\(parent\)=\(9\)") as caught:
        session.insert(TABLE, ("id", "parent"), [(1, None), (2, 9)])
    assert caught.value.details["constraint"] == "of_parent"
    assert caught.value.details["table"] == "100% of it"


HALF = "\ud83d"
WRITES: list[Callable[[PostgresqlEngine], object]] = [
    lambda session: session.insert(TABLE, ("id", "a%s"), [(1, HALF)]),
    lambda session: session.update(TABLE, ("id",), ("a%s",), [(1, HALF)]),
    lambda session: session.fetch(TABLE, ("id",), where=("a%s", [HALF])),
]


@pytest.mark.parametrize("write", WRITES)
def test_half_a_character_is_refused(session: PostgresqlEngine, write: Callable[[PostgresqlEngine], object]) -> None:
    with pytest.raises(InputError, match="half"):
        write(session)


@pytest.fixture
def through_cursors(session: PostgresqlEngine, monkeypatch: pytest.MonkeyPatch) -> PostgresqlEngine:
    """Every table counts as a large one."""
    monkeypatch.setattr(bulk, "_SMALL", -1)
    session.insert(TABLE, ("id",), ((number,) for number in range(1, 12_346)))
    return session


def open_cursors(session: PostgresqlEngine) -> int:
    return len(session.query("SELECT name FROM pg_cursors WHERE name LIKE '%paneldb%'").rows)


def test_large_table_is_read_through_a_cursor(through_cursors: PostgresqlEngine) -> None:
    assert sorted(through_cursors.fetch(TABLE, ("id",))) == [(number,) for number in range(1, 12_346)]
    with through_cursors.transaction():
        assert len(list(through_cursors.fetch(TABLE, ("id",), where=("id", [1, 2, 99_999])))) == 2
    assert open_cursors(through_cursors) == 0


def test_several_cursors_are_read_at_once_while_rows_change(through_cursors: PostgresqlEngine) -> None:
    first, second = (through_cursors.fetch(TABLE, ("id",)) for _unused in range(2))
    assert next(first) == next(second)
    assert open_cursors(through_cursors) == 2
    through_cursors.delete(TABLE, ("id",), ((number,) for number in range(10_000, 10_500)))
    assert len(list(first)) == len(list(second)) == 12_344
    assert open_cursors(through_cursors) == 0


def test_cursor_left_early_is_closed(through_cursors: PostgresqlEngine) -> None:
    with through_cursors.transaction():
        rows = through_cursors.fetch(TABLE, ("id",))
        next(rows)
        assert open_cursors(through_cursors) == 1
        del rows
        assert open_cursors(through_cursors) == 0


def test_size_of_a_table(session: PostgresqlEngine) -> None:
    session.insert(TABLE, ("id",), ((number,) for number in range(1, 501)))
    assert (session.table_bytes(TABLE) or 0) >= 16384
    assert session.table_bytes(Table("missing")) is None


def test_staged_rows_leave_no_table_behind(session: PostgresqlEngine) -> None:
    session.insert(TABLE, ("id",), ((number,) for number in range(1, 501)))
    with session.transaction():
        for _unused in range(2):
            assert session.update(TABLE, ("id",), ("price",), ((number, "2.00") for number in range(1, 501))) == 500
    assert session.query("SELECT count(*) FROM pg_class WHERE relname LIKE '%staged%'").rows == ((0,),)
