# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs of migrations on a database in memory, and what they leave there."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.base import Capabilities
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.migrations import ledger
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.migrations.chain import Chain
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.migrations.deploy import deploy
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.migrations.ledger import Ledger
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.operations import Add, Drop, Operation
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.schema import Column, Schema, Table
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.types import Type
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.planning import Consent
from ansible_collections.ctrlaltplay.paneldb.tests.support.migration_chains import model, with_migration
from ansible_collections.ctrlaltplay.paneldb.tests.support.stoppable_engine import (
    AS_A_WHOLE,
    ONE_BY_ONE,
    Database,
    StoppableEngine,
)

ONE = model({"a": {}})
TWO = model({"a": {"x": {"type": "text", "null": True}}, "b": {}})
THREE = model({"a": {}, "b": {"y": {"type": "integer", "null": True}}, "c": {}})
ANYTHING = Consent(accepted=[], allowed=["all"])

both = pytest.mark.parametrize("capabilities", [AS_A_WHOLE, ONE_BY_ONE], ids=["as a whole", "one by one"])


def twelve() -> Chain:
    """One migration of twelve operations."""
    operations: list[Operation] = [Add("", Table("t", (Column("id", Type("integer")),)))]
    operations += [Add("t", Column(f"c{number}", Type("text"), null=True)) for number in range(8)]
    operations += [Drop("t", Column(f"c{number}", Type("text"), null=True)) for number in range(3)]
    return with_migration(Chain(), operations)


def session(database: Database, capabilities: Capabilities = AS_A_WHOLE) -> Any:
    """A session, as the type that use cases ask for."""
    return StoppableEngine(database, capabilities)


def apply(database: Database, chain: Chain, capabilities: Capabilities = AS_A_WHOLE, target: str = "") -> None:
    deploy(session(database, capabilities), chain, target=target, consent=ANYTHING)


def schema(database: Database) -> Schema:
    return StoppableEngine(database).catalogue().schema


def done(database: Database) -> Counter[tuple[str, int]]:
    """How often each operation is in the journal, whatever its state."""
    return Counter((row["migration"], row["position"]) for row in database.rows[ledger.OPERATIONS.name])


def states(database: Database) -> list[str]:
    return [run.state for run in Ledger(session(database)).runs()]
