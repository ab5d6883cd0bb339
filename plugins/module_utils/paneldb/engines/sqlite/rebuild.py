# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rebuilds a table: what ALTER TABLE cannot do is done by a new table that takes the old one's place.

The transaction does not enforce foreign keys meanwhile (see ``session``): with them on, DROP TABLE would delete the
rows of every table that refers to this one. The old name comes back with ``legacy_alter_table``, since SQLite otherwise
looks at all views at a moment at which the table is not there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple, Union

from ...errors import StatementFailed
from ...model.plan import Statement
from ...model.schema import Column, Table
from ..base import BOOKKEEPING_PREFIX
from .convert import Conversion, conversion
from .ddl import TOUCH_PREFIX, Enums, counts_rows, create_indexes, create_table, row_name, touch_triggers
from .native import Extras, Trigger
from .session import Session
from .types import default_sql
from .words import literal, quote

_CONVERSION = quote(f"{BOOKKEEPING_PREFIX}conversion")


class Known(NamedTuple):
    """What the plan knows of a table that it takes away: all of it comes back in the new one, and nothing else does."""

    table: str
    columns: frozenset[str]
    others: frozenset[str]


def require_known(session: Session, known: Known) -> None:
    """Stop where the table is no longer what the plan was made for: what came since would be lost.

    :raises StatementFailed: naming what is there and was not, or the other way round.
    """
    columns = session.execute("SELECT name FROM pragma_table_xinfo(?)", (known.table,))
    others = session.execute(
        "SELECT name FROM sqlite_master WHERE tbl_name = ? AND type IN ('index', 'trigger') AND sql IS NOT NULL"
        " AND substr(name, 1, ?) <> ?",
        (known.table, len(TOUCH_PREFIX), TOUCH_PREFIX),
    )
    found = ({name for (name,) in columns} ^ known.columns) | ({name for (name,) in others} ^ known.others)
    if found:
        raise StatementFailed(
            f"Table {known.table} is not as it was when this was planned: {', '.join(sorted(found))}.",
            hint="Plan again; where a step of your own makes or drops these, run it in a migration of its own before.",
            table=known.table,
        )


class Rebuild:
    """One rebuild. ``carried`` names the columns whose values go over to the column of the same name."""

    def __init__(self, before: Table, after: Table, enums: Enums, extras: tuple[Extras, Extras]) -> None:
        self._before = before
        self._after = after
        self._enums = enums
        self._old_extras, self._extras = extras

    def statements(self, carried: Collection[str], triggers: Mapping[str, Trigger]) -> Iterator[Union[str, Statement]]:
        """Give all statements, in order. ``triggers`` are those of others, which come back as they were."""
        table, fresh = quote(self._after.name), BOOKKEEPING_PREFIX + "new_" + self._after.name
        columns = [column for column in self._after.columns if column.name in carried and not column.generated]
        conversions = {column.name: self._conversion(column) for column in columns}
        for column in columns:
            yield from self._refusal(column, conversions[column.name])
        yield create_table(self._after, self._enums, self._extras, fresh)
        yield self._copy(fresh, conversions)
        yield from self._sequence(fresh)
        yield Statement(f"DROP TABLE {table}", self._known(triggers))
        yield "PRAGMA legacy_alter_table = ON"
        yield f"ALTER TABLE {quote(fresh)} RENAME TO {table}"
        yield "PRAGMA legacy_alter_table = OFF"
        yield from create_indexes(self._after, self._extras)
        yield from touch_triggers(self._after, self._extras).values()
        yield from (trigger.text for trigger in triggers.values())

    def _known(self, triggers: Mapping[str, Trigger]) -> Known:
        table = self._before
        uniques = {each.name for each in table.uniques} - self._old_extras.inner
        indexes = {each.name for each in table.indexes}
        return Known(table.name, frozenset(table.column_names), frozenset({*uniques, *indexes, *triggers}))

    def _conversion(self, column: Column) -> Conversion:
        values = self._enums[column.type.enum] if column.type.name == "enum" else ()
        return conversion(self._before.column(column.name), column, values)

    def _refusal(self, column: Column, made: Conversion) -> Iterator[str]:
        """Stop, with a name for what is wrong, where a value cannot be converted."""
        if not made.fits:
            return
        name = quote(column.name)
        rule = quote(f"{self._after.name}.{column.name} holds a value that is no {column.type}")
        yield f'CREATE TEMP TABLE {_CONVERSION} ("fits" CONSTRAINT {rule} CHECK ("fits"))'
        yield (
            f"INSERT INTO temp.{_CONVERSION} SELECT 0 FROM main.{quote(self._before.name)}"
            f" WHERE {name} IS NOT NULL AND ({made.fits}) IS NOT TRUE LIMIT 1"
        )
        yield f"DROP TABLE temp.{_CONVERSION}"

    def _copy(self, fresh: str, conversions: dict[str, Conversion]) -> str:
        values = {quote(name): made.value for name, made in conversions.items()}
        row = self._row_number()
        if row:
            values = {row: row, **values}
        if not values:
            values = dict([self._first_value()])
        names, sources = ", ".join(values), ", ".join(values.values())
        return f"INSERT INTO {quote(fresh)} ({names}) SELECT {sources} FROM {quote(self._before.name)}"

    def _first_value(self) -> tuple[str, str]:
        """Name a column where none is carried over, with what it would hold anyway: rows stay as many as they are."""
        column = self._after.columns[0]
        default = default_sql(column.type, column.default) if column.default else ""
        return quote(column.name), default or "NULL"

    def _row_number(self) -> str:
        """Give the name of the hidden row number, where both tables have one: others may hold on to it."""
        if self._old_extras.without_rowid or self._extras.without_rowid:
            return ""
        if counts_rows(self._after, self._extras) or row_name(self._before) != row_name(self._after):
            return ""
        return row_name(self._after) or ""

    def _sequence(self, fresh: str) -> Iterator[str]:
        """Carry over the highest number that was ever given out; it may be of a row that is gone."""
        if not all(any(column.autoincrement for column in table.columns) for table in (self._before, self._after)):
            return
        yield f"DELETE FROM sqlite_sequence WHERE name = {literal(fresh)}"
        yield (
            f"INSERT INTO sqlite_sequence (name, seq) SELECT {literal(fresh)}, seq FROM sqlite_sequence"
            f" WHERE name = {literal(self._before.name)}"
        )
