# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the server cannot hold of a schema: one document for each table and each enum, in ``_paneldb_collections``.

A document holds ``kind``, ``name`` and ``definition``, the element as migration files write it, as JSON. While a step
is under way ``pending`` says what it does. The catalogue shows such a table as the definition has it, whatever has
happened to the collection so far; one update ends the step. So each step is seen as done or as not begun, and is run
again from its beginning where a run was killed inside of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from ...model.data import element_to_data
from ...model.schema import (
    FUNCTIONS,
    Check,
    Column,
    Default,
    Enum,
    ForeignKey,
    Index,
    IndexColumn,
    PrimaryKey,
    Table,
    Unique,
)
from ...model.types import Type, parse_type
from ..base import BOOKKEEPING_PREFIX

COLLECTION = f"{BOOKKEEPING_PREFIX}collections"
TABLE, ENUM = "table", "enum"


@dataclass(frozen=True)
class Pending:
    """A step that has begun: the definition behind it (empty for what is dropped), the name that the collection gets,
    and the passes over its documents, as text."""

    definition: str = ""
    name: str = ""
    passes: str = ""

    def to_text(self) -> str:
        return json.dumps({"definition": self.definition, "name": self.name, "passes": self.passes}, ensure_ascii=False)

    @classmethod
    def from_text(cls, text: str) -> Pending:
        return cls(**json.loads(text))

    @property
    def table(self) -> Table | None:
        """The table behind the step, if there is one."""
        return read_table(self.definition) if self.definition else None


@dataclass(frozen=True)
class Record:
    """A document: ``definition`` is empty for a table that is being made; ``forgotten`` names the server that took its
    validator and did not keep it."""

    kind: str
    name: str
    definition: str = ""
    pending: Pending | None = None
    forgotten: str = ""

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Record:
        """Read a document."""
        pending = told.get("pending")
        return cls(
            told["kind"],
            told["name"],
            told.get("definition") or "",
            Pending.from_text(pending) if pending else None,
            told.get("forgotten") or "",
        )


def definition_of(element: Table | Enum) -> str:
    """Write an element down."""
    return json.dumps(element_to_data(element), ensure_ascii=False)


@lru_cache(maxsize=1024)
def read_table(definition: str) -> Table:
    """Read a table that was written down.

    It is in its canonical form already, which is read in a fifth of the time that a file of a person takes.
    """
    told = json.loads(definition)
    key = told.get("primary_key")
    return Table(
        told["name"],
        tuple([_column(name, each) for name, each in told["columns"].items()]),
        PrimaryKey(tuple(key)) if key else None,
        tuple([Unique(each["name"], tuple(each["columns"])) for each in told.get("unique", ())]),
        tuple([_index(each) for each in told.get("indexes", ())]),
        tuple([_foreign_key(each) for each in told.get("foreign_keys", ())]),
        tuple([Check(each["name"], each["expression"]) for each in told.get("checks", ())]),
        told.get("comment", ""),
    ).normalized()


def _column(name: str, told: Mapping[str, Any]) -> Column:
    return Column(
        name,
        _type(told["type"]),
        told.get("null", False),
        _default(told["default"]) if "default" in told else None,
        told.get("updated_at", False),
        told.get("comment", ""),
        "",
        told.get("collation", ""),
        told.get("generated", ""),
    )


@cache
def _type(text: str) -> Type:
    foreign = "foreign("
    return Type("foreign", (text[len(foreign) : -1],)) if text.startswith(foreign) else parse_type(text)


def _default(told: Any) -> Default:
    if isinstance(told, str) and told in FUNCTIONS:
        return Default(function=told)
    return Default(told["value"] if isinstance(told, dict) else told)


def _index(told: Mapping[str, Any]) -> Index:
    columns = [
        IndexColumn(each) if isinstance(each, str) else IndexColumn(each["name"], each.get("order") == "desc")
        for each in told["columns"]
    ]
    return Index(told["name"], tuple(columns), told.get("unique", False), told.get("where", ""))


def _foreign_key(told: Mapping[str, Any]) -> ForeignKey:
    rule = told.get("on_delete", "no_action")
    return ForeignKey(
        told["name"], tuple(told["columns"]), told["references"], tuple(told.get("ref_columns", ())), rule
    )


def read_enum(definition: str) -> Enum:
    """Read an enum that was written down."""
    told = json.loads(definition)
    return Enum(told["name"], tuple(told["values"]))


# --- commands that write them ----------------------------------------------------------------------------------------


def begun(steps: Mapping[str, Pending], shown: Mapping[str, str]) -> dict[str, Any]:
    """Give the command that notes which tables a step works on, by their names before it.

    ``shown`` are definitions for tables that nobody has written down so far.
    """
    told = ((name, {"$set": {"pending": each.to_text()}}) for name, each in steps.items())
    had = {name: {"$setOnInsert": {"definition": text}} for name, text in shown.items()}
    return _update(({"kind": TABLE, "name": name}, {**change, **had.get(name, {})}) for name, change in told)


#: What a step leaves behind in the record while it is under way.
_ENDED = {"pending": "", "progress": ""}


def settled(tables: Mapping[str, Table], enums: Mapping[str, Enum]) -> dict[str, Any]:
    """Give the command that writes down what tables and enums are now, by their names before the step.

    What stands last is written last.
    """
    told = [(TABLE, name, each.name, definition_of(each)) for name, each in tables.items()]
    told.extend((ENUM, name, each.name, definition_of(each)) for name, each in enums.items())
    return _update(
        ({"kind": kind, "name": name}, {"$set": {"name": after, "definition": text}, "$unset": _ENDED})
        for kind, name, after, text in told
    )


def forgotten(names: Sequence[str], server: str) -> dict[str, Any]:
    """Give the command that notes which server did not keep the validators of tables."""
    return _update(({"kind": TABLE, "name": name}, {"$set": {"forgotten": server}}) for name in names)


def removed(kind: str, name: str) -> dict[str, Any]:
    """Give the command that forgets a table or an enum."""
    return {"delete": COLLECTION, "deletes": [{"q": {"kind": kind, "name": name}, "limit": 0}]}


def _update(told: Iterable[tuple[dict[str, Any], dict[str, Any]]]) -> dict[str, Any]:
    updates = [{"q": which, "u": change, "upsert": True} for which, change in told]
    return {"update": COLLECTION, "updates": updates, "ordered": True}
