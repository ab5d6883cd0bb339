# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Opening sessions: what is passed to PyMongo, and what every session of ours has in common."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from ...errors import ConnectionFailed, InputError, PanelDbError, Unsupported
from ..target import Target
from ..urls import split_hosts
from .faults import refused, translated

if TYPE_CHECKING:
    from pymongo import MongoClient
    from pymongo.database import Database

    Client = MongoClient[dict[str, Any]]

APPLICATION = "paneldb"
#: PyMongo's own oldest that knows ``timeoutMS`` and all that is used here.
OLDEST_DRIVER = (4, 9)
#: Milliseconds; for PyMongo, 0 is no time at all where it selects a server.
_NO_LIMIT = 2**31 - 1
_NO_TLS = ("", "disable")


def open_client(target: Target) -> Client:
    """Open a connection and ask the server who it is, so that whatever is wrong shows here.

    :raises PanelDbError: where PyMongo is not installed, or is too old.
    :raises ConnectionFailed: where no server answers, or it refuses the account.
    """
    driver = _driver()
    address, arguments = client_arguments(target)
    # Without a handler of its own, what PyMongo's threads meet with would be printed between results.
    logging.getLogger("pymongo").addHandler(logging.NullHandler())
    try:
        with warnings.catch_warnings():
            # What an option of the address cannot be, PyMongo only warns of, and leaves out.
            warnings.simplefilter("error", UserWarning)
            client: Client = driver.MongoClient(address, **arguments)
    except (driver.errors.PyMongoError, OSError, ValueError, TypeError, UserWarning) as error:
        raise _bad_options(error) from None
    try:
        client.admin.command("ping")
    except driver.errors.PyMongoError as error:
        client.close()
        raise refused(error, place(target)) from None
    return client


def _driver() -> Any:
    try:
        import pymongo
        import pymongo.errors
    except ImportError as error:
        raise PanelDbError(
            "MongoDB needs the Python package PyMongo, which this interpreter does not have.",
            hint="Install the system's package python3-pymongo where it is 4.9 or later, else pymongo by pip.",
        ) from error
    if pymongo.version_tuple[:2] < OLDEST_DRIVER:
        oldest = ".".join(map(str, OLDEST_DRIVER))
        raise PanelDbError(f"PyMongo {pymongo.version} is too old.", hint=f"Install PyMongo {oldest} or later.")
    return pymongo


def _bad_options(error: Exception) -> PanelDbError:
    return ConnectionFailed(
        f"PyMongo does not take what the URL or the options say: {error.__class__.__name__}.",
        hint="Look at the options of the URL, the name of the host, and the files of tls_ca and tls_cert.",
    )


def client_arguments(target: Target) -> tuple[str, dict[str, Any]]:
    """Give PyMongo's address and arguments for what the target says.

    The options of a URL stay in the address, in whose form PyMongo reads them; nothing secret is among them but the
    password of the key file, which PyMongo takes from there as well. ``w``, ``readConcernLevel``, ``retryWrites`` and
    ``retryReads`` that the URL states are left as they are.
    """
    options = {name: value for name, value in target.options.items() if name != "srv"}
    said = {
        "username": target.user,
        "password": target.password if target.user else "",
        "authSource": (target.auth_database or target.database or "admin") if target.user else "",
        "replicaSet": target.replica_set,
        **_tls(target),
    }
    arguments: dict[str, Any] = {name: value for name, value in said.items() if value not in ("", None)}
    arguments.update(_fixed(target, options))
    query = f"/?{urlencode(options, quote_via=quote)}" if options else "/"
    scheme = "mongodb+srv" if target.options.get("srv") else "mongodb"
    return f"{scheme}://{_hosts(target)}{query}", arguments


def _fixed(target: Target, options: Mapping[str, Any]) -> dict[str, Any]:
    """Give what each session of ours has: times in UTC, UUIDs in the one form that all drivers share, acknowledgement
    by the majority."""
    milliseconds = int(target.connect_timeout * 1000) or _NO_LIMIT
    wanted = {
        "appName": APPLICATION,
        "connectTimeoutMS": milliseconds,
        "serverSelectionTimeoutMS": milliseconds,
        "uuidRepresentation": "standard",
        "w": "majority",
        "retryWrites": True,
        "retryReads": True,
    }
    arguments = {name: value for name, value in wanted.items() if name not in options}
    if target.statement_timeout:
        arguments["timeoutMS"] = max(1, int(target.statement_timeout * 1000))
    return {**arguments, "tz_aware": True}


def _tls(target: Target) -> dict[str, Any]:
    """The drivers verify certificate and name as soon as TLS is asked for; they know no TLS that is tried only."""
    mode = target.tls_mode
    if mode in ("allow", "prefer"):
        raise Unsupported(f"MongoDB knows no TLS mode {mode}.", hint="Use disable, require, verify-ca or verify-full.")
    if target.tls_key not in ("", target.tls_cert):
        raise InputError(
            "MongoDB wants certificate and key in one file.",
            source="tls_key",
            hint="Write both into the file that tls_cert names, and leave out tls_key.",
        )
    if mode in _NO_TLS and not (target.tls_ca or target.tls_cert):
        return {"tls": False} if mode else {}
    names = {"tlsAllowInvalidHostnames": True} if mode == "verify-ca" else {}
    return {"tls": True, "tlsCAFile": target.tls_ca, "tlsCertificateKeyFile": target.tls_cert, **names}


def _hosts(target: Target) -> str:
    if target.unix_socket:
        return quote(target.unix_socket, safe="")
    pairs = split_hosts(target) or [("localhost", target.port)]
    srv = bool(target.options.get("srv"))
    return ",".join(_host(name, 0 if srv else port) for name, port in pairs)


def _host(name: str, port: int) -> str:
    name = f"[{name}]" if ":" in name else name
    return f"{name}:{port}" if port else name


def place(target: Target) -> str:
    """Name the server for messages."""
    if target.unix_socket:
        return f"MongoDB at {target.unix_socket}"
    where = target.host or "localhost"
    return f"MongoDB at {where}" + (f", port {target.port}" if target.port else "")


def database_of(client: Client, target: Target, *, majority: bool) -> Database[dict[str, Any]]:
    """Give the database of the target with the concerns that every session of ours has."""
    from pymongo.read_concern import ReadConcern

    concern = ReadConcern("majority") if majority and "readConcernLevel" not in target.options else None
    with translated("Opening the database"):
        return client.get_database(target.database, read_concern=concern)


def require_name(name: str) -> None:
    """Refuse what MongoDB's "Naming Restrictions" do not let a database be called.

    :raises InputError: no database is named, or none can have this name.
    """
    if not name:
        raise InputError("It is not said which database is meant.", source="database", hint="Give database, or a URL.")
    bad = sorted(set('/\\. "$*<>:|?\0').intersection(name))
    if bad or len(name.encode()) >= LONGEST_DATABASE_NAME:
        raise InputError(
            "MongoDB cannot have a database of this name.",
            source="database",
            found=name,
            expected=f'at most {LONGEST_DATABASE_NAME - 1} bytes without any of / \\ . " $ * < > : | ? NUL and blanks',
        )


LONGEST_DATABASE_NAME = 64
