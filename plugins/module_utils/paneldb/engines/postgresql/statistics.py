# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts about a live server and about the rows in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ...model.schema import Check, ForeignKey, Table
from ..base import Server
from .bulk import selected
from .wording import condition, listed, literal, quoted

if TYPE_CHECKING:
    from .engine import PostgresqlEngine

Row = tuple[Any, ...]

_SHOWN = 5
_SERVER = """
    SELECT split_part(current_setting('server_version'), ' ', 1), current_setting('server_version_num')::integer,
        current_database(), current_schema(), pg_database_size(current_database()), pg_is_in_recovery(),
        pg_backend_pid(),
        (SELECT extract(epoch FROM max(clock_timestamp() - a.xact_start))::float8 FROM pg_catalog.pg_stat_activity AS a
            WHERE a.datname = current_database() AND a.pid <> pg_backend_pid() AND a.backend_type = 'client backend'),
        CASE WHEN pg_is_in_recovery()
            THEN extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())::float8
            ELSE (SELECT extract(epoch FROM max(r.replay_lag))::float8 FROM pg_catalog.pg_stat_replication AS r) END,
        current_user, pg_encoding_to_char(d.encoding), d.datcollate
    FROM pg_catalog.pg_database AS d WHERE d.datname = current_database()
"""


def server(engine: PostgresqlEngine, known_pid: int) -> Server:
    """Tell who answered. ``pooler`` is a suspicion: another process answers than the session began with."""
    row = engine.ask(_SERVER)[0]
    version, number, database, schema, size, recovery, pid, longest, lag, user, encoding, collation = row
    return Server(
        "PostgreSQL",
        version,
        (number // 10000, number % 10000),
        {
            "database": database,
            "schema": schema,
            "user": user,
            "size_bytes": size,
            "in_recovery": recovery,
            "longest_transaction_seconds": longest,
            "replication_lag_seconds": lag,
            "pooler": pid != known_pid,
            "encoding": encoding,
            "collation": collation,
        },
    )


def count(engine: PostgresqlEngine, table: Table) -> int:
    """Count the rows."""
    return int(engine.ask(f"SELECT count(*) FROM {quoted(table.name)}")[0][0])


def count_nulls(engine: PostgresqlEngine, table: Table, column: str) -> int:
    """Count rows in which the column is null."""
    return int(engine.ask(f"SELECT count(*) FROM {quoted(table.name)} WHERE {quoted(column)} IS NULL")[0][0])


def duplicates(
    engine: PostgresqlEngine, table: Table, columns: Sequence[str], where: str
) -> tuple[int, tuple[Row, ...]]:
    """Count groups of rows that share non-null values; also give some of the values."""
    rules = [f"{quoted(name)} IS NOT NULL" for name in columns] + ([f"({condition(where)})"] if where else [])
    shown = ", ".join(selected(table.column(name)) for name in columns)
    rows = engine.ask(
        f"SELECT count(*) OVER (), {shown} FROM {quoted(table.name)} WHERE {' AND '.join(rules)}"
        f" GROUP BY {listed(columns)} HAVING count(*) > 1 ORDER BY {listed(columns)} LIMIT {_SHOWN}"
    )
    return _counted(rows)


def orphans(engine: PostgresqlEngine, table: Table, key: ForeignKey) -> tuple[int, tuple[Row, ...]]:
    """Count rows that refer to nothing; also give some of the values that they refer with."""
    rules = [f"t.{quoted(name)} IS NOT NULL" for name in key.columns]
    pairs = zip(key.columns, key.ref_columns)
    matching = " AND ".join(f"r.{quoted(other)} = t.{quoted(name)}" for name, other in pairs)
    shown = ", ".join(f"t.{selected(table.column(name))}" for name in key.columns)
    names = ", ".join(f"t.{quoted(name)}" for name in key.columns)
    rows = engine.ask(
        f"SELECT (sum(count(*)) OVER ())::bigint, {shown} FROM {quoted(table.name)} AS t WHERE {' AND '.join(rules)}"
        f" AND NOT EXISTS (SELECT FROM {quoted(key.ref_table)} AS r WHERE {matching})"
        f" GROUP BY {names} ORDER BY {names} LIMIT {_SHOWN}"
    )
    return _counted(rows)


def violations(engine: PostgresqlEngine, table: Table, check: Check) -> int:
    """Count rows that break the rule; null is not a breach."""
    return int(engine.ask(f"SELECT count(*) FROM {quoted(table.name)} WHERE NOT ({condition(check.expression)})")[0][0])


def table_bytes(engine: PostgresqlEngine, table: Table) -> int | None:
    """Give the size with indexes and what is kept out of line; None where there is no such table."""
    size = engine.ask(f"SELECT pg_total_relation_size(to_regclass({literal(quoted(table.name))}))")[0][0]
    return None if size is None else int(size)


def _counted(rows: Sequence[Row]) -> tuple[int, tuple[Row, ...]]:
    return (int(rows[0][0]) if rows else 0), tuple(row[1:] for row in rows)
