# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings that a server would not take are refused, and the old ones stay."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.ctrlaltplay.paneldb.molecule.default.tests.looking import (
    POSTGRESQL_FOLDER,
    POSTGRESQL_UNIT,
    Database,
    Plays,
)

testinfra_hosts = [f"ansible://paneldb-{name}" for name in ("postgresql", "mariadb", "mongodb")]
#: The file, the unit, the role's variable, and settings that are wrong by name and by value.
SERVERS: dict[str, tuple[str, str, str, tuple[Any, Any]]] = {
    "postgresql": (
        f"{POSTGRESQL_FOLDER}/conf.d/paneldb.conf",
        POSTGRESQL_UNIT,
        "postgresql_settings",
        ({"shared_bufers": "1GB"}, {"work_mem": "plenty"}),
    ),
    "mysql": (
        "/etc/mysql/mariadb.conf.d/90-paneldb.cnf",
        "mariadb",
        "mariadb_settings",
        ({"max_conections": 100}, {"sync_binlog": "often"}),
    ),
    "mongodb": (
        "/etc/mongod.conf",
        "mongod",
        "mongodb_settings",
        ({"net": {"prot": 1}}, {"net": {"port": "plenty"}}),
    ),
}


@pytest.mark.parametrize("kind", [0, 1], ids=["name", "value"])
def test_settings_that_the_server_would_not_take_are_refused(
    host: Any, plays: Plays, database: Database, kind: int
) -> None:
    path, unit, variable, wrong = SERVERS[database.engine]
    before = host.file(path).content
    failed = plays.run("site.yml", **{variable: wrong[kind]}).expect_failure()
    assert "failed to validate" in failed.message
    assert host.file(path).content == before
    assert host.service(unit).is_running
