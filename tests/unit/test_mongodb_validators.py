# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Validators in the form that MongoDB's manual documents, and tables as other validators tell them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.mongodb.canonical import (
    canonical_schema,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.mongodb.validated import as_validated
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.mongodb.validators import (
    STRICT,
    canonical,
    enums_of,
    relaxed,
    validator_of,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.schema import Check, Table
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.types import Type
from ansible_collections.ctrlaltplay.paneldb.tests.support.models import model

NODES = canonical_schema(
    model("""
    enums: {status: [ONLINE, OFFLINE]}
    tables:
      nodes:
        columns:
          id: {type: uuid}
          name: {type: string(50)}
          note: {type: text, null: true}
          port: {type: integer}
          size: {type: bigint, null: true}
          load: {type: float}
          price: {type: "decimal(10,2)"}
          active: {type: boolean}
          status: {type: enum(status)}
          former: {type: enum(status), null: true}
          seen: {type: timestamp}
          config: {type: json}
          key: {type: bytes}
        primary_key: [id]
        checks:
          - port between 1 and 65535
          - length(name) > 0 and name like 'n%'
          - note in ('a', 'b')
          - load > 0.5 and load < 99.5
          - port > size
    """)
)
TABLE = NODES.tables[0]
ENUMS = enums_of(NODES)


def test_the_documented_form() -> None:
    validator = validator_of(TABLE, ENUMS)
    schema, *clauses = validator["$and"]
    assert schema["$jsonSchema"]["bsonType"] == "object"
    assert schema["$jsonSchema"]["required"] == [column.name for column in TABLE.columns if not column.null]
    rules = schema["$jsonSchema"]["properties"]
    assert {name: rule.get("bsonType") for name, rule in rules.items()} == {
        "id": "string",
        "name": "string",
        "note": ["string", "null"],
        "port": "int",
        "size": ["int", "long", "null"],
        "load": "double",
        "price": "decimal",
        "active": "bool",
        "status": None,
        "former": None,
        "seen": "date",
        "config": None,
        "key": "binData",
    }
    assert rules["name"] == {"description": "string(50)", "bsonType": "string", "maxLength": 50}
    assert rules["status"] == {"description": "enum(status)", "enum": ["ONLINE", "OFFLINE"]}
    assert rules["former"]["enum"] == ["ONLINE", "OFFLINE", None]
    said = [each["$jsonSchema"]["properties"] for each in clauses if "$jsonSchema" in each]
    assert {"port": {"minimum": 1, "maximum": 65535}} in said
    assert {"name": {"minLength": 1, "pattern": r"^n[\s\S]*\z"}} in said
    assert {"note": {"enum": ["a", "b", None]}} in said
    bounds = {"minimum": 0.5, "exclusiveMinimum": True, "maximum": 99.5, "exclusiveMaximum": True}
    assert {"load": bounds} in said
    broken = {"$and": [{"$gt": ["$port", None]}, {"$gt": ["$size", None]}, {"$lte": ["$port", "$size"]}]}
    assert [each for each in clauses if "$jsonSchema" not in each] == [{"$expr": {"$not": [broken]}}]


def test_a_table_without_rules_has_no_validator() -> None:
    assert validator_of(Table("t"), {}) == {}


def test_our_own_validator_tells_the_table() -> None:
    assert as_validated(TABLE, ENUMS, validator_of(TABLE, ENUMS), STRICT) == TABLE


def changed(**rules: Any) -> dict[str, Any]:
    """Our validator with other rules for some columns; None for no rule."""
    validator = validator_of(TABLE, ENUMS)
    properties = validator["$and"][0]["$jsonSchema"]["properties"]
    properties.update(rules)
    for name in [name for name, rule in rules.items() if rule is None]:
        del properties[name]
    return validator


@pytest.mark.parametrize(
    ("column", "rule", "kind"),
    [
        ("name", {"description": "string(40)", "bsonType": "string", "maxLength": 40}, "string(40)"),
        ("name", {"bsonType": "string"}, "text"),
        ("name", {"bsonType": ["string", "null"], "maxLength": 9}, "string(9)"),
        ("port", {"bsonType": ["int", "long"]}, "bigint"),
        ("port", {"bsonType": "double"}, "float"),
        ("seen", {"bsonType": "timestamp"}, 'foreign({"bsonType": "timestamp"})'),
        ("active", None, "foreign({})"),
    ],
)
def test_a_changed_rule_is_another_type(column: str, rule: Any, kind: str) -> None:
    found = as_validated(TABLE, ENUMS, changed(**{column: rule}), STRICT)
    assert str(found.column(column).type) == kind
    assert [each.name for each in found.columns if each != TABLE.column(each.name)] == [column]
    assert found.checks == TABLE.checks
    assert as_validated(found, ENUMS, validator_of(found, ENUMS), STRICT) == found


def test_a_field_that_must_be_there_is_never_null() -> None:
    validator = validator_of(TABLE, ENUMS)
    required = validator["$and"][0]["$jsonSchema"]["required"]
    required.remove("port")
    required.append("note")
    found = as_validated(TABLE, ENUMS, validator, STRICT)
    assert (found.column("port").null, found.column("note").null) == (True, False)


def test_a_check_that_is_gone_or_new_or_looser() -> None:
    validator = validator_of(TABLE, ENUMS)
    gone = next(check for check in TABLE.checks if "port >= 1" in check.expression)
    ranges = [each for each in validator["$and"][1:] if "port" in each.get("$jsonSchema", {}).get("properties", ())]
    validator["$and"].remove(ranges[0])
    validator["$and"].append({"$expr": {"$ne": ["$id", "$name"]}})
    found = as_validated(TABLE, ENUMS, validator, {**STRICT, "validationAction": "warn"})
    assert gone not in found.checks
    assert found.columns == TABLE.columns
    foreign = [check for check in found.checks if check not in TABLE.checks]
    assert sorted(check.expression for check in foreign) == [
        'opaque:{"$expr": {"$ne": ["$id", "$name"]}}',
        'opaque:{"validationLevel": "strict", "validationAction": "warn"}',
    ]
    again = as_validated(found, ENUMS, validator_of(found, ENUMS), {**STRICT, "validationAction": "warn"})
    assert again == found, "what is somebody else's stays as long as nobody drops it"


def test_without_a_validator_nothing_is_sure() -> None:
    found = as_validated(TABLE, ENUMS, {}, {})
    assert {str(column.type) for column in found.columns} == {"foreign({})"}
    assert all(column.null for column in found.columns)
    assert found.checks == ()


def test_the_order_of_keys_and_sets_means_nothing() -> None:
    one = {"required": ["a", "b"], "properties": {"a": {"bsonType": ["int", "null"]}, "b": {}}}
    other = {"properties": {"b": {}, "a": {"bsonType": ["null", "int"]}}, "required": ["b", "a"]}
    assert canonical(one) == canonical(other)
    assert canonical({"allOf": [1, 2]}) != canonical({"allOf": [2, 1]})


def test_foreign_collections_are_read_from_their_validators() -> None:
    validator = {
        "$jsonSchema": {
            "title": "theirs",
            "required": ["a"],
            "properties": {"_id": {}, "a": {"bsonType": "string"}, "b": {"bsonType": "object"}},
            "additionalProperties": False,
        }
    }
    found = as_validated(Table("theirs"), {}, validator, STRICT)
    assert [(column.name, str(column.type), column.null) for column in found.columns] == [
        ("a", "text", False),
        ("b", "json", True),
    ]
    assert [check.expression for check in found.checks] == ['opaque:{"$jsonSchema": {"additionalProperties": false}}']


def test_while_documents_change_both_forms_are_taken() -> None:
    wider = replace(TABLE.column("name"), type=Type("string", ("99",)), null=True)
    after = replace(TABLE.put(wider).without("column", "port"), checks=(Check("c", "note in ('a', 'b')"),))
    told = relaxed(validator_of(TABLE, ENUMS), validator_of(after, ENUMS), {"load": "weight"})
    parts, either, check = told["$and"]
    parts = parts["$jsonSchema"]
    kinds = [each["$jsonSchema"]["properties"]["name"]["maxLength"] for each in either["$or"]]
    assert kinds == [50, 99]
    assert "name" not in parts["properties"]
    assert "port" in parts["properties"]
    assert not {"name", "port"} & set(parts["required"])
    assert "load" not in parts["properties"], "a field under its new or its former name"
    assert check == {"$jsonSchema": {"properties": {"note": {"enum": ["a", "b", None]}}}}
    assert relaxed(told, validator_of(after, ENUMS), {"load": "weight"}) == told, "a run that goes on loosens no more"


def test_two_limits_of_one_kind_are_both_obeyed() -> None:
    _schema, *clauses = validator_of(replace(TABLE, checks=(Check("c", "size > 1 and size > 2"),)), ENUMS)["$and"]
    rules = [{"minimum": bound, "exclusiveMinimum": True} for bound in (1, 2)]
    assert clauses == [{"$jsonSchema": {"properties": {"size": rule}}} for rule in rules]
