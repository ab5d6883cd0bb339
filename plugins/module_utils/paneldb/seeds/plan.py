# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of a seed run, the only source of ``changed``, counts and diff.

Check mode makes the plan and stops; a real run makes the same plan and writes it. No value of the plan shows itself:
its ``repr`` has counts only.
"""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from ..engines.base import Engine
from ..errors import LONGEST_LIST, PanelDbError
from ..model.schema import Schema
from .cells import Reader
from .changes import OUTCOMES, TableChanges, changes_of, writing_order
from .files import load_seeds
from .tables import Tables


class TablesMissing(PanelDbError):
    """Rows are to be written to tables that do not exist."""

    code = "tables-missing"


@dataclass(frozen=True)
class SeedPlan:
    """All that a run will write.

    ``tables`` are in the order of writing. ``skipped`` tells which seeds were left out, and why. ``missing`` names
    tables that do not exist: in check mode they count as empty, a real run writes nothing.
    """

    engine: str
    server_version: str
    tables: tuple[TableChanges, ...] = field(repr=False)
    skipped: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    before: str = field(default="", repr=False)
    after: str = field(default="", repr=False)

    @property
    def changed(self) -> bool:
        return any(changes.changed for changes in self.tables)

    @property
    def counts(self) -> dict[str, int]:
        """Rows created, updated, unchanged, protected and pruned, of all tables together."""
        return {name: sum(changes.counts[name] for changes in self.tables) for name in OUTCOMES}

    @property
    def counts_by_table(self) -> dict[str, dict[str, int]]:
        """The same numbers for each table, by name."""
        return {changes.state.table.name: changes.counts for changes in sorted(self.tables, key=_name)}

    def diff(self) -> dict[str, str]:
        """Give the diff in Ansible's form; both sides are equal where nothing changes."""
        heading = f"{self.engine} rows"
        return {"before": self.before, "after": self.after, "before_header": heading, "after_header": heading}

    def to_data(self) -> dict[str, Any]:
        """Give the result of the run as plain JSON values."""
        return {
            "changed": self.changed,
            "diff": self.diff(),
            "engine": self.engine,
            "server_version": self.server_version,
            "counts": self.counts,
            "tables": self.counts_by_table,
            "left_out": list(self.skipped[:LONGEST_LIST]),
            "missing_tables": list(self.missing),
        }


def _name(changes: TableChanges) -> str:
    return changes.state.table.name


def plan_seeds(
    engine: Engine,
    schema: Schema,
    documents: Iterable[tuple[str, Any]],
    *,
    variables: Mapping[str, str] | None = None,
    prune: bool = False,
) -> SeedPlan:
    """Compare the seeds with the database and give what has to be written. Nothing is written.

    ``documents`` are pairs of source and plain data, see ``files``. ``variables`` are what ``{env: NAME}`` and
    ``when_set`` ask for. ``prune`` prunes every seeded table, whatever its seeds say.

    :raises InputError: a seed is wrong; ``source`` and ``path`` say where.
    """
    with collector_paused():
        loaded = load_seeds(documents, schema, variables or {})
        reader = Reader(engine, schema, variables or {})
        tables = Tables(engine, schema, reader, loaded.seeds, prune=prune)
        tables.identify_all()
        changes = tuple(changes_of(state, postponed) for state, postponed in writing_order(tables.states))
        before = after = ""
        if any(each.changed for each in changes):
            from .diff import texts
            from .rules import require_valid

            require_valid(tables, changes, reader)
            before, after = texts(engine, changes)
    return SeedPlan(engine.name, engine.version(), changes, loaded.skipped, tables.missing, before, after)


@contextmanager
def collector_paused() -> Iterator[None]:
    """Let nothing look for circles among rows that have none; with many rows that is a tenth of the time."""
    paused = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if paused:
            gc.enable()


def apply_seeds(engine: Engine, plan: SeedPlan) -> None:
    """Write what the plan holds, in one transaction. The caller holds the engine's lock since before the plan was made.

    :raises TablesMissing: tables do not exist.
    :raises ConstraintViolated: rows break a rule that only the database knows; nothing has been written then.
    :raises BcryptMissing: a password is to be hashed, and there is no bcrypt.
    """
    if not plan.changed:
        return
    if plan.missing:
        raise TablesMissing(
            f"There is no table {', '.join(plan.missing)} to seed; nothing was written.",
            hint="Deploy the migrations (or push the model) first.",
            tables=list(plan.missing),
        )
    from .apply import write

    write(engine, plan.tables)


def run_seeds(
    engine: Engine,
    schema: Schema,
    documents: Iterable[tuple[str, Any]],
    *,
    check: bool = False,
    variables: Mapping[str, str] | None = None,
    prune: bool = False,
) -> SeedPlan:
    """Plan and, unless ``check``, write, holding the engine's lock so that two runs at once do not both make a row.

    :raises LockHeld: somebody else works on this database.
    """
    if check:
        return plan_seeds(engine, schema, documents, variables=variables, prune=prune)
    with engine.lock(engine.target.lock_timeout):
        plan = plan_seeds(engine, schema, documents, variables=variables, prune=prune)
        apply_seeds(engine, plan)
    return plan
