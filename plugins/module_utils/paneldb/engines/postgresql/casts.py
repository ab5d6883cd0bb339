# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How values of one type become values of another when a column's type changes.

A cast must never cut a value in silence: where an explicit cast would (text to a shorter ``character varying``), the
assignment that ALTER COLUMN TYPE makes by itself is used, which refuses instead.
"""

from __future__ import annotations

from ...errors import Unsupported
from ...model.types import Type
from .wording import quoted, type_text

_TEXTS = ("string", "text")
_NUMBERS = ("integer", "bigint", "decimal", "float")

#: By the new type: expressions by the old one, ``{c}`` the column, ``{t}`` the new type. "" is an assignment.
_TO_NUMBER = {
    **dict.fromkeys(_NUMBERS, ""),
    **dict.fromkeys((*_TEXTS, "json"), "{c}::{t}"),
    **dict.fromkeys(("enum", "foreign"), "{c}::text::{t}"),
    "boolean": "{c}::integer::{t}",
}
_CASTS: dict[str, dict[str, str]] = {
    "integer": _TO_NUMBER,
    "bigint": _TO_NUMBER,
    "decimal": _TO_NUMBER,
    "float": _TO_NUMBER,
    "boolean": {
        **dict.fromkeys(_NUMBERS, "{c} <> 0"),
        **dict.fromkeys((*_TEXTS, "json"), "{c}::{t}"),
        **dict.fromkeys(("enum", "foreign"), "{c}::text::{t}"),
    },
    "uuid": {**dict.fromkeys(_TEXTS, "{c}::{t}"), "foreign": "{c}::text::{t}"},
    "timestamp": {**dict.fromkeys(_TEXTS, "{c}::{t}"), "foreign": "{c}::{t}"},
    "bytes": {**dict.fromkeys(_TEXTS, "convert_to({c}, 'UTF8')"), "foreign": "{c}::{t}"},
    "enum": dict.fromkeys((*_TEXTS, *_NUMBERS, "boolean", "enum", "foreign"), "{c}::text::{t}"),
}


def using(column: str, before: Type, after: Type, schema: str) -> str:
    """Give the expression behind USING, empty where the server's own assignment does.

    :raises Unsupported: where there is no way from the one type to the other.
    """
    name = quoted(column)
    if after.name in _TEXTS:
        return _to_text(name, before)
    if after.name == "json":
        return f"{name}::jsonb" if before.name in (*_TEXTS, "foreign") else f"to_jsonb({name})"
    if after.name == "foreign":
        return f"{name}::text::{type_text(after, schema)}"
    if after.name == before.name and after.name != "enum":
        return ""
    pattern = _CASTS[after.name].get(before.name)
    if pattern is None:
        raise Unsupported(
            f"Column {column}: PostgreSQL cannot make {after} of {before}.",
            hint="Add a column of the new type, fill it by an execute step, then drop the old column.",
        )
    return pattern.format(c=name, t=type_text(after, schema))


def _to_text(name: str, before: Type) -> str:
    if before.name in _TEXTS:
        return ""
    return f"convert_from({name}, 'UTF8')" if before.name == "bytes" else f"{name}::text"
