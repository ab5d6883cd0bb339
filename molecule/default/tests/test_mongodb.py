# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What role mongodb leaves: its files, its unit, its secrets, its driver.

The server is a stand-in (see docs/testing.md). What the role does about replica sets and the first account is shown by
tests/unit/test_first_admin.py.
"""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from ansible_collections.ctrlaltplay.paneldb.molecule.default.tests.looking import DRIVER, Plays

testinfra_hosts = ["ansible://paneldb-mongodb"]
LOG = "/var/log/mongodb/mongod.log"
SEES = "import pymongo; print(sorted(pymongo.MongoClient({}).panel.list_collection_names()))"


def test_the_package_came_from_the_repository_that_the_variables_name(host: Any) -> None:
    policy = host.check_output("apt-cache policy mongodb-org")
    assert "file:/srv/vendor ./ Packages" in policy
    assert host.file("/etc/apt/keyrings/paneldb-mongodb.asc").contains("BEGIN PGP PUBLIC KEY BLOCK")
    assert host.package("mongodb-org").is_installed


def test_the_server_runs_now_and_after_a_reboot_with_what_is_said_of_its_unit(host: Any) -> None:
    assert host.service("mongod").is_enabled
    assert host.service("mongod").is_running
    shown = host.check_output("systemctl show mongod --property=ExecStart --property=Restart --property=User")
    assert "argv[]=/usr/bin/mongod --config /etc/mongod.conf" in shown
    assert "Restart=on-failure" in shown
    assert "User=mongodb" in shown


def test_it_listens_on_the_loopback_address_alone(host: Any) -> None:
    lines = host.check_output("ss -Hltn sport = :27017").splitlines()
    assert [line.split()[3] for line in lines] == ["127.0.0.1:27017"]


def test_the_configuration_says_what_the_role_stands_for(host: Any) -> None:
    settings = yaml.safe_load(host.file("/etc/mongod.conf").content_string)
    assert settings["security"] == {"authorization": "enabled", "keyFile": "/etc/mongodb/keyfile"}
    assert settings["net"] == {"bindIp": "127.0.0.1", "port": 27017}
    assert settings["systemLog"]["logRotate"] == "reopen"


def test_a_replica_set_of_one_and_tls_are_written_where_the_server_has_them(host: Any, plays: Plays) -> None:
    """The stand-in refuses them, so a check run writes what a real server would get."""
    authority: dict[str, Any] = {"mongodb_tls_certificate": "/etc/one.pem", "mongodb_tls_ca": "/etc/ca.pem"}
    checked = plays.run("site.yml", check=True, mongodb_replica_set="rs0", **authority).expect_success()
    for line in ("+  replSetName: rs0", "+    mode: preferTLS", "+    certificateKeyFile: /etc/one.pem"):
        assert line in checked.stdout
    assert not host.file("/etc/mongod.conf").contains("replSetName")


@pytest.mark.parametrize(
    ("path", "user", "mode"),
    [
        ("/etc/mongodb/keyfile", "mongodb", 0o400),
        ("/etc/mongodb", "root", 0o750),
        ("/etc/paneldb/mongodb-admin", "root", 0o400),
        ("/etc/paneldb", "root", 0o700),
        ("/etc/mongod.conf", "root", 0o644),
    ],
)
def test_secrets_are_read_by_those_alone_who_need_them(host: Any, path: str, user: str, mode: int) -> None:
    assert (host.file(path).user, host.file(path).mode) == (user, mode)


def test_the_secrets_are_long(host: Any) -> None:
    assert len(host.file("/etc/mongodb/keyfile").content) > 1000
    assert len(host.file("/etc/paneldb/mongodb-admin").content.strip()) == 48


def test_nobody_sees_anything_without_an_account(host: Any) -> None:
    done = host.run(f"{DRIVER} -c %s", SEES.format(""))
    assert done.rc != 0
    assert "requires authentication" in done.stderr


def test_the_log_is_rotated_and_goes_on_in_a_new_file(host: Any) -> None:
    host.check_output("logrotate --force /etc/logrotate.d/paneldb-mongodb")
    host.run(f"{DRIVER} -c %s", SEES.format(""))
    host.check_output(f"timeout 10 sh -c 'until [ -s {LOG} ]; do sleep 0.1; done'")
    assert (host.file(LOG).user, host.file(LOG).mode) == ("mongodb", 0o640)
    assert host.service("mongod").is_running


def test_the_driver_is_new_enough_and_stands_beside_the_distributions_packages(host: Any) -> None:
    told = host.check_output(f"{DRIVER} -c 'import bcrypt, yaml, pymongo; print(pymongo.version_tuple >= (4, 9))'")
    assert told == "True"
    assert not host.run("/usr/bin/python3 -c 'import pymongo'").succeeded
    assert host.file("/usr/local/bin/paneldb").contains(DRIVER)
