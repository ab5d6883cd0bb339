# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Chains of migrations for tests, written by the product's own author."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.migrations.author import draft
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.migrations.chain import Chain
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.migrations.files import (
    Migration,
    read_migration,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.checksum import schema_checksum
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.load import load_model
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.operation_data import operation_to_data
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.operations import Operation, replay
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.schema import Schema
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.sources import Document

FIRST_DAY = datetime(2026, 1, 1, tzinfo=timezone.utc)

#: A table with an integer key, as models write it.
KEY = {"id": {"type": "integer"}}


def model(tables: dict[str, Any], enums: dict[str, Any] | None = None) -> Schema:
    """Read a model as from a file. A table may be given by its columns besides ``id`` alone."""
    written = {
        name: body if "columns" in body else {"columns": {**KEY, **body}, "primary_key": ["id"]}
        for name, body in tables.items()
    }
    return load_model([Document("model.yml", {"enums": enums or {}, "tables": written})])


def chain_to(*models: Schema) -> Chain:
    """Write one migration after another, each leading to the next model, one a day."""
    chain = Chain()
    for number, each in enumerate(models):
        made = draft(chain, each, f"step {number}", FIRST_DAY + timedelta(days=number), allowed=["all"])
        assert made is not None
        chain = made.chain
    return chain


def with_migration(chain: Chain, operations: Sequence[Operation], **header: Any) -> Chain:
    """Add a migration with these very operations; ``header`` replaces keys of its file."""
    identity = f"{FIRST_DAY + timedelta(days=len(chain)):%Y%m%d%H%M%S}_by_hand"
    data = {
        "id": identity,
        "parent": chain.head or None,
        "model": schema_checksum(replay(operations, chain.state())),
        "operations": [operation_to_data(operation) for operation in operations],
        **header,
    }
    return Chain([*chain.migrations, read_migration(data, f"{data['id']}.yml")])


def documents(chain: Chain) -> list[Document]:
    """The files of a chain."""
    return [document(migration) for migration in chain.migrations]


def document(migration: Migration, **header: Any) -> Document:
    """The file of one migration, with keys replaced."""
    data = {**migration.data, **header}
    return Document(f"migrations/{data['id']}.yml", data)
