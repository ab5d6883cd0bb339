# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guides say what is so: their examples are read by the product, and no hazard goes without a line."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.documents.yaml_reader import parse_yaml
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.load import load_model
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.operation_data import (
    operations_from_data,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.nodes.entries import read_entries
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.nodes.listing import inline, listing
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.nodes.node_table import node_table
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.seeds.files import load_seeds
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.sources import Document, extend_model

CHECKOUT = Path(__file__).resolve().parents[2]
CORE = CHECKOUT / "plugins" / "module_utils" / "paneldb"
SHIPPED = CHECKOUT / "roles" / "panel" / "files"


def _examples(guide: str) -> list[str]:
    return re.findall(r"```yaml\n(.*?)```", (CHECKOUT / "docs" / guide).read_text(), re.DOTALL)


def _codes_of_the_guide() -> set[str]:
    rows = re.findall(r"^\| (`[^|]*`) \|", (CHECKOUT / "docs" / "hazards.md").read_text(), re.MULTILINE)
    return {code for row in rows for code in re.findall(r"`([a-z-]+)`", row)} - {"info", "warn", "block"}


def _codes_of_the_code() -> set[str]:
    rules = [*(CORE / "model" / "hazards").glob("*.py"), *(CORE / "engines").glob("*/hazards.py")]
    files = [*rules, CORE / "measuring.py", CORE / "schemas" / "push.py"]
    texts = "".join(path.read_text() for path in files)
    literal = set(re.findall(r'"((?:[a-z]+-)+[a-z]+|truncate)"', texts))
    return literal | {f"drop-{kind}" for kind in ("table", "column")}


def test_every_hazard_stands_in_the_guide_and_no_other() -> None:
    assert _codes_of_the_guide() - {"rename-table", "rename-column"} == _codes_of_the_code() - {
        "rename-table",
        "rename-column",
    }


def test_the_model_of_the_guide_is_one() -> None:
    (example,) = _examples("model.md")
    data = parse_yaml(example, "model.md")
    schema = load_model(extend_model(Document("model.md", data), CHECKOUT, SHIPPED))
    table = schema.table("alerts")
    assert table is not None
    assert table.foreign_keys[0].on_delete == "cascade"
    assert table.indexes[0].where == "level = 'CRITICAL'"


def test_the_seeds_of_the_guide_fit_the_shipped_model() -> None:
    (example,) = _examples("seeds.md")
    data: Any = parse_yaml(example, "seeds.md")
    data["seeds"][-1]["rows"] = []
    model = load_model([Document("panel.yml", parse_yaml((SHIPPED / "model" / "panel.yml").read_text(), "panel.yml"))])
    loaded = load_seeds([("seeds.md", data)], model, {"PANEL_ADMIN_PASSWORD": "x"})
    assert [seed.table.name for seed in loaded.seeds] == ["roles", "role_permissions", "users", "nodes"]


def test_the_nodes_of_the_guide_can_be_registered_with_its_model() -> None:
    examples: list[Any] = [parse_yaml(example, "nodes.md") for example in _examples("nodes.md")]
    rows, model = examples[:2]
    schema = load_model(extend_model(Document("nodes.md", model), CHECKOUT, SHIPPED))
    nodes = node_table(schema)
    assert (nodes.retired_status, nodes.previous_until) == ("RETIRED", "previousTokenExpiresAt")
    entries = read_entries(listing(inline(rows["nodes"])), nodes, state="present", columns={}, defaults={})
    assert [row["name"] for row in entries.rows] == ["alpha", "beta", "gamma"]
    assert [*entries.leavers] == ["epsilon"]


@pytest.mark.parametrize("position", [0, 2])
def test_the_operations_of_the_guide_are_some(position: int) -> None:
    data: Any = parse_yaml(_examples("migrations.md")[position].removeprefix("---\n"), "migrations.md")
    operations = operations_from_data(data["operations"] if isinstance(data, dict) else data, "migrations.md")
    assert len(operations) == 1
