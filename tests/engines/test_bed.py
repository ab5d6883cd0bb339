# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The grid's own promises: each engine's bed gives an empty database, and none where it says so."""

from __future__ import annotations

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines import NAMES
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import Target
from ansible_collections.ctrlaltplay.paneldb.tests.support.grid import Bed

pytestmark = pytest.mark.dialect


def test_the_bed_is_of_a_known_engine(bed: Bed, target: Target) -> None:
    assert bed.engine == target.engine
    assert bed.engine in NAMES


def test_databases_are_empty_and_apart(bed: Bed, target: Target) -> None:
    bed.add_table(target, "mine")
    bed.put(target, "mine", [{"id": 7}])
    assert bed.read(target, "mine", ["id"]) == [(7,)]
    with bed.database() as other:
        bed.add_table(other, "mine")
        assert bed.count(other, "mine") == 0


def test_what_is_put_is_read_and_changed(bed: Bed, target: Target) -> None:
    bed.add_table(target, "parent")
    bed.add_table(target, "child", refers_to="parent")
    bed.add_column(target, "child", "more")
    bed.put(target, "child", [{"id": 2, "other": 9, "more": None}, {"id": 1, "other": None, "more": 5}])
    assert bed.read(target, "child", ["id", "other", "more"]) == [(1, None, 5), (2, 9, None)]
    bed.change(target, "child", {"more": 3})
    assert bed.read(target, "child", ["more"]) == [(3,), (3,)]


def test_a_snapshot_sees_rows_and_tables(bed: Bed) -> None:
    absent = bed.absent()
    assert bed.snapshot(absent) == ""
    with bed.database() as target:
        seen = [bed.snapshot(target)]
        bed.add_table(target, "mine")
        seen.append(bed.snapshot(target))
        bed.put(target, "mine", [{"id": 1}])
        seen.append(bed.snapshot(target))
        assert bed.snapshot(target) == seen[-1]
        bed.drop_table(target, "mine")
        seen.append(bed.snapshot(target))
    assert len(set(seen[:3])) == 3
    assert seen[3] == seen[0]
