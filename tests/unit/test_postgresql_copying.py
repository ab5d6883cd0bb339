# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows as COPY reads them: the fast way and the plain way write the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.postgresql.copying import (
    CopyText,
    NulFound,
)

Row = tuple[Any, ...]

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0")) | st.sampled_from(
    ["\\N", "\\.", "\t\n\r\\", "\x1f", "a\x1e\x1db", ""]
)
ROWS = st.lists(st.tuples(TEXTS, st.none() | TEXTS, st.none() | st.integers(), st.booleans(), st.floats()))


def read_all(reader: CopyText) -> str:
    return b"".join(iter(reader.read, b"")).decode()


def plain(row: Row) -> str:
    """The text format, value by value, as the server's documentation has it."""
    marks = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    return "\t".join("\\N" if value is None else "".join(marks.get(mark, mark) for mark in str(value)) for value in row)


@given(ROWS)
def test_text_is_the_documented_one(rows: list[Row]) -> None:
    reader = CopyText(iter(rows), ("a", "b", "c", "d", "e"))
    assert read_all(reader) == "".join(plain(row) + "\n" for row in rows)
    assert reader.count == len(rows)


def test_rows_are_read_in_batches() -> None:
    taken: list[int] = []

    def numbers() -> Iterator[Row]:
        for number in range(10_000):
            taken.append(number)
            yield (number,)

    reader = CopyText(numbers(), ("a",))
    reader.read()
    assert len(taken) < 5000
    read_all(reader)
    assert len(taken) == reader.count == 10_000


def test_nul_is_found_where_it_stands() -> None:
    rows = [("fine", 1)] * 3000 + [("fine", 2), ("n\0l", 3)]
    reader = CopyText(iter(rows), ("name", "number"))
    with pytest.raises(NulFound) as caught:
        read_all(reader)
    assert caught.value.details == {"row": 3001, "column": "name"}


def test_error_of_the_rows_is_kept() -> None:
    def broken() -> Iterator[Row]:
        yield (1,)
        raise RuntimeError("mine")

    reader = CopyText(broken(), ("a",))
    with pytest.raises(RuntimeError):
        read_all(reader)
    assert isinstance(reader.failure, RuntimeError)
