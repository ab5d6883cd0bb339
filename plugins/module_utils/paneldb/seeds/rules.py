# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the model's rules say about the rows that are to be written, before anything is.

Whatever can be told here names the very row in the very file, in check mode too. What cannot (the order of text, say,
is the server's) is left to the database, which still refuses all or nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import compress, count
from typing import Any

from ..errors import InputError
from ..model.schema import Check, Column, ForeignKey
from .cells import Reader
from .changes import TableChanges
from .files import label, unique_sets
from .rows import Batch
from .tables import Rows, Tables, TableState, key_values

#: A row, by its ``Rows`` and its index there, with what it holds in some columns.
_Held = tuple[Rows, int, Any]


def require_valid(tables: Tables, changes: Sequence[TableChanges], reader: Reader) -> None:
    """Check all rows that are new or change.

    :raises InputError: for a row that lacks a required value, breaks a check, refers to nothing or repeats a value.
    """
    for each in changes:
        updated = _updated(each)
        for rows in each.state.rows:
            _require_values(rows)
            _require_checks(rows, updated.get(id(rows), []), reader)
            written = sorted((*rows.new, *updated.get(id(rows), [])))
            for key in rows.batch.table.foreign_keys if written else ():
                _require_reference(tables, rows, key, written)
        for names in unique_sets(each.state.table):
            if names != frozenset(each.state.key):
                _require_unique(tables, each, sorted(names))


def _updated(changes: TableChanges) -> dict[int, list[int]]:
    """Give the indexes of changed rows for each ``Rows``, by its identity."""
    found: dict[int, list[int]] = {}
    for update in changes.updates:
        found.setdefault(id(update.rows), []).append(update.index)
    return found


# --- values that a new row needs -------------------------------------------------------------------------------------


def _require_values(rows: Rows) -> None:
    for column in rows.batch.table.columns if rows.new else ():
        filled = column.null or column.default is not None or column.updated_at or column.generated
        if not filled and column.name not in rows.batch.cells and column.name not in rows.generated:
            raise rows.batch.at(rows.new[0]).error(
                f"A new row of {rows.batch.table.name} needs a value for {column.name!r}.",
                hint="The column takes no null and has no default.",
            )


# --- checks ----------------------------------------------------------------------------------------------------------


def _require_checks(rows: Rows, updated: list[int], reader: Reader) -> None:
    if rows.new:
        _require_checks_of(rows.batch, rows.new, _known_new(rows.batch, reader))
    if updated:
        named = {name: rows.batch.logical[name] for name in _plain(rows.batch) if name not in rows.batch.protect}
        _require_checks_of(rows.batch, updated, named)


def _plain(batch: Batch) -> list[str]:
    """Columns of the batch whose logical values are all known here."""
    return [name for name in batch.columns if name not in batch.referring and name not in batch.passwords]


def _known_new(batch: Batch, reader: Reader) -> dict[str, list[Any]]:
    """Give what new rows hold, as far as it is known: what is written, else the default."""
    known = {name: batch.logical[name] for name in _plain(batch)}
    for column in batch.table.columns:
        if column.name not in batch.cells and _has_known_default(column):
            known[column.name] = [reader.default(column)] * batch.size
    return known


def _has_known_default(column: Column) -> bool:
    if column.updated_at or column.generated:
        return False
    return column.default is None or not column.default.function


def _require_checks_of(batch: Batch, indexes: Sequence[int], known: dict[str, list[Any]]) -> None:
    for check in batch.table.checks:
        names = _names_of(check)
        if names and all(name in known and batch.table.column(name).type.name != "json" for name in names):
            _require_check(batch, indexes, check, {name: known[name] for name in names})


def _names_of(check: Check) -> list[str]:
    from ..model.data import OPAQUE
    from ..model.expressions import columns_of, parse

    return [] if check.expression.startswith(OPAQUE) else sorted(columns_of(parse(check.expression)))


def _require_check(batch: Batch, indexes: Sequence[int], check: Check, known: dict[str, list[Any]]) -> None:
    """Evaluate once for each different set of values, which is far less often than once for each row."""
    from ..model.expression_evaluator import evaluator
    from ..model.expressions import parse

    holds = evaluator(parse(check.expression))
    names = list(known)
    values = list(zip(*(_picked(known[name], indexes) for name in names)))
    broken = {each for each in set(values) if holds(dict(zip(names, each))) is False}
    if broken:
        row = next(compress(count(), map(broken.__contains__, values)))
        shown = {name: value for name, value in zip(names, values[row]) if name not in batch.secret}
        raise batch.at(indexes[row]).error(
            f"The row breaks check {check.name} of {batch.table.name}.", found=shown, expected=check.expression
        )


def _picked(values: list[Any], indexes: Sequence[int]) -> Iterable[Any]:
    return values if len(indexes) == len(values) else [values[index] for index in indexes]


# --- references that are written as plain values ---------------------------------------------------------------------


def _require_reference(tables: Tables, rows: Rows, key: ForeignKey, written: Sequence[int]) -> None:
    batch = rows.batch
    if not all(name in batch.cells and name not in batch.referring for name in key.columns):
        return
    other = tables.table(key.ref_table)
    values = key_values(batch, key.columns)
    wanted = {values[index] for index in written if not _has_null(values[index])}
    if other is None or not wanted:
        return
    wanted -= tables.targets(other, key.ref_columns, key.ref_columns[0]).keys()
    if wanted:
        wanted -= tables.look_up(other, key.ref_columns, key.ref_columns[0], wanted).keys()
    if wanted:
        index = next(index for index in written if values[index] in wanted)
        raise batch.at(index, key.columns[0]).error(
            f"This refers to nothing: {key.ref_table} has no row with such {', '.join(key.ref_columns)}.",
            found=None if batch.secret & set(key.columns) else [batch.cells[name][index] for name in key.columns],
            hint=f"Write {{ref: {key.ref_table}, ...}} to name the row by other columns.",
        )


def _has_null(value: Any) -> bool:
    return value is None or (value.__class__ is tuple and None in value)


# --- values that occur once ------------------------------------------------------------------------------------------


def _require_unique(tables: Tables, changes: TableChanges, names: Sequence[str]) -> None:
    """Find rows that share a value which may occur once, in the input and then between input and database."""
    if not _touches(changes, names):
        return
    held = [(rows, index, value) for rows, index, value in _values_to_be(changes.state, names) if not _has_null(value)]
    owners = {value: (rows, index) for rows, index, value in reversed(held)}
    if len(owners) != len(held):
        raise _shared(held, owners, names)
    written = _written_values(changes, names, owners)
    if written and changes.state.existing_rows and changes.state.table.name not in tables.missing:
        for value in tables.holders(changes.state, names, written):
            rows, index = owners[value]
            raise rows.batch.at(index).error(f"A row of the database has the same {', '.join(names)}.", hint=_ONCE)


def _touches(changes: TableChanges, names: Sequence[str]) -> bool:
    """Tell whether anything is written to the columns."""
    updated = any(not set(update.columns).isdisjoint(names) for update in changes.updates)
    return updated or any(rows.new and all(name in rows.batch.cells for name in names) for rows in changes.state.rows)


def _shared(held: Sequence[_Held], owners: dict[Any, tuple[Rows, int]], names: Sequence[str]) -> InputError:
    """Make the error for the first row that has the value of an earlier one."""
    rows, index, value = next(each for each in held if owners[each[2]] != each[:2])
    other, before = owners[value]
    first = label(other.batch.at(before))
    return rows.batch.at(index).error(f"The row has the same {', '.join(names)} as {first}.", hint=_ONCE)


_ONCE = "These columns are unique in the model."


def _values_to_be(state: TableState, names: Sequence[str]) -> Iterator[_Held]:
    for rows in state.rows:
        if all(name in rows.batch.cells for name in names):
            values = key_values(rows.batch, names)
            kept = range(rows.batch.size) if rows.batch.protect.isdisjoint(names) else rows.new
            yield from ((rows, index, values[index]) for index in kept if not _has_null(values[index]))


def _written_values(changes: TableChanges, names: Sequence[str], owners: dict[Any, tuple[Rows, int]]) -> set[Any]:
    updated = {(id(each.rows), each.index) for each in changes.updates if not set(each.columns).isdisjoint(names)}
    return {
        value for value, (rows, index) in owners.items() if rows.found[index] is None or (id(rows), index) in updated
    }
