# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Problems of a model, and where in its files each of them stands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Optional

from ..errors import InputError
from .data import LISTS, read_list
from .reading import Document, Fields, Place

#: The way to a place in a model. Keys, indexes and checks, which stand in lists, are named by their names.
Keys = tuple[str, ...]

_MOST_TOLD = 5


class Problem(NamedTuple):
    """Something that is wrong at a place. Where ``known`` words are given, ``found`` should have been one of them."""

    keys: Keys
    message: str
    found: Any = None
    expected: str = ""
    hint: str = ""
    known: Optional[tuple[str, ...]] = None


def problem_error(problems: Sequence[Problem], documents: Sequence[Document]) -> InputError:
    """Make the error for the first problem; its hint tells of the others."""
    first = problems[0]
    place = _place(first.keys, documents)
    if first.known is not None:
        error = place.unknown(first.message, first.found, first.known)
    else:
        error = place.error(first.message, found=first.found, expected=first.expected, hint=first.hint)
    others = [f"{_place(each.keys, documents).path}: {each.message}" for each in problems[1 : 1 + _MOST_TOLD]]
    if others:
        error.hint = " ".join([error.hint, f"{len(problems) - 1} more:", *others]).strip()
    return error


def _place(keys: Keys, documents: Sequence[Document]) -> Place:
    """Find the document that says most of what stands at the place, the last one of several."""
    found = [_walked(keys, document) for document in documents] or [(0, Place("", ".".join(keys)))]
    return max(reversed(found), key=lambda each: each[0])[1]


def _walked(keys: Keys, document: Document) -> tuple[int, Place]:
    """Follow the keys as far as the document goes; give how far that was, and the place with all of the keys."""
    place, node, depth = Place(document.source), document.data, 0
    for key in _indexed(keys, document):
        if isinstance(key, int) or (isinstance(node, dict) and key in node):
            node, depth = node[key], depth + 1
        elif isinstance(node, (list, str)):
            # A key or check that is given by its columns or its text alone has no further places.
            break
        else:
            node = {}
        place = place.item(key) if isinstance(key, int) else place.key(key)
    return depth, place


def _indexed(keys: Keys, document: Document) -> list[str | int]:
    """Give the keys with the position in its list for the name of a key, index or check that the document has."""
    if keys[0] != "tables" or not set(keys[2:3]) & set(LISTS):
        return [*keys]
    table, word, name, *rest = keys[1:]
    position = _position(table, word, name, document)
    return [*keys] if position is None else ["tables", table, word, position, *rest]


def _position(table: str, word: str, name: str, document: Document) -> int | None:
    """Give the position in a table's list of the item that has this name, said or automatic; None if there is none."""
    data = document.data.get("tables", {}).get(table) or {}
    items = read_list(table, word, Fields({word: data.get(word, [])}, Place(), (word,), "a table"))
    return next((index for index, item in enumerate(items) if item.name == name), None)
