# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Databases to measure on, made by the product as a play makes them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb import databases
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines import connect
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.base import Engine
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import PARTS, Target
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.schema import Schema
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.schemas.push import push
from ansible_collections.ctrlaltplay.paneldb.tests.support.grid import Bed


@contextmanager
def database(bed: Bed, schema: Schema = Schema()) -> Iterator[Target]:  # noqa: B008 - it cannot change
    """A new database for the duration of the block, with the tables of a schema."""
    target = bed.absent()
    databases.apply(databases.plan(target, databases.PRESENT, {}))
    try:
        if schema.tables:
            with connect(target) as engine:
                push(engine, schema)
        yield target
    finally:
        bed.drop(target)


@contextmanager
def session(bed: Bed, schema: Schema = Schema()) -> Iterator[Engine]:  # noqa: B008 - it cannot change
    """An open session with such a database."""
    with database(bed, schema) as target, connect(target) as engine:
        yield engine


def connection(target: Target) -> dict[str, Any]:
    """The options of a task that name the database."""
    told = {option: getattr(target, field) for option, field in PARTS.items()}
    return {option: value for option, value in told.items() if value and not option.endswith("timeout")}
