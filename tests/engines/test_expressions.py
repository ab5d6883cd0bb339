# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Conditions on a real PostgreSQL: they come back as the expressions they were, and mean what we say they mean."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.expression_evaluator import evaluate
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.expression_reader import parse_deparsed
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.expressions import (
    Expression,
    parse,
    render,
)
from ansible_collections.ctrlaltplay.paneldb.tests.support.expression_cases import (
    BOOLEANS,
    CONDITIONS,
    NUMBERS,
    ROWS,
    TEXTS,
    PostgresqlDialect,
)
from ansible_collections.ctrlaltplay.paneldb.tests.support.postgresql import PostgresServer

DIALECT = PostgresqlDialect()

#: The same columns by different types, since the server's casts depend on them: of numbers, and of texts.
TYPES = {
    "narrow": (("integer", "bigint", "integer"), ("varchar(20)", "text", "varchar(5)")),
    "exact": (("numeric(20,4)", "integer", "numeric(10,2)"), ("text", "text", "text")),
    "floating": (("double precision", "numeric(12,3)", "bigint"), ("varchar(9)", "varchar(9)", "varchar(9)")),
}


@pytest.fixture(scope="module")
def session(postgresql_server: PostgresServer) -> Iterator[Any]:
    """A transaction with the tables, and one table of what a panel has; nothing of it is committed."""
    name = postgresql_server.create_database()
    connection = postgresql_server.connect(name)
    connection.autocommit = False
    with connection.cursor() as cursor:
        for table, (numbers, texts) in TYPES.items():
            kinds = [*zip(NUMBERS, numbers), *zip(TEXTS, texts), *((each, "boolean") for each in BOOLEANS)]
            cursor.execute(
                f"create table {table} ({', '.join(f'{DIALECT.identifier(at)} {as_}' for at, as_ in kinds)})"
            )
        cursor.execute("create type node_status as enum ('ONLINE', 'OFF''LINE', 'back\\slash')")
        cursor.execute(
            'create table nodes (status node_status, id uuid, port integer, "expiresAt" timestamptz(3),'
            ' "createdAt" timestamptz(3))'
        )
        yield cursor
    connection.close()
    postgresql_server.drop_database(name)


def deparsed(cursor: Any, table: str, condition: str) -> tuple[str, str]:
    """Give what the server makes of the condition of a check and of a partial index."""
    cursor.execute("savepoint here")
    cursor.execute(f"alter table {table} add constraint c check ({condition})")
    cursor.execute("select pg_get_expr(conbin, conrelid) from pg_constraint where conname = 'c'")
    ((check,),) = cursor.fetchall()
    cursor.execute(f"create index i on {table} ((1)) where {condition}")
    cursor.execute("select pg_get_expr(indpred, indrelid) from pg_index where indexrelid = 'i'::regclass")
    ((predicate,),) = cursor.fetchall()
    cursor.execute("rollback to here")
    # An index of all rows has no predicate.
    return check, predicate or "true"


@given(expression=CONDITIONS, table=st.sampled_from(list(TYPES)))
def test_a_check_and_a_partial_index_read_back_as_they_were_written(
    session: Any, expression: Expression, table: str
) -> None:
    check, predicate = deparsed(session, table, render(expression, DIALECT))
    assert parse_deparsed(check) == expression
    assert parse_deparsed(predicate) == expression


@pytest.mark.parametrize(
    "condition",
    [
        "status in ('ONLINE', 'OFF''LINE')",
        "status not in ('ONLINE', 'back\\slash')",
        "status = 'ONLINE' or status <> 'back\\slash'",
        "expiresAt > createdAt and expiresAt is not null",
        "id = '11111111-2222-3333-4444-555555555555'",
        "port between 1 and 65535",
        " / ".join(["port"] * 22) + " > 1",
        "not (port = 1 or " * 10 + "port = 2" + ")" * 10,
        "coalesce(" * 20 + "port" + ", 1)" * 20 + " = 1",
    ],
)
def test_conditions_of_a_panel_read_back(session: Any, condition: str) -> None:
    expression = parse(condition)
    assert [parse_deparsed(each) for each in deparsed(session, "nodes", render(expression, DIALECT))] == [
        expression
    ] * 2


@given(expression=CONDITIONS, row=ROWS, table=st.sampled_from(list(TYPES)))
def test_the_server_says_of_a_row_what_we_say(
    session: Any, expression: Expression, row: dict[str, Any], table: str
) -> None:
    answer = evaluate(expression, row)
    try:
        assert answer is None or answer == verdict(session, table, expression, row)
    except psycopg2.errors.NumericValueOutOfRange:
        session.execute("rollback to here")


def verdict(cursor: Any, table: str, expression: Expression, row: dict[str, Any]) -> bool | None:
    """Ask the server about a row in a table."""
    cursor.execute("savepoint here")
    cursor.execute(f"insert into {table} ({', '.join(map(DIALECT.identifier, row))}) values %s", (tuple(row.values()),))
    cursor.execute(f"select {render(expression, DIALECT)} from {table}")
    ((value,),) = cursor.fetchall()
    cursor.execute("rollback to here")
    return None if value is None else bool(value)
