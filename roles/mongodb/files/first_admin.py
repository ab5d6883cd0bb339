# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the replica set and the first administrator of a MongoDB server on this machine.

As long as a server has no account it lets connections from its own machine make the replica set and one account, and
nobody else in. Prints what was done, or with ``--check`` would be, as ``{"done": [...]}``. The password is only read
out of its file.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.errors import AutoReconnect, ConnectionFailure, OperationFailure

UNAUTHORIZED, AUTHENTICATION_FAILED = 13, 18
LOOPBACK = "127.0.0.1"


class Refused(Exception):
    """The server cannot be brought to the wanted state."""


class Server:
    """The server, as somebody without an account and as the administrator see it."""

    def __init__(self, options: argparse.Namespace, connect: Callable[..., Any] = MongoClient) -> None:
        tls = {"tls": True, "tlsAllowInvalidHostnames": True} if options.tls else {}
        authorities = {"tlsCAFile": options.tls_ca} if options.tls_ca else {}
        settings = {"directConnection": True, "serverSelectionTimeoutMS": 2000, "tz_aware": True, **tls, **authorities}
        account = {"username": options.user, "password": password_in(options.password_file), "authSource": "admin"}
        self._options = options
        self.anybody = connect(LOOPBACK, options.port, **settings)
        self.administrator = connect(LOOPBACK, options.port, **settings, **account)

    def prepare(self) -> list[str]:
        """Do what is missing; give it as lines.

        :raises Refused: the server is not what it should be, or has accounts but not this one.
        """
        self._wait(answers)
        done = self._replica_set()
        # A replica set that is still to be made has no account.
        if (done and self._options.check) or not self._is_administrator():
            done.append(self._make_administrator())
        return done

    def close(self) -> None:
        """End the connections."""
        self.anybody.close()
        self.administrator.close()

    def _replica_set(self) -> list[str]:
        wanted = self._options.replica_set
        hello = self.anybody.admin.command("hello")
        if not wanted or hello.get("setName") == wanted:
            return []
        if hello.get("setName"):
            raise Refused(f"The server belongs to the replica set {hello['setName']}; {wanted} is wanted.")
        if not hello.get("isreplicaset"):
            raise Refused("The server runs without a replica set, other than its configuration says.")
        if not self._options.check:
            members = [{"_id": 0, "host": self._options.member}]
            self.anybody.admin.command("replSetInitiate", {"_id": wanted, "members": members})
            self._wait(is_primary)
        return [f"replica set {wanted} of {self._options.member}"]

    def _is_administrator(self) -> bool:
        try:
            self.administrator.admin.command("ping")
        except OperationFailure as error:
            if error.code != AUTHENTICATION_FAILED:
                raise
            return False
        return True

    def _make_administrator(self) -> str:
        options = self._options
        if options.check:
            return f"administrator {options.user}"
        roles = [{"role": role, "db": "admin"} for role in options.roles]
        try:
            self.anybody.admin.command("createUser", options.user, pwd=password_in(options.password_file), roles=roles)
        except OperationFailure as error:
            if error.code != UNAUTHORIZED:
                raise
            told = f"The server has accounts, and {options.password_file} does not hold the password of {options.user}."
            raise Refused(f"{told} Put the right one into that file.") from error
        return f"administrator {options.user}"

    def _wait(self, ready: Callable[[Any], bool]) -> None:
        """Wait until the server answers, and answers what is waited for."""
        end = time.monotonic() + self._options.timeout
        while True:
            try:
                if ready(self.anybody.admin.command("hello")):
                    return
                last = "it is no primary yet"
            except (AutoReconnect, ConnectionFailure) as error:
                last = str(error)
            if time.monotonic() > end:
                raise Refused(f"The server is not ready after {self._options.timeout:.0f} seconds: {last}.")
            time.sleep(0.2)


def answers(hello: Any) -> bool:
    """Whether the server answers at all."""
    return hello is not None


def is_primary(hello: Any) -> bool:
    """Whether the server takes writes."""
    return bool(hello.get("isWritablePrimary"))


def password_in(path: str) -> str:
    """Read the password, which is the first line."""
    return Path(path).read_text(encoding="utf-8").split("\n")[0]


def parsed(arguments: list[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("user", "password-file"):
        parser.add_argument(f"--{name}", required=True)
    for name in ("replica-set", "member", "tls-ca"):
        parser.add_argument(f"--{name}", default="")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--roles", type=lambda text: [role for role in text.split(",") if role], default=[])
    parser.add_argument("--timeout", type=float, default=60.0)
    parser.add_argument("--tls", action="store_true")
    parser.add_argument("--check", action="store_true")
    return parser.parse_args(arguments)


def main() -> int:
    """Do what the command line says; 1 where it cannot be done."""
    try:
        with closing(Server(parsed(sys.argv[1:]))) as server:
            done = server.prepare()
    except (Refused, OSError, OperationFailure, ConnectionFailure) as error:
        print(error, file=sys.stderr)  # noqa: T201 - a program of its own
        return 1
    print(json.dumps({"done": done}))  # noqa: T201 - a program of its own
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
