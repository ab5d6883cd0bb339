# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Strategies of hypothesis: any valid schema, related pairs of schemas, and rows that obey both."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Optional

from hypothesis import strategies as st

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model import naming
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.defaults import canonical_value
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.expression_tree import (
    between,
    logical,
    membership,
    negation,
    number,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.expressions import (
    Call,
    Comparison,
    Expression,
    IsNull,
    Like,
    Literal,
    canonical_text,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.expressions import Column as ColumnName
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.schema import (
    AUTOINCREMENT,
    NOW,
    UUID,
    Check,
    Column,
    Default,
    Enum,
    ForeignKey,
    Index,
    IndexColumn,
    PrimaryKey,
    Schema,
    Table,
    Unique,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.types import Type
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.validate import problems
from ansible_collections.ctrlaltplay.paneldb.tests.support.choices import STEMS, TEXTS, Chooser, Names, cut

#: Every type but enums, with arguments at their ends and between.
TYPES = (
    Type("text"),
    Type("string", ("50",)),
    Type("integer"),
    Type("uuid"),
    Type("boolean"),
    Type("timestamp"),
    Type("bigint"),
    Type("string", ("1",)),
    Type("string", ("255",)),
    Type("decimal", ("10", "2")),
    Type("decimal", ("5", "0")),
    Type("decimal", ("34", "10")),
    Type("decimal", ("3", "3")),
    Type("float"),
    Type("json"),
    Type("bytes"),
)

#: Types whose values make a key: distinct in every row, and not too long for any engine.
KEY_TYPES = ("uuid", "string", "integer", "bigint")
#: Types that no engine wants in an index.
UNINDEXABLE = ("text", "json", "bytes")
NUMBERS = ("integer", "bigint", "float")


class SchemaMaker:
    """Makes the parts of a schema, each valid on every engine, with names of its own."""

    def __init__(self, chooser: Chooser, stems: Sequence[str] = STEMS) -> None:
        self.chooser = chooser
        self._stems = stems
        self.names = Names(stems)
        #: Per table names that no new column may have.
        self.former: dict[str, tuple[str, ...]] = {}

    # --- enums and columns -----------------------------------------------------------------------------------------

    def enum(self) -> Enum:
        """An enum of one to four values."""
        values = self.chooser.some([cut(text, 40).strip() for text in self._stems], 4)
        return Enum(self.names.new(self.chooser), tuple(dict.fromkeys(values)))

    def type(self, enums: Sequence[Enum]) -> Type:
        """Any type."""
        if enums and self.chooser.chance(25):
            return Type("enum", (self.chooser.pick(enums).name,))
        return self.chooser.pick(TYPES)

    def column(self, table: Table, enums: Sequence[Enum], *, optional: bool = False) -> Column:
        """A new column for the table; an ``optional`` one can come to rows: it is nullable or has a default."""
        kind = self.type(enums)
        default = self.default(kind, enums) if self.chooser.chance(40) else None
        return Column(
            self.column_name(table),
            kind,
            null=(optional and default is None) or self.chooser.chance(40),
            default=default,
            updated_at=kind.name == "timestamp" and self.chooser.chance(30),
            comment=self.chooser.pick(TEXTS) if self.chooser.chance(20) else "",
        )

    def column_name(self, table: Table) -> str:
        """A name that no column of the table has."""
        names = Names(self._stems)
        # MariaDB keeps the rule of a column of JSON by the column's name, beside the table's checks.
        checks = (check.name for check in table.checks)
        for name in (*table.column_names, *self.former.get(table.name, ()), *checks):
            names.take(name)
        return names.new(self.chooser)

    def default(self, kind: Type, enums: Sequence[Enum]) -> Optional[Default]:
        """A default for a column of that type; None where the type has none."""
        if kind.name in ("uuid", "timestamp") and self.chooser.chance(60):
            return Default(function=UUID if kind.name == "uuid" else NOW)
        values = default_values(kind, enums)
        return Default(canonical_value(kind, self.chooser.pick(values))) if values else None

    # --- tables ----------------------------------------------------------------------------------------------------

    def table(self, schema: Schema) -> Table:
        """A table that fits into the schema, with foreign keys to what is there already, and to itself."""
        table = Table(self.names.new(self.chooser))
        self.names.take(f"{table.name}_pkey")
        table = self._with_primary_key(table)
        for _unused in range(self.chooser.number(0 if table.columns else 1, 5)):
            table = table.put(self.column(table, schema.enums))
        for _unused in range(self.chooser.number(0, 2)):
            table = self.with_unique(table)
        for _unused in range(self.chooser.number(0, 2)):
            table = self.with_foreign_key(table, self.chooser.pick([table, *schema.tables]))
        for _unused in range(self.chooser.number(0, 2)):
            table = self.with_index(table, schema.enums)
        for _unused in range(self.chooser.number(0, 2)):
            table = self.with_check(table, schema.enums)
        return replace(table, comment=self.chooser.pick(TEXTS)) if self.chooser.chance(20) else table

    def _with_primary_key(self, table: Table) -> Table:
        form = self.chooser.number(0, 4)
        first = self.column_name(table)
        if form == 0:
            columns = (Column(first, Type("uuid"), default=Default(function=UUID)),)
        elif form == 1:
            columns = (Column(first, self.chooser.pick([Type("integer"), Type("bigint")]), default=_COUNTER),)
        elif form == 2:
            columns = (Column(first, Type("string", ("50",))),)
        elif form == 3:
            table = table.put(Column(first, Type("string", ("20",))))
            second = self.column_name(table)
            key = PrimaryKey(self.chooser.pick([(first, second), (second, first)]))
            return table.put(Column(second, Type("integer"))).put(key)
        else:
            return table
        return replace(table, columns=columns, primary_key=PrimaryKey((first,)))

    def with_unique(self, table: Table) -> Table:
        """The table with one more unique key, if it has columns for one."""
        able = [column.name for column in table.columns if is_distinct(table, column)]
        if not able:
            return table
        columns = tuple(self.chooser.some(able, 2))
        return table.put(Unique(self.rule_name(naming.unique_name(table.name, columns)), columns))

    def with_index(self, table: Table, enums: Sequence[Enum]) -> Table:
        """The table with one more index, if it has columns for one: descending, partial or unique at times."""
        able = [column.name for column in table.columns if column.type.name not in UNINDEXABLE]
        if not able:
            return table
        partial = _able_to_be_checked(table) and self.chooser.chance(30)
        columns = tuple(IndexColumn(name, self.chooser.chance(30)) for name in self.chooser.some(able, 3))
        names = [column.name for column in columns]
        distinct = any(is_distinct(table, table.column(name)) for name in names)
        return table.put(
            Index(
                self.rule_name(naming.index_name(table.name, names)),
                columns,
                unique=distinct and self.chooser.chance(25),
                where=self.condition(table, enums) if partial else "",
            )
        )

    def with_check(self, table: Table, enums: Sequence[Enum]) -> Table:
        """The table with one more check, if it has a column for one."""
        if not _able_to_be_checked(table):
            return table
        expression = self.condition(table, enums)
        name = self.rule_name(naming.check_name(table.name, expression))
        columns = (*table.column_names, *self.former.get(table.name, ()))
        while name in columns:
            name = self.names.new(self.chooser)
        return table.put(Check(name, expression))

    def with_foreign_key(self, table: Table, other: Table, *, optional: bool = False) -> Table:
        """The table with one more foreign key, on columns of its own, if the other one has a key for it."""
        keys = [key for key in keys_of(other) if all(_can_refer(other.column(name)) for name in key)]
        if not keys:
            return table
        target = self.chooser.pick(keys)
        null = optional or other.name == table.name or self.chooser.chance(50)
        names: tuple[str, ...] = ()
        for name in target:
            names = (*names, self.column_name(table))
            table = table.put(Column(names[-1], other.column(name).type, null=null))
        rules = ["no_action", "cascade", "restrict", *(["set_null"] if null else [])]
        rule = self.rule_name(naming.foreign_key_name(table.name, names))
        table = table.put(ForeignKey(rule, names, other.name, target, self.chooser.pick(rules)))
        if self.chooser.chance(60):
            index = self.rule_name(naming.index_name(table.name, names))
            table = table.put(Index(index, tuple(map(IndexColumn, names))))
        return table

    def rule_name(self, usual: str) -> str:
        """The usual name of an index or constraint, or any other one."""
        if self.chooser.chance(60) and self.names.take(usual):
            return usual
        return self.names.new(self.chooser)

    # --- conditions ------------------------------------------------------------------------------------------------

    def condition(self, table: Table, enums: Sequence[Enum]) -> str:
        """A condition that holds for tame values and for nulls."""
        able = _able_to_be_checked(table)
        parts = [self._about(self.chooser.pick(able), enums) for _unused in range(self.chooser.number(1, 2))]
        return canonical_text(logical(self.chooser.pick(["and", "or"]), parts))

    def _about(self, column: Column, enums: Sequence[Enum]) -> Expression:
        return self.chooser.pick(list(_conditions(column, enums)))


_COUNTER = Default(function=AUTOINCREMENT)


def _conditions(column: Column, enums: Sequence[Enum]) -> Iterator[Expression]:
    """Conditions on one column, all of which hold for tame values and for null."""
    name, kind = ColumnName(column.name), column.type
    yield logical("or", [IsNull(name), negation(IsNull(name))])
    if kind.name in NUMBERS:
        yield Comparison(">=", name, number("0"))
        yield between(name, number("0"), number("100000"), negated=False)
        yield negation(membership(name, [number("-1"), number("-2.5")]))
    if kind.name in ("string", "text"):
        yield Comparison("<=", Call("length", (name,)), number("500"))
        yield Comparison("<>", Call("lower", (name,)), Literal("string", 'it\'s "forbidden" \\ %s'))
        yield negation(Like(name, "zz\\%top\\\\%"))
    if kind.name == "boolean":
        yield logical("or", [Comparison("=", name, Literal("boolean", value)) for value in (True, False)])
    if kind.name == "enum":
        (values,) = (enum.values for enum in enums if enum.name == kind.enum)
        yield membership(name, [Literal("string", value) for value in values])


def default_values(kind: Type, enums: Sequence[Enum]) -> list[Any]:
    """Values that a column of the type can have as default; none for bytes."""
    if kind.name == "string":
        return [text[: kind.length] for text in ("", *TEXTS)]
    if kind.name == "decimal":
        return ["0", f"{'-' if kind.scale else ''}0.{'1' * kind.scale}" if kind.scale else "7"]
    if kind.name == "enum":
        return list(next(enum.values for enum in enums if enum.name == kind.enum))
    values: dict[str, list[Any]] = {
        "text": ["", *TEXTS],
        "uuid": ["0f0e0d0c-0b0a-4908-8706-050403020100"],
        "boolean": [False, True],
        "integer": [0, 1, 2**16],
        "bigint": [0, 1, 2**16],
        "float": [0.0, 0.1, 12345.678],
        "timestamp": ["2024-02-29T12:34:56.789+00:00"],
        "json": [{}, [], {"it's": ['"%s"', None, 1.5, True]}, "text", 7, False],
    }
    return values.get(kind.name, [])


def keys_of(table: Table) -> list[tuple[str, ...]]:
    """What a foreign key can refer to."""
    keys = [table.primary_key.columns] if table.primary_key else []
    return keys + [unique.columns for unique in table.uniques]


def _able_to_be_checked(table: Table) -> list[Column]:
    """Columns that every engine checks: they neither count nor change when another row goes."""
    return [column for column in table.columns if not column.autoincrement and not refers(table, column.name)]


def refers(table: Table, column: str) -> bool:
    """Tell whether a column is part of a foreign key."""
    return any(column in key.columns for key in table.foreign_keys)


def is_distinct(table: Table, column: Column) -> bool:
    """Tell whether rows are made so that each one has a value of its own in the column."""
    return column.type.name not in (*UNINDEXABLE, "boolean", "enum") and not refers(table, column.name)


def _can_refer(column: Column) -> bool:
    return column.type.name in KEY_TYPES


def with_ring(maker: SchemaMaker, schema: Schema) -> Schema:
    """The schema with one more foreign key, nullable, from any table to any other: a ring where it comes so."""
    table, other = maker.chooser.pick(schema.tables), maker.chooser.pick(schema.tables)
    return schema.put(maker.with_foreign_key(table, other, optional=True))


def make_schema(maker: SchemaMaker) -> Schema:
    """A schema of up to four tables and two enums."""
    schema = Schema(enums=tuple(maker.enum() for _unused in range(maker.chooser.number(0, 2))))
    for _unused in range(maker.chooser.number(1, 4)):
        schema = schema.put(maker.table(schema))
    if maker.chooser.chance(30):
        schema = with_ring(maker, schema)
    used = {column.type.enum for table in schema.tables for column in table.columns if column.type.name == "enum"}
    schema = replace(schema, enums=tuple(enum for enum in schema.enums if enum.name in used))
    assert not list(problems(schema))
    return schema


@st.composite
def schemas(draw: Any, stems: Sequence[str] = STEMS) -> Schema:
    """Any valid schema, with names that begin in these ways."""
    return make_schema(SchemaMaker(Chooser(draw), stems))
