# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Conditions on a real MariaDB: they come back as the expressions they were, and mean what we say they mean."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pymysql
import pytest
from hypothesis import example, given

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.mysql.conditions import (
    condition,
    portable,
    settled,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.mysql.naming import quoted
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.mysql.session import SQL_MODE
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.mysql.wording import plain_quotes
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.expression_evaluator import evaluate
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.expressions import (
    Expression,
    canonical_text,
    parse,
)
from ansible_collections.ctrlaltplay.paneldb.tests.support.expression_cases import (
    BOOLEANS,
    CONDITIONS,
    NUMBERS,
    ROWS,
    TEXTS,
)
from ansible_collections.ctrlaltplay.paneldb.tests.support.mariadb import MysqlFamilyServer

TRUTHS = frozenset(BOOLEANS)


@pytest.fixture(scope="module")
def session(family_server: MysqlFamilyServer) -> Iterator[Any]:
    """A session with a table of every kind of column."""
    name = family_server.create_database()
    connection = family_server.connect(name)
    kinds = [*zip(NUMBERS, ("int", "bigint", "decimal(20,4)")), *zip(TEXTS, ("varchar(20)", "longtext", "varchar(9)"))]
    kinds += [(each, "tinyint(1)") for each in BOOLEANS]
    with connection.cursor() as cursor:
        cursor.execute(f"SET sql_mode = '{SQL_MODE}', collation_connection = {family_server.collation}")
        cursor.execute(f"CREATE TABLE t ({', '.join(f'{quoted(at)} {kind} NULL' for at, kind in kinds)})")
        yield cursor
    connection.close()
    family_server.drop_database(name)


@given(expression=CONDITIONS)
@example(expression=parse("(name like '') = (name like '')"))
@example(expression=parse("false is null"))
@example(expression=parse("1 = 1"))
@example(expression=parse("true = false"))
@example(expression=parse("not (true = 2)"))
@example(expression=parse("'a' = 'b' or 0.5 < 1"))
def test_a_check_reads_back_as_it_was_written(session: Any, expression: Expression) -> None:
    expected = settled(canonical_text(expression), TRUTHS)
    session.execute(f"ALTER TABLE t ADD CONSTRAINT c CHECK ({condition(canonical_text(expression))})")
    try:
        session.execute(
            "SELECT check_clause FROM information_schema.check_constraints"
            " WHERE constraint_schema = DATABASE() AND constraint_name = 'c'"
        )
        ((text,),) = session.fetchall()
    finally:
        session.execute("ALTER TABLE t DROP CONSTRAINT c")
    shown = text if "MariaDB" in session.connection.get_server_info() else plain_quotes(text)
    assert portable(shown, TRUTHS) == expected


@given(expression=CONDITIONS, row=ROWS)
def test_a_settled_condition_means_the_same(expression: Expression, row: dict[str, Any]) -> None:
    text = settled(canonical_text(expression), TRUTHS)
    assert settled(text, TRUTHS) == text
    assert evaluate(parse(text), row) == evaluate(expression, row)


@given(expression=CONDITIONS, row=ROWS)
def test_the_server_says_of_a_row_what_we_say(session: Any, expression: Expression, row: dict[str, Any]) -> None:
    answer = evaluate(expression, row)
    session.execute("DELETE FROM t")
    session.execute(f"INSERT INTO t ({', '.join(map(quoted, row))}) VALUES %s", (tuple(row.values()),))
    try:
        session.execute(f"SELECT {condition(canonical_text(expression))} FROM t")
        ((value,),) = session.fetchall()
    except pymysql.err.DataError:
        # A number beyond what the server calculates with.
        return
    if answer is not None:
        assert value is not None
        assert bool(value) == answer
