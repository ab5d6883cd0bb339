# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""JSON read strictly (RFC 8259): each key once, finite numbers that keep their digits, text that engines can keep."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NoReturn

from ..errors import InputError
from .text import DEEPEST_NESTING, exact_float, fault_at, position, refuse_foreign, refuse_nul

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[-A-Za-z0-9+.]+|[][{},:]', re.DOTALL)

_ESCAPE = "Look for \\u0000, or for one of \\ud800 to \\udfff that has lost its other half."


class _Refused(ValueError):
    """A value that JSON's grammar allows and we do not; found inside the parser, which cannot tell where it is."""

    def __init__(self, problem: str, text: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.text = text


class _Repeated(ValueError):
    """An object has a key twice."""


def parse_json(text: str, source: str) -> Any:
    """Read a JSON text into plain values.

    :raises InputError: it is not JSON, repeats a key, nests too deep, or holds a number or text that cannot be kept.
    """
    refuse_nul(text, source)
    refuse_foreign(text, source)
    if not text.strip():
        raise InputError("The document is empty.", source=source, expected="a JSON value")
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise fault_at(
            f"This is not JSON: {error.msg}.", text, error.pos, source, found=text[error.pos :][:1]
        ) from error
    except RecursionError as error:
        raise _too_deep(source) from error
    except _Repeated as error:
        raise _repeated(text, source) from error
    except _Refused as error:
        raise _refused(error, text, source) from error
    except ValueError as error:
        raise InputError("A number is too long.", source=source, hint="Write it as a string.") from error
    _refuse_deep(value, source)
    _refuse_unstorable(value, text, source)
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise _Repeated
    return result


def _float(text: str) -> float:
    value = exact_float(text)
    if value is None:
        raise _Refused("The number cannot be kept exactly.", text)
    return value


def _constant(text: str) -> NoReturn:
    raise _Refused("This is no number in JSON.", text)


_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_float=_float, parse_constant=_constant)


def _refused(error: _Refused, text: str, source: str) -> InputError:
    offset = next((token.start() for token in _TOKEN.finditer(text) if token.group() == error.text), 0)
    hint = "Write it as a string if its digits matter."
    return fault_at(error.problem, text, offset, source, found=error.text[:40], hint=hint)


def _repeated(text: str, source: str) -> InputError:
    """Find the key that an object has twice, which the parser cannot name, by walking the tokens again."""
    for key, first, second in _repetitions(text):
        line = position(text, first)[0]
        return fault_at(
            f"The key {key!r} stands here a second time; the first is on line {line}.",
            text,
            second,
            source,
            expected="each key once",
            hint="Remove one of the two.",
        )
    raise AssertionError("the parser saw a repeated key")


def _repetitions(text: str) -> Iterator[tuple[str, int, int]]:
    objects: list[dict[str, int]] = []
    before: re.Match[str] | None = None
    for token in _TOKEN.finditer(text):
        mark = token.group()
        if mark in "{[":
            objects.append({})
        elif mark in "}]":
            objects.pop()
        elif mark == ":" and before is not None:
            key = json.loads(before.group())
            if key in objects[-1]:
                yield key, objects[-1][key], before.start()
            objects[-1][key] = before.start()
        before = token


def _too_deep(source: str) -> InputError:
    return InputError("The nesting is too deep.", source=source, expected=f"at most {DEEPEST_NESTING} levels")


def _refuse_deep(value: Any, source: str) -> None:
    level = [value] if value.__class__ in (dict, list) else []
    for _depth in range(DEEPEST_NESTING + 1):
        level = [
            child
            for each in level
            for child in (each.values() if each.__class__ is dict else each)
            if child.__class__ is dict or child.__class__ is list
        ]
        if not level:
            return
    raise _too_deep(source)


def _refuse_unstorable(value: Any, text: str, source: str) -> None:
    """Refuse what only an escape can bring in: NUL and half of a surrogate pair."""
    if "\\u" not in text:
        return
    plain = json.dumps(value, ensure_ascii=False)
    found = re.search(r"[\ud800-\udfff]|(?<!\\)(?:\\\\)*\\u0000", plain)
    if found:
        raise InputError(
            "A character that no engine can keep in text.",
            source=source,
            found=ascii(found.group())[1:-1],
            hint=_ESCAPE,
        )
