# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The difference of two schemas holds for any two of them: it leads there, and back, whatever the order of things."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.diff import difference, unmanaged
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.operations import Drop, replay
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.renames import suspected_renames
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.schema import Schema, Table
from ansible_collections.ctrlaltplay.paneldb.tests.support.edits import Pair, related
from ansible_collections.ctrlaltplay.paneldb.tests.support.models import alike
from ansible_collections.ctrlaltplay.paneldb.tests.support.strategies import schemas


@settings(max_examples=60)
@given(schemas())
def test_nothing_lies_between_a_schema_and_itself(schema: Schema) -> None:
    assert difference(schema, schema, prune=True) == ()
    assert difference(schema, schema, prune=False) == ()
    assert unmanaged(schema, schema) == ()
    assert suspected_renames(schema, schema) == ()


@settings(max_examples=100)
@given(schemas(), schemas())
def test_it_leads_from_any_schema_to_any_other_and_back(before: Schema, after: Schema) -> None:
    operations = difference(before, after, prune=True)
    assert alike(replay(operations, before)) == alike(after)
    back = [operation.inverse() for operation in reversed(operations)]
    assert alike(replay(back, after)) == alike(before)


@settings(max_examples=150)
@given(related())
def test_it_follows_edits_and_their_renames(pair: Pair) -> None:
    operations = difference(pair.before, pair.after, prune=True)
    assert alike(replay(operations, pair.before)) == alike(pair.after)
    dropped = {
        operation.element.name
        for operation in operations
        if operation.name == "drop_table" and isinstance(operation, Drop)
    }
    assert dropped.isdisjoint(pair.tables), "a table that was renamed is not made anew"
    assert difference(replay(operations, pair.before), pair.after, prune=True) == ()


@settings(max_examples=100)
@given(related())
def test_what_the_target_does_not_name_stays_without_prune(pair: Pair) -> None:
    operations = difference(pair.before, pair.after, prune=False)
    reached = replay(operations, pair.before)
    assert difference(reached, pair.after, prune=False) == ()
    for table in pair.before.tables:
        kept = {after: before for after, before in pair.tables.items() if before == table.name}
        left = reached.table(next(iter(kept), table.name))
        assert left is not None
        assert len(left.columns) >= len(table.columns)
    pruned = replay(difference(reached, pair.after, prune=True), reached)
    assert alike(pruned) == alike(pair.after)


@settings(max_examples=100)
@given(related())
def test_unmanaged_is_what_prune_would_take(pair: Pair) -> None:
    reached = replay(difference(pair.before, pair.after, prune=False), pair.before)
    named = {tuple(place) for place in unmanaged(reached, pair.after)}
    gone = {
        (operation.table, operation.element.kind, operation.element.name)
        for operation in difference(reached, pair.after, prune=True)
        if isinstance(operation, Drop)
    }
    assert {place for place in gone if place in named} == named


@settings(max_examples=60)
@given(related(), st.randoms(use_true_random=False))
def test_the_order_in_which_things_stand_has_no_influence(pair: Pair, random: Random) -> None:
    usual = difference(pair.before, pair.after, prune=True)
    assert difference(_shuffled(pair.before, random), _shuffled(pair.after, random), prune=True) == usual


def _shuffled(schema: Schema, random: Random) -> Schema:
    tables = [_rules_shuffled(table, random) for table in schema.tables]
    random.shuffle(tables)
    enums = list(schema.enums)
    random.shuffle(enums)
    return Schema(tuple(tables), tuple(enums))


def _rules_shuffled(table: Table, random: Random) -> Table:
    slots: dict[str, Any] = {}
    for slot in ("uniques", "indexes", "foreign_keys", "checks"):
        rules = list(getattr(table, slot))
        random.shuffle(rules)
        slots[slot] = tuple(rules)
    return replace(table, **slots)
