# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The database itself. It is there as soon as it has a collection, so the one of the lock makes it.

MongoDB's databases have no owner. ``owner`` is an account that is made in the database and may do there what a panel
and its migrations do: the built-in roles ``readWrite`` and ``dbAdmin``. The password is compared by logging in with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ...errors import AccessDenied, InputError, Unsupported
from ...model.plan import Statement
from ..target import Target
from .faults import translated
from .jsontext import to_json
from .lease import COLLECTION
from .probes import has_roles
from .session import open_client, require_name

if TYPE_CHECKING:
    from .session import Client

#: Databases that belong to the server.
RESERVED = ("admin", "config", "local")
OWNER_ROLES = ("readWrite", "dbAdmin")
_ACTION = "Working on the database"
_MASK = "********"
_UTF8 = ("UTF8", "UTF-8")


def describe(target: Target) -> dict[str, Any] | None:
    """Give ``accounts`` (those made in the database, as far as the server tells) and ``size_bytes``; None if absent."""
    with server_session(target) as client:
        database = client[target.database]
        with translated(_ACTION):
            if not database.list_collection_names():
                return None
            size = database.command("dbStats")
        accounts = [str(user["user"]) for user in _users(client, target.database)]
    return {"accounts": sorted(accounts), "size_bytes": int(size.get("storageSize", 0)) + int(size.get("indexSize", 0))}


def plan(
    target: Target, wanted: Mapping[str, Any], current: Mapping[str, Any] | None
) -> tuple[dict[str, Any], tuple[Statement, ...]]:
    """See ``Engine.plan_database``. ``wanted``: ``owner`` and, to make that account, ``owner_password``."""
    said = {name: value for name, value in wanted.items() if value not in (None, "", [])}
    _refuse_unknown(said)
    statements = [] if current is not None else [command_statement({"create": COLLECTION})]
    after: dict[str, Any] = dict(current) if current is not None else {"accounts": [], "size_bytes": 0}
    owner = str(said.get("owner", ""))
    if owner:
        statements += _owner(target, owner, str(said.get("owner_password", "")))
        after["accounts"] = sorted({*after["accounts"], owner})
    elif said.get("owner_password"):
        raise InputError("It is not said whose password this is.", source="owner_password", hint="Give owner, too.")
    return after, tuple(statements)


def apply(target: Target, statements: Sequence[Statement]) -> None:
    """Run what ``plan`` gave."""
    with server_session(target) as client:
        for statement in statements:
            with translated(_ACTION):
                client[target.database].command(dict(statement.command))


def drop(target: Target) -> None:
    """Drop the database and the accounts that were made in it."""
    with server_session(target) as client:
        if _users(client, target.database):
            with translated(_ACTION):
                client[target.database].command("dropAllUsersFromDatabase")
        with translated(_ACTION):
            client.drop_database(target.database)


@contextmanager
def server_session(target: Target) -> Iterator[Client]:
    require_name(target.database)
    if target.database in RESERVED:
        raise InputError(
            f"{target.database} belongs to the server itself.", source="database", hint="Name another one."
        )
    with closing(open_client(target)) as client:
        yield client


def _users(client: Client, database: str) -> list[dict[str, Any]]:
    """Read the accounts of the database; none where the server has none, or does not tell this account."""
    try:
        with translated(_ACTION):
            found: list[dict[str, Any]] = client[database].command("usersInfo").get("users", [])
    except (Unsupported, AccessDenied):
        return []
    return found


def _refuse_unknown(said: Mapping[str, Any]) -> None:
    unknown = set(said) - {"owner", "owner_password", "encoding"}
    if str(said.get("encoding", "UTF8")).upper() not in _UTF8:
        unknown.add("encoding")
    if unknown:
        raise Unsupported(
            f"A MongoDB database has no {', '.join(sorted(unknown))}.",
            hint="It has owner and owner_password, and texts are in UTF-8.",
        )


def _owner(target: Target, owner: str, password: str) -> list[Statement]:
    with server_session(target) as client:
        able = has_roles(client, target.database)
        found = [user for user in _users(client, target.database) if user["user"] == owner]
    roles = [{"role": role, "db": target.database} for role in OWNER_ROLES] if able else []
    if not found:
        if not password:
            raise InputError(
                f"There is no account {owner} in {target.database}.", source="owner", hint="Give owner_password, too."
            )
        return [command_statement({"createUser": owner, "pwd": password, "roles": roles})]
    change: dict[str, Any] = {}
    if password and not opens_with(target, owner, password):
        change["pwd"] = password
    had = {(role["role"], role["db"]) for role in found[0].get("roles", [])}
    lacking = [role for role in roles if (role["role"], role["db"]) not in had]
    statements = [command_statement({"updateUser": owner, **change})] if change else []
    return statements + ([command_statement({"grantRolesToUser": owner, "roles": lacking})] if lacking else [])


def opens_with(target: Target, owner: str, password: str) -> bool:
    """Tell whether the account may log in with the password."""
    try:
        open_client(replace(target, user=owner, password=password, auth_database=target.database)).close()
    except AccessDenied:
        return False
    return True


def command_statement(command: Mapping[str, Any]) -> Statement:
    """What is shown has no secret in it."""
    shown = {name: _MASK if name == "pwd" else value for name, value in command.items()}
    return Statement(to_json(shown), dict(command))
