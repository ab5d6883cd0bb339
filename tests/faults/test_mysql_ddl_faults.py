# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes of MariaDB's schema that something stops: servers and sessions killed, locks held, rows in the way.

No ALTER can be taken back with others, so each migration here goes on where it stopped, and ends where it should.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from threading import Thread
from typing import Any

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.mysql.engine import MysqlEngine
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import Target
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import (
    ConnectionFailed,
    ConstraintViolated,
    PanelDbError,
    StatementFailed,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.migrations.chain import Chain
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.migrations.deploy import deploy
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.migrations.info import DRIFT, status
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.planning import Consent
from ansible_collections.ctrlaltplay.paneldb.tests.support.grid import MysqlBed
from ansible_collections.ctrlaltplay.paneldb.tests.support.mariadb import MariadbServer, mariadb_server
from ansible_collections.ctrlaltplay.paneldb.tests.support.migration_chains import chain_to, model

ANYTHING = Consent(accepted=["add-unique", "add-check", "set-not-null", "type-narrowing"], allowed=["all"])
ROWS = 200_000

ENUMS = {"mood": ["sad", "glad"]}
BEFORE = model({"things": {"number": {"type": "integer"}, "mood": {"type": "enum(mood)", "default": "sad"}}}, ENUMS)
#: Four ALTERs: of a table, the first again (its enum), and two that need one another.
AFTER = model(
    {
        "things": {
            "columns": {
                "id": {"type": "integer"},
                "number": {"type": "bigint"},
                "mood": {"type": "enum(mood)", "default": "glad"},
                "owner": {"type": "integer", "null": True},
            },
            "primary_key": ["id"],
            "unique": [{"name": "things_number", "columns": ["number"]}],
            "foreign_keys": [{"columns": ["owner"], "references": "owners", "on_delete": "set_null"}],
        },
        "owners": {"name": {"type": "string(50)"}},
    },
    {"mood": ["glad", "sad", "mad"]},
)


@pytest.fixture
def server() -> Iterator[MariadbServer]:
    """A server of this test alone: it is killed."""
    with mariadb_server() as made:
        yield made


@pytest.fixture
def target(server: MariadbServer) -> Target:
    return filled(server, MysqlBed(server).empty())


def filled(server: MariadbServer, target: Target) -> Target:
    """The database behind its first migration, with rows that take a while to copy."""
    with MysqlEngine.connect(target) as engine:
        deploy(engine, chain_to(BEFORE))
    server.run(f"INSERT INTO things (id, number) SELECT seq, seq FROM seq_1_to_{ROWS}", database=target.database)
    return target


@pytest.fixture
def chain() -> Chain:
    return chain_to(BEFORE, AFTER)


class Runner(Thread):
    """A deployment in a thread of its own, and the error that it ended with."""

    def __init__(self, target: Target, chain: Chain) -> None:
        super().__init__()
        self.target, self.chain = target, chain
        self.error: Any = None

    def run(self) -> None:
        try:
            with MysqlEngine.connect(self.target) as engine:
                deploy(engine, self.chain, consent=ANYTHING)
        except PanelDbError as error:
            self.error = error


def working(server: MariadbServer, words: str) -> int:
    """Wait until a session runs a statement of these words; give the session's number."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        for row in server.run("SHOW FULL PROCESSLIST"):
            if words in str(row[7]) and "PROCESSLIST" not in str(row[7]):
                return int(row[0])
        time.sleep(0.005)
    raise AssertionError(f"nothing with {words!r} runs")


def assert_through(target: Target, chain: Chain) -> None:
    """Go on with the chain; then the database is as its last model says, with all rows and nothing left behind."""
    with MysqlEngine.connect(target) as engine:
        deploy(engine, chain, consent=ANYTHING)
        assert status(engine, chain, gather=[DRIFT]).drift == ((), ())
        assert not deploy(engine, chain).plan.changed
        assert engine.query("SELECT count(*), sum(number) FROM things").rows[0][0] == ROWS
        tables = {row[0] for row in engine.query("SHOW TABLES").rows}
        assert {name for name in tables if not name.startswith("_paneldb_")} == {"things", "owners"}


STATEMENTS = ["MODIFY COLUMN `mood`", "MODIFY COLUMN `number`"]


@pytest.mark.parametrize("words", STATEMENTS)
def test_server_that_is_killed_inside_an_alter(server: MariadbServer, target: Target, chain: Chain, words: str) -> None:
    runner = Runner(target, chain)
    runner.start()
    working(server, words)
    server.kill()
    runner.join(60)
    assert isinstance(runner.error, ConnectionFailed)
    server.start()
    assert_through(target, chain)


@pytest.mark.parametrize("words", STATEMENTS)
@pytest.mark.parametrize("kill", ["KILL", "KILL QUERY"])
def test_session_that_is_killed_inside_an_alter(
    mariadb_server: MariadbServer, mariadb_target: Target, chain: Chain, words: str, kill: str
) -> None:
    target = filled(mariadb_server, mariadb_target)
    runner = Runner(target, chain)
    runner.start()
    mariadb_server.run(f"{kill} {working(mariadb_server, words)}")
    runner.join(60)
    assert runner.error is not None
    assert_through(target, chain)


def test_run_that_dies_between_any_two_statements_goes_on(
    mariadb_server: MariadbServer, mariadb_target: Target, chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Statement by statement, before it and behind it: the last run is the first that comes to the end."""
    target = filled(mariadb_server, mariadb_target)
    run = MysqlEngine.run
    died = 0

    def dying(after: int, *, behind: bool) -> Callable[[MysqlEngine, Any], None]:
        left = [after]

        def run_or_die(engine: MysqlEngine, statement: Any) -> None:
            left[0] -= 1
            if left[0] < 0 and not behind:
                raise KeyboardInterrupt
            run(engine, statement)
            if left[0] < 0:
                raise KeyboardInterrupt

        return run_or_die

    for attempt in range(20):
        monkeypatch.setattr(MysqlEngine, "run", dying(attempt % 2, behind=attempt % 3 == 1))
        try:
            with MysqlEngine.connect(target) as engine:
                deploy(engine, chain, consent=ANYTHING)
            break
        except KeyboardInterrupt:
            died += 1
    monkeypatch.setattr(MysqlEngine, "run", run)
    assert died >= 3
    assert_through(target, chain)


def test_duplicate_found_half_way_leaves_the_table_as_it_was(
    mariadb_server: MariadbServer, mariadb_target: Target, chain: Chain
) -> None:
    target = filled(mariadb_server, mariadb_target)
    mariadb_server.run(f"UPDATE things SET number = 1 WHERE id = {ROWS}", database=target.database)
    with MysqlEngine.connect(target) as engine:
        with pytest.raises(ConstraintViolated) as caught:
            deploy(engine, chain, consent=ANYTHING)
        assert "things_number" in str(caught.value)
        things = engine.catalogue().schema.holder("things")
        assert (things.column("number"), things.uniques) == (BEFORE.holder("things").column("number"), ())
        with pytest.raises(ConstraintViolated):
            deploy(engine, chain, consent=ANYTHING)
    mariadb_server.run(f"UPDATE things SET number = {ROWS} WHERE id = {ROWS}", database=target.database)
    assert_through(target, chain)


@contextmanager
def holding(server: MariadbServer, target: Target) -> Iterator[Callable[[], None]]:
    """A transaction of somebody else that has read the table; gives what ends it."""
    with closing(server.connect(target.database)) as connection, connection.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT * FROM things LIMIT 1")
        yield lambda: cursor.execute("COMMIT")


def test_lock_of_another_session_is_waited_for_then_reported(
    mariadb_server: MariadbServer, mariadb_target: Target, chain: Chain
) -> None:
    target = filled(mariadb_server, mariadb_target)
    hurried = replace(target, lock_timeout=2.0)
    with holding(mariadb_server, target):
        runner = Runner(hurried, chain)
        begun = time.monotonic()
        runner.start()
        delays = []
        with MysqlEngine.connect(target) as reader:
            while runner.is_alive():
                asked = time.monotonic()
                reader.query("SELECT * FROM things LIMIT 1")
                delays.append(time.monotonic() - asked)
                time.sleep(0.02)
        runner.join()
        assert isinstance(runner.error, StatementFailed)
        assert "lock" in str(runner.error).lower()
        assert time.monotonic() - begun < 15
    assert max(delays) < 2, "readers queue behind a waiting ALTER for one attempt at the most"
    assert_through(target, chain)


def test_lock_that_ends_in_time_is_waited_for(
    mariadb_server: MariadbServer, mariadb_target: Target, chain: Chain
) -> None:
    target = filled(mariadb_server, mariadb_target)
    with holding(mariadb_server, target) as end:
        runner = Runner(target, chain)
        runner.start()
        time.sleep(2)
        assert runner.is_alive()
        end()
        runner.join(60)
    assert runner.error is None
    assert_through(target, chain)
