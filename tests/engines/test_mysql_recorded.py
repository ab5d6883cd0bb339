# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What others may have made on MySQL, and MariaDB does not have or shows otherwise, is read as it is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.mysql.accounts import (
    sha2_hash,
    verifies,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.mysql.engine import MysqlEngine
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import Target
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.schema import Default
from ansible_collections.ctrlaltplay.paneldb.tests.support.grid import MysqlBed
from ansible_collections.ctrlaltplay.paneldb.tests.support.mariadb import MysqlServer, mysql_server

ODD = r"""
    CREATE TABLE odd (
        id int unsigned NOT NULL, small smallint, guid char(36) CHARACTER SET ascii COLLATE ascii_bin DEFAULT (uuid()),
        data json DEFAULT ('{"a": ["\\"", "ö"]}'), name varchar(50) DEFAULT (concat('ö', 'it''s')),
        twice int AS (small * 2) STORED, shout varchar(60) AS (concat(name, '!ö')) VIRTUAL,
        hidden int INVISIBLE DEFAULT 3, word varchar(9) DEFAULT 'NULL', raw binary(16) DEFAULT (uuid_to_bin(uuid())),
        PRIMARY KEY (id), KEY odd_hidden (small) INVISIBLE, KEY odd_lower ((lower(name))),
        KEY odd_down (small DESC, id),
        CONSTRAINT odd_rule CHECK (regexp_like(name, '^[ö]\\\\')), CONSTRAINT odd_name CHECK (name <> 'ö\\''')
    ) COLLATE utf8mb4_0900_bin
"""


@pytest.fixture(scope="module")
def server() -> Iterator[MysqlServer]:
    with mysql_server() as made:
        yield made


@pytest.fixture
def target(server: MysqlServer) -> Iterator[Target]:
    with MysqlBed(server).database() as made:
        yield made


def test_expressions_columns_and_indexes(target: Target) -> None:
    with MysqlEngine.connect(target) as session:
        session.query(ODD)
        catalogue = session.catalogue()
    table = catalogue.schema.holder("odd")
    assert {each.name: str(each.type) for each in table.columns} == {
        "id": "foreign(int unsigned)",
        "small": "foreign(smallint)",
        "guid": "uuid",
        "data": "json",
        "name": "string(50)",
        "twice": "integer",
        "shout": "string(60)",
        "hidden": "integer",
        "word": "string(9)",
        "raw": "foreign(binary(16))",
    }
    assert {each.name: each.default for each in table.columns if each.default} == {
        "guid": Default(function="uuid()"),
        "data": Default({"a": ['"', "ö"]}),
        "name": Default(function=r"opaque:(concat(_utf8mb4'ö',_utf8mb4'it\'s'))"),
        "hidden": Default(3),
        "word": Default("NULL"),
        "raw": Default(function="opaque:(uuid_to_bin(uuid()))"),
    }
    assert table.column("shout").generated == "concat(`name`,_utf8mb4'!ö')"
    assert {check.name: check.expression for check in table.checks} == {
        "odd_name": "name <> 'ö\\'''",
        "odd_rule": r"opaque:regexp_like(`name`,_utf8mb4'^[ö]\\\\')",
    }
    assert [index.name for index in table.indexes] == ["odd_down"]
    assert set(catalogue.native.kept) == {("odd", "odd_hidden"), ("odd", "odd_lower")}


def test_a_verifier_of_ours_and_one_of_the_servers(server: MysqlServer) -> None:
    """Each takes what the other made."""
    server.create_user("theirs", "pä'ss")
    ((plugin, kept),) = server.run("SELECT plugin, authentication_string FROM mysql.user WHERE user = 'theirs'")
    assert plugin == "caching_sha2_password"
    assert verifies(plugin, kept if isinstance(kept, bytes) else kept.encode(), "pä'ss")
    ours = sha2_hash("pä'ss", b"0123456789abcdefghij").decode()
    server.run("CREATE USER ours IDENTIFIED WITH caching_sha2_password AS %s", (ours,))
    server.connect(user="ours", password="pä'ss".encode().decode("latin-1")).close()
