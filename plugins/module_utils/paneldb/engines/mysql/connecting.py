# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reaching a server: where, as whom, and whether by TLS."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import ConnectionFailed, InputError, PanelDbError
from ..target import TLS_MODES, Target, convert
from ..urls import split_hosts
from .faults import ANOTHER_SERVER, TLS_WANTED, code_of, refused
from .naming import CHARSET
from .option_files import client_options

if TYPE_CHECKING:
    import ssl

    from .wire import Connection

APPLICATION = "paneldb"
PORT = 3306
#: Where servers put their socket by default.
SOCKETS = ("/run/mysqld/mysqld.sock", "/var/run/mysqld/mysqld.sock", "/var/lib/mysql/mysql.sock", "/tmp/mysql.sock")  # noqa: S108
#: Seconds; the highest value of the server's and the driver's timeouts.
NO_LIMIT = 31536000
#: Where TLS is not asked for the driver must be told so: it would load all authorities' certificates on each connect.
_WITHOUT_TLS = ("", "disable", "allow")
_VERIFYING = ("verify-ca", "verify-full")


def connected(target: Target, *, within: bool = True) -> Connection:
    """Open a connection with the first server of the target that can be reached, ``within`` the database or in none."""
    options = client_options()
    arguments = arguments_of(target, options)
    arguments["database"] = arguments["database"] if within else None
    places = places_of(target, options)
    failure: PanelDbError | None = None
    for place in places:
        try:
            return _opened(place, arguments, tls_of(target, options, place))
        except ConnectionFailed as error:
            failure = error
            if error.details.get("errno") not in ANOTHER_SERVER:
                break
    raise failure or ConnectionFailed("No server is named.", hint="Name one in login_host.")


def arguments_of(target: Target, options: Mapping[str, str]) -> dict[str, Any]:
    """Give PyMySQL's parameters, but for the place and TLS."""
    from pymysql.constants import CLIENT

    from .wire import conversions

    arguments: dict[str, Any] = {
        "user": target.user or options.get("user") or None,
        "database": target.database or options.get("database") or None,
        # The driver would write text as Latin-1.
        "password": (target.password or options.get("password", "")).encode(),
        "connect_timeout": min(target.connect_timeout or NO_LIMIT, NO_LIMIT),
        "charset": CHARSET,
        "program_name": APPLICATION,
        "autocommit": True,
        # No file is ever read, see wire.
        "local_infile": True,
        # Rows that an UPDATE finds count, whether they were otherwise before or not.
        "client_flag": CLIENT.FOUND_ROWS,
        "conv": conversions(),
    }
    for name in ("read_timeout", "write_timeout"):
        seconds = convert("connect_timeout", target.options.get(name, 0), f"url: {name}")
        if seconds:
            arguments[name] = seconds
    return arguments


def places_of(target: Target, options: Mapping[str, str]) -> list[dict[str, Any]]:
    """Give host and port, or socket, of each server: of the target, else of the client's options, else the usual."""
    if target.unix_socket:
        return [{"unix_socket": target.unix_socket}]
    port = target.port or _port(options) or PORT
    hosts = split_hosts(target)
    if hosts:
        return [{"host": host, "port": own or port} for host, own in hosts]
    if options.get("host"):
        return [{"host": options["host"], "port": port}]
    if options.get("socket") and not target.port:
        return [{"unix_socket": options["socket"]}]
    if target.port:
        return [{"host": "localhost", "port": port}]
    return [{"unix_socket": next((each for each in SOCKETS if Path(each).exists()), SOCKETS[0])}]


def _port(options: Mapping[str, str]) -> int:
    return int(convert("port", options["port"], "port of the mysql client's options")) if options.get("port") else 0


def tls_of(target: Target, options: Mapping[str, str], place: Mapping[str, Any]) -> tuple[str, str, str, str]:
    """Give mode, authority, certificate and key.

    An authority that is named is there to be verified with. Nothing leaves the machine by a socket, so there TLS is
    used only where it is insisted on.
    """
    ca, cert, key = (
        said or options.get(name, "")
        for said, name in ((target.tls_ca, "ssl-ca"), (target.tls_cert, "ssl-cert"), (target.tls_key, "ssl-key"))
    )
    mode = target.tls_mode or _mode_of(options)
    if ca and mode in ("", "require"):
        mode = "verify-full" if not mode and _strict(target) else "verify-ca"
    elif cert and not mode:
        mode = "require"
    if "unix_socket" in place and mode == "prefer":
        mode = "disable"
    return mode, ca, cert, key


def _strict(target: Target) -> bool:
    """Prisma verifies an authority that is named, and the host's name, unless it is told to accept anything."""
    return str(target.options.get("sslaccept", "strict")) == "strict"


def _mode_of(options: Mapping[str, str]) -> str:
    if options.get("ssl-mode"):
        return str(convert("tls_mode", options["ssl-mode"], "ssl-mode of the mysql client's options"))
    if "skip-ssl" in options or options.get("ssl", "1").lower() in ("0", "off", "false"):
        return "disable"
    if "ssl-verify-server-cert" in options and options["ssl-verify-server-cert"] not in ("0", "off", "false"):
        return "verify-full"
    return "require" if "ssl" in options else ""


def _opened(place: Mapping[str, Any], arguments: Mapping[str, Any], tls: tuple[str, str, str, str]) -> Connection:
    """``allow``, and nothing said, mean TLS only where the server wants it; ``prefer`` where it offers it."""
    mode = tls[0]
    try:
        return _attempt(place, arguments, tls)
    except ConnectionFailed as error:
        if mode not in ("", "allow") or error.details.get("errno") not in TLS_WANTED:
            raise
    return _attempt(place, arguments, ("require", *tls[1:]))


def _attempt(place: Mapping[str, Any], arguments: Mapping[str, Any], tls: tuple[str, str, str, str]) -> Connection:
    import pymysql

    from .wire import ClearPassword, Connection

    plain = tls[0] in _WITHOUT_TLS
    extra: dict[str, Any] = {"ssl_disabled": True} if plain else {"ssl": _context(*tls)}
    connection = Connection(
        **arguments,
        **place,
        **extra,
        auth_plugin_map={"mysql_clear_password": ClearPassword},
        defer_connect=True,
    )
    connection.tls_required = not plain and tls[0] != "prefer"
    try:
        connection.connect()
    except (pymysql.err.Error, RuntimeError, ValueError) as error:
        raise refused(error, code_of(error), _named(place)) from None
    return connection


@lru_cache(maxsize=8)
def _context(mode: str, ca: str, cert: str, key: str) -> ssl.SSLContext:
    """One for all connections of a kind: the authorities' certificates take longer to read than all else."""
    import ssl

    if mode not in TLS_MODES:
        raise InputError("There is no such mode.", source="tls_mode", found=mode)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = mode == "verify-full"
    context.verify_mode = ssl.CERT_REQUIRED if mode in _VERIFYING else ssl.CERT_NONE
    try:
        if ca:
            context.load_verify_locations(cafile=ca)
        elif mode in _VERIFYING:
            context.load_default_certs()
        if cert:
            context.load_cert_chain(cert, key or None)
    except OSError as error:
        raise InputError(
            f"A certificate or key cannot be used: {error}.",
            source="tls_ca, tls_cert, tls_key",
            hint="Look at the files.",
        ) from error
    return context


def _named(place: Mapping[str, Any]) -> str:
    return f"The server at {place.get('unix_socket') or '{host}, port {port}'.format(**place)}"
