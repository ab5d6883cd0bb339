# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hazards of steps that a person wrote: what can be told from the text of their statements."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..operations import Alter, Execute
from ..plan import BLOCK, WARN
from ..schema import Enum
from .finding import Finding
from .situation import POSTGRESQL, Situation

_EMPTIES = re.compile(r"^\s*TRUNCATE\b|^\s*DELETE\s+FROM\s+(?:(?!\bWHERE\b).)*$", re.IGNORECASE | re.DOTALL)
_DROPS = re.compile(r"\bDROP\s+(TABLE|COLUMN)\b", re.IGNORECASE)
_DEFINES = re.compile(r"^\s*(CREATE|ALTER|DROP)\b", re.IGNORECASE)
_WRITES = re.compile(r"^\s*(INSERT|UPDATE|DELETE|REPLACE|MERGE|WITH)\b", re.IGNORECASE)
_CHANGES_ROWS = re.compile(r"^\s*(UPDATE|DELETE)\b", re.IGNORECASE)
_BATCHED = re.compile(r"\bLIMIT\b|\bBETWEEN\b", re.IGNORECASE)


def execute(situation: Situation) -> Iterator[Finding]:
    """All that the statements of the step show."""
    step = situation.operation
    if not isinstance(step, Execute):
        return
    statements = _statements(situation, step)
    yield from _losses(situation, statements)
    if statements and step.done_when is None and not step.transaction:
        message = "Nothing tells whether the step is done, so a run that was stopped here cannot go on by itself."
        yield Finding(
            situation.hazard("execute-without-check", WARN, message, "Give it `done_when`, one query per engine.")
        )
    if any(_CHANGES_ROWS.search(text) and not _BATCHED.search(text) for text in statements):
        message = "All rows are changed in one transaction; their locks are held until its end."
        safer = "Change a limited number of rows at a time, outside a transaction, until none is left."
        yield Finding(situation.hazard("backfill-unbatched", WARN, message, safer))
    if _mixes(situation, statements):
        message = "Rows and schema change in one migration; where an engine has no transaction for both, half may stay."
        safer = "Put the change of rows into a migration of its own."
        yield Finding(situation.hazard("mixed-ddl-and-data", WARN, message, safer))


def enum_value_same_transaction(situation: Situation) -> Iterator[Finding]:
    """PostgreSQL cannot use a value of an enum in the transaction that adds it."""
    operation = situation.operation
    if not (isinstance(operation, Alter) and isinstance(operation.before, Enum) and isinstance(operation.after, Enum)):
        return
    new = set(operation.after.values) - set(operation.before.values)
    using = [
        other.label
        for other in situation.change
        if isinstance(other, Execute)
        and any(f"'{value}'" in text for value in new for text in _statements(situation, other))
    ]
    if using and situation.on(POSTGRESQL):
        message = (
            f"Step {using[0]!r} uses a value that this migration adds; PostgreSQL refuses that in one transaction."
        )
        safer = "Put the step into a migration of its own, after this one."
        yield Finding(situation.hazard("enum-value-same-transaction", WARN, message, safer))


def _losses(situation: Situation, statements: tuple[str, ...]) -> Iterator[Finding]:
    for text in statements:
        if _EMPTIES.search(text):
            message = "The step empties a table."
            yield Finding(situation.hazard("truncate", BLOCK, message, "Back the rows up first.", destroys=True))
        dropped = _DROPS.search(text)
        if dropped:
            kind = dropped.group(1).lower()
            message = f"The step drops a {kind} by itself; what is lost cannot be told."
            safer = f"Say drop_{kind} instead."
            yield Finding(situation.hazard(f"drop-{kind}", BLOCK, message, safer, destroys=True))


def _mixes(situation: Situation, statements: tuple[str, ...]) -> bool:
    writes = any(_WRITES.search(text) for text in statements)
    defines = any(_DEFINES.search(text) for text in statements)
    return writes and (defines or any(not isinstance(other, Execute) for other in situation.change))


def _statements(situation: Situation, step: Execute) -> tuple[str, ...]:
    """The bodies that this engine would get; of every engine where none is named."""
    if situation.engine:
        return step.up.get(situation.engine, ())
    return tuple(text for engine in sorted(step.up) for text in step.up[engine])
