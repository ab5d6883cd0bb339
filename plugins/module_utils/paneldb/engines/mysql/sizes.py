# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the server would refuse, or cut in silence: keys and rows that are too long, found before anything runs.

See "Limits on InnoDB" (an index's entry has 3,072 bytes) and "Limits on Table Column Count and Row Size" (65,535 bytes)
in MySQL's manual; MariaDB has the same, and makes an index that is too long one of prefixes without an error.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ...errors import Unsupported
from ...model.schema import Column, Table
from ...model.types import Type

_LONGEST_ENTRY = 3072
_LONGEST_ROW = 65535
_WIDEST_CHARACTER = 4
#: Characters (of bytes: bytes) that an index holds of a value without a longest one.
_PREFIX = 255

#: Bytes that a value takes in an index and at the most in a row, where its length does not depend on the type.
_BYTES = {"uuid": 36, "boolean": 1, "integer": 4, "bigint": 8, "float": 8, "timestamp": 7, "enum": 2}
_BEHIND_POINTER = 12
_DIGITS_OF_FOUR_BYTES = 9
_SHORT_LENGTH = 255


def prefix_of(kind: Type) -> int:
    """How many characters of a value an index holds; 0 stands for all of them."""
    return _PREFIX if kind.name in ("text", "bytes") else 0


def require_fitting(table: Table) -> None:
    """Refuse a table whose rows or keys are too long.

    :raises Unsupported: with the table and the columns.
    """
    size = sum(map(_in_row, table.columns)) + (len(table.columns) + 7) // 8
    if size > _LONGEST_ROW:
        wide = sorted(table.columns, key=_in_row, reverse=True)[:3]
        raise Unsupported(
            f"Rows of table {table.name} would have {size} bytes, and MySQL takes {_LONGEST_ROW}. The widest columns: "
            f"{', '.join(f'{column.name} ({_in_row(column)})' for column in wide)}.",
            hint="Make long strings text, which is kept outside of the row.",
        )
    columns = {column.name: column for column in table.columns}
    for name, names, unique in _keys(table):
        _require_entry(table.name, name, [columns[each] for each in names if each in columns], unique=unique)


def _keys(table: Table) -> Iterator[tuple[str, Sequence[str], bool]]:
    if table.primary_key is not None:
        yield "the primary key", table.primary_key.columns, True
    yield from ((unique.name, unique.columns, True) for unique in table.uniques)
    for index in table.indexes:
        yield index.name, [column.name for column in index.columns], index.unique
    yield from ((key.name, key.columns, False) for key in table.foreign_keys)


def _require_entry(table: str, name: str, columns: Sequence[Column], *, unique: bool) -> None:
    told = f"Table {table}, {name} over {', '.join(column.name for column in columns)}"
    for column in columns:
        if column.type.name == "json" or (unique and prefix_of(column.type)):
            raise Unsupported(
                f"{told}: MySQL cannot index all of {column.name}, which is {column.type}.",
                hint="Use string(n), or keep a digest of the value in a column of its own.",
            )
    size = sum(map(_in_index, columns))
    if size > _LONGEST_ENTRY:
        raise Unsupported(
            f"{told}: an entry may take {size} bytes, and MySQL takes {_LONGEST_ENTRY}.",
            hint="Index fewer or shorter columns.",
        )


def _in_index(column: Column) -> int:
    kind = column.type
    if kind.name == "text":
        return _PREFIX * _WIDEST_CHARACTER
    if kind.name == "bytes":
        return _PREFIX
    return kind.length * _character(column) if kind.name == "string" else _fixed(kind)


def _in_row(column: Column) -> int:
    if column.type.name == "string":
        size = column.type.length * _character(column)
        return size + (1 if size <= _SHORT_LENGTH else 2)
    return _fixed(column.type)


def _fixed(kind: Type) -> int:
    if kind.name == "decimal":
        return 4 * (kind.precision // _DIGITS_OF_FOUR_BYTES + 2)
    return _BYTES.get(kind.name, _BEHIND_POINTER)


def _character(column: Column) -> int:
    """Bytes of the widest character; a collation's name begins with that of its character set."""
    charset = column.collation.partition("_")[0]
    return _CHARSETS.get(charset, _WIDEST_CHARACTER)


_CHARSETS: Mapping[str, int] = {"latin1": 1, "ascii": 1, "binary": 1, "utf8": 3, "utf8mb3": 3, "ucs2": 2}
