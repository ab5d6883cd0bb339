# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Accounts by profile: what each may do on the database, its schema, and the tables that are and will be in it.

Rights are compared one by one with those that are there, so that one who has more than the profile loses it. All is
done in one transaction, inside the database.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from ...errors import Unsupported
from ...model.plan import Statement
from ..account import APP, BACKUP, MASK, MONITOR, OWNER, READ_ONLY, AccountPlan, WantedAccount, differences, planned
from ..target import Target
from .faults import translated
from .rights import Rights, read_rights
from .roles import verifier, verifies
from .session import open_session
from .wording import literal, quoted

if TYPE_CHECKING:
    import psycopg2.extensions

_ACTION = "Working on accounts"
_CONNECT = frozenset(("CONNECT",))
_READ = frozenset(("SELECT",))
_ROWS = frozenset(("SELECT", "INSERT", "UPDATE", "DELETE"))
#: By profile: rights on the database, the schema, tables, sequences.
_RIGHTS = {
    # Rows are changed in bulk by way of a temporary table.
    APP: (frozenset(("CONNECT", "TEMPORARY")), frozenset(("USAGE",)), _ROWS, frozenset(("USAGE", "SELECT"))),
    READ_ONLY: (_CONNECT, frozenset(("USAGE",)), _READ, _READ),
    BACKUP: (_CONNECT, frozenset(("USAGE",)), _READ, _READ),
    MONITOR: (_CONNECT, frozenset(), frozenset(), frozenset()),
}
#: Roles of the server that a profile is a member of ("Predefined Roles" in its documentation).
_MEMBER = {BACKUP: frozenset(("pg_read_all_settings",)), MONITOR: frozenset(("pg_monitor",))}
_EXECUTE = frozenset(("EXECUTE",))
_NOTHING: frozenset[str] = frozenset()
_ATTRIBUTES = ("SUPERUSER", "CREATEDB", "CREATEROLE", "REPLICATION", "BYPASSRLS")
_ROLES = """
    SELECT rolname, rolcanlogin, rolpassword, rolname = current_user OR oid = 10, rolsuper, rolcreatedb, rolcreaterole,
        rolreplication, rolbypassrls
    FROM pg_catalog.pg_authid WHERE rolname = ANY(%s)
"""
_ELSEWHERE = """
    SELECT DISTINCT d.datname FROM pg_catalog.pg_shdepend AS s JOIN pg_catalog.pg_database AS d ON d.oid = s.dbid
    WHERE s.refclassid = 'pg_authid'::regclass AND s.refobjid = %s::regrole AND d.datname <> current_database()
"""
_OWNED = """
    SELECT count(*) FROM pg_catalog.pg_shdepend
    WHERE refclassid = 'pg_authid'::regclass AND refobjid = %s::regrole AND deptype = 'o'
"""
_SESSIONS = "SELECT pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity WHERE usename = {name}"


@dataclass(frozen=True)
class _Role:
    """A role that is there."""

    login: bool
    password: str | None
    ours: bool
    attributes: tuple[str, ...]


def plan(target: Target, accounts: Sequence[WantedAccount]) -> tuple[AccountPlan, ...]:
    """See ``Engine.plan_accounts``.

    :raises AccessDenied: for an account that is no superuser; only they can tell whether a password is the right one.
    """
    with closing(open_session(target)) as session:
        return tuple(_Planner(session, target, accounts).plans())


def apply(target: Target, plans: Sequence[AccountPlan]) -> None:
    """See ``Engine.apply_accounts``."""
    with closing(open_session(target)) as session:
        session.autocommit = False
        for each in plans:
            for statement in each.statements:
                _ask(session, statement.command or statement.text)
        session.commit()


def _ask(session: psycopg2.extensions.connection, statement: str, values: Any = None) -> list[tuple[Any, ...]]:
    with translated(_ACTION), session.cursor() as cursor:
        cursor.execute(statement, values or None)
        return list(cursor.fetchall()) if cursor.description else []


class _Planner:
    """Compares accounts with what one reading of the catalogue has shown."""

    def __init__(
        self, session: psycopg2.extensions.connection, target: Target, accounts: Sequence[WantedAccount]
    ) -> None:
        self._session = session
        self._accounts = accounts
        names = [account.name for account in accounts]
        self._roles = {name: _role(*facts) for name, *facts in _ask(session, _ROLES, [names])}
        self._rights: Rights = read_rights(partial(_ask, session), target.schema or "public")
        #: Who owns what is made from now on.
        self._owner = next((each.name for each in accounts if each.profile == OWNER), self._rights.owner)

    def plans(self) -> Iterator[AccountPlan]:
        """Plan the owner first, for the others are given rights on what is the owner's."""
        return map(self._plan, sorted(self._accounts, key=lambda account: account.profile != OWNER))

    def _plan(self, account: WantedAccount) -> AccountPlan:
        role = self._roles.get(account.name)
        if role is not None and role.ours:
            raise account.error("This account is the server's first, or the one that works here.", "Name another one.")
        if not account.profile:
            return planned(account, role is not None, self._removal(account) if role else ())
        if account.tls:
            raise Unsupported(
                f"{account.name}: whether TLS is asked of an account is said in pg_hba.conf, not in the account.",
                hint="Give it lines that begin with hostssl (role postgresql: postgresql_hba_hosts).",
            )
        return planned(account, role is not None, self._changes(account, role))

    def _changes(self, account: WantedAccount, role: _Role | None) -> Iterator[Statement]:
        yield from self._login(account, role)
        yield from self._memberships(account)
        if account.profile == OWNER:
            yield from self._ownership(account.name)
            return
        if self._owner == account.name:
            raise account.error(
                f"It owns the database, which is more than {account.profile}.", "Give another account profile owner."
            )
        yield from self._grants(account)

    def _login(self, account: WantedAccount, role: _Role | None) -> Iterator[Statement]:
        words, secret = self._login_words(account, role)
        words += [f"NO{name}" for name in role.attributes] if role else []
        if role is None or words or secret:
            begin = f"{'ALTER' if role else 'CREATE'} ROLE {quoted(account.name)} {' '.join(words)}".rstrip()
            shown, sent = (f" PASSWORD {MASK}", f" PASSWORD {literal(secret)}") if secret else ("", "")
            yield Statement(begin + shown, begin + sent)

    def _login_words(self, account: WantedAccount, role: _Role | None) -> tuple[list[str], str]:
        words = [] if role is not None and role.login else ["LOGIN"]
        if account.socket:
            return words + (["PASSWORD NULL"] if role is not None and role.password else []), ""
        if not account.password:
            if role is None or not role.password:
                raise account.error("It has no password yet.", "Give password or password_file, or auth: socket.")
            return words, ""
        if role is not None and verifies(role.password, account.password):
            return words, ""
        return words, verifier(self._session, account.name, account.password)

    def _ownership(self, name: str) -> Iterator[Statement]:
        rights = self._rights
        if rights.owner != name:
            yield Statement(f"ALTER DATABASE {quoted(rights.database)} OWNER TO {quoted(name)}")
        if rights.schema_owner not in (name, "pg_database_owner"):
            yield Statement(f"ALTER SCHEMA {quoted(rights.schema)} OWNER TO {quoted(name)}")
        for kind, written, owner in rights.owned:
            if owner != name:
                yield Statement(f"ALTER {kind} {written} OWNER TO {quoted(name)}")
        if rights.public_creates:
            # Up to release 14 everybody may make tables there.
            yield Statement(f"REVOKE CREATE ON SCHEMA {quoted(rights.schema)} FROM PUBLIC")

    def _memberships(self, account: WantedAccount) -> Iterator[Statement]:
        wanted = _MEMBER.get(account.profile, _NOTHING)
        found = self._rights.memberships.get(account.name, _NOTHING)
        for role in sorted(wanted - found):
            yield Statement(f"GRANT {quoted(role)} TO {quoted(account.name)}")
        for role in sorted(found - wanted):
            yield Statement(f"REVOKE {quoted(role)} FROM {quoted(account.name)}")

    # --- rights --------------------------------------------------------------------------------------------------

    def _grants(self, account: WantedAccount) -> Iterator[Statement]:
        rights, name = self._rights, quoted(account.name)
        database, schema, tables, sequences = _RIGHTS[account.profile]
        yield from self._compared(account, "DATABASE", {quoted(rights.database): database})
        yield from self._compared(account, "SCHEMA", {quoted(rights.schema): schema})
        wanted = {table: tables & _READ if table in rights.bookkeeping else tables for table in rights.tables}
        yield from self._compared(account, "TABLE", wanted)
        yield from self._compared(account, "SEQUENCE", dict.fromkeys(rights.sequences, sequences))
        call = _EXECUTE if account.profile == BACKUP else _NOTHING
        yield from self._compared(account, "FUNCTION", dict.fromkeys(rights.backup_functions, call))
        future = f"ALTER DEFAULT PRIVILEGES FOR ROLE {quoted(self._owner)} IN SCHEMA {quoted(rights.schema)} "
        for kind, should in (("TABLES", tables), ("SEQUENCES", sequences)):
            has = rights.defaults.get((kind, self._owner, account.name), _NOTHING)
            if should - has:
                yield Statement(f"{future}GRANT {_listed(should - has)} ON {kind} TO {name}")
            if has - should:
                yield Statement(f"{future}REVOKE {_listed(has - should)} ON {kind} FROM {name}")

    def _compared(self, account: WantedAccount, kind: str, wanted: dict[str, frozenset[str]]) -> Iterator[Statement]:
        has = {place: self._rights.granted.get((kind, place, account.name), _NOTHING) for place in wanted}
        granted, revoked = differences(wanted, has)
        for rights, places in granted.items():
            yield Statement(f"GRANT {_listed(rights)} ON {kind} {', '.join(places)} TO {quoted(account.name)}")
        for rights, places in revoked.items():
            yield Statement(f"REVOKE {_listed(rights)} ON {kind} {', '.join(places)} FROM {quoted(account.name)}")

    # --- the end of an account -----------------------------------------------------------------------------------

    def _removal(self, account: WantedAccount) -> Iterator[Statement]:
        name, written = quoted(account.name), literal(account.name)
        others = [each for (each,) in _ask(self._session, _ELSEWHERE, [quoted(account.name)])]
        if others:
            raise account.error(
                f"It has rights or objects in the databases {', '.join(sorted(others))}, too.", "Remove it there first."
            )
        [(owned,)] = _ask(self._session, _OWNED, [quoted(account.name)])
        if owned and not account.heir:
            raise account.error(f"It owns {owned} objects.", "Say in reassign_to who gets them.")
        yield Statement(_SESSIONS.format(name=written))
        if owned:
            yield Statement(f"REASSIGN OWNED BY {name} TO {quoted(account.heir)}")
        yield Statement(f"DROP OWNED BY {name}")
        yield Statement(f"DROP ROLE {name}")


def _role(login: bool, password: str | None, ours: bool, *attributes: bool) -> _Role:
    had = tuple(name for name, has in zip(_ATTRIBUTES, attributes) if has)
    return _Role(login, password, ours, had)


def _listed(rights: frozenset[str]) -> str:
    return ", ".join(sorted(rights))
