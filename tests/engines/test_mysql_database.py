# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The MariaDB database itself: made, described, changed, dropped."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.mysql.engine import MysqlEngine
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import Target, parse_target
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import (
    AccessDenied,
    ConnectionFailed,
    InputError,
    Unsupported,
)
from ansible_collections.ctrlaltplay.paneldb.tests.support.mariadb import MysqlFamilyServer

PASSWORD = "s3cret 'of\" пан€l\\"


@pytest.fixture
def absent(family_server: MysqlFamilyServer) -> Iterator[Target]:
    name = f"t_`{secrets.token_hex(4)}` %s"
    yield parse_target({"url": family_server.url(name)})
    family_server.drop_database(name)


@pytest.fixture
def owner(family_server: MysqlFamilyServer) -> Iterator[str]:
    name = f"owner '{secrets.token_hex(4)}'"
    yield name
    family_server.run(f"DROP USER IF EXISTS `{name}`@`%`, `{name}`@`127.0.0.1`")


def made(target: Target, **wanted: Any) -> dict[str, Any]:
    """Bring the database to what is wanted and give what it says of itself; a second plan must find nothing to do."""
    planned, statements = MysqlEngine.plan_database(target, wanted, MysqlEngine.describe_database(target))
    assert "s3cret" not in repr([statement.text for statement in statements])
    assert "s3cret" not in repr([statement.command for statement in statements])
    MysqlEngine.apply_database(target, statements)
    found = MysqlEngine.describe_database(target)
    assert found is not None
    assert {name: found[name] for name in planned if name != "size_bytes"} == {
        name: value for name, value in planned.items() if name != "size_bytes"
    }
    assert MysqlEngine.plan_database(target, wanted, found) == (found, ())
    return found


def test_absent_database_is_none_and_planning_makes_nothing(absent: Target, owner: str) -> None:
    assert MysqlEngine.describe_database(absent) is None
    assert MysqlEngine.plan_database(absent, {"owner": owner, "owner_password": PASSWORD}, None)[1] != ()
    assert MysqlEngine.describe_database(absent) is None


def test_database_keeps_any_text_and_tells_all_texts_apart(absent: Target, family_server: MysqlFamilyServer) -> None:
    found = made(absent)
    assert (found["encoding"], found["collation"], found["owner"]) == ("utf8mb4", family_server.collation, "")
    assert found["timezone"] == "-05:00"
    with MysqlEngine.connect(absent) as session:
        session.query("CREATE TABLE t (a varchar(9) PRIMARY KEY)")
        assert session.query("INSERT INTO t VALUES ('a'), ('A'), ('á'), ('a '), ('😀')").affected == 5


def test_owner_is_made_and_may_do_all_in_the_database_and_nothing_elsewhere(
    absent: Target, owner: str, family_server: MysqlFamilyServer
) -> None:
    assert made(absent, owner=owner, owner_password=PASSWORD, encoding="UTF8")["owner"] == owner
    own = replace(absent, user=owner, password=PASSWORD)
    with MysqlEngine.connect(own) as session:
        session.query("CREATE TABLE t (id integer)")
    like = absent.database.replace("_", "x")
    family_server.create_database(like)
    try:
        with pytest.raises(AccessDenied):
            MysqlEngine.connect(replace(own, database=like))
    finally:
        family_server.drop_database(like)


def test_password_of_the_owner_is_only_written_where_it_is_another(absent: Target, owner: str) -> None:
    made(absent, owner=owner, owner_password=PASSWORD)
    current = MysqlEngine.describe_database(absent)
    _unused, statements = MysqlEngine.plan_database(absent, {"owner": owner, "owner_password": "new"}, current)
    assert [each.text.split()[:2] for each in statements] == [["ALTER", "USER"]]
    made(absent, owner=owner, owner_password="new")
    with MysqlEngine.connect(replace(absent, user=owner, password="new")) as session:
        assert session.query("SELECT 1").rows == ((1,),)


def test_owner_of_an_existing_database_and_a_second_one(absent: Target, owner: str) -> None:
    made(absent)
    made(absent, owner=owner, owner_password=PASSWORD)
    local = f"{owner}@127.0.0.1"
    assert made(absent, owner=local, owner_password="other")["owner"] == f"{owner}, {local}"
    with MysqlEngine.connect(replace(absent, user=owner, password="other")) as session:
        assert session.query("SELECT CURRENT_USER()").rows == ((local,),)


def test_owner_that_is_missing_needs_a_password(absent: Target, owner: str) -> None:
    with pytest.raises(InputError, match="owner_password"):
        MysqlEngine.plan_database(absent, {"owner": owner}, None)
    with pytest.raises(InputError, match="whose password"):
        MysqlEngine.plan_database(absent, {"owner_password": "x"}, None)


def test_collation_changes_for_new_tables(absent: Target, family_server: MysqlFamilyServer) -> None:
    family_server.run(f"CREATE DATABASE `{absent.database.replace('`', '``')}`")
    found = MysqlEngine.describe_database(absent)
    assert found is not None
    assert found["encoding"] == "latin1"
    assert MysqlEngine.plan_database(absent, {}, found) == (found, ())
    assert made(absent, encoding="utf-8")["collation"] == family_server.collation
    assert made(absent, collation="utf8mb4_unicode_520_ci")["collation"] == "utf8mb4_unicode_520_ci"


@pytest.mark.parametrize(
    "wanted", [{"file_mode": "0600"}, {"encoding": "latin1"}, {"ctype": "C"}, {"timezone": "Europe/Berlin"}]
)
def test_what_a_database_cannot_have_is_named(absent: Target, wanted: dict[str, Any]) -> None:
    made(absent)
    with pytest.raises(Unsupported):
        MysqlEngine.plan_database(absent, wanted, MysqlEngine.describe_database(absent))


def test_dropping_ends_other_sessions(absent: Target) -> None:
    made(absent)
    with MysqlEngine.connect(absent) as session:
        session.query("CREATE TABLE t (id integer)")
        with suppress(ConnectionFailed), session.transaction():
            session.query("INSERT INTO t VALUES (1)")
            MysqlEngine.drop_database(absent)
        with pytest.raises(ConnectionFailed):
            session.query("SELECT 1")
    assert MysqlEngine.describe_database(absent) is None
    MysqlEngine.drop_database(absent)


@pytest.mark.parametrize("name", ["", "mysql", "MySQL", "information_schema", "performance_schema", "sys"])
def test_databases_of_the_server_are_not_touched(absent: Target, name: str) -> None:
    with pytest.raises(InputError):
        MysqlEngine.drop_database(replace(absent, database=name))
    with pytest.raises(InputError):
        MysqlEngine.plan_database(replace(absent, database=name), {}, None)


def test_account_that_may_open_only_its_own_database(absent: Target, owner: str) -> None:
    made(absent, owner=owner, owner_password=PASSWORD)
    found = MysqlEngine.describe_database(replace(absent, user=owner, password=PASSWORD))
    assert found is not None
    assert found["owner"] == owner
