# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plain values as YAML for people: block style, keys in their order, the same text every time.

Strings that a reader of YAML 1.1 or 1.2 would take for something else stand between quotes, so that other programs read
the same values as we do. Lines are never folded: one value that changes is one line in a review.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Any

from .yaml_scalars import resolve

#: Text that every reader takes for itself without quotes, if it is no number or constant.
_PLAIN = re.compile(r"[A-Za-z_/$][^\x00-\x1f\x7f-\xa0\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff#:]*\Z")

#: Constants of YAML 1.1 that are words of YAML 1.2 (https://yaml.org/type/bool.html).
_OLD_BOOLEANS = frozenset(("y", "n", "yes", "no", "on", "off"))

#: Text that keeps every character in a literal block: printable lines, with no blank at the first line's start.
_BLOCK = re.compile(r"(?=[^ \t\n])(?:[^\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]|[\t\n])*\Z")

_ESCAPED = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


def dump_yaml(data: Any) -> str:
    """Write dicts with string keys, lists, tuples, strings, numbers, booleans and None as a YAML document.

    :raises TypeError: anything else is in it.
    :raises ValueError: a float is infinite or NaN, or a string holds half of a surrogate pair.
    """
    if isinstance(data, (Mapping, list, tuple)) and data:
        return "\n".join(_block(data, "")) + "\n"
    return _inline(data, "") + "\n"


def _block(data: Any, indent: str) -> Iterator[str]:
    """Give the lines of a collection that is not empty."""
    entries = data.items() if isinstance(data, Mapping) else ((None, value) for value in data)
    for key, value in entries:
        head = indent + ("-" if key is None else f"{_key(key)}:")
        if not (isinstance(value, (Mapping, list, tuple)) and value):
            yield f"{head} {_inline(value, indent)}"
        elif key is None:
            yield from _item(value, indent)
        else:
            yield head
            yield from _block(value, indent + "  ")


def _item(value: Any, indent: str) -> Iterator[str]:
    """Give the lines of a collection in a list: it begins on the line of its dash."""
    lines = _block(value, indent + "  ")
    yield f"{indent}- {next(lines).lstrip(' ')}"
    yield from lines


def _key(key: Any) -> str:
    if not isinstance(key, str):
        raise TypeError(f"a key must be a string, not {type(key).__name__}")
    return _quoted(key) if key in ("<<", "=") else _string(key)


def _inline(value: Any, indent: str) -> str:
    """Give a scalar or an empty collection; the lines of a literal block go two deeper than ``indent``."""
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, float):
        return _float(value)
    if isinstance(value, str):
        return _literal(value, indent) if "\n" in value and _BLOCK.match(value) else _string(value)
    if isinstance(value, Mapping):
        return "{}"
    if isinstance(value, (list, tuple)):
        return "[]"
    raise TypeError(f"YAML documents hold plain values, not {type(value).__name__}")


def _float(value: float) -> str:
    if not isfinite(value):
        raise ValueError("a YAML document holds finite numbers only")
    text = repr(value)
    # Readers of YAML 1.1 see a number in 1.0e+20, and text in 1e+20.
    return text if "." in text else text.replace("e", ".0e")


def _string(value: str) -> str:
    plain = _PLAIN.match(value) and not value.endswith(" ") and value.lower() not in _OLD_BOOLEANS
    return value if plain and resolve(value) is value else _quoted(value)


def _quoted(value: str) -> str:
    """Quote by single quotes where nothing needs an escape, else as JSON does, which YAML reads alike."""
    if value.isprintable() and "\\" not in value:
        return "'" + value.replace("'", "''") + "'"
    value.encode("utf-8")
    return _ESCAPED.sub(lambda found: f"\\u{ord(found.group()):04x}", json.dumps(value, ensure_ascii=False))


def _literal(value: str, indent: str) -> str:
    """Write text of several lines as it stands. The sign after the bar tells how many line ends close it."""
    body = value.rstrip("\n")
    ends = len(value) - len(body)
    sign = "-" if ends == 0 else "" if ends == 1 else "+"
    deeper = indent + "  "
    lines = [deeper + line if line else "" for line in body.split("\n")] + [""] * max(ends - 1, 0)
    return "\n".join([f"|{sign}", *lines])
