# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Going on where an interrupted run stopped inside a migration that could not commit as a whole.

What the journal calls done is done. The step that had started may have ended or not: the catalogue tells, by the
schema behind the step and by the one before it. Where it fits neither, a person has to look.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from ..engines.base import Catalogue, Engine
from ..model.operations import Execute, NoInverse, Operation, fits, replay
from ..model.schema import Schema
from .errors import HalfDone
from .files import Migration
from .ledger import DONE, PLANNED, ROLLBACK, Ledger, OperationRow, by_migration
from .position import Position


@dataclass(frozen=True)
class Unfinished:
    """A migration that an earlier run left half done, forwards or (``reverse``) backwards."""

    migration: Migration
    reverse: bool
    rows: tuple[OperationRow, ...]

    def operations(self) -> tuple[Operation, ...]:
        """All operations of the migration in the order in which that run did them."""
        forward = self.migration.operations
        return tuple(each.inverse() for each in reversed(forward)) if self.reverse else forward


def find_unfinished(ledger: Ledger, position: Position) -> Unfinished | None:
    """Give what an earlier run left half done, None where it left nothing.

    :raises HalfDone: where it is not the migration that comes next, or its file is another by now.
    """
    rows = _half_done(ledger, position.rows)
    if not rows:
        return None
    identity = rows[0].migration
    following = position.pending[0].id if position.pending else ""
    if identity not in (position.head, following):
        raise HalfDone(
            f"An earlier run stopped inside {identity}, which does not come next.",
            hint="Use the files of that run until it is through.",
            migration=identity,
        )
    left = Unfinished(position.chain.get(identity), identity == position.head, rows)
    if [(row.name, row.target) for row in rows] != [(each.name, each.target) for each in _told(left)]:
        raise HalfDone(
            f"An earlier run stopped inside {identity}, and its file has changed since.",
            hint="Restore the file until the migration is through.",
            migration=identity,
        )
    return left


def _half_done(ledger: Ledger, applied: Collection[str]) -> tuple[OperationRow, ...]:
    """Give the rows of the migration that a run stopped in: some of it has happened, and not all of it.

    Where all of a migration is still planned, nothing has happened, or everything: it commits as a whole. Where the
    migration's own row tells that it is through, only the last of its operations' rows was not written.
    """
    unfinished = ledger.unfinished()
    kinds = {run.id: run.kind for run in ledger.runs()} if unfinished else {}
    for run in dict.fromkeys(row.run for row in unfinished):
        for identity, rows in by_migration(ledger.operations(run)):
            states = {row.state for row in rows}
            through = (identity in applied) != (kinds.get(run) == ROLLBACK)
            if states not in ({PLANNED}, {DONE}) and not through:
                return rows
    return ()


def _told(left: Unfinished) -> tuple[Operation, ...]:
    try:
        return left.operations()
    except NoInverse:
        return ()


def refuse_other_direction(left: Unfinished | None, *, reverse: bool) -> None:
    """Refuse to go on in the other direction than the interrupted run.

    :raises HalfDone: it went the other way.
    """
    if left is not None and left.reverse != reverse:
        done, todo = ("taken back", "state: rollback") if left.reverse else ("applied", "state: latest")
        raise HalfDone(
            f"{left.migration.id} is half {done}: an earlier run was interrupted.",
            hint=f"Let that run go on first (`{todo}`).",
            migration=left.migration.id,
        )


def settle(engine: Engine, left: Unfinished, before: Schema, catalogue: Catalogue) -> tuple[OperationRow, ...]:
    """Give the rows as the catalogue shows them to be: each is done, or planned.

    ``before`` is the schema before the first operation of the run in that migration.

    :raises HalfDone: where the catalogue fits neither side of the step that had started.
    """
    rows = list(left.rows)
    open_rows = [index for index, row in enumerate(rows) if row.state not in (DONE, PLANNED)]
    if open_rows:
        first, behind = open_rows[0], open_rows[-1] + 1
        done = _is_done(engine, left, (first, behind), before, catalogue)
        for index in open_rows:
            rows[index] = rows[index]._replace(state=DONE if done else PLANNED)
    return tuple(rows)


def _is_done(engine: Engine, left: Unfinished, part: tuple[int, int], before: Schema, catalogue: Catalogue) -> bool:
    """Tell whether the step that covers this part of the operations is done."""
    operations = left.operations()
    started = operations[slice(*part)]
    if isinstance(started[0], Execute):
        return _execute_is_done(engine, left, part[0])
    state = replay(operations[: part[0]], before)
    if _all_fit(started, catalogue, engine.canonical(replay(started, state))):
        return True
    wanted = engine.canonical(state)
    if _all_fit(started, catalogue, wanted):
        return False
    raise _neither(started, catalogue.schema, wanted, left.migration)


def _all_fit(operations: Sequence[Operation], catalogue: Catalogue, state: Schema) -> bool:
    return all(fits(operation, catalogue.schema, state) for operation in operations)


def _neither(operations: Sequence[Operation], found: Schema, before: Schema, migration: Migration) -> HalfDone:
    places = [place for operation in operations for place in operation.touches()]
    place = next(each for each in places if found.element(*each) != before.element(*each))
    element = found.element(*place)
    name = ".".join(part for part in (place[0], place[2]) if part)
    return HalfDone(
        f"{migration.id} stopped at {operations[0].name} {operations[0].target}, and {place[1]} {name} is neither as "
        f"before that nor as after it: {'it is not there' if element is None else _text(element)}.",
        hint="Bring it by hand to how it was before the operation or to how it is after it, then run this again.",
        migration=migration.id,
        operation=f"{operations[0].name} {operations[0].target}",
    )


def _text(element: object) -> str:
    from ..model.data import element_to_data

    return str(element_to_data(element))  # type: ignore[arg-type]


def _execute_is_done(engine: Engine, left: Unfinished, position: int) -> bool:
    """Ask what the person who wrote the step gave as question; backwards, the step is done where it is answered no."""
    forward = left.migration.operations
    step = forward[len(forward) - 1 - position] if left.reverse else forward[position]
    questions = step.done_when if isinstance(step, Execute) else None
    question = (questions or {}).get(engine.name)
    if not question:
        raise HalfDone(
            f"{left.migration.id} stopped inside the step {step.target!r}, which does not say when it is done.",
            hint="Find out whether it is, give the step a `done_when` that tells, seal the file, and run this again.",
            migration=left.migration.id,
            operation=f"execute {step.target}",
        )
    rows = engine.query(question).rows
    return bool(rows and rows[0][0]) != left.reverse
