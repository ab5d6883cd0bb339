# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may do what in a database now, in a handful of queries however many tables there are."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from ...errors import InputError
from ..base import BOOKKEEPING_PREFIX
from .wording import quoted

Ask = Callable[[str, Any], "list[tuple[Any, ...]]"]

#: What physical backups call ("Making a Base Backup Using the Low Level API"); names changed in release 15.
BACKUP_FUNCTIONS = (
    *("pg_backup_start", "pg_backup_stop", "pg_start_backup", "pg_stop_backup"),
    *("pg_switch_wal", "pg_create_restore_point"),
)
_PLACE = """
    SELECT current_database(), pg_get_userbyid(d.datdba), n.oid, pg_get_userbyid(n.nspowner)
    FROM pg_catalog.pg_database AS d, pg_catalog.pg_namespace AS n
    WHERE d.datname = current_database() AND n.nspname = %s
"""
_OBJECTS = """
    SELECT CASE c.relkind WHEN 'S' THEN 'SEQUENCE' WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW'
            WHEN 'f' THEN 'FOREIGN TABLE' ELSE 'TABLE' END AS kind,
        c.relname, '', pg_get_userbyid(c.relowner),
        c.relkind <> 'S' OR NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d
            WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i'))
        FROM pg_catalog.pg_class AS c
        WHERE c.relnamespace = %(schema)s AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
    UNION ALL SELECT CASE t.typtype WHEN 'd' THEN 'DOMAIN' ELSE 'TYPE' END, t.typname, '', pg_get_userbyid(t.typowner),
        true FROM pg_catalog.pg_type AS t WHERE t.typnamespace = %(schema)s AND t.typtype IN ('e', 'd', 'r')
    UNION ALL SELECT 'ROUTINE', p.proname, pg_get_function_identity_arguments(p.oid), pg_get_userbyid(p.proowner), true
        FROM pg_catalog.pg_proc AS p WHERE p.pronamespace = %(schema)s
    UNION ALL SELECT 'FUNCTION', p.proname, pg_get_function_identity_arguments(p.oid), '', false
        FROM pg_catalog.pg_proc AS p
        WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.proname = ANY(%(functions)s)
    ORDER BY 1, 2
"""
_GRANTED = """
    SELECT 'DATABASE', d.datname, '', {grantee}, a.privilege_type
        FROM pg_catalog.pg_database AS d, aclexplode(d.datacl) AS a WHERE d.datname = current_database()
    UNION ALL SELECT 'SCHEMA', n.nspname, '', {grantee}, a.privilege_type
        FROM pg_catalog.pg_namespace AS n, aclexplode(n.nspacl) AS a WHERE n.oid = %(schema)s
    UNION ALL SELECT CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, c.relname, '', {grantee},
            a.privilege_type
        FROM pg_catalog.pg_class AS c, aclexplode(c.relacl) AS a
        WHERE c.relnamespace = %(schema)s AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
    UNION ALL SELECT 'FUNCTION', p.proname, pg_get_function_identity_arguments(p.oid), {grantee}, a.privilege_type
        FROM pg_catalog.pg_proc AS p, aclexplode(p.proacl) AS a
        WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.proname = ANY(%(functions)s)
"""
_DEFAULTS = """
    SELECT CASE d.defaclobjtype WHEN 'S' THEN 'SEQUENCES' ELSE 'TABLES' END, pg_get_userbyid(d.defaclrole),
        {grantee}, a.privilege_type
    FROM pg_catalog.pg_default_acl AS d, aclexplode(d.defaclacl) AS a
    WHERE d.defaclnamespace = %s AND d.defaclobjtype IN ('r', 'S')
"""
_MEMBERS = """
    SELECT pg_get_userbyid(member), pg_get_userbyid(roleid) FROM pg_catalog.pg_auth_members
"""
#: Empty stands for everybody.
_GRANTEE = "CASE a.grantee WHEN 0 THEN '' ELSE pg_get_userbyid(a.grantee) END"


#: Kinds of objects that rights on tables are given on.
_TABLES = ("TABLE", "VIEW", "MATERIALIZED VIEW", "FOREIGN TABLE")


@dataclass(frozen=True)
class Rights:
    """Places are written as statements write them. ``granted`` and ``defaults`` hold rights by kind, place and role.

    ``owned`` are kind, text and owner of whatever can be given to another owner by itself.
    """

    database: str
    owner: str
    schema: str
    schema_owner: str
    tables: tuple[str, ...]
    sequences: tuple[str, ...]
    backup_functions: tuple[str, ...]
    bookkeeping: frozenset[str]
    owned: tuple[tuple[str, str, str], ...]
    granted: dict[tuple[str, str, str], frozenset[str]]
    defaults: dict[tuple[str, str, str], frozenset[str]]
    memberships: dict[str, frozenset[str]]
    public_creates: bool


def read_rights(ask: Ask, schema: str) -> Rights:
    """Read the rights in the database of the session.

    :raises InputError: where it has no such schema.
    """
    place = ask(_PLACE, [schema])
    if not place:
        raise InputError(f"There is no schema {schema}.", source="schema", hint="Make it by module database first.")
    [(database, owner, number, schema_owner)] = place
    values = {"schema": number, "functions": list(BACKUP_FUNCTIONS)}
    objects = ask(_OBJECTS, values)
    granted = _by_place(
        ((kind, _written(kind, schema, name, of), who), right)
        for kind, name, of, who, right in ask(_GRANTED.replace("{grantee}", _GRANTEE), values)
    )
    defaults = ask(_DEFAULTS.replace("{grantee}", _GRANTEE), [number])
    return Rights(
        database=database,
        owner=owner,
        schema=schema,
        schema_owner=schema_owner,
        tables=_named(objects, schema, *_TABLES),
        sequences=_named(objects, schema, "SEQUENCE"),
        backup_functions=_named(objects, schema, "FUNCTION"),
        bookkeeping=frozenset(
            _named([each for each in objects if each[1].startswith(BOOKKEEPING_PREFIX)], schema, *_TABLES)
        ),
        owned=tuple((kind, _written(kind, schema, name, of), who) for kind, name, of, who, free in objects if free),
        granted=granted,
        defaults=_by_place(((kind, of, who), right) for kind, of, who, right in defaults),
        memberships=_by_place(ask(_MEMBERS, None)),
        public_creates="CREATE" in granted.get(("SCHEMA", quoted(schema), ""), ()),
    )


def _named(objects: Iterable[tuple[Any, ...]], schema: str, *kinds: str) -> tuple[str, ...]:
    return tuple(_written(kind, schema, name, of) for kind, name, of, _who, _free in objects if kind in kinds)


def _written(kind: str, schema: str, name: str, arguments: str) -> str:
    """Write the name of an object; of a routine with the types that tell it from others of its name."""
    if kind in ("DATABASE", "SCHEMA"):
        return quoted(name)
    if kind == "FUNCTION":
        return f"pg_catalog.{quoted(name)}({arguments})"
    return f"{quoted(schema)}.{quoted(name)}" + (f"({arguments})" if kind == "ROUTINE" else "")


def _by_place(pairs: Iterable[tuple[Any, Any]]) -> dict[Any, frozenset[str]]:
    found: dict[Any, set[str]] = {}
    for place, right in pairs:
        found.setdefault(place, set()).add(right)
    return {place: frozenset(rights) for place, rights in found.items()}
