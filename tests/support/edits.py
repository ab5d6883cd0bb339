# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pairs of schemas of which the second is the first after edits that rows can follow, there and back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Optional

from hypothesis import strategies as st

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.expressions import columns_of, parse
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.operations import Rename
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.schema import (
    AUTOINCREMENT,
    Column,
    Enum,
    ForeignKey,
    IndexColumn,
    PrimaryKey,
    Schema,
    Table,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.types import Type
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.validate import problems
from ansible_collections.ctrlaltplay.paneldb.tests.support.choices import STEMS, TEXTS, Chooser, cut
from ansible_collections.ctrlaltplay.paneldb.tests.support.strategies import (
    SchemaMaker,
    is_distinct,
    keys_of,
    make_schema,
    refers,
    with_ring,
)


@dataclass
class Pair:
    """Two schemas. ``tables`` and ``columns`` lead from names in the second to those in the first, where they are kept.

    The second one says its renames in ``renamed_from``.
    """

    before: Schema
    after: Schema
    tables: dict[str, str] = field(default_factory=dict)
    columns: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)

    def kept(self) -> Iterator[tuple[tuple[str, Column], tuple[str, Column]]]:
        """Columns that both have: (table, column) in the first, then in the second."""
        for (table, column), (former_table, former_column) in sorted(self.columns.items()):
            before, after = self.before.table(former_table), self.after.table(table)
            assert before
            assert after
            yield (former_table, before.column(former_column)), (table, after.column(column))


class Editor:
    """Edits a schema as people do, and keeps track of what became of everything."""

    def __init__(self, maker: SchemaMaker, schema: Schema) -> None:
        self.maker = maker
        self.chooser = maker.chooser
        self.before = schema
        self.schema = schema
        # A column that comes under the name of one that went is that one, changed: names are not given twice.
        maker.former = {table.name: table.column_names for table in schema.tables}
        self.tables = {table.name: table.name for table in schema.tables}
        self.columns = {
            (table.name, name): (table.name, name) for table in schema.tables for name in table.column_names
        }

    def edit(self) -> None:
        """Make one edit of any kind, if it is possible here."""
        edits: tuple[Callable[[Table], Optional[Table]], ...] = (
            self.add_column,
            self.drop_column,
            self.rename_column,
            self.rename_table,
            self.retype,
            self.change_null,
            self.change_default,
            self.change_comment,
            self.swap_names,
            self.add_rule,
            self.drop_rule,
            self.rename_rule,
            self.change_foreign_key,
            self.add_foreign_key,
            self.change_primary_key,
            self.drop_table,
            self.add_table,
            self.change_enum,
            self.rename_enum,
        )
        table = self.chooser.pick(self.schema.tables)
        edited = self.chooser.pick(edits)(table)
        if edited is not None:
            self.schema = self.schema.put(edited)

    def pair(self) -> Pair:
        """Both schemas, with the renames said in the second one."""
        used = {
            column.type.enum for table in self.schema.tables for column in table.columns if column.type.name == "enum"
        }
        after = Schema(
            tuple(self._saying_renames(table) for table in self.schema.tables),
            tuple(enum for enum in self.schema.enums if enum.name in used),
        )
        assert not list(problems(after))
        return Pair(self.before, after, self.tables, self.columns)

    def _saying_renames(self, table: Table) -> Table:
        columns = []
        for column in table.columns:
            _unused, former = self.columns.get((table.name, column.name), ("", column.name))
            columns.append(replace(column, renamed_from="" if former == column.name else former))
        former = self.tables.get(table.name, table.name)
        return replace(table, columns=tuple(columns), renamed_from="" if former == table.name else former)

    # --- columns ---------------------------------------------------------------------------------------------------

    def add_column(self, table: Table) -> Table:
        return table.put(self.maker.column(table, self.schema.enums, optional=True))

    def drop_column(self, table: Table) -> Optional[Table]:
        """Only a column that the way back can fill, and that no key of another table leans on."""
        able = [column for column in table.columns if self._can_go(table, column)]
        if not able or len(table.columns) == 1:
            return None
        column = self.chooser.pick(able)
        self.columns.pop((table.name, column.name), None)
        for rule in list(table.elements()):
            if rule.kind not in ("column", "primary_key") and _names(rule, column.name):
                table = table.without(rule.kind, rule.name)
        return table.without("column", column.name)

    def _can_go(self, table: Table, column: Column) -> bool:
        _unused, former = self.columns.get((table.name, column.name), ("", column.name))
        if (not column.null and column.default is None) or (former != column.name and former in table.column_names):
            return False
        in_key = any(column.name in key for key in keys_of(table)) or any(
            index.unique and IndexColumn(column.name) in (*index.columns, *map(_ascending, index.columns))
            for index in table.indexes
        )
        return not in_key

    def rename_column(self, table: Table) -> None:
        self._rename_column(table, self.chooser.pick(table.columns).name, self.maker.column_name(table))

    def swap_names(self, table: Table) -> Optional[Table]:
        """A column takes another name, and a new column the one it had."""
        column = self.chooser.pick(table.columns)
        if (table.name, column.name) not in self.columns:
            return None
        self._rename_column(table, column.name, self.maker.column_name(table))
        renamed = self.schema.table(table.name)
        assert renamed
        return renamed.put(replace(self.maker.column(renamed, self.schema.enums, optional=True), name=column.name))

    def _rename_column(self, table: Table, before: str, after: str) -> None:
        self.schema = Rename(table.name, "column", before, after).apply(self.schema)
        if (table.name, before) in self.columns:
            self.columns[(table.name, after)] = self.columns.pop((table.name, before))

    def retype(self, table: Table) -> None:
        """A wider type for a column, and for whatever refers to it or is referred to by it."""
        column = self.chooser.pick(table.columns)
        wider = _wider(column.type)
        if wider is None or column.default is not None or refers(table, column.name):
            return
        if wider.name == "text" and any(
            _names(rule, column.name) for rule in table.elements() if rule.kind != "column"
        ):
            return
        self.schema = self.schema.put(table.put(replace(column, type=wider)))
        for holder in self.schema.tables:
            for key in holder.foreign_keys:
                if key.ref_table == table.name and column.name in key.ref_columns:
                    self._follow(holder.name, key.columns[key.ref_columns.index(column.name)], wider)

    def _follow(self, table: str, column: str, kind: Type) -> None:
        holder = self.schema.table(table)
        assert holder
        self.schema = self.schema.put(holder.put(replace(holder.column(column), type=kind, default=None)))

    def change_null(self, table: Table) -> Optional[Table]:
        column = self.chooser.pick(table.columns)
        if refers(table, column.name) or (table.primary_key and column.name in table.primary_key.columns):
            return None
        if (table.name, column.name) not in self.columns and column.default is None:
            return None
        return table.put(replace(column, null=not column.null))

    def change_default(self, table: Table) -> Optional[Table]:
        column = self.chooser.pick(table.columns)
        if column.autoincrement or (table.name, column.name) not in self.columns:
            return None
        default = self.maker.default(column.type, self.schema.enums) if self.chooser.chance(70) else None
        touched = column.type.name == "timestamp" and self.chooser.chance(40)
        return table.put(replace(column, default=default, updated_at=touched))

    def change_comment(self, table: Table) -> Table:
        comment = self.chooser.pick(["", *TEXTS])
        if self.chooser.chance(50):
            return replace(table, comment=comment)
        return table.put(replace(self.chooser.pick(table.columns), comment=comment))

    # --- keys, indexes, checks -------------------------------------------------------------------------------------

    def add_rule(self, table: Table) -> Optional[Table]:
        form = self.chooser.number(0, 2)
        if form == 2:
            return self.maker.with_check(table, self.schema.enums)
        makers = (self.maker.with_unique, lambda each: self.maker.with_index(each, self.schema.enums))
        more = makers[form](table)
        rules: list[Any] = [*more.uniques, *more.indexes]
        added = [rule for rule in rules if table.find(rule.kind, rule.name) is None]
        return more if all(self._rows_may_obey(more, rule) for rule in added) else None

    def _rows_may_obey(self, table: Table, rule: Any) -> bool:
        """Tell whether no two rows that were there before are alike to the rule."""
        names = [getattr(each, "name", each) for each in rule.columns]
        return not getattr(rule, "unique", True) or any(self._is_distinct(table, name) for name in names)

    def _is_distinct(self, table: Table, name: str) -> bool:
        """Rows were made for the first schema; they all hold the default of a column that is new."""
        if (table.name, name) not in self.columns:
            return table.column(name).default is None
        former_table, former_name = self.columns[table.name, name]
        former = self.before.table(former_table)
        return former is not None and is_distinct(former, former.column(former_name))

    def drop_rule(self, table: Table) -> Optional[Table]:
        able: list[Any] = [*table.indexes, *table.foreign_keys, *table.checks]
        able.extend(unique for unique in table.uniques if not self._is_referred(table, unique.columns))
        return table.without((rule := self.chooser.pick(able)).kind, rule.name) if able else None

    def rename_rule(self, table: Table) -> None:
        able = [rule for rule in table.elements() if rule.kind not in ("column", "primary_key")]
        if able:
            rule = self.chooser.pick(able)
            name = self.maker.names.new(self.chooser)
            while name in (*table.column_names, *self.maker.former.get(table.name, ())):
                name = self.maker.names.new(self.chooser)
            self.schema = Rename(table.name, rule.kind, rule.name, name).apply(self.schema)

    def change_foreign_key(self, table: Table) -> Optional[Table]:
        able = [key for key in table.foreign_keys if key.on_delete != "set_null"]
        if not able:
            return None
        key: ForeignKey = self.chooser.pick(able)
        return table.put(replace(key, on_delete=self.chooser.pick(["cascade", "restrict", "no_action"])))

    def add_foreign_key(self, table: Table) -> Table:
        return self.maker.with_foreign_key(table, self.chooser.pick(self.schema.tables), optional=True)

    def change_primary_key(self, table: Table) -> Optional[Table]:
        """Another key, of columns that hold a value of their own in every row."""
        if table.primary_key and self._is_referred(table, table.primary_key.columns):
            return None
        able = [
            column.name
            for column in table.columns
            if not column.null
            and (table.name, column.name) in self.columns
            and is_distinct(table, column)
            and self._is_distinct(table, column.name)
        ]
        columns = tuple(
            replace(column, default=None) if column.default and column.default.function == AUTOINCREMENT else column
            for column in table.columns
        )
        key = PrimaryKey(tuple(self.chooser.some(able, 2))) if able and self.chooser.chance(80) else None
        if key == table.primary_key:
            return None
        return replace(table, columns=columns, primary_key=key)

    def _is_referred(self, table: Table, columns: tuple[str, ...]) -> bool:
        return any(key.ref_columns == columns for _unused, key in self.schema.references_to(table.name))

    # --- tables and enums ------------------------------------------------------------------------------------------

    def rename_table(self, table: Table) -> None:
        name = self.maker.names.new(self.chooser)
        self.schema = Rename("", "table", table.name, name).apply(self.schema)
        if table.name in self.tables:
            self.tables[name] = self.tables.pop(table.name)
            self.maker.former[name] = self.maker.former.pop(table.name)
        for column in table.column_names:
            if (table.name, column) in self.columns:
                self.columns[(name, column)] = self.columns.pop((table.name, column))

    def drop_table(self, table: Table) -> None:
        if len(self.schema.tables) == 1 or any(
            holder.name != table.name for holder, _unused in self.schema.references_to(table.name)
        ):
            return
        self.schema = self.schema.without("table", table.name)
        self.tables.pop(table.name, None)
        for column in table.column_names:
            self.columns.pop((table.name, column), None)

    def add_table(self, _unused: Table) -> None:
        self.schema = self.schema.put(self.maker.table(self.schema))
        if self.chooser.chance(50):
            self.schema = with_ring(self.maker, self.schema)

    def change_enum(self, _unused: Table) -> None:
        """More, fewer or other values, in another order; what names a value that goes, goes."""
        if not self.schema.enums:
            return
        enum = self.chooser.pick(self.schema.enums)
        values = list(enum.values)
        if self.chooser.chance(50):
            new = cut(self.chooser.pick(STEMS), 40).strip()
            if new not in values:
                values.insert(self.chooser.number(0, len(values)), new)
        if self.chooser.chance(30):
            values.reverse()
        if len(values) > 1 and self.chooser.chance(40):
            self._free(enum, values.pop(self.chooser.number(0, len(values) - 1)))
        self.schema = self.schema.put(Enum(enum.name, tuple(values)))

    def _free(self, enum: Enum, value: str) -> None:
        for table in self.schema.tables:
            freed = table
            for column in table.columns:
                if column.type.name == "enum" and column.type.enum == enum.name:
                    freed = _without_value(freed, column, value)
            self.schema = self.schema.put(freed)

    def rename_enum(self, _unused: Table) -> None:
        if self.schema.enums:
            enum = self.chooser.pick(self.schema.enums)
            self.schema = Rename("", "enum", enum.name, self.maker.names.new(self.chooser)).apply(self.schema)


def _without_value(table: Table, column: Column, value: str) -> Table:
    if column.default is not None and column.default.value == value:
        table = table.put(replace(column, default=None, null=column.null))
    rules: list[Any] = [*table.checks, *table.indexes]
    for rule in rules:
        if column.name in _read(rule):
            table = table.without(rule.kind, rule.name)
    return table


def _read(rule: Any) -> frozenset[str]:
    """Columns that a rule's condition reads."""
    text = getattr(rule, "expression", "") or getattr(rule, "where", "")
    return columns_of(parse(text)) if text else frozenset()


def _names(rule: Any, column: str) -> bool:
    """Tell whether a rule is about the column."""
    listed = [getattr(each, "name", each) for each in getattr(rule, "columns", ())]
    return column in listed or column in _read(rule)


def _ascending(column: IndexColumn) -> IndexColumn:
    return IndexColumn(column.name)


def _wider(kind: Type) -> Optional[Type]:
    """A type that holds all the values, and leads back."""
    if kind.name == "string":
        return Type("string", (str(kind.length + 100),)) if kind.length != 50 else Type("text")
    if kind.name == "decimal" and kind.precision < 30:
        return Type("decimal", (str(kind.precision + 4), str(kind.scale + 1)))
    return {
        "integer": Type("bigint"),
        "uuid": Type("string", ("36",)),
        "enum": Type("string", ("63",)),
        "bigint": Type("decimal", ("30", "0")),
    }.get(kind.name)


@st.composite
def related(draw: Any, stems: Sequence[str] = STEMS) -> Pair:
    """Any schema, and what up to six edits make of it; names begin in these ways."""
    maker = SchemaMaker(Chooser(draw), stems)
    editor = Editor(maker, make_schema(maker))
    for _unused in range(maker.chooser.number(0, 6)):
        editor.edit()
    return editor.pair()
