# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CSV read strictly (RFC 4180): a line of column names, then rows, one at a time, so that memory stays flat.

Every cell is text. An empty cell is null, whether it is written as nothing or as ``""``: spreadsheets write both for
the same thing. Columns named in ``empty_is_text`` keep the empty string instead.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Any, Optional

from ..errors import InputError
from .text import decode, refuse_conflict, refuse_foreign, refuse_nul, unreadable

#: A row: column name to text, None for null.
Row = dict[str, Optional[str]]

#: What other programs put between cells.
_OTHER_SEPARATORS = ((";", "semicolons"), ("\t", "tabs"), ("|", "bars"))


def read_rows(path: str, *, required: Collection[str] = (), empty_is_text: Collection[str] = ()) -> Iterator[Row]:
    """Read a CSV file of any size, row by row. ``required`` columns must be there; others may be.

    :raises InputError: the file cannot be read; names of columns are missing, empty or repeated; or a row has not as
        many cells as there are columns. Rows before the fault have been given by then.
    """
    try:
        with Path(path).open(encoding="utf-8-sig", newline="") as stream:
            yield from _rows(stream, path, required, empty_is_text)
    except OSError as error:
        raise unreadable(error, path) from error
    except UnicodeDecodeError as error:
        _find_undecodable(path)
        raise InputError("The file changed while it was read.", source=path) from error


def parse_rows(
    text: str, source: str, *, required: Collection[str] = (), empty_is_text: Collection[str] = ()
) -> Iterator[Row]:
    """Do the same with the text of a CSV file.

    :raises InputError: as ``read_rows``.
    """
    return _rows(io.StringIO(text.lstrip("\ufeff"), newline=""), source, required, empty_is_text)


def _rows(
    stream: Iterable[str], source: str, required: Collection[str], empty_is_text: Collection[str]
) -> Iterator[Row]:
    reader = csv.reader(_checked(stream, source), strict=True)
    try:
        names = _names(next(reader, []), source, required)
        kept = [name for name in empty_is_text if name in names]
        line = reader.line_num + 1
        for cells in reader:
            if cells:
                row: Row = dict(zip(names, [cell or None for cell in cells] if "" in cells else cells))
                if len(cells) != len(names):
                    raise _uneven(cells, names, line, source)
                for name in kept:
                    row[name] = row[name] or ""
                yield row
            line = reader.line_num + 1
    except csv.Error as error:
        hint = "A cell that holds a comma, a quote or a line break stands between quotes; quotes in it are doubled."
        raise _fault(f"This is not CSV: {error}.", reader.line_num, source, hint=hint) from error


def _checked(stream: Iterable[str], source: str) -> Iterator[str]:
    """Give the lines, refusing what the parser would take for text."""
    for number, line in enumerate(stream, 1):
        if number == 1:
            refuse_foreign(line, source)
        if "\0" in line or line.startswith(("<<<<<<< ", ">>>>>>> ")):
            before = "\n" * (number - 1)
            refuse_nul(before + line, source)
            refuse_conflict(before + line, source)
        yield line


def _names(cells: list[str], source: str, required: Collection[str]) -> list[str]:
    """Check the line of column names.

    :raises InputError: there is none, or names are empty, repeated, padded with blanks, or missing.
    """
    if not cells:
        raise InputError("The document is empty.", source=source, expected="a first line with the names of columns")
    if len(cells) == 1:
        _refuse_other_separator(cells[0], source)
    for number, name in enumerate(cells, 1):
        if not name or name != name.strip():
            raise _fault(
                f"Column {number} has no name, or blanks around it.", 1, source, found=name, expected="its bare name"
            )
        if name in cells[: number - 1]:
            first = cells.index(name) + 1
            raise _fault(f"Columns {first} and {number} have the same name.", 1, source, found=name)
    missing = [name for name in required if name not in cells]
    if missing:
        raise _fault("Columns are missing.", 1, source, found=cells, expected=f"also {', '.join(missing)}")
    return cells


def _refuse_other_separator(name: str, source: str) -> None:
    for mark, words in _OTHER_SEPARATORS:
        if mark in name:
            raise _fault(f"Cells seem to be separated by {words}.", 1, source, expected="commas", hint="Save it again.")


def _uneven(cells: list[str], names: list[str], line: int, source: str) -> InputError:
    missing = names[len(cells) :]
    more = f"no cell for {', '.join(missing)}" if missing else f"{len(cells) - len(names)} cells too many"
    return _fault(
        f"The row has {more}.",
        line,
        source,
        expected=f"{len(names)} cells",
        hint="A cell that holds a comma must stand between quotes.",
    )


def _find_undecodable(path: str) -> None:
    """Name the first line that is not UTF-8; no character goes over the end of a line."""
    with Path(path).open("rb") as stream:
        for number, line in enumerate(stream, 1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                decode(b"\n" * (number - 1) + line, path)


def _fault(problem: str, line: int, source: str, **more: Any) -> InputError:
    return InputError(f"Line {line}: {problem}", source=source, **more)
