# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What cells mean: plain values by the type of their column, references, secrets, passwords.

In a ``json`` column a cell is what it is, but for values from Ansible Vault. In all others a mapping is one of

``{ref: roles, name: ADMIN}``       the row of another table which those columns name
``{env: NAME}``                     the text of a variable; ``!vault`` before a value says such a text, encrypted
``{password: TEXT, rounds: 12}``    a bcrypt hash of the text, or of ``{env: NAME}``
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..engines.base import Encoder, Engine
from ..model.reading import Place, as_text
from ..model.schema import Column, Schema, Table
from .convert import Misfit, to_logical
from .files import unique_sets, writable_column
from .rows import Batch, Reference, sub_batch

#: An error quotes so much of a cell.
_LONGEST_SHOWN = 100


class Reader:
    """Reads batches for one engine and one model: logical values, stored values, and what is filled in later."""

    def __init__(self, engine: Engine, schema: Schema, variables: Mapping[str, str]) -> None:
        self._engine = engine
        self._schema = schema
        self._variables = variables
        self._encoders: dict[str, Encoder] = {}

    def read(self, batch: Batch) -> None:
        """Fill ``logical``, ``stored``, ``references`` and ``passwords`` of the batch.

        :raises InputError: for the first cell of a column that does not fit.
        """
        for name, cells in batch.cells.items():
            column = batch.table.column(name)
            types = set(map(type, cells))
            if None.__class__ in types and not column.null:
                raise batch.at(cells.index(None), name).error("Null is not allowed here.", expected="a value")
            if dict in types and column.type.name != "json":
                self._read_special(batch, column, cells)
            else:
                plain = _opened(batch, name, cells) if column.type.name == "json" else cells
                batch.logical[name], batch.stored[name] = self._values(batch, column, plain, types)

    def _values(
        self, batch: Batch, column: Column, cells: list[Any], types: set[type], indexes: Sequence[int] | None = None
    ) -> tuple[list[Any], list[Any]]:
        """Give logical and stored values of plain cells.

        ``indexes`` are the rows of the batch whose secret texts the cells are; without them they are all its rows.
        """
        text = batch.text or indexes is not None
        try:
            logical = self._logical(column, cells, types, text=text)
            return logical, self.encoded(column, logical)
        except Misfit as misfit:
            index = misfit.index if indexes is None else indexes[misfit.index]
            found = None if column.name in batch.secret else _shown(cells[misfit.index])
            raise batch.at(index, column.name).error(misfit.reason, found=found, hint=misfit.hint) from None

    def default(self, column: Column) -> Any:
        """Give the logical value that a new row gets where it does not name the column: null, or a value by default."""
        if column.default is None:
            return None
        value = column.default.value
        return self._logical(column, [value], {type(value)})[0]

    def _logical(self, column: Column, cells: list[Any], types: set[type], *, text: bool = False) -> list[Any]:
        enum = self._schema.enum(column.type.enum) if column.type.name == "enum" else None
        return to_logical(column.type, enum, cells, types, text=text)

    def encoded(self, column: Column, logical: list[Any]) -> list[Any]:
        """Give stored values of logical ones that are known to fit."""
        return _encoded(self._encoder(column), logical)

    def _encoder(self, column: Column) -> Encoder:
        kind = str(column.type)
        if kind not in self._encoders:
            self._encoders[kind] = self._engine.encoders([column])[0]
        return self._encoders[kind]

    # --- cells that are mappings ---------------------------------------------------------------------------------

    def _read_special(self, batch: Batch, column: Column, cells: list[Any]) -> None:
        plain = [None if cell.__class__ is dict else cell for cell in cells]
        texts: dict[int, str] = {}
        groups: dict[tuple[str, ...], list[int]] = {}
        for index, cell in enumerate(cells):
            if cell.__class__ is dict:
                if "ref" in cell:
                    groups.setdefault((str(cell["ref"]), *sorted(cell)), []).append(index)
                else:
                    self._read_secret(batch, column, index, texts)
        logical, stored = self._values(batch, column, plain, set(map(type, plain)))
        batch.logical[column.name], batch.stored[column.name] = list(logical), list(stored)
        self._fill_secrets(batch, column, texts)
        if groups:
            batch.referring.add(column.name)
        for indexes in groups.values():
            batch.references.setdefault(column.name, []).append(self._reference(batch, column, indexes))

    def _read_secret(self, batch: Batch, column: Column, index: int, texts: dict[int, str]) -> None:
        from .secrets import is_password, is_secret, read_password, secret_text

        cell, place = batch.cells[column.name][index], batch.at(index, column.name)
        batch.secret.add(column.name)
        if is_password(cell):
            if column.type.name not in ("string", "text"):
                raise place.error("A password needs a column of text.", expected=f"a value of type {column.type}")
            batch.passwords.setdefault(column.name, {})[index] = read_password(cell, place, self._variables)
        elif is_secret(cell):
            texts[index] = secret_text(cell, place, self._variables)
        else:
            expected = f"a value of type {column.type}, or a mapping with ref, env or password"
            raise place.error("This mapping is no value.", expected=expected)

    def _fill_secrets(self, batch: Batch, column: Column, texts: Mapping[int, str]) -> None:
        indexes = list(texts)
        values = self._values(batch, column, list(texts.values()), {str}, indexes)
        for index, logical, stored in zip(indexes, *values):
            batch.logical[column.name][index] = logical
            batch.stored[column.name][index] = stored
        for index, password in batch.passwords.get(column.name, {}).items():
            batch.stored[column.name][index] = password

    def _reference(self, batch: Batch, column: Column, indexes: list[int]) -> Reference:
        """Read ``ref`` cells that name rows of one table by the same columns."""
        cell, place = batch.cells[column.name][indexes[0]], batch.at(indexes[0], column.name)
        name = as_text(cell["ref"], place.key("ref"))
        other = self._schema.table(name)
        if other is None:
            tables = [table.name for table in self._schema.tables]
            raise place.key("ref").unknown(f"The model has no table {name!r}.", name, tables)
        names = sorted(each for each in cell if each != "ref")
        _require_unique(other, names, place)
        named = sub_batch(batch, column.name, indexes, other, names)
        for each, cells in named.cells.items():
            if None in cells:
                raise named.at(cells.index(None), each).error("Null names no row.", expected="a value")
        self.read(named)
        return Reference(_target(batch.table, column, other, place), indexes, named)


def _opened(batch: Batch, name: str, cells: list[Any]) -> list[Any]:
    """Open what came from Ansible Vault in a json column, which makes the whole column a secret."""
    from .secrets import opened

    values = [opened(cell) for cell in cells]
    if any(new is not old for new, old in zip(values, cells)):
        batch.secret.add(name)
    return values


def _require_unique(table: Table, names: list[str], place: Place) -> None:
    for name in names:
        writable_column(table, name, place.key(name))
    if frozenset(names) not in unique_sets(table):
        known = [", ".join(sorted(each)) for each in unique_sets(table)]
        raise place.error(
            f"These columns do not name one row of {table.name}.", found=names, expected=" or ".join(known)
        )


def _target(table: Table, column: Column, other: Table, place: Place) -> str:
    """Give the column that a reference takes: the one that the foreign key points at, else the primary key."""
    for key in table.foreign_keys:
        if key.ref_table == other.name and column.name in key.columns:
            return key.ref_columns[key.columns.index(column.name)]
    if other.primary_key is None or len(other.primary_key.columns) != 1:
        raise place.error(f"{other.name} has no primary key of one column to refer to.")
    return other.primary_key.columns[0]


def _encoded(encoder: Encoder, logical: list[Any]) -> list[Any]:
    if encoder is None:
        return logical
    try:
        if None in logical:
            return [None if value is None else encoder(value) for value in logical]
        return list(map(encoder, logical))
    except ValueError as error:
        raise Misfit(_failing(encoder, logical), str(error)) from None


def _failing(encoder: Any, logical: list[Any]) -> int:
    for index, value in enumerate(logical):
        try:
            if value is not None:
                encoder(value)
        except ValueError:
            return index
    raise AssertionError("an encoder refused a column, but none of its values")


def _shown(cell: Any) -> Any:
    return cell if len(repr(cell)) <= _LONGEST_SHOWN else repr(cell)[:_LONGEST_SHOWN] + "..."
