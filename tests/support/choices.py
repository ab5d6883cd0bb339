# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Choices and names that hypothesis makes: the ground that schemas, edits and rows are drawn from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from unicodedata import normalize

from hypothesis import strategies as st

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.naming import LONGEST_NAME

T = TypeVar("T")

#: Beginnings of names that break whoever puts names between quotes by hand, folds their case or cuts them.
STEMS = (
    "users",
    "order",
    "Select",
    "table",
    'qu"ote',
    '"',
    '""; DROP TABLE x; --',
    "it's",
    "per%cent",
    "%s %(name)s",
    "back`tick",
    "back\\slash",
    "sp ace",
    "do.t",
    "[bracket]",
    "dollar$1 :name ?",
    "/*comment*/",
    "ünïcode",
    "名前",
    "\N{PILE OF POO}",
    "x" * LONGEST_NAME,
    "ø" * (LONGEST_NAME // 2),
)

#: Beginnings that only want to be quoted, for whoever reads SQL by a pattern.
PLAIN_STEMS = ("users", "order", "Select", "table", "naïve", "sp ace")

#: Text that rows and defaults hold.
TEXTS = (
    "plain",
    "it's",
    'say "hi"',
    "100%",
    "%s",
    "back\\slash\\",
    "line\nbreak\ttab\r",
    "ünïcode 名前 \N{PILE OF POO}",
    "NULL",
    "'; DROP TABLE users; --",
    "\\N",
    " blank ",
    "{brace} $1 :name ?",
)


class Chooser:
    """Makes choices through hypothesis; towards the first option, and towards no, when an example shrinks."""

    def __init__(self, draw: Callable[[st.SearchStrategy[Any]], Any]) -> None:
        self.draw = draw

    def number(self, lowest: int, highest: int) -> int:
        """Any whole number from the lowest to the highest."""
        return int(self.draw(st.integers(lowest, highest)))

    def pick(self, options: Sequence[T]) -> T:
        """One of the options."""
        return options[self.number(0, len(options) - 1)]

    def chance(self, percent: int) -> bool:
        """Yes in so many of a hundred cases."""
        return self.number(0, 99) >= 100 - percent

    def some(self, options: Sequence[T], most: int) -> list[T]:
        """Up to so many of the options, at least one, in any order."""
        left = list(options)
        return [left.pop(self.number(0, len(left) - 1)) for _unused in range(self.number(1, min(most, len(left))))]


class Names:
    """Gives names that no engine takes for one another."""

    def __init__(self, stems: Sequence[str] = STEMS) -> None:
        self._stems = stems
        self._taken: set[str] = set()

    def new(self, chooser: Chooser) -> str:
        """A name that was not given before, hostile or plain."""
        stem = chooser.pick(self._stems)
        name, number = stem, 1
        while not self.take(name):
            number += 1
            name = f"{cut(stem, LONGEST_NAME - len(str(number)))}{number}"
        return name

    def take(self, name: str) -> bool:
        """Keep a name from being given; False where it was taken before."""
        folded = normalize("NFC", normalize("NFC", name).casefold())
        if folded in self._taken:
            return False
        self._taken.add(folded)
        return True


def cut(text: str, size: int) -> str:
    """The text, cut to so many bytes between characters."""
    return text.encode()[:size].decode("utf-8", "ignore")
