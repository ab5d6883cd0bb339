# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From operations to steps for one server.

Neighbouring changes of one table share a step: its documents obey the former rules or the new ones while they are
changed, and the new ones afterwards. A step first looks whether the documents can follow, then notes what it is about
to do in the table's record, and ends with one update that writes down what the table is now. So a step that was
stopped is seen as not begun, and all of its statements can be run again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ...errors import Unsupported
from ...model.operations import Add, Alter, Drop, Execute, Operation, Rename
from ...model.plan import Statement, Step
from ...model.schema import Enum, Schema, Table
from ..base import BOOKKEEPING_PREFIX, Catalogue
from .canonical import canonical_schema, canonical_table
from .catalog import Held, Native, native_of
from .indexes import named, wanted
from .jsontext import to_json
from .names import refuse_names
from .probes import COLL_MOD, VALIDATORS, Probes
from .records import ENUM, TABLE, Pending, Record, begun, definition_of, removed, settled
from .validators import enums_of, strictness_of, validator_of

Command = Mapping[str, Any]


def compile_operations(
    operations: Sequence[Operation], catalogue: Catalogue, probes: Probes
) -> tuple[tuple[Step, ...], Catalogue]:
    """Turn operations into steps; see ``Engine.compile``."""
    compiler = _Compiler(catalogue, probes)
    for position, operation in enumerate(operations):
        compiler.add(position, operation)
    return compiler.finish(catalogue)


def is_recorded(table: str) -> bool:
    """Tell whether a table has a record; those of the journal need none."""
    return not table.startswith(BOOKKEEPING_PREFIX)


def statement_of(command: Command) -> Statement:
    """Make a statement; people read of it what can be written as JSON."""
    return Statement(to_json({key: value for key, value in command.items() if key != "as"}), dict(command))


class _Compiler:
    """Walks through the operations with the schema, and what the server holds, as they are before each of them."""

    def __init__(self, catalogue: Catalogue, probes: Probes) -> None:
        self.schema = catalogue.schema
        self.native = native_of(catalogue)
        self.probes = probes
        self.held = dict(self.native.held)
        self.records = dict(self.native.records)
        self._steps: list[Step] = []
        self._group: Any = None

    def finish(self, catalogue: Catalogue) -> tuple[tuple[Step, ...], Catalogue]:
        """Give the steps, and what will be there after them."""
        self._flush()
        native: Native = replace(self.native, held=self.held, records=self.records)
        shown = Schema(tuple(each for each in self.schema.tables if is_recorded(each.name)), self.schema.enums)
        return tuple(self._steps), replace(catalogue, schema=canonical_schema(shown), native=native)

    def add(self, position: int, operation: Operation) -> None:
        """Compile one operation."""
        if isinstance(operation, Execute):
            self._flush()
            self._execute(position, operation)
            return
        table = getattr(operation, "table", "")
        if isinstance(operation, Alter) and isinstance(operation.after, Table):
            table = operation.after.name
        if table:
            self._within(position, table, operation)
        else:
            self._flush()
            self._step([position], self._whole(operation))

    def _step(self, positions: Iterable[int], commands: Iterable[Command]) -> None:
        self._steps.append(Step(tuple(positions), tuple(map(statement_of, commands)), transactional=False))

    def _execute(self, position: int, operation: Execute) -> None:
        if "mongodb" not in operation.up:
            raise Unsupported(
                f"The step {operation.label!r} has no body for mongodb.",
                hint="Add `mongodb` under `up`: commands as mappings or JSON; an empty list skips the step here.",
            )
        statements = tuple(Statement(text) for text in operation.up["mongodb"])
        self._steps.append(Step((position,), statements, transactional=False))

    def _within(self, position: int, table: str, operation: Operation) -> None:
        from .group import Group

        if self._group is None or self._group.name != table:
            self._flush()
            self._group = Group(self, table)
        self._group.add(position, operation)

    def _flush(self) -> None:
        if self._group is not None:
            group, self._group = self._group, None
            self._step(group.positions, group.commands())

    # --- whole tables and enums ------------------------------------------------------------------------------------

    def _whole(self, operation: Operation) -> list[Command]:
        before, self.schema = self.schema, operation.apply(self.schema)
        if isinstance(operation, Rename):
            if operation.kind == ENUM:
                return self._enum_changed(before, operation.before, operation.after, [])
            return self._renamed(before, operation)
        if isinstance(operation, (Add, Drop)) and isinstance(operation.element, Table):
            table = operation.element
            return self._created(table) if isinstance(operation, Add) else self._dropped(table)
        if isinstance(operation, Alter) and isinstance(operation.before, Enum) and isinstance(operation.after, Enum):
            gone = [value for value in operation.before.values if value not in operation.after.values]
            return self._enum_changed(before, operation.after.name, operation.after.name, gone)
        element: Any = operation.element  # type: ignore[union-attr]
        if isinstance(operation, Add):
            return [settled({}, {element.name: element})]
        return [removed(ENUM, element.name)]

    def _created(self, table: Table) -> list[Command]:
        table = canonical_table(table)
        refuse_names(Schema((table,)), self.native.database, quotes=not self.probes.ferretdb)
        self.schema = self.schema.put(table)
        create: dict[str, Any] = {"create": table.name}
        validator = self.validator(table) if is_recorded(table.name) else {}
        if validator:
            create.update(validator=validator, **strictness_of(table))
        needs = wanted(table, self.probes)
        there = self.held.get(table.name, Held(table.name))
        commands: list[Command] = [create]
        if set(there.indexes) - needs:
            gone = sorted(each.name for each in there.indexes if each not in needs)
            commands.append({"dropIndexes": table.name, "index": gone})
        made = sorted((each.specification() for each in needs - set(there.indexes)), key=lambda each: str(each["name"]))
        if made:
            commands.append({"createIndexes": table.name, "indexes": made})
        options = {key: value for key, value in create.items() if key != "create"}
        self.keep(table, Held(table.name, tuple(map(named, needs)), options))
        if not is_recorded(table.name):
            return commands
        if validator:
            commands.append({"makeSure": table.name, "options": options, "server": self.native.server})
        note = begun({table.name: Pending(definition_of(table), table.name)}, {})
        return [note, *commands, settled({table.name: table}, {})]

    def keep(self, table: Table, held: Held, before: str = "") -> None:
        """Remember what a table and its collection will be."""
        self.held.pop(before, None)
        self.records.pop(before, None)
        self.held[table.name] = held
        self.records[table.name] = Record(TABLE, table.name, definition_of(table))

    def _dropped(self, table: Table) -> list[Command]:
        there = self.held.pop(table.name, Held(table.name))
        record = self.records.pop(table.name, None)
        commands: list[Command] = [{"drop": there.name}]
        if record is None or not is_recorded(table.name):
            return commands
        note = begun({table.name: Pending()}, {table.name: definition_of(table)})
        return [note, *commands, removed(TABLE, table.name)]

    def _renamed(self, before: Schema, operation: Rename) -> list[Command]:
        self.refuse_interrupted(operation.before, "")
        table = self.schema.holder(operation.after)
        refuse_names(Schema((Table(table.name),)), self.native.database)
        there = self.held.get(operation.before, Held(operation.before))
        self._refuse_fixed(there, operation.before)
        others = self.changed_since(before, table.name)
        self.keep(table, replace(there, name=table.name), operation.before)
        names = (f"{self.native.database}.{operation.before}", f"{self.native.database}.{table.name}")
        note = begun(
            {operation.before: Pending(definition_of(table), table.name)},
            {operation.before: definition_of(before.holder(operation.before))},
        )
        rename = {"renameCollection": names[0], "to": names[1]}
        return [note, rename, settled({**{each.name: each for each in others}, operation.before: table}, {})]

    def _refuse_fixed(self, there: Held, name: str) -> None:
        if "timeseries" in there.options:
            raise Unsupported(
                f"Collection {name} is a time series, which MongoDB does not rename.",
                hint="Create a collection of the new name, copy the documents in an execute step, drop the old one.",
            )

    def changed_since(self, before: Schema, *names: str) -> list[Table]:
        """Give the other tables whose definitions are others by now: they refer to something that was renamed."""
        had = {table.name: table for table in before.tables}
        return [
            table
            for table in self.schema.tables
            if table.name not in names and had.get(table.name) not in (None, table) and is_recorded(table.name)
        ]

    # --- enums -----------------------------------------------------------------------------------------------------

    def _enum_changed(self, schema: Schema, before: str, after: str, gone: Sequence[str]) -> list[Command]:
        """Change the rules of all columns of the enum; the enum itself is written down last."""
        enum = self.schema.enum(after)
        users = [table for table in self.schema.tables if _uses(table, after) and is_recorded(table.name)]
        commands: list[Command] = [each for table in users for each in self._verified(table, after, gone)]
        told = {table.name: Pending(definition_of(table), table.name) for table in users}
        changes = [self.restricted(table) for table in users] if self.validates else []
        if changes:
            commands.append(begun(told, {table.name: definition_of(schema.holder(table.name)) for table in users}))
            commands.extend(changes)
        for table in users:
            there = self.held.get(table.name, Held(table.name))
            self.keep(table, replace(there, options={**there.options, **self._rules(table)}))
        renamed = users if changes or before != after else []
        return [*commands, settled({each.name: each for each in renamed}, {before: enum} if enum else {})]

    def _verified(self, table: Table, enum: str, gone: Sequence[str]) -> Iterable[Command]:
        rules = [
            {"without": column.name, "values": list(gone)}
            for column in table.columns
            if column.type.name == "enum" and column.type.enum == enum
        ]
        return [{"verify": table.name, "rules": rules, "as": table}] if gone and rules else []

    # --- validators ------------------------------------------------------------------------------------------------

    @property
    def validates(self) -> bool:
        """Whether validators of collections that are there can change."""
        return self.probes.can(VALIDATORS) and self.probes.can(COLL_MOD)

    def validator(self, table: Table) -> dict[str, Any]:
        """Give the validator that a table is to have; an empty one on servers without."""
        return validator_of(table, enums_of(self.schema)) if self.probes.can(VALIDATORS) else {}

    def _rules(self, table: Table) -> dict[str, Any]:
        validator = self.validator(table)
        return {"validator": validator, **strictness_of(table)} if self.validates else {}

    def restricted(self, table: Table) -> Command:
        """Give the command that lets the collection obey the table's rules."""
        return {"collMod": table.name, **self._rules(table)}

    def refuse_interrupted(self, name: str, passes: str) -> None:
        """Refuse another change of a table whose documents are half changed.

        :raises Unsupported: with what to do.
        """
        record = self.records.get(name)
        if record and record.pending and record.pending.passes not in ("", passes):
            raise Unsupported(
                f"A change of table {name} was stopped while its documents were being changed.",
                hint="Run that change again first, with the same model or migration.",
                pending=record.pending.passes[:500],
            )


def _uses(table: Table, enum: str) -> bool:
    return any(column.type.name == "enum" and column.type.enum == enum for column in table.columns)
