# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The PostgreSQL host: hardened, tuned, in UTC, and the panel's role with nothing that it does not need."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.ctrlaltplay.paneldb.molecule.default.tests.looking import (
    POSTGRESQL_FOLDER,
    POSTGRESQL_UNIT,
    Database,
    password_of,
    read_settings,
)

testinfra_hosts = ["ansible://paneldb-postgresql"]
LOGIN = "psql --no-psqlrc -h {host} -U panel -d panel -At -c %s"


def _login(host: Any, password: str, statement: str, address: str = "localhost") -> Any:
    return host.run(f"PGPASSWORD=%s {LOGIN.format(host=address)}", password, statement)


def _password(host: Any) -> str:
    return password_of(read_settings(host))


def test_the_server_runs_now_and_after_a_reboot(host: Any) -> None:
    assert host.service("postgresql").is_enabled
    assert host.service(POSTGRESQL_UNIT).is_running


def test_it_listens_on_the_loopback_address_alone(host: Any) -> None:
    lines = host.check_output("ss -Hltn sport = :5432").splitlines()
    assert {line.split()[3] for line in lines} <= {"127.0.0.1:5432", "[::1]:5432"}
    assert lines


def test_every_access_rule_is_ours_and_none_is_weak(database: Database) -> None:
    rules = database.ask(
        "SELECT type, array_to_string(database, ','), array_to_string(user_name, ','), address, auth_method"
        " FROM pg_hba_file_rules ORDER BY line_number",
        "postgres",
    )
    assert rules == [
        "local|all|all||peer",
        "local|replication|postgres||peer",
        "host|all|all|127.0.0.1|scram-sha-256",
        "host|all|all|::1|scram-sha-256",
    ]
    assert database.ask("SELECT count(*) FROM pg_hba_file_rules WHERE error IS NOT NULL", "postgres") == ["0"]


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("password_encryption", "scram-sha-256"),
        ("timezone", "UTC"),
        ("log_timezone", "UTC"),
        ("listen_addresses", "localhost"),
    ],
)
def test_the_server_has_the_settings(database: Database, setting: str, value: str) -> None:
    assert database.ask(f"SHOW {setting}", "postgres") == [value]


def test_no_setting_waits_for_a_restart(database: Database) -> None:
    assert database.ask("SELECT name FROM pg_settings WHERE pending_restart", "postgres") == []


def test_memory_is_shared_out_by_what_the_machine_has(host: Any, database: Database) -> None:
    memory = int(host.check_output("awk '/^MemTotal/ {print $2}' /proc/meminfo"))
    shared = int(database.ask("SELECT setting FROM pg_settings WHERE name = 'shared_buffers'", "postgres")[0]) * 8
    assert 0.24 < shared / memory < 0.26


@pytest.mark.parametrize("file", ["pg_hba.conf", "conf.d/paneldb.conf"])
def test_only_the_server_reads_its_settings(host: Any, file: str) -> None:
    found = host.file(f"{POSTGRESQL_FOLDER}/{file}")
    assert (found.group, found.mode) == ("postgres", 0o640)


def test_database_and_role_are_in_utc_whatever_the_server_says(database: Database) -> None:
    found = database.ask(
        "SELECT coalesce(r.rolname, ''), s.setconfig::text FROM pg_db_role_setting AS s"
        " JOIN pg_database AS d ON d.oid = s.setdatabase LEFT JOIN pg_roles AS r ON r.oid = s.setrole"
        " WHERE d.datname = 'panel' ORDER BY 1",
    )
    assert found == ["|{TimeZone=UTC}", "panel|{TimeZone=UTC}"]


def test_the_role_owns_its_database_and_may_do_nothing_else(database: Database) -> None:
    role = database.ask(
        "SELECT rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls, left(rolpassword, 14)"
        " FROM pg_authid WHERE rolname = 'panel'"
    )
    assert role == ["f|f|f|f|f|SCRAM-SHA-256$"]
    assert database.ask("SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'panel'") == ["panel"]
    assert set(database.ask("SELECT tableowner FROM pg_tables WHERE schemaname = 'public'")) == {"panel"}


@pytest.mark.parametrize("address", ["localhost", "127.0.0.1"])
def test_the_panel_logs_in_with_the_password_of_its_settings(host: Any, address: str) -> None:
    done = _login(host, _password(host), "SELECT current_user, current_setting('timezone')", address)
    assert done.stdout.strip() == "panel|UTC"


def test_nobody_logs_in_as_the_panel_over_the_socket(host: Any) -> None:
    done = host.run(f"runuser -u nobody -- {LOGIN.format(host='/var/run/postgresql')}", "SELECT 1")
    assert done.rc == 2
    assert "Peer authentication failed" in done.stderr


def test_the_superuser_cannot_come_in_over_the_network(host: Any) -> None:
    done = host.run("PGPASSWORD=postgres psql -h 127.0.0.1 -U postgres -At -c 'SELECT 1'")
    assert done.rc == 2
    assert "password authentication failed" in done.stderr
