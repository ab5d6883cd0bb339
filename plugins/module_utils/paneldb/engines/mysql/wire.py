# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The driver's connection with what it lacks: TLS that is insisted on, and rows to load that come from memory.

The server may answer any statement by asking for a file of the client ("Security Considerations for LOAD DATA LOCAL" in
the manual). This connection never opens one: it sends the rows that it was given, or nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

try:
    from pymysql.connections import Connection as DriverConnection
    from pymysql.connections import MySQLResult
    from pymysql.constants import CLIENT, CR, FIELD_TYPE
    from pymysql.converters import encoders
    from pymysql.err import OperationalError
except ImportError:
    # Whoever connects is told what to install.
    DriverConnection = MySQLResult = object  # type: ignore[assignment,misc]

#: Bytes of one packet of rows; larger ones are not faster.
LOAD_PACKET = 1 << 18


def conversions() -> dict[Any, Any]:
    """Numbers are read as such; decimals and times stay the text that stored values are."""
    kept: dict[Any, Any] = dict(encoders)
    whole = (FIELD_TYPE.TINY, FIELD_TYPE.SHORT, FIELD_TYPE.INT24, FIELD_TYPE.LONG, FIELD_TYPE.LONGLONG, FIELD_TYPE.YEAR)
    return {**kept, **dict.fromkeys(whole, int), FIELD_TYPE.FLOAT: float, FIELD_TYPE.DOUBLE: float}


class Connection(DriverConnection):
    """``tls_required`` says that nothing is sent in the clear, whatever the server offers."""

    tls_required = False
    server_version: str
    _secure: bool
    server_capabilities: int
    server_status: int
    decoders: dict[int, Any]
    _rows: Iterable[bytes] | None = None
    #: What the iterator of rows to load raised, which the server must not turn into something else.
    load_failure: BaseException | None = None

    @property
    def warning_count(self) -> int:
        """How many warnings the last statement gave."""
        return int(self._result.warning_count) if self._result else 0

    @property
    def secure(self) -> bool:
        """Whether nobody else can read what is sent: by TLS, or by a socket of this machine."""
        return bool(self._secure)

    def next_packet(self) -> Any:
        """Read a packet of the server."""
        return self._read_packet()  # type: ignore[no-untyped-call]

    def _request_authentication(self) -> None:
        if self.tls_required and not self.server_capabilities & CLIENT.SSL:
            raise OperationalError(CR.CR_SSL_CONNECTION_ERROR, "the server offers no TLS")
        # Before release 1.2 the driver states TLS, and goes on in the clear, where it is asked for and not offered.
        self._ssl_required = self.tls_required
        self.client_flag &= self.server_capabilities | ~CLIENT.SSL
        super()._request_authentication()  # type: ignore[misc]

    @contextmanager
    def loading(self, rows: Iterable[bytes]) -> Iterator[None]:
        """Have the rows sent when a statement of the block asks for a file."""
        self._rows, self.load_failure = rows, None
        try:
            yield
        finally:
            self._rows = None

    def _read_query_result(self, unbuffered: bool = False) -> Any:
        """Read what a statement gave; the driver's own way but for files."""
        if unbuffered:
            return super()._read_query_result(unbuffered=True)  # type: ignore[misc]
        self._result = None
        result = _Result(self)
        result.read()
        self._result = result
        if result.server_status is not None:
            self.server_status = result.server_status
        return result.affected_rows

    def send_rows(self) -> None:
        """Answer the server that asked for a file; the empty packet at the end says that there is no more."""
        rows, self._rows = self._rows or (), None
        try:
            for block in rows:
                for start in range(0, len(block), LOAD_PACKET):
                    self.write_packet(block[start : start + LOAD_PACKET])
        except OperationalError:
            raise
        except BaseException as error:  # noqa: BLE001 - raised again when the server has answered
            self.load_failure = error
        self.write_packet(b"")


class ClearPassword:
    """Answers a server that asks for the password itself: only where nobody else can read it."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def authenticate(self, _packet: Any) -> Any:
        """Send the password.

        :raises OperationalError: over a connection in the clear.
        """
        if not self._connection.secure:
            raise OperationalError(
                CR.CR_AUTH_PLUGIN_ERR, "the server asks for the password in the clear, over a connection without TLS"
            )
        self._connection.write_packet(self._connection.password + b"\0")
        packet = self._connection.next_packet()
        packet.check_error()
        return packet


class _Result(MySQLResult):
    def _read_load_local_packet(self, first_packet: Any) -> None:
        del first_packet
        connection: Any = self.connection
        connection.send_rows()
        self._read_ok_packet(connection.next_packet())  # type: ignore[attr-defined]
