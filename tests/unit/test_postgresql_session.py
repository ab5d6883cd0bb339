# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is passed to libpq, and what is not."""

from __future__ import annotations

import sys

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.postgresql.engine import (
    PostgresqlEngine,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.postgresql.session import (
    libpq_arguments,
    session_settings,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import Target, parse_target
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import InputError, PanelDbError


def test_unsaid_parts_are_left_to_libpq() -> None:
    assert libpq_arguments(Target("postgresql")) == {
        "application_name": "paneldb",
        "connect_timeout": 10,
        "client_encoding": "UTF8",
    }


def test_everything_said_is_passed() -> None:
    url = (
        "postgresql://u:p@one:1,two/d?sslmode=verify-full&sslrootcert=/ca&sslcert=/c&sslkey=/k&connect_timeout=1"
        "&connection_limit=5&pgbouncer=true&application_name=mine&target_session_attrs=read-write"
    )
    assert libpq_arguments(parse_target({"url": url})) == {
        "application_name": "mine",
        "host": "one,two",
        "port": "1,",
        "user": "u",
        "password": "p",
        "dbname": "d",
        "sslmode": "verify-full",
        "sslrootcert": "/ca",
        "sslcert": "/c",
        "sslkey": "/k",
        "connect_timeout": 2,
        "client_encoding": "UTF8",
        "target_session_attrs": "read-write",
    }


@pytest.mark.parametrize(
    ("engine", "said", "wanted"),
    [("postgresql", {}, 25), ("postgresql", {"connect_timeout": 10}, 10), ("mysql", {}, 10)],
)
def test_environment_says_how_long_to_wait_where_nothing_else_does(
    monkeypatch: pytest.MonkeyPatch, engine: str, said: dict[str, int], wanted: int
) -> None:
    monkeypatch.setenv("PGCONNECT_TIMEOUT", "25")
    assert parse_target({"engine": engine, "database": "d", **said}).connect_timeout == wanted
    monkeypatch.setenv("PGCONNECT_TIMEOUT", "soon")
    if wanted != 10:
        with pytest.raises(InputError, match="PGCONNECT_TIMEOUT"):
            parse_target({"engine": engine, "database": "d"})


def test_socket_is_the_host() -> None:
    arguments = libpq_arguments(Target("postgresql", unix_socket="/run/pg", port=6000, connect_timeout=0))
    assert (arguments["host"], arguments["port"], arguments["connect_timeout"]) == ("/run/pg", 6000, 0)


def test_settings_of_a_session() -> None:
    target = Target("postgresql", schema='my "own" schema', lock_timeout=0.0001, statement_timeout=2.5)
    settings = session_settings(target, read_only=True)
    assert settings["timezone"] == "UTC"
    assert settings["lock_timeout"] == "1"
    assert settings["statement_timeout"] == "2500"
    assert settings["search_path"] == '"my ""own"" schema"'
    assert settings["default_transaction_read_only"] == "on"
    assert "default_transaction_read_only" not in session_settings(target)


def test_missing_driver_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg2", None)
    with pytest.raises(PanelDbError, match="python3-psycopg2"):
        PostgresqlEngine.connect(Target("postgresql"))
