# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Validators: what a server makes sure of in the documents of a collection, and how a table is told by it.

The validator of a table is a ``$jsonSchema`` with a rule for each column, and ``required`` for those that are never
null; beside it stands one more for each check that can be said so, and an ``$expr`` for each that compares columns. The
description of a column's rule is its logical type, which is also what the server shows when it refuses a document.
Alternatives stand in ``$and`` and ``$or``: not every server that has validators knows ``allOf`` and ``anyOf`` in them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ...model.data import OPAQUE
from ...model.expression_tree import Call, Comparison, Expression, In, Like, Literal, Logical
from ...model.expression_tree import Column as ColumnName
from ...model.schema import Check, Column, Schema, Table
from .conditions import Inexpressible, formula_of, like_pattern, number_value
from .jsontext import from_json, to_json

Document = dict[str, Any]
Enums = Mapping[str, Sequence[str]]

_UUID = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
_UUID_LENGTH = 36

#: BSON types in which each logical type is kept; a client that sends a small number sends it as int.
BSON_TYPES: dict[str, tuple[str, ...]] = {
    "uuid": ("string",),
    "string": ("string",),
    "text": ("string",),
    "boolean": ("bool",),
    "integer": ("int",),
    "bigint": ("int", "long"),
    "decimal": ("decimal",),
    "float": ("double",),
    "timestamp": ("date",),
    "bytes": ("binData",),
}
#: How strictly a server obeys a validator; these are its own words and its own defaults.
STRICT = {"validationLevel": "strict", "validationAction": "error"}


def enums_of(schema: Schema) -> Enums:
    """Give the values of each enum."""
    return {enum.name: enum.values for enum in schema.enums}


def validator_of(table: Table, enums: Enums) -> Document:
    """Give the validator of a table; an empty one where there is nothing to make sure of."""
    schema: Document = {}
    required = [column.name for column in table.columns if not column.null]
    rules = {column.name: rule_of(column, enums) for column in table.columns}
    rules = {name: rule for name, rule in rules.items() if rule}
    if required:
        schema["required"] = required
    if rules:
        schema["properties"] = rules
    return _together(schema, [clause for check in table.checks for clause in clauses_of(check, table)])


def _together(schema: Document, clauses: Iterable[Document]) -> Document:
    whole: list[Document] = [{"$jsonSchema": {"bsonType": "object", **schema}}] if schema else []
    whole.extend(clauses)
    return {"$and": whole} if len(whole) > 1 else whole[0] if whole else {}


def strictness_of(table: Table) -> Document:
    """Give how strictly the validator is obeyed: as strictly as can be, unless somebody changed that and it stays."""
    said = dict(STRICT)
    for check in table.checks:
        said.update({key: value for key, value in _opaque(check).items() if key in STRICT})
    return said


def rule_of(column: Column, enums: Enums) -> Document:
    """Give the rule for a column's values."""
    kind = column.type
    if kind.name == "foreign":
        return dict(from_json(kind.arguments[0])) if kind.arguments[0].startswith("{") else {}
    rule: Document = {"description": str(kind)}
    if kind.name == "enum":
        values: list[Any] = list(enums.get(kind.enum, ()))
        return {**rule, "enum": [*values, None] if column.null else values}
    if kind.name in BSON_TYPES:
        names = [*BSON_TYPES[kind.name], *(["null"] if column.null else [])]
        rule["bsonType"] = names[0] if len(names) == 1 else names
    if kind.name == "string":
        rule["maxLength"] = kind.length
    elif kind.name == "uuid":
        rule.update(pattern=_UUID, maxLength=_UUID_LENGTH)
    return rule


# --- checks ----------------------------------------------------------------------------------------------------------


def clauses_of(check: Check, table: Table) -> list[Document]:
    """Give what a check becomes: parts of the schema where it is about single columns, an expression where not.

    A text of our own that cannot be read back is somebody else's part of the validator, and stays as it is. A check
    that MongoDB cannot say gives nothing: it is declared only.
    """
    if check.expression.startswith(OPAQUE):
        clause = _opaque(check)
        return [clause] if clause and not set(clause) <= set(STRICT) else []
    from ...model.expressions import parse

    expression = parse(check.expression)
    parts = expression.operands if isinstance(expression, Logical) and expression.operator == "and" else (expression,)
    told = [_limits(each, table) for each in parts]
    if all(told):
        return [{"$jsonSchema": {"properties": rules}} for rules in _joined(each for each in told if each)]
    try:
        return [{"$expr": {"$not": [formula_of(check.expression, table, holds=False)]}}]
    except Inexpressible:
        return []


def is_said(check: Check, table: Table) -> bool:
    """Tell whether a validator makes sure of the check."""
    return bool(clauses_of(check, table)) or bool(_opaque(check))


def _opaque(check: Check) -> Document:
    text = check.expression
    if not text.startswith(OPAQUE + "{"):
        return {}
    try:
        return dict(from_json(text[len(OPAQUE) :]))
    except ValueError:
        return {}


def _joined(rules: Iterable[tuple[str, Document]]) -> list[Document]:
    """Bring rules together, in as few parts as there are rules that say the same word of one field."""
    parts: list[Document] = [{}]
    for name, rule in rules:
        part = next((each for each in parts if not set(each.get(name, ())) & set(rule)), None)
        if part is None:
            part = {}
            parts.append(part)
        part.setdefault(name, {}).update(rule)
    return parts


def _limits(expression: Expression, table: Table) -> tuple[str, Document] | None:
    """Say a condition on one column as a rule for its values; rules say nothing of values of other types, nor null."""
    if isinstance(expression, Comparison):
        return _comparison(expression, table)
    if isinstance(expression, In) and isinstance(expression.operand, ColumnName):
        return _membership(expression, expression.operand.name, table)
    if isinstance(expression, Like) and isinstance(expression.operand, ColumnName):
        kinds = _kinds(expression.operand.name, table)
        return (expression.operand.name, {"pattern": like_pattern(expression.pattern)}) if "string" in kinds else None
    return None


_BOUNDS = {
    "<=": ("maximum", {}),
    ">=": ("minimum", {}),
    "<": ("maximum", {"exclusiveMaximum": True}),
    ">": ("minimum", {"exclusiveMinimum": True}),
}
_LENGTHS = {"<=": ("maxLength", 0), ">=": ("minLength", 0), "<": ("maxLength", -1), ">": ("minLength", 1)}


def _comparison(expression: Comparison, table: Table) -> tuple[str, Document] | None:
    operand, literal = expression.left, expression.right
    if not isinstance(literal, Literal) or literal.kind != "number" or expression.operator not in _BOUNDS:
        return None
    value: Any = number_value(literal.value)  # type: ignore[arg-type]
    if isinstance(operand, ColumnName) and {"int", "double"} & set(_kinds(operand.name, table)):
        word, more = _BOUNDS[expression.operator]
        return operand.name, {word: value, **more}
    if isinstance(operand, Call) and operand.name == "length" and isinstance(operand.arguments[0], ColumnName):
        word, shift = _LENGTHS[expression.operator]
        name = operand.arguments[0].name
        if "string" in _kinds(name, table) and isinstance(value, int) and value + shift >= 0:
            return name, {word: value + shift}
    return None


def _membership(expression: In, name: str, table: Table) -> tuple[str, Document] | None:
    kinds = _kinds(name, table)
    values = [item.value for item in expression.items]
    if kinds and set(kinds) <= {"string", "bool"}:
        return name, {"enum": [*values, None]}
    if kinds and set(kinds) <= {"int", "long", "double"}:
        return name, {"enum": [*(number_value(value) for value in values), None]}  # type: ignore[arg-type]
    return None


def _kinds(name: str, table: Table) -> tuple[str, ...]:
    column = table.find("column", name)
    if not isinstance(column, Column) or column.type.name == "uuid":
        return ()
    return ("string",) if column.type.name == "enum" else BSON_TYPES.get(column.type.name, ())


# --- while a table changes -------------------------------------------------------------------------------------------


def relaxed(before: Document, after: Document, renamed: Mapping[str, str]) -> Document:
    """Give what documents obey that are as before, as after, or in between.

    ``renamed`` leads from former names of columns to those of afterwards.
    """
    one, other = Parts.of(before).with_alternatives(), Parts.of(after)
    required = one.required & other.required - set(renamed.values())
    rules: Document = {}
    for name in [*one.properties, *(name for name in other.properties if name not in one.properties)]:
        told = [each.properties[name] for each in (one, other) if name in each.properties]
        rules[name] = told[0] if len(told) == 1 or told[0] == told[1] else _either(told)
    rules = {name: rule for name, rule in rules.items() if name not in {*renamed, *renamed.values()}}
    clauses = [clause for clause in one.clauses if clause in other.clauses]
    return Parts(rules, required, clauses).whole()


def _either(rules: Iterable[Document]) -> Document:
    """Give the rule that one of the rules is obeyed; it may be one of such rules itself."""
    alternatives: list[Document] = []
    for rule in rules:
        told = rule[_ANY_OF] if set(rule) == {_ANY_OF} else [rule]
        alternatives.extend(each for each in told if each not in alternatives)
    return {_ANY_OF: alternatives}


_ANY_OF = "anyOf"


class Parts(NamedTuple):
    """A validator taken apart: a rule for each field, the fields that must be there, and what else it says.

    A rule of alternatives is an ``anyOf`` here, and an ``$or`` of schemas in the whole.
    """

    properties: Document
    required: frozenset[str]
    clauses: list[Document]

    @classmethod
    def of(cls, validator: Document) -> Parts:
        """Take a validator apart, whoever wrote it."""
        properties: Document = {}
        required: set[str] = set()
        clauses: list[Document] = []
        for key, value in _conditions(validator):
            if key != "$jsonSchema":
                clauses.append({key: value})
                continue
            for word, told in value.items():
                if word == "properties" and not properties:
                    properties.update(told)
                elif word == "required":
                    required.update(told)
                elif word == "allOf":
                    clauses.extend({"$jsonSchema": each} for each in told)
                elif word not in ("bsonType", "title", "description") or (told != "object" and word == "bsonType"):
                    clauses.append({"$jsonSchema": {word: told}})
        return cls(properties, frozenset(required), clauses)

    def with_alternatives(self) -> Parts:
        """Take in the alternatives for single fields that ``whole`` has put beside the schema."""
        properties, clauses = dict(self.properties), []
        for clause in self.clauses:
            either = _alternatives(clause)
            if either is None or either[0] in properties:
                clauses.append(clause)
            else:
                properties.update([either])
        return Parts(properties, self.required, clauses)

    def whole(self) -> Document:
        """Put the parts together again."""
        schema: Document = {"required": sorted(self.required)} if self.required else {}
        either = {name: rule[_ANY_OF] for name, rule in self.properties.items() if set(rule) == {_ANY_OF}}
        rules = {name: rule for name, rule in self.properties.items() if name not in either}
        if rules:
            schema["properties"] = rules
        choices = [{"$or": [_of_one(name, rule) for rule in told]} for name, told in either.items()]
        return _together(schema, [*choices, *self.clauses])


def _of_one(name: str, rule: Document) -> Document:
    return {"$jsonSchema": {"properties": {name: rule}}}


def _alternatives(condition: Document) -> tuple[str, Document] | None:
    """Read what ``whole`` makes of the alternatives for one field."""
    told = condition.get("$or")
    if not isinstance(told, list) or not all(set(each) == {"$jsonSchema"} for each in told):
        return None
    schemas = [each["$jsonSchema"] for each in told]
    names = {name for schema in schemas for name in schema.get("properties", ())}
    if len(names) != 1 or not all(set(schema) == {"properties"} for schema in schemas):
        return None
    (name,) = names
    return name, {_ANY_OF: [schema["properties"][name] for schema in schemas]}


def _conditions(validator: Document) -> Iterator[tuple[str, Any]]:
    for key, value in validator.items():
        if key == "$and" and isinstance(value, list):
            for each in value:
                yield from _conditions(each)
        else:
            yield key, value


def canonical(told: Any) -> str:
    """Give a part of a validator as text in which the order of keys, and of what is a set, means nothing."""
    return to_json(_sorted(told))


def _sorted(told: Any) -> Any:
    if isinstance(told, dict):
        return {
            key: _as_set(told[key]) if key in ("required", "bsonType", "enum") else _sorted(told[key])
            for key in sorted(told)
        }
    return [_sorted(each) for each in told] if isinstance(told, list) else told


def _as_set(told: Any) -> Any:
    return sorted(told, key=repr) if isinstance(told, list) else told
