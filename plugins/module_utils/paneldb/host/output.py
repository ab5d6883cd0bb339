# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the host command prints: JSON for programs, plain tables for people."""

from __future__ import annotations

import sys

# A status call has no time to import typing.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any


def write_json(data: Mapping[str, Any]) -> None:
    """Print one JSON object on a line of its own."""
    import json

    write(json.dumps(data, ensure_ascii=False, default=str))


def write(text: str) -> None:
    """Print a line."""
    sys.stdout.write(f"{text}\n")


def note(text: str) -> None:
    """Print a line that is not part of the result."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def pairs(rows: Iterable[tuple[str, Any]]) -> str:
    """Give names and values, one pair a line, values below each other; those without a value are left out."""
    shown = [(name, str(value)) for name, value in rows if value not in (None, "")]
    width = max((len(name) for name, _unused in shown), default=0)
    return "\n".join(f"{name:<{width}}  {value}" for name, value in shown)


def table(heading: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Give rows below a heading, columns below each other; numbers stand to the right."""
    cells = [list(map(str, row)) for row in rows]
    widths = [max(map(len, column)) for column in zip(heading, *cells)]
    right = [bool(column) and all(cell.isdigit() for cell in column) for column in zip(*cells)] or [False] * len(widths)
    lines = [_line(heading, widths, right), *(_line(row, widths, right) for row in cells)]
    return "\n".join(lines)


def _line(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    padded = [
        cell.rjust(width) if to_right else cell.ljust(width) for cell, width, to_right in zip(cells, widths, right)
    ]
    return "  ".join(padded).rstrip()


def diff(sides: Mapping[str, str]) -> str:
    """Give a diff in the form that ``diff -u`` has; empty where both sides are the same."""
    from difflib import unified_diff

    before, after = (sides[side].splitlines(keepends=True) for side in ("before", "after"))
    return "".join(unified_diff(before, after, sides["before_header"], sides["after_header"]))
