# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sessions with MariaDB by TLS: where they take it, and whom they trust."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.mysql.engine import MysqlEngine
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import Target, parse_target
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import ConnectionFailed, InputError
from ansible_collections.ctrlaltplay.paneldb.tests.support.certificates import Certificates, certificates
from ansible_collections.ctrlaltplay.paneldb.tests.support.mariadb import MariadbServer
from ansible_collections.ctrlaltplay.paneldb.tests.support.mariadb import mariadb_server as another_server


@pytest.fixture
def target(mariadb_target: Target) -> Target:
    return mariadb_target


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return certificates(tmp_path_factory.mktemp("tls"), "127.0.0.1")


@pytest.fixture(scope="module")
def tls_server(authority: Certificates) -> Iterator[MariadbServer]:
    with another_server(ssl_cert=str(authority.cert), ssl_key=str(authority.key)) as made:
        made.create_database("t")
        made.create_user("tls", "pw", "ALL ON t.*")
        made.run("ALTER USER tls@'%' REQUIRE SSL")
        yield made


def cipher(target: Target) -> str:
    with MysqlEngine.connect(target) as session:
        return str(session.query("SHOW SESSION STATUS LIKE 'Ssl_cipher'").rows[0][1])


@pytest.mark.parametrize("mode", ["prefer", "require", "verify-ca", "verify-full"])
def test_tls_is_used_where_it_is_asked_for(tls_server: MariadbServer, authority: Certificates, mode: str) -> None:
    target = parse_target({"url": tls_server.url("t", "tls", "pw"), "tls_mode": mode})
    verifying = mode.startswith("verify")
    assert cipher(replace(target, tls_ca=str(authority.ca) if verifying else ""))


def test_tls_is_not_used_where_it_is_not_asked_for(tls_server: MariadbServer) -> None:
    target = parse_target({"url": tls_server.url("t")})
    assert [cipher(replace(target, tls_mode=mode)) for mode in ("", "allow", "disable")] == ["", "", ""]


def test_tls_with_an_authority_that_is_not_the_servers(tls_server: MariadbServer, tmp_path: Path) -> None:
    other = certificates(tmp_path, "127.0.0.1")
    target = parse_target({"url": tls_server.url("t"), "tls_ca": str(other.ca)})
    for mode in ("", "require", "verify-ca", "verify-full"):
        with pytest.raises(ConnectionFailed, match="certificate"):
            MysqlEngine.connect(replace(target, tls_mode=mode))


def test_tls_with_a_certificate_of_another_host(tls_server: MariadbServer, authority: Certificates) -> None:
    target = parse_target({"url": tls_server.url("t"), "tls_ca": str(authority.ca), "login_host": "127.0.0.1"})
    elsewhere = replace(target, host="localhost")
    assert cipher(replace(elsewhere, tls_mode="verify-ca"))
    with pytest.raises(ConnectionFailed, match=r"certificate|[Hh]ostname"):
        MysqlEngine.connect(replace(elsewhere, tls_mode="verify-full"))


def test_tls_that_the_server_lacks(target: Target) -> None:
    with pytest.raises(ConnectionFailed, match=r"no TLS|SSL"):
        MysqlEngine.connect(replace(target, tls_mode="require"))
    with MysqlEngine.connect(replace(target, tls_mode="prefer")) as session:
        assert session.query("SELECT 1").rows == ((1,),)


def test_authorities_are_read_once(authority: Certificates, tls_server: MariadbServer, monkeypatch: Any) -> None:
    read: list[str] = []
    monkeypatch.setattr(ssl.SSLContext, "load_default_certs", lambda *_unused: read.append("default"))
    target = parse_target({"url": tls_server.url("t"), "tls_ca": str(authority.ca), "tls_mode": "verify-full"})
    for _unused in range(2):
        with MysqlEngine.connect(target), MysqlEngine.connect(replace(target, tls_ca="", tls_mode="")):
            pass
    assert read == []


def test_broken_certificate_is_told(target: Target, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nothing")
    with pytest.raises(InputError, match="cannot be used"):
        MysqlEngine.connect(replace(target, tls_mode="verify-ca", tls_ca=str(tmp_path / "ca.pem")))
