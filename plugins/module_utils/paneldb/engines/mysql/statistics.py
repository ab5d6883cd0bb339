# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts about a live server and about the rows in it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...errors import PanelDbError
from ...model.schema import Check, ForeignKey, Table
from ..base import Server
from .naming import quoted
from .reading import selected, stored
from .values import readers

if TYPE_CHECKING:
    from .engine import MysqlEngine

Row = tuple[Any, ...]

_SHOWN = 5
_SERVER = """
    SELECT VERSION(), DATABASE(), CURRENT_USER(), @@read_only, @@global.time_zone, @@global.sql_mode,
        s.default_character_set_name, s.default_collation_name,
        (SELECT CAST(SUM(t.data_length + t.index_length) AS SIGNED) FROM information_schema.tables AS t
            WHERE t.table_schema = DATABASE())
    FROM information_schema.schemata AS s WHERE s.schema_name = DATABASE()
"""
#: Needs PROCESS; without it the server refuses.
_LONGEST = """
    SELECT TIMESTAMPDIFF(MICROSECOND, MIN(trx_started), NOW(6)) / 1e6 FROM information_schema.innodb_trx
    WHERE trx_mysql_thread_id <> CONNECTION_ID()
"""
#: What replicas say of themselves; the first is MariaDB's and older MySQL's. Needs REPLICATION CLIENT or SLAVE MONITOR.
_REPLICA = {"MariaDB": "SHOW SLAVE STATUS", "MySQL": "SHOW REPLICA STATUS"}
_LAGS = ("Seconds_Behind_Master", "Seconds_Behind_Source")


def server(engine: MysqlEngine) -> Server:
    """Tell who answered. What the account may not know is None."""
    version, database, user, read_only, zone, mode, encoding, collation, size = engine.ask(_SERVER)[0]
    return Server(
        engine.product,
        str(version).partition("-")[0],
        engine.numbers,
        {
            "database": database,
            "user": user,
            "size_bytes": size or 0,
            "read_only": str(read_only).upper() not in ("0", "OFF", "NO_LOCK"),
            "longest_transaction_seconds": _longest(engine),
            "replication_lag_seconds": _lag(engine),
            "timezone": zone,
            "strict": "STRICT_TRANS_TABLES" in mode or "STRICT_ALL_TABLES" in mode,
            "encoding": encoding,
            "collation": collation,
        },
    )


def _longest(engine: MysqlEngine) -> float | None:
    with suppress(PanelDbError):
        found = engine.ask(_LONGEST)[0][0]
        return None if found is None else float(found)
    return None


def _lag(engine: MysqlEngine) -> float | None:
    with suppress(PanelDbError):
        cursor = engine.execute(_REPLICA[engine.product])
        names = [each[0] for each in cursor.description or ()]
        for row in cursor.fetchall():
            found = [value for name, value in zip(names, row) if name in _LAGS and value is not None]
            return float(found[0]) if found else None
    return None


def count(engine: MysqlEngine, table: Table) -> int:
    """Count the rows."""
    return int(engine.ask(f"SELECT COUNT(*) FROM {quoted(table.name)}")[0][0])


def count_nulls(engine: MysqlEngine, table: Table, column: str) -> int:
    """Count rows in which the column is null."""
    return int(engine.ask(f"SELECT COUNT(*) FROM {quoted(table.name)} WHERE {quoted(column)} IS NULL")[0][0])


def duplicates(engine: MysqlEngine, table: Table, columns: Sequence[str], where: str) -> tuple[int, tuple[Row, ...]]:
    """Count groups of rows that share non-null values; also give some of the values."""
    rules = [f"t.{quoted(name)} IS NOT NULL" for name in columns] + ([f"({_condition(where)})"] if where else [])
    groups = _Groups(engine, table, columns, " AND ".join(rules))
    return groups.shown("1", " HAVING COUNT(*) > 1")


def orphans(engine: MysqlEngine, table: Table, key: ForeignKey) -> tuple[int, tuple[Row, ...]]:
    """Count rows that refer to nothing; also give some of the values that they refer with."""
    rules = [f"t.{quoted(name)} IS NOT NULL" for name in key.columns]
    pairs = zip(key.columns, key.ref_columns)
    matching = " AND ".join(f"r.{quoted(other)} = t.{quoted(name)}" for name, other in pairs)
    rules.append(f"NOT EXISTS (SELECT 1 FROM {quoted(key.ref_table)} AS r WHERE {matching})")
    return _Groups(engine, table, key.columns, " AND ".join(rules)).shown("COUNT(*)")


@dataclass(frozen=True)
class _Groups:
    """Rows that meet the rules, in groups of those with the same values in the columns."""

    engine: MysqlEngine
    table: Table
    columns: Sequence[str]
    rules: str

    def shown(self, unit: str, having: str = "") -> tuple[int, tuple[Row, ...]]:
        """Add up ``unit`` over all groups; also give the values of some."""
        names = ", ".join(f"t.{quoted(name)}" for name in self.columns)
        groups = f"FROM {quoted(self.table.name)} AS t WHERE {self.rules} GROUP BY {names}{having}"
        total = self.engine.ask(f"SELECT CAST(SUM(g.c) AS SIGNED) FROM (SELECT {unit} AS c {groups}) AS g")[0][0]
        if not total:
            return 0, ()
        chosen = [self.table.column(name) for name in self.columns]
        values = ", ".join(selected(column, "t.") for column in chosen)
        rows = self.engine.ask(f"SELECT {values} {groups} ORDER BY {names} LIMIT {_SHOWN}")
        return int(total), tuple(stored(row, readers(chosen)) for row in rows)


def violations(engine: MysqlEngine, table: Table, check: Check) -> int:
    """Count rows that break the rule; null is not a breach."""
    rule = _condition(check.expression)
    return int(engine.ask(f"SELECT COUNT(*) FROM {quoted(table.name)} WHERE NOT ({rule})")[0][0])


def table_bytes(engine: MysqlEngine, table: Table) -> int | None:
    """Give the size with indexes, about; None where there is no such table."""
    rows = engine.ask(
        "SELECT data_length + index_length FROM information_schema.tables"
        " WHERE table_schema = DATABASE() AND table_name = %s",
        [table.name],
    )
    return int(rows[0][0] or 0) if rows else None


def _condition(text: str) -> str:
    from .conditions import condition

    return condition(text)
