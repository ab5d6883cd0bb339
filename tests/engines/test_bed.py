# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The grid's own promises: each engine's bed gives an empty database, and none where it says so."""

from __future__ import annotations

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines import NAMES
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import Target
from ansible_collections.ctrlaltplay.paneldb.tests.support.grid import Bed


def test_the_bed_is_of_a_known_engine(bed: Bed, target: Target) -> None:
    assert bed.engine == target.engine
    assert bed.engine in NAMES


def test_databases_are_empty_and_apart(bed: Bed, target: Target) -> None:
    bed.rows(target, "CREATE TABLE mine (id integer)")
    bed.rows(target, "INSERT INTO mine VALUES (7)")
    assert bed.rows(target, "SELECT id FROM mine") == [(7,)]
    with bed.database() as other:
        bed.rows(other, "CREATE TABLE mine (id integer)")
        assert bed.rows(other, "SELECT count(*) FROM mine") == [(0,)]
