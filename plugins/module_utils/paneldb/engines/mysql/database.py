# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The database itself: made, changed and dropped by a session that has none.

MySQL knows no owner: here it is the account that has all rights on the database. Nor has a database a time zone; that
is the server's, and our sessions are in UTC whatever it is. Where a statement has a ``command``, that is what is sent
instead of the text to be shown, which has no secret in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING, Any

from ...errors import InputError, PanelDbError, Unsupported
from ...model.plan import Statement
from ..target import Target
from .accounts import RIGHTS, Account, statements
from .faults import translated
from .literals import bound, writer
from .naming import CHARSET, EXACT_COLLATIONS, quoted
from .session import open_session, product_of

if TYPE_CHECKING:
    from .wire import Connection

#: Databases of the server itself.
OWN = ("information_schema", "mysql", "performance_schema", "sys")
_SETTINGS = ("owner", "encoding", "collation", "timezone")
_BESIDE = ("owner_password",)
_UTC = ("+00:00", "UTC", "Etc/UTC", "GMT")

_DESCRIBE = """
    SELECT s.default_character_set_name, s.default_collation_name, @@global.time_zone, @@system_time_zone,
        (SELECT CAST(COALESCE(SUM(t.data_length + t.index_length), 0) AS SIGNED) FROM information_schema.tables AS t
            WHERE t.table_schema = s.schema_name)
    FROM information_schema.schemata AS s WHERE s.schema_name = %s
"""
_GRANTS = "SELECT grantee, privilege_type FROM information_schema.schema_privileges WHERE table_schema IN (%s, %s)"
_SESSIONS = "SELECT id FROM information_schema.processlist WHERE db = %s AND id <> CONNECTION_ID()"


def describe(target: Target) -> dict[str, Any] | None:
    """Give ``owner`` (accounts with all rights on it), ``encoding``, ``collation``, ``timezone`` and ``size_bytes``.

    None where there is no such database, or none that the account may see.
    """
    name = name_of(target)
    with server_session(target) as session:
        rows = ask_session(session, _DESCRIBE, [name])
        if not rows:
            return None
        encoding, collation, zone, system_zone, size = rows[0]
        owner = ", ".join(_owners(session, name))
    zone = system_zone if zone == "SYSTEM" else zone
    return {
        "owner": owner,
        "encoding": encoding,
        "collation": collation,
        "timezone": "UTC" if zone in _UTC else zone,
        "size_bytes": size,
    }


def plan(
    target: Target, wanted: Mapping[str, Any], current: Mapping[str, Any] | None
) -> tuple[dict[str, Any], tuple[Statement, ...]]:
    """See ``Engine.plan_database``.

    ``wanted``: ``owner`` (``panel``, or ``panel@HOST``), ``owner_password`` (the owner is then made where it is
    missing), ``encoding``, ``collation`` and ``timezone``, which cannot be set, only be asked for.
    """
    settings = _wanted(wanted)
    with server_session(target) as session:
        product = product_of(session.server_version)[0]
        values = _values(product, settings, current)
        made = _made(name_of(target), values, current)
        owned = list(_owned(session, name_of(target), product, settings, wanted, current))
    after = {"owner": "", **(current or {}), **values}
    if "owner" in settings:
        owners = str((current or {}).get("owner", "")).split(", ")
        after["owner"] = ", ".join(sorted({*filter(None, owners), Account.of(settings["owner"]).name}))
    return after, (*made, *owned)


def apply(target: Target, wanted: Sequence[Statement]) -> None:
    """Run what ``plan`` gave, each statement on its own."""
    if wanted:
        with server_session(target) as session:
            for statement in wanted:
                ask_session(session, statement.command or statement.text)


def drop(target: Target) -> None:
    """Drop the database, and end the sessions in it first, as far as the account may."""
    name = name_of(target)
    with server_session(target) as session:
        for (number,) in ask_session(session, _SESSIONS, [name]):
            with suppress(PanelDbError):
                ask_session(session, f"KILL {number}")
        ask_session(session, f"DROP DATABASE IF EXISTS {quoted(name)}")


def name_of(target: Target) -> str:
    if not target.database:
        raise InputError("It is not said which database is meant.", source="database", hint="Give database, or a URL.")
    if target.database.lower() in OWN:
        raise InputError(
            f"{target.database} belongs to the server itself.", source="database", hint="Name another one."
        )
    return target.database


@contextmanager
def server_session(target: Target) -> Iterator[Connection]:
    with closing(open_session(target, within=False)) as session:
        yield session


def ask_session(session: Connection, statement: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    text = bound(statement, parameters, session.server_status) if parameters else statement
    with translated("Working on the database"), session.cursor() as cursor:
        cursor.execute(text)
        return list(cursor.fetchall())


# --- settings ----------------------------------------------------------------------------------------------------


def _wanted(wanted: Mapping[str, Any]) -> dict[str, str]:
    said = {name: value for name, value in wanted.items() if value not in (None, "", [])}
    unknown = set(said) - {*_SETTINGS, *_BESIDE}
    if unknown:
        raise Unsupported(
            f"A MySQL database has no {', '.join(sorted(unknown))}.",
            hint=f"It has {', '.join((*_SETTINGS, *_BESIDE))}.",
        )
    settings = {name: str(said[name]) for name in _SETTINGS if name in said}
    if "encoding" in settings:
        settings["encoding"] = _encoding(settings["encoding"])
    if said.get("owner_password") and "owner" not in settings:
        raise InputError("It is not said whose password this is.", source="owner_password", hint="Give owner, too.")
    return settings


def _encoding(name: str) -> str:
    """UTF-8 is what the server calls utf8mb4; others cannot hold every text."""
    if name.lower().replace("-", "").replace("_", "") not in ("utf8", "utf8mb4", "unicode"):
        raise Unsupported(f"The encoding {name} cannot hold every text.", hint=f"Ask for {CHARSET}.")
    return CHARSET


def _values(product: str, settings: Mapping[str, str], current: Mapping[str, Any] | None) -> dict[str, str]:
    """Give encoding and collation as they will be; a new encoding has a collation of its own."""
    fresh = {"encoding": CHARSET, "collation": EXACT_COLLATIONS[product]}
    if current is not None:
        _refuse_zone(settings, current)
        if settings.get("encoding", current["encoding"]) == current["encoding"]:
            fresh = {name: current[name] for name in fresh}
    return {name: settings.get(name, value) for name, value in fresh.items()}


def _refuse_zone(settings: Mapping[str, str], current: Mapping[str, Any]) -> None:
    if settings.get("timezone", current["timezone"]) != current["timezone"]:
        raise Unsupported(
            f"The server is in the time zone {current['timezone']}, and its databases have none of their own.",
            hint="Set default_time_zone to +00:00 in the server's configuration.",
        )


def _made(name: str, values: Mapping[str, str], current: Mapping[str, Any] | None) -> list[Statement]:
    """What is changed on a database is what new tables get; tables that are there keep what they have."""
    if current is None:
        return [Statement(f"CREATE DATABASE {quoted(name)} {_options(values)}")]
    if any(values[each] != current[each] for each in values):
        return [Statement(f"ALTER DATABASE {quoted(name)} {_options(values)}")]
    return []


def _options(values: Mapping[str, Any]) -> str:
    written = writer(0)
    return f"CHARACTER SET {written(values['encoding'], '')} COLLATE {written(values['collation'], '')}"


# --- the owner ---------------------------------------------------------------------------------------------------


def _owned(
    session: Connection,
    name: str,
    product: str,
    settings: Mapping[str, str],
    wanted: Mapping[str, Any],
    current: Mapping[str, Any] | None,
) -> Iterator[Statement]:
    if "owner" not in settings:
        return
    account = Account.of(settings["owner"])
    password = str(wanted.get("owner_password") or "")
    yield from statements(lambda text, values: ask_session(session, text, values), product, account, password)
    if current is None or account.name not in _owners(session, name):
        yield Statement(f"GRANT ALL PRIVILEGES ON {pattern_of(session, name)} TO {account.text}")


def _owners(session: Connection, name: str) -> list[str]:
    """Give the accounts that have every right on the database, as far as the account of the session may see them."""
    rights: dict[str, set[str]] = {}
    for grantee, right in ask_session(session, _GRANTS, [name, escaped(name)]):
        rights.setdefault(grantee, set()).add(right)
    return sorted(_account(grantee).name for grantee, held in rights.items() if held >= RIGHTS)


def _account(grantee: str) -> Account:
    user, _unused, host = grantee[1:-1].rpartition("'@'")
    return Account(user, host)


def pattern_of(session: Connection, name: str) -> str:
    """The name of a database is a pattern in GRANT, unless the server has partial revokes (MySQL)."""
    literal = any(
        str(value).upper() == "ON" for _unused, value in ask_session(session, "SHOW VARIABLES LIKE 'partial_revokes'")
    )
    return f"{quoted(name) if literal else quoted_pattern(escaped(name))}.*"


def quoted_pattern(pattern: str) -> str:
    """Quote a pattern, which may be longer than a name."""
    return "`" + pattern.replace("`", "``") + "`"


def escaped(name: str) -> str:
    return name.replace("\\", "\\\\").replace("_", "\\_").replace("%", "\\%")
