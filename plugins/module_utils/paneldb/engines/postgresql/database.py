# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The database itself: made, changed and dropped from the maintenance database, never in a transaction.

What has to be done inside the database (its schema) is marked by ``Statement.command``; where that holds another text,
it is what is sent instead of the one to be shown, which has no secret in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ...errors import AccessDenied, ConnectionFailed, InputError, Unsupported
from ...model.plan import Statement
from ..target import Target
from .faults import INVALID_CATALOG, translated
from .session import open_session
from .wording import literal, quoted

if TYPE_CHECKING:
    import psycopg2.extensions

#: Databases that every cluster has, to connect to while the one meant is not there.
MAINTENANCE = ("postgres", "template1")
#: Marks what runs inside the database.
INSIDE = "inside"
_FORCE_SINCE = 130000

_SETTINGS = ("owner", "encoding", "collation", "ctype", "timezone", "schema")
#: What is wanted but is no setting of the database itself.
_BESIDE = ("roles", "owner_password")
_FIXED = ("encoding", "collation", "ctype")
_OPTIONS = {"owner": "OWNER", "encoding": "ENCODING", "collation": "LC_COLLATE", "ctype": "LC_CTYPE"}

_DESCRIBE = """
    SELECT pg_get_userbyid(d.datdba), pg_encoding_to_char(d.encoding), d.datcollate, d.datctype,
        (SELECT substr(c, length('timezone=') + 1) FROM pg_catalog.pg_db_role_setting AS s, unnest(s.setconfig) AS c
            WHERE s.setdatabase = d.oid AND s.setrole = 0 AND lower(c) LIKE 'timezone=%%'),
        pg_database_size(d.oid)
    FROM pg_catalog.pg_database AS d WHERE d.datname = %s
"""
_ROLE_ZONE = """
    SELECT r.rolname FROM pg_catalog.pg_roles AS r
        JOIN pg_catalog.pg_db_role_setting AS s ON s.setrole = r.oid
        JOIN pg_catalog.pg_database AS d ON d.oid = s.setdatabase, unnest(s.setconfig) AS c
    WHERE d.datname = %s AND c = %s
"""


def describe(target: Target) -> dict[str, Any] | None:
    """Give ``owner``, ``encoding``, ``collation``, ``ctype``, ``timezone``, ``schema`` and ``size_bytes``.

    ``schema`` is the target's if the database has it, else empty. None where there is no such database.
    """
    name = _name(target)
    with _maintenance(target) as session:
        rows = _ask(session, _DESCRIBE, [name])
    if not rows:
        return None
    owner, encoding, collation, ctype, zone, size = rows[0]
    settings = {"owner": owner, "encoding": encoding, "collation": collation, "ctype": ctype, "timezone": zone or ""}
    return {**settings, "schema": _existing_schema(target), "size_bytes": size}


def plan(
    target: Target, wanted: Mapping[str, Any], current: Mapping[str, Any] | None
) -> tuple[dict[str, Any], tuple[Statement, ...]]:
    """See ``Engine.plan_database``.

    ``wanted``: ``owner``, ``encoding``, ``collation``, ``ctype``, ``timezone`` (UTC where it is not said), ``roles``
    (whose sessions in this database have that time zone; the owner's always has), ``owner_password`` (the owner is then
    made where it is missing). The target's schema is wanted too.
    """
    settings = _wanted(target, wanted)
    statements = _owner(target, settings, wanted)
    if current is None:
        statements.append(Statement(_create(target, settings)))
        after = {"encoding": "UTF8", **settings}
    else:
        _refuse_fixed(target, settings, current)
        if settings.get("owner", current["owner"]) != current["owner"]:
            statements.append(Statement(f"ALTER DATABASE {quoted(_name(target))} OWNER TO {quoted(settings['owner'])}"))
        after = {**current, **settings}
    statements.extend(_zones(target, wanted, settings, current))
    if settings.get("schema") and (current or {}).get("schema") != settings["schema"]:
        owner = f" AUTHORIZATION {quoted(settings['owner'])}" if settings.get("owner") else ""
        statements.append(Statement(f"CREATE SCHEMA IF NOT EXISTS {quoted(settings['schema'])}{owner}", INSIDE))
    return after, tuple(statements)


def apply(target: Target, statements: Sequence[Statement]) -> None:
    """Run what ``plan`` gave, each statement on its own."""
    outside = [each for each in statements if each.command != INSIDE]
    inside = [each for each in statements if each.command == INSIDE]
    if outside:
        with _maintenance(target) as session:
            for statement in outside:
                _ask(session, statement.command or statement.text)
    if inside:
        with closing(open_session(replace(target, schema=""))) as session:
            for statement in inside:
                _ask(session, statement.text)


def drop(target: Target) -> None:
    """Drop the database, and end the sessions in it first."""
    name = _name(target)
    with _maintenance(target) as session:
        if session.server_version >= _FORCE_SINCE:
            _ask(session, f"DROP DATABASE IF EXISTS {quoted(name)} WITH (FORCE)")
            return
        _ask(session, "SELECT pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity WHERE datname = %s", [name])
        _ask(session, f"DROP DATABASE IF EXISTS {quoted(name)}")


def _name(target: Target) -> str:
    if not target.database:
        raise InputError("It is not said which database is meant.", source="database", hint="Give database, or a URL.")
    if target.database in MAINTENANCE:
        raise InputError(
            f"{target.database} belongs to the server itself.", source="database", hint="Name another one."
        )
    return target.database


@contextmanager
def _maintenance(target: Target) -> Iterator[psycopg2.extensions.connection]:
    """A session with a database that is there in any case."""
    with closing(_open_any(target)) as session:
        yield session


def _open_any(target: Target) -> psycopg2.extensions.connection:
    """An account that may open only its own database does from there what can be done from there."""
    failures: list[ConnectionFailed] = []
    for name in (*MAINTENANCE, target.database):
        try:
            return open_session(replace(target, schema="", database=name))
        except ConnectionFailed as error:
            if error.details.get("sqlstate") != INVALID_CATALOG and not isinstance(error, AccessDenied):
                raise
            failures.append(error)
    raise failures[0]


def _existing_schema(target: Target) -> str:
    if not target.schema:
        return ""
    with closing(open_session(replace(target, schema=""))) as session:
        found = _ask(session, "SELECT nspname FROM pg_catalog.pg_namespace WHERE nspname = %s", [target.schema])
    return target.schema if found else ""


def _ask(
    session: psycopg2.extensions.connection, statement: str, parameters: Sequence[Any] = ()
) -> list[tuple[Any, ...]]:
    with translated("Working on the database"), session.cursor() as cursor:
        cursor.execute(statement, parameters or None)
        return list(cursor.fetchall()) if cursor.description else []


def _wanted(target: Target, wanted: Mapping[str, Any]) -> dict[str, Any]:
    said = {name: value for name, value in wanted.items() if value not in (None, "", [])}
    unknown = set(said) - {*_SETTINGS, *_BESIDE}
    if unknown:
        raise Unsupported(
            f"A PostgreSQL database has no {', '.join(sorted(unknown))}.",
            hint=f"It has {', '.join((*_SETTINGS, *_BESIDE))}.",
        )
    settings = {name: str(said[name]) for name in _SETTINGS if name in said}
    if target.schema:
        settings["schema"] = target.schema
    if "encoding" in settings:
        settings["encoding"] = _encoding(settings["encoding"])
    return {**settings, "timezone": settings.get("timezone", "UTC")}


def _owner(target: Target, settings: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[Statement]:
    """The role must be there before a database can be its own."""
    from .roles import statements

    password = wanted.get("owner_password")
    if not password:
        return []
    if not settings.get("owner"):
        raise InputError("It is not said whose password this is.", source="owner_password", hint="Give owner, too.")
    with _maintenance(target) as session:
        return statements(session, settings["owner"], str(password))


def _encoding(name: str) -> str:
    plain = name.upper().replace("-", "").replace("_", "")
    return {"UTF8": "UTF8", "UNICODE": "UTF8", "SQLASCII": "SQL_ASCII"}.get(plain, plain)


def _create(target: Target, settings: Mapping[str, Any]) -> str:
    """template0 is the only template that takes any encoding and collation, and that nobody has changed."""
    options = {"encoding": "UTF8", **settings}
    parts = [f"{_OPTIONS[name]} {_written(name, options[name])}" for name in _OPTIONS if options.get(name)]
    return f"CREATE DATABASE {quoted(_name(target))} TEMPLATE template0 {' '.join(parts)}"


def _written(name: str, value: str) -> str:
    return quoted(value) if name == "owner" else literal(value)


def _refuse_fixed(target: Target, settings: Mapping[str, Any], current: Mapping[str, Any]) -> None:
    for name in _FIXED:
        if name in settings and settings[name] != current[name]:
            raise Unsupported(
                f"The {name} of {target.database} is {current[name]} and cannot become {settings[name]}.",
                hint="Dump the database, create it anew, restore it; or ask for what it has.",
            )


def _zones(
    target: Target, wanted: Mapping[str, Any], settings: Mapping[str, Any], current: Mapping[str, Any] | None
) -> Iterator[Statement]:
    """A role's own time zone is stronger than the database's; one for the role in this database is stronger still."""
    name, zone = quoted(_name(target)), settings["timezone"]
    if current is None or current["timezone"] != zone:
        yield Statement(f"ALTER DATABASE {name} SET timezone TO {literal(zone)}")
    roles = dict.fromkeys([*([settings["owner"]] if settings.get("owner") else []), *(wanted.get("roles") or [])])
    done = _roles_in_zone(target, zone) if roles and current is not None else set()
    for role in roles:
        if role not in done:
            yield Statement(f"ALTER ROLE {quoted(role)} IN DATABASE {name} SET timezone TO {literal(zone)}")


def _roles_in_zone(target: Target, zone: str) -> set[str]:
    with _maintenance(target) as session:
        return {role for (role,) in _ask(session, _ROLE_ZONE, [target.database, f"TimeZone={zone}"])}
