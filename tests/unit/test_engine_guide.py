# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guide to the engines says what the engines say."""

from __future__ import annotations

from ansible_collections.ctrlaltplay.paneldb.tests.tools import engine_guide


def test_the_tables_are_those_that_the_engines_give() -> None:
    written = engine_guide.GUIDE.read_text(encoding="utf-8")
    assert written == engine_guide.renewed(written), f"run python -m {engine_guide.__name__}"


def test_every_engine_is_asked() -> None:
    titles = {kind.engine.name for kind in engine_guide.kinds()}
    assert titles == {"sqlite", "postgresql", "mysql", "mongodb"}


def test_what_an_engine_leaves_out_is_told() -> None:
    text = engine_guide.generated()
    assert "SQLite keeps no comments" in text
    assert "There are no partial indexes" in text
    assert "MongoDB has no foreign keys" in text
    assert "MySQL cannot have table t, which has no column." in text
