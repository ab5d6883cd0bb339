# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What role mongodb asks of a new server, in the order that MongoDB's manual gives, and nothing of one that has it all.

No stand-in has replica sets or the localhost exception, so the commands themselves are looked at. Their form is that of
"Deploy Self-Managed Replica Set With Keyfile Authentication" in the manual.
"""

from __future__ import annotations

import importlib.util
import json
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from pymongo.errors import AutoReconnect, OperationFailure

SCRIPT = Path(__file__).resolve().parents[2] / "roles" / "mongodb" / "files" / "first_admin.py"
PASSWORD = "a password"
INITIATE = ("replSetInitiate", {"_id": "rs0", "members": [{"_id": 0, "host": "127.0.0.1:27018"}]})
CREATE = ("createUser", "admin", PASSWORD, [{"role": "root", "db": "admin"}])


def _load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("first_admin", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


first_admin = _load()


@dataclass
class Mongod:
    """Answers as a server does at each stage of its first start."""

    replica_set: str = ""
    is_member: bool = True
    passwords: dict[str, str] = field(default_factory=dict)
    starting: int = 0
    electing: int = 0
    commands: list[tuple[Any, ...]] = field(default_factory=list)
    connections: list[dict[str, Any]] = field(default_factory=list)

    def connect(self, host: str, port: int, **settings: Any) -> Any:
        self.connections.append({"host": host, "port": port, **settings})
        return Client(self, settings.get("username"), settings.get("password"))

    def hello(self) -> dict[str, Any]:
        if self.starting:
            self.starting -= 1
            raise AutoReconnect("connection refused")
        if not self.replica_set:
            return {"isreplicaset": True} if self.is_member else {"isWritablePrimary": True}
        self.electing -= 1
        return {"setName": self.replica_set, "isWritablePrimary": self.electing < 0}


class Client:
    """A connection, and the database ``admin`` in one."""

    def __init__(self, server: Mongod, user: Any, password: Any) -> None:
        self._server, self._user, self._password = server, user, password
        self.admin = self

    def command(self, name: str, value: Any = 1, **more: Any) -> Any:
        server = self._server
        if name == "hello":
            return server.hello()
        if self._user and server.passwords.get(self._user) != self._password:
            raise OperationFailure("Authentication failed.", 18)
        if name == "ping":
            return {"ok": 1.0}
        if server.passwords and not self._user:
            raise OperationFailure(f"Command {name} requires authentication", 13)
        server.commands.append((name, value, *more.values()))
        if name == "replSetInitiate":
            server.replica_set, server.electing = value["_id"], 2
        if name == "createUser":
            server.passwords[value] = more["pwd"]
        return {"ok": 1.0}


@pytest.fixture
def password_file(tmp_path: Path) -> Path:
    path = tmp_path / "admin"
    path.write_text(f"{PASSWORD}\n")
    return path


def _prepare(server: Mongod, password_file: Path, *more: str) -> list[str]:
    arguments = ["--port", "27018", "--user", "admin", "--password-file", str(password_file), "--roles", "root"]
    replica_set = ["--replica-set", "rs0", "--member", "127.0.0.1:27018"]
    options = first_admin.parsed([*arguments, *replica_set, "--timeout", "5", *more])
    done: list[str] = first_admin.Server(options, server.connect).prepare()
    return done


def test_a_new_server_becomes_a_replica_set_and_gets_its_administrator(password_file: Path) -> None:
    server = Mongod(starting=1)
    assert _prepare(server, password_file) == ["replica set rs0 of 127.0.0.1:27018", "administrator admin"]
    assert server.commands == [INITIATE, CREATE]


def test_a_second_run_asks_for_nothing(password_file: Path) -> None:
    server = Mongod()
    _prepare(server, password_file)
    server.commands.clear()
    assert _prepare(server, password_file) == []
    assert server.commands == []


def test_a_check_tells_and_does_nothing(password_file: Path) -> None:
    server = Mongod()
    assert _prepare(server, password_file, "--check") == ["replica set rs0 of 127.0.0.1:27018", "administrator admin"]
    assert server.commands == []


def test_what_was_interrupted_is_finished(password_file: Path) -> None:
    server = Mongod(replica_set="rs0", electing=-1)
    assert _prepare(server, password_file) == ["administrator admin"]
    assert server.commands == [CREATE]


def test_without_a_replica_set_none_is_made(password_file: Path) -> None:
    server = Mongod(is_member=False)
    assert _prepare(server, password_file, "--replica-set", "") == ["administrator admin"]
    assert server.commands == [CREATE]


def test_connections_are_to_this_machine_and_verified_where_an_authority_is_named(password_file: Path) -> None:
    server = Mongod()
    _prepare(server, password_file, "--tls", "--tls-ca", "/etc/ca.pem")
    for settings in server.connections:
        assert (settings["host"], settings["directConnection"]) == ("127.0.0.1", True)
        assert (settings["tls"], settings["tlsCAFile"]) == (True, "/etc/ca.pem")


@pytest.mark.parametrize(
    ("server", "message"),
    [
        (Mongod(replica_set="rs0", electing=-1, passwords={"admin": "another"}), "Put the right one into that file"),
        (Mongod(replica_set="rs1", electing=-1), "belongs to the replica set rs1"),
        (Mongod(is_member=False), "runs without a replica set"),
        (Mongod(starting=1000), "not ready after 0 seconds: connection refused"),
    ],
    ids=["another password", "another replica set", "no replica set", "does not start"],
)
def test_what_it_cannot_mend_it_refuses(server: Mongod, message: str, password_file: Path) -> None:
    with pytest.raises(first_admin.Refused, match=message) as refused:
        _prepare(server, password_file, "--timeout", "0")
    assert PASSWORD not in str(refused.value)
    assert server.commands == []


def test_the_program_prints_what_was_done_or_the_reason(
    password_file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["first_admin.py", "--port", "1", "--user", "admin", "--password-file", str(password_file)]
    monkeypatch.setattr("sys.argv", arguments)
    monkeypatch.setattr(first_admin.Server, "prepare", lambda _unused: ["all"])
    assert first_admin.main() == 0
    assert json.loads(capsys.readouterr().out) == {"done": ["all"]}
    monkeypatch.setattr("sys.argv", [*arguments[:-1], "/nowhere"])
    assert first_admin.main() == 1
    assert "/nowhere" in capsys.readouterr().err
