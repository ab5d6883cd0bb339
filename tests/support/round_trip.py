# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A model of every logical type, rows of the hardest values of each, and their way from one engine to another."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.base import Engine
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.schema import (
    Column,
    Default,
    Enum,
    ForeignKey,
    Index,
    IndexColumn,
    PrimaryKey,
    Schema,
    Table,
    Unique,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.types import parse_type
from ansible_collections.ctrlaltplay.paneldb.tests.support.engine_rows import read_rows, write_rows
from ansible_collections.ctrlaltplay.paneldb.tests.support.rows import Rows

COLOURS = ("red", "blue green", "ünï", "100%")
_KINDS = {
    "id": "uuid",
    "short": "string(50)",
    "long": "text",
    "flag": "boolean",
    "small": "integer",
    "big": "bigint",
    "price": "decimal(30,6)",
    "ratio": "float",
    "at": "timestamp",
    "data": "json",
    "raw": "bytes",
    "colour": "enum(colour)",
    "parent": "uuid",
}
PARENTS = Table(
    "parents",
    (Column("id", parse_type("uuid"), default=Default(function="uuid()")), Column("name", parse_type("string(50)"))),
    PrimaryKey(("id",)),
    (Unique("parents_name_key", ("name",)),),
)
THINGS = Table(
    "things",
    tuple(Column(name, parse_type(kind), null=name not in ("id", "flag")) for name, kind in _KINDS.items()),
    PrimaryKey(("id",)),
    indexes=(Index("things_parent_idx", (IndexColumn("parent"),)),),
    foreign_keys=(ForeignKey("things_parent_fkey", ("parent",), "parents", ("id",), "restrict"),),
)
#: In an order in which they can be filled.
TABLES = (PARENTS, THINGS)
MODEL = Schema(TABLES, (Enum("colour", COLOURS),))

_HARD_TEXTS = (
    "",
    " ",
    "a ",
    "A",
    "a",
    "\\N",
    "\\",
    "'\"`",
    "tab\tline\nreturn\r",
    "\x1a\x01",
    "NULL",
    "ß",
    "e\u0301",
    "😀",
)
_TEXT = st.sampled_from(_HARD_TEXTS) | st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=50)
_WHOLE = st.integers(-(2**63), 2**63 - 1) | st.sampled_from([-(2**63), 2**63 - 1, 2**53 + 1])
#: Not every server keeps the sign of a zero; adding one takes it away.
_FLOAT = st.floats(allow_nan=False, allow_infinity=False).map(lambda value: value + 0.0)
_JSON = st.recursive(
    st.none() | st.booleans() | _WHOLE | _FLOAT | _TEXT,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(_TEXT | st.sampled_from(["$set", "a.b"]), inner, max_size=3)
    ),
    max_leaves=6,
)
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_FIRST, _LAST = datetime(1000, 1, 1, tzinfo=timezone.utc), datetime(9999, 12, 31, 23, 59, 59, 999000, timezone.utc)
_MILLISECOND = timedelta(milliseconds=1)
_TIME = st.integers((_FIRST - _EPOCH) // _MILLISECOND, (_LAST - _EPOCH) // _MILLISECOND).map(
    lambda milliseconds: _EPOCH + milliseconds * _MILLISECOND
)
_VALUES: dict[str, st.SearchStrategy[Any]] = {
    "id": st.uuids().map(str),
    "short": _TEXT,
    "long": _TEXT,
    "flag": st.booleans(),
    "small": st.integers(-(2**31), 2**31 - 1),
    "big": _WHOLE,
    "price": st.decimals(Decimal(-(10**24) + 1), Decimal(10**24 - 1), places=6),
    "ratio": _FLOAT,
    "at": _TIME,
    "data": _JSON,
    "raw": st.binary(max_size=40),
    "colour": st.sampled_from(COLOURS),
}


@st.composite
def rows(draw: Any) -> Rows:
    """Rows of both tables; things refer to parents, or to none."""
    names = draw(st.lists(_TEXT, max_size=3, unique=True))
    parents = [(str(draw(st.uuids())), name) for name in names]
    cells = {name: values if name in ("id", "flag") else st.none() | values for name, values in _VALUES.items()}
    cells["parent"] = st.sampled_from([None, *(key for key, _unused in parents)])
    things = draw(st.lists(st.fixed_dictionaries(cells), max_size=5, unique_by=lambda row: row["id"]))
    return {
        "parents": (PARENTS.column_names, parents),
        "things": (THINGS.column_names, [tuple(row[name] for name in THINGS.column_names) for row in things]),
    }


def seeds_of(given: Rows) -> dict[str, Any]:
    """The same rows as a seed file writes them."""
    return {
        "seeds": [
            {"table": table, "key": ["id"], "rows": [dict(zip(columns, map(_cell, row))) for row in values]}
            for table, (columns, values) in given.items()
        ]
    }


def _cell(value: Any) -> Any:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, Decimal):
        return str(value)
    return value.isoformat() if isinstance(value, datetime) else value


def export(engine: Engine) -> Rows:
    """Logical values of all rows, in an order that depends on nothing but them."""
    return {table.name: (table.column_names, read_rows(engine, table, table.column_names)) for table in TABLES}


def load(engine: Engine, given: Rows) -> None:
    """Write the rows of an export."""
    write_rows(engine, MODEL, given)


def clear(engine: Engine) -> None:
    """Delete all rows."""
    for table in reversed(TABLES):
        engine.delete(table, ("id",), list(engine.fetch(table, ("id",))))


def spelled(given: Rows) -> dict[str, list[str]]:
    """Rows so that two are equal only where each value has the same type, too."""
    return {table: sorted(map(_spell, values)) for table, (_columns, values) in given.items()}


def _spell(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{key!r}: {_spell(each)}' for key, each in sorted(value.items()))}}}"
    if isinstance(value, Iterable) and not isinstance(value, (str, bytes)):
        return f"[{', '.join(map(_spell, value))}]"
    return repr(value)
