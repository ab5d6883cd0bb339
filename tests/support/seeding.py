# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small model and helpers for tests of seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Optional

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.base import Engine
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.schema import (
    Check,
    Column,
    Default,
    Enum,
    ForeignKey,
    Index,
    IndexColumn,
    PrimaryKey,
    Schema,
    Table,
    Unique,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.types import parse_type
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.seeds.plan import SeedPlan, run_seeds

UUID, NOW, NUMBER = Default(function="uuid()"), Default(function="now()"), Default(function="autoincrement()")


def column(name: str, kind: str, *, null: bool = False, default: Optional[Default] = None) -> Column:
    """A column of a logical type."""
    return Column(name, parse_type(kind), null, default)


GROUPS = Table(
    "groups",
    (
        column("id", "bigint", default=NUMBER),
        column("name", "string(20)"),
        column("parentId", "bigint", null=True),
        column("note", "text", null=True),
    ),
    PrimaryKey(("id",)),
    uniques=(Unique("groups_name_key", ("name",)),),
    foreign_keys=(ForeignKey("groups_parentId_fkey", ("parentId",), "groups", ("id",), "set_null"),),
)
PEOPLE = Table(
    "people",
    (
        column("id", "uuid", default=UUID),
        column("name", "string(20)"),
        column("mail", "string(40)", null=True),
        column("hash", "string(100)", null=True),
        column("kind", "enum(kind)", default=Default("USER")),
        column("level", "integer", default=Default(1)),
        column("active", "boolean", default=Default(True)),
        column("price", "decimal(6,2)", null=True),
        column("ratio", "float", null=True),
        column("since", "timestamp", default=NOW),
        column("extra", "json", null=True),
        column("picture", "bytes", null=True),
        column("groupId", "bigint", null=True),
        column("badgeId", "uuid", null=True),
    ),
    PrimaryKey(("id",)),
    uniques=(Unique("people_name_key", ("name",)), Unique("people_mail_key", ("mail",))),
    foreign_keys=(
        ForeignKey("people_groupId_fkey", ("groupId",), "groups", ("id",), "restrict"),
        ForeignKey("people_badgeId_fkey", ("badgeId",), "badges", ("id",), "set_null"),
    ),
    checks=(Check("people_level_check", "level >= 1 and level <= 100"),),
)
BADGES = Table(
    "badges",
    (column("id", "uuid", default=UUID), column("code", "string(10)"), column("ownerId", "uuid")),
    PrimaryKey(("id",)),
    indexes=(Index("badges_code_idx", (IndexColumn("code"),), unique=True),),
    foreign_keys=(ForeignKey("badges_ownerId_fkey", ("ownerId",), "people", ("id",), "cascade"),),
)
GRANTS = Table(
    "grants",
    (column("personId", "uuid"), column("groupId", "bigint"), column("note", "text", null=True)),
    PrimaryKey(("personId", "groupId")),
    foreign_keys=(
        ForeignKey("grants_personId_fkey", ("personId",), "people", ("id",), "cascade"),
        ForeignKey("grants_groupId_fkey", ("groupId",), "groups", ("id",), "cascade"),
    ),
)
#: People and their badges refer to each other; groups to themselves; grants have a key of two references.
SCHEMA = Schema((GRANTS, BADGES, PEOPLE, GROUPS), (Enum("kind", ("ADMIN", "MODERATOR", "USER")),))


def seed(table: str, key: str, rows: Sequence[Any], **more: Any) -> dict[str, Any]:
    """A seed; ``key`` names its columns between blanks."""
    return {"table": table, "key": key.split(), "rows": list(rows), **more}


def ref(table: str, **named: Any) -> dict[str, Any]:
    """A cell that refers to a row."""
    return {"ref": table, **named}


def run(
    engine: Engine,
    *seeds: Mapping[str, Any],
    schema: Schema = SCHEMA,
    check: bool = False,
    variables: Optional[Mapping[str, str]] = None,
    prune: bool = False,
) -> SeedPlan:
    """Run seeds of one file called ``seeds.yml``."""
    documents = [("seeds.yml", {"seeds": list(seeds)})]
    return run_seeds(engine, schema, documents, check=check, variables=variables, prune=prune)


def counts(plan: SeedPlan) -> tuple[int, int, int, int, int]:
    """Created, updated, unchanged, protected, pruned."""
    created, updated, unchanged, protected, pruned = plan.counts.values()
    return created, updated, unchanged, protected, pruned
