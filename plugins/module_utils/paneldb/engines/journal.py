# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The journal of migrations, read without an engine.

A status call of the host command is made every minute, and by people who wait; loading an engine takes several times as
long as asking the database. So an engine may have a module ``quick`` that answers in the usual case. Whatever is not
usual makes it give None: the engine itself then answers, or says what is wrong.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    #: Who answered (as ``commands.status`` tells it), the rows of each statement, and what makes text of a time.
    Answer = tuple[dict[str, str], list[list[tuple[Any, ...]]], Callable[[Any], str]]

_APPLIED = ("id", "how", "applied_at", "duration_ms")
_RUN = ("id", "kind", "state", "owner", "started_at", "ended_at", "error")
_TIMES = ("applied_at", "started_at", "ended_at")


def _select(columns: Sequence[str], table: str) -> str:
    return f"""SELECT "{'", "'.join(columns)}" FROM "_paneldb_{table}\""""


_STATEMENTS = (
    _select((*_APPLIED, "checksum"), "migrations"),
    f"{_select(_RUN, 'runs')} WHERE \"state\" IN ('failed', 'interrupted', 'started') ORDER BY \"started_at\", \"id\"",
)


class Journal:
    """What was read: ``identity`` tells who answered, the others are plain values as ``ledger`` gives them."""

    __slots__ = ("applied", "checksums", "identity", "runs")

    def __init__(self, answer: Answer) -> None:
        self.identity, (applied, runs), text = answer
        self.applied = {row[0]: _told(_APPLIED, row, text) for row in applied}
        self.checksums = {row[0]: row[-1] for row in applied}
        self.runs = [_told(_RUN, row, text) for row in runs]


def read_journal(url: str) -> Journal | None:
    """Read the journal of the database at the URL; None where only an engine can tell."""
    answer = None
    if url.startswith("sqlite:///"):
        from .sqlite.quick import glimpse as glimpse_sqlite

        answer = glimpse_sqlite(url, _STATEMENTS)
    elif url.startswith("postgresql://"):
        from .postgresql.quick import glimpse as glimpse_postgresql

        answer = glimpse_postgresql(url, _STATEMENTS)
    elif url.startswith(("mysql://", "mariadb://")):
        from .mysql.quick import glimpse as glimpse_mysql

        answer = glimpse_mysql(url, _STATEMENTS)
    elif url.startswith("mongodb://"):
        from .mongodb.quick import glimpse as glimpse_mongodb

        answer = glimpse_mongodb(url, (*_APPLIED, "checksum"), _RUN)
    return Journal(answer) if answer else None


def _told(columns: Sequence[str], row: Sequence[Any], text: Callable[[Any], str]) -> dict[str, Any]:
    told = dict(zip(columns, row))
    return {name: text(value) if name in _TIMES and value is not None else value for name, value in told.items()}
