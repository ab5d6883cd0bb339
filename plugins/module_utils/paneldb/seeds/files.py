# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Seed documents, read into ``Seed`` objects: what is there to be, before any database is asked.

A document is ``{seeds: [SEED, ...]}``, a list of seeds, or one seed. A seed::

    table: permissions
    key: [name]                       # names a row; must be unique in the model
    protect: [description]            # columns that an operator may edit: set when a row is made, never changed after
    secret: [token]                   # columns whose values are never shown, or true: all of them. Variables, values
                                      # from Ansible Vault and passwords are secrets anyway
    prune: false                      # true: rows of the table that no seed names are deleted
    when_set: PANEL_ADMIN_PASSWORD    # leave this seed out where that variable is empty
    rows:                             # or ``columns`` and ``values``, or ``src``: a file that holds the rows
      - {name: servers.create, description: Create servers}

``src`` has been read by ``sources.read_seeds`` before, which leaves ``src`` in place and puts ``rows`` beside it. Cells
of a CSV file are text and are read by the type of their column.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import InputError
from ..model.reading import Fields, Place, as_list, nearest

if TYPE_CHECKING:
    from ..model.schema import Column, Schema, Table

_KEYS = ("table", "key", "protect", "secret", "prune", "when_set", "rows", "columns", "values", "src")


@dataclass(frozen=True)
class Seed:
    """Rows of one table as they were written. ``rows`` are mappings, or lists of cells where ``columns`` is given."""

    place: Place
    row_place: Place
    table: Table
    key: tuple[str, ...]
    protect: frozenset[str]
    secret: frozenset[str]
    prune: bool
    rows: Sequence[Any] = field(repr=False)
    columns: tuple[str, ...] | None
    text: bool

    def at(self, row: int, column: str = "") -> Place:
        """Give the place of a row, or of a cell in it."""
        place = self.row_place.item(row)
        return place.key(column) if column else place


class Seeds(NamedTuple):
    """Seeds in the order in which they were written, and one sentence for each that was left out."""

    seeds: tuple[Seed, ...]
    skipped: tuple[str, ...]


def load_seeds(documents: Iterable[tuple[str, Any]], schema: Schema, variables: Mapping[str, str]) -> Seeds:
    """Read documents (pairs of source and plain data) into seeds.

    :raises InputError: a document does not have the form described above, or does not fit the model.
    """
    seeds: list[Seed] = []
    skipped: list[str] = []
    for source, data in documents:
        for item, place in _items(data, source):
            fields = Fields(item, place, _KEYS, "a seed")
            missing = [name for name in _when_set(fields) if not variables.get(name)]
            if missing:
                skipped.append(f"{label(place)} ({fields.text('table')}): {missing[0]} is not set.")
            else:
                seeds.append(_seed(fields, schema))
    _require_one_key(seeds)
    return Seeds(tuple(seeds), tuple(skipped))


def variable_names(documents: Iterable[tuple[str, Any]]) -> frozenset[str]:
    """Give the names of all variables that the documents ask for, in ``{env: ...}`` cells and in ``when_set``."""
    names: set[str] = set()
    for source, data in documents:
        for item, place in _items(data, source):
            names.update(_when_set(Fields(item, place, _KEYS, "a seed")))
            _collect(item.get("rows", ()), names)
            _collect(item.get("values", ()), names)
    return frozenset(names)


def _collect(value: Any, names: set[str]) -> None:
    if isinstance(value, dict):
        if isinstance(value.get("env"), str):
            names.add(value["env"])
        for each in value.values():
            if isinstance(each, (dict, list)):
                _collect(each, names)
    elif isinstance(value, list):
        for each in value:
            if isinstance(each, (dict, list)):
                _collect(each, names)


def _items(data: Any, source: str) -> Iterable[tuple[Any, Place]]:
    place = Place(source)
    if isinstance(data, dict) and "table" in data:
        return [(data, place)]
    if isinstance(data, dict):
        items, place = Fields(data, place, ("seeds",), "a seed file").value("seeds"), place.key("seeds")
    else:
        items = data
    return [(item, place.item(index)) for index, item in enumerate(as_list(items, place, "a list of seeds"))]


def _when_set(fields: Fields) -> tuple[str, ...]:
    value = fields.data.get("when_set", [])
    return (value,) if isinstance(value, str) else fields.texts("when_set") if "when_set" in fields else ()


def _seed(fields: Fields, schema: Schema) -> Seed:
    table = _table(fields, schema)
    source = fields.text("src", "")
    columns = _columns(fields, table, "columns") if "columns" in fields else None
    listed = "values" if columns else "rows"
    other = "rows" if columns else "values"
    if other in fields:
        raise fields.at(other).error("Rows are written in one form.", expected="rows, or columns and values")
    fields.value(listed)
    seed = Seed(
        place=fields.place,
        row_place=Place(source, "rows") if source else fields.at(listed),
        table=table,
        key=_key(fields, table),
        protect=frozenset(_columns(fields, table, "protect")),
        secret=frozenset(
            table.column_names if fields.data.get("secret") is True else _columns(fields, table, "secret")
        ),
        prune=fields.flag("prune"),
        rows=fields.items(listed),
        columns=columns,
        text=source.lower().endswith(".csv"),
    )
    _refuse_protected_key(fields, seed)
    return seed


def _table(fields: Fields, schema: Schema) -> Table:
    name = fields.text("table")
    table = schema.table(name)
    if table is None:
        raise fields.at("table").unknown(
            f"The model has no table {name!r}.", name, [each.name for each in schema.tables]
        )
    return table


def _columns(fields: Fields, table: Table, key: str) -> tuple[str, ...]:
    if key not in fields:
        return ()
    names = fields.texts(key)
    for index, name in enumerate(names):
        place = fields.at(key).item(index)
        writable_column(table, name, place)
        if name in names[:index]:
            raise place.error("The column is named twice.", found=name, expected="each column once")
    return names


def writable_column(table: Table, name: str, place: Place) -> Column:
    """Give the column.

    :raises InputError: the table has none of that name, or the engine computes it.
    """
    try:
        column = table.column(name)
    except KeyError:
        raise place.unknown(f"Table {table.name} has no column {name!r}.", name, table.column_names) from None
    if column.generated:
        raise place.error(f"The database computes column {name!r} itself.", hint="Leave the column out.")
    return column


def _key(fields: Fields, table: Table) -> tuple[str, ...]:
    key = _columns(fields, table, "key") if "key" in fields else fields.texts("key")
    for index, name in enumerate(key):
        if table.column(name).type.name == "json":
            raise fields.at("key").item(index).error("A json column cannot name a row.", found=name)
    if frozenset(key) in unique_sets(table):
        return key
    known = ["[" + ", ".join(sorted(each, key=table.column_names.index)) + "]" for each in unique_sets(table)]
    raise fields.at("key").error(
        f"These columns do not name one row of {table.name}.",
        found=list(key),
        expected=f"columns that are unique in the model: {' or '.join(known) or 'there are none'}",
        hint=nearest(key[0], table.column_names) if key else "",
    )


def unique_sets(table: Table) -> list[frozenset[str]]:
    """Give every set of columns whose values together occur once, the primary key first."""
    found = [frozenset(table.primary_key.columns)] if table.primary_key else []
    found += [frozenset(unique.columns) for unique in table.uniques]
    found += [
        frozenset(column.name for column in index.columns)
        for index in table.indexes
        if index.unique and not index.where
    ]
    return found


def _refuse_protected_key(fields: Fields, seed: Seed) -> None:
    both = sorted(seed.protect & set(seed.key))
    if both:
        raise fields.at("protect").error(
            "A column of the key cannot be protected.", found=both[0], expected="columns outside the key"
        )


def _require_one_key(seeds: Sequence[Seed]) -> None:
    """All seeds of a table name its rows by the same columns; otherwise one row could be meant twice unnoticed."""
    first: dict[str, Seed] = {}
    for seed in seeds:
        other = first.setdefault(seed.table.name, seed)
        if seed.key != other.key:
            raise InputError(
                f"Another seed of {seed.table.name} ({label(other.place)}) has another key.",
                source=seed.place.source,
                path=seed.place.key("key").path,
                found=list(seed.key),
                expected=str(list(other.key)),
                hint="Use one key for all seeds of a table.",
            )


def label(place: Place) -> str:
    """Give a place as people read it: ``seeds/panel.yml: seeds[0].rows[3]``."""
    return ": ".join(part for part in (place.source, place.path) if part)
