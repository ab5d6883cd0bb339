# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the cells of a list of nodes must be, beyond what the types of their columns say."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Sequence
from itertools import chain
from operator import eq
from typing import Any

from ..model.reading import Place
from . import hostnames
from .node_table import HOSTNAME, NAME, PORT, TAGS

Row = dict[str, Any]
At = Callable[[int], Place]

#: Control and format characters, halves of pairs, separators of lines: they move the cursor or turn the text around.
_UNSEEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
_DIGITS = re.compile(r"[0-9]{1,5}")
_PORT = re.compile(r"[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]")
_TAG = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:=/-]{0,62}")
LOWEST_PORT, HIGHEST_PORT = 1, 65535

#: An error quotes so much of a cell.
_LONGEST_SHOWN = 100


def shown(value: Any) -> Any:
    """Give what an error may quote of a cell."""
    text = repr(value)
    return value if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}..."


def require_names(names: Sequence[Any], at: At) -> None:
    """Refuse what is no name, and names that people cannot read or tell apart on a screen.

    :raises InputError: for the first of them.
    """
    if {*map(type, names)} <= {str} and _are_plain(names):
        return
    for index, name in enumerate(names):
        problem = _problem(name)
        if problem:
            raise at(index).key(NAME).error(problem, found=shown(name), expected="text that people can read")


def _are_plain(names: Sequence[str]) -> bool:
    """Tell quickly whether all names are of visible ASCII, with blanks at most between."""
    letters = "".join(names)
    return letters.isascii() and letters.isprintable() and all(names) and all(map(eq, names, map(str.strip, names)))


def _problem(name: Any) -> str:
    if name is None or name == "":
        return "A node needs a name."
    if not isinstance(name, str):
        return "A name is a text; put it between quotes."
    if name != name.strip():
        return "The name has blanks around it."
    if not name.isascii() or not name.isprintable():
        unseen = next((each for each in name if unicodedata.category(each) in _UNSEEN), "")
        return f"The name holds a character that is not seen, U+{ord(unseen):04X}." if unseen else ""
    return ""


def with_hostnames(rows: list[Row], at: At) -> list[Row]:
    """Give the rows with every hostname in its one form.

    :raises InputError: for the first that is none.
    """
    hosts = [host for host in (row.get(HOSTNAME) for row in rows) if isinstance(host, str)]
    return (
        rows if hostnames.all_canonical(hosts) else [_with_hostname(row, at, index) for index, row in enumerate(rows)]
    )


def _with_hostname(row: Row, at: At, index: int) -> Row:
    host = row.get(HOSTNAME)
    if not isinstance(host, str):
        return row
    try:
        return {**row, HOSTNAME: hostnames.canonical(host)}
    except ValueError as error:
        place = at(index).key(HOSTNAME)
        raise place.error(str(error), found=shown(host), expected=hostnames.EXPECTED) from None


def with_ports(rows: list[Row], at: At, *, text: bool) -> list[Row]:
    """Give the rows with ports as numbers where they were written as text, as templates do.

    Where all cells are ``text``, ports that are right stay text.

    :raises InputError: for the first that is out of range, or no number.
    """
    ports = [row[PORT] for row in rows if PORT in row]
    if _are_text_ports(ports) if text else _are_ports(ports):
        return rows
    return [{**row, PORT: _port(row[PORT], at, index)} if PORT in row else row for index, row in enumerate(rows)]


def _are_ports(ports: list[Any]) -> bool:
    return {*map(type, ports)} == {int} and min(ports) >= LOWEST_PORT and max(ports) <= HIGHEST_PORT


def _are_text_ports(ports: list[Any]) -> bool:
    return {*map(type, ports)} == {str} and all(map(_PORT.fullmatch, ports))


def _port(port: Any, at: At, index: int) -> int:
    number = int(port) if isinstance(port, str) and _DIGITS.fullmatch(port) else port
    if not isinstance(number, int) or isinstance(number, bool) or not LOWEST_PORT <= number <= HIGHEST_PORT:
        expected = f"a whole number from {LOWEST_PORT} to {HIGHEST_PORT}"
        raise at(index).key(PORT).error("This is no port.", found=shown(port), expected=expected)
    return number


def with_tags(rows: list[Row], at: At) -> list[Row]:
    """Give the rows with tags as sorted lists, each tag once; a text holds tags between commas or semicolons.

    :raises InputError: for the first that is none.
    """
    if not any(TAGS in row for row in rows):
        return rows
    return [
        {**row, TAGS: _tags(row[TAGS], at(index).key(TAGS))} if TAGS in row else row for index, row in enumerate(rows)
    ]


def _tags(tags: Any, place: Place) -> list[str] | None:
    if tags is None:
        return None
    found = re.split(r"[,;]", tags) if isinstance(tags, str) else tags
    if not isinstance(found, list):
        raise place.unexpected("a list of tags", tags, "a list of texts")
    kept = {each.strip() if isinstance(each, str) else each for each in found if each != ""}
    for tag in kept:
        if not isinstance(tag, str) or not _TAG.fullmatch(tag):
            raise place.error("This is no tag.", found=shown(tag), expected="letters, digits and . _ : = / -")
    return sorted(kept)


def all_text(rows: list[Row]) -> list[Row]:
    """Give the rows with every cell as a CSV file would hold it."""
    if {*map(type, chain.from_iterable(row.values() for row in rows))} <= {str, None.__class__}:
        return rows
    return [{name: _as_text(cell) for name, cell in row.items()} for row in rows]


def _as_text(value: Any) -> Any:
    return value if value is None or isinstance(value, str) else json.dumps(value)
