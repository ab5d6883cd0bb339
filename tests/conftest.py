# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings and servers every test shares."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Optional

import pytest
from hypothesis import HealthCheck, settings

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import Target
from ansible_collections.ctrlaltplay.paneldb.tests.support import mariadb, postgresql
from ansible_collections.ctrlaltplay.paneldb.tests.support.ansible_runner import AnsibleRunner
from ansible_collections.ctrlaltplay.paneldb.tests.support.grid import MysqlBed
from ansible_collections.ctrlaltplay.paneldb.tests.support.mongodb import MongodbBed, documentdb_bed, ferretdb_bed
from ansible_collections.ctrlaltplay.paneldb.tests.support.secrets_scanner import SecretsScanner

# Shared runners stall now and then: a deadline per example would fail for reasons outside the code.
settings.register_profile("paneldb", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("paneldb")

HAS_ANSIBLE = importlib.util.find_spec("ansible") is not None
USES_ANSIBLE = re.compile(
    r"^\s*(from|import) ansible\b|ansible_runner|paneldb\.plugins\.(?!module_utils\.paneldb\b)", re.MULTILINE
)


def pytest_ignore_collect(collection_path: Path) -> Optional[bool]:
    """Where there is no Ansible only the target code is tested: leave out the files that need the controller's side."""
    if HAS_ANSIBLE or collection_path.suffix != ".py":
        return None
    return True if USES_ANSIBLE.search(collection_path.read_text(encoding="utf-8")) else None


def pytest_report_header() -> str:
    """Say which side this run tests."""
    return f"paneldb: {'controller and target' if HAS_ANSIBLE else 'target'} code"


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[postgresql.PostgresServer]:
    """The server of the whole run. A test that stops, kills or reconfigures a server makes its own."""
    with postgresql.postgresql_server() as server:
        yield server


@pytest.fixture
def postgresql_database(postgresql_server: postgresql.PostgresServer) -> Iterator[str]:
    """Name of an empty database of this test alone."""
    name = postgresql_server.create_database()
    yield name
    postgresql_server.drop_database(name)


@pytest.fixture(scope="session")
def mariadb_server() -> Iterator[mariadb.MariadbServer]:
    """The server of the whole run. A test that stops, kills or reconfigures a server makes its own."""
    with mariadb.mariadb_server() as server:
        yield server


@pytest.fixture(scope="session", params=["mysql", "mysql9"])
def family_server(request: pytest.FixtureRequest) -> Iterator[mariadb.MysqlFamilyServer]:
    """Either server of the whole run, for what is about both."""
    if request.param == "mysql":
        yield request.getfixturevalue("mariadb_server")
    else:
        with mariadb.mysql_server() as server:
            yield server


@pytest.fixture
def family_target(family_server: mariadb.MysqlFamilyServer) -> Iterator[Target]:
    """An empty database of this test alone."""
    with MysqlBed(family_server).database() as target:
        yield target


@pytest.fixture
def mariadb_target(mariadb_server: mariadb.MariadbServer) -> Iterator[Target]:
    """An empty database of this test alone."""
    with MysqlBed(mariadb_server).database() as target:
        yield target


@pytest.fixture(scope="session")
def mongodb_bed() -> Iterator[MongodbBed]:
    """Databases of one server that has much of MongoDB, for what is its own."""
    with documentdb_bed() as bed:
        yield bed


@pytest.fixture
def mongodb_target(mongodb_bed: MongodbBed) -> Iterator[Target]:
    """An empty database of this test alone."""
    with mongodb_bed.database() as target:
        yield target


@pytest.fixture(scope="session")
def weak_mongodb_bed() -> Iterator[MongodbBed]:
    """Databases of one server that makes sure of next to nothing."""
    with ferretdb_bed() as bed:
        yield bed


@pytest.fixture
def weak_mongodb_target(weak_mongodb_bed: MongodbBed) -> Iterator[Target]:
    """An empty database of this test alone."""
    with weak_mongodb_bed.database() as target:
        yield target


@pytest.fixture
def secrets_scanner() -> SecretsScanner:
    """A scanner without planted secrets."""
    return SecretsScanner()


@pytest.fixture
def ansible_runner(tmp_path: Path) -> AnsibleRunner:
    """Runs plays with the ansible-core of the interpreter that runs the tests."""
    scratch = tmp_path / "ansible-runner"
    scratch.mkdir()
    return AnsibleRunner(scratch)
