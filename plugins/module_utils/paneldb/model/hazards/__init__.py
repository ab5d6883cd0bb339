# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hazards: what a person should know before operations run, found from the operations and the schema before them.

Nothing here asks a server. A finding names the live facts that would settle how bad it is (``Finding.needs``); whoever
has a server at hand gets them and lets ``weigh`` decide.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from ..operations import Add, Operation, Rename
from ..plan import Hazard
from ..schema import Column, Schema, Table
from . import additions, copying, losses, retyping, statements
from .finding import Finding
from .lint import lint, new_findings
from .situation import Situation, steps_aside

Rule = Callable[[Situation], Iterator[Finding]]

#: The rules that look at each operation.
RULES: dict[str, tuple[Rule, ...]] = {
    "drop_table": (losses.drop_table,),
    "drop_column": (losses.drop_column,),
    "drop_index": (losses.drop_index,),
    "drop_unique": (losses.drop_constraint,),
    "drop_check": (losses.drop_constraint,),
    "drop_foreign_key": (losses.drop_constraint,),
    "drop_primary_key": (additions.primary_key, copying.mysql_copy),
    "drop_enum": (losses.drop_enum,),
    "rename_table": (losses.rename,),
    "rename_column": (losses.rename,),
    "alter_enum": (losses.drop_enum_value, losses.enum_reorder, statements.enum_value_same_transaction),
    "alter_column": (additions.set_not_null, retyping.alter_type, copying.mysql_copy),
    "add_column": (additions.add_column, copying.mysql_copy),
    "add_primary_key": (additions.primary_key,),
    "add_unique": (additions.add_unique,),
    "add_index": (additions.add_unique, additions.add_index),
    "add_foreign_key": (additions.add_foreign_key, copying.mysql_copy),
    "add_check": (additions.add_check, copying.mysql_copy),
    "execute": (statements.execute,),
}

#: Operations for which SQLite writes the whole table anew.
_REBUILDS = frozenset(
    f"{verb}_{kind}"
    for verb in ("add", "drop", "alter", "rename")
    for kind in ("column", "primary_key", "foreign_key", "check")
) - {"rename_column"}


#: Hazards of a table as a whole.
_WHOLE = ("sqlite-rebuild", "mysql-algorithm-copy")


def findings(
    operations: Iterable[Operation], before: Schema, engine: str = "", origin: str = ""
) -> tuple[Finding, ...]:
    """Find what is dangerous about the operations, in their order, then what they make unwise about the schema.

    ``before`` is the schema before the first of them; ``engine`` narrows the rules to one engine; ``origin`` is put on
    every hazard. What happens to tables and columns that the operations themselves made is no hazard.
    """
    change = tuple(operations)
    found: list[Finding] = []
    state, fresh, aside = before, frozenset[tuple[str, str]](), steps_aside(change)
    for position, operation in enumerate(change):
        situation = Situation(engine, operation, state, change, fresh, aside)
        found.extend(replace(each, position=position) for each in _of_one(situation))
        state, fresh = operation.apply(state), _fresh(operation, fresh)
    found.extend(Finding(hazard) for hazard in _unwise(before, state))
    return tuple(replace(each, hazard=replace(each.hazard, origin=origin)) for each in _once(found))


def _of_one(situation: Situation) -> Iterator[Finding]:
    for rule in RULES.get(situation.operation.name, ()):
        yield from rule(situation)
    if situation.operation.name in _REBUILDS:
        yield from additions.sqlite_rebuild(situation)


def _unwise(before: Schema, after: Schema) -> tuple[Hazard, ...]:
    """What lint has to say about the schema that it had not to say before."""
    changed = frozenset(table.name for table in after.tables if before.table(table.name) != table)
    found = lint(after, changed)
    return new_findings(lint(before, changed), found) if found else ()


def _once(found: Iterable[Finding]) -> Iterator[Finding]:
    """A table is rebuilt or copied once for all that happens to it, or says so once."""
    told: set[tuple[str, str]] = set()
    for finding in found:
        key = (finding.hazard.code, finding.hazard.message)
        if finding.hazard.code not in _WHOLE or key not in told:
            told.add(key)
            yield finding


def _fresh(operation: Operation, fresh: frozenset[tuple[str, str]]) -> frozenset[tuple[str, str]]:
    """Follow which tables and columns hold nothing but what this change put there."""
    if isinstance(operation, Add) and isinstance(operation.element, Table):
        return fresh | {(operation.element.name, "")}
    if isinstance(operation, Add) and isinstance(operation.element, Column):
        return fresh | {(operation.table, operation.element.name)}
    if isinstance(operation, Rename) and operation.kind == "table":
        return frozenset((operation.after if table == operation.before else table, name) for table, name in fresh)
    if isinstance(operation, Rename) and operation.kind == "column":
        former = (operation.table, operation.before)
        return frozenset((operation.table, operation.after) if place == former else place for place in fresh)
    return fresh
