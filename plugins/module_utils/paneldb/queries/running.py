# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Running statements: all of them or none, or in check mode those of them that only read."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..engines.base import Engine, Result
from ..engines.person import alters
from ..errors import ConnectionFailed, PanelDbError, StatementFailed, WriteRefused
from .statements import BoundStatement


class TimeIsUp(StatementFailed):
    """The statements took longer than they may in all."""

    code = "time-is-up"


#: Drivers that see that an answer cannot come in time any more give up so many seconds before.
_EARLY = 0.05


@dataclass(frozen=True)
class Outcome:
    """What a statement gave; ``ran`` is false where a check run left it out. ``rows`` are those to give back."""

    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Any, ...], ...] = ()
    affected: int = 0
    truncated: bool = False
    changed: bool = False
    ran: bool = True

    def to_data(self) -> dict[str, Any]:
        """Give ``columns``, ``rows`` as mappings, ``affected``, ``truncated`` and ``ran``; values are the driver's."""
        return {
            "columns": list(self.columns),
            "rows": [dict(zip(self.columns, row)) for row in self.rows],
            "affected": self.affected,
            "truncated": self.truncated,
            "ran": self.ran,
        }


def run(engine: Engine, statements: Sequence[BoundStatement], row_limit: int) -> list[Outcome]:
    """Run the statements in one transaction; a lone change of the schema in none where that would end it.

    All together they end by the engine's ``deadline``.

    :raises TimeIsUp: they do not.
    :raises StatementFailed: also where a statement gives something else than expected; everything is undone, where the
        engine has transactions.
    """
    with engine.transaction(schema_change=_is_lone_change(engine, statements)):
        return [_run(engine, statement, position, row_limit) for position, statement in enumerate(statements)]


def _is_lone_change(engine: Engine, statements: Sequence[BoundStatement]) -> bool:
    if engine.capabilities.transactional_ddl or len(statements) != 1:
        return False
    statement = statements[0].statement
    return isinstance(statement, str) and alters(statement)


def rehearse(engine: Engine, statements: Sequence[BoundStatement], row_limit: int) -> list[Outcome]:
    """Run those statements that read; the session must be one that only reads, so the server tells which they are.

    What reads after a statement that was left out sees other rows than it will, or none: nothing is expected of it.
    """
    outcomes: list[Outcome] = []
    for position, statement in enumerate(statements):
        outcomes.append(_rehearsed(engine, statement, position, row_limit, all(each.ran for each in outcomes)))
    return outcomes


def _rehearsed(engine: Engine, statement: BoundStatement, position: int, row_limit: int, certain: bool) -> Outcome:
    try:
        # Each in a transaction of its own: on some engines a refused statement ends the one that it is in.
        with engine.transaction():
            return _run(engine, statement, position, row_limit, certain=certain)
    except WriteRefused:
        return Outcome(ran=False, changed=True)
    except (ConnectionFailed, TimeIsUp):
        raise
    except StatementFailed:
        if certain:
            raise
        return Outcome(ran=False)


def _run(engine: Engine, statement: BoundStatement, position: int, row_limit: int, *, certain: bool = True) -> Outcome:
    limit = max(row_limit, statement.expect.limit)
    _require_time(engine, position)
    try:
        result = engine.query(statement.statement, statement.values, limit=limit)
    except PanelDbError as error:
        _require_time(engine, position, _EARLY)
        raise _placed(error, position) from None
    _require_time(engine, position)
    mismatch = statement.expect.mismatch(result) if certain else ""
    if mismatch:
        raise _unexpected(engine, mismatch, position, result)
    return _outcome(result, row_limit)


def _require_time(engine: Engine, position: int, early: float = 0.0) -> None:
    """Also where a statement came to an end: some servers give what they have when they are told to stop."""
    if time.monotonic() >= engine.deadline - early:
        raise TimeIsUp(
            f"statements[{position}] did not end in time{_undone(engine)}.",
            hint="Raise timeout if the statements may take so long.",
            position=position,
        )


def _undone(engine: Engine) -> str:
    return "; all is undone" if engine.capabilities.transactions else ""


def _placed(error: PanelDbError, position: int) -> PanelDbError:
    error.message = f"statements[{position}]: {error.message}"
    error.details = {"position": position, **error.details}
    return error


def _unexpected(engine: Engine, mismatch: str, position: int, result: Result) -> StatementFailed:
    return StatementFailed(
        f"statements[{position}] {mismatch}{_undone(engine)}.",
        position=position,
        rows=len(result.rows),
        affected=result.affected,
    )


def _outcome(result: Result, row_limit: int) -> Outcome:
    return Outcome(
        columns=_distinct(result.columns),
        rows=result.rows[:row_limit],
        affected=result.affected,
        truncated=result.truncated or len(result.rows) > row_limit,
        changed=result.affected > 0 or result.altered,
    )


def _distinct(columns: Sequence[str]) -> tuple[str, ...]:
    """Number names that are there twice, so that no value is lost behind another: ``id``, ``id_2``."""
    made: list[str] = []
    for name in columns:
        number, chosen = 1, name
        while chosen in made or (number > 1 and chosen in columns):
            number += 1
            chosen = f"{name}_{number}"
        made.append(chosen)
    return tuple(made)
