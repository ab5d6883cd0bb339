# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A table as a validator tells it, where that is not the one that we would write."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from ...model.data import OPAQUE
from ...model.schema import Check, Column, Table
from ...model.types import Type, parse_type
from .indexes import ID
from .jsontext import to_json
from .validators import STRICT, Document, Enums, Parts, canonical, clauses_of, rule_of, strictness_of, validator_of

#: Logical types by the BSON types that a rule allows, where it says nothing else.
_TYPES = {
    frozenset(["string"]): Type("text"),
    frozenset(["bool"]): Type("boolean"),
    frozenset(["int"]): Type("integer"),
    frozenset(["long"]): Type("bigint"),
    frozenset(["int", "long"]): Type("bigint"),
    frozenset(["double"]): Type("float"),
    frozenset(["date"]): Type("timestamp"),
    frozenset(["binData"]): Type("bytes"),
    frozenset(["object"]): Type("json"),
    frozenset(["array"]): Type("json"),
    frozenset(["object", "array"]): Type("json"),
}


def as_validated(table: Table, enums: Enums, validator: Document, strictness: Mapping[str, str]) -> Table:
    """Give the table as this validator has it; ``strictness`` is how strictly it is obeyed, empty without a validator.

    A column with another rule has the type that the rule means, a check that is not in it is gone, and what else it
    says is a check in the server's own words.
    """
    found, ours = Parts.of(validator), Parts.of(validator_of(table, enums))
    columns = [_column(column, found, ours, enums) for column in table.columns]
    columns.extend(
        _inferred(Column(name, Type("text")), rule, name in found.required, enums)
        for name, rule in found.properties.items()
        if name not in ours.properties and name != ID and table.find("column", name) is None
    )
    clauses = [canonical(clause) for clause in found.clauses]
    kept = [check for check in table.checks if _is_in(check, table, clauses)]
    known = {canonical(clause) for check in kept for clause in clauses_of(check, table)}
    others = [clause for clause in found.clauses if canonical(clause) not in known]
    checks = (*kept, *map(_foreign_check, others), *_loosened(table, strictness))
    return replace(table, columns=tuple(columns), checks=tuple(checks))


def _is_in(check: Check, table: Table, clauses: list[str]) -> bool:
    return all(canonical(clause) in clauses for clause in clauses_of(check, table))


def _foreign_check(clause: Document) -> Check:
    text = canonical(clause)
    return Check(f"validator_{hashlib.sha256(text.encode()).hexdigest()[:8]}", OPAQUE + text)


def _loosened(table: Table, strictness: Mapping[str, str]) -> Iterator[Check]:
    """A validator that is not obeyed as strictly as we would have it."""
    usual = strictness_of(table)
    said = {key: value for key, value in strictness.items() if usual[key] != value}
    if said:
        yield Check("validator_strictness", OPAQUE + to_json({**STRICT, **said}))


def _column(column: Column, found: Parts, ours: Parts, enums: Enums) -> Column:
    rule, expected = found.properties.get(column.name, {}), ours.properties.get(column.name, {})
    required = column.name in found.required
    if canonical(rule) == canonical(expected):
        return column if column.null != required else replace(column, null=not required)
    return _inferred(column, rule, required, enums)


def _inferred(column: Column, rule: Document, required: bool, enums: Enums) -> Column:
    """Give the column with the type that a rule means: the one it names itself, where it is the rule of that type."""
    for kind in _named(rule):
        for null in (False, True):
            made = replace(column, type=kind, null=null)
            if canonical(rule_of(made, enums)) == canonical(rule):
                return replace(made, null=not required)
    return replace(column, type=_meant(rule), null=not required)


def _named(rule: Document) -> Iterator[Type]:
    try:
        yield parse_type(str(rule.get("description", "")))
    except ValueError:
        return


def _meant(rule: Document) -> Type:
    told: Any = rule.get("bsonType", rule.get("type", ()))
    kinds = frozenset([told] if isinstance(told, str) else told) - {"null"}
    more = set(rule) - {"bsonType", "description", "title"}
    if kinds == {"string"} and more == {"maxLength"}:
        return Type("string", (str(int(rule["maxLength"])),))
    if kinds in _TYPES and not more:
        return _TYPES[kinds]
    return Type("foreign", (canonical(rule),))
