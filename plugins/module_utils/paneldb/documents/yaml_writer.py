# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plain values as YAML for people: keys in their order, the same text every time.

Collections are in block style, but for the innermost ones that fit on a line: a column or an index is one line.
Strings that a reader of YAML 1.1 or 1.2 would take for something else stand between quotes, but for the key ``null``.
Lines are never folded.
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

#: What ends a plain string inside brackets.
_BRACKETS = re.compile(r"[,\[\]{}]")

#: Characters of the longest line that holds a whole collection.
_WIDTH = 110

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
        line = _line(head, value, indent)
        if line:
            yield line
        elif key is None:
            yield from _item(value, indent)
        else:
            yield head
            yield from _block(value, indent + "  ")


def _line(head: str, value: Any, indent: str) -> str:
    """Give head and value on one line; nothing for a collection that does not fit or has others of its kind inside."""
    if not _is_full(value):
        return f"{head} {_inline(value, indent)}"
    line = f"{head} {_flow(value)}" if _innermost(value) else ""
    return line if len(line) <= _WIDTH else ""


def _is_full(value: Any) -> bool:
    return isinstance(value, (Mapping, list, tuple)) and bool(value)


def _innermost(value: Any) -> bool:
    """Tell whether a list holds scalars of one line alone, or a mapping these and such lists."""
    inside = list(value.values() if isinstance(value, Mapping) else value)
    if any(isinstance(each, str) and "\n" in each for each in inside):
        return False
    full = [each for each in inside if _is_full(each)]
    if not isinstance(value, Mapping):
        return not full
    return not any(isinstance(each, Mapping) or not _innermost(each) for each in full)


def _flow(value: Any) -> str:
    if isinstance(value, Mapping) and value:
        return "{" + ", ".join(f"{_bare(_key(key))}: {_flow(each)}" for key, each in value.items()) + "}"
    if isinstance(value, (list, tuple)) and value:
        return "[" + ", ".join(map(_flow, value)) + "]"
    if isinstance(value, str):
        return _bare(_string(value))
    return _inline(value, "")


def _bare(text: str) -> str:
    """Quote a plain string that would end early between brackets."""
    return _quoted(text) if text[0] not in "'\"" and _BRACKETS.search(text) else text


def _item(value: Any, indent: str) -> Iterator[str]:
    """Give the lines of a collection in a list: it begins on the line of its dash."""
    first, *others = _block(value, indent + "  ")
    yield f"{indent}- {first.lstrip(' ')}"
    yield from others


def _key(key: Any) -> str:
    if not isinstance(key, str):
        raise TypeError(f"a key must be a string, not {type(key).__name__}")
    if key == "null":
        # The reader takes it for the word that it is in a model.
        return key
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
