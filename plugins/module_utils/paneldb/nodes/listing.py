# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A list of nodes as it was written: an inventory of YAML, JSON or CSV, or option ``nodes``, read on the controller."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..documents import format_of, parse_document
from ..model.reading import Place, as_list
from .node_table import NAME


class Lines(Place):
    """The place of rows in a CSV file, which people find by the number of their line."""

    __slots__ = ("_lines",)

    def __init__(self, source: str, lines: Sequence[int] | None) -> None:
        super().__init__(source)
        self._lines = lines

    def item(self, index: int) -> Place:
        """Give the place of a row; without numbers of lines, each row has one line after that of the names."""
        return _Line(self.source, f"line {self._lines[index] if self._lines else index + 2}")


class _Line(Place):
    __slots__ = ()

    def key(self, name: object) -> Place:
        return Place(self.source, f"{self.path}, {name}")


class Listing:
    """Rows of a list of nodes. Nothing here shows itself: rows may hold tokens.

    ``rows`` are mappings of column to cell, ``text`` tells that all cells are text, ``place`` gives the place of each.
    """

    __slots__ = ("place", "rows", "text")

    def __init__(self, rows: list[Any], place: Place, *, text: bool = False) -> None:
        self.rows = rows
        self.place = place
        self.text = text


def inline(rows: Any) -> dict[str, Any]:
    """Give option ``nodes`` in the form that travels to the host."""
    return {"source": "", "path": "nodes", "rows": rows}


def read_text(
    text: str, path: str, *, columns: Mapping[str, str], vault: Callable[[str], Any] | None = None
) -> dict[str, Any]:
    """Read the text of a file in the same form. ``columns`` are the file's own names of columns, by ours.

    :raises InputError: it is no list of nodes, or a CSV file whose columns are missing, repeated or without a name.
    """
    if format_of(path) == "csv":
        return _read_csv(text, path, [columns.get(NAME, NAME), *columns.values()])
    found = parse_document(text, path, tag_constructors={"!vault": vault} if vault else None)
    if isinstance(found, dict) and found.keys() == {"nodes"}:
        return {"source": path, "path": "nodes", "rows": found["nodes"]}
    return {"source": path, "rows": found}


def _read_csv(text: str, path: str, required: Sequence[str]) -> dict[str, Any]:
    from ..documents.csv_reader import parse_rows

    rows = list(parse_rows(text, path, required=tuple(dict.fromkeys(required))))
    one_line_each = text.count("\n") + (not text.endswith("\n")) == len(rows) + 1
    return {"source": path, "rows": rows, "text": True, "lines": None if one_line_each else _lines(text)}


def _lines(text: str) -> list[int]:
    """Give the number of the line at which each row begins: cells may hold line breaks, and lines may be blank."""
    reader = csv.reader(io.StringIO(text.lstrip("\ufeff"), newline=""))
    begun, found = 1, []
    for cells in reader:
        if cells:
            found.append(begun)
        begun = reader.line_num + 1
    return found[1:]


def listing(data: Mapping[str, Any]) -> Listing:
    """Give the list that travelled in that form.

    :raises InputError: it is no list.
    """
    text = bool(data.get("text"))
    source = data["source"]
    place = Lines(source, data.get("lines")) if text else Place(source, data.get("path", ""))
    return Listing(as_list(data["rows"], place, "a list of nodes"), place, text=text)
