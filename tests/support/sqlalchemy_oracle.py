# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Schemas as SQLAlchemy makes them and as its inspector sees them: a second opinion on what is in a database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.dialects import mysql
from sqlalchemy.dialects import postgresql as pg

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.base import BOOKKEEPING_PREFIX
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.mysql.wording import (
    comment_text,
    constant,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import Target
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.schema import (
    Column,
    ForeignKey,
    Index,
    Schema,
    Table,
)

_RULES = {"cascade": "CASCADE", "restrict": "RESTRICT", "set_null": "SET NULL", "no_action": None}


class Seen(NamedTuple):
    """A table as the inspector sees it.

    Of unique keys only the columns: a server may make one of two that are alike, or none beside the primary key.
    """

    columns: list[tuple[str, str, bool, bool]]
    primary_key: tuple[str, ...]
    uniques: set[tuple[str, ...]]
    indexes: dict[str, tuple[tuple[str, ...], bool, bool, tuple[str, ...]]]
    foreign_keys: dict[str, tuple[tuple[str, ...], str, tuple[str, ...], str]]
    comment: str


@contextmanager
def opened(target: Target) -> Iterator[sa.Engine]:
    """SQLAlchemy's own session with the database."""
    engine = sa.create_engine(_url(target))
    try:
        yield engine
    finally:
        engine.dispose()


def _url(target: Target) -> sa.URL:
    if target.engine == "sqlite":
        return sa.URL.create("sqlite", database=target.path)
    driver = {"postgresql": "postgresql+psycopg2", "mysql": "mysql+pymysql"}[target.engine]
    return sa.URL.create(driver, target.user, target.password, target.host, target.port, database=target.database)


# --- making ----------------------------------------------------------------------------------------------------------


def make(engine: sa.Engine, schema: Schema) -> sa.MetaData:
    """Create the schema by SQLAlchemy's metadata."""
    metadata = sa.MetaData()
    enums: dict[str, Any] = {enum.name: sa.Enum(*enum.values, name=enum.name) for enum in schema.enums}
    for table in schema.tables:
        _table(metadata, table, enums, engine.dialect.name)
    metadata.create_all(engine)
    return metadata


def _table(metadata: sa.MetaData, table: Table, enums: dict[str, Any], dialect: str) -> None:
    key = table.primary_key.columns if table.primary_key else ()
    parts: list[Any] = [_column(column, enums, dialect) for column in table.columns]
    if key:
        parts.append(sa.PrimaryKeyConstraint(*key))
    parts.extend(sa.UniqueConstraint(*unique.columns, name=unique.name) for unique in table.uniques)
    parts.extend(_foreign_key(each) for each in table.foreign_keys)
    counting = any(column.autoincrement for column in table.columns)
    comment = comment_text(table.comment) if dialect in _OF_MYSQL else table.comment
    made = sa.Table(table.name, metadata, *parts, comment=comment or None, sqlite_autoincrement=counting)
    for index in table.indexes:
        _index(made, index, dialect)


def _column(column: Column, enums: dict[str, Any], dialect: str) -> sa.Column[Any]:
    kind = enums[column.type.enum] if column.type.name == "enum" else _TYPES[column.type.name](column.type)
    if dialect == "sqlite":
        kind = _SQLITE_TYPES[column.type.name]()
    if dialect in _OF_MYSQL:
        return _mysql_column(column, kind)
    more: list[Any] = [sa.Identity()] if column.autoincrement and dialect == "postgresql" else []
    default = None if column.default is None or column.autoincrement else sa.text(_some_default(column, dialect))
    return sa.Column(
        column.name,
        kind,
        *more,
        nullable=column.null,
        server_default=default,
        comment=column.comment or None,
        autoincrement=column.autoincrement,
    )


def _mysql_column(column: Column, kind: Any) -> sa.Column[Any]:
    enum = column.type.enum if column.type.name == "enum" else ""
    kind = mysql.ENUM(*kind.enums) if enum else _MYSQL_TYPES[column.type.name](column.type)
    default = None if column.default is None or column.autoincrement else _some_mysql_default(column)
    if column.updated_at:
        # What an update sets begins as now where it must not be null.
        default = default or ("NULL" if column.null else "current_timestamp(3)")
        default += " ON UPDATE current_timestamp(3)"
    return sa.Column(
        column.name,
        kind,
        nullable=column.null,
        server_default=sa.text(default) if default else None,
        comment=comment_text(column.comment, enum) or None,
        autoincrement=column.autoincrement,
    )


def _some_mysql_default(column: Column) -> str:
    if column.type.name in ("uuid", "timestamp"):
        return {"uuid": "(uuid())", "timestamp": "current_timestamp(3)"}[column.type.name]
    if column.type.name == "json":
        return "('{}')"
    if column.type.name in ("string", "text"):
        # Of some texts the inspector says that there is no default: the same ones then.
        value = constant(str(column.default.value if column.default else "")).replace(":", "\\:")
        return f"({value})" if column.type.name == "text" else value
    return "0" if column.type.name == "boolean" else _some_default(column, "mysql")


def _some_default(column: Column, dialect: str) -> str:
    """Any default that fits: the inspector is asked whether there is one."""
    if column.type.name in ("integer", "bigint", "float", "decimal"):
        return "0"
    if dialect == "sqlite":
        return "0" if column.type.name == "boolean" else "'x'"
    if column.type.name == "enum":
        value = str(column.default.value if column.default else "").replace("'", "''")
        value = (value.replace("\\", "\\\\") if dialect in _OF_MYSQL else value).replace(":", "\\:")
        return f"'{value}'"
    return {"boolean": "false", "uuid": "gen_random_uuid()", "timestamp": "now()", "json": "'{}'"}.get(
        column.type.name, "'x'"
    )


def _foreign_key(key: ForeignKey) -> sa.ForeignKeyConstraint:
    targets = [f"{key.ref_table}.{column}" for column in key.ref_columns]
    return sa.ForeignKeyConstraint(key.columns, targets, name=key.name, ondelete=_RULES[key.on_delete])


def _index(table: sa.Table, index: Index, dialect: str) -> None:
    columns = [table.c[each.name].desc() if each.descending else table.c[each.name] for each in index.columns]
    some = sa.text("1 = 1") if index.where else None
    # There are no partial indexes on MySQL, and none of all rows stands for a rule about some of them.
    unique = index.unique and not (index.where and dialect in _OF_MYSQL)
    sa.Index(index.name, *columns, unique=unique, sqlite_where=some, postgresql_where=some)


_TYPES: dict[str, Any] = {
    "uuid": lambda _unused: sa.Uuid(),
    "string": lambda kind: sa.String(kind.length),
    "text": lambda _unused: sa.Text(),
    "boolean": lambda _unused: sa.Boolean(),
    "integer": lambda _unused: sa.Integer(),
    "bigint": lambda _unused: sa.BigInteger(),
    "decimal": lambda kind: sa.Numeric(kind.precision, kind.scale),
    "float": lambda _unused: sa.Double(),
    "timestamp": lambda _unused: pg.TIMESTAMP(timezone=True, precision=3),
    "json": lambda _unused: pg.JSONB(),
    "bytes": lambda _unused: sa.LargeBinary(),
}
_OF_MYSQL = ("mysql", "mariadb")
_MYSQL_TYPES: dict[str, Any] = {
    "uuid": lambda _unused: mysql.CHAR(36, charset="ascii", collation="ascii_bin"),
    "string": lambda kind: mysql.VARCHAR(kind.length),
    "text": lambda _unused: mysql.LONGTEXT(),
    "boolean": lambda _unused: mysql.TINYINT(1),
    "integer": lambda _unused: mysql.INTEGER(),
    "bigint": lambda _unused: mysql.BIGINT(),
    "decimal": lambda kind: mysql.DECIMAL(kind.precision, kind.scale),
    "float": lambda _unused: mysql.DOUBLE(),
    "timestamp": lambda _unused: mysql.DATETIME(fsp=3),
    "json": lambda _unused: mysql.JSON(),
    "bytes": lambda _unused: mysql.LONGBLOB(),
}
_SQLITE_TYPES: dict[str, Any] = {
    **dict.fromkeys(("uuid", "string", "text", "decimal", "timestamp", "json", "enum"), sa.Text),
    **dict.fromkeys(("boolean", "integer", "bigint"), sa.Integer),
    "float": sa.REAL,
    "bytes": sa.BLOB,
}


# --- seeing ----------------------------------------------------------------------------------------------------------


def see(engine: sa.Engine) -> dict[str, Seen]:
    """Every table as the inspector sees it."""
    inspector = sa.inspect(engine)
    return {name: _seen(inspector, name, engine.dialect) for name in inspector.get_table_names() if _is_shown(name)}


def missed(engine: sa.Engine, metadata: sa.MetaData) -> list[Any]:
    """What Alembic would still do to the database, unique keys apart: these have two forms."""
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_name": _is_shown})
        found = compare_metadata(context, metadata)
    return [each for each in found if not _about_a_unique(each)]


def _is_shown(name: str | None, *_unused: Any) -> bool:
    """The collection's own tables are in no model."""
    return not (name or "").startswith(BOOKKEEPING_PREFIX)


def _about_a_unique(difference: Any) -> bool:
    return isinstance(difference, tuple) and (
        isinstance(difference[1], sa.UniqueConstraint) or bool(getattr(difference[1], "unique", False))
    )


def _seen(inspector: sa.Inspector, table: str, dialect: sa.Dialect) -> Seen:
    uniques = {str(each["name"]): tuple(each["column_names"]) for each in inspector.get_unique_constraints(table)}
    indexes = {
        str(each["name"]): (
            tuple(str(column) for column in each["column_names"]),
            bool(each["unique"]),
            any(name.endswith("_where") for name in each.get("dialect_options", {})),
            tuple(column for column, order in each.get("column_sorting", {}).items() if "desc" in order),
        )
        for each in inspector.get_indexes(table)
        if "duplicates_constraint" not in each
    }
    if dialect.name == "sqlite":
        # A unique key is a unique index there, whichever of the two it was called.
        plain = {name: columns for name, (columns, unique, where, _unused) in indexes.items() if unique and not where}
        uniques.update(plain)
        indexes = {name: each for name, each in indexes.items() if name not in plain}
    keys = {str(each["name"]): _seen_key(each) for each in inspector.get_foreign_keys(table)}
    if dialect.name in _OF_MYSQL:
        # The server makes one where it thinks that a key needs it.
        indexes = {name: each for name, each in indexes.items() if name not in keys}
    primary_key = tuple(inspector.get_pk_constraint(table)["constrained_columns"])
    return Seen(
        [_seen_column(each, dialect) for each in inspector.get_columns(table)],
        primary_key,
        set(uniques.values()) - {primary_key},
        indexes,
        keys,
        _comment(inspector, table, dialect),
    )


def _seen_column(column: Any, dialect: sa.Dialect) -> tuple[str, str, bool, bool]:
    kind = str(column["type"].compile(dialect=dialect))
    # MySQL says what the collation says already, where the column's definition did.
    kind = kind.replace("CHARACTER SET utf8mb4 COLLATE utf8mb4_", "COLLATE utf8mb4_")
    fixed = column.get("default") is not None or column.get("identity") is not None
    return column["name"], kind, column["nullable"], fixed


def _seen_key(key: Any) -> tuple[tuple[str, ...], str, tuple[str, ...], str]:
    rule = key["options"].get("ondelete", "NO ACTION")
    return tuple(key["constrained_columns"]), key["referred_table"], tuple(key["referred_columns"]), rule


def _comment(inspector: sa.Inspector, table: str, dialect: sa.Dialect) -> str:
    return "" if dialect.name == "sqlite" else str(inspector.get_table_comment(table)["text"] or "")
