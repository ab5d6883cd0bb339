# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hazards of a plan with live facts: what would be lost or refused here and now."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from .engines.base import Catalogue, Engine, Row
from .errors import StatementFailed
from .model.hazards import findings
from .model.hazards.finding import BYTES, DUPLICATES, NULLS, ORPHANS, ROWS, VALUES, VIOLATIONS, Finding, Need, weigh
from .model.operations import Add, Drop, Execute, Operation, Rename, replay
from .model.plan import BLOCK, WARN, Hazard, Stage
from .model.schema import Check, Column, ForeignKey, Index, IndexColumn, Schema, Table, Unique

#: Values of such columns are never shown, not even as an example of what occurs twice.
_SECRET = re.compile(r"pass|secret|token|hash|key|credential|session", re.IGNORECASE)

#: A transaction that has been open for so many seconds makes the change wait, and others behind it.
_OLD_TRANSACTION = 60
#: A replica that is so many seconds behind would fall back further.
_FAR_BEHIND = 10
#: These write a table anew beside the former one.
_COPIES = ("sqlite-rebuild", "type-rewrite", "enum-reorder", "primary-key-change", "volatile-default")


def assess(engine: Engine, stages: Sequence[Stage], before: Catalogue) -> tuple[Hazard, ...]:
    """Find the hazards of the stages and weigh each by what is in the database."""
    hazards: list[Hazard] = []
    names = _Names(before.schema)
    ask = _Questions(engine)
    state = before.schema
    mended = False
    for stage in stages:
        position, beside = 0, _outside_transactions(stage)
        for found in findings(stage.operations, state, engine.name, stage.origin):
            mended |= _by_a_person(engine, stage.operations[position : found.position])
            names.follow(stage.operations[position : found.position])
            position = max(position, found.position)
            facts = {ROWS: 0} if not mended and names.all_new(found) else ask.facts(found, names)
            hazards.append(weigh(found, facts, mended=mended, online=found.position in beside))
        own = engine.hazards(stage.operations, replace(before, schema=state))
        mended |= _by_a_person(engine, stage.operations[position:])
        hazards.extend(_own(each, stage.origin, mended=mended) for each in own)
        names.follow(stage.operations[position:])
        state = replay(stage.operations, state)
    return (*hazards, *_of_the_moment(engine, hazards))


def _own(hazard: Hazard, origin: str, *, mended: bool) -> Hazard:
    """Weigh what the engine itself found: rows that would be refused now may be right by then."""
    weaker = mended and hazard.severity == BLOCK and not hazard.destroys
    return replace(hazard, origin=origin, severity=WARN if weaker else hazard.severity)


def _outside_transactions(stage: Stage) -> frozenset[int]:
    """Positions of operations that the engine does beside others, as it can only outside a transaction."""
    steps = (step for step in stage.steps if not step.transactional)
    return frozenset(position for step in steps for position in step.operations)


def _by_a_person(engine: Engine, operations: Sequence[Operation]) -> bool:
    """Tell whether rows may be others once these have run."""
    return any(isinstance(operation, Execute) and operation.up.get(engine.name) for operation in operations)


class _Names:
    """What tables and columns are called in the database, by the names that hold at some point of the plan."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._tables = {table.name: table.name for table in schema.tables}
        self._columns = {table.name: {name: name for name in table.column_names} for table in schema.tables}

    def follow(self, operations: Sequence[Operation]) -> None:
        """Go on behind these operations."""
        for operation in operations:
            if isinstance(operation, Rename):
                self._rename(operation)
            elif isinstance(operation, Drop) and isinstance(operation.element, Column):
                self._columns.get(operation.table, {}).pop(operation.element.name, None)
            elif isinstance(operation, (Add, Drop)) and isinstance(operation.element, Table):
                self._tables.pop(operation.element.name, None)
                self._columns.pop(operation.element.name, None)

    def all_new(self, found: Finding) -> bool:
        """Tell whether all that the finding is about is in tables that the plan itself makes: they are empty."""
        return bool(found.needs) and not any(need.table.name in self._tables for need in found.needs)

    def _rename(self, operation: Rename) -> None:
        if operation.kind == "table":
            _rekey(self._tables, operation)
            _rekey(self._columns, operation)
        elif operation.kind == "column":
            _rekey(self._columns.get(operation.table, {}), operation)

    def live(self, need: Need) -> Need | None:
        """Say a need in the database's own names; None where it is about something that is not there yet."""
        table = self._schema.table(self._tables.get(need.table.name, ""))
        names = self._columns.get(need.table.name, {})
        if table is None:
            return None
        try:
            return Need(need.fact, table, self._subject(need, table, names))
        except KeyError:
            return None

    def _subject(self, need: Need, table: Table, names: Mapping[str, str]) -> Any:
        """The subject in the database's own names.

        :raises KeyError: where a column of it is not there yet.
        """
        subject = need.subject
        if isinstance(subject, Column):
            return table.column(names[subject.name])
        if isinstance(subject, Unique):
            return replace(subject, columns=_named(subject.columns, names))
        if isinstance(subject, Index):
            columns = tuple(IndexColumn(names[each.name], each.descending) for each in subject.columns)
            return replace(subject, columns=columns, where=_condition(subject.where, names))
        if isinstance(subject, ForeignKey):
            theirs = _named(subject.ref_columns, self._columns[subject.ref_table])
            ours = _named(subject.columns, names)
            return replace(subject, columns=ours, ref_table=self._tables[subject.ref_table], ref_columns=theirs)
        if isinstance(subject, Check):
            return replace(subject, expression=_condition(subject.expression, names))
        return None


def _rekey(names: dict[str, Any], rename: Rename) -> None:
    if rename.before in names:
        names[rename.after] = names.pop(rename.before)


def _named(columns: Sequence[str], names: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(names[column] for column in columns)


def _condition(text: str, names: Mapping[str, str]) -> str:
    """A condition in the database's own names.

    :raises KeyError: where it reads a column that is not there yet.
    """
    from .model.data import OPAQUE
    from .model.expressions import columns_of, parse, rename_columns_in_text

    if not text or text.startswith(OPAQUE):
        return text
    _named(sorted(columns_of(parse(text))), names)
    return rename_columns_in_text(text, names)


class _Questions:
    """Facts that the engine was asked for, each once."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._known: dict[tuple[str, str, Any], dict[str, Any]] = {}

    def facts(self, found: Finding, names: _Names) -> dict[str, Any]:
        """Give what the finding needs to know. Of an empty table there is nothing more to ask."""
        facts: dict[str, Any] = {}
        for need in found.needs:
            live = names.live(need)
            if live is not None and facts.get(ROWS) != 0:
                facts.update(self._ask(live))
        return facts

    def _ask(self, need: Need) -> dict[str, Any]:
        key = (need.fact, need.table.name, need.subject)
        if key not in self._known:
            try:
                self._known[key] = _answer(self._engine, need)
            except StatementFailed:
                # What cannot be told (a cast that the engine lacks, say) stays unknown, and is weighed as such.
                self._known[key] = {}
        return self._known[key]


def _answer(engine: Engine, need: Need) -> dict[str, Any]:
    fact, table, subject = need
    if fact == ROWS:
        return {ROWS: engine.count(table)}
    if fact == BYTES:
        return {BYTES: engine.table_bytes(table)}
    if isinstance(subject, Column) and fact == NULLS:
        return {NULLS: engine.count_nulls(table, subject.name)}
    if isinstance(subject, Column) and fact == VALUES:
        return {VALUES: engine.count(table) - engine.count_nulls(table, subject.name)}
    if isinstance(subject, (Unique, Index)) and fact == DUPLICATES:
        return _duplicates(engine, table, subject)
    if isinstance(subject, ForeignKey) and fact == ORPHANS:
        number, samples = engine.orphans(table, subject)
        return {ORPHANS: number, **_samples(subject.columns, samples)}
    if isinstance(subject, Check) and fact == VIOLATIONS:
        return {VIOLATIONS: engine.violations(table, subject)}
    raise AssertionError(f"There is no question {fact} about {subject}.")


def _duplicates(engine: Engine, table: Table, key: Unique | Index) -> dict[str, Any]:
    if isinstance(key, Index):
        columns = tuple(column.name for column in key.columns)
        number, samples = engine.duplicates(table, columns, key.where)
    else:
        columns = key.columns
        number, samples = engine.duplicates(table, columns)
    return {DUPLICATES: number, **_samples(columns, samples)}


def _samples(columns: Sequence[str], samples: Sequence[Row]) -> dict[str, Any]:
    """Examples as plain text, unless a column may hold secrets."""
    if not samples or any(_SECRET.search(column) for column in columns):
        return {}
    return {"samples": [[str(value) for value in row] for row in samples]}


def _of_the_moment(engine: Engine, hazards: Sequence[Hazard]) -> Iterator[Hazard]:
    """Reasons not to start right now, from what the server tells about itself."""
    facts = engine.server().facts
    oldest = facts.get("longest_transaction_seconds") or 0
    if oldest > _OLD_TRANSACTION:
        message = f"A transaction has been open for {int(oldest)} s; the change waits for it, and others wait behind."
        yield _now(
            "long-transaction-open", WARN, message, "End that session first.", longest_transaction_seconds=oldest
        )
    lag = facts.get("replication_lag_seconds") or 0
    if lag > _FAR_BEHIND:
        message = f"A replica is {int(lag)} s behind and falls back further."
        yield _now("replication-lag", WARN, message, "Wait until it has caught up.", replication_lag_seconds=lag)
    free = facts.get("disk_free_bytes")
    needed = sum(dict(hazard.facts).get(BYTES) or 0 for hazard in hazards if hazard.code in _COPIES)
    if free is not None and needed > free:
        message = f"Tables of {needed} bytes are written anew, and {free} bytes are free."
        yield _now("low-disk", BLOCK, message, "Make room first.", bytes=needed, disk_free_bytes=free)


def _now(code: str, severity: str, message: str, safer: str, **facts: Any) -> Hazard:
    return Hazard(code, severity, "", message, safer, facts=tuple(facts.items()))
