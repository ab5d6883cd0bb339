# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Indexes: what the keys and indexes of a table need of the server, and what is there, compared by structure.

MongoDB builds one index for one list of fields, so keys and indexes on the same columns share one, which is unique as
soon as one of them is. The names that a server keeps are made of the structure, as its own tools make them
(``email_1``): a key or index that takes another name in the model needs no index built anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ...model.data import OPAQUE
from ...model.schema import Index, IndexColumn, PrimaryKey, Table, Unique
from .conditions import partial_filter_of, together
from .jsontext import from_json, to_json
from .probes import PARTIAL_INDEXES, Probes

#: The server's own index, and the field that it is on; it is there always.
ID, ID_INDEX = "_id", "_id_"
#: Options of an index that make no other index of it, or are told elsewhere.
_PASSING = ("v", "key", "name", "ns", "background", "storageEngine", "unique", "sparse", "partialFilterExpression")
#: What collMod can change of an index.
CHANGEABLE = ("expireAfterSeconds", "hidden")
#: Servers cut or refuse no name, but people read them.
_LONGEST_NAME = 120

Fields = tuple[tuple[str, Any], ...]


@dataclass(frozen=True)
class Physical:
    """An index as a server keeps it: fields with their direction (or kind), and what else makes it what it is.

    ``condition`` and ``options`` are extended JSON in canonical order; ``name`` is not part of the structure.
    """

    fields: Fields
    unique: bool = False
    sparse: bool = False
    condition: str = ""
    options: str = ""
    name: str = field(default="", compare=False)

    def specification(self) -> dict[str, Any]:
        """Give it as ``createIndexes`` takes it."""
        told: dict[str, Any] = {"key": dict(self.fields), "name": self.name or self.usual_name()}
        if self.unique:
            told["unique"] = True
        if self.sparse:
            told["sparse"] = True
        if self.condition:
            told["partialFilterExpression"] = from_json(self.condition)
        return {**told, **(from_json(self.options) if self.options else {})}

    def usual_name(self) -> str:
        """Give the name that the structure has; what it has besides fields stands in a digest."""
        stem = "_".join(f"{name}_{kind}" for name, kind in self.fields)
        told = self.condition + self.options
        if not told and len(stem.encode("utf-8", "surrogatepass")) <= _LONGEST_NAME:
            return stem
        digest = hashlib.sha256((stem + told).encode("utf-8", "surrogatepass")).hexdigest()[:8]
        kept = stem.encode("utf-8", "surrogatepass")[: _LONGEST_NAME - len(digest)].decode("utf-8", "ignore")
        return f"{kept}_{digest}"

    @property
    def but_changeable(self) -> Physical:
        """The same without what collMod can change."""
        return replace(self, options=_canonical(key_less(self.options)))


def key_less(options: str) -> dict[str, Any]:
    """Give the options that collMod cannot change."""
    told = from_json(options) if options else {}
    return {key: value for key, value in told.items() if key not in CHANGEABLE}


def _canonical(told: Mapping[str, Any]) -> str:
    return to_json({key: told[key] for key in sorted(told)}) if told else ""


# --- what a table needs ----------------------------------------------------------------------------------------------


def needed(table: Table, probes: Probes) -> dict[str, Physical]:
    """Give the index that each key or index of the table leans on, by ``kind name``.

    What this server cannot have is left out of it: a partial index covers all documents there, and is not unique.
    """
    told = {_key(each): _of(each, table, probes) for each in _elements(table)}
    strictest: dict[tuple[Any, ...], Physical] = {}
    for made in told.values():
        place = (made.fields, made.condition, made.options)
        had = strictest.get(place)
        strictest[place] = made if had is None or _stricter(made, had) else had
    return {key: strictest[made.fields, made.condition, made.options] for key, made in told.items()}


def is_own(made: Physical) -> bool:
    """Tell whether it is an index of ours, not the one on ``_id`` that each collection has."""
    return made.fields != ((ID, 1),) or bool(made.condition or made.options)


def wanted(table: Table, probes: Probes) -> frozenset[Physical]:
    """Give all indexes that the table needs."""
    return frozenset(made for made in needed(table, probes).values() if is_own(made))


def _key(element: PrimaryKey | Unique | Index) -> str:
    return f"{element.kind} {element.name}"


def _elements(table: Table) -> Iterator[PrimaryKey | Unique | Index]:
    if table.primary_key is not None:
        yield table.primary_key
    yield from table.uniques
    yield from table.indexes


def _stricter(one: Physical, other: Physical) -> bool:
    return (one.unique, not one.sparse) > (other.unique, not other.sparse)


def _of(element: PrimaryKey | Unique | Index, table: Table, probes: Probes) -> Physical:
    if not isinstance(element, Index):
        return _key_of(tuple((name, 1) for name in element.columns), table, "", probes)
    fields = tuple(_field(column) for column in element.columns)
    if element.where.startswith(OPAQUE):
        return _read(fields, dict(from_json(element.where[len(OPAQUE) :])), element.unique)
    if element.where and not can_be_partial(element, table, probes):
        return Physical(fields)
    condition = _canonical(partial_filter_of(element.where, table) or {}) if element.where else ""
    return _key_of(fields, table, condition, probes) if element.unique else Physical(fields, condition=condition)


def can_be_partial(index: Index, table: Table, probes: Probes) -> bool:
    """Tell whether the server can have the index for some documents only, by the index's condition."""
    if not probes.can(PARTIAL_INDEXES):
        return False
    told = partial_filter_of(index.where, table)
    return told is not None and (probes.wire_version >= WIRE_6_0 or not any(word in to_json(told) for word in _NEW))


#: The manual on partial indexes: ``$or`` and ``$in`` since MongoDB 6.0.
WIRE_6_0 = 17
_NEW = ('"$or"', '"$in"')


def _field(column: IndexColumn) -> tuple[str, Any]:
    if column.name.startswith(OPAQUE):
        ((name, kind),) = from_json(column.name[len(OPAQUE) :]).items()
        return name, kind
    return column.name, -1 if column.descending else 1


def _key_of(fields: Fields, table: Table, condition: str, probes: Probes) -> Physical:
    """A unique index: rows with a null in it are alike to none, so documents that lack a field stay outside."""
    names = {column.name for column in table.columns if column.null}
    optional = [name for name, _unused in fields if name in names]
    if not optional or probes.ferretdb:
        # Fields that a document lacks are alike to none on FerretDB, which takes `sparse` and forgets it.
        return Physical(fields, unique=True, condition=condition)
    if len(fields) == 1 and not condition:
        return Physical(fields, unique=True, sparse=True)
    if not probes.can(PARTIAL_INDEXES):
        return Physical(fields, unique=True, sparse=True)
    present = ({name: {"$exists": True}} for name in optional)
    told = together(from_json(condition) if condition else {}, *present)
    return Physical(fields, unique=True, condition=_canonical(told))


def named(made: Physical) -> Physical:
    """Give an index with the name that it gets when it is built."""
    return replace(made, name=made.name or made.usual_name())


# --- what is there ---------------------------------------------------------------------------------------------------


def read_index(told: Mapping[str, Any]) -> Physical:
    """Read an index as ``listIndexes`` shows it."""
    options = {key: value for key, value in told.items() if key not in _PASSING}
    fields = tuple((name, _direction(kind)) for name, kind in told["key"].items())
    if "weights" in told:
        # Text indexes show fields of their own in place of those that they are on.
        fields = tuple((name, "text") for name in told["weights"])
    made = Physical(fields, bool(told.get("unique")), bool(told.get("sparse")), name=str(told["name"]))
    condition = told.get("partialFilterExpression")
    if not options and not condition:
        return made
    return replace(made, condition=_canonical(_plain(condition or {})), options=_canonical(_plain(options)))


def _direction(kind: Any) -> Any:
    return int(kind) if isinstance(kind, (int, float)) else kind


def _plain(told: Any) -> Any:
    if isinstance(told, Mapping):
        return {key: _plain(value) for key, value in told.items()}
    return [_plain(each) for each in told] if isinstance(told, list) else told


def shown(made: Physical, table: Table, probes: Probes) -> Unique | Index:
    """Give an index that no key of the table leans on as what a model would call it.

    What a model cannot say stands in its condition, in the server's words.
    """
    plain = all(kind in (1, -1) for _unused, kind in made.fields)
    columns = tuple(_column(name, kind) for name, kind in made.fields)
    ascending = plain and all(kind == 1 for _unused, kind in made.fields)
    if made.unique and ascending:
        unique = Unique(made.name, tuple(name for name, _unused in made.fields))
        if _of(unique, table, probes) == made:
            return unique
    said = Index(made.name, columns, made.unique)
    if plain and _of(said, table, probes) == made:
        return said
    words: dict[str, Any] = from_json(made.options) if made.options else {}
    if made.condition:
        words["partialFilterExpression"] = from_json(made.condition)
    if made.sparse:
        words["sparse"] = True
    return replace(said, where=OPAQUE + (_canonical(words) or "{}"))


def _column(name: str, kind: Any) -> IndexColumn:
    if kind in (1, -1):
        return IndexColumn(name, kind == -1)
    return IndexColumn(OPAQUE + to_json({name: kind}))


def _read(fields: Fields, words: dict[str, Any], unique: bool) -> Physical:
    sparse, condition = bool(words.pop("sparse", False)), words.pop("partialFilterExpression", {})
    return Physical(fields, unique, sparse, _canonical(condition), _canonical(words))
