# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is passed to PyMongo, and how sessions that cannot be had are told."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.mongodb.engine import MongodbEngine
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.mongodb.session import (
    client_arguments,
    place,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import Target, parse_target
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import (
    ConnectionFailed,
    InputError,
    PanelDbError,
    Unsupported,
)
from ansible_collections.ctrlaltplay.paneldb.tests.support.ports import free_port

USUAL = {
    "appName": "paneldb",
    "connectTimeoutMS": 10_000,
    "serverSelectionTimeoutMS": 10_000,
    "uuidRepresentation": "standard",
    "w": "majority",
    "retryWrites": True,
    "retryReads": True,
    "tz_aware": True,
}


def arguments(**parts: Any) -> tuple[str, dict[str, Any]]:
    return client_arguments(parse_target({"engine": "mongodb", "database": "panel", **parts}))


def test_nothing_said_is_the_local_server() -> None:
    assert arguments() == ("mongodb://localhost/", USUAL)


def test_everything_said_is_passed() -> None:
    url = (
        "mongodb://u%40:p@one:1,[::1]:2,three/panel?replicaSet=rs0&authSource=admin&tls=true&tlsCAFile=/ca"
        "&tlsCertificateKeyFile=/c&connectTimeoutMS=1500&appName=mine&readPreference=primary&w=2"
    )
    expected = {name: value for name, value in USUAL.items() if name not in ("appName", "w")}
    assert client_arguments(parse_target({"url": url, "statement_timeout": 2.5})) == (
        "mongodb://one:1,[::1]:2,three/?appName=mine&readPreference=primary&w=2",
        {
            **expected,
            "username": "u@",
            "password": "p",
            "authSource": "admin",
            "replicaSet": "rs0",
            "tls": True,
            "tlsCAFile": "/ca",
            "tlsCertificateKeyFile": "/c",
            "connectTimeoutMS": 1500,
            "serverSelectionTimeoutMS": 1500,
            "timeoutMS": 2500,
        },
    )


def test_an_account_is_of_the_database_unless_another_is_named() -> None:
    assert arguments(login_user="u")[1]["authSource"] == "panel"
    assert arguments(login_user="u", auth_database="admin")[1]["authSource"] == "admin"
    assert "authSource" not in arguments()[1]


def test_names_of_a_cluster_are_looked_up_by_the_driver() -> None:
    address, _unused = client_arguments(parse_target({"url": "mongodb+srv://u:p@cluster.example.org/panel"}))
    assert address == "mongodb+srv://cluster.example.org/"


def test_a_socket_is_passed_as_the_driver_wants_it() -> None:
    address, _unused = arguments(login_unix_socket="/tmp/mongodb-27017.sock")
    assert address == "mongodb://%2Ftmp%2Fmongodb-27017.sock/"


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("disable", {"tls": False}),
        ("require", {"tls": True}),
        ("verify-full", {"tls": True}),
        ("verify-ca", {"tls": True, "tlsAllowInvalidHostnames": True}),
    ],
)
def test_modes_of_tls(mode: str, expected: dict[str, Any]) -> None:
    assert {key: value for key, value in arguments(tls_mode=mode)[1].items() if key.startswith("tls")} == expected


def test_tls_that_is_only_tried_is_refused() -> None:
    with pytest.raises(Unsupported, match="prefer"):
        arguments(tls_mode="prefer")


def test_certificate_and_key_stand_in_one_file() -> None:
    with pytest.raises(InputError, match="in one file"):
        arguments(tls_cert="/c", tls_key="/k")
    assert arguments(tls_cert="/c", tls_key="/c")[1]["tlsCertificateKeyFile"] == "/c"


def test_no_limit_of_time_is_a_long_time() -> None:
    assert arguments(connect_timeout=0)[1]["serverSelectionTimeoutMS"] > 10**9


def test_the_place_holds_no_secret() -> None:
    target = Target("mongodb", host="db", port=1, user="u", password="p")
    assert place(target) == "MongoDB at db, port 1"


@pytest.mark.parametrize("name", ["a.b", "a b", "a$", "a/b", "a\\b", 'a"b', "x" * 64])
def test_a_name_that_no_database_can_have_is_refused_before_anything_is_sent(name: str) -> None:
    with pytest.raises(InputError, match="cannot have a database of this name"):
        MongodbEngine.connect(Target("mongodb", host="127.0.0.1", port=1, database=name, connect_timeout=0.2))


def test_a_database_must_be_named() -> None:
    with pytest.raises(InputError, match="not said which database"):
        MongodbEngine.connect(Target("mongodb", host="127.0.0.1", port=1, connect_timeout=0.2))


def test_a_server_that_is_not_there_is_told_in_time() -> None:
    target = Target("mongodb", host="127.0.0.1", port=free_port(), database="d", connect_timeout=0.3)
    with pytest.raises(ConnectionFailed, match="cannot be reached") as caught:
        MongodbEngine.connect(target)
    assert "Timeout" not in caught.value.message


@pytest.mark.parametrize("options", [{"w": "-1"}, {"authMechanism": "nonsense"}, {"maxPoolSize": "many"}])
def test_options_that_the_driver_refuses_are_told(options: dict[str, Any]) -> None:
    with pytest.raises(PanelDbError, match="PyMongo does not take"):
        MongodbEngine.connect(Target("mongodb", host="127.0.0.1", port=1, database="d", options=options))


def test_without_the_driver_it_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pymongo", None)
    with pytest.raises(PanelDbError, match="PyMongo, which this interpreter does not have"):
        MongodbEngine.connect(Target("mongodb", database="d"))


def test_an_old_driver_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    import pymongo

    monkeypatch.setattr(pymongo, "version_tuple", (4, 8, 0))
    with pytest.raises(PanelDbError, match="too old"):
        MongodbEngine.connect(Target("mongodb", database="d"))
