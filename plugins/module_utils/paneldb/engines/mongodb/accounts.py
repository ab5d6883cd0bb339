# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Accounts by profile: built-in roles where one says what the profile does, else a role of the database's own.

Accounts are made in the database that they are for. A password is compared by logging in with it. ``readWrite`` could
drop collections, so the application has a role that cannot.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ...errors import Unsupported
from ...model.plan import Statement
from ..account import APP, BACKUP, MONITOR, OWNER, READ_ONLY, AccountPlan, WantedAccount, planned
from ..target import Target
from . import database
from .database import OWNER_ROLES, command_statement, opens_with, server_session
from .faults import translated
from .probes import has_roles

if TYPE_CHECKING:
    from .session import Client

_ACTION = "Working on accounts"
#: The role of the application, in the database itself.
APP_ROLE = "paneldb_app"
#: "Privilege Actions" in the manual: rows, and what a driver asks to find its way.
APP_ACTIONS = ("collStats", "dbStats", "find", "insert", "listCollections", "listIndexes", "remove", "update")
_ADMIN = "admin"
_NOTES = {
    APP: ("The documents of the journal (_paneldb_*) are open to it as well.",),
    BACKUP: ("It may back up the whole server: mongodump has no role for one database with its oplog.",),
}


def plan(target: Target, accounts: Sequence[WantedAccount]) -> tuple[AccountPlan, ...]:
    """See ``Engine.plan_accounts``.

    :raises AccessDenied: for one who may not see accounts.
    """
    with server_session(target) as client:
        if any(account.profile for account in accounts) and not has_roles(client, target.database):
            raise Unsupported(
                "This server has accounts, but no roles: whoever may log in may do everything.",
                hint="Profiles need MongoDB itself; the account of module database can be made here.",
            )
        return tuple(_plan(client, target, account) for account in accounts)


def apply(target: Target, plans: Sequence[AccountPlan]) -> None:
    """See ``Engine.apply_accounts``."""
    database.apply(target, [statement for each in plans for statement in each.statements])


def _plan(client: Client, target: Target, account: WantedAccount) -> AccountPlan:
    if account.name == target.user and target.auth_database in ("", target.database):
        raise account.error("This account is the one that works here.", "Name another one.")
    found = _asked(client, target, {"usersInfo": account.name}).get("users", [])
    if not account.profile:
        return planned(account, bool(found), _removal(account) if found else ())
    if account.socket or account.tls or account.host:
        raise Unsupported(
            f"{account.name}: MongoDB asks for TLS and for hosts in its configuration (net.tls, net.bindIp), and knows"
            " no accounts by socket.",
            hint="Leave out auth, require_tls and host.",
        )
    notes = _NOTES.get(account.profile, ())
    return planned(account, bool(found), _changes(client, target, account, found), notes)


def _asked(client: Client, target: Target, command: Mapping[str, Any]) -> dict[str, Any]:
    with translated(_ACTION):
        return client[target.database].command(dict(command))


def _changes(
    client: Client, target: Target, account: WantedAccount, found: Sequence[Mapping[str, Any]]
) -> Iterator[Statement]:
    if account.profile == APP:
        yield from _app_role(client, target)
    roles = _roles(account.profile, target.database)
    if not found:
        if not account.password:
            raise account.error("It has no password yet.", "Give password or password_file.")
        yield command_statement({"createUser": account.name, "pwd": account.password, "roles": roles})
        return
    change: dict[str, Any] = {}
    if account.password and not opens_with(target, account.name, account.password):
        change["pwd"] = account.password
    if _pairs(found[0].get("roles", ())) != _pairs(roles):
        change["roles"] = roles
    if change:
        yield command_statement({"updateUser": account.name, **change})


def _roles(profile: str, name: str) -> list[dict[str, str]]:
    given = {
        OWNER: [(role, name) for role in OWNER_ROLES],
        APP: [(APP_ROLE, name)],
        READ_ONLY: [("read", name)],
        BACKUP: [("backup", _ADMIN)],
        MONITOR: [("clusterMonitor", _ADMIN)],
    }
    return [{"role": role, "db": where} for role, where in given[profile]]


def _pairs(roles: Sequence[Mapping[str, Any]]) -> set[tuple[str, str]]:
    return {(str(role["role"]), str(role["db"])) for role in roles}


def _app_role(client: Client, target: Target) -> Iterator[Statement]:
    """Make the role, or bring it back to what it was made with."""
    asked = {"rolesInfo": {"role": APP_ROLE, "db": target.database}, "showPrivileges": True}
    found = _asked(client, target, asked)["roles"]
    privileges = [{"resource": {"db": target.database, "collection": ""}, "actions": list(APP_ACTIONS)}]
    has = [
        {"resource": dict(each["resource"]), "actions": sorted(each["actions"])}
        for each in (found[0].get("privileges", ()) if found else ())
    ]
    if not found:
        yield command_statement({"createRole": APP_ROLE, "privileges": privileges, "roles": []})
    elif has != privileges or found[0].get("roles"):
        yield command_statement({"updateRole": APP_ROLE, "privileges": privileges, "roles": []})


def _removal(account: WantedAccount) -> Iterator[Statement]:
    if account.heir:
        raise Unsupported("Accounts of MongoDB own nothing.", hint="Leave out reassign_to.")
    yield command_statement({"dropUser": account.name})
