# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Opening sessions: what is passed to libpq, and what every session of ours has in common."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from types import ModuleType
from typing import TYPE_CHECKING, Any

from ...errors import PanelDbError
from ..target import Target
from ..urls import libpq_option, quoted_identifier, split_hosts
from .faults import refused, translated

if TYPE_CHECKING:
    import psycopg2.extensions

APPLICATION = "paneldb"

#: Parameters of URLs that Prisma reads and libpq does not know.
_NOT_FOR_LIBPQ = frozenset(
    (
        "connection_limit",
        "pool_timeout",
        "pgbouncer",
        "socket_timeout",
        "statement_cache_size",
        "sslidentity",
        "sslaccept",
    )
)
#: libpq takes one second for two, and 0 for no limit.
_SHORTEST_CONNECT_TIMEOUT = 2


def open_session(target: Target, *, read_only: bool = False) -> psycopg2.extensions.connection:
    """Open a connection in autocommit mode, in UTC, with the target's timeouts.

    What the target does not say is not passed on, so that PGHOST, PGUSER, PGPASSFILE, PGSERVICE and the other variables
    of libpq's environment keep their meaning. Through a pooler (``pgbouncer=true`` in the URL), which refuses start-up
    options, the settings are made by a query.

    :raises PanelDbError: where psycopg2 is not installed.
    """
    driver = _driver()
    settings = session_settings(target, read_only=read_only)
    arguments = libpq_arguments(target)
    pooled = str(target.options.get("pgbouncer", "")).lower() == "true"
    if not pooled:
        arguments["options"] = _with_settings(
            str(arguments.get("options") or os.environ.get("PGOPTIONS", "")), settings
        )
    try:
        connection: psycopg2.extensions.connection = driver.connect(**arguments)
    except driver.Error as error:
        raise refused(error, _place(target)) from None
    connection.autocommit = True
    # PGTZ in the environment is stronger than a start-up option.
    if pooled or connection.get_parameter_status("TimeZone") != settings["timezone"]:
        _set(connection, settings)
    return connection


def _driver() -> ModuleType:
    try:
        import psycopg2
    except ImportError as error:
        raise PanelDbError(
            "PostgreSQL needs the Python package psycopg2, which this interpreter does not have.",
            hint="Install the system's package python3-psycopg2, or psycopg2-binary by pip.",
        ) from error
    return psycopg2


def session_settings(target: Target, *, read_only: bool = False) -> dict[str, str]:
    """Give the settings of a session. Values are read back as text, so the forms that they have are settings too."""
    settings = {
        "timezone": "UTC",
        "datestyle": "ISO",
        "bytea_output": "hex",
        "lock_timeout": milliseconds(target.lock_timeout),
        "statement_timeout": milliseconds(target.statement_timeout),
        # A client that is gone is noticed within two minutes, so that its lock does not outlive it for hours.
        "tcp_keepalives_idle": "60",
        "tcp_keepalives_interval": "15",
        "tcp_keepalives_count": "4",
    }
    if target.schema:
        settings["search_path"] = quoted_identifier(target.schema)
    if read_only:
        settings["default_transaction_read_only"] = "on"
    return settings


def milliseconds(seconds: float) -> str:
    """Write a time as the server's timeouts want it; any time above zero is at least one millisecond."""
    return str(math.ceil(seconds * 1000))


def libpq_arguments(target: Target) -> dict[str, Any]:
    """Give libpq's parameters for what the target says."""
    hosts = split_hosts(target)
    said = {
        "host": target.unix_socket or ",".join(host for host, _unused in hosts),
        "port": ",".join(str(port or "") for _unused, port in hosts) if hosts else target.port,
        "user": target.user,
        "password": target.password,
        "dbname": target.database,
        "sslmode": target.tls_mode,
        "sslrootcert": target.tls_ca,
        "sslcert": target.tls_cert,
        "sslkey": target.tls_key,
    }
    arguments: dict[str, Any] = {name: value for name, value in said.items() if value}
    arguments["connect_timeout"] = _connect_timeout(target.connect_timeout)
    arguments["client_encoding"] = "UTF8"
    passed = {name: value for name, value in target.options.items() if name not in _NOT_FOR_LIBPQ}
    return {"application_name": APPLICATION, **arguments, **passed}


def _connect_timeout(seconds: float) -> int:
    return max(_SHORTEST_CONNECT_TIMEOUT, math.ceil(seconds)) if seconds else 0


def _with_settings(options: str, settings: Mapping[str, str]) -> str:
    ours = " ".join(f"-c {name}={libpq_option(value)}" for name, value in settings.items())
    return f"{options} {ours}".strip()


def _set(connection: psycopg2.extensions.connection, settings: Mapping[str, str]) -> None:
    calls = ", ".join(["set_config(%s, %s, false)"] * len(settings))
    with translated("Setting up the session"), connection.cursor() as cursor:
        cursor.execute(f"SELECT {calls}", [text for pair in settings.items() for text in pair])


def _place(target: Target) -> str:
    where = target.unix_socket or target.host or os.environ.get("PGHOST", "the local socket")
    return f"PostgreSQL at {where}" + (f", port {target.port}" if target.port else "")
