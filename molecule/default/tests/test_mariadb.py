# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""MariaDB as role mariadb leaves it."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.ctrlaltplay.paneldb.molecule.default.tests.looking import Database, Plays

testinfra_hosts = ["ansible://paneldb-mariadb"]
FILE = "/etc/mysql/mariadb.conf.d/90-paneldb.cnf"
#: What a careless installation leaves behind. An account without a name at localhost would stand before all others from
#: there, the panel's too, and a check run could not log in any more.
OPEN = (
    "CREATE USER ''@elsewhere",
    "CREATE USER root@'%' IDENTIFIED BY 'root'",
    "ALTER USER root@localhost IDENTIFIED VIA unix_socket OR mysql_native_password USING PASSWORD('root')",
    "CREATE DATABASE test",
    r"INSERT INTO mysql.db (Host, Db, User, Select_priv) VALUES ('%', 'test', '', 'Y'), ('%', 'test\\_%', '', 'Y')",
)


def _as_root_over_the_network(host: Any, password: str) -> Any:
    return host.run("MYSQL_PWD=%s mariadb --protocol=tcp --host=127.0.0.1 --user=root -e 'SELECT 1'", password)


def _is_closed(database: Database) -> bool:
    accounts = database.ask("SELECT User, Host FROM mysql.global_priv WHERE User IN ('', 'root')", "mysql")
    rights = database.ask("SELECT Db FROM mysql.db WHERE User = ''", "mysql")
    plugin = database.ask("SELECT plugin FROM mysql.user WHERE User = 'root' AND Host = 'localhost'", "mysql")
    return (accounts, rights, plugin, database.ask("SHOW DATABASES LIKE 'test'", "mysql")) == (
        ["root|localhost"],
        [],
        ["unix_socket"],
        [],
    )


def test_the_server_runs_now_and_after_a_reboot(host: Any) -> None:
    assert host.service("mariadb").is_enabled
    assert host.service("mariadb").is_running


def test_it_listens_on_the_loopback_address_alone(host: Any) -> None:
    lines = host.check_output("ss -Hltn sport = :3306").splitlines()
    assert [line.split()[3] for line in lines] == ["127.0.0.1:3306"]


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("time_zone", "+00:00"),
        ("character_set_server", "utf8mb4"),
        ("collation_server", "utf8mb4_nopad_bin"),
        ("innodb_flush_log_at_trx_commit", "1"),
        ("sync_binlog", "1"),
        ("log_bin", "1"),
        ("binlog_format", "ROW"),
        ("binlog_expire_logs_seconds", str(14 * 86400)),
        ("gtid_strict_mode", "1"),
        ("thread_handling", "pool-of-threads"),
        ("bind_address", "127.0.0.1"),
    ],
)
def test_the_server_has_the_settings(database: Database, setting: str, value: str) -> None:
    assert database.ask(f"SELECT @@{setting}") == [value]


def test_strict_mode_is_on(database: Database) -> None:
    assert "STRICT_TRANS_TABLES" in database.ask("SELECT @@sql_mode")[0].split(",")


def test_memory_is_shared_out_by_what_the_machine_has(host: Any, database: Database) -> None:
    memory = int(host.check_output("awk '/^MemTotal/ {print $2}' /proc/meminfo")) * 1024
    assert 0.38 < int(database.ask("SELECT @@innodb_buffer_pool_size")[0]) / memory < 0.42


def test_what_is_committed_is_in_the_binary_log_with_its_gtid(host: Any, database: Database) -> None:
    """From there any moment can be recovered."""
    database.ask("CREATE OR REPLACE TABLE mark (id int); INSERT INTO mark VALUES (4711); DROP TABLE mark")
    [position] = database.ask("SELECT @@gtid_binlog_pos")
    [newest] = [line.split("|")[0] for line in database.ask("SHOW BINARY LOGS")[-1:]]
    log = host.check_output(f"mariadb-binlog --verbose --base64-output=decode-rows /var/lib/mysql/{newest}")
    assert f"GTID {position}" in log
    assert "@1=4711" in log


def test_only_root_changes_the_settings_and_nobody_else_sees_data_or_logs(host: Any) -> None:
    assert (host.file(FILE).user, host.file(FILE).mode) == ("root", 0o644)
    assert host.file("/var/log/mysql").mode & 0o007 == 0
    assert not host.run("runuser -u nobody -- ls /var/lib/mysql/panel").succeeded


def test_everything_is_closed_that_should_be(host: Any, database: Database) -> None:
    assert _is_closed(database)
    for password in ("", "root"):
        assert not _as_root_over_the_network(host, password).succeeded
    assert not host.run("runuser -u nobody -- mariadb --user=root -e 'SELECT 1'").succeeded


def test_what_is_opened_again_is_closed_by_the_next_run(host: Any, plays: Plays, database: Database) -> None:
    for statement in (*OPEN, "FLUSH PRIVILEGES"):
        database.ask(statement, "mysql")
    assert _as_root_over_the_network(host, "root").succeeded
    checked = plays.run("site.yml", check=True).expect_success()
    assert "DROP DATABASE test" in checked.stdout
    assert not _is_closed(database)
    plays.run("site.yml").expect_success()
    assert _is_closed(database)
    assert not _as_root_over_the_network(host, "root").succeeded


def test_the_account_may_do_everything_in_its_database_and_nothing_outside(database: Database) -> None:
    grants = database.ask("SHOW GRANTS FOR panel@'%'")
    assert grants[0].startswith("GRANT USAGE ON *.* TO")
    assert grants[1:] == ["GRANT ALL PRIVILEGES ON `panel`.* TO `panel`@`%`"]


def test_the_database_compares_text_as_all_engines_do(database: Database) -> None:
    found = database.ask(
        "SELECT default_character_set_name, default_collation_name FROM information_schema.schemata"
        " WHERE schema_name = 'panel'"
    )
    assert found == ["utf8mb4|utf8mb4_nopad_bin"]
