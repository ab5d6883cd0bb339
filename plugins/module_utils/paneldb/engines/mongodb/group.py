# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Neighbouring changes of one table, as the commands of one step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ...errors import Unsupported
from ...model.operations import Add, Alter, Drop, Operation, Rename
from ...model.schema import Check, Column, Index, PrimaryKey, Schema, Table, Unique
from .canonical import canonical_table
from .catalog import Held
from .indexes import CHANGEABLE, ID, Physical, named, wanted
from .jsontext import from_json, to_json
from .names import refuse_names
from .records import Pending, begun, definition_of, settled
from .validators import enums_of, relaxed, strictness_of

if TYPE_CHECKING:
    from .compiler import Command, _Compiler

Rule = dict[str, Any]


class Group:
    """What happens to one table, operation by operation, and the commands that come of it."""

    def __init__(self, compiler: _Compiler, name: str) -> None:
        self.name = name
        self.positions: list[int] = []
        self._compiler = compiler
        self._schema = compiler.schema
        self._before = compiler.schema.holder(name)
        self._passes: list[dict[str, Any]] = []
        self._rules: list[Rule] = []
        #: Rules about columns that this step makes or changes: they can only be looked at once that is done.
        self._late: list[Rule] = []
        #: Columns by the names that hold now, with those that held before; without those that this step makes.
        self._origin = {name: name for name in self._before.column_names}
        self._renamed: dict[str, str] = {}

    @property
    def _now(self) -> Table:
        return self._compiler.schema.holder(self.name)

    def add(self, position: int, operation: Operation) -> None:
        """Take in one operation."""
        self.positions.append(position)
        before = self._now
        self._compiler.schema = operation.apply(self._compiler.schema)
        if isinstance(operation, Rename) and operation.kind == "column":
            self._rename(operation.before, operation.after)
        elif isinstance(operation, Alter) and isinstance(operation.after, Column):
            self._alter(before.column(operation.after.name), operation.after)
        elif isinstance(operation, Drop) and isinstance(operation.element, Column):
            self._drop(operation.element.name)
        elif isinstance(operation, Add):
            self._add(operation.element)

    # --- columns ---------------------------------------------------------------------------------------------------

    def _refuse_id(self, name: str) -> None:
        if name == ID:
            raise Unsupported(
                f"Column {ID} of {self.name} is the document's own key, which MongoDB does not change.",
                hint="Create a table of the new form, copy the rows in an execute step, drop the old one, rename.",
            )

    def _rename(self, before: str, after: str) -> None:
        self._refuse_id(before if before == ID else after)
        self._passes.append({"rename": {"from": before, "to": after}})
        self._renamed[before] = after
        if before in self._origin:
            self._origin[after] = self._origin.pop(before)

    def _drop(self, name: str) -> None:
        self._refuse_id(name)
        self._passes.append({"unset": {"field": name}})
        self._origin.pop(name, None)

    def _add(self, element: Any) -> None:
        if isinstance(element, Column):
            self._add_column(element)
        elif isinstance(element, Check) and not element.expression.startswith("opaque:"):
            self._rule({"check": element.name, "expression": element.expression}, self._columns_of(element.expression))
        elif isinstance(element, PrimaryKey):
            for name in element.columns:
                self._rule({"required": name}, [name])
            self._unique(element.columns, "primary_key")
        elif isinstance(element, Unique):
            self._unique(element.columns, element.name)
        elif isinstance(element, Index) and element.unique and not element.where.startswith("opaque:"):
            self._unique(tuple(column.name for column in element.columns), element.name, element.where)

    def _add_column(self, column: Column) -> None:
        self._origin.pop(column.name, None)
        default = column.default
        if default is None:
            if not column.null and not column.generated:
                self._rules.append({"empty": column.name})
            return
        self._refuse_id(column.name)
        told = {"function": default.function} if default.function else {"value": self._stored(column)}
        if default.function or default.value is not None:
            self._passes.append({"fill": {"field": column.name, **told}})

    def _stored(self, column: Column) -> Any:
        from .values import encoder

        encode = encoder(column, self._compiler.probes)
        value = column.default.value if column.default else None
        return encode(value) if encode else value

    def _alter(self, before: Column, after: Column) -> None:
        if before.type != after.type:
            self._retype(before, after)
        if before.null and not after.null:
            self._rule({"required": after.name}, [after.name])

    def _retype(self, before: Column, after: Column) -> None:
        from .convert import keeps_values, needs_place_beside, refuse_unreadable

        refuse_unreadable(before, after)
        if keeps_values(before.type, after.type):
            return
        self._refuse_id(after.name)
        told: dict[str, Any] = {"field": after.name, "from": str(before.type), "to": str(after.type)}
        if after.type.name == "enum":
            told["values"] = list(enums_of(self._compiler.schema).get(after.type.enum, ()))
        if after.name in self._origin:
            self._rules.append({"convertible": {**told, "field": self._origin.pop(after.name)}})
        beside = needs_place_beside(before.type, after.type)
        into = f"_paneldb_new_{after.name}" if beside else after.name
        self._passes.append({"convert": {**told, "into": into}})
        if beside:
            self._passes.append({"rename": {"from": into, "to": after.name}})

    # --- rules -----------------------------------------------------------------------------------------------------

    def _columns_of(self, expression: str) -> Sequence[str]:
        from ...model.expressions import columns_of, parse

        return sorted(columns_of(parse(expression)))

    def _unique(self, columns: Sequence[str], name: str, where: str = "") -> None:
        rule = {"unique": list(columns), "name": name, **({"where": where} if where else {})}
        self._rule(rule, [*columns, *(self._columns_of(where) if where else [])])

    def _rule(self, rule: Rule, columns: Sequence[str]) -> None:
        """Let a rule be looked at before all else, by the names that hold then, where that can be."""
        if not all(name in self._origin for name in columns):
            self._late.append(rule)
            return
        from ...model.expressions import rename_columns_in_text

        named = dict(rule)
        for word in ("expression", "where"):
            if word in named:
                named[word] = rename_columns_in_text(named[word], self._origin)
        if "unique" in named:
            named["unique"] = [self._origin[name] for name in named["unique"]]
        if "required" in named:
            named["required"] = self._origin[named["required"]]
        self._rules.append(named)

    # --- commands --------------------------------------------------------------------------------------------------

    def commands(self) -> list[Command]:
        """Give the commands of the step."""
        compiler = self._compiler
        after = canonical_table(self._now)
        compiler.schema = compiler.schema.put(after)
        refuse_names(Schema((after,)), compiler.native.database, quotes=not compiler.probes.ferretdb)
        there = compiler.held.get(self.name, Held(self.name))
        self._refuse_capped(there)
        passes = to_json(self._passes) if self._passes else ""
        compiler.refuse_interrupted(self.name, passes)
        work = list(self._work(after, there))
        others = compiler.changed_since(self._schema, self.name)
        note = begun(
            {self.name: Pending(definition_of(after), self.name, passes)}, {self.name: definition_of(self._before)}
        )
        rules: list[Command] = self._verify(self._rules, self._before)
        end = settled({**{each.name: each for each in others}, self.name: after}, {})
        options = {**there.options}
        if compiler.validates:
            options.update(validator=compiler.validator(after), **strictness_of(after))
        compiler.keep(after, Held(there.name, self._indexes_after(after, there), options))
        return [*rules, *([note] if work else []), *work, end]

    def _verify(self, rules: Sequence[Rule], table: Table) -> list[Command]:
        return [{"verify": self.name, "rules": list(rules), "as": table}] if rules else []

    def _work(self, after: Table, there: Held) -> Iterator[Command]:
        compiler = self._compiler
        found = dict(there.options.get("validator") or {})
        loosened = False
        if self._passes and compiler.validates and found:
            rules = relaxed(found, compiler.validator(after), self._renamed)
            loosened = True
            yield {"collMod": self.name, "validator": rules, "validationLevel": "moderate", "validationAction": "error"}
        gone, new = self._index_changes(after, there)
        changed = [(old, each) for old in gone for each in new if old.but_changeable == each.but_changeable]
        if not compiler.validates:
            changed = []
        dropped = sorted(each.name for each in gone if each not in [old for old, _unused in changed])
        if dropped:
            yield {"dropIndexes": self.name, "index": dropped}
        if self._passes:
            yield {"passes": self.name, "table": self.name, "work": list(self._passes)}
        yield from self._verify(self._late, after)
        yield from (self._index_option(old, each) for old, each in changed)
        made = [each.specification() for each in new if each not in [made for _unused, made in changed]]
        if made:
            yield {"createIndexes": self.name, "indexes": sorted(made, key=lambda each: str(each["name"]))}
        if compiler.validates and (loosened or self._is_otherwise(after, there)):
            yield compiler.restricted(after)

    def _is_otherwise(self, after: Table, there: Held) -> bool:
        """Tell whether the collection obeys other rules than it is to obey."""
        validator = self._compiler.validator(after)
        found = dict(there.options.get("validator") or {})
        said = {key: there.options.get(key, usual) for key, usual in strictness_of(after).items()}
        return found != validator or (bool(validator) and said != strictness_of(after))

    def _index_changes(self, after: Table, there: Held) -> tuple[list[Physical], list[Physical]]:
        """Give the indexes that go, and those that come; what nobody ever wanted here stays."""
        probes = self._compiler.probes
        wants = wanted(after, probes)
        had = set(wanted(self._before, probes))
        record = self._compiler.records.get(self.name)
        halfway = record.pending.table if record and record.pending else None
        if halfway is not None:
            had |= wanted(halfway, probes)
        held = set(there.indexes)
        gone = [each for each in there.indexes if each in had and each not in wants]
        return gone, [each for each in sorted(wants, key=repr) if each not in held]

    def _indexes_after(self, after: Table, there: Held) -> tuple[Physical, ...]:
        gone, new = self._index_changes(after, there)
        return tuple(each for each in (*there.indexes, *map(named, new)) if each not in gone)

    def _index_option(self, old: Physical, new: Physical) -> Command:
        """Change what can be changed of an index without building it anew."""
        had: Mapping[str, Any] = from_json(old.options) if old.options else {}
        has: Mapping[str, Any] = from_json(new.options) if new.options else {}
        told = {key: has.get(key, False) for key in CHANGEABLE if has.get(key) != had.get(key)}
        return {"collMod": self.name, "index": {"keyPattern": dict(old.fields), **told}}

    def _refuse_capped(self, there: Held) -> None:
        if there.options.get("timeseries") and self._passes:
            raise Unsupported(
                f"Collection {self.name} is a time series; MongoDB does not change its documents.",
                hint="Create a collection of the new form, copy the documents in an execute step, drop the old one.",
            )
