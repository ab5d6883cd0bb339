# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names that MongoDB cannot keep; they are refused before anything runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ...errors import Unsupported
from ...model.schema import Schema, Table

#: The manual's limit of a namespace (database, a dot, collection), in bytes, for servers since 4.4.
LONGEST_NAMESPACE = 255
LONGEST_DATABASE = 63


def refuse_names(schema: Schema, database: str, *, quotes: bool = True) -> None:
    """Refuse tables and columns whose names cannot be those of collections and fields.

    ``quotes`` tells that the server takes quotes and backslashes in names of fields (FerretDB does not).

    :raises Unsupported: with all that is wrong.
    """
    found = [each for table in schema.tables for each in _of_table(table, database, quotes)]
    if found:
        raise Unsupported(
            f"MongoDB cannot keep these names: {'; '.join(found[:5])}.",
            hint="Give them other names in the model.",
            names=found[:20],
        )


def _of_table(table: Table, database: str, quotes: bool) -> Iterator[str]:
    reason = _collection(table.name, database)
    if reason:
        yield f"table {table.name!r} ({reason})"
    for name in table.column_names:
        reason = _field(name, quotes)
        if reason:
            yield f"column {name!r} of {table.name!r} ({reason})"


def _collection(name: str, database: str) -> str:
    longest = LONGEST_NAMESPACE - len((database or "x" * LONGEST_DATABASE).encode()) - 1
    if len(name.encode("utf-8", "surrogatepass")) > longest:
        return f"longer than {longest} bytes"
    if name.startswith("system."):
        return "begins with system."
    if name.startswith(".") or name.endswith(".") or not name:
        return "begins or ends with a dot, or is empty"
    return _with_any(name, "$\0")


def _field(name: str, quotes: bool) -> str:
    if name.startswith("$"):
        return "begins with $"
    if name == "_id":
        return "belongs to the document"
    return _with_any(name, ".\0" if quotes else '.\0"\\')


def _with_any(name: str, marks: Iterable[str]) -> str:
    held = [mark for mark in marks if mark in name]
    return f"holds {' '.join(map(repr, held))}" if held else ""
