# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Models, migrations and rows of any size, always the same ones."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.documents.yaml_writer import dump_yaml
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.migrations.chain import Chain, lock_text
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.migrations.files import new_migration, to_text
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.load import load_model
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.operations import Add, Operation, replay
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.schema import (
    Column,
    Index,
    IndexColumn,
    Schema,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.types import Type
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.sources import Document

KINDS = ["ADMIN", "MODERATOR", "USER"]
#: One table in so many migrations; the others add columns and an index to it.
MIGRATIONS_PER_TABLE = 5

ACCOUNTS = "accounts"
COLUMNS = ("name", "email", "kind", "level", "active", "note")
#: The column that rows leave to its default.
STAMP = "createdAt"


# --- models ----------------------------------------------------------------------------------------------------------


def model_data(tables: int) -> dict[str, Any]:
    """A model as it is written in a file: tables of nine columns, each with keys, indexes and a check."""
    return {"enums": {"kind": KINDS}, "tables": {f"t{number:03d}": _table(number) for number in range(tables)}}


def _table(number: int) -> dict[str, Any]:
    table: dict[str, Any] = {
        "columns": {
            "id": {"type": "uuid", "default": "uuid()"},
            "name": {"type": "string(50)"},
            "email": {"type": "string(254)"},
            "kind": {"type": "enum(kind)", "default": "USER"},
            "level": {"type": "integer", "default": 1},
            "active": {"type": "boolean", "default": True},
            "parentId": {"type": "uuid", "null": True},
            "createdAt": {"type": "timestamp", "default": "now()"},
            "updatedAt": {"type": "timestamp", "default": "now()", "updated_at": True},
        },
        "primary_key": ["id"],
        "unique": [["name"], ["email"]],
        "indexes": [["kind"], ["parentId"]],
        "checks": ["level >= 1 and level <= 100"],
    }
    if number:
        table["foreign_keys"] = [{"columns": ["parentId"], "references": f"t{number - 1:03d}", "on_delete": "set_null"}]
    return table


def schema(tables: int) -> Schema:
    """The same model, read."""
    return load_model([Document("model.yml", model_data(tables))])


def write_model(path: Path, data: dict[str, Any]) -> Path:
    """Write a model's file."""
    path.write_text(dump_yaml(data))
    return path


# --- migrations ------------------------------------------------------------------------------------------------------


@lru_cache
def chain(migrations: int) -> Chain:
    """Migrations that make a table, add three columns to it and an index on two of them, make the next table."""
    tables = schema(-(-migrations // MIGRATIONS_PER_TABLE))
    state, made = Schema(), Chain()
    for number in range(migrations):
        operations = _operations(number, tables)
        state = replay(operations, state)
        identity = f"{20260101000000 + number}_step_{number}"
        made = Chain([*made.migrations, new_migration(identity, made.head, state, operations)])
    return made


def _operations(number: int, model: Schema) -> list[Operation]:
    position, step = divmod(number, MIGRATIONS_PER_TABLE)
    table = model.tables[position]
    if step == 0:
        enums = [Add("", enum) for enum in model.enums] if position == 0 else []
        return [*enums, Add("", table)]
    if step == MIGRATIONS_PER_TABLE - 1:
        columns = (IndexColumn("extra1"), IndexColumn("extra2", descending=True))
        return [Add(table.name, Index(f"{table.name}_extra_idx", columns))]
    return [Add(table.name, Column(f"extra{step}", Type("string", ("50",)), null=True))]


def chain_documents(made: Chain) -> tuple[list[Document], Document]:
    """The files of a chain, read, and its lock."""
    files = [Document(f"{migration.id}.yml", migration.data) for migration in made.migrations]
    return files, Document("migrations.lock", lock_text(made))


def write_chain(folder: Path, made: Chain) -> Path:
    """Write the files of a chain and its lock into a folder, which is made."""
    folder.mkdir()
    for migration in made.migrations:
        (folder / migration.file_name).write_text(to_text(migration))
    (folder / "migrations.lock").write_text(lock_text(made))
    return folder


# --- rows ------------------------------------------------------------------------------------------------------------


def accounts_model() -> dict[str, Any]:
    """The model of the table that rows are written to."""
    columns = {
        "id": {"type": "uuid", "default": "uuid()"},
        "name": {"type": "string(50)"},
        "email": {"type": "string(254)"},
        "kind": {"type": "enum(kind)"},
        "level": {"type": "integer"},
        "active": {"type": "boolean"},
        "note": {"type": "text", "null": True},
        STAMP: {"type": "timestamp", "default": "now()"},
    }
    table = {"columns": columns, "primary_key": ["id"], "unique": [["name"]]}
    return {"enums": {"kind": KINDS}, "tables": {ACCOUNTS: table}}


def accounts_schema() -> Schema:
    """The same model, read."""
    return load_model([Document("model.yml", accounts_model())])


def account_rows(number: int) -> Iterator[dict[str, Any]]:
    """Rows for that table as a seed names them."""
    for each in range(number):
        yield dict(zip(COLUMNS, account(each)))


def account(number: int) -> tuple[Any, ...]:
    """One row: two texts of it are its own, every fourth note is null."""
    note = None if number % 4 == 0 else f"Made for the panel's hosting plan no. {number % 97}"
    kind = KINDS[number % len(KINDS)]
    return (f"account-{number:07d}", f"account-{number:07d}@example.com", kind, number % 100 + 1, number % 3 != 0, note)


def seed(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """A seed with the rows in it."""
    return {"table": ACCOUNTS, "key": ["name"], "rows": rows}


def write_seed(folder: Path, form: str, number: int) -> Path:
    """Write a seed whose rows are in a file of that form, ``json`` or ``csv``, beside it."""
    source = folder / f"rows{number}.{form}"
    rows = list(account_rows(number))
    with source.open("w", encoding="utf-8", newline="") as stream:
        if form == "json":
            json.dump(rows, stream)
        else:
            writer = csv.DictWriter(stream, COLUMNS)
            writer.writeheader()
            writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    path = folder / f"seed{number}_{form}.yml"
    path.write_text(dump_yaml({"seeds": [{"table": ACCOUNTS, "key": ["name"], "src": source.name}]}))
    return path


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)
