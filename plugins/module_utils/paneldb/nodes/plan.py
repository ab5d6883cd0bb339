# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of a registration, the only source of ``changed``, counts and diff.

Check mode makes the plan and stops; a real run makes the same plan and writes it, in one transaction and under the
engine's lock. No value of the plan shows itself: among them are tokens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

from ..engines.base import Engine
from ..errors import LONGEST_LIST, ConstraintViolated
from ..model.schema import Schema
from ..seeds.cells import Reader
from ..seeds.changes import TableChanges, changes_of
from ..seeds.plan import TablesMissing, collector_paused
from ..seeds.tables import Tables, TableState
from .changes import RENAMED, RESTORED, RETIRED, ROTATED, NodeChange, quoted
from .entries import Entries, read_entries
from .issuing import Tokens
from .keeping import without_known
from .node_table import HOSTNAME, NAME, PORT, TABLE, Codec, NodeTable, node_table
from .request import Request
from .rotation import Holder, Issuer, Rotation, choose, require_possible

if TYPE_CHECKING:
    from .leaving import Leaving

#: How often a run looks again where rows come in between.
_ATTEMPTS = 3

KINDS = ("created", "updated", RENAMED, ROTATED, RESTORED, RETIRED, "removed", "unchanged", "moved", "deleted")


@dataclass(frozen=True, repr=False)
class NodePlan:
    """All that a run will write.

    ``rows`` are the plain columns, ``changes`` renames, tokens and retirements, ``leaving`` what goes. ``issued`` are
    the tokens that were made, by name.
    """

    engine: str
    server_version: str
    nodes: NodeTable
    rows: TableChanges | None
    changes: tuple[NodeChange, ...]
    leaving: Leaving | None
    issued: Mapping[str, str]
    warnings: tuple[str, ...] = ()
    missing: bool = False
    before: str = ""
    after: str = ""

    @property
    def changed(self) -> bool:
        written = self.rows is not None and self.rows.changed
        return bool(written or self.changes or (self.leaving is not None and self.leaving.changed))

    @property
    def counts(self) -> dict[str, int]:
        """Nodes by what happens to them, and rows of other tables that move or go with nodes.

        A node to which several things happen counts for each; ``unchanged`` are those of the list to which none does.
        """
        counts = dict.fromkeys(KINDS, 0)
        for change in self.changes:
            counts[change.kind] += 1
        if self.leaving is not None:
            counts.update(self.leaving.counts)
        if self.rows is not None:
            counts["created"], counts["updated"] = self.rows.counts["created"], self.rows.counts["updated"]
            counts["unchanged"] = self.rows.state.size - counts["created"] - len(self._touched(self.rows.state))
        return counts

    def _touched(self, state: TableState) -> set[str]:
        """Names of nodes of the list to which anything happens."""
        named = {change.values[NAME] if change.kind == RENAMED else change.name for change in self.changes}
        updates = self.rows.updates if self.rows is not None else ()
        listed = named.intersection(state.rows_by_key) if named else named
        return listed | {each.rows.keys[each.index] for each in updates}

    def to_data(self, *, tokens: bool = False) -> dict[str, Any]:
        """Give the result of the run as plain JSON values; ``tokens`` adds those that were made."""
        heading = f"{self.engine} nodes"
        shown = {"tokens": dict(self.issued)} if tokens else {}
        return {
            "changed": self.changed,
            "diff": {
                "before": self.before,
                "after": self.after,
                "before_header": heading,
                "after_header": heading,
            },
            "engine": self.engine,
            "server_version": self.server_version,
            "counts": self.counts,
            "missing_tables": [TABLE] if self.missing else [],
            **shown,
        }


def plan_nodes(engine: Engine, schema: Schema, request: Request, now: datetime) -> NodePlan:
    """Compare what is asked for with the database and give what has to be written. Nothing is written.

    :raises InputError: a list or an option is wrong; ``source`` and ``path`` say where.
    :raises NodeInUse: servers live on a node that is to go.
    :raises Unsupported: the model has no place for what is asked.
    """
    with collector_paused():
        return _Planner(engine, schema, request, now).plan()


class _Planner:
    def __init__(self, engine: Engine, schema: Schema, request: Request, now: datetime) -> None:
        self._engine = engine
        self._schema = schema
        self._request = request
        self._now = now
        self._nodes = node_table(schema)
        self._rotation = request.rotation
        if self._rotation is not None:
            require_possible(self._nodes, self._rotation)
        overlap = self._rotation.overlap if self._rotation is not None else timedelta()
        self._issuer = Issuer(engine, self._nodes, now, overlap)
        self._reader = Reader(engine, schema, {})
        self._warnings: list[str] = []

    def plan(self) -> NodePlan:
        request, nodes, engine = self._request, self._nodes, self._engine
        entries = read_entries(
            request.listed, nodes, state=request.state, columns=request.columns, defaults=request.defaults
        )
        if request.statuses:
            entries.add_statuses(request.statuses)
        rows = self._rows(entries) if entries.rows else None
        missing = TABLE not in engine.existing_tables([TABLE]) if rows is None else bool(self._missing)
        leaving = self._leaving(entries) if entries.leavers and not missing else None
        renames = self._renames(entries, rows.state) if rows is not None and entries.renames else []
        tokens = Tokens(self._engine, nodes, self._issuer, self._restored_status())
        if rows is not None:
            tokens.add_listed(rows.state, {entries.rows[row][NAME]: token for row, token in entries.tokens.items()})
        if leaving is not None:
            tokens.add_retired(leaving.retired)
        if self._rotation is not None and not missing:
            tokens.add_rotated(self._chosen(self._rotation, renames), leaving.names if leaving is not None else ())
        changes, issued = tokens.issue()
        changes = [*renames, *changes]
        if rows is not None and (rows.changed or renames):
            self._require_valid(rows, renames, leaving)
        if entries.tokens and not missing:
            self._require_tokens_free(entries)
        before, after = self._texts(rows, changes, leaving)
        return NodePlan(
            engine.name,
            engine.version(),
            nodes,
            rows,
            tuple(changes),
            leaving,
            issued,
            tuple(self._warnings),
            missing,
            before,
            after,
        )

    # --- plain columns -------------------------------------------------------------------------------------------

    def _rows(self, entries: Entries) -> TableChanges:
        """Compare the list with what is there."""
        nodes = self._nodes
        self._tables = Tables(self._engine, self._schema, self._reader, [entries.seed(nodes)], prune=False)
        self._missing = self._tables.missing
        state = self._tables.states[TABLE]
        state.renames = entries.renames
        state.wanted.update(dict.fromkeys(self._also_read(entries)))
        if not entries.tokens and not entries.renames:
            state.reading = partial(without_known, state, nodes)
        self._tables.identify_all()
        return changes_of(state, frozenset())

    def _also_read(self, entries: Entries) -> Iterator[str]:
        """What is read beside the columns of the list: who a node is, and whether it is retired."""
        if entries.some_lack((HOSTNAME, PORT)):
            yield from (HOSTNAME, PORT)
        if entries.tokens and self._nodes.issued:
            yield self._nodes.issued
        yield self._nodes.token
        yield self._nodes.key

    def _require_valid(self, rows: TableChanges, renames: Sequence[NodeChange], leaving: Leaving | None) -> None:
        from ..seeds.rules import require_valid
        from .rules import require_endpoints_once

        gone = frozenset(row[1] for row in leaving.absent) if leaving is not None else frozenset()
        renamed = {change.name: change.values[NAME] for change in renames}
        require_endpoints_once(self._engine, self._nodes, rows, gone, renamed)
        require_valid(self._tables, [rows], self._reader)

    def _require_tokens_free(self, entries: Entries) -> None:
        from .rules import require_tokens_free

        require_tokens_free(
            self._engine,
            self._nodes,
            entries,
            {self._issuer.token(token): row for row, token in entries.tokens.items()},
        )

    # --- renames, tokens, leavers --------------------------------------------------------------------------------

    def _renames(self, entries: Entries, state: TableState) -> list[NodeChange]:
        """Give the renames that have not been done yet.

        :raises InputError: both names are there, and the list does not speak of the former one.
        """
        at = state.fetched.index(self._nodes.key)
        former = {new: old for old, new in state.renamed.items()}
        there = {row[0]: row for row in state.existing}
        for old, new in entries.renames.items():
            if old in there and old not in state.renamed and old not in state.rows_by_key:
                row = next(number for number, row in enumerate(entries.rows) if row[NAME] == new)
                raise (
                    entries.at(row)
                    .key("renamed_from")
                    .error("There are nodes of both names.", hint="Let one of them go, or leave renamed_from out.")
                )
        return [NodeChange(RENAMED, there[new][at], old, {NAME: new}) for new, old in former.items()]

    def _leaving(self, entries: Entries) -> Leaving:
        from .leaving import Planner

        planner = Planner(self._engine, self._schema, self._nodes, force=self._request.force)
        return planner.plan(entries.leavers, self._request.drain, frozenset(row[NAME] for row in entries.rows))

    def _chosen(self, rotation: Rotation, renames: Sequence[NodeChange]) -> Sequence[Holder]:
        renamed = {change.name: change.values[NAME] for change in renames}
        chosen = choose(self._engine, self._nodes, rotation, self._now, renamed)
        if chosen.ahead:
            self._warnings.append(
                f"Tokens of {len(chosen.ahead)} nodes, first {quoted(chosen.ahead[0])}, were made after the time that "
                f"this host's clock shows. Check the clock; by age these are not rotated."
            )
        return chosen.holders

    def _restored_status(self) -> dict[str, Any]:
        """Give what a node's status becomes when it is no longer retired: that of a new one."""
        nodes = self._nodes
        if not nodes.retired_status:
            return {}
        column = nodes.column(nodes.status)
        value = self._reader.default(column)
        return {} if value is None else {nodes.status: Codec(self._engine, nodes).stored(nodes.status, value)}

    # --- the diff ------------------------------------------------------------------------------------------------

    def _texts(
        self, rows: TableChanges | None, changes: Sequence[NodeChange], leaving: Leaving | None
    ) -> tuple[str, str]:
        before = after = ""
        if rows is not None and rows.changed:
            from ..seeds.diff import texts

            before, after = texts(self._engine, [rows])
        if changes or leaving is not None:
            from . import changes as told
            from . import leaving as gone

            sides = [*islice(told.diff_lines(self._nodes, changes), LONGEST_LIST)]
            sides += gone.diff_lines(leaving) if leaving is not None else ()
            before += "".join(f"{line}\n" for side, _unused in sides for line in side)
            after += "".join(f"{line}\n" for _unused, side in sides for line in side)
            if len(changes) > LONGEST_LIST:
                after += f"... and {len(changes) - LONGEST_LIST} more nodes\n"
        return before, after


def apply_nodes(engine: Engine, plan: NodePlan) -> None:
    """Write what the plan holds, in one transaction. The caller holds the engine's lock since before the plan was made.

    :raises TablesMissing: there is no table of nodes.
    :raises ConstraintViolated: rows break a rule that only the database knows; nothing has been written then.
    """
    if not plan.changed:
        return
    if plan.missing:
        raise TablesMissing(
            "There is no table of nodes; nothing was written.",
            hint="Deploy the migrations (or push the model) first.",
            tables=[TABLE],
        )
    from ..seeds.apply import write
    from .changes import write_changes, write_renames

    with engine.transaction():
        write_renames(engine, plan.nodes, [change for change in plan.changes if change.kind == RENAMED])
        if plan.rows is not None:
            write(engine, [plan.rows])
        write_changes(engine, plan.nodes, [change for change in plan.changes if change.kind != RENAMED])
        if plan.leaving is not None:
            from .leaving import write_leaving

            write_leaving(engine, plan.nodes, plan.leaving)


def run_nodes(
    engine: Engine, schema: Schema, request: Request, clock: Callable[[], datetime], *, check: bool = False
) -> NodePlan:
    """Plan and, unless ``check``, write, holding the engine's lock so that two runs at once do not both make a node.

    :raises LockHeld: somebody else works on this database.
    """
    if check:
        return plan_nodes(engine, schema, request, clock())
    with engine.lock(engine.target.lock_timeout):
        return _settled(engine, schema, request, clock, _ATTEMPTS)


def _settled(
    engine: Engine, schema: Schema, request: Request, clock: Callable[[], datetime], attempts: int
) -> NodePlan:
    """Plan and write. The panel makes nodes, too, and no lock hinders it: what comes in between is looked at again.

    :raises ConstraintViolated: so it is each time.
    """
    plan = plan_nodes(engine, schema, request, clock())
    try:
        apply_nodes(engine, plan)
    except ConstraintViolated:
        if attempts == 1:
            raise
        again = _settled(engine, schema, request, clock, attempts - 1)
        return replace(again, issued={**_kept(engine, plan.nodes, plan.issued), **again.issued})
    return plan


def _kept(engine: Engine, nodes: NodeTable, issued: Mapping[str, str]) -> dict[str, str]:
    """Give those tokens of an attempt that failed which are in the database: without transactions some may be."""
    codec = Codec(engine, nodes)
    kept = {name: codec.stored(nodes.token, nodes.kept_form(token)) for name, token in issued.items()}
    rows = engine.fetch(nodes.table, [NAME, nodes.token], where=(NAME, list(issued)))
    return {name: issued[name] for name, token in rows if token == kept[name]}
