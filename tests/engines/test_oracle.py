# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The same model made by SQLAlchemy and by the engine looks the same to SQLAlchemy.

Names are plain ones: on SQLite its inspector finds names of keys by a pattern, which hostile names escape.
"""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines import connect
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.schema import Schema
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.planning import apply_plan
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.schemas.push import plan_push
from ansible_collections.ctrlaltplay.paneldb.tests.support import sqlalchemy_oracle as oracle
from ansible_collections.ctrlaltplay.paneldb.tests.support.choices import PLAIN_STEMS
from ansible_collections.ctrlaltplay.paneldb.tests.support.grid import Bed
from ansible_collections.ctrlaltplay.paneldb.tests.support.strategies import schemas


@pytest.mark.sql
# Tables that refer to each other are made all the same; only the order in which Alembic compares them is then open.
@pytest.mark.filterwarnings("ignore:Cannot correctly sort tables")
@settings(max_examples=10)
@given(model=schemas(PLAIN_STEMS))
def test_sqlalchemy_sees_what_it_would_have_made(bed: Bed, model: Schema) -> None:
    with bed.database() as ours, bed.database() as theirs:
        with connect(ours) as engine:
            apply_plan(engine, plan_push(engine, model).plan)
        with oracle.opened(ours) as made_by_us, oracle.opened(theirs) as made_by_them:
            metadata = oracle.make(made_by_them, model)
            seen, expected = oracle.see(made_by_us), oracle.see(made_by_them)
            left = oracle.missed(made_by_us, metadata)
    assert left == []
    assert seen.keys() == expected.keys() == {table.name for table in model.tables}
    for name, table in expected.items():
        assert seen[name] == table
