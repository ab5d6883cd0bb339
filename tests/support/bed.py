# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every engine's bed gives to tests: databases, and a look and a hand in them that are not the product's."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import Target
from ansible_collections.ctrlaltplay.paneldb.tests.support.choices import STEMS

Rows = list[tuple[Any, ...]]


class Bed(ABC):
    """Databases of one engine. What is done in them is done by the raw driver, behind the product's back.

    Rows are those of small tables with plain values (numbers, text, null); ``id`` is the primary key where it is there.
    """

    engine: ClassVar[str]
    #: Beginnings of the names that tests give to tables and to what is in them; all that the engine can have.
    stems: ClassVar[Sequence[str]] = STEMS
    #: A statement that no server understands, and what the error says of it.
    nonsense: ClassVar[str] = "no statement"
    refusal: ClassVar[str] = "syntax"
    #: How much fewer rows the largest tests write here.
    slower: ClassVar[int] = 1

    @abstractmethod
    def absent(self) -> Target:
        """A target whose database does not exist."""

    @abstractmethod
    def create(self, target: Target) -> None:
        """Make the absent database of a target, empty."""

    def empty(self) -> Target:
        """A target whose database exists and is empty."""
        target = self.absent()
        self.create(target)
        return target

    @abstractmethod
    def drop(self, target: Target) -> None:
        """Remove a database that this bed made a target for, whether it exists or not."""

    @abstractmethod
    def snapshot(self, target: Target) -> str:
        """All that is in the database as text, by the engine's own means: two equal ones mean that nothing changed."""

    @contextmanager
    def database(self) -> Iterator[Target]:
        """An empty database for the duration of the block."""
        target = self.empty()
        try:
            yield target
        finally:
            self.drop(target)

    def scaled(self, number: int) -> int:
        """As many rows as this server writes while a fast one writes ``number``."""
        return number // self.slower

    # --- rows ------------------------------------------------------------------------------------------------------

    @abstractmethod
    def put(self, target: Target, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write rows, of the same columns each. They may refer to rows that are not there."""

    @abstractmethod
    def read(self, target: Target, table: str, columns: Sequence[str]) -> Rows:
        """Read all rows, sorted by their values."""

    def count(self, target: Target, table: str) -> int:
        """Count the rows of a table that has a column ``id``."""
        return len(self.read(target, table, ("id",)))

    @abstractmethod
    def change(self, target: Target, table: str, values: Mapping[str, Any]) -> None:
        """Set columns of every row."""

    # --- schema ----------------------------------------------------------------------------------------------------

    @abstractmethod
    def add_table(self, target: Target, table: str, *, refers_to: str = "") -> None:
        """Make a table of a number ``id`` as its primary key; with ``refers_to`` a number ``other`` refers to its id.

        Where the engine has no references, there is only the column.
        """

    @abstractmethod
    def drop_table(self, target: Target, table: str) -> None:
        """Remove a table."""

    @abstractmethod
    def add_column(self, target: Target, table: str, column: str) -> None:
        """Give a table a column of whole numbers that may be null."""

    @abstractmethod
    def filling(self, table: str, column: str, value: str) -> str:
        """A person's statement that writes a text where a column is null."""

    @abstractmethod
    def choosing(self, table: str, *columns: str) -> Any:
        """A person's statement that reads rows sorted by their first column, one of two values bound in order."""

    @abstractmethod
    def changing(self, table: str, column: str, key: str) -> Any:
        """A person's statement that sets a column to ``value`` where the key is less than ``below``, bound by name."""

    @abstractmethod
    def add_unique(self, target: Target, table: str, column: str) -> None:
        """Give a table a unique index on a column of text; nulls are not compared."""


class SqlBed(Bed):
    """A bed whose engine speaks SQL."""

    #: Where a value goes, for the raw driver.
    mark: ClassVar[str] = "%s"
    #: Run before rows are put that may refer to nothing.
    unguarded: ClassVar[str] = ""

    @abstractmethod
    def run(self, target: Target, *statements: str, parameters: Sequence[Any] = ()) -> Rows:
        """Run statements in one session, each committed; the values belong to the last one, whose rows are given."""

    def rows(self, target: Target, statement: str, parameters: Sequence[Any] = ()) -> Rows:
        """Run one statement, commit it, and return its rows, if it has any."""
        return self.run(target, statement, parameters=parameters)

    @classmethod
    def quoted(cls, name: str) -> str:
        """A name in quotes."""
        return '"' + name.replace('"', '""') + '"'

    @classmethod
    def listed(cls, names: Sequence[str]) -> str:
        """Names in quotes, between commas."""
        return ", ".join(map(cls.quoted, names))

    def put(self, target: Target, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
        columns = list(rows[0])
        marks = ", ".join([f"({', '.join([self.mark] * len(columns))})"] * len(rows))
        statement = f"INSERT INTO {self.quoted(table)} ({self.listed(columns)}) VALUES {marks}"
        values = [row[column] for row in rows for column in columns]
        self.run(target, *filter(None, [self.unguarded]), statement, parameters=values)

    def read(self, target: Target, table: str, columns: Sequence[str]) -> Rows:
        return in_order(self.rows(target, f"SELECT {self.listed(columns)} FROM {self.quoted(table)}"))

    def change(self, target: Target, table: str, values: Mapping[str, Any]) -> None:
        settings = ", ".join(f"{self.quoted(column)} = {self.mark}" for column in values)
        self.rows(target, f"UPDATE {self.quoted(table)} SET {settings}", list(values.values()))

    def add_table(self, target: Target, table: str, *, refers_to: str = "") -> None:
        parts = ["id integer PRIMARY KEY"]
        if refers_to:
            parts += ["other integer", f"FOREIGN KEY (other) REFERENCES {self.quoted(refers_to)} (id)"]
        self.rows(target, f"CREATE TABLE {self.quoted(table)} ({', '.join(parts)})")

    def drop_table(self, target: Target, table: str) -> None:
        self.rows(target, f"DROP TABLE {self.quoted(table)}")

    def add_column(self, target: Target, table: str, column: str) -> None:
        self.rows(target, f"ALTER TABLE {self.quoted(table)} ADD COLUMN {self.quoted(column)} integer")

    def filling(self, table: str, column: str, value: str) -> str:
        name = self.quoted(column)
        return f"UPDATE {self.quoted(table)} SET {name} = '{value}' WHERE {name} IS NULL"

    def choosing(self, table: str, *columns: str) -> Any:
        key = self.quoted(columns[0])
        return f"SELECT {self.listed(columns)} FROM {self.quoted(table)} WHERE {key} IN (%s, %s) ORDER BY {key}"

    def changing(self, table: str, column: str, key: str) -> Any:
        names = self.quoted(table), self.quoted(column), self.quoted(key)
        return "UPDATE {} SET {} = %(value)s WHERE {} < %(below)s".format(*names)

    def add_unique(self, target: Target, table: str, column: str) -> None:
        names = self.quoted(f"{table}_{column}"), self.quoted(table), self.quoted(column)
        self.rows(target, "CREATE UNIQUE INDEX {} ON {} ({})".format(*names))


def in_order(rows: Rows) -> Rows:
    """Rows sorted by their values, nulls last."""
    return sorted(rows, key=lambda row: [(value is None, 0 if value is None else value) for value in row])
