# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The core as it travels to hosts: what a use case needs is in it, and loads whatever Python the host has."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils._core import unpacked
from ansible_collections.ctrlaltplay.paneldb.plugins.plugin_utils import core as sending

USE_CASES = ("accounts", "databases", "host", "migrations", "nodes", "queries", "schemas", "seeds")
#: Folders of use cases are the same on every engine, and folders of engines for every use case.
SENT = [*((each, "sqlite") for each in USE_CASES), *(("seeds", each) for each in ("postgresql", "mysql", "mongodb"))]
UTILITIES = Path(sending.__file__).parents[1] / "module_utils"

#: Imports modules of the core and tells which ones came out of the parts, by no file.
IMPORTING = """
import importlib, json, sys
sys.path.insert(0, sys.argv[1])
from _core import Core
sys.path.remove(sys.argv[1])
parts, names = json.load(sys.stdin)
Core(parts).install()
for name in names:
    importlib.import_module(name)
print(json.dumps([n for n, m in sys.modules.items() if n.startswith("paneldb") and not hasattr(m, "__file__")]))
"""


def imported(parts: dict[str, str], names: Sequence[str]) -> list[str]:
    """Import modules in a process that has no core but these parts; give all that were loaded."""
    argv = [sys.executable, "-c", IMPORTING, str(UTILITIES)]
    done = subprocess.run(argv, input=json.dumps([parts, names]), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: list[str] = json.loads(done.stdout)
    return found


def modules(parts: dict[str, str]) -> list[str]:
    """The names of the modules in the parts."""
    return [name.removesuffix(".__init__") for name in unpacked(parts["source"])]


def wanted(name: str, source: bytes) -> Iterator[str]:
    """What a module imports of the core, at its top or in its functions."""
    package = name.split(".")[:-1]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = package[: len(package) - node.level + 1]
            names = [node.module] if node.module else [each.name for each in node.names]
            yield from (".".join([*base, name]) for name in names)


@pytest.mark.parametrize(("use_case", "engine"), SENT)
def test_that_all_modules_of_a_use_case_load_without_the_others(use_case: str, engine: str) -> None:
    parts = sending.core(use_case, engine)
    names = modules(parts)
    others = {*USE_CASES} - {use_case, sending._BUILT_ON.get(use_case)}
    assert not [name for name in names if set(name.split(".")[1:2]) & others]
    assert sorted(imported(parts, names)) == sorted(names)


@pytest.mark.parametrize(("use_case", "engine"), [each for each in SENT if "host" not in each])
def test_that_no_function_of_a_use_case_imports_what_is_not_sent(use_case: str, engine: str) -> None:
    parts = sending.core(use_case, engine)
    sent = set(modules(parts))
    chooses = {"paneldb.engines.__init__", "paneldb.engines.journal"}
    lacking = {
        (name, other)
        for name, source in unpacked(parts["source"]).items()
        if name not in chooses
        for other in wanted(name, source)
        if other not in sent
    }
    assert not lacking


def test_that_source_is_compiled_where_the_host_has_another_python() -> None:
    parts = {**sending.core("seeds", "sqlite"), "magic": "another", "code": ""}
    assert "paneldb.seeds.plan" in imported(parts, ["paneldb.seeds.plan", "paneldb.engines.sqlite.engine"])


def test_that_any_engine_may_be_asked_for_where_none_is_named() -> None:
    names = modules(sending.core("queries", ""))
    assert {"paneldb.engines.sqlite.engine", "paneldb.engines.postgresql.engine"} <= set(names)
    assert not [name for name in modules(sending.core("queries", "sqlite")) if ".postgresql" in name]


def test_that_a_changed_source_is_sent_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "_FOLDER", tmp_path)
    source = tmp_path / "errors.py"
    source.write_text("A = 1\n")
    first = sending.core("seeds", "sqlite")
    assert sending.core("seeds", "sqlite") == first
    source.write_text("A = 1000\n")
    assert unpacked(sending.core("seeds", "sqlite")["source"]) == {f"{tmp_path.name}.errors": b"A = 1000\n"}


def test_that_parts_are_made_where_nothing_can_be_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "_FOLDER", tmp_path)
    (tmp_path / "errors.py").write_text("A = 1\n")
    (tmp_path / "__pycache__").write_text("no folder")
    assert modules(sending.core("seeds", "sqlite")) == [f"{tmp_path.name}.errors"]
