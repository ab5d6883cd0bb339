# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Statements of people: their ``%s`` and ``%(name)s`` become SQLite's parameters."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ...errors import InputError

_PIECES = re.compile(
    r"""('(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]|--[^\n]*|/\*.*?(?:\*/|\Z))|%(?:(%)|(s)|\(([^)]*)\)s)""",
    re.DOTALL,
)


def bound(statement: str, parameters: Sequence[Any] | Mapping[str, Any] | None) -> tuple[str, Sequence[Any]]:
    """Give the statement with SQLite's marks, and the values in their order.

    ``%%`` is a percent sign wherever it stands, as on the other engines. Without parameters the text is sent as it is.

    :raises InputError: a value is missing, or there is one too many.
    """
    if parameters is None:
        return statement, ()
    marks = _Marks(parameters)
    text = _PIECES.sub(marks.replace, statement)
    marks.finish()
    return text, marks.values


class _Marks:
    """Collects values while the marks are replaced."""

    def __init__(self, parameters: Sequence[Any] | Mapping[str, Any]) -> None:
        self._parameters = parameters
        self.values: list[Any] = []

    def replace(self, match: re.Match[str]) -> str:
        quoted, percent, positional, name = match.groups()
        if quoted is not None:
            return str(quoted).replace("%%", "%")
        if percent:
            return "%"
        self.values.append(self._next() if positional else self._named(name))
        return "?"

    def finish(self) -> None:
        if not isinstance(self._parameters, Mapping) and len(self.values) < len(self._parameters):
            raise _mismatch(f"The statement has {len(self.values)} marks for {len(self._parameters)} values.")

    def _next(self) -> Any:
        if isinstance(self._parameters, Mapping):
            raise _mismatch("The statement has %s, and its values have names.")
        if len(self.values) >= len(self._parameters):
            raise _mismatch(f"The statement has more marks than the {len(self._parameters)} values.")
        return self._parameters[len(self.values)]

    def _named(self, name: str) -> Any:
        if not isinstance(self._parameters, Mapping):
            raise _mismatch(f"The statement has %({name})s, and its values have no names.")
        if name not in self._parameters:
            raise _mismatch(f"There is no value named {name!r}.")
        return self._parameters[name]


def _mismatch(message: str) -> InputError:
    return InputError(message, source="statement", expected="one value for every %s or %(name)s")
