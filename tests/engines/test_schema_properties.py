# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Any schema can be made and is read back; any two can be led into one another with rows in them, and back."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines import connect
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.base import Engine
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.diff import difference
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.operations import Operation
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.plan import Plan
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.schema import Schema
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.planning import Change, apply_plan, compose
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.schemas.push import plan_push
from ansible_collections.ctrlaltplay.paneldb.tests.support.edits import Pair, related
from ansible_collections.ctrlaltplay.paneldb.tests.support.engine_rows import read_rows, table_of, write_rows
from ansible_collections.ctrlaltplay.paneldb.tests.support.grid import Bed
from ansible_collections.ctrlaltplay.paneldb.tests.support.models import alike
from ansible_collections.ctrlaltplay.paneldb.tests.support.rows import Rows, filled
from ansible_collections.ctrlaltplay.paneldb.tests.support.strategies import schemas


def bring(engine: Engine, model: Schema) -> Plan:
    """Lead the database to the model, whatever it costs; check mode is seen to tell what then happens."""
    before = engine.catalogue()
    checked = plan_push(engine, model, prune=True).plan
    assert engine.catalogue().schema == before.schema, "planning writes nothing"
    _steps, expected = engine.compile(operations_of(checked), before)
    plan = plan_push(engine, model, prune=True).plan
    assert plan == checked
    apply_plan(engine, plan)
    assert alike(engine.catalogue().schema) == alike(expected.schema), "later stages are compiled on what is foreseen"
    return plan


def assert_there(engine: Engine, model: Schema) -> None:
    """The database is as the model says, and nothing is left to do."""
    assert alike(engine.catalogue().schema) == alike(engine.canonical(model))
    again = plan_push(engine, model, prune=True).plan
    assert not again.changed
    assert again.fingerprint == ""


def operations_of(plan: Plan) -> tuple[Operation, ...]:
    return tuple(operation for stage in plan.stages for operation in stage.operations)


@settings(max_examples=25)
@given(data=st.data())
def test_any_model_is_made_and_read_back(bed: Bed, data: st.DataObject) -> None:
    model = data.draw(schemas(bed.stems))
    with bed.database() as target, connect(target) as engine:
        assert bring(engine, model).fingerprint
        assert engine.catalogue().schema == engine.canonical(model)
        assert_there(engine, model)


@settings(max_examples=30)
@given(data=st.data())
def test_any_model_is_led_to_any_edit_of_it_with_its_rows_and_back(bed: Bed, data: st.DataObject) -> None:
    pair, rows = data.draw(filled(bed.stems))
    with bed.database() as target, connect(target) as engine:
        bring(engine, pair.before)
        first = engine.catalogue().schema
        write_rows(engine, first, rows)
        plan = bring(engine, pair.after)
        assert_there(engine, pair.after)
        _assert_kept(engine, pair, rows, first)
        back = tuple(operation.inverse() for operation in reversed(operations_of(plan)))
        apply_plan(engine, compose(engine, [Change("", back)]))
        assert alike(engine.catalogue().schema) == alike(first)
        _assert_back(engine, pair, rows, first)


def _assert_kept(engine: Engine, pair: Pair, rows: Rows, first: Schema) -> None:
    """Every value of a column that kept its type is there, under the names of now."""
    now = engine.catalogue().schema
    for name, former in pair.tables.items():
        if former not in rows:
            continue
        columns, values = rows[former]
        table, was = table_of(now, name), table_of(first, former)
        kept = {
            column: old
            for (holder, column), (_unused, old) in sorted(pair.columns.items())
            if holder == name and was.column(old).type == table.column(column).type
        }
        places = [columns.index(old) for old in kept.values()]
        expected = sorted((tuple(row[place] for place in places) for row in values), key=repr)
        assert read_rows(engine, table, list(kept)) == expected


def _assert_back(engine: Engine, pair: Pair, rows: Rows, first: Schema) -> None:
    """Every value of a column that was kept is there again, as it was, whatever types it had meanwhile."""
    for name, former in pair.tables.items():
        if former not in rows:
            continue
        columns, values = rows[former]
        kept = sorted(old for (holder, _unused), (_unused, old) in pair.columns.items() if holder == name)
        expected = sorted((tuple(row[columns.index(old)] for old in kept) for row in values), key=repr)
        assert read_rows(engine, table_of(first, former), kept) == expected


@settings(max_examples=15)
@given(data=st.data())
def test_operations_of_a_model_lead_where_the_model_leads(bed: Bed, data: st.DataObject) -> None:
    """Migration files hold operations between models; pushing a model compares with the catalogue."""
    pair = data.draw(related(bed.stems))
    with bed.database() as target, connect(target) as engine:
        for before, after in ((Schema(), pair.before), (pair.before, pair.after)):
            apply_plan(engine, compose(engine, [Change("m", difference(before, after, prune=True))]))
            assert alike(engine.catalogue().schema) == alike(engine.canonical(after))


@settings(max_examples=10)
@given(data=st.data())
def test_what_a_model_does_not_name_stays(bed: Bed, data: st.DataObject) -> None:
    pair = data.draw(related(bed.stems))
    with bed.database() as target, connect(target) as engine:
        bring(engine, pair.before)
        before = engine.catalogue().schema
        push = plan_push(engine, pair.after)
        apply_plan(engine, push.plan)
        after = engine.catalogue().schema
        assert not plan_push(engine, pair.after).plan.changed
        assert len(after.tables) >= len(before.tables)
        assert sum(len(table.columns) for table in after.tables) >= sum(len(table.columns) for table in before.tables)
        for place in push.unmanaged:
            assert after.element(*place) is not None
