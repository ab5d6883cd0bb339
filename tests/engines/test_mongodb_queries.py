# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands of people on MongoDB, as the module runs them: read-only unless asked, no more documents than wanted."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines import connect
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.base import Engine
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import (
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
from ansible_collections.ctrlaltplay.paneldb.tests.support.grid import BEDS, Bed
from ansible_collections.ctrlaltplay.paneldb.tests.support.ports import LOOPBACK
from ansible_collections.ctrlaltplay.paneldb.tests.support.proxy import proxy

ALL = {"find": "things", "sort": {"_id": 1}}
CLEAR = {"delete": "things", "deletes": [{"q": {}, "limit": 0}]}


def renamed(where: Any) -> dict[str, Any]:
    """A command that gives documents a new name."""
    return {"update": "things", "updates": [{"q": where, "u": {"$set": {"name": {"$param": 0}}}, "multi": True}]}


def row(statement: Any, *values: Any, **expect: Any) -> dict[str, Any]:
    """A statement of the option, as the module gets it."""
    return {"statement": statement, "positional": list(values) or None, "expect": expect or None}


def execute(engine: Engine, *rows: dict[str, Any], limit: int = 100) -> list[Outcome]:
    """Run commands as the module does."""
    return run(engine, parse_statements(rows), limit)


@pytest.fixture(scope="module")
def served() -> Iterator[Bed]:
    with BEDS["mongodb"]() as made:
        yield made


@pytest.fixture
def things(served: Bed) -> Iterator[Engine]:
    """A session with a collection of ten documents."""
    documents = [{"_id": number, "name": f"n{number}"} for number in range(10)]
    with served.database() as target, connect(target) as engine:
        engine.query({"insert": "things", "documents": documents})
        yield engine


def test_many_commands_with_expectations(things: Engine) -> None:
    first, second, third = execute(
        things,
        row(renamed({"_id": {"$lt": 3}}), "new", affected=3),
        row(ALL, count=10, columns=["_id", "name"], types={"_id": "integer", "name": "text"}),
        row({"delete": "things", "deletes": [{"q": {"_id": 77}, "limit": 1}]}, affected=0),
    )
    assert (first.affected, first.changed, second.changed, third.changed) == (3, True, False, False)
    assert second.to_data()["rows"][2] == {"_id": 2, "name": "new"}


def test_no_more_documents_are_read_than_are_wanted(things: Engine) -> None:
    for limit, truncated in ((3, True), (9, True), (10, False), (0, True)):
        (outcome,) = execute(things, row(ALL), limit=limit)
        assert (len(outcome.rows), outcome.truncated) == (min(limit, 10), truncated)
    with pytest.raises(StatementFailed, match="more than 5 rows where at most 5"):
        execute(things, row(ALL, count={"max": 5}), limit=2)


@pytest.mark.parametrize(
    "command",
    [CLEAR, {"create": "more"}, {"drop": "things"}, {"aggregate": "things", "pipeline": [{"$out": "more"}]}],
    ids=lambda command: next(iter(command)),
)
def test_a_session_that_only_reads_refuses_what_changes(things: Engine, command: dict[str, Any]) -> None:
    with connect(things.target, read_only=True) as reader, pytest.raises(WriteRefused, match=r"statements\[1\]"):
        execute(reader, row(ALL), row(command))
    assert len(execute(things, row(ALL))[0].rows) == 10


def test_a_check_run_runs_what_reads(things: Engine) -> None:
    rows = (row(ALL, count=10), row(CLEAR, affected=10), row(ALL, count=0))
    with connect(things.target, read_only=True) as reader:
        outcomes = rehearse(reader, parse_statements(rows), 100)
    assert [(each.ran, each.changed) for each in outcomes] == [(True, False), (False, True), (True, False)]


def test_what_was_not_expected_is_told_with_what_becomes_of_it(things: Engine) -> None:
    with pytest.raises(StatementFailed) as caught:
        execute(things, row(CLEAR), row(ALL, count=1))
    assert ("all is undone" in caught.value.message) is things.capabilities.transactions
    assert len(execute(things, row(ALL))[0].rows) == (10 if things.capabilities.transactions else 0)


def test_commands_end_together_in_time(things: Engine) -> None:
    """The server is one that takes its time, once it is asked for the second time."""
    finds = []

    def slow(data: bytes) -> bool:
        finds.extend([1] if b"\x02find\x00" in data else [])
        time.sleep(3 if len(finds) > 1 else 0)
        return False

    with (
        proxy(things.target.host, things.target.port) as between,
        connect(replace(things.target, host=LOOPBACK, port=between.port)) as session,
    ):
        begun = time.monotonic()
        session.end_by(begun + 1)
        between.cut_when = slow
        with pytest.raises(TimeIsUp, match=r"statements\[1\] did not end in time"):
            execute(session, row(ALL), row(ALL))
        assert time.monotonic() - begun < 2


def test_errors_tell_no_values(things: Engine) -> None:
    insert = {"insert": "things", "documents": [{"_id": {"$param": 0}, "name": "x"}]}
    with pytest.raises(PanelDbError) as caught:
        execute(things, row(insert, "s3cret"), row(insert, "s3cret"))
    assert "s3cret" not in str(caught.value.to_data())
