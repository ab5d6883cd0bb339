# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes sure that documents obey what comes, before anything is changed: a server would let them be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ...errors import ConstraintViolated
from ...model.schema import Check, Table
from .faults import translated

if TYPE_CHECKING:
    from .engine import MongodbEngine

Rule = Mapping[str, Any]


def verify(engine: MongodbEngine, command: Mapping[str, Any]) -> None:
    """Look whether all documents of a collection obey the rules.

    :raises ConstraintViolated: where some do not.
    """
    table: Table = command["as"]
    for rule in command["rules"]:
        kind = next(iter(rule))
        _RULES[kind](engine, table, rule)


def _empty(engine: MongodbEngine, table: Table, rule: Rule) -> None:
    number = engine.count(table)
    if number:
        raise _broken(
            table, f"{number} row(s) have no value for {rule['empty']}, which must not be null.", rule["empty"]
        )


def _required(engine: MongodbEngine, table: Table, rule: Rule) -> None:
    number = engine.count_nulls(table, rule["required"])
    if number:
        raise _broken(table, f"{number} row(s) hold a null in {rule['required']}.", rule["required"])


def _check(engine: MongodbEngine, table: Table, rule: Rule) -> None:
    number = engine.violations(table, Check(rule["check"], rule["expression"]))
    if number:
        raise _broken(table, f"{number} row(s) break the rule {rule['check']}: {rule['expression']}.", rule["check"])


def _unique(engine: MongodbEngine, table: Table, rule: Rule) -> None:
    number, _unused = engine.duplicates(table, rule["unique"], rule.get("where", ""))
    if number:
        columns = ", ".join(rule["unique"])
        raise _broken(table, f"{number} value(s) of {columns} occur more than once.", rule["name"])


def _without(engine: MongodbEngine, table: Table, rule: Rule) -> None:
    with translated(f"Counting the documents of {table.name}"):
        number = engine.collection(table.name).count_documents({rule["without"]: {"$in": list(rule["values"])}})
    if number:
        values = ", ".join(rule["values"])
        raise _broken(table, f"{number} row(s) of {rule['without']} hold a value that goes: {values}.", rule["without"])


def _convertible(engine: MongodbEngine, table: Table, rule: Rule) -> None:
    from .updates import conversion_of, converted

    told = rule["convertible"]
    convert = conversion_of(engine, told)
    with translated(f"Reading the documents of {table.name}"):
        for document in engine.collection(table.name).find({told["field"]: {"$exists": True}}, {told["field"]: True}):
            value = document.get(told["field"])
            if value is not None:
                converted(convert, value, document["_id"], told)


def _broken(table: Table, message: str, constraint: str) -> ConstraintViolated:
    return ConstraintViolated(
        f"{table.name}: {message}",
        hint="First mend those rows, in an execute step.",
        table=table.name,
        constraint=constraint,
    )


_RULES: dict[str, Callable[[Any, Table, Rule], None]] = {
    "empty": _empty,
    "required": _required,
    "check": _check,
    "unique": _unique,
    "without": _without,
    "convertible": _convertible,
}
