# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Accounts by profile: what each may do on the server, on the database, and on single tables of the server's own.

A right on a database is one on all tables that are and will be in it, so the tables of future migrations are covered,
and so are those of the journal: MySQL cannot leave one out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from ...errors import PanelDbError, Unsupported
from ...model.plan import Statement
from ..account import APP, BACKUP, MONITOR, OWNER, READ_ONLY, AccountPlan, WantedAccount, planned
from ..target import Target
from .accounts import RIGHTS, Account, statements
from .database import ask_session, escaped, name_of, pattern_of, quoted_pattern, server_session
from .naming import quoted
from .session import product_of

if TYPE_CHECKING:
    from .wire import Connection

Rights = frozenset[str]

_NOTHING: Rights = frozenset()
#: Rows are changed in bulk by way of a temporary table.
_DATABASE: dict[str, Rights] = {
    OWNER: RIGHTS,
    APP: frozenset(("SELECT", "INSERT", "UPDATE", "DELETE", "CREATE TEMPORARY TABLES")),
    READ_ONLY: frozenset(("SELECT", "SHOW VIEW")),
    # mariadb-dump and mysqldump ask for these on what they dump.
    BACKUP: frozenset(("SELECT", "SHOW VIEW", "TRIGGER", "EVENT")),
    # The least that opens a database and shows the sizes of its tables, without a row.
    MONITOR: frozenset(("SHOW VIEW",)),
}
#: "mariadb-backup: Authentication and Privileges"; "Percona XtraBackup: Connection and privileges needed"; and what
#: reading the binary log from elsewhere takes.
_SERVER: dict[str, dict[str, Rights]] = {
    "MariaDB": {
        BACKUP: frozenset(("RELOAD", "PROCESS", "LOCK TABLES", "BINLOG MONITOR", "REPLICATION SLAVE")),
        MONITOR: frozenset(("PROCESS", "BINLOG MONITOR", "SLAVE MONITOR")),
    },
    "MySQL": {
        BACKUP: frozenset(
            ("RELOAD", "PROCESS", "LOCK TABLES", "REPLICATION CLIENT", "REPLICATION SLAVE", "BACKUP_ADMIN")
        ),
        MONITOR: frozenset(("PROCESS", "REPLICATION CLIENT")),
    },
}
#: What is more on a server than the rights of single tables: schemas and tables of statistics, to be read.
_STATISTICS = (
    "`performance_schema`.*",
    "`mysql`.`innodb_table_stats`",
    "`mysql`.`innodb_index_stats`",
)
_PLUGINS = {"MariaDB": ("unix_socket", "VIA unix_socket"), "MySQL": ("auth_socket", "WITH auth_socket")}
_RESERVED = ("root", "mariadb.sys", "mysql.sys", "mysql.session", "mysql.infoschema", "mysql")
_THERE = "SELECT plugin, ssl_type FROM mysql.user WHERE user = %s AND host = %s"
_ON_SERVER = "SELECT privilege_type FROM information_schema.user_privileges WHERE grantee = %s"
_ON_DATABASE = (
    "SELECT table_schema, privilege_type FROM information_schema.schema_privileges"
    " WHERE grantee = %s AND table_schema IN (%s, %s, 'performance_schema')"
)
_ON_TABLES = (
    "SELECT table_schema, table_name, privilege_type FROM information_schema.table_privileges"
    " WHERE grantee = %s AND table_schema IN (%s, 'mysql')"
)
#: Roles of an account, each with the host that MySQL gives it, and whether it is the one that is taken at login.
_ROLES = {
    "MariaDB": (
        "SELECT m.role, '', m.role = u.default_role FROM mysql.roles_mapping m"
        " JOIN mysql.user u ON u.user = m.user AND u.host = m.host WHERE m.user = %s AND m.host = %s"
    ),
    # There a role that is taken away is not taken at login, either.
    "MySQL": "SELECT from_user, from_host, 0 FROM mysql.role_edges WHERE to_user = %s AND to_host = %s",
}
#: What everybody has, on MariaDB 10.11 and later.
_EVERYBODY = "'PUBLIC'@''"
_DEFINED = """
    SELECT 'view', table_schema, table_name FROM information_schema.views WHERE definer = %s
    UNION ALL SELECT 'trigger', trigger_schema, trigger_name FROM information_schema.triggers WHERE definer = %s
    UNION ALL SELECT 'routine', routine_schema, routine_name FROM information_schema.routines WHERE definer = %s
    UNION ALL SELECT 'event', event_schema, event_name FROM information_schema.events WHERE definer = %s
"""
_SESSIONS = "SELECT id FROM information_schema.processlist WHERE user = %s"
_KILL = "KILL "


def plan(target: Target, accounts: Sequence[WantedAccount]) -> tuple[AccountPlan, ...]:
    """See ``Engine.plan_accounts``.

    :raises AccessDenied: for one who may not read the accounts of the server.
    """
    name_of(target)
    with server_session(target) as session:
        return tuple(map(_Planner(session, target.database).plan, accounts))


def apply(target: Target, plans: Sequence[AccountPlan]) -> None:
    """See ``Engine.apply_accounts``. Each statement counts by itself; MySQL has no transactions for accounts."""
    with server_session(target) as session:
        for each in plans:
            for statement in each.statements:
                text = statement.command or statement.text
                if text.startswith(_KILL):
                    # The session may have ended by itself.
                    with suppress(PanelDbError):
                        ask_session(session, text)
                else:
                    ask_session(session, text)


class _Planner:
    def __init__(self, session: Connection, database: str) -> None:
        self._session = session
        self._database = database
        self._pattern = pattern_of(session, database)
        self._product, _unused = product_of(session.server_version)
        self._ask = partial(ask_session, session)
        [(self._self,)] = self._ask("SELECT CURRENT_USER()")

    def plan(self, wanted: WantedAccount) -> AccountPlan:
        """Compare one account."""
        account = _account(wanted)
        if account.user in _RESERVED or f"{account.user}@{account.host}" == self._self:
            raise wanted.error("This account is the server's own, or the one that works here.", "Name another one.")
        found = self._ask(_THERE, [account.user, account.host])
        if not wanted.profile:
            return planned(wanted, bool(found), self._removal(wanted, account) if found else ())
        return planned(wanted, bool(found), self._changes(wanted, account, found), self._notes(wanted.profile))

    def _notes(self, profile: str) -> Iterator[str]:
        if profile == APP:
            yield "The rows of the journal (_paneldb_*) are open to it as well."
        everybody = self._on_places(_EVERYBODY).get(self._pattern, _NOTHING) - _DATABASE[profile]
        if everybody:
            yield f"It may do {_listed(everybody)} on the database as everybody may (PUBLIC)."

    def _changes(self, wanted: WantedAccount, account: Account, found: list[tuple[Any, ...]]) -> Iterator[Statement]:
        yield from self._login(wanted, account, found)
        tls = str(found[0][1] or "") if found else ""
        if wanted.tls and not tls:
            yield Statement(f"ALTER USER {account.text} REQUIRE SSL")
        if not wanted.tls and tls == "ANY":
            yield Statement(f"ALTER USER {account.text} REQUIRE NONE")
        if found:
            yield from self._roles(account)
        yield from self._grants(wanted.profile, account)

    def _login(self, wanted: WantedAccount, account: Account, found: list[tuple[Any, ...]]) -> Iterator[Statement]:
        plugin, words = _PLUGINS[self._product]
        if wanted.socket:
            if not found or found[0][0] != plugin:
                yield Statement(f"{'ALTER' if found else 'CREATE'} USER {account.text} IDENTIFIED {words}")
        elif wanted.password:
            yield from statements(self._ask, self._product, account, wanted.password)
        elif not found or found[0][0] == plugin:
            raise wanted.error("It has no password yet.", "Give password or password_file, or auth: socket.")

    def _roles(self, account: Account) -> Iterator[Statement]:
        """Take roles away: an account may become any of its roles, and what a role may do can change at any time."""
        for role, host, at_login in self._ask(_ROLES[self._product], [account.user, account.host]):
            if at_login:
                yield Statement(f"SET DEFAULT ROLE NONE FOR {account.text}")
            written = quoted(role) + (f"@{quoted(host)}" if host else "")
            yield Statement(f"REVOKE {written} FROM {account.text}")

    def _grants(self, profile: str, account: Account) -> Iterator[Statement]:
        on_server = frozenset(right for (right,) in self._ask(_ON_SERVER, [_grantee(account)])) - {"USAGE"}
        wanted = {"*.*": _SERVER[self._product].get(profile, _NOTHING), self._pattern: _DATABASE.get(profile, _NOTHING)}
        wanted.update(dict.fromkeys(_STATISTICS, frozenset(("SELECT",)) if profile == MONITOR else _NOTHING))
        has = {"*.*": on_server, **self._on_places(_grantee(account))}
        for place in (*wanted, *(each for each in has if each not in wanted)):
            should, held = wanted.get(place, _NOTHING), has.get(place, _NOTHING)
            if should - held:
                words = "ALL PRIVILEGES" if should == RIGHTS else _listed(should - held)
                yield Statement(f"GRANT {words} ON {place} TO {account.text}")
            if held - should and should != RIGHTS:
                yield Statement(f"REVOKE {_listed(held - should)} ON {place} FROM {account.text}")

    def _on_places(self, grantee: str) -> dict[str, Rights]:
        """Give rights on the database, its tables and the server's statistics by the place as statements write it."""
        name = self._database
        found: dict[str, set[str]] = {}
        for schema, right in self._ask(_ON_DATABASE, [grantee, name, escaped(name)]):
            place = self._pattern if schema in (name, escaped(name)) else f"{quoted_pattern(schema)}.*"
            found.setdefault(place, set()).add(right)
        for schema, table, right in self._ask(_ON_TABLES, [grantee, name]):
            found.setdefault(f"{quoted_pattern(schema)}.{quoted_pattern(table)}", set()).add(right)
        return {place: frozenset(rights) for place, rights in found.items()}

    def _removal(self, wanted: WantedAccount, account: Account) -> Iterator[Statement]:
        if wanted.heir:
            raise Unsupported(
                "Accounts of MySQL own nothing that could be given to another one.", hint="Leave out reassign_to."
            )
        defined = self._ask(_DEFINED, [f"{account.user}@{account.host}"] * 4)
        if defined:
            kind, schema, name = defined[0]
            raise wanted.error(
                f"Views, triggers, routines or events run with its rights, {len(defined)} in all, such as the {kind}"
                f" {schema}.{name}.",
                "Make them anew with another DEFINER first.",
            )
        yield Statement(f"DROP USER {account.text}")
        others = self._ask("SELECT COUNT(*) FROM mysql.user WHERE user = %s", [account.user])[0][0] > 1
        # Sessions are known by the user alone; where there is another account of the name they may be that one's.
        for (number,) in () if others else self._ask(_SESSIONS, [account.user]):
            yield Statement(f"{_KILL}{number}")


def _account(wanted: WantedAccount) -> Account:
    """A socket is on this host."""
    if wanted.host:
        return Account(wanted.name, wanted.host)
    return Account(wanted.name, "localhost") if wanted.socket else Account.of(wanted.name)


def _grantee(account: Account) -> str:
    """Write an account as the information schema does, which escapes nothing."""
    return f"'{account.user}'@'{account.host}'"


def _listed(rights: Rights) -> str:
    return ", ".join(sorted(rights))
