# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All that happens to one table between two statements about others, as one ALTER TABLE.

The operations are followed by what they do to the table; then the table as it was is held against what it has become.
So a column that is altered twice is written once, and an ALTER is atomic however many operations it carries out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Union

from ...errors import Unsupported
from ...model.operations import Add, Alter, Drop, Operation, Rename
from ...model.schema import UUID, Check, Column, Default, ForeignKey, Index, PrimaryKey, Table, Unique
from .casts import require_way
from .ddl import Wording, alter_table, helpers, table_comment
from .defaults import default_text
from .naming import quoted
from .native import Extra

_NOTHING = Extra()
_RULES = ("unique", "index", "foreign_key", "check")


@dataclass
class Group:
    """Operations on one table. ``columns`` leads from names in ``before`` to those of now; ``rules`` likewise.

    ``taken`` are names of foreign keys that went: none may come under such a name in the same statement. New names of
    columns are given by statements of their own (``renaming``): the server does that at once, and together with other
    changes it refuses to, or takes rules that read a column for rules about another one.
    """

    before: Table
    positions: list[int] = field(default_factory=list)
    columns: dict[str, str] = field(default_factory=dict)
    rules: dict[tuple[str, str], str] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)
    renaming: bool = False

    def __post_init__(self) -> None:
        self.columns = {name: name for name in self.before.column_names}
        self.rules = {(each.kind, each.name): each.name for each in self.before.elements() if each.kind in _RULES}

    def takes(self, operation: Operation) -> bool:
        """Tell whether the operation can be carried out by the same statement as those before it."""
        if _renames_column(operation) != self.renaming:
            return False
        if isinstance(operation, Add):
            return not (isinstance(operation.element, ForeignKey) and operation.element.name in self.taken)
        if isinstance(operation, Rename):
            if self.renaming:
                return operation.after not in self.before.column_names and not self._is_json(operation)
            return operation.kind != "foreign_key" or operation.after not in self.taken
        return not isinstance(operation, Alter) or not isinstance(operation.after, ForeignKey)

    def _is_json(self, operation: Rename) -> bool:
        """Columns of JSON are renamed one by one: MariaDB keeps a rule by the name of such a column."""
        names = {operation.before, *(former for former, now in self.columns.items() if former != now)}
        return any(column.name in names and column.type.name == "json" for column in self.before.columns)

    def follow(self, position: int, operation: Operation) -> None:
        """Note what becomes of the names that were there before."""
        self.renaming = _renames_column(operation)
        self.positions.append(position)
        if isinstance(operation, Drop):
            self._forget(operation.element.kind, operation.element.name)
        elif isinstance(operation, Rename):
            self._rename(operation)

    def _forget(self, kind: str, name: str) -> None:
        """A column that goes is lost, whatever comes under its name; a rule that comes back as it was never went."""
        if kind == "column":
            self.columns = {former: now for former, now in self.columns.items() if now != name}
        elif kind == "foreign_key":
            gone = [former for former, now in self.rules.items() if former[0] == kind and now == name]
            self.taken.update(former for _unused, former in gone)
            self.rules = {former: now for former, now in self.rules.items() if former not in gone}

    def _rename(self, operation: Rename) -> None:
        before, after, kind = operation.before, operation.after, operation.kind
        if kind == "column":
            self.columns = {former: after if now == before else now for former, now in self.columns.items()}
            return
        others = {former: now for former, now in self.rules.items() if former[0] != kind or now != after}
        self.rules = {former: after if former[0] == kind and now == before else now for former, now in others.items()}
        if kind == "foreign_key":
            self.taken.add(before)


def _renames_column(operation: Operation) -> bool:
    return isinstance(operation, Rename) and operation.kind == "column"


@dataclass(frozen=True)
class Change:
    """A table as it was and as it is to be, and how to write that.

    ``extras`` are by the columns' names before; ``there`` are names of helpers that are there; ``tied`` are columns, as
    they are named now, of foreign keys of this table and of those that refer to it.
    """

    group: Group
    after: Table
    wording: Wording
    extras: Mapping[str, Extra]
    there: frozenset[str]
    tied: frozenset[str] = frozenset()

    def statements(self) -> Iterator[str]:
        """Give the ALTER TABLE, if anything differs, and what has to come before it."""
        yield from self._filling()
        first = [*self._rules_that_go(), *self._columns()]
        rest = list(self._rules_that_come())
        if self.group.before.comment != self.after.comment:
            rest.append(table_comment(self.after))
        for parts in [first, rest] if self._takes_two() else [[*first, *rest]]:
            if parts:
                yield alter_table(self.after.name, parts)

    def _takes_two(self) -> bool:
        """MySQL adds checks by copying a table, and renames what is in a foreign key by anything but a copy."""
        return self._renames_tied() and any(map(self._must_step_aside, self.group.before.checks))

    def _renames_tied(self) -> bool:
        renamed = {now for former, now in self.group.columns.items() if former != now}
        return bool(renamed & self.tied)

    def _filling(self) -> Iterator[str]:
        """MySQL adds no column whose values differ from row to row: it is added bare, filled, and defined afterwards.

        Times of updates stay as they are.
        """
        made = [column for column in self.after.columns if self._is_filled_first(column)]
        if not made:
            return
        table, bare = quoted(self.after.name), [replace(column, null=True, default=None) for column in made]
        yield alter_table(self.after.name, [f"ADD COLUMN {self.wording.column(column, _NOTHING)}" for column in bare])
        values = [f"{quoted(column.name)} = {default_text(Default(function=UUID), column.type)}" for column in made]
        kept = [quoted(name) for name in self._kept_by_updates()]
        yield f"UPDATE {table} SET {', '.join([*values, *(f'{name} = {name}' for name in kept)])}"

    def _is_filled_first(self, column: Column) -> bool:
        new = column.name not in self.group.columns.values()
        differs = column.default is not None and column.default.function == UUID
        return new and differs and not self.wording.flavour.mariadb

    def _kept_by_updates(self) -> Iterator[str]:
        for column in self.group.before.columns:
            if column.updated_at or self.extras.get(column.name, _NOTHING).on_update:
                yield column.name

    # --- columns -----------------------------------------------------------------------------------------------------

    def _columns(self) -> Iterator[str]:
        before, names = self.group.before, self.group.columns
        kept = set(names.values())
        for column in before.columns:
            if column.name not in names:
                yield f"DROP COLUMN {quoted(column.name)}"
        for column in before.columns:
            if column.name in names:
                yield from self._changed(column, self.after.column(names[column.name]))
        for column in self.after.columns:
            if column.name not in kept:
                verb = "MODIFY" if self._is_filled_first(column) else "ADD"
                yield f"{verb} COLUMN {self.wording.column(column, _NOTHING)}"

    def _changed(self, before: Column, after: Column) -> Iterator[str]:
        extra = self.extras.get(before.name, _NOTHING)
        if before.generated != after.generated:
            raise Unsupported(
                f"alter_column {self.after.name}.{after.name}: it cannot be changed what a column is computed from.",
                hint="Drop the column and add it again.",
            )
        if self.group.renaming:
            yield from self._renamed(before, after, extra)
        elif before != after:
            require_way(self.after.name, before, after)
            yield f"MODIFY COLUMN {self.wording.column(after, extra)}"

    def _renamed(self, before: Column, after: Column, extra: Extra) -> Iterator[str]:
        if before.name == after.name:
            return
        if before.type.name == "json" and self.wording.flavour.mariadb:
            yield f"CHANGE COLUMN {quoted(before.name)} {self.wording.column(after, extra)}"
        else:
            yield f"RENAME COLUMN {quoted(before.name)} TO {quoted(after.name)}"

    # --- keys, indexes and rules -------------------------------------------------------------------------------------

    def _fate(self, element: Any) -> tuple[str, Any]:
        """What becomes of something that was there: ``kept``, ``renamed`` or ``gone``, and what it is now."""
        now = self.group.rules.get((element.kind, element.name))
        found = self.after.find(element.kind, now) if now else None
        if now is None or found is None or self._carried(element, now) != found:
            return "gone", None
        return ("kept" if now == element.name else "renamed"), found

    def _carried(self, element: Any, name: str) -> Any:
        """The element as it is once columns bear their new names."""
        names = self.group.columns
        if isinstance(element, Index):
            ordered = tuple(replace(each, name=names.get(each.name, "")) for each in element.columns)
            return replace(element, name=name, columns=ordered)
        if isinstance(element, Check):
            from ...model.expressions import rename_columns_in_text

            return replace(element, name=name, expression=rename_columns_in_text(element.expression, names))
        columns = tuple(names.get(each, "") for each in element.columns)
        if isinstance(element, ForeignKey) and element.ref_table == self.after.name:
            theirs = tuple(names.get(each, "") for each in element.ref_columns)
            return replace(element, name=name, columns=columns, ref_columns=theirs)
        return replace(element, name=name, columns=columns)

    def _rules_that_go(self) -> Iterator[str]:
        before = self.group.before
        keys = [key for key in before.foreign_keys if self._fate(key)[0] != "kept"]
        yield from (f"DROP FOREIGN KEY {quoted(key.name)}" for key in keys)
        for check in before.checks:
            if self._fate(check)[0] != "kept" or self._must_step_aside(check):
                yield f"DROP CONSTRAINT {quoted(check.name)}"
        yield from (f"DROP INDEX {quoted(name)}" for name in sorted(self.there - self._helping()))
        rules: list[Union[Unique, Index]] = [*before.uniques, *before.indexes]
        yield from (f"DROP INDEX {quoted(each.name)}" for each in rules if self._fate(each)[0] == "gone")
        if before.primary_key is not None and not self._same_key():
            yield "DROP PRIMARY KEY"

    def _must_step_aside(self, check: Check) -> bool:
        """MySQL renames no column that a check is about; MariaDB takes the check along.

        While a check compares an enum with a text, MySQL renames columns of that table by a copy alone, which it
        refuses for those of foreign keys.
        """
        if self.wording.flavour.mariadb:
            return False
        enums = any(column.type.name == "enum" for column in self.group.before.columns)
        return (enums and self._renames_tied()) or bool(self._carried(check, check.name) != check)

    def _same_key(self) -> bool:
        before, after = self.group.before.primary_key, self.after.primary_key
        if before is None or after is None:
            return before is after
        return tuple(self.group.columns.get(name, "") for name in before.columns) == after.columns

    def _helping(self) -> frozenset[str]:
        return frozenset(index.name for index in helpers(self.after))

    def _rules_that_come(self) -> Iterator[str]:
        before, after = self.group.before, self.after
        former: list[Union[Unique, Index]] = [*before.uniques, *before.indexes]
        for each in former:
            fate, found = self._fate(each)
            if fate == "renamed":
                yield f"RENAME INDEX {quoted(each.name)} TO {quoted(found.name)}"
        if after.primary_key is not None and not self._same_key():
            yield self._added(after.primary_key)
        there = self._names_there()
        for kind in (after.uniques, after.indexes):
            yield from (self._added(each) for each in kind if (each.kind, each.name) not in there)
        yield from (self._added(index) for index in helpers(after) if index.name not in self.there)
        stepping = {check.name for check in before.checks if self._must_step_aside(check)}
        for check in after.checks:
            if (check.kind, check.name) not in there or check.name in stepping:
                yield self._added(check)
        yield from (self._added(key) for key in after.foreign_keys if (key.kind, key.name) not in there)

    def _names_there(self) -> set[tuple[str, str]]:
        """What needs not be made: all that is kept, and indexes that are renamed."""
        there: set[tuple[str, str]] = set()
        for element in self.group.before.elements():
            if element.kind in _RULES:
                fate, found = self._fate(element)
                if fate == "kept" or (fate == "renamed" and isinstance(element, (Unique, Index))):
                    there.add((element.kind, found.name))
        return there

    def _added(self, element: Union[PrimaryKey, Unique, Index, ForeignKey, Check]) -> str:
        return f"ADD {self.wording.rule(self.after, element)}"
