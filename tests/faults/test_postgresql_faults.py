# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PostgreSQL with its server or one of our sessions killed."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Timer

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.postgresql import bulk
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.postgresql.engine import (
    PostgresqlEngine,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import Target, parse_target
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import (
    ConnectionFailed,
    LockHeld,
    StorageFull,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.plan import Statement
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.schema import Column, PrimaryKey, Table
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.types import Type
from ansible_collections.ctrlaltplay.paneldb.tests.support.postgresql import PostgresServer, small_tablespace
from ansible_collections.ctrlaltplay.paneldb.tests.support.postgresql import postgresql_server as doomed_server
from ansible_collections.ctrlaltplay.paneldb.tests.support.processes import python_child

ROWS = Table("rows", (Column("id", Type("integer")),), PrimaryKey(("id",)))


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    """A server to be killed."""
    with doomed_server() as made:
        yield made


@pytest.fixture
def target(server: PostgresServer) -> Target:
    return parse_target({"url": server.url(server.create_database())})


def numbers(server: PostgresServer, at: int) -> Iterator[tuple[int]]:
    """Endless rows; at one of them the server is killed."""
    number = 0
    while True:
        number += 1
        if number == at:
            server.kill()
        yield (number,)


def test_server_killed_while_rows_are_copied(server: PostgresServer, target: Target) -> None:
    with PostgresqlEngine.connect(target) as session:
        session.query("CREATE TABLE rows (id integer PRIMARY KEY)")
        with pytest.raises(ConnectionFailed, match="gone") as caught:
            session.insert(ROWS, ("id",), numbers(server, 100_000))
        assert caught.value.exit_code == 15
        with pytest.raises(ConnectionFailed):
            session.count(ROWS)
    server.start()
    with PostgresqlEngine.connect(target) as session:
        assert session.count(ROWS) == 0


def test_server_killed_in_a_transaction(server: PostgresServer, target: Target) -> None:
    def killed(session: PostgresqlEngine) -> None:
        with session.transaction():
            session.run(Statement("CREATE TABLE rows (id integer PRIMARY KEY)"))
            server.kill()
            session.run(Statement("CREATE TABLE more (id integer)"))

    with PostgresqlEngine.connect(target) as session, pytest.raises(ConnectionFailed, match="gone"):
        killed(session)
    server.start()
    with PostgresqlEngine.connect(target) as session:
        assert session.existing_tables(["rows", "more"]) == frozenset()


def test_server_killed_under_the_lock(server: PostgresServer, target: Target) -> None:
    with PostgresqlEngine.connect(target) as session, session.lock(1.0):
        server.kill()
    server.start()
    with PostgresqlEngine.connect(target) as session, session.lock(0.0):
        assert session.query("SELECT 1").rows == ((1,),)


def test_server_killed_while_a_cursor_is_read(
    server: PostgresServer, target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "_SMALL", -1)
    with PostgresqlEngine.connect(target) as session:
        session.query("CREATE TABLE rows AS SELECT generate_series(1, 50000) AS id")
        rows = session.fetch(ROWS, ("id",))
        next(rows)
        server.kill()
        with pytest.raises(ConnectionFailed):
            list(rows)


def test_full_disk_undoes_all_and_the_session_goes_on(postgresql_server: PostgresServer) -> None:
    with small_tablespace(postgresql_server, 16) as tablespace:
        database = postgresql_server.create_database(tablespace=tablespace)
        with PostgresqlEngine.connect(parse_target({"url": postgresql_server.url(database)})) as session:
            session.query("CREATE TABLE rows (id integer PRIMARY KEY)")
            with pytest.raises(StorageFull, match="Free space") as caught:
                session.insert(ROWS, ("id",), ((number,) for number in range(1_000_000)))
            assert caught.value.exit_code == 17
            assert session.count(ROWS) == 0


CORE = "ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb"
HOLDER = f"""
import sys
from {CORE}.engines.postgresql.engine import PostgresqlEngine
from {CORE}.engines.target import parse_target
from ansible_collections.ctrlaltplay.paneldb.tests.support.processes import reach

with PostgresqlEngine.connect(parse_target({{"url": sys.argv[1]}})) as session, session.lock(5.0):
    reach("held")
"""


def test_lock_of_a_killed_holder_is_free_at_once(server: PostgresServer, tmp_path: Path) -> None:
    url = server.url(server.create_database())
    script = tmp_path / "holder.py"
    script.write_text(HOLDER)
    with (
        python_child(script, url, errors=tmp_path / "errors") as holder,
        PostgresqlEngine.connect(parse_target({"url": url})) as session,
    ):
        holder.wait_for("held")
        with pytest.raises(LockHeld) as caught, session.lock(0.2):
            pass
        assert caught.value.details["application"] == "paneldb"
        begun = time.monotonic()
        Timer(0.5, os.kill, (holder.pid, signal.SIGKILL)).start()
        with session.lock(20.0):
            assert 0.3 < time.monotonic() - begun < 5
