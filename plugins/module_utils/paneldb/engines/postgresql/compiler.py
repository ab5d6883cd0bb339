# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From operations to statements for one server.

Neighbouring changes of one table's columns share one ALTER TABLE, which takes its lock and rewrites the table once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple, Union

from ...errors import Unsupported
from ...model.operations import Add, Alter, Drop, Execute, Operation, Rename
from ...model.plan import Statement, Step
from ...model.schema import Column, Enum, Index, PrimaryKey, Schema, Table
from ..base import Catalogue
from . import ddl
from .canonical import canonical_schema
from .casts import using
from .catalog import Native
from .wording import LONGEST_NAME, autoincrement, default_text, literal, quoted, type_text

_COLUMN = "column"


class Part(NamedTuple):
    """A part of an ALTER TABLE: the table, the column that it is about (empty for a constraint), its text."""

    table: str
    column: str
    text: str


Work = Union[Part, str]


def compile_operations(operations: Sequence[Operation], catalogue: Catalogue) -> tuple[tuple[Step, ...], Catalogue]:
    """Turn operations into steps; see ``Engine.compile``."""
    native = catalogue.native if isinstance(catalogue.native, Native) else Native()
    compiler = _Compiler(operations, catalogue.schema, native)
    if len(operations) == 1:
        from .online import online_step

        steps = online_step(operations[0], native)
        if steps:
            compiler.note(operations[0])
            return steps, replace(catalogue, schema=compiler.after(), native=compiler.native())
    for position, operation in enumerate(operations):
        compiler.add(position, operation)
    return compiler.steps(), replace(catalogue, schema=compiler.after(), native=compiler.native())


@dataclass
class _Batch:
    """What becomes one step: operations, and the work that they are."""

    positions: list[int]
    work: list[Work]
    transactional: bool = True
    columns: set[str] = field(default_factory=set)

    @property
    def table(self) -> str:
        """The table whose columns this changes, if it does nothing else."""
        tables = {part.table if isinstance(part, Part) and part.column else "" for part in self.work}
        return tables.pop() if len(tables) == 1 else ""

    def statements(self) -> tuple[Statement, ...]:
        """Join neighbouring parts to one ALTER TABLE."""
        return tuple(Statement(text) for text in joined(self.work))


def joined(work: Iterable[Work]) -> Iterator[str]:
    """Join neighbouring parts of one table to one ALTER TABLE each; statements stay as they are."""
    table, parts = "", list[str]()
    for each in work:
        if parts and (isinstance(each, str) or each.table != table):
            yield _alter_table(table, parts)
            parts = []
        if isinstance(each, str):
            yield each
        else:
            table = each.table
            parts.append(each.text)
    if parts:
        yield _alter_table(table, parts)


def _alter_table(table: str, parts: Sequence[str]) -> str:
    return f"ALTER TABLE {quoted(table)} " + ",\n  ".join(parts)


class _Compiler:
    """Walks through the operations with the schema as it is before each of them."""

    def __init__(self, operations: Sequence[Operation], schema: Schema, native: Native) -> None:
        self._operations = operations
        self._start = schema
        self._schema = schema
        self._before = native
        self._database_schema = native.schema
        self._primary_keys = dict(native.primary_keys)
        self._triggers = dict(native.triggers)
        self._serials = dict(native.serials)
        self._leftovers = dict(native.leftovers)
        self._touch = native.touch
        self._batches: list[_Batch] = []

    # --- results ---------------------------------------------------------------------------------------------------

    def steps(self) -> tuple[Step, ...]:
        return tuple(Step(tuple(each.positions), each.statements(), each.transactional) for each in self._batches)

    def after(self) -> Schema:
        return canonical_schema(self._schema, self._start)

    def native(self) -> Native:
        return replace(
            self._before,
            primary_keys=self._primary_keys,
            triggers=self._triggers,
            serials=self._serials,
            touch=self._touch,
            leftovers=self._leftovers,
            filled=frozenset(name for name in self._before.filled if self._schema.table(name)),
        )

    # --- one operation ---------------------------------------------------------------------------------------------

    def add(self, position: int, operation: Operation) -> None:
        """Compile one operation."""
        if isinstance(operation, Execute):
            self._batches.append(_Batch([position], list(_body(operation)), operation.transaction))
            return
        after = operation.apply(self._schema)
        batch = _Batch([position], list(self._work(operation)))
        batch.columns = {part.column for part in batch.work if isinstance(part, Part)}
        self._schema = after
        self._join(batch)

    def note(self, operation: Operation) -> None:
        """Take an operation as done that was compiled elsewhere."""
        self._schema = operation.apply(self._schema)
        for _unused, _unused, name in operation.touches():
            self._leftovers.pop(name, None)

    def _join(self, batch: _Batch) -> None:
        last = self._batches[-1] if self._batches else None
        if (
            last
            and last.transactional
            and batch.table
            and last.table == batch.table
            and not last.columns & batch.columns
        ):
            last.positions.extend(batch.positions)
            last.work.extend(batch.work)
            last.columns |= batch.columns
        else:
            self._batches.append(batch)

    def _work(self, operation: Operation) -> Iterator[Work]:
        if isinstance(operation, Add):
            yield from self._add(operation)
        elif isinstance(operation, Drop):
            yield from self._drop(operation)
        elif isinstance(operation, Alter):
            yield from self._alter(operation)
        elif isinstance(operation, Rename):
            yield from self._rename(operation)

    def _add(self, operation: Add) -> Iterator[Work]:
        table, element = operation.table, operation.element
        if isinstance(element, Enum):
            yield f"CREATE TYPE {self._enum(element.name)} AS ENUM ({', '.join(map(literal, element.values))})"
        elif isinstance(element, Table):
            yield from ddl.create_table(element, self._database_schema)
            for column in element.columns:
                yield from self._touching(element.name, None, column)
            self._primary_keys[element.name] = _primary_key_name(element.name)
        elif isinstance(element, Column):
            yield Part(table, element.name, f"ADD COLUMN {ddl.column_definition(element, self._database_schema)}")
            if element.comment:
                yield ddl.comment_on_column(table, element)
            yield from self._touching(table, None, element)
        else:
            yield from self._add_rule(table, element)

    def _add_rule(self, table: str, element: object) -> Iterator[Work]:
        name = str(getattr(element, "name", ""))
        if name in self._leftovers:
            holder = self._leftovers.pop(name)
            yield f"DROP INDEX {quoted(name)}" if not holder else Part(holder, "", f"DROP CONSTRAINT {quoted(name)}")
        if isinstance(element, Index):
            yield ddl.create_index(table, element)
            return
        if isinstance(element, PrimaryKey):
            self._primary_keys[table] = _primary_key_name(table)
        yield Part(table, "", f"ADD {ddl.constraint_definition(element)}")  # type: ignore[arg-type]

    def _drop(self, operation: Drop) -> Iterator[Work]:
        table, element = operation.table, operation.element
        if isinstance(element, Enum):
            yield f"DROP TYPE {self._enum(element.name)}"
        elif isinstance(element, Table):
            yield f"DROP TABLE {quoted(element.name)}"
            self._forget(element.name)
        elif isinstance(element, Column):
            found = self._schema.element(table, _COLUMN, element.name)
            yield from self._touching(table, found if isinstance(found, Column) else element, None)
            yield Part(table, element.name, f"DROP COLUMN {quoted(element.name)}")
        elif isinstance(element, Index):
            yield f"DROP INDEX {quoted(element.name)}"
        else:
            yield Part(table, "", f"DROP CONSTRAINT {quoted(self._constraint(table, element))}")

    def _constraint(self, table: str, element: object) -> str:
        if isinstance(element, PrimaryKey):
            return self._primary_keys.pop(table, _primary_key_name(table))
        return str(getattr(element, "name", ""))

    def _alter(self, operation: Alter) -> Iterator[Work]:
        before, after = operation.before, operation.after
        if isinstance(after, Table):
            yield ddl.comment_on_table(after.name, after.comment)
        elif isinstance(after, Enum) and isinstance(before, Enum):
            from .enums import change_enum

            others = [each for each in self._operations if each is not operation]
            yield from change_enum(before, after, self._schema, self._database_schema, others)
        elif isinstance(after, Column) and isinstance(before, Column):
            yield from self._alter_column(operation.table, before, after)
        else:
            yield from self._drop(Drop(operation.table, before))
            yield from self._add(Add(operation.table, after))

    def _rename(self, operation: Rename) -> Iterator[Work]:
        table, before, after = operation.table, quoted(operation.before), quoted(operation.after)
        if operation.kind == "table":
            yield f"ALTER TABLE {before} RENAME TO {after}"
            self._move(operation.before, operation.after)
        elif operation.kind == "enum":
            yield f"ALTER TYPE {self._enum(operation.before)} RENAME TO {after}"
        elif operation.kind == "index":
            yield f"ALTER INDEX {before} RENAME TO {after}"
        elif operation.kind == _COLUMN:
            yield from self._rename_column(table, operation.before, operation.after)
        else:
            yield f"ALTER TABLE {quoted(table)} RENAME CONSTRAINT {before} TO {after}"

    # --- columns ---------------------------------------------------------------------------------------------------

    def _rename_column(self, table: str, before: str, after: str) -> Iterator[Work]:
        column = self._schema.element(table, _COLUMN, before)
        renamed = replace(column, name=after) if isinstance(column, Column) else None
        yield from self._touching(table, column if isinstance(column, Column) else None, None)
        yield f"ALTER TABLE {quoted(table)} RENAME COLUMN {quoted(before)} TO {quoted(after)}"
        yield from self._touching(table, None, renamed)
        if (table, before) in self._serials:
            self._serials[table, after] = self._serials.pop((table, before))

    def _alter_column(self, table: str, before: Column, after: Column) -> Iterator[Work]:
        if before.generated != after.generated:
            raise Unsupported(
                f"alter_column {table}.{after.name}: PostgreSQL cannot change what a computed column is computed from.",
                hint="Drop the column and add it again.",
            )
        name = after.name
        if not after.updated_at:
            yield from self._touching(table, before, None)
        texts = [*self._stop_counting(table, before, after), *self._alter_type(before, after)]
        if before.null != after.null:
            texts.append(f"{'DROP' if after.null else 'SET'} NOT NULL")
        texts.extend(self._start_default(before, after))
        yield from (Part(table, name, f"ALTER COLUMN {quoted(name)} {text}") for text in texts)
        yield from self._after_counting(table, before, after)
        if before.comment != after.comment:
            yield ddl.comment_on_column(table, after)
        if not before.updated_at:
            yield from self._touching(table, None, after)

    def _stop_counting(self, table: str, before: Column, after: Column) -> Iterator[str]:
        if autoincrement(before) and not autoincrement(after):
            yield "DROP DEFAULT" if (table, before.name) in self._serials else "DROP IDENTITY"
        elif before.default is not None and not autoincrement(before) and self._default_goes(before, after):
            yield "DROP DEFAULT"

    def _default_goes(self, before: Column, after: Column) -> bool:
        """A default goes before the type changes: the server would try to cast it."""
        return before.type != after.type or after.default is None or autoincrement(after)

    def _alter_type(self, before: Column, after: Column) -> Iterator[str]:
        if (before.type, before.collation) == (after.type, after.collation):
            return
        schema = self._database_schema
        text = f"TYPE {type_text(after.type, schema)}"
        if after.collation or before.collation:
            text += f" COLLATE {quoted(after.collation or 'default')}"
        expression = using(after.name, before.type, after.type, schema)
        yield f"{text} USING {expression}" if expression else text

    def _start_default(self, before: Column, after: Column) -> Iterator[str]:
        if after.default is None:
            return
        if autoincrement(after):
            if not autoincrement(before):
                yield "ADD GENERATED BY DEFAULT AS IDENTITY"
        elif before.default != after.default or before.type != after.type:
            yield f"SET DEFAULT {default_text(after.default, after.type, self._database_schema)}"

    def _after_counting(self, table: str, before: Column, after: Column) -> Iterator[Work]:
        if autoincrement(after) and not autoincrement(before):
            yield ddl.sequence_behind_rows(table, after.name)
        elif autoincrement(before) and not autoincrement(after) and (table, before.name) in self._serials:
            # The name comes quoted from the server.
            yield f"DROP SEQUENCE {self._serials.pop((table, before.name))}"

    def _touching(self, table: str, before: Column | None, after: Column | None) -> Iterator[Work]:
        """Remove what keeps an updated-at column, or bring it."""
        if before is not None and before.updated_at:
            name = self._triggers.pop((table, before.name), ddl.touch_name(before.name))
            yield ddl.drop_trigger(table, name)
        if after is not None and after.updated_at:
            if not self._touch:
                yield ddl.touch_function(self._database_schema)
                self._touch = True
            yield ddl.touch_trigger(table, after.name, self._database_schema)
            self._triggers[table, after.name] = ddl.touch_name(after.name)

    # --- what is known by name -------------------------------------------------------------------------------------

    def _enum(self, name: str) -> str:
        return f"{quoted(self._database_schema)}.{quoted(name)}"

    def _forget(self, table: str) -> None:
        self._primary_keys.pop(table, None)
        self._triggers = {place: name for place, name in self._triggers.items() if place[0] != table}
        self._serials = {place: name for place, name in self._serials.items() if place[0] != table}

    def _move(self, before: str, after: str) -> None:
        if before in self._primary_keys:
            self._primary_keys[after] = self._primary_keys.pop(before)
        for known in (self._triggers, self._serials):
            for table, column in [place for place in known if place[0] == before]:
                known[after, column] = known.pop((table, column))


def _body(operation: Execute) -> tuple[str, ...]:
    body = operation.up.get("postgresql")
    if body is None:
        raise Unsupported(
            f"The step {operation.label!r} has no body for postgresql.",
            hint="Add one, or an empty list under postgresql where there is nothing to do.",
        )
    return tuple(body)


def _primary_key_name(table: str) -> str:
    """The name that the server gives a primary key, unless something else has it already."""
    room = LONGEST_NAME - len("_pkey")
    return table.encode()[:room].decode("utf-8", "ignore") + "_pkey"
