# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How SQLite keeps each logical type: the declared type, the check that carries the type's name, and defaults.

SQLite has four kinds of value; what a type means beyond that is kept by a check beside the column. The check's name is
the logical type (``CONSTRAINT "string(50)" CHECK (length("name") <= 50)``), and that is how the catalogue knows it
again. A check of such a name with another body makes the column one of a ``foreign`` type.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Callable

from ...model.schema import AUTOINCREMENT, NOW, UUID, Default
from ...model.types import Type
from .words import literal

#: Text in UTC with milliseconds; sorts right beside what clients write, which CURRENT_TIMESTAMP does not.
NOW_SQL = "strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now')"
#: A random UUID of version 4 as RFC 9562 has it: version digit 4, variant digit 8, 9, a or b.
UUID_SQL = (
    "lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' ||"
    " substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))"
)

DECLARED = {
    "uuid": "TEXT",
    "string": "TEXT",
    "text": "TEXT",
    "boolean": "INTEGER",
    "integer": "INTEGER",
    "bigint": "INTEGER",
    "decimal": "TEXT",
    "float": "REAL",
    "timestamp": "TEXT",
    "json": "TEXT",
    "enum": "TEXT",
    "bytes": "BLOB",
}

#: What a declared type alone means, where there is no check.
PLAIN = {
    "TEXT": Type("text"),
    "INTEGER": Type("bigint"),
    "BIGINT": Type("bigint"),
    "REAL": Type("float"),
    "BLOB": Type("bytes"),
}

_FUNCTIONS = {NOW: f"({NOW_SQL})", UUID: f"({UUID_SQL})"}
_FUNCTION_OF = {text: name for name, text in _FUNCTIONS.items()}
#: Every text that stands behind DEFAULT for a function.
FUNCTION_TEXTS = tuple(_FUNCTION_OF)


def is_declared(kind: Type, declared: str) -> bool:
    """Tell whether columns of that logical type are declared so."""
    return DECLARED[kind.name] == ("INTEGER" if declared == "BIGINT" else declared)


def type_check(kind: Type, column: str, values: Sequence[str]) -> str:
    """Give the body of the check that goes with a type; empty where the declared type says it all.

    ``column`` is the quoted name, ``values`` are those of the enum. A null passes each of them.
    """
    body = _CHECKS.get(kind.name)
    if body is not None:
        return body(kind, column)
    return f"{column} IN ({', '.join(map(literal, values))})" if kind.name == "enum" else ""


def _uuid(_unused: Type, column: str) -> str:
    return (
        f"{column} LIKE '________-____-____-____-____________' AND {column} NOT GLOB '*[^0-9a-f-]*'"
        f" AND length(replace({column}, '-', '')) = 32"
    )


def _string(kind: Type, column: str) -> str:
    return f"length({column}) <= {kind.length}"


def _boolean(_unused: Type, column: str) -> str:
    return f"{column} IN (0, 1)"


def _decimal(kind: Type, column: str) -> str:
    """Numbers in their one normal form, so that equal numbers are equal text: ``-0.50`` for a scale of two."""
    whole = kind.precision - kind.scale
    fraction = f".{'[0-9]' * kind.scale}" if kind.scale else ""
    longest = max(whole, 1) + (kind.scale + 1 if kind.scale else 0)
    unsigned = f"ltrim({column}, '-')"
    return (
        f"{column} GLOB '*{'[0-9]' if whole else '0'}{fraction}' AND {column} NOT GLOB '*[^0-9.-]*'"
        f" AND {column} NOT GLOB '?*-*' AND {column} NOT GLOB '*.*.*' AND {unsigned} NOT GLOB '0[0-9]*'"
        f" AND length({unsigned}) <= {longest}"
    )


def _timestamp(_unused: Type, column: str) -> str:
    """ISO 8601 in UTC, as this collection and the panel's clients write it."""
    return (
        f"{column} IS NULL OR ({column} LIKE '____-__-__T__:__:__%+00:00' OR {column} LIKE '____-__-__T__:__:__%Z')"
        f" AND datetime({column}) IS NOT NULL"
    )


def _json(_unused: Type, column: str) -> str:
    return f"{column} IS NULL OR json_valid({column})"


_CHECKS: dict[str, Callable[[Type, str], str]] = {
    "uuid": _uuid,
    "string": _string,
    "boolean": _boolean,
    "decimal": _decimal,
    "timestamp": _timestamp,
    "json": _json,
}


def json_text(value: Any) -> str:
    """Give JSON in the one form in which equal values are equal text."""
    import json

    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def default_sql(kind: Type, default: Default) -> str:
    """Give the text behind DEFAULT; empty where the column itself says it (``autoincrement()``)."""
    if default.function:
        return "" if default.function == AUTOINCREMENT else _FUNCTIONS.get(default.function, default.function)
    value = default.value
    if kind.name == "json":
        return literal(json_text(value))
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, (int, float)):
        return repr(value)
    return literal(value)


def read_default(kind: Type, text: str) -> Default | None:
    """Lead back from the text behind DEFAULT. What is neither a value of the type nor ours is kept as a function."""
    if not text or text.upper() in ("NULL", "(NULL)"):
        return None
    if text in _FUNCTION_OF:
        return Default(function=_FUNCTION_OF[text])
    try:
        return Default(_value(kind, text))
    except ValueError:
        return Default(function=text)


def _value(kind: Type, text: str) -> Any:
    quoted = text.startswith("'")
    if not quoted and text[0] not in "+-.0123456789":
        raise ValueError(text)
    plain = text[1:-1].replace("''", "'") if quoted else text
    if kind.name == "json":
        import json

        return json.loads(plain)
    if quoted:
        return _as_text(kind, plain)
    if kind.name == "boolean":
        return _truth(plain)
    return float(plain) if kind.name == "float" else _as_number(kind, plain)


def _truth(plain: str) -> bool:
    if plain not in ("0", "1"):
        raise ValueError(plain)
    return plain == "1"


def _as_text(kind: Type, plain: str) -> str:
    if DECLARED.get(kind.name, "TEXT") != "TEXT":
        raise ValueError(plain)
    return plain


def _as_number(kind: Type, plain: str) -> Any:
    if DECLARED.get(kind.name) == "TEXT":
        raise ValueError(plain)
    return int(plain) if plain.lstrip("+-").isdigit() else float(plain)
