# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading what a person wrote: plain values checked one by one, each error with the place where it stands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from ..errors import InputError


class Document(NamedTuple):
    """What is in a file: ``source`` is its name in messages, ``data`` plain values (of a lock: its text)."""

    source: str
    data: Any


class _Said(str):
    """A description that stands in an error without quotes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


class Place:
    """A spot in a file: ``source`` is the file (or option), ``path`` such as ``tables.users.unique[0].columns``."""

    __slots__ = ("path", "source")

    def __init__(self, source: str = "", path: str = "") -> None:
        self.source = source
        self.path = path

    def key(self, name: object) -> Place:
        """Give the place of a key in the mapping that stands here."""
        return Place(self.source, f"{self.path}.{name}" if self.path else str(name))

    def item(self, index: int) -> Place:
        """Give the place of an item, counted from 0, in the list that stands here."""
        return Place(self.source, f"{self.path}[{index}]")

    def error(self, message: str, *, found: Any = None, expected: str = "", hint: str = "") -> InputError:
        """Make an error for what stands here."""
        return InputError(message, source=self.source, path=self.path, found=found, expected=expected, hint=hint)

    def unexpected(self, what: str, found: Any, expected: str) -> InputError:
        """Make an error for a value of the wrong type; mappings and lists are described, not quoted."""
        return self.error(f"This is not {what}.", found=_describe(found), expected=expected)

    def unknown(self, message: str, word: object, known: Iterable[str]) -> InputError:
        """Make an error for a word that is not one of the known ones, with the nearest of them as hint."""
        words = list(known)
        return self.error(message, found=word, expected=_one_of(words), hint=nearest(word, words))


def nearest(word: object, known: Iterable[str]) -> str:
    """Give ``Did you mean 'string'?`` for the known word that looks most like this one; empty where none does."""
    import difflib

    by_folded = {each.casefold(): each for each in known}
    close = difflib.get_close_matches(str(word).casefold(), by_folded, 1, 0.6)
    return f"Did you mean {by_folded[close[0]]!r}?" if close else ""


def _one_of(words: Sequence[str], most: int = 25) -> str:
    if not words:
        return "none: there are none"
    more = f" and {len(words) - most} more" if len(words) > most else ""
    return ("one of " if len(words) > 1 else "") + ", ".join(words[:most]) + more


def _describe(value: Any) -> Any:
    if isinstance(value, dict):
        return _Said("a mapping")
    if isinstance(value, (list, tuple)):
        return _Said("a list")
    return _Said("nothing") if value is None else value


def as_mapping(data: Any, place: Place, what: str) -> dict[str, Any]:
    """Give the value if it is a mapping with text as keys.

    :raises InputError: it is not.
    """
    if not isinstance(data, dict):
        raise place.unexpected(what, data, "a mapping")
    for key in data:
        if not isinstance(key, str):
            raise place.error("A key is not text.", found=key, expected="text", hint="Put the key between quotes.")
    return data


def as_list(data: Any, place: Place, what: str) -> list[Any]:
    """Give the value if it is a list.

    :raises InputError: it is not.
    """
    if not isinstance(data, list):
        raise place.unexpected(what, data, "a list")
    return data


def as_text(data: Any, place: Place, what: str = "text") -> str:
    """Give the value if it is text.

    :raises InputError: it is not.
    """
    if not isinstance(data, str):
        raise place.unexpected(what, data, "text")
    return data


def as_texts(data: Any, place: Place, what: str) -> tuple[str, ...]:
    """Give the items if the value is a list of texts.

    :raises InputError: it is not.
    """
    return tuple(as_text(each, place.item(index)) for index, each in enumerate(as_list(data, place, what)))


class Fields:
    """A mapping whose keys are all known. Its methods give the values by key, each of the type asked for.

    ``what`` says what the mapping is, such as ``a column``.
    """

    __slots__ = ("_what", "data", "place")

    def __init__(self, data: Any, place: Place, known: Sequence[str], what: str) -> None:
        self.data = as_mapping(data, place, what)
        self.place = place
        self._what = what
        for key in self.data:
            if key not in known:
                raise place.unknown(f"There is no key {key!r} in {what}.", key, known)

    def __contains__(self, key: str) -> bool:
        return key in self.data

    def at(self, key: str) -> Place:
        """Give the place of a key's value."""
        return self.place.key(key)

    def value(self, key: str) -> Any:
        """Give the value of a key that must be there.

        :raises InputError: it is not.
        """
        if key not in self.data:
            raise self.place.error(f"The key {key!r} of {self._what} is missing.", expected=f"a value for {key!r}")
        return self.data[key]

    def text(self, key: str, default: str | None = None) -> str:
        """Give a text; without ``default`` the key must be there."""
        if default is not None and key not in self.data:
            return default
        return as_text(self.value(key), self.place.key(key))

    def flag(self, key: str, default: bool = False) -> bool:
        """Give true or false."""
        if key not in self.data:
            return default
        value = self.data[key]
        if not isinstance(value, bool):
            raise self.at(key).unexpected("true or false", value, "true or false")
        return value

    def word(self, key: str, words: Sequence[str], default: str) -> str:
        """Give one of the words."""
        value = self.text(key, default)
        if value not in words:
            raise self.at(key).unknown(f"There is no {key} {value!r}.", value, words)
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """Give a list of texts that must be there."""
        return as_texts(self.value(key), self.place.key(key), "a list")

    def items(self, key: str) -> list[Any]:
        """Give a list; empty where the key is not there."""
        return as_list(self.data.get(key, []), self.place.key(key), "a list")

    def mapping(self, key: str) -> dict[str, Any]:
        """Give a mapping; empty where the key is not there."""
        return as_mapping(self.data.get(key, {}), self.place.key(key), "a mapping")
