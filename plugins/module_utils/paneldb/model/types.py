# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logical types: what a value means, whichever engine keeps it."""

from __future__ import annotations

import re
from dataclasses import dataclass

#: Every logical type by name, with the number of arguments it takes: (fewest, most).
ARGUMENTS: dict[str, tuple[int, int]] = {
    "uuid": (0, 0),
    "string": (1, 1),
    "text": (0, 0),
    "boolean": (0, 0),
    "integer": (0, 0),
    "bigint": (0, 0),
    "decimal": (2, 2),
    "float": (0, 0),
    "timestamp": (0, 0),
    "json": (0, 0),
    "enum": (1, 1),
    "bytes": (0, 0),
    #: A column that somebody else made, of a type outside this list: ``foreign(tsvector)``. Never valid in a model.
    "foreign": (1, 1),
}

#: Longest ``string(n)``: utf8mb4 needs four bytes a character and MySQL rows end at 65,535 bytes.
LONGEST_STRING = 16383
#: Widest decimal that all engines keep exactly: MongoDB's decimal128 has 34 digits.
WIDEST_DECIMAL = 34

_FORM = re.compile(r"^\s*([A-Za-z_]+)\s*(?:\((.*)\))?\s*$", re.DOTALL)


@dataclass(frozen=True)
class Type:
    """A logical type: its ``name`` and, where it takes any, its ``arguments``.

    ``string`` has its length in characters, ``decimal`` precision and scale, ``enum`` the enum's name.
    """

    name: str
    arguments: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.name}({','.join(self.arguments)})" if self.arguments else self.name

    @property
    def length(self) -> int:
        """Characters of a ``string``."""
        return int(self.arguments[0])

    @property
    def precision(self) -> int:
        """All digits of a ``decimal``."""
        return int(self.arguments[0])

    @property
    def scale(self) -> int:
        """Digits behind the point of a ``decimal``."""
        return int(self.arguments[1])

    @property
    def enum(self) -> str:
        """Name of the enum that an ``enum`` column takes its values from."""
        return self.arguments[0]


def parse_type(text: str) -> Type:
    """Read ``string(50)``, ``decimal(10,2)``, ``enum(user_role)`` and so on.

    :raises ValueError: with one sentence that says what is wrong; the loader adds the place.
    """
    match = _FORM.match(text)
    name = match.group(1).lower() if match else ""
    if match is None or name not in ARGUMENTS or name == "foreign":
        raise ValueError(f"There is no type {text!r}.")
    inside = match.group(2)
    arguments = () if inside is None else tuple(part.strip() for part in _split(name, inside))
    fewest, most = ARGUMENTS[name]
    if not fewest <= len(arguments) <= most or not all(arguments):
        raise ValueError(f"Type {name} takes {fewest or 'no'} argument{'' if fewest == 1 else 's'}.")
    _check_numbers(name, arguments)
    return Type(name, arguments)


def _split(name: str, inside: str) -> list[str]:
    """An enum's name may hold a comma; numbers never do."""
    return [inside] if name == "enum" else inside.split(",")


def _check_numbers(name: str, arguments: tuple[str, ...]) -> None:
    if name not in ("string", "decimal"):
        return
    if not all(re.fullmatch(r"0|[1-9][0-9]{0,4}", argument) for argument in arguments):
        raise ValueError(f"Type {name} takes whole numbers.")
    numbers = [int(argument) for argument in arguments]
    if name == "string" and not 1 <= numbers[0] <= LONGEST_STRING:
        raise ValueError(f"A string is 1 to {LONGEST_STRING} characters long; longer ones are text.")
    if name == "decimal" and not (1 <= numbers[0] <= WIDEST_DECIMAL and numbers[1] <= numbers[0]):
        raise ValueError(f"A decimal has 1 to {WIDEST_DECIMAL} digits, and no more of them behind the point.")
