# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The test bed's own promises about its server: without them a green fault test proves nothing."""

from __future__ import annotations

import psycopg2
import pytest

from ansible_collections.ctrlaltplay.paneldb.tests.support.postgresql import (
    PostgresServer,
    postgresql_server,
    small_tablespace,
)
from ansible_collections.ctrlaltplay.paneldb.tests.support.processes import alive


def test_wants_a_password(postgresql_server: PostgresServer) -> None:
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        postgresql_server.connect(password="wrong")


def test_default_session_is_not_utc(postgresql_server: PostgresServer) -> None:
    assert postgresql_server.run("SHOW timezone") == [("America/New_York",)]


def test_databases_are_apart(postgresql_server: PostgresServer, postgresql_database: str) -> None:
    postgresql_server.run("CREATE TABLE mine (id int)", database=postgresql_database)
    other = postgresql_server.create_database(template=postgresql_database)
    assert postgresql_server.run("SELECT count(*) FROM mine", database=other) == [(0,)]
    postgresql_server.drop_database(other)
    with pytest.raises(psycopg2.OperationalError, match="does not exist"):
        postgresql_server.connect(other)


def test_survives_a_crash_and_a_restart_on_its_port() -> None:
    with postgresql_server() as server:
        first, port = server.pid, server.port
        session = server.connect()
        server.run("CREATE TABLE kept (id int)")
        server.kill()
        assert not alive(first)
        with pytest.raises(psycopg2.OperationalError), session.cursor() as cursor:
            cursor.execute("SELECT 1")
        server.start()
        server.restart()
        assert server.port == port
        assert server.run("SELECT count(*) FROM kept") == [(0,)]
        last = server.pid
    assert not alive(last)
    assert not server.folder.exists()


def test_a_small_tablespace_fills_up_and_the_server_goes_on(postgresql_server: PostgresServer) -> None:
    with small_tablespace(postgresql_server, 16) as tablespace:
        database = postgresql_server.create_database(tablespace=tablespace)
        postgresql_server.run("CREATE TABLE rows (value text)", database=database)
        with pytest.raises(psycopg2.errors.DiskFull):
            postgresql_server.run(
                "INSERT INTO rows SELECT repeat(md5(n::text), 30) FROM generate_series(1, 20000) n", database=database
            )
        assert postgresql_server.run("SELECT count(*) FROM rows", database=database) == [(0,)]
    assert postgresql_server.run("SELECT 1") == [(1,)]
