# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How sessions with MySQL and MariaDB are opened, and how their refusals are told, as far as no server is needed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from pymysql.err import InternalError, OperationalError

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.mysql import connecting, session
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.mysql.accounts import (
    Account,
    native_hash,
    sha2_hash,
    verifies,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.mysql.faults import (
    by_number,
    code_of,
    refused,
    row_of,
    translate,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.mysql.locking import lock_name
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.mysql.naming import listed, quoted
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.mysql.option_files import (
    client_options,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.mysql.transfer import grouped
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import Target
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import (
    AccessDenied,
    ConnectionFailed,
    ConstraintViolated,
    InputError,
    PanelDbError,
    StatementFailed,
    StorageFull,
    Unsupported,
    WriteRefused,
)

# --- option files ------------------------------------------------------------------------------------------------


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(
        "ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.mysql.option_files._GLOBAL_FILES",
        (str(tmp_path / "global.cnf"),),
    )
    for name in [name for name in os.environ if name.startswith(("MYSQL_", "MARIADB_"))]:
        monkeypatch.delenv(name)
    return tmp_path


def test_files_are_read_as_the_client_reads_them(home: Path) -> None:
    (home / "global.cnf").write_text(
        "user = nobody\n# comment\n[mysqld]\nport = 1\n[client]\nhost=first # here\nport = 3307\nssl\n\n"
        "[mysqldump]\nhost = other\n[client-mariadb]\nssl_ca = /ca.pem\n"
    )
    (home / ".my.cnf").write_text(
        "[client]\nHOST = second\npassword = 'a # b' # not of it\nuser=\"it's\"\nloose-socket = /a\\sb\\\\c\n; end\n"
    )
    assert client_options() == {
        "host": "second",
        "port": "3307",
        "ssl": "",
        "ssl-ca": "/ca.pem",
        "password": "a # b",
        "user": "it's",
        "socket": "/a b\\c",
    }


def test_included_files_are_read(home: Path) -> None:
    (home / "more").mkdir()
    (home / "global.cnf").write_text("!includedir more\n[client]\nuser = own\n!include one.cnf\n!include missing.cnf\n")
    (home / "one.cnf").write_text("[client-server]\nsocket = /one\n!include one.cnf\n")
    (home / "more" / "b.cnf").write_text("[client]\nhost = b\nuser = b\n")
    (home / "more" / "a.cnf").write_text("[client]\nhost = a\n")
    (home / "more" / "c.txt").write_text("[client]\nhost = c\n")
    assert client_options() == {"host": "b", "user": "own", "socket": "/one"}


def test_files_are_stronger_than_the_environment(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"HOST": "env", "TCP_PORT": "1", "UNIX_PORT": "/env", "PWD": "env", "HOME": str(home)}.items():
        monkeypatch.setenv(f"MYSQL_{name}", value)
    (home / "my.cnf").write_text("[client]\nhost = file\n")
    assert client_options() == {"host": "file", "port": "1", "socket": "/env", "password": "env"}


def test_file_that_anybody_may_write_to_is_not_read(home: Path) -> None:
    (home / ".my.cnf").write_text("[client]\nhost = evil\n")
    (home / ".my.cnf").chmod(0o666)
    assert client_options() == {}


@pytest.mark.parametrize("content", [b"[client]\nuser name = x\n", b"[client]\nuser = \xff\n"])
def test_file_that_cannot_be_read_is_named(home: Path, content: bytes) -> None:
    (home / ".my.cnf").write_bytes(content)
    with pytest.raises(InputError, match=r"\.my\.cnf"):
        client_options()


# --- places and TLS ----------------------------------------------------------------------------------------------

SOCKET = connecting.SOCKETS[0]
PLACES: list[tuple[dict[str, Any], dict[str, str], list[dict[str, Any]]]] = [
    ({}, {}, [{"unix_socket": SOCKET}]),
    ({}, {"socket": "/s", "port": "1"}, [{"unix_socket": "/s"}]),
    ({"port": 5}, {"socket": "/s"}, [{"host": "localhost", "port": 5}]),
    ({"unix_socket": "/t"}, {"host": "h"}, [{"unix_socket": "/t"}]),
    ({}, {"host": "h", "socket": "/s"}, [{"host": "h", "port": 3306}]),
    ({"host": "h"}, {"host": "other", "port": "7"}, [{"host": "h", "port": 7}]),
    ({"host": "a:1,b"}, {}, [{"host": "a", "port": 1}, {"host": "b", "port": 3306}]),
]


@pytest.mark.parametrize(("said", "options", "places"), PLACES)
def test_places(
    said: dict[str, Any], options: dict[str, str], places: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connecting, "SOCKETS", (SOCKET,))
    assert connecting.places_of(Target("mysql", **said), options) == places


TLS: list[tuple[dict[str, Any], dict[str, str], bool, str]] = [
    ({}, {}, False, ""),
    ({"tls_mode": "prefer"}, {}, False, "prefer"),
    ({"tls_mode": "prefer"}, {}, True, "disable"),
    ({"tls_mode": "require"}, {}, True, "require"),
    ({"tls_mode": "require", "tls_ca": "/ca"}, {}, False, "verify-ca"),
    ({"tls_ca": "/ca"}, {}, False, "verify-full"),
    ({"tls_ca": "/ca", "options": {"sslaccept": "accept_invalid_certs"}}, {}, False, "verify-ca"),
    ({"tls_cert": "/c"}, {}, False, "require"),
    ({}, {"ssl": ""}, False, "require"),
    ({}, {"ssl": "0"}, False, "disable"),
    ({}, {"skip-ssl": ""}, False, "disable"),
    ({}, {"ssl-mode": "VERIFY_IDENTITY"}, False, "verify-full"),
    ({}, {"ssl-verify-server-cert": ""}, False, "verify-full"),
    ({"tls_mode": "disable"}, {"ssl": ""}, False, "disable"),
]


@pytest.mark.parametrize(("said", "options", "by_socket", "mode"), TLS)
def test_tls_modes(said: dict[str, Any], options: dict[str, str], by_socket: bool, mode: str) -> None:
    place = {"unix_socket": "/s"} if by_socket else {"host": "h", "port": 1}
    assert connecting.tls_of(Target("mysql", **said), options, place)[0] == mode


# --- the server --------------------------------------------------------------------------------------------------

VERSIONS = [
    ("10.11.19-MariaDB-0+deb12u1", ("MariaDB", (10, 11, 19))),
    ("5.5.5-10.6.22-MariaDB-log", ("MariaDB", (10, 6, 22))),
    ("11.8.3-MariaDB-ubu2404", ("MariaDB", (11, 8, 3))),
    ("8.0.43", ("MySQL", (8, 0, 43))),
    ("8.4.6-commercial", ("MySQL", (8, 4, 6))),
    ("8.0.36-28.1", ("MySQL", (8, 0, 36))),
]


@pytest.mark.parametrize(("version", "product"), VERSIONS)
def test_product_and_release(version: str, product: tuple[str, tuple[int, ...]]) -> None:
    assert session.product_of(version) == product
    session.refuse_old(*product, version)


@pytest.mark.parametrize("version", ["5.7.44", "5.5.5-10.5.28-MariaDB", "10.5.28-MariaDB"])
def test_server_that_is_too_old_is_refused(version: str) -> None:
    with pytest.raises(Unsupported, match="too old"):
        session.refuse_old(*session.product_of(version), version)


def test_time_limits_have_the_servers_own_units() -> None:
    target = Target("mysql", lock_timeout=0.0, statement_timeout=1.5)
    assert "max_statement_time = 1.5" in session.session_settings(target, "MariaDB")
    assert "max_execution_time = 1500" in session.session_settings(target, "MySQL")
    assert "lock_wait_timeout = 31536000" in session.session_settings(target, "MySQL")
    assert session.lock_seconds(0.2) == 1
    assert "utf8mb4_0900_bin" in session.session_settings(target, "MySQL")


# --- errors ------------------------------------------------------------------------------------------------------

#: Messages as MySQL and MariaDB write them: number, words, kind, what is told, what must not be.
MESSAGES: list[tuple[int, str, type[PanelDbError], str, str]] = [
    (
        1062,
        "Duplicate entry 's3cret' for key 'users.users_email_key'",
        ConstraintViolated,
        "users.users_email",
        "s3cret",
    ),
    (1062, "Duplicate entry 'it's for key 's3cret' for key 'PRIMARY'", ConstraintViolated, "PRIMARY", "s3cret"),
    (3819, "Check constraint 'positive' is violated.", ConstraintViolated, "positive", ""),
    (4025, "CONSTRAINT `positive` failed for `panel`.`nodes`", ConstraintViolated, "positive", ""),
    (1366, "Incorrect integer value: 's3cret' for column `d`.`t`.`a` at row 3", StatementFailed, "at row 3", "s3cret"),
    (1366, "Incorrect string value: '\\xF0\\x9F' for column 'name' at row 1", StatementFailed, "name", "xF0"),
    (1366, "Incorrect integer value: 'it's at s3cret' for column 'a'", StatementFailed, "integer value", "s3cret"),
    (1690, "BIGINT UNSIGNED value is out of range in '(s3cret - 1)'", StatementFailed, "out of range", "s3cret"),
    (1292, "Truncated incorrect DOUBLE value: 's3cret'", StatementFailed, "DOUBLE", "s3cret"),
    (1064, "You have an error in your SQL syntax near 's3cret' at line 2", StatementFailed, "at line 2", "s3cret"),
    (1406, "Data too long for column 'name' at row 1", ConstraintViolated, "name", ""),
    (1213, "Deadlock found when trying to get lock; try restarting transaction", StatementFailed, "Deadlock", ""),
    (1153, "Got a packet bigger than 'max_allowed_packet' bytes", StatementFailed, "max_allowed_packet", ""),
    (1114, "The table 'users' is full", StorageFull, "users", ""),
    (1021, "Disk full (/tmp/x); waiting for someone to free some space...", StorageFull, "Disk full", ""),
    (1030, 'Got error 28 "No space left on device" from storage engine InnoDB', StorageFull, "28", ""),
    (1026, "Error writing file 'x' (Errcode: 28)", StorageFull, "28", ""),
    (1142, "CREATE command denied to user 'u'@'h' for table 't'", AccessDenied, "CREATE", ""),
    (1792, "Cannot execute statement in a READ ONLY transaction", WriteRefused, "READ ONLY", ""),
    (1290, "The MariaDB server is running with the --read-only option", StatementFailed, "read-only", ""),
    (1040, "Too many connections", ConnectionFailed, "Too many", ""),
    (2006, "MySQL server has gone away", ConnectionFailed, "gone", ""),
    (2013, "Lost connection to MySQL server during query", ConnectionFailed, "gone", ""),
    (1927, "Connection was killed", ConnectionFailed, "gone", ""),
    (4031, "The client was disconnected by the server because of inactivity", ConnectionFailed, "gone", ""),
    (1846, "ALGORITHM=INPLACE is not supported", Unsupported, "INPLACE", ""),
]


@pytest.mark.parametrize(("number", "words", "kind", "told", "hidden"), MESSAGES)
def test_messages_are_told_without_values(
    number: int, words: str, kind: type[PanelDbError], told: str, hidden: str
) -> None:
    error = by_number(number, words, "Doing it")
    assert error.__class__ is kind
    assert told in error.message
    assert not hidden or hidden not in repr(error.to_data())


def test_position_of_a_row() -> None:
    assert row_of("Data too long for column 'name' at row 7") == 6
    assert row_of("Duplicate entry") is None


def test_error_of_a_closed_session() -> None:
    assert code_of(InternalError("Packet sequence number wrong")) == 0
    assert isinstance(translate(OperationalError(2013, "Lost"), "Doing it"), ConnectionFailed)


#: What MySQL 8 asks of a client: "Caching SHA-2 Pluggable Authentication" in the manual.
REFUSALS = [
    (RuntimeError("'cryptography' package is required for sha256_password or caching_sha2_password"), "cryptography"),
    (OperationalError(1045, "Access denied for user 'u'@'h' (using password: YES)"), "Check user"),
    (OperationalError(2059, "Authentication plugin 'b'auth_gssapi'' not configured"), "Check user"),
    (OperationalError(1130, "Host 'h' is not allowed to connect to this MySQL server"), "Check user"),
]


@pytest.mark.parametrize(("error", "hint"), REFUSALS)
def test_refused_accounts_are_told_what_to_do(error: Exception, hint: str) -> None:
    told = refused(error, code_of(error), "The server at h")
    assert isinstance(told, AccessDenied)
    assert hint in told.hint


# --- names -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["", "a\0b", "x" * 65, "blank ", "😀"])
def test_names_that_the_server_cannot_have(name: str) -> None:
    with pytest.raises(InputError, match="cannot have this name"):
        quoted(name)


def test_names_are_quoted() -> None:
    assert listed(["a`b", 'c"d', "x" * 64]) == f'`a``b`, `c"d`, `{"x" * 64}`'


def test_names_of_locks_fit() -> None:
    names = [lock_name(name) for name in ("panel", "x" * 64, "x" * 63 + "y", "é", "è")]
    assert names[0] == "paneldb:panel"
    assert len(set(names)) == 5
    assert all(len(name) <= 64 and name.isascii() for name in names)


def test_groups_of_texts() -> None:
    texts = [b"x" * size for size in (3, 3, 20, 1, 1)]
    assert list(grouped(texts, 10)) == [(0, 2), (2, 3), (3, 5)]
    assert list(grouped([], 10)) == []


# --- passwords ---------------------------------------------------------------------------------------------------


def test_what_mysql_native_password_keeps() -> None:
    """The example of ``PASSWORD()`` in the manual."""
    assert native_hash("badpwd") == "*AAB3E285149C0135D51A520E1940DD3263DC008C"
    assert verifies("mysql_native_password", native_hash("x").lower().encode(), "x")
    assert not verifies("mysql_native_password", native_hash("x").encode(), "y")


def test_what_caching_sha2_password_keeps() -> None:
    """As a server kept it for the password ``hashcat``."""
    salt = bytes.fromhex("F9CC98CE08892924F50A213B6BC571A2C11778C5")
    kept = b"$A$005$" + salt + b"bTy95Y99eAME1dwEkHOA1ndHGBWz.1bxSSRkuTXFGV/"
    assert sha2_hash("hashcat", salt) == kept
    assert verifies("caching_sha2_password", kept, "hashcat")
    assert not verifies("caching_sha2_password", kept, "other")
    assert not verifies("ed25519", kept, "hashcat")


def test_accounts() -> None:
    assert [Account.of(name).text for name in ("panel", "it's@10.0.%")] == ["'panel'@'%'", "'it\\'s'@'10.0.%'"]
    assert [Account.of(name).name for name in ("panel@%", "a@b@c")] == ["panel", "a@b@c"]
