# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Opening sessions: what is passed to PyMySQL, and what every session of ours has in common."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from ...errors import PanelDbError, Unsupported
from ..target import Target
from .connecting import NO_LIMIT, connected
from .faults import translated
from .naming import EXACT_COLLATIONS

if TYPE_CHECKING:
    from .wire import Connection

#: What the server does not take is an error; nothing is cut, rounded to zero or counted up in silence. Double quotes
#: and backslashes mean what they mean by default, whatever the server's own mode says.
SQL_MODE = (
    "STRICT_TRANS_TABLES,STRICT_ALL_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,"
    "NO_ENGINE_SUBSTITUTION,NO_AUTO_VALUE_ON_ZERO"
)
#: Bytes of a text that rows are read as; longer ones would not fit into little memory.
LONGEST_TEXT = 4 << 20
OLDEST = {"MariaDB": (10, 6), "MySQL": (8, 0)}


def open_session(target: Target, *, read_only: bool = False, within: bool = True) -> Connection:
    """Open a connection in autocommit mode, in UTC, with the target's timeouts.

    ``within`` is false for a session in no database. What the target does not say is taken of the option files and the
    environment of the mysql client.

    :raises PanelDbError: where PyMySQL is not installed.
    :raises Unsupported: where the server is too old.
    """
    _require_driver()
    connection = connected(target, within=within)
    try:
        product, numbers = product_of(connection.server_version)
        refuse_old(product, numbers, connection.server_version)
        with translated("Setting up the session"), connection.cursor() as cursor:
            cursor.execute(session_settings(target, product))
            if read_only:
                cursor.execute("SET SESSION TRANSACTION READ ONLY")
    except BaseException:
        connection.close()
        raise
    return connection


def _require_driver() -> None:
    try:
        import pymysql  # noqa: F401
    except ImportError as error:
        raise PanelDbError(
            "MySQL and MariaDB need the Python package PyMySQL, which this interpreter does not have.",
            hint="Install the system's package python3-pymysql, or PyMySQL by pip.",
        ) from error


def product_of(version: str) -> tuple[str, tuple[int, ...]]:
    """Tell MariaDB from MySQL, and the numbers of the release, by what the server says when it is connected to.

    MariaDB before 11 puts ``5.5.5-`` before its version, so that old replicas take it.
    """
    product = "MariaDB" if "mariadb" in version.lower() else "MySQL"
    plain = version[len("5.5.5-") :] if product == "MariaDB" and version.startswith("5.5.5-") else version
    return product, tuple(int(number) for number in re.findall(r"\d+", plain.partition("-")[0])[:3])


def refuse_old(product: str, numbers: tuple[int, ...], version: str) -> None:
    if numbers < OLDEST[product]:
        oldest = ".".join(map(str, OLDEST[product]))
        raise Unsupported(
            f"This server is {product} {version}, which is too old.", hint=f"Use {product} {oldest} or later."
        )


def session_settings(target: Target, product: str) -> str:
    """Give the statement that sets up a session."""
    waits = lock_seconds(target.lock_timeout)
    settings = {
        "time_zone": "'+00:00'",
        "sql_mode": f"'{SQL_MODE}'",
        "lock_wait_timeout": waits,
        "innodb_lock_wait_timeout": waits,
        # Rows are read as long texts; the server's default is 1 KiB (MySQL) or 1 MiB.
        "group_concat_max_len": LONGEST_TEXT,
        "collation_connection": EXACT_COLLATIONS[product],
    }
    if target.statement_timeout and product == "MariaDB":
        settings["max_statement_time"] = f"{target.statement_timeout:.6f}"
    elif target.statement_timeout:
        settings["max_execution_time"] = math.ceil(target.statement_timeout * 1000)
    return "SET " + ", ".join(f"SESSION {name} = {value}" for name, value in settings.items())


def lock_seconds(seconds: float) -> int:
    """Write a time as the server's timeouts for locks want it: whole seconds, one at the least; 0 is no limit."""
    return min(max(1, math.ceil(seconds)), NO_LIMIT) if seconds else NO_LIMIT
