# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a SQLite database holds beyond the neutral schema; kept beside it, so that a rebuild loses nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ...model.schema import Schema, Table
from .conditions import OPAQUE


@dataclass(frozen=True)
class Extras:
    """What a table has that the model has no word for. Tables that this collection made have none.

    ``options`` stands behind the table's closing parenthesis (``WITHOUT ROWID``). ``rests`` holds, by kind and name of
    an element, the rest of its text (``ON UPDATE CASCADE``). ``indexes`` are whole texts of indexes that ``ddl`` would
    write in another way. ``inner`` names uniques that are written in the table, not as an index.
    """

    options: str = ""
    rests: Mapping[tuple[str, str], str] = field(default_factory=dict)
    indexes: Mapping[str, str] = field(default_factory=dict)
    inner: frozenset[str] = frozenset()

    def rest(self, kind: str, name: str) -> str:
        return self.rests.get((kind, name), "")

    @property
    def without_rowid(self) -> bool:
        return "WITHOUT" in self.options.upper()

    def forget(self, kind: str, name: str) -> Extras:
        """Give what is left once that element is gone or has another definition."""
        if not (self.rests or self.indexes or self.inner):
            return self
        return replace(
            self,
            rests={place: rest for place, rest in self.rests.items() if place != (kind, name)},
            indexes={
                index: text for index, text in self.indexes.items() if kind not in ("index", "unique") or index != name
            },
            inner=self.inner - {name} if kind == "unique" else self.inner,
        )


NOTHING = Extras()


@dataclass(frozen=True)
class Native:
    """All of it: every table with the bookkeeping ones, extras by table, triggers of others by name, views by name."""

    schema: Schema = field(default_factory=Schema)
    extras: Mapping[str, Extras] = field(default_factory=dict)
    triggers: Mapping[str, Trigger] = field(default_factory=dict)
    views: Mapping[str, str] = field(default_factory=dict)

    def extras_of(self, table: str) -> Extras:
        return self.extras.get(table, NOTHING)

    def triggers_of(self, table: Table) -> dict[str, Trigger]:
        return {name: trigger for name, trigger in self.triggers.items() if trigger.table == table.name}

    @property
    def foreign(self) -> bool:
        """Whether there is anything whose text only SQLite itself can rename things in."""
        return bool(self.triggers or self.views or self.extras) or any(map(_has_foreign_text, self.schema.tables))


def _has_foreign_text(table: Table) -> bool:
    opaque = any(check.expression.startswith(OPAQUE) for check in table.checks)
    return opaque or any(column.generated for column in table.columns)


@dataclass(frozen=True)
class Trigger:
    """A trigger of somebody else, by its table and its text."""

    table: str
    text: str
