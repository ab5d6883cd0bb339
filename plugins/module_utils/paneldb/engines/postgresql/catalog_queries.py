# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The questions that the catalogue is read with: seven or eight, however many tables there are.

All are about the current schema alone; most are about the tables that the first one found. Left out are partitioned
tables and partitions, children of inheritance, and what an extension brought: none of that is ours to change.
"""

from __future__ import annotations

_NAMESPACE = "(SELECT n.oid FROM pg_catalog.pg_namespace AS n WHERE n.nspname = current_schema())"


def _not_of_an_extension(table: str, oid: str) -> str:
    return (
        f"NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS x WHERE x.classid = '{table}'::regclass"
        f" AND x.objid = {oid} AND x.deptype = 'e')"
    )


#: oid, name, kind (r table, v view), whether it holds any page of rows.
RELATIONS = f"""
    SELECT c.oid, c.relname, c.relkind, c.relkind = 'r' AND pg_relation_size(c.oid) > 0
    FROM pg_catalog.pg_class AS c
    WHERE c.relnamespace = {_NAMESPACE} AND c.relkind IN ('r', 'v') AND NOT c.relispartition
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_inherits AS p WHERE p.inhrelid = c.oid)
        AND {_not_of_an_extension("pg_catalog.pg_class", "c.oid")}
"""

#: table, position, name, not null, identity, generated, enum's name, type, its own collation, default, collation.
COLUMNS = """
    SELECT a.attrelid, a.attnum, a.attname, a.attnotnull, a.attidentity, a.attgenerated,
        CASE WHEN t.typtype = 'e' AND t.typnamespace = quote_ident(current_schema())::regnamespace THEN t.typname END,
        format_type(a.atttypid, a.atttypmod),
        CASE WHEN a.attcollation <> t.typcollation
            THEN (SELECT o.collname FROM pg_catalog.pg_collation AS o WHERE o.oid = a.attcollation) END,
        pg_get_expr(d.adbin, d.adrelid), a.attcollation
    FROM pg_catalog.pg_attribute AS a
        JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid
        LEFT JOIN pg_catalog.pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum AND a.atthasdef
    WHERE a.attrelid = ANY(%s::oid[]) AND a.attnum > 0 AND NOT a.attisdropped
    ORDER BY a.attrelid, a.attnum
"""

#: table, position (0 is the table itself), comment.
COMMENTS = """
    SELECT s.objoid, s.objsubid, s.description FROM pg_catalog.pg_description AS s
    WHERE s.objoid = ANY(%s::oid[]) AND s.classoid = 'pg_catalog.pg_class'::regclass
"""

#: table, position, sequence of every column that a sequence belongs to (asked only where a default is nextval).
SEQUENCES = """
    SELECT x.refobjid, x.refobjsubid, format('%%I.%%I', n.nspname, q.relname)
    FROM pg_catalog.pg_depend AS x
        JOIN pg_catalog.pg_class AS q ON q.oid = x.objid AND q.relkind = 'S'
        JOIN pg_catalog.pg_namespace AS n ON n.oid = q.relnamespace
    WHERE x.classid = 'pg_catalog.pg_class'::regclass AND x.refclassid = 'pg_catalog.pg_class'::regclass
        AND x.deptype = 'a' AND x.refobjid = ANY(%s::oid[])
"""

#: table, name, kind, validated, columns, other table, its columns, delete rule, rule of a check, whether it is plain.
_CONSTRAINTS = """
    SELECT k.conrelid, k.conname, k.contype, k.convalidated, k.conkey, k.confrelid, k.confkey, k.confdeltype,
        CASE WHEN k.contype = 'c' THEN pg_get_expr(k.conbin, k.conrelid) END,
        k.contype IN ('f', 'c') OR (NOT k.condeferrable AND i.indnatts = i.indnkeyatts{nulls})
    FROM pg_catalog.pg_constraint AS k
        LEFT JOIN pg_catalog.pg_index AS i ON i.indexrelid = k.conindid AND k.contype IN ('p', 'u')
    WHERE k.conrelid = ANY(%s::oid[]) AND k.contype IN ('p', 'u', 'f', 'c')
"""

#: table, name, unique, valid, columns, their order, condition, whether a model could state it, collations.
_INDEXES = """
    SELECT i.indrelid, x.relname, i.indisunique, i.indisvalid, i.indkey::text, i.indoption::text,
        pg_get_expr(i.indpred, i.indrelid),
        i.indexprs IS NULL AND i.indnatts = i.indnkeyatts{nulls}
            AND x.relam = (SELECT m.oid FROM pg_catalog.pg_am AS m WHERE m.amname = 'btree')
            AND NOT i.indclass::oid[] &&
                (SELECT array_agg(o.oid) FROM pg_catalog.pg_opclass AS o WHERE NOT o.opcdefault),
        i.indcollation::text
    FROM pg_catalog.pg_index AS i
        JOIN pg_catalog.pg_class AS x ON x.oid = i.indexrelid
    WHERE i.indrelid = ANY(%s::oid[])
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint AS k
            WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'))
"""

#: name, values in order.
ENUMS = f"""
    SELECT t.typname, array_agg(e.enumlabel::text ORDER BY e.enumsortorder) FILTER (WHERE e.oid IS NOT NULL)
    FROM pg_catalog.pg_type AS t LEFT JOIN pg_catalog.pg_enum AS e ON e.enumtypid = t.oid
    WHERE t.typnamespace = {_NAMESPACE} AND t.typtype = 'e' AND {_not_of_an_extension("pg_catalog.pg_type", "t.oid")}
    GROUP BY t.oid, t.typname
"""

#: table, name, argument of every trigger of ours; one row without a table where there is only the function.
TRIGGERS = f"""
    SELECT t.tgrelid, t.tgname, encode(t.tgargs, 'hex')
    FROM pg_catalog.pg_proc AS p LEFT JOIN pg_catalog.pg_trigger AS t ON t.tgfoid = p.oid AND NOT t.tgisinternal
    WHERE p.pronamespace = {_NAMESPACE} AND p.proname = '_paneldb_touch' AND p.pronargs = 0
"""

_NULLS_DISTINCT_SINCE = 150000


def constraints(server_version: int) -> str:
    """Ask for constraints; keys with NULLS NOT DISTINCT, which 15 brought, are not plain."""
    return _CONSTRAINTS.replace("{nulls}", _nulls(server_version))


def indexes(server_version: int) -> str:
    """Ask for indexes that are not those of constraints."""
    return _INDEXES.replace("{nulls}", _nulls(server_version))


def _nulls(server_version: int) -> str:
    return " AND NOT i.indnullsnotdistinct" if server_version >= _NULLS_DISTINCT_SINCE else ""
