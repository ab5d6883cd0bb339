# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From operations to statements for one server.

Every statement commits by itself. Neighbouring operations on one table are one ALTER TABLE and one step; whatever is
about more than one table (enums) is a step of statements that can all be run again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Optional

from ...errors import InputError, Unsupported
from ...model.operations import Add, Alter, Drop, Execute, Operation, Rename
from ...model.plan import Statement, Step
from ...model.schema import Column, Enum, Table
from ..base import Catalogue
from . import ddl
from .canonical import canonical_schema, canonical_table, refused_checks, values_of
from .changes import Change, Group
from .ddl import Wording
from .naming import quoted
from .native import Extra, Native, Place
from .sizes import require_fitting

_NOTHING = Extra()


def compile_operations(operations: Sequence[Operation], catalogue: Catalogue) -> tuple[tuple[Step, ...], Catalogue]:
    """Turn operations into steps; see ``Engine.compile``."""
    compiler = _Compiler(catalogue)
    for position, operation in enumerate(operations):
        compiler.add(position, operation)
    return compiler.steps(), compiler.after()


class _Compiler:
    """Walks through the operations with the schema as it is before each of them."""

    def __init__(self, catalogue: Catalogue) -> None:
        native = catalogue.native if isinstance(catalogue.native, Native) else Native()
        self._catalogue = catalogue
        self._native = native
        self._flavour = native.flavour
        self._schema = catalogue.schema
        self._extras = dict(native.extras)
        self._marks = dict(native.marks)
        self._strays = dict(native.strays)
        self._helpers = set(native.helpers)
        self._store = native.store
        self._group: Optional[Group] = None
        self._name = ""
        self._steps: list[Step] = []

    # --- results -----------------------------------------------------------------------------------------------------

    def steps(self) -> tuple[Step, ...]:
        self._flush()
        return tuple(self._steps)

    def after(self) -> Catalogue:
        schema = canonical_schema(self._schema, self._flavour, self._catalogue.schema)
        native = replace(
            self._native,
            extras=self._extras,
            marks=self._marks,
            strays=self._strays,
            helpers=frozenset(self._helpers),
            store=self._store,
        )
        return replace(self._catalogue, schema=schema, native=native)

    # --- one operation -----------------------------------------------------------------------------------------------

    def add(self, position: int, operation: Operation) -> None:
        """Compile one operation."""
        table = _table_of(operation)
        if isinstance(operation, Execute):
            self._flush()
            statements = tuple(map(Statement, _body(operation)))
            self._steps.append(Step((position,), statements, operation.transaction))
        elif table:
            self._within(position, operation, table)
        else:
            self._flush()
            self._step([position], self._work(operation))

    def _step(self, positions: Iterable[int], statements: Iterable[str]) -> None:
        self._steps.append(Step(tuple(positions), tuple(map(Statement, statements)), transactional=False))

    @property
    def _wording(self) -> Wording:
        return Wording(self._flavour, values_of(self._schema))

    # --- within one table --------------------------------------------------------------------------------------------

    def _within(self, position: int, operation: Operation, table: str) -> None:
        if self._name != table or self._group is None or not self._group.takes(operation):
            self._flush()
        schema = operation.apply(self._schema)
        if self._group is None:
            self._name, self._group = table, Group(self._known(table))
        self._schema = schema
        self._group.follow(position, operation)

    def _known(self, table: str) -> Table:
        return canonical_table(self._schema.holder(table), self._flavour)

    def _flush(self) -> None:
        """Write the step of what has been gathered."""
        group, self._group = self._group, None
        if group is None:
            return
        name = self._name
        after = self._settled(name)
        there = frozenset(key for table, key in self._helpers if table == name)
        extras = {column: extra for (table, column), extra in self._extras.items() if table == name}
        change = Change(group, after, self._wording, extras, there, self._tied(name))
        self._step(group.positions, change.statements())
        self._note(after, group, extras)

    def _tied(self, name: str) -> frozenset[str]:
        """Columns of a table that a foreign key is about, on either of its sides."""
        found: set[str] = set()
        for table in self._schema.tables:
            for key in table.foreign_keys:
                found.update(key.columns if table.name == name else ())
                found.update(key.ref_columns if key.ref_table == name else ())
        return frozenset(found)

    def _settled(self, name: str) -> Table:
        """A table as it will be, if the server can have it."""
        table = self._known(name)
        for check, reason in refused_checks(table, self._flavour):
            raise Unsupported(
                f"Check {check} of table {name} cannot be: {reason}", hint="Leave it out, or name it otherwise."
            )
        require_fitting(table)
        self._require_own_names(table)
        self._schema = self._schema.put(table)
        return table

    def _require_own_names(self, table: Table) -> None:
        """Names of foreign keys are one space for the whole database."""
        for other in self._schema.tables if table.foreign_keys else ():
            shared = {key.name for key in other.foreign_keys} & {key.name for key in table.foreign_keys}
            if shared and other.name != table.name:
                raise InputError(
                    f"Tables {other.name} and {table.name} both have a foreign key {min(shared)}; MySQL has one space"
                    " of names for those of all tables.",
                    hint="Give one of them another name.",
                )

    def _note(self, table: Table, group: Optional[Group], extras: dict[str, Extra]) -> None:
        """Remember what a table has beside its model once it is as it shall be."""
        names = group.columns if group else {}
        strays = {column: stray for (holder, column), stray in self._strays.items() if holder == table.name}
        self._forget(table.name)
        for before, extra in extras.items():
            if before in names:
                self._extras[table.name, names[before]] = extra
        self._helpers.update((table.name, index.name) for index in ddl.helpers(table))
        for column in table.columns:
            stray = strays.get(next((before for before, now in names.items() if now == column.name), ""))
            if stray is not None and column.type.name == "foreign":
                self._strays[table.name, column.name] = replace(stray, name=column.name)
                self._marks[table.name, column.name] = stray.type.enum
            if column.type.name == "enum":
                self._marks[table.name, column.name] = column.type.enum

    def _forget(self, table: str) -> None:
        self._extras = {place: extra for place, extra in self._extras.items() if place[0] != table}
        self._marks = {place: mark for place, mark in self._marks.items() if place[0] != table}
        self._strays = {place: stray for place, stray in self._strays.items() if place[0] != table}
        self._helpers = {place for place in self._helpers if place[0] != table}

    # --- tables and enums --------------------------------------------------------------------------------------------

    def _work(self, operation: Operation) -> Iterator[str]:
        if isinstance(operation, Rename):
            yield from self._rename(operation)
            return
        self._schema = operation.apply(self._schema)
        if isinstance(operation, Alter):
            if isinstance(operation.after, Enum):
                yield from self._change_enum(operation.after)
        elif isinstance(operation, (Add, Drop)) and isinstance(operation.element, Table):
            added = isinstance(operation, Add)
            yield self._create(operation.element.name) if added else self._drop(operation.element.name)
        elif isinstance(operation, (Add, Drop)) and isinstance(operation.element, Enum):
            yield from self._keep(operation.element) if isinstance(operation, Add) else self._lose(operation.element)

    def _create(self, name: str) -> str:
        table = self._settled(name)
        self._note(table, None, {})
        return self._wording.create_table(table, [_NOTHING] * len(table.columns))

    def _drop(self, name: str) -> str:
        self._forget(name)
        return f"DROP TABLE {quoted(name)}"

    def _rename(self, operation: Rename) -> Iterator[str]:
        self._schema = operation.apply(self._schema)
        if operation.kind == "enum":
            yield from self._rename_enum(operation)
            return
        before, after = operation.before, operation.after
        self._extras = {_moved(place, before, after): extra for place, extra in self._extras.items()}
        self._marks = {_moved(place, before, after): mark for place, mark in self._marks.items()}
        self._strays = {_moved(place, before, after): stray for place, stray in self._strays.items()}
        self._helpers = {_moved(place, before, after) for place in self._helpers}
        yield f"RENAME TABLE {quoted(before)} TO {quoted(after)}"

    def _keep(self, enum: Enum) -> Iterator[str]:
        if not self._store:
            yield ddl.create_store(self._flavour)
            # Tables were brought here without it: from now on it alone tells which enums there are.
            yield from (ddl.keep_enum(other) for other in self._schema.enums if other.name != enum.name)
        self._store = True
        yield ddl.keep_enum(enum)

    def _lose(self, enum: Enum) -> Iterator[str]:
        if not self._store:
            return
        if self._schema.enums:
            yield ddl.forget_enum(enum.name)
        else:
            self._store = False
            yield ddl.drop_store()

    def _change_enum(self, enum: Enum) -> Iterator[str]:
        """The columns first: until all of them have the values, the enum is as it was, and all can be done again."""
        yield from self._rewritten(enum.name, [enum.name])
        yield from self._keep(enum)

    def _rename_enum(self, operation: Rename) -> Iterator[str]:
        yield from self._rewritten(operation.after, [operation.before, operation.after])
        found = self._schema.enum(operation.after)
        if not self._store and found is not None:
            yield from self._keep(found)
        elif self._store:
            yield ddl.rename_enum(operation.before, operation.after)

    def _rewritten(self, name: str, marks: Sequence[str]) -> Iterator[str]:
        """Write the columns anew whose comments name the enum: by one of its names, if it has a new one."""
        wording = self._wording
        places = {place for place, mark in self._marks.items() if mark in marks}
        for table in self._schema.tables:
            columns = [column for column in table.columns if (table.name, column.name) in places]
            if columns:
                yield ddl.alter_table(table.name, [self._rewrite(table, column, name, wording) for column in columns])

    def _rewrite(self, table: Table, column: Column, name: str, wording: Wording) -> str:
        place: Place = (table.name, column.name)
        known = self._strays.pop(place, column)
        written = replace(known, type=replace(known.type, arguments=(name,)))
        self._marks[place] = name
        self._schema = self._schema.put(self._schema.holder(table.name).put(written))
        return f"MODIFY COLUMN {wording.column(written, self._extras.get(place, _NOTHING))}"


def _table_of(operation: Operation) -> str:
    """Name the table within which the operation stays; empty where it is about a table as a whole, or about more."""
    if isinstance(operation, Execute):
        return ""
    if isinstance(operation, Alter) and isinstance(operation.after, Table):
        return operation.after.name
    return operation.table


def _moved(place: Place, before: str, after: str) -> Place:
    return (after, place[1]) if place[0] == before else place


def _body(operation: Execute) -> tuple[str, ...]:
    body = operation.up.get("mysql")
    if body is None:
        raise Unsupported(
            f"The step {operation.label!r} has no body for mysql.",
            hint="Add one, or an empty list under mysql where there is nothing to do.",
        )
    return tuple(body)
