# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Accounts by profile on MongoDB: the commands in their documented form, and a stand-in that has no roles."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb import accounts
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.mongodb.accounts import APP_ACTIONS
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.mongodb.engine import MongodbEngine
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import Target
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import InputError, Unsupported
from ansible_collections.ctrlaltplay.paneldb.tests.support.mongodb_script import ScriptedServer, scripted_server
from ansible_collections.ctrlaltplay.paneldb.tests.support.standins import documentdb, ferretdb

ROLE = {
    "role": "paneldb_app",
    "db": "panel",
    "roles": [],
    "privileges": [{"resource": {"db": "panel", "collection": ""}, "actions": list(APP_ACTIONS)}],
}
#: By profile, the roles of the manual's chapter "Built-In Roles", and one of our own.
ROLES = {
    "owner": [("readWrite", "panel"), ("dbAdmin", "panel")],
    "app": [("paneldb_app", "panel")],
    "read-only": [("read", "panel")],
    "backup": [("backup", "admin")],
    "monitor": [("clusterMonitor", "admin")],
}


@pytest.fixture
def script() -> Iterator[ScriptedServer]:
    with scripted_server() as made:
        yield made


def planned(
    script: ScriptedServer,
    row: dict[str, Any],
    users: list[dict[str, Any]],
    roles: list[dict[str, Any]] | None = None,
) -> accounts.AccountsPlan:
    """Compare with a server that has these accounts and roles."""
    script.answers["usersInfo"] = [{"ok": 1.0, "users": users}]
    # It is asked first whether the server has roles at all.
    script.answers["rolesInfo"] = [{"ok": 1.0, "roles": []}, {"ok": 1.0, "roles": [ROLE] if roles is None else roles}]
    return accounts.plan(script.target(), accounts.parse_accounts([row]))


def commands(plan: accounts.AccountsPlan) -> list[Any]:
    """What is to be run."""
    return [statement.command for account in plan.accounts for statement in account.statements]


def _listed(profile: str) -> list[dict[str, str]]:
    return [{"role": role, "db": where} for role, where in ROLES[profile]]


@pytest.mark.parametrize("profile", ROLES)
def test_an_account_gets_the_roles_of_its_profile(script: ScriptedServer, profile: str) -> None:
    row = {"name": "ann", "profile": profile, "password": "s3cret"}
    plan = planned(script, row, [])
    assert commands(plan) == [{"createUser": "ann", "pwd": "s3cret", "roles": _listed(profile)}]
    assert "s3cret" not in str(plan.to_data())
    accounts.apply(plan)
    [sent] = script.named("createUser")
    assert (sent["pwd"], sent["roles"], sent["$db"]) == ("s3cret", _listed(profile), "panel")


@pytest.mark.parametrize("profile", ROLES)
def test_one_that_has_them_is_left_alone_and_one_with_more_loses_them(script: ScriptedServer, profile: str) -> None:
    row = {"name": "ann", "profile": profile}
    there = {"user": "ann", "roles": _listed(profile)}
    assert not planned(script, row, [there]).changed
    more = {"user": "ann", "roles": [*_listed(profile), {"role": "root", "db": "admin"}]}
    assert commands(planned(script, row, [more])) == [{"updateUser": "ann", "roles": _listed(profile)}]


def test_the_role_of_the_application_is_made_and_mended(script: ScriptedServer) -> None:
    row = {"name": "ann", "profile": "app"}
    there = [{"user": "ann", "roles": _listed("app")}]
    made = {"createRole": "paneldb_app", "privileges": ROLE["privileges"], "roles": []}
    assert commands(planned(script, row, there, [])) == [made]
    wide = {**ROLE, "privileges": [{"resource": {"db": "panel", "collection": ""}, "actions": ["dropCollection"]}]}
    for other in (wide, {**ROLE, "roles": [{"role": "dbOwner", "db": "panel"}]}):
        mended = {"updateRole": "paneldb_app", "privileges": ROLE["privileges"], "roles": []}
        assert commands(planned(script, row, there, [other])) == [mended]
    changing = {"createCollection", "createIndex", "dropCollection", "dropIndex", "collMod", "dropDatabase"}
    assert not changing & set(APP_ACTIONS)


def test_an_account_that_goes(script: ScriptedServer) -> None:
    gone = {"name": "ann", "state": "absent"}
    assert commands(planned(script, gone, [{"user": "ann", "roles": []}])) == [{"dropUser": "ann"}]
    assert planned(script, gone, []).accounts[0].outcome == "absent"
    with pytest.raises(Unsupported, match="own nothing"):
        planned(script, {**gone, "reassign_to": "bob"}, [{"user": "ann", "roles": []}])


@pytest.mark.parametrize("more", [{"auth": "socket"}, {"require_tls": True}, {"host": "10.0.0.1"}])
def test_what_is_said_in_the_servers_configuration(script: ScriptedServer, more: dict[str, Any]) -> None:
    with pytest.raises(Unsupported, match="configuration"):
        planned(script, {"name": "ann", "profile": "app", **more}, [])


def test_a_new_account_needs_a_password(script: ScriptedServer) -> None:
    with pytest.raises(InputError, match="no password yet"):
        planned(script, {"name": "ann", "profile": "read-only"}, [])


@pytest.mark.parametrize("server_of", [ferretdb, documentdb])
def test_a_server_without_roles_has_no_profiles_and_lets_accounts_go(server_of: Any) -> None:
    with server_of(accounts=True) as server:
        entry: dict[str, Any] = {"user": server.user, "password": server.password, "auth_database": "admin"}
        target = Target("mongodb", host=server.host, port=server.port, database=f"t_{secrets.token_hex(4)}", **entry)
        for profile in ROLES:
            row = {"name": "ann", "profile": profile, "password": "x"}
            with pytest.raises(Unsupported, match="no roles"):
                accounts.plan(target, accounts.parse_accounts([row]))
        wanted = {"owner": "ann", "owner_password": "x"}
        MongodbEngine.apply_database(target, MongodbEngine.plan_database(target, wanted, None)[1])
        MongodbEngine.connect(replace(target, user="ann", password="x", auth_database=target.database)).close()
        gone = accounts.plan(target, accounts.parse_accounts([{"name": "ann", "state": "absent"}]))
        assert gone.accounts[0].outcome == "removed"
        accounts.apply(gone)
        left = accounts.plan(target, accounts.parse_accounts([{"name": "ann", "state": "absent"}]))
        assert left.accounts[0].outcome == "absent"
        MongodbEngine.drop_database(target)
