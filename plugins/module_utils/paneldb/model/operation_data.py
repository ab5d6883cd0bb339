# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Operations as migration files hold them: a mapping with one key, the operation's name, and back.

``- add_column: {table: users, name: motd, type: string(200), null: true}`` and so on; elements are in the form of
``data``.
"""

from __future__ import annotations

from itertools import product
from typing import Any

from .data import element_from_data, element_to_data
from .operations import Add, Alter, Drop, Execute, Operation, Rename
from .reading import Fields, Place, as_list, as_mapping, as_text, as_texts
from .schema import Element, Enum, PrimaryKey, Table

#: Engines that a step written by a person can have a body for.
ENGINES = ("sqlite", "postgresql", "mysql", "mongodb")

_HOLDERS = ("table", "enum")
_PARTS = ("column", "primary_key", "unique", "index", "foreign_key", "check")

#: Every operation's name, with what is done and to which kind of element.
_WORDS: dict[str, tuple[str, str]] = {
    **{f"create_{kind}": ("add", kind) for kind in _HOLDERS},
    **{f"add_{kind}": ("add", kind) for kind in _PARTS},
    **{f"{verb}_{kind}": (verb, kind) for verb, kind in product(("drop", "alter"), _HOLDERS + _PARTS)},
    **{f"rename_{kind}": ("rename", kind) for kind in _HOLDERS + _PARTS if kind != "primary_key"},
    "execute": ("execute", ""),
}


def operations_from_data(data: Any, source: str = "", path: str = "") -> tuple[Operation, ...]:
    """Read a list of operations.

    :raises InputError: something is not in its form.
    """
    place = Place(source, path)
    listed = as_list(data, place, "a list of operations")
    return tuple(operation_from_data(each, source, place.item(index).path) for index, each in enumerate(listed))


def operation_from_data(data: Any, source: str = "", path: str = "") -> Operation:
    """Read one operation.

    :raises InputError: something is not in its form.
    """
    place = Place(source, path)
    one = as_mapping(data, place, "an operation")
    if len(one) != 1:
        keys = ", ".join(one) or "no key"
        raise place.error("An operation has one key, its name.", found=keys, expected="one key such as add_column")
    word, body = next(iter(one.items()))
    if word not in _WORDS:
        raise place.unknown(f"There is no operation {word!r}.", word, _WORDS)
    return _operation(*_WORDS[word], as_mapping(body, place.key(word), f"what {word} needs"), place.key(word))


def _operation(verb: str, kind: str, body: dict[str, Any], place: Place) -> Operation:
    if verb == "execute":
        return _execute(body, place)
    table = ""
    if kind not in _HOLDERS:
        table = Fields({"table": body["table"]} if "table" in body else {}, place, ("table",), "it").text("table")
        body = {key: value for key, value in body.items() if key != "table"}
    if verb == "rename":
        fields = Fields(body, place, ("from", "to"), f"rename_{kind}")
        return Rename(table, kind, fields.text("from"), fields.text("to"))
    if verb == "alter":
        return _alter(table, kind, body, place)
    element = element_from_data(kind, table, body, place, catalogue=True)
    return Add(table, element) if verb == "add" else Drop(table, element)


def _alter(table: str, kind: str, body: dict[str, Any], place: Place) -> Alter:
    if kind == "table":
        return _alter_comment(body, place)
    named = kind != "primary_key"
    fields = Fields(body, place, ("name", "from", "to") if named else ("from", "to"), f"alter_{kind}")
    name = fields.text("name") if named else ""
    before, after = (_side(kind, table, name, fields.value(side), fields.at(side)) for side in ("from", "to"))
    return Alter(table, before, after)


def _side(kind: str, table: str, name: str, data: Any, place: Place) -> Element:
    """Read one definition of an alter; the name, which does not change, stands beside both."""
    if kind == "enum":
        return Enum(name, as_texts(data, place, "an enum's values"))
    definition = as_mapping(data, place, f"the definition of a {kind}")
    if "name" in definition:
        raise place.key("name").error("The name stands beside `from` and `to`.", expected="no name here")
    named = {"name": name, **definition} if kind != "primary_key" else definition
    return element_from_data(kind, table, named, place, catalogue=True)


def _alter_comment(body: dict[str, Any], place: Place) -> Alter:
    fields = Fields(body, place, ("name", "comment"), "alter_table")
    name = fields.text("name")
    sides = Fields(fields.value("comment"), fields.at("comment"), ("from", "to"), "a change of comment")
    return Alter("", Table(name, comment=sides.text("from")), Table(name, comment=sides.text("to")))


def _execute(body: dict[str, Any], place: Place) -> Execute:
    fields = Fields(body, place, ("label", "up", "down", "done_when", "transaction"), "a step")
    done = Fields(fields.data.get("done_when", {}), fields.at("done_when"), ENGINES, "done_when")
    return Execute(
        fields.text("label"),
        _bodies(fields.value("up"), fields.at("up")),
        _bodies(fields.data["down"], fields.at("down")) if "down" in fields else None,
        {engine: done.text(engine) for engine in done.data} if "done_when" in fields else None,
        fields.flag("transaction", True),
    )


def _bodies(data: Any, place: Place) -> dict[str, tuple[str, ...]]:
    """Read statements per engine; a single one may be given without a list."""
    fields = Fields(data, place, ENGINES, "a step's statements per engine")
    return {engine: _statements(body, fields.at(engine)) for engine, body in fields.data.items()}


def _statements(data: Any, place: Place) -> tuple[str, ...]:
    return as_texts(data, place, "a list of statements") if isinstance(data, list) else (as_text(data, place),)


def operation_to_data(operation: Operation) -> dict[str, Any]:
    """Give one operation as a mapping with one key."""
    return {operation.name: _body(operation)}


def _body(operation: Operation) -> dict[str, Any]:
    if isinstance(operation, Execute):
        return _execute_to_data(operation)
    holder = {"table": operation.table} if operation.table else {}
    if isinstance(operation, Rename):
        return {**holder, "from": operation.before, "to": operation.after}
    if isinstance(operation, Alter):
        return {**holder, **_alter_to_data(operation.before, operation.after)}
    return {**holder, **element_to_data(operation.element)}


def _alter_to_data(before: Element, after: Element) -> dict[str, Any]:
    if isinstance(before, Table) and isinstance(after, Table):
        return {"name": after.name, "comment": {"from": before.comment, "to": after.comment}}
    if isinstance(before, Enum) and isinstance(after, Enum):
        return {"name": after.name, "from": list(before.values), "to": list(after.values)}
    sides = {"from": _nameless(before), "to": _nameless(after)}
    return sides if isinstance(after, PrimaryKey) else {"name": after.name, **sides}


def _nameless(element: Element) -> dict[str, Any]:
    return {key: value for key, value in element_to_data(element).items() if key != "name"}


def _execute_to_data(step: Execute) -> dict[str, Any]:
    data: dict[str, Any] = {"label": step.label, "up": {engine: list(body) for engine, body in step.up.items()}}
    if step.down is not None:
        data["down"] = {engine: list(body) for engine, body in step.down.items()}
    if step.done_when is not None:
        data["done_when"] = dict(step.done_when)
    if not step.transaction:
        data["transaction"] = False
    return data
