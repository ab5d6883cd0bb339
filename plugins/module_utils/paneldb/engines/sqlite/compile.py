# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Operations to statements: ALTER TABLE where SQLite has it and it is exact, one rebuild of the table otherwise.

Operations on different tables do not depend on each other between two *barriers* (creating, dropping and renaming
tables, renaming columns, enums, and what a person wrote); so all changes of one table between two barriers share one
rebuild, in whatever order they stand.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Union

from ...model.operations import Add, Alter, Drop, Execute, Operation, Rename
from ...model.plan import Statement, Step
from ...model.schema import Column, Enum, Index, Schema, Table, Unique
from ..base import BOOKKEEPING_PREFIX, Catalogue
from .canonical import canonical_operation, canonical_table
from .catalog import as_catalogue, native_of
from .ddl import ENUM_PREFIX, column_sql, create_enum, create_index, create_indexes, create_table, touch_triggers
from .native import NOTHING, Extras
from .words import quote

if TYPE_CHECKING:
    from .mentions import Rule

#: A statement, or its text where there is nothing else to it.
Told = Union[str, Statement]

#: The first version whose DROP COLUMN is sound; those before it could damage the table.
DROP_COLUMN_SINCE = (3, 35, 5)


@dataclass
class _Group:
    """What happens to one table between two barriers."""

    before: Table
    extras: Extras
    positions: list[int] = field(default_factory=list)
    #: Per operation the statements that do it without a rebuild; None where there are none.
    native: list[list[str] | None] = field(default_factory=list)
    carried: set[str] = field(default_factory=set)
    #: Names of indexes that go: another table may take one of them.
    freed: set[str] = field(default_factory=set)


class Compiler:
    """Compiles one list of operations on top of a catalogue. Used once."""

    def __init__(self, catalogue: Catalogue, version: tuple[int, ...]) -> None:
        self._native = native_of(catalogue)
        hidden = (table for table in self._native.schema.tables if table.name.startswith(BOOKKEEPING_PREFIX))
        self._schema = Schema((*catalogue.schema.tables, *hidden), catalogue.schema.enums)
        self._extras = dict(self._native.extras)
        self._version = version
        self._groups: dict[str, _Group] = {}
        self._steps: list[Step] = []

    def compile(self, operations: Sequence[Operation]) -> tuple[tuple[Step, ...], Catalogue]:
        for position, operation in enumerate(operations):
            self._compile(position, operation)
        self._flush()
        native = replace(self._native, schema=self._schema.normalized(), extras=self._extras)
        return tuple(self._steps), as_catalogue(native)

    def _compile(self, position: int, operation: Operation) -> None:
        if isinstance(operation, Execute):
            self._flush()
            self._execute(position, operation)
        elif _stays_within(operation):
            self._within(position, operation)
        else:
            self._flush()
            self._step([position], self._barrier(operation))

    def _step(self, positions: Iterable[int], statements: Iterable[Told]) -> None:
        made = tuple(Statement(each) if isinstance(each, str) else each for each in statements)
        self._steps.append(Step(tuple(positions), made))

    def _execute(self, position: int, operation: Execute) -> None:
        if "sqlite" not in operation.up:
            from ...errors import Unsupported

            raise Unsupported(
                f"The step {operation.label!r} has no body for sqlite.",
                hint="Add `sqlite` under `up`; an empty list skips the step here.",
            )
        statements = tuple(Statement(text) for text in operation.up["sqlite"])
        self._steps.append(Step((position,), statements, operation.transaction))

    @property
    def _enums(self) -> dict[str, tuple[str, ...]]:
        return {enum.name: enum.values for enum in self._schema.enums}

    def _table(self, name: str) -> Table:
        return self._schema.holder(name)

    def _extras_of(self, table: str) -> Extras:
        return self._extras.get(table, NOTHING)

    def _keep_extras(self, table: str, extras: Extras) -> None:
        if extras == NOTHING:
            self._extras.pop(table, None)
        else:
            self._extras[table] = extras

    # --- whole tables, enums, renames ------------------------------------------------------------------------------

    def _barrier(self, operation: Operation) -> Sequence[Told]:
        changed = canonical_operation(operation)
        before, self._schema = self._schema, changed.apply(self._schema)
        if isinstance(changed, Rename):
            if changed.kind == "enum":
                return self._enum_changes(before, changed.before, changed.after)
            return self._renamed(changed, before)
        if isinstance(changed, Alter):
            return self._enum_changes(before, changed.after.name, changed.after.name)
        element = changed.element  # type: ignore[union-attr]
        if isinstance(element, Enum):
            return [create_enum(element)] if isinstance(changed, Add) else [_drop_enum(element.name)]
        return self._created(element) if isinstance(changed, Add) else self._dropped(element)  # type: ignore[arg-type]

    def _created(self, table: Table) -> list[str]:
        return [create_table(table, self._enums), *create_indexes(table), *touch_triggers(table).values()]

    def _dropped(self, table: Table) -> list[str]:
        self._extras.pop(table.name, None)
        kept = {name: each for name, each in self._native.triggers.items() if each.table != table.name}
        self._native = replace(self._native, triggers=kept)
        return [f"DROP TABLE {quote(table.name)}"]

    def _enum_changes(self, schema: Schema, before: str, after: str) -> list[Told]:
        """Write the enum's view anew, and rebuild the tables that have a list of its values in a check."""
        statements: list[Told] = [_drop_enum(before), create_enum(Enum(after, self._enums[after]))]
        for table in schema.tables:
            if any(column.type.name == "enum" and column.type.enum == before for column in table.columns):
                changed = self._table(table.name)
                group = _Group(changed, self._extras_of(table.name), carried=set(table.column_names))
                statements.extend(self._rebuild(group, changed))
        return statements

    def _renamed(self, operation: Rename, schema: Schema) -> list[str]:
        """Rename a table or column by ALTER TABLE, which follows the name into everything that refers to it."""
        name = operation.before if operation.kind == "table" else operation.table
        before = schema.holder(name)
        after = self._table(operation.after if operation.kind == "table" else name)
        extras = self._extras_of(name)
        alter = _rename_table(operation) if operation.kind == "table" else [_rename_column(operation)]
        statements = self._touched(before, after, alter, extras)
        if self._native.foreign:
            from .simulate import simulated

            self._native = simulated(replace(self._native, schema=schema, extras=self._extras), statements)
            self._schema, self._extras = self._native.schema, dict(self._native.extras)
        elif name in self._extras:
            self._extras[after.name] = self._extras.pop(name)
        return statements

    # --- within a table --------------------------------------------------------------------------------------------

    def _within(self, position: int, operation: Operation) -> None:
        # Only a change of a table's own comment, which is nothing here, names no table that holds it.
        name = operation.table or operation.target  # type: ignore[union-attr]
        changed = canonical_operation(operation)
        self._make_way(changed, name)
        schema = changed.apply(self._schema)
        before = self._table(name)
        group = self._groups.get(name)
        if group is None:
            group = self._groups[name] = _Group(before, self._extras_of(name), carried=set(before.column_names))
        self._schema = schema
        after = self._table(name)
        group.positions.append(position)
        group.native.append(self._natively(changed, before, after))
        group.freed.update(_index_names(changed, added=False))
        if isinstance(changed, Drop) and isinstance(changed.element, Column):
            group.carried.discard(changed.element.name)
        self._keep_extras(name, _remaining(self._extras_of(name), changed))

    def _make_way(self, operation: Operation, table: str) -> None:
        """Indexes of all tables share their names: one that comes must wait until the one of its name has gone."""
        others = [group.freed for name, group in self._groups.items() if name != table]
        if others and not set().union(*others).isdisjoint(_index_names(operation, added=True)):
            self._flush()

    def _flush(self) -> None:
        """Write the steps of all groups."""
        for name, group in self._groups.items():
            # Not before: a column may count by itself only once the last operation has made it the primary key.
            self._schema = self._schema.put(canonical_table(self._table(name)))
            if all(statements is not None for statements in group.native):
                for position, statements in zip(group.positions, group.native):
                    self._step([position], statements or ())
            else:
                self._step(group.positions, self._rebuild(group, self._table(name)))
        self._groups.clear()

    def _rebuild(self, group: _Group, after: Table) -> list[Told]:
        from .rebuild import Rebuild

        rebuild = Rebuild(group.before, after, self._enums, (group.extras, self._extras_of(after.name)))
        return list(rebuild.statements(group.carried, self._native.triggers_of(after)))

    def _natively(self, operation: Operation, before: Table, after: Table) -> list[str] | None:
        """Give the statements that do it as SQLite can do it by itself, or None."""
        extras = self._extras_of(after.name)
        if isinstance(operation, Alter):
            alike = _untouched(before) == _untouched(after)
            return self._touched(before, after, [], extras) if alike else None
        if isinstance(operation, Rename):
            found = before.find(operation.kind, operation.before)
            renamed = after.find(operation.kind, operation.after)
            return self._index_replaced(after, found, renamed)
        element = operation.element  # type: ignore[union-attr]
        if isinstance(element, (Index, Unique)):
            added = isinstance(operation, Add)
            return self._index_replaced(after, None if added else element, element if added else None)
        if not isinstance(element, Column):
            return None
        if isinstance(operation, Add):
            added_column = after.column(element.name)
            alter = _add_column(after, column_sql(added_column, self._enums)) if _can_be_added(added_column) else None
        else:
            alter = _drop_column(before, element.name) if self._can_be_dropped(before, element) else None
        return None if alter is None else self._touched(before, after, [alter], extras)

    def _index_replaced(self, table: Table, old: object, new: object) -> list[str] | None:
        if not all(each is None or isinstance(each, (Index, Unique)) for each in (old, new)):
            return None
        extras = self._extras_of(table.name)
        statements = []
        if isinstance(old, (Index, Unique)):
            if old.name in extras.inner:
                return None
            statements.append(f"DROP INDEX {quote(old.name)}")
        if isinstance(new, (Index, Unique)):
            statements.append(create_index(table, new))
        return statements

    def _can_be_dropped(self, table: Table, column: Column) -> bool:
        if self._version < DROP_COLUMN_SINCE or any(each.generated for each in table.columns):
            return False
        return not any(_mentions(each, column.name) for each in table.elements() if not isinstance(each, Column))

    def _touched(self, before: Table, after: Table, alter: list[str], extras: Extras) -> list[str]:
        """Put what the triggers of ``updated_at`` need around an ALTER TABLE."""
        old, new = touch_triggers(before, extras), touch_triggers(after, extras)
        going = [f"DROP TRIGGER {quote(name)}" for name, text in old.items() if new.get(name) != text]
        coming = [
            statement
            for name, text in new.items()
            if old.get(name) != text
            for statement in (f"DROP TRIGGER IF EXISTS {quote(name)}", text)
        ]
        return [*going, *alter, *coming]


def _stays_within(operation: Operation) -> bool:
    """Tell whether nothing outside the operation's table sees it."""
    if isinstance(operation, Rename):
        return operation.kind not in ("table", "column", "enum")
    if isinstance(operation, Alter):
        return operation.after.kind != "enum"
    return bool(operation.table)  # type: ignore[union-attr]


def _index_names(operation: Operation, *, added: bool) -> set[str]:
    """Give the name of an index that comes (``added``) or goes by the operation."""
    if isinstance(operation, Rename) and operation.kind in ("index", "unique"):
        return {operation.after if added else operation.before}
    kind = Add if added else Drop
    if isinstance(operation, kind) and isinstance(operation.element, (Index, Unique)):
        return {operation.element.name}
    return set()


def _untouched(table: Table) -> Table:
    return replace(table, columns=tuple(replace(column, updated_at=False) for column in table.columns))


def _remaining(extras: Extras, operation: Operation) -> Extras:
    if isinstance(operation, Rename):
        return extras.forget(operation.kind, operation.before)
    if isinstance(operation, (Add, Drop)):
        return extras.forget(operation.element.kind, operation.element.name)
    return extras.forget(operation.after.kind, operation.after.name) if isinstance(operation, Alter) else extras


def _drop_enum(name: str) -> str:
    return f"DROP VIEW IF EXISTS {quote(ENUM_PREFIX + name)}"


def _rename_table(operation: Rename) -> list[str]:
    """SQLite takes a name that differs in case alone for the same one; that takes a step in between."""
    if operation.before.lower() != operation.after.lower():
        return [f"ALTER TABLE {quote(operation.before)} RENAME TO {quote(operation.after)}"]
    between = quote(f"_paneldb_rename_{operation.after}")
    return [
        f"ALTER TABLE {quote(operation.before)} RENAME TO {between}",
        f"ALTER TABLE {between} RENAME TO {quote(operation.after)}",
    ]


def _rename_column(operation: Rename) -> str:
    before, after = quote(operation.before), quote(operation.after)
    return f"ALTER TABLE {quote(operation.table)} RENAME COLUMN {before} TO {after}"


def _add_column(table: Table, text: str) -> str:
    return f"ALTER TABLE {quote(table.name)} ADD COLUMN {text}"


def _drop_column(table: Table, name: str) -> str:
    return f"ALTER TABLE {quote(table.name)} DROP COLUMN {quote(name)}"


def _can_be_added(column: Column) -> bool:
    """SQLite adds a column by writing nothing to the rows, so that its value there must be a constant."""
    if column.default is None:
        return column.null and not column.generated
    return not column.default.function and not column.generated


def _mentions(element: Rule, column: str) -> bool:
    """Tell whether a key, index or rule of a table uses the column; where that cannot be read, say that it does."""
    from .mentions import columns_of_element

    columns = columns_of_element(element)
    return columns is None or column in columns
