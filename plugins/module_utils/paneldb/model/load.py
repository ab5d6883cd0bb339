# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A model made of its documents: the one that stands alone first, then each that extends what is before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from .data import (
    LISTS,
    SCHEMA_KEYS,
    TABLE_KEYS,
    column_to_data,
    read_column,
    read_enum,
    read_list,
    read_schema,
    read_table,
    with_references,
)
from .reading import Document, Fields, Place, as_mapping, as_text, as_texts
from .schema import Column, PrimaryKey, Schema, Table


def load_model(documents: Sequence[Document]) -> Schema:
    """Read the model, a base document and the documents that extend it in turn, and check it as a whole.

    An extending document names only what it changes. Columns merge key by key, a null takes the key away; an enum and
    a primary key are replaced; unique keys, indexes, foreign keys and checks are added, or replace the one of the same
    name, and ``remove`` lists names of those that go. A table or column that is null is removed, a column together with
    the keys, indexes and checks that use it.

    :raises InputError: something is not in its form, or breaks a rule of ``validate``.
    """
    from .validate import validate

    schema = Schema()
    for position, document in enumerate(documents):
        fields = Fields(document.data, Place(document.source), ("extends", *SCHEMA_KEYS), "a model")
        schema = _extended(schema, fields) if position else _base(fields)
    schema = with_references(schema)
    validate(schema, documents)
    return schema


def _base(fields: Fields) -> Schema:
    if "extends" in fields:
        raise fields.at("extends").error(
            "The model that this one extends has not been read.", found=fields.data["extends"]
        )
    fields.value("tables")
    return read_schema(fields)


def _extended(schema: Schema, fields: Fields) -> Schema:
    for name, body in fields.mapping("enums").items():
        place = fields.at("enums").key(name)
        if body is None:
            _expect(schema.enum(name), name, [each.name for each in schema.enums], place)
            schema = schema.without("enum", name)
        else:
            schema = schema.put(read_enum(name, body, place))
    for name, body in fields.mapping("tables").items():
        schema = _with_table(schema, name, body, fields.at("tables").key(name))
    return schema


def _with_table(schema: Schema, name: str, body: Any, place: Place) -> Schema:
    table = schema.table(name)
    if body is None:
        _expect(table, name, [each.name for each in schema.tables], place)
        return schema.without("table", name)
    if table is None:
        return schema.put(read_table(name, body, place))
    return schema.put(_extended_table(table, Fields(body, place, (*TABLE_KEYS, "remove"), "a table")))


def _extended_table(table: Table, fields: Fields) -> Table:
    table = _without_named(table, fields)
    for name, body in fields.mapping("columns").items():
        table = _with_column(table, name, body, fields.at("columns").key(name))
    if "primary_key" in fields:
        key = fields.data["primary_key"]
        columns = None if key is None else as_texts(key, fields.at("primary_key"), "a primary key")
        table = replace(table, primary_key=None if columns is None else PrimaryKey(columns))
    for word in LISTS:
        for element in read_list(table.name, word, fields):
            table = table.put(element)
    return replace(
        table,
        comment=fields.text("comment", table.comment),
        renamed_from=fields.text("renamed_from", table.renamed_from),
    )


def _without_named(table: Table, fields: Fields) -> Table:
    """Take away what ``remove`` lists by name."""
    for position, item in enumerate(fields.items("remove")):
        place = fields.at("remove").item(position)
        name = as_text(item, place)
        named = {each.name: each for each in table.elements() if not isinstance(each, (Column, PrimaryKey))}
        _expect(named.get(name), name, list(named), place)
        table = table.without(named[name].kind, name)
    return table


def _with_column(table: Table, name: str, body: Any, place: Place) -> Table:
    column = next((each for each in table.columns if each.name == name), None)
    if body is None:
        _expect(column, name, table.column_names, place)
        return _without_column(table, name)
    if column is not None:
        merged = {**column_to_data(column), **as_mapping(body, place, "a column")}
        body = {key: value for key, value in merged.items() if value is not None}
    return table.put(read_column(name, body, place))


def _without_column(table: Table, name: str) -> Table:
    """Take a column away, and with it whatever in the table uses it."""
    table = table.without("column", name)
    for element in tuple(table.elements()):
        if name in _columns_of(element):
            table = table.without(element.kind, element.name)
    return table


def _columns_of(element: Any) -> frozenset[str]:
    """Name the columns that a key, index or check uses."""
    from .expressions import columns_of, parse

    named = {getattr(each, "name", each) for each in getattr(element, "columns", ())}
    condition = getattr(element, "expression", "") or getattr(element, "where", "")
    return frozenset(named | (columns_of(parse(condition)) if condition else frozenset()))


def _expect(found: object, name: str, known: Sequence[str], place: Place) -> None:
    if found is None:
        raise place.unknown(f"There is no {name!r} to remove.", name, known)
