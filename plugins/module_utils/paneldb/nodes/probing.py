# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looking at nodes from outside: does anything answer at the agent's port, or is its health page well.

Many at once, never more than was said; each has its time, and one that hangs holds up nobody else.
"""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, NamedTuple

from ..model.reading import Place
from .cells import HIGHEST_PORT, LOWEST_PORT

#: Threads cost memory; so many are enough to have thousands of nodes answer within seconds.
MOST_PARALLEL = 256
_WELL = range(200, 300)
_REQUEST = "GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n"
#: The line that an answer begins with (RFC 9112 section 4).
_STATUS = re.compile(rb"HTTP/1\.[01] ([0-9]{3})[ \r\n]")
_LONGEST_STATUS = 1024


class Probe(NamedTuple):
    """How to look: at the node's own port or at ``port``; with a ``path``, by HTTP; ``timeout`` in seconds."""

    port: int | None = None
    path: str = ""
    timeout: float = 3.0
    parallel: int = 32


def read_probe(option: Mapping[str, Any]) -> Probe:
    """Read option ``probe``.

    :raises InputError: a number is out of range, or the path is none.
    """
    place = Place("option probe")
    port, path = option.get("port"), option.get("path") or ""
    if port is not None and not LOWEST_PORT <= port <= HIGHEST_PORT:
        raise place.key("port").error("This is no port.", found=port, expected="a whole number from 1 to 65535")
    if path and (not path.startswith("/") or not path.isascii() or not path.isprintable() or " " in path):
        raise place.key("path").error("This is no path of a URL.", found=path, expected="text that begins with /")
    if not 0 < option["timeout"] <= 60:  # noqa: PLR2004 - a minute, in seconds
        raise place.key("timeout").error("A node has 60 seconds at the most.", found=option["timeout"])
    if not 1 <= option["parallel"] <= MOST_PARALLEL:
        expected = f"a whole number from 1 to {MOST_PARALLEL}"
        raise place.key("parallel").error("This is out of range.", found=option["parallel"], expected=expected)
    return Probe(port, path, option["timeout"], option["parallel"])


def look(probe: Probe, endpoints: Sequence[tuple[str, int]]) -> Iterator[str]:
    """Give for each hostname and port an empty text where it is well, else what is wrong, in their order."""
    if not endpoints:
        return
    with ThreadPoolExecutor(min(probe.parallel, len(endpoints))) as pool:
        yield from pool.map(partial(_look, probe), endpoints)


def _look(probe: Probe, endpoint: tuple[str, int]) -> str:
    host, port = endpoint[0], probe.port or endpoint[1]
    try:
        return _ask(probe, host, port) if probe.path else _connect(probe, host, port)
    except socket.gaierror:
        return "no such host"
    except (TimeoutError, socket.timeout):  # one and the same since Python 3.10
        return "no answer in time"
    except (OSError, ValueError) as error:
        return getattr(error, "strerror", None) or error.__class__.__name__


def _connect(probe: Probe, host: str, port: int) -> str:
    with socket.create_connection((host, port), probe.timeout):
        return ""


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _ask(probe: Probe, host: str, port: int) -> str:
    """Read no more than the line with the status, in the time that there is for all of it."""
    deadline = time.monotonic() + probe.timeout
    with socket.create_connection((host, port), probe.timeout) as line:
        line.sendall(_REQUEST.format(path=probe.path, host=f"[{host}]" if ":" in host else host, port=port).encode())
        answer = b""
        while b"\n" not in answer and len(answer) < _LONGEST_STATUS:
            line.settimeout(_left(deadline))
            piece = line.recv(_LONGEST_STATUS)
            if not piece:
                break
            answer += piece
    status = _STATUS.match(answer)
    if not status:
        return "no answer in HTTP"
    return "" if int(status[1]) in _WELL else f"HTTP status {int(status[1])}"
