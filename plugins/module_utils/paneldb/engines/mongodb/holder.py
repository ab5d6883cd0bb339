# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who holds a lease: told to people, and so that another process of the same host knows when its holder has ended."""

from __future__ import annotations

import os
from pathlib import Path

_PROC = Path("/proc")
#: Places in ``/proc/PID/stat`` behind the name: the state, and the time at which the process began (proc_pid_stat(5)).
_STATE, _START = 0, 19
_ENDED = ("Z", "X")


def owner() -> str:
    """Name this process for people: account, host, process id."""
    import pwd

    try:
        account = pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        account = str(os.geteuid())
    return f"{account}@{os.uname().nodename}, process {os.getpid()}"


def identity() -> str:
    """Tell this process from all others: the boot of its host, its namespace, its number and when it began.

    Empty where the system does not tell.
    """
    place, start = _place(), _start(os.getpid())
    return f"{place} {os.getpid()} {start}" if place and start else ""


def has_ended(told: str) -> bool:
    """Tell whether the process that said so of itself is gone; never of one that cannot be seen from here."""
    place, _unused, process = told.partition(" ")
    number, _unused, start = process.partition(" ")
    return number.isdigit() and place == _place() and _start(int(number)) != start


def _place() -> str:
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot}/{(_PROC / 'self/ns/pid').readlink()}"
    except OSError:
        return ""


def _start(number: int) -> str:
    """Give when a process began; empty where there is none of that number, or it has ended."""
    try:
        told = (_PROC / str(number) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    fields = told.rpartition(")")[2].split()
    return "" if fields[_STATE] in _ENDED else fields[_START]
