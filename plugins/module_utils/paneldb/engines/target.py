# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the database is, and as whom: one immutable value made from a URL or from parts."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..errors import InputError


@dataclass(frozen=True)
class Target:
    """A database to open. Times are in seconds. ``options`` are further driver settings by their URL names.

    What is empty or zero was not said: it is not passed to the driver, so that the environment and the option files of
    the engine's own programs keep their meaning. Several servers stand in ``host`` as ``one:5432,two:5433``.
    """

    engine: str
    database: str = ""
    path: str = ""
    host: str = ""
    port: int = 0
    unix_socket: str = ""
    user: str = ""
    password: str = field(default="", repr=False)
    schema: str = ""
    auth_database: str = ""
    replica_set: str = ""
    tls_mode: str = ""
    tls_ca: str = ""
    tls_cert: str = ""
    tls_key: str = ""
    connect_timeout: float = 10.0
    lock_timeout: float = 30.0
    statement_timeout: float = 0.0
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What a person calls the database, and has to say to have it removed; on SQLite the name of the file."""
        return self.database or self.path.rpartition("/")[2]


#: What users type, and the field of the target that it fills.
PARTS: dict[str, str] = {
    "engine": "engine",
    "path": "path",
    "login_host": "host",
    "login_port": "port",
    "login_unix_socket": "unix_socket",
    "login_user": "user",
    "login_password": "password",
    "database": "database",
    "schema": "schema",
    "auth_database": "auth_database",
    "replica_set": "replica_set",
    "tls_mode": "tls_mode",
    "tls_ca": "tls_ca",
    "tls_cert": "tls_cert",
    "tls_key": "tls_key",
    "connect_timeout": "connect_timeout",
    "lock_timeout": "lock_timeout",
    "statement_timeout": "statement_timeout",
}

ENGINES = ("sqlite", "postgresql", "mysql", "mongodb")
TLS_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_MYSQL_TLS_MODES = {
    "disabled": "disable",
    "preferred": "prefer",
    "required": "require",
    "verify-identity": "verify-full",
}
HIGHEST_PORT = 65535
LONGEST_TIME = 1e9
_TIMES = ("connect_timeout", "lock_timeout", "statement_timeout")
#: What libpq looks at in the environment where nothing else is said; ours would be said always.
_CONNECT_TIMEOUT = "PGCONNECT_TIMEOUT"
_EVERYWHERE = {"engine", *_TIMES}
_NOT_FOR_FILES = set(PARTS.values()) - _EVERYWHERE - {"path"}
_UNKNOWN_TO: dict[str, set[str]] = {
    "sqlite": _NOT_FOR_FILES,
    "postgresql": {"path", "auth_database", "replica_set"},
    "mysql": {"path", "schema", "auth_database", "replica_set"},
    "mongodb": {"path", "schema"},
}


def parse_target(params: Mapping[str, Any]) -> Target:
    """Make a target of ``url`` or of the parts in PARTS; other keys are not looked at, None and "" mean not said.

    A part may add what the URL leaves out. The parts must come without defaults of their own, else a default would
    contradict a URL.

    :raises InputError: for a value that cannot be, a part that the engine does not have, an unknown URL parameter, and
        where the URL and a part say different things. Passwords are never in the message.
    """
    said = {PARTS[name]: value for name, value in params.items() if name in PARTS and value not in (None, "")}
    fields = {name: convert(name, value, _part(name)) for name, value in said.items()}
    if params.get("url"):
        from .urls import parse_url

        fields = _merged(parse_url(str(params["url"])), fields)
    fields.setdefault("engine", "sqlite" if "path" in fields else "")
    _verify(fields)
    seconds = os.environ.get(_CONNECT_TIMEOUT)
    if seconds and fields["engine"] == "postgresql":
        fields.setdefault("connect_timeout", convert("connect_timeout", seconds, _CONNECT_TIMEOUT))
    return Target(**fields)


def convert(name: str, value: Any, source: str) -> Any:
    """Give the value of a field in the type that the target keeps.

    :raises InputError: where it cannot be one; ``source`` is the option or URL parameter that said it.
    """
    if name == "port":
        return _port(value, source)
    if name in _TIMES:
        return _seconds(value, source)
    if name == "tls_mode":
        return _tls_mode(str(value), source)
    if name == "engine" and value not in ENGINES:
        raise InputError(
            "There is no such engine.", source=source, found=value, expected="one of " + ", ".join(ENGINES)
        )
    return str(value)


def _port(value: Any, source: str) -> int:
    text = str(value)
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= HIGHEST_PORT):
        raise InputError("This is no port.", source=source, expected="a whole number from 1 to 65535")
    return int(text)


def _seconds(value: Any, source: str) -> float:
    try:
        seconds = float(value)
    except (TypeError, ValueError):
        seconds = -1.0
    if not 0 <= seconds < LONGEST_TIME:
        raise InputError("This is no time.", source=source, found=value, expected="seconds, 0 for no limit")
    return seconds


def _tls_mode(value: str, source: str) -> str:
    word = value.lower().replace("_", "-")
    mode = _MYSQL_TLS_MODES.get(word, word)
    if mode not in TLS_MODES:
        raise InputError(
            "There is no such mode.", source=source, found=value, expected="one of " + ", ".join(TLS_MODES)
        )
    return mode


def _part(name: str) -> str:
    return next(part for part, target_field in PARTS.items() if target_field == name)


def _merged(url: Mapping[str, Any], parts: Mapping[str, Any]) -> dict[str, Any]:
    for name, value in parts.items():
        if name in url and url[name] != value:
            raise InputError(
                f"The URL and {_part(name)} say different things.",
                source="url",
                hint=f"Leave out one: {_part(name)} or url.",
            )
    return {**url, **parts}


def _verify(fields: Mapping[str, Any]) -> None:
    engine = fields["engine"]
    if not engine:
        raise InputError(
            "It is not said which database is meant.",
            source="engine",
            hint="Give url (or DATABASE_URL in the environment), or engine with path or login_host and database.",
        )
    for name in fields:
        if name in _UNKNOWN_TO[engine]:
            raise InputError(f"{engine} has no {_part(name)}.", source=_part(name), hint=f"Leave out {_part(name)}.")
    if engine == "sqlite" and not fields.get("path"):
        raise InputError(
            "SQLite needs a file.", source="path", hint="Give path, or a URL such as sqlite:////var/panel.db."
        )
    if fields.get("host") and fields.get("unix_socket"):
        raise InputError(
            "A server is reached by host or by socket, not both.",
            source="login_unix_socket",
            hint="Leave out login_host or login_unix_socket.",
        )
