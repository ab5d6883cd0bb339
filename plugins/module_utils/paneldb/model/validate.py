# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules that a model keeps as a whole, so that every engine can have it.

``problems`` finds all that is wrong with a schema; ``validate`` raises it with the places in the files. Reserved words,
quotes, ``%``, blanks and any other printable character may stand in names: engines always quote them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from .data import OPAQUE
from .defaults import canonical_value
from .naming import LONGEST_NAME
from .problems import Keys, Problem, problem_error
from .reading import Document
from .schema import AUTOINCREMENT, NOW, UUID, Check, Column, Default, Enum, ForeignKey, Index, Schema, Table, Unique

#: Beginnings of names, in small letters, that belong to the collection itself and to SQLite.
TAKEN_PREFIXES = ("_paneldb_", "sqlite_")

#: Types that MySQL cannot have in a key or index.
_UNINDEXABLE = ("text", "json", "bytes")

#: Types that can have each of the computed defaults.
_COMPUTED = {NOW: ("timestamp",), UUID: ("uuid",), AUTOINCREMENT: ("integer", "bigint")}


def validate(schema: Schema, documents: Sequence[Document] = ()) -> None:
    """Check the schema. ``documents`` are what it was read from, base first; errors name their place in these.

    :raises InputError: for the first problem; the hint tells of the others.
    """
    found = tuple(problems(schema))
    if found:
        raise problem_error(found, documents)


def problems(schema: Schema) -> Iterator[Problem]:
    """Find everything that is wrong with a schema."""
    yield from _same_names(schema)
    for enum in schema.enums:
        yield from _enum(enum)
    for table in schema.tables:
        keys = ("tables", table.name)
        yield from _name(table.name, keys)
        yield from _comment(table.comment, keys)
        if not table.columns:
            yield Problem(keys, "The table has no columns.", expected="at least one column")
        for column in table.columns:
            yield from _column(schema, table, column, (*keys, "columns", column.name))
        yield from _elements(schema, table, keys)
    yield from _cycle(schema)


# --- names -----------------------------------------------------------------------------------------------------------


def _name(name: str, keys: Keys) -> Iterator[Problem]:
    if not name:
        yield Problem(keys, "A name is empty.", expected="at least one character")
        return
    if not (name.isascii() and name.isprintable()):
        yield from _characters(name, keys)
    size = len(name.encode("utf-8", "surrogatepass"))
    if size > LONGEST_NAME:
        yield Problem(
            keys, f"The name has {size} bytes.", name, f"at most {LONGEST_NAME} bytes", "PostgreSQL would cut it."
        )
    if name != name.strip():
        yield Problem(keys, "A name begins or ends with a blank.", name, "a name that MySQL can have, too")
    for prefix in TAKEN_PREFIXES:
        if name[: len(prefix)].lower() == prefix:
            yield Problem(keys, f"Names that begin with {prefix} are taken.", name, "another name")


def _characters(text: str, keys: Keys) -> Iterator[Problem]:
    for each in text:
        if each < " " or "\x7f" <= each <= "\x9f" or "\ud800" <= each <= "\udfff":
            yield Problem(keys, "A control character is not allowed here.", text, "printable characters")
            return


def _comment(comment: str, keys: Keys) -> Iterator[Problem]:
    if "\0" in comment:
        yield Problem((*keys, "comment"), "A NUL character is not allowed here.", expected="text without it")


def _same_names(schema: Schema) -> Iterator[Problem]:
    """Names that engines cannot tell apart: they may fold case, and keep indexes beside tables."""
    yield from _repeated((enum.name, ("enums", enum.name)) for enum in schema.enums)
    types: list[tuple[str, Keys]] = [(enum.name, ("enums", enum.name)) for enum in schema.enums]
    relations: list[tuple[str, Keys]] = []
    constraints: list[tuple[str, Keys]] = []
    for table in schema.tables:
        keys = ("tables", table.name)
        types.append((table.name, keys))
        relations.append((table.name, keys))
        yield from _repeated((column.name, (*keys, "columns", column.name)) for column in table.columns)
        if table.primary_key:
            # What PostgreSQL calls the index of a primary key.
            relations.append((f"{table.name}_pkey", (*keys, "primary_key")))
        relations.extend((each.name, (*keys, "unique", each.name)) for each in table.uniques)
        relations.extend((each.name, (*keys, "indexes", each.name)) for each in table.indexes)
        constraints.extend((each.name, (*keys, "unique", each.name)) for each in table.uniques)
        constraints.extend((each.name, (*keys, "foreign_keys", each.name)) for each in table.foreign_keys)
        constraints.extend((each.name, (*keys, "checks", each.name)) for each in table.checks)
    for named in (relations, types, constraints):
        yield from _repeated(named)


def _repeated(named: Iterable[tuple[str, Keys]]) -> Iterator[Problem]:
    seen: dict[str, tuple[str, Keys]] = {}
    for name, keys in named:
        other, place = seen.setdefault(_folded(name), (name, keys))
        if place is keys:
            continue
        differ = "the same name" if other == name else "a name that differs only in case"
        yield Problem(
            keys, f"{'.'.join(place)} has {differ}.", name, "another name", "Give one of the two a `name` of its own."
        )


def _folded(name: str) -> str:
    if name.isascii():
        return name.lower()
    from unicodedata import normalize

    return normalize("NFC", normalize("NFC", name).casefold())


# --- enums and columns -----------------------------------------------------------------------------------------------


def _enum(enum: Enum) -> Iterator[Problem]:
    keys = ("enums", enum.name)
    yield from _name(enum.name, keys)
    if not enum.values:
        yield Problem(keys, "The enum has no values.", expected="at least one value")
    for position, value in enumerate(enum.values):
        if value in enum.values[:position]:
            yield Problem(keys, "The enum has a value twice.", value, "each value once")
        if not value or value != value.strip():
            yield Problem(
                keys, "A value is empty, or begins or ends with a blank.", value, "a value MySQL can have, too"
            )
        if len(value.encode("utf-8", "surrogatepass")) > LONGEST_NAME:
            yield Problem(keys, "A value is too long.", value, f"at most {LONGEST_NAME} bytes")
        yield from _characters(value, keys)


def _column(schema: Schema, table: Table, column: Column, keys: Keys) -> Iterator[Problem]:
    yield from _name(column.name, keys)
    yield from _comment(column.comment, keys)
    kind = column.type
    if kind.name == "foreign":
        yield Problem((*keys, "type"), "A model cannot have columns of a type from outside.", str(kind))
    if kind.name == "enum" and schema.enum(kind.enum) is None:
        known = tuple(enum.name for enum in schema.enums)
        yield Problem((*keys, "type"), f"There is no enum {kind.enum!r}.", kind.enum, known=known)
    if column.updated_at and kind.name != "timestamp":
        yield Problem((*keys, "updated_at"), "Only a timestamp can hold the time of an update.", str(kind), "timestamp")
    if column.null and table.primary_key and column.name in table.primary_key.columns:
        yield Problem((*keys, "null"), "A column of the primary key cannot be null.", True, "false")
    if column.default is not None:
        default = _function if column.default.function else _value
        yield from default(schema, table, column, column.default, (*keys, "default"))


def _function(_schema: Schema, table: Table, column: Column, default: Default, keys: Keys) -> Iterator[Problem]:
    function = default.function
    types = _COMPUTED[function]
    if column.type.name not in types:
        yield Problem(keys, f"A column of type {column.type} cannot have this default.", function, _types(types))
    if function == AUTOINCREMENT and (table.primary_key is None or table.primary_key.columns != (column.name,)):
        wanted = f"primary_key: [{column.name}]"
        yield Problem(keys, "Only a primary key of this one column counts up by itself.", function, wanted)


def _types(types: tuple[str, ...]) -> str:
    return f"a column of type {' or '.join(types)}"


def _value(schema: Schema, _table: Table, column: Column, default: Default, keys: Keys) -> Iterator[Problem]:
    kind, value = column.type, default.value
    if value is None:
        yield Problem(keys, "Null is no default.", expected="no default at all; the column is null then")
        return
    enum = schema.enum(kind.enum) if kind.name == "enum" else None
    if enum is not None and value not in enum.values:
        yield Problem(keys, f"Enum {enum.name} has no such value.", value, known=enum.values)
        return
    try:
        canonical_value(kind, value)
    except ValueError as error:
        yield Problem(keys, str(error), value, f"a value of type {kind}")


# --- keys, indexes, checks -------------------------------------------------------------------------------------------


def _elements(schema: Schema, table: Table, keys: Keys) -> Iterator[Problem]:
    if table.primary_key is not None:
        yield from _key_columns(table, table.primary_key.columns, (*keys, "primary_key"))
    for unique in table.uniques:
        yield from _unique(table, unique, (*keys, "unique", unique.name))
    for index in table.indexes:
        yield from _index(table, index, (*keys, "indexes", index.name))
    for key in table.foreign_keys:
        yield from _foreign_key(schema, table, key, (*keys, "foreign_keys", key.name))
    for check in table.checks:
        yield from _check(table, check, (*keys, "checks", check.name))


def _columns(table: Table, columns: Sequence[str], keys: Keys) -> Iterator[Problem]:
    known = table.column_names
    if not columns:
        yield Problem(keys, "No columns are named.", expected="at least one column")
    for position, name in enumerate(columns):
        if name not in known:
            yield Problem(keys, f"Table {table.name} has no column {name!r}.", name, known=known)
        if name in columns[:position]:
            yield Problem(keys, "A column is named twice.", name, "each column once")


def _key_columns(table: Table, columns: Sequence[str], keys: Keys) -> Iterator[Problem]:
    yield from _columns(table, columns, keys)
    for column in table.columns:
        if column.name in columns and column.type.name in _UNINDEXABLE:
            problem = f"Column {column.name} is of type {column.type}, which MySQL cannot have in a key or index."
            yield Problem(keys, problem, column.name, "a column such as string(255)")


def _unique(table: Table, unique: Unique, keys: Keys) -> Iterator[Problem]:
    yield from _name(unique.name, keys)
    yield from _key_columns(table, unique.columns, (*keys, "columns"))


def _index(table: Table, index: Index, keys: Keys) -> Iterator[Problem]:
    yield from _name(index.name, keys)
    yield from _key_columns(table, [column.name for column in index.columns], (*keys, "columns"))
    if index.where:
        yield from _condition(table, index.where, (*keys, "where"))


def _check(table: Table, check: Check, keys: Keys) -> Iterator[Problem]:
    yield from _name(check.name, keys)
    yield from _condition(table, check.expression, (*keys, "expression"))


def _condition(table: Table, text: str, keys: Keys) -> Iterator[Problem]:
    if text.startswith(OPAQUE):
        yield Problem(
            keys, "A model cannot have conditions from outside.", text, "a condition in the portable language"
        )
        return
    from ..errors import InputError
    from .expressions import columns_of, parse

    try:
        used = columns_of(parse(text))
    except InputError as error:
        yield Problem(keys, error.message, hint=error.hint)
        return
    for name in sorted(used.difference(table.column_names)):
        yield Problem(keys, f"Table {table.name} has no column {name!r}.", name, known=table.column_names)


# --- foreign keys ----------------------------------------------------------------------------------------------------


def _foreign_key(schema: Schema, table: Table, key: ForeignKey, keys: Keys) -> Iterator[Problem]:
    yield from _name(key.name, keys)
    yield from _columns(table, key.columns, (*keys, "columns"))
    other = schema.table(key.ref_table)
    if other is None:
        known = tuple(each.name for each in schema.tables)
        yield Problem((*keys, "references"), f"There is no table {key.ref_table!r}.", key.ref_table, known=known)
        return
    yield from _target(table, key, other, keys)
    required = [column.name for column in table.columns if column.name in key.columns and not column.null]
    if key.on_delete == "set_null" and required:
        problem = f"Column {required[0]} cannot be null, so deleting a row of {other.name} cannot set it to null."
        hint = f"Write `null: true` at column {required[0]}, or choose another rule."
        yield Problem((*keys, "on_delete"), problem, "set_null", "cascade, restrict or no_action", hint)


def _target(table: Table, key: ForeignKey, other: Table, keys: Keys) -> Iterator[Problem]:
    """What it refers to: a key of the other table, with as many columns of the same types."""
    place = (*keys, "ref_columns")
    wrong = tuple(_columns(other, key.ref_columns, place))
    if wrong:
        yield from wrong
        return
    if len(key.columns) != len(key.ref_columns):
        yield Problem(place, "The two lists of columns are of different length.", list(key.ref_columns))
        return
    targets = _targets(other)
    if key.ref_columns not in targets:
        expected = " or ".join("[" + ", ".join(each) + "]" for each in targets) or "a table with a primary key"
        hint = f"Make the columns a unique key of {other.name}, in this order."
        yield Problem(
            place,
            f"This is neither the primary key nor a unique key of {other.name}.",
            list(key.ref_columns),
            expected,
            hint,
        )
    yield from _target_types(table, key, other, (*keys, "columns"))


def _targets(table: Table) -> list[tuple[str, ...]]:
    found = [table.primary_key.columns] if table.primary_key else []
    found += [unique.columns for unique in table.uniques]
    full = (index for index in table.indexes if index.unique and not index.where)
    return found + [tuple(column.name for column in index.columns) for index in full]


def _target_types(table: Table, key: ForeignKey, other: Table, keys: Keys) -> Iterator[Problem]:
    ours = {column.name: column.type for column in table.columns}
    theirs = {column.name: column.type for column in other.columns}
    for name, ref_name in zip(key.columns, key.ref_columns):
        if name in ours and ours[name] != theirs[ref_name]:
            problem = f"Column {name} is of another type than {other.name}.{ref_name}."
            yield Problem(keys, problem, str(ours[name]), str(theirs[ref_name]))


def _cycle(schema: Schema) -> Iterator[Problem]:
    """Required foreign keys in a circle: no first row could ever be inserted.

    A key within one table is none of these, as a row may refer to itself. One that may be null in any of its columns
    is not required.
    """
    required = {table.name: _required(table) for table in schema.tables}
    waiting = {name: {key.ref_table for key in keys} & required.keys() for name, keys in required.items()}
    holders: dict[str, list[str]] = {}
    for name, others in waiting.items():
        for other in others:
            holders.setdefault(other, []).append(name)
    free = [name for name, others in waiting.items() if not others]
    while free:
        done = free.pop()
        del waiting[done]
        for name in holders.get(done, ()):
            waiting[name].discard(done)
            if not waiting[name]:
                free.append(name)
    if waiting:
        yield _described({name: required[name] for name in waiting})


def _required(table: Table) -> list[ForeignKey]:
    null = {column.name for column in table.columns if column.null}
    return [key for key in table.foreign_keys if key.ref_table != table.name and null.isdisjoint(key.columns)]


def _described(waiting: dict[str, list[ForeignKey]]) -> Problem:
    """Follow the keys of tables that wait for each other until one comes again, and name that circle."""
    path: list[tuple[str, ForeignKey]] = []
    name = next(iter(waiting))
    while name not in [table for table, _unused in path]:
        key = next(each for each in waiting[name] if each.ref_table in waiting)
        path.append((name, key))
        name = key.ref_table
    circle = path[[table for table, _unused in path].index(name) :]
    told = " -> ".join([f"{table}.{', '.join(key.columns)}" for table, key in circle] + [name])
    table, key = circle[0]
    return Problem(
        ("tables", table, "foreign_keys", key.name),
        f"Required foreign keys go in a circle, so that no first row could ever be inserted: {told}.",
        hint="Write `null: true` at a column of one of them.",
    )
