# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The MongoDB database itself: made, given to an account, removed."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.mongodb.database import plan
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.mongodb.engine import MongodbEngine
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import Target
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import (
    AccessDenied,
    InputError,
    PanelDbError,
    Unsupported,
)
from ansible_collections.ctrlaltplay.paneldb.tests.support.mongodb_script import ScriptedServer, scripted_server
from ansible_collections.ctrlaltplay.paneldb.tests.support.standins import ferretdb


@pytest.fixture(scope="module")
def server() -> Iterator[Target]:
    with ferretdb(accounts=True) as made:
        account: dict[str, Any] = {"user": made.user, "password": made.password, "auth_database": "admin"}
        yield Target("mongodb", host=made.host, port=made.port, connect_timeout=5.0, **account)


@pytest.fixture
def absent(server: Target) -> Iterator[Target]:
    target = replace(server, database=f"t_{secrets.token_hex(6)}")
    yield target
    with suppress(PanelDbError):
        MongodbEngine.drop_database(target)


def made(target: Target, **wanted: Any) -> tuple[str, ...]:
    """Bring the database to what is wanted and give what was run; a second plan must find nothing to do."""
    planned, statements = MongodbEngine.plan_database(target, wanted, MongodbEngine.describe_database(target))
    MongodbEngine.apply_database(target, statements)
    found = MongodbEngine.describe_database(target)
    assert found is not None
    assert found["accounts"] == planned["accounts"]
    assert MongodbEngine.plan_database(target, wanted, found)[1] == ()
    return tuple(statement.text for statement in statements)


def test_a_database_is_there_once_it_has_a_collection(absent: Target) -> None:
    assert MongodbEngine.describe_database(absent) is None
    assert made(absent, encoding="utf8") == ('{"create": "_paneldb_lock"}',)
    assert made(absent) == ()
    MongodbEngine.drop_database(absent)
    assert MongodbEngine.describe_database(absent) is None
    MongodbEngine.drop_database(absent)


def test_an_account_of_its_own_is_made_and_its_password_kept(absent: Target) -> None:
    first, second = secrets.token_hex(8), secrets.token_hex(8)
    owner = replace(absent, user="panel", password=first, auth_database="")
    statements = made(absent, owner="panel", owner_password=first)
    assert len(statements) == 2
    assert first not in repr(statements)
    with MongodbEngine.connect(owner) as session:
        assert session.existing_tables(["_paneldb_lock"]) == {"_paneldb_lock"}
    changed = made(absent, owner="panel", owner_password=second)
    assert changed == ('{"updateUser": "panel", "pwd": "********"}',)
    with pytest.raises(AccessDenied):
        MongodbEngine.connect(owner)
    assert made(absent, owner="panel") == ()
    MongodbEngine.drop_database(absent)
    with pytest.raises(AccessDenied):
        MongodbEngine.connect(replace(owner, password=second))


def test_roles_are_given_where_the_server_has_them() -> None:
    roles = [{"role": "readWrite", "db": "panel"}, {"role": "dbAdmin", "db": "panel"}]
    with scripted_server() as script:
        command = owner_command(script, [])
        assert command == {"createUser": "panel", "pwd": "secret", "roles": roles}
        half = {"user": "panel", "roles": roles[:1]}
        assert owner_command(script, [half]) == {"grantRolesToUser": "panel", "roles": roles[1:]}
        assert owner_command(script, [{"user": "panel", "roles": roles}]) is None


def owner_command(script: ScriptedServer, users: list[dict[str, Any]]) -> Any:
    """What is to be run for an owner; whoever logs in to the script is let in by saying who it is not."""
    script.answers["usersInfo"] = [{"ok": 1.0, "users": users}]
    given = {"owner": "panel"} if users else {"owner": "panel", "owner_password": "secret"}
    _unused, statements = plan(script.target(), given, {"accounts": ["panel"], "size_bytes": 1})
    return statements[0].command if statements else None


def test_what_a_database_does_not_have_is_refused(absent: Target) -> None:
    for wanted in ({"collation": "C"}, {"mode": "0600"}, {"encoding": "LATIN1"}):
        with pytest.raises(Unsupported, match=next(iter(wanted))):
            MongodbEngine.plan_database(absent, wanted, None)
    with pytest.raises(InputError, match="Give owner, too"):
        MongodbEngine.plan_database(absent, {"owner_password": "x"}, None)
    with pytest.raises(InputError, match="no account nobody"):
        MongodbEngine.plan_database(absent, {"owner": "nobody"}, None)


@pytest.mark.parametrize("name", ["admin", "local", "config", "", "a.b"])
def test_databases_of_the_server_itself_are_left_alone(server: Target, name: str) -> None:
    with pytest.raises(InputError):
        MongodbEngine.drop_database(replace(server, database=name))
