# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The schema and its elements as plain data (mappings, lists, text, numbers), and back.

This is the form of model files, and of what operations in migration files carry. Defaults are left out, names are
written always, so that a file means the same for ever. Reading puts what may be written in several ways into its one
canonical form: expressions, default values, automatic names.

With ``catalogue=True`` what only a live database can show is read as well: columns of ``foreign`` types, collations,
computed columns. Migration files may carry that (a dropped column carries its whole definition); models may not.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Callable

from .naming import check_name, foreign_key_name, index_name, unique_name
from .reading import Fields, Place, as_list, as_mapping, as_texts, nearest
from .schema import (
    DELETE_RULES,
    FUNCTIONS,
    Check,
    Column,
    Default,
    Element,
    Enum,
    ForeignKey,
    Index,
    IndexColumn,
    PrimaryKey,
    Schema,
    Table,
    TableElement,
    Unique,
)
from .types import ARGUMENTS, Type, parse_type

#: A condition that a catalogue shows and the expression language cannot say.
OPAQUE = "opaque:"

COLUMN_KEYS = ("type", "null", "default", "updated_at", "comment", "renamed_from")
_CATALOGUE_KEYS = (*COLUMN_KEYS, "collation", "generated")

#: The lists of a table's mapping, and what kind of element each holds.
LISTS = {"unique": "unique", "indexes": "index", "foreign_keys": "foreign_key", "checks": "check"}
TABLE_KEYS = ("comment", "renamed_from", "columns", "primary_key", *LISTS)
SCHEMA_KEYS = ("enums", "tables")


# --- reading ---------------------------------------------------------------------------------------------------------


def schema_from_data(data: Any, source: str = "", *, catalogue: bool = False) -> Schema:
    """Read a whole schema, a mapping with ``enums`` and ``tables``. Rules between elements are for ``validate``.

    :raises InputError: something is not in its form.
    """
    return with_references(read_schema(Fields(data, Place(source), SCHEMA_KEYS, "a model"), catalogue))


def read_schema(fields: Fields, catalogue: bool = False) -> Schema:
    """Read a schema whose foreign keys may lack the columns that they refer to."""
    enums, tables = fields.mapping("enums"), fields.mapping("tables")
    return Schema(
        tuple(read_table(name, each, fields.at("tables").key(name), catalogue) for name, each in tables.items()),
        tuple(read_enum(name, each, fields.at("enums").key(name)) for name, each in enums.items()),
    )


def with_references(schema: Schema) -> Schema:
    """Let foreign keys that name no columns refer to the primary key of the other table, where it has one."""
    keys = {table.name: table.primary_key.columns for table in schema.tables if table.primary_key}
    return replace(schema, tables=tuple(_with_references(table, keys) for table in schema.tables))


def _with_references(table: Table, primary_keys: dict[str, tuple[str, ...]]) -> Table:
    if all(key.ref_columns for key in table.foreign_keys):
        return table
    filled = (
        key if key.ref_columns else replace(key, ref_columns=primary_keys.get(key.ref_table, ()))
        for key in table.foreign_keys
    )
    return replace(table, foreign_keys=tuple(filled))


def element_from_data(kind: str, table: str, data: Any, place: Place, *, catalogue: bool = False) -> Element:
    """Read one element as an operation carries it: a mapping that holds its ``name`` too.

    ``table`` is the table that holds the element, empty for tables and enums.

    :raises InputError: something is not in its form.
    """
    if kind in _READERS:
        return _READERS[kind](table, data, place)
    rest = dict(as_mapping(data, place, f"a {kind}"))
    name = Fields({"name": rest.pop("name")} if "name" in rest else {}, place, ("name",), f"a {kind}").text("name")
    if kind == "enum":
        fields = Fields(rest, place, ("values",), "an enum")
        return read_enum(name, fields.value("values"), fields.at("values"))
    return (read_column if kind == "column" else read_table)(name, rest, place, catalogue)


def read_enum(name: str, data: Any, place: Place) -> Enum:
    """Read an enum's values."""
    return Enum(name, as_texts(data, place, "an enum's values"))


def read_table(name: str, data: Any, place: Place, catalogue: bool = False) -> Table:
    """Read a table's mapping."""
    fields = Fields(data, place, TABLE_KEYS, "a table")
    columns, at_columns = fields.mapping("columns"), fields.at("columns")
    key = fields.data.get("primary_key")
    return Table(
        name,
        tuple(read_column(each, body, at_columns.key(each), catalogue) for each, body in columns.items()),
        PrimaryKey(as_texts(key, fields.at("primary_key"), "a primary key")) if key is not None else None,
        tuple(read_list(name, "unique", fields)),
        tuple(read_list(name, "indexes", fields)),
        tuple(read_list(name, "foreign_keys", fields)),
        tuple(read_list(name, "checks", fields)),
        comment=fields.text("comment", ""),
        renamed_from=fields.text("renamed_from", ""),
    )


def read_list(table: str, word: str, fields: Fields) -> list[Any]:
    """Read one of a table's lists: ``unique``, ``indexes``, ``foreign_keys`` or ``checks``."""
    read, place = _READERS[LISTS[word]], fields.at(word)
    found: dict[str, TableElement] = {}
    for index, data in enumerate(fields.items(word)):
        element = read(table, data, place.item(index))
        if element.name in found:
            hint = "Remove one of the two, or give it a `name` of its own."
            raise place.item(index).error("Another one in this list has the same name.", found=element.name, hint=hint)
        found[element.name] = element
    return list(found.values())


def read_column(name: str, data: Any, place: Place, catalogue: bool = False) -> Column:
    """Read a column's mapping."""
    fields = Fields(data, place, _CATALOGUE_KEYS if catalogue else COLUMN_KEYS, "a column")
    kind = _type(fields, catalogue)
    return Column(
        name,
        kind,
        null=fields.flag("null"),
        default=_default(kind, fields.data["default"], fields.at("default"), catalogue)
        if "default" in fields
        else None,
        updated_at=fields.flag("updated_at"),
        comment=fields.text("comment", ""),
        renamed_from=fields.text("renamed_from", ""),
        collation=fields.text("collation", ""),
        generated=fields.text("generated", ""),
    )


def _type(fields: Fields, catalogue: bool) -> Type:
    text = fields.text("type")
    if catalogue and text.startswith("foreign(") and text.endswith(")"):
        return Type("foreign", (text[len("foreign(") : -1],))
    try:
        return parse_type(text)
    except ValueError as error:
        known = [name for name in ARGUMENTS if name != "foreign"]
        name = text.split("(")[0].strip()
        hint = "" if name in known else nearest(name, known)
        raise fields.at("type").error(str(error), found=text, expected=_TYPES, hint=hint) from None


_TYPES = "uuid, string(n), text, boolean, integer, bigint, decimal(p,s), float, timestamp, json, enum(name) or bytes"


def _default(kind: Type, data: Any, place: Place, catalogue: bool) -> Default | None:
    """Read a default: a function's text, a plain value, or ``{value: ...}`` for what could be taken for another."""
    if data is None:
        return None
    if isinstance(data, str) and data in FUNCTIONS:
        return Default(function=data)
    value = Fields(data, place, ("value",), "a default").value("value") if isinstance(data, dict) else data
    from .defaults import canonical_value

    try:
        return Default(canonical_value(kind, value))
    except ValueError as error:
        if catalogue:
            return Default(value)
        hint = nearest(value, FUNCTIONS) if isinstance(value, str) else ""
        raise place.error(str(error), found=value, expected=f"a value of type {kind}", hint=hint) from None


def _primary_key(_table: str, data: Any, place: Place) -> PrimaryKey:
    return PrimaryKey(Fields(data, place, ("columns",), "a primary key").texts("columns"))


def _unique(table: str, data: Any, place: Place) -> Unique:
    fields = _fields(data, place, ("name", "columns"), "a unique key")
    columns = fields.texts("columns")
    return Unique(fields.text("name", unique_name(table, columns)), columns)


def _index(table: str, data: Any, place: Place) -> Index:
    fields = _fields(data, place, ("name", "columns", "unique", "where"), "an index")
    place = fields.at("columns")
    listed = as_list(fields.value("columns"), place, "a list of columns")
    columns = tuple(_index_column(each, place.item(index)) for index, each in enumerate(listed))
    name = fields.text("name", index_name(table, (each.name for each in columns)))
    where = fields.text("where", "")
    return Index(name, columns, fields.flag("unique"), _expression(where, fields.at("where")) if where else "")


def _index_column(data: Any, place: Place) -> IndexColumn:
    if isinstance(data, str):
        return IndexColumn(data)
    fields = Fields(data, place, ("name", "order"), "a column of an index")
    return IndexColumn(fields.text("name"), fields.word("order", ("asc", "desc"), "asc") == "desc")


def _foreign_key(table: str, data: Any, place: Place) -> ForeignKey:
    fields = Fields(data, place, ("name", "columns", "references", "ref_columns", "on_delete"), "a foreign key")
    columns = fields.texts("columns")
    return ForeignKey(
        fields.text("name", foreign_key_name(table, columns)),
        columns,
        fields.text("references"),
        fields.texts("ref_columns") if "ref_columns" in fields else (),
        fields.word("on_delete", DELETE_RULES, "no_action"),
    )


def _check(table: str, data: Any, place: Place) -> Check:
    if isinstance(data, str):
        expression = _expression(data, place)
        return Check(check_name(table, expression), expression)
    fields = Fields(data, place, ("name", "expression"), "a check")
    expression = _expression(fields.text("expression"), fields.at("expression"))
    return Check(fields.text("name", check_name(table, expression)), expression)


def _fields(data: Any, place: Place, known: tuple[str, ...], what: str) -> Fields:
    """Read a key or index that may be given as the list of its columns alone."""
    if isinstance(data, str):
        hint = f"Write [[{data}], ...]: one list for each, several columns of one in the same list."
        raise place.error(f"This is not {what}.", found=data, expected="a list of columns, or a mapping", hint=hint)
    return Fields({"columns": data}, place, known, what) if isinstance(data, list) else Fields(data, place, known, what)


def _expression(text: str, place: Place) -> str:
    """Give the canonical text of an expression; an opaque one is kept."""
    if text.startswith(OPAQUE):
        return text
    from .expressions import canonical_text, parse

    return canonical_text(parse(text, place.source, place.path))


_READERS: dict[str, Callable[[str, Any, Place], TableElement]] = {
    "primary_key": _primary_key,
    "unique": _unique,
    "index": _index,
    "foreign_key": _foreign_key,
    "check": _check,
}


# --- writing ---------------------------------------------------------------------------------------------------------


def schema_to_data(schema: Schema) -> dict[str, Any]:
    """Give the whole schema; tables and enums in the order they have in it."""
    data: dict[str, Any] = {}
    if schema.enums:
        data["enums"] = {enum.name: list(enum.values) for enum in schema.enums}
    if schema.tables:
        data["tables"] = {table.name: table_to_data(table) for table in schema.tables}
    return data


def element_to_data(element: Element) -> dict[str, Any]:
    """Give one element with its name, as an operation carries it."""
    if isinstance(element, Enum):
        return {"name": element.name, "values": list(element.values)}
    if isinstance(element, Table):
        return {"name": element.name, **table_to_data(element)}
    if isinstance(element, Column):
        return {"name": element.name, **column_to_data(element)}
    return _WRITERS[element.kind](element)


def table_to_data(table: Table) -> dict[str, Any]:
    """Give a table's mapping, without its name."""
    data: dict[str, Any] = {word: getattr(table, word) for word in ("comment", "renamed_from") if getattr(table, word)}
    data["columns"] = {column.name: column_to_data(column) for column in table.columns}
    if table.primary_key is not None:
        data["primary_key"] = list(table.primary_key.columns)
    for word, elements in lists_of(table).items():
        data[word] = [element_to_data(each) for each in elements]
    return data


def lists_of(table: Table) -> dict[str, tuple[TableElement, ...]]:
    """Give what stands in the lists of a table's mapping, by their words; empty lists are left out."""
    lists: dict[str, tuple[TableElement, ...]] = {
        "unique": table.uniques,
        "indexes": table.indexes,
        "foreign_keys": table.foreign_keys,
        "checks": table.checks,
    }
    return {word: elements for word, elements in lists.items() if elements}


def column_to_data(column: Column) -> dict[str, Any]:
    """Give a column's mapping, without its name."""
    data: dict[str, Any] = {"type": str(column.type)}
    if column.null:
        data["null"] = True
    if column.default is not None:
        data["default"] = _default_to_data(column.default)
    for word in ("updated_at", "comment", "renamed_from", "collation", "generated"):
        if getattr(column, word):
            data[word] = getattr(column, word)
    return data


def _default_to_data(default: Default) -> Any:
    if default.function:
        return default.function
    plain = default.value is not None and not isinstance(default.value, dict) and default.value not in FUNCTIONS
    return default.value if plain else {"value": default.value}


def _index_to_data(index: Index) -> dict[str, Any]:
    columns = [{"name": each.name, "order": "desc"} if each.descending else each.name for each in index.columns]
    data: dict[str, Any] = {"name": index.name, "columns": columns}
    if index.unique:
        data["unique"] = True
    if index.where:
        data["where"] = index.where
    return data


def _foreign_key_to_data(key: ForeignKey) -> dict[str, Any]:
    data: dict[str, Any] = {"name": key.name, "columns": list(key.columns), "references": key.ref_table}
    if key.ref_columns:
        data["ref_columns"] = list(key.ref_columns)
    if key.on_delete != "no_action":
        data["on_delete"] = key.on_delete
    return data


_WRITERS: dict[str, Callable[[Any], dict[str, Any]]] = {
    "primary_key": lambda key: {"columns": list(key.columns)},
    "unique": lambda key: {"name": key.name, "columns": list(key.columns)},
    "index": _index_to_data,
    "foreign_key": _foreign_key_to_data,
    "check": lambda check: {"name": check.name, "expression": check.expression},
}
