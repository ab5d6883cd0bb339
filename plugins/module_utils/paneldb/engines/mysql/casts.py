# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How values of one type become values of another when a column's type changes.

In strict mode the server refuses what does not fit. What it would do otherwise than the other engines without a word
is refused here: it takes numbers for positions in an enum, and writes true as 1.
"""

from __future__ import annotations

from ...errors import Unsupported
from ...model.schema import Column

_TEXTS = ("string", "text")
_NUMBERS = ("integer", "bigint", "decimal", "float")

#: By the new type, the old ones of which the server makes the right values, or refuses.
_WAYS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(_NUMBERS, (*_NUMBERS, *_TEXTS, "boolean", "json")),
    "boolean": (*_NUMBERS, *_TEXTS),
    "string": (*_TEXTS, *_NUMBERS, "uuid", "timestamp", "enum", "json", "bytes"),
    "text": (*_TEXTS, *_NUMBERS, "uuid", "timestamp", "enum", "json", "bytes"),
    "uuid": _TEXTS,
    "timestamp": _TEXTS,
    "json": (*_TEXTS, *_NUMBERS),
    "enum": (*_TEXTS, "enum"),
    "bytes": _TEXTS,
}


def require_way(table: str, before: Column, after: Column) -> None:
    """Refuse a change of type that would change what values mean.

    :raises Unsupported: there is no way from the one type to the other.
    """
    kinds = before.type.name, after.type.name
    if kinds[0] == kinds[1] or "foreign" in kinds or kinds[0] in _WAYS[kinds[1]]:
        return
    raise Unsupported(
        f"Column {table}.{after.name}: MySQL cannot make {after.type} of {before.type}.",
        hint="Add a column of the new type, fill it by an execute step, then drop the old column.",
    )
