# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What comes with the collection: the panel's model and its seeds."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.load import load_model
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.schema import Schema, Table
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.seeds.files import (
    Seed,
    load_seeds,
    unique_sets,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.sources import read_model, read_seeds

SHIPPED = Path(__file__).parents[2] / "roles" / "panel" / "files"
DOCUMENTS = read_seeds(["panel"], SHIPPED)
MODEL = load_model(read_model("panel", SHIPPED))

COLUMNS = {
    "users": "id username email passwordHash role createdAt updatedAt",
    "permissions": "id name description category createdAt",
    "roles": "id name description createdAt updatedAt",
    "role_permissions": "roleId permissionId",
    "user_permissions": "userId permissionId grantedAt grantedById",
    "sessions": "id userId token ipAddress userAgent createdAt expiresAt",
    "nodes": "id name hostname port token status createdAt updatedAt",
    "alts": "id name description type ctrlConfig altConfig createdAt updatedAt",
    "servers": "id name status port nodeId altId ownerId dockerContainerId createdAt updatedAt",
    "server_actions": "id serverId userId action details timestamp",
    "settings": "key value",
}

UNIQUE = [
    ("users", "username"),
    ("users", "email"),
    ("permissions", "name"),
    ("roles", "name"),
    ("sessions", "token"),
    ("nodes", "name"),
    ("nodes", "token"),
    ("alts", "name"),
    ("servers", "nodeId port"),
    ("user_permissions", "userId permissionId"),
    ("role_permissions", "roleId permissionId"),
    ("settings", "key"),
]


def table(name: str, schema: Schema = MODEL) -> Table:
    found = schema.table(name)
    assert found is not None
    return found


# --- the model -------------------------------------------------------------------------------------------------------


def test_the_panel_has_its_tables_and_columns() -> None:
    assert {each.name: " ".join(each.column_names) for each in MODEL.tables} == COLUMNS


@pytest.mark.parametrize(("name", "columns"), UNIQUE)
def test_what_occurs_once_is_unique(name: str, columns: str) -> None:
    assert frozenset(columns.split()) in unique_sets(table(name))


@pytest.mark.parametrize("name", COLUMNS)
def test_every_foreign_key_states_its_rule_and_has_an_index(name: str) -> None:
    holder = table(name)
    leading = [tuple(column.name for column in index.columns) for index in holder.indexes]
    leading += [unique.columns for unique in holder.uniques]
    leading += [holder.primary_key.columns] if holder.primary_key else []
    for key in holder.foreign_keys:
        assert key.on_delete in ("cascade", "restrict", "set_null"), key.name
        assert any(columns[: len(key.columns)] == key.columns for columns in leading), key.name


@pytest.mark.parametrize("name", COLUMNS)
def test_every_column_of_an_id_is_a_reference(name: str) -> None:
    holder = table(name)
    referring = {column for key in holder.foreign_keys for column in key.columns}
    named = {column for column in holder.column_names if column.endswith("Id") and column != "dockerContainerId"}
    assert named == referring


@pytest.mark.parametrize("name", COLUMNS)
def test_times_of_rows_are_kept_by_the_database(name: str) -> None:
    for column in table(name).columns:
        if column.name in ("createdAt", "updatedAt", "grantedAt", "timestamp"):
            assert column.default is not None
            assert column.default.function == "now()"
        assert column.updated_at == (column.name == "updatedAt")


def test_enums_hold_what_the_panel_knows() -> None:
    values = {enum.name: enum.values for enum in MODEL.enums}
    assert values["user_role"] == ("ADMIN", "MODERATOR", "USER")
    assert values["node_status"] == ("ONLINE", "OFFLINE", "MAINTENANCE")
    assert {"GAME", "VOICE", "DATABASE"} <= set(values["alt_type"])


def test_a_users_model_can_extend_the_panels(tmp_path: Path) -> None:
    own = tmp_path / "own.yml"
    own.write_text(
        "extends: panel\ntables:\n  servers:\n    columns:\n      motd: {type: string(200), null: true}\n",
        encoding="utf-8",
    )
    schema = load_model(read_model(own, SHIPPED))
    assert table("servers", schema).column_names == (*table("servers").column_names, "motd")
    assert schema.without("table", "servers") == MODEL.without("table", "servers")


# --- the seeds -------------------------------------------------------------------------------------------------------


def seeds(**variables: str) -> dict[str, Seed]:
    return {seed.table.name: seed for seed in load_seeds(DOCUMENTS, MODEL, variables).seeds}


def rows(name: str) -> list[dict[str, Any]]:
    return list(seeds(PANEL_ADMIN_PASSWORD="x")[name].rows)


def test_seeds_fill_the_tables_that_need_it() -> None:
    assert list(seeds()) == ["permissions", "roles", "role_permissions", "alts", "settings"]


def test_the_administrator_is_made_only_with_a_password() -> None:
    found = load_seeds(DOCUMENTS, MODEL, {"PANEL_ADMIN_PASSWORD": ""})
    assert "users" not in [seed.table.name for seed in found.seeds]
    assert len(found.skipped) == 1
    assert "PANEL_ADMIN_PASSWORD is not set" in found.skipped[0]
    [admin] = rows("users")
    assert admin["role"] == "ADMIN"
    assert admin["passwordHash"] == {"password": {"env": "PANEL_ADMIN_PASSWORD"}}


@pytest.mark.parametrize("name", ["permissions", "roles", "role_permissions", "alts", "settings", "users"])
def test_every_row_fits_its_table(name: str) -> None:
    seed = seeds(PANEL_ADMIN_PASSWORD="x")[name]
    required = {column.name for column in seed.table.columns if column.default is None and not column.null}
    keys = [str([row[column] for column in seed.key]) for row in seed.rows]
    assert len(set(keys)) == len(keys)
    for row in seed.rows:
        assert required <= set(row) <= set(seed.table.column_names), row
        for column in seed.table.columns:
            value = row.get(column.name)
            if column.type.name == "string" and isinstance(value, str):
                assert 0 < len(value) <= column.type.length, row
            if column.type.name == "enum" and value is not None:
                enum = MODEL.enum(column.type.enum)
                assert enum is not None
                assert value in enum.values, row


def test_every_role_is_seeded_and_an_administrator_may_do_everything() -> None:
    roles = MODEL.enum("user_role")
    assert roles is not None
    assert [row["name"] for row in rows("roles")] == list(roles.values)
    granted: dict[str, list[str]] = {}
    for row in rows("role_permissions"):
        assert (row["roleId"]["ref"], row["permissionId"]["ref"]) == ("roles", "permissions")
        granted.setdefault(row["roleId"]["name"], []).append(row["permissionId"]["name"])
    known = [row["name"] for row in rows("permissions")]
    assert sorted(granted["ADMIN"]) == sorted(known)
    assert set(granted["USER"]) < set(known)
    assert set(granted["MODERATOR"]) < set(known)


def test_a_permission_is_named_in_its_category() -> None:
    for row in rows("permissions"):
        assert row["name"].startswith(row["category"] + "."), row


# --- templates -------------------------------------------------------------------------------------------------------

ALTS = {row["name"]: row for row in rows("alts")}
COMMANDS = [
    (name, part, command)
    for name in ALTS
    for part, names in (("ctrlConfig", "install update uninstall"), ("altConfig", "start stop status"))
    for command in names.split()
]


def test_the_templates_are_those_that_people_ask_for() -> None:
    assert {"Minecraft Java", "Valheim", "Terraria", "Rust", "TeamSpeak 3", "MariaDB"} <= set(ALTS)
    assert {row["type"] for row in ALTS.values()} == {"GAME", "VOICE", "DATABASE"}


def test_a_template_has_its_commands_and_no_others() -> None:
    for row in ALTS.values():
        assert set(row["ctrlConfig"]) == {"install", "update", "uninstall"}
        assert set(row["altConfig"]) == {"start", "stop", "status"}


@pytest.mark.parametrize(("name", "part", "command"), COMMANDS)
def test_every_command_is_a_script(name: str, part: str, command: str) -> None:
    done = subprocess.run(
        ["/bin/sh", "-n", "-c", ALTS[name][part][command]], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


class Host:
    """Runs the commands of a template with stand-ins for the programs that they call."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "my server"
        self.programs = folder / "programs"
        self.programs.mkdir()
        self.environment = {
            "PATH": f"{self.programs}:{os.defpath}",
            "SERVER_DIR": str(self.folder),
            "SERVER_PORT": "25565",
            "SERVER_NAME": "My 'server'",
            "SERVER_PASSWORD": "five5",
        }

    def program(self, path: Path, body: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
        path.chmod(0o755)

    def begin(self, command: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(["/bin/sh", "-c", command], env=self.environment, stderr=subprocess.DEVNULL)

    def run(self, command: str) -> int:
        return self.begin(command).wait(10)

    def wait_for(self, command: str) -> bool:
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            if (self.folder / "begun").exists() and self.run(command) == 0:
                return True
            time.sleep(0.02)
        return False


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    made = Host(tmp_path)
    made.folder.mkdir()
    yield made
    pid = made.folder / "server.pid"
    if pid.exists():
        subprocess.run(["/bin/kill", "-9", pid.read_text().strip()], stderr=subprocess.DEVNULL, check=False)


READS_CONSOLE = (
    'echo "$*" > "$SERVER_DIR/begun"; while read -r line; do echo "$line" > "$SERVER_DIR/said"; exit 0; done'
)
WAITS = 'trap "echo saved > said; exit 0" INT TERM; echo "$*" > "$SERVER_DIR/begun"; while :; do sleep 0.02; done'

RUNS = [
    ("Minecraft Java", "programs/java", READS_CONSOLE, "--port 25565", "stop"),
    ("Terraria", "my server/TerrariaServer.bin.x86_64", READS_CONSOLE, "-worldname My 'server'", "exit"),
    ("Valheim", "my server/valheim_server.x86_64", WAITS, "-port 25565 -world Dedicated -password five5", "saved"),
    ("Rust", "my server/RustDedicated", WAITS, "+server.hostname My 'server'", "saved"),
    ("Factorio", "my server/bin/x64/factorio", WAITS, "--start-server saves/world.zip", "saved"),
    ("TeamSpeak 3", "my server/ts3server", WAITS, "default_voice_port=25565", "saved"),
    ("Mumble", "programs/mumble-server", WAITS, "-fg -ini mumble.ini", "saved"),
]


@pytest.mark.parametrize("run", RUNS, ids=[run[0] for run in RUNS])
def test_a_server_starts_tells_its_state_and_stops(host: Host, run: tuple[str, str, str, str, str]) -> None:
    name, program, body, told, said = run
    host.program(host.folder.parent / program, body)
    alt = ALTS[name]["altConfig"]
    assert host.run(alt["status"]) != 0
    server = host.begin(alt["start"])
    assert host.wait_for(alt["status"])
    assert told in (host.folder / "begun").read_text(encoding="utf-8")
    assert host.run(alt["stop"]) == 0
    assert server.wait(10) == 0
    assert (host.folder / "said").read_text(encoding="utf-8") == f"{said}\n"
    assert host.run(alt["status"]) != 0
    assert host.run(alt["stop"]) != 0


@pytest.mark.parametrize("name", ALTS)
def test_uninstalling_removes_the_folder_and_never_anything_else(host: Host, name: str) -> None:
    command = ALTS[name]["ctrlConfig"]["uninstall"]
    (host.folder / "world").write_text("x", encoding="utf-8")
    assert host.run(command) == 0
    assert not host.folder.exists()
    host.environment["SERVER_DIR"] = ""
    assert host.run(command) != 0
