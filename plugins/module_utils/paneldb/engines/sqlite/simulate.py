# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lets SQLite itself, in memory and without a row, do to the texts of a schema what a rename does to them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing

from ...errors import StatementFailed
from .catalog import QUERY, native_of, read_catalogue
from .ddl import create_enum, create_indexes, create_table, touch_triggers
from .native import Native


def simulated(native: Native, statements: Sequence[str]) -> Native:
    """Give what the statements make of it. Triggers and views of others can hold any SQL, which SQLite alone reads.

    :raises StatementFailed: SQLite would refuse a statement on the real database for the same reason.
    """
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        for text in _texts(native):
            connection.execute(text)
        for text in statements:
            try:
                connection.execute(text)
            except sqlite3.Error as error:
                raise StatementFailed(f"SQLite refuses: {error}.", statement=text) from error
        return native_of(read_catalogue(connection.execute(QUERY)))


def _texts(native: Native) -> Iterator[str]:
    enums = {enum.name: enum.values for enum in native.schema.enums}
    yield from (create_enum(enum) for enum in native.schema.enums)
    for table in native.schema.tables:
        extras = native.extras_of(table.name)
        yield create_table(table, enums, extras)
        yield from create_indexes(table, extras)
        yield from touch_triggers(table, extras).values()
    yield from native.views.values()
    yield from (trigger.text for trigger in native.triggers.values())
