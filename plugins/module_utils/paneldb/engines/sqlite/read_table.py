# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the text of a table to the model's table, with what the model has no word for beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Optional

from ...model.naming import check_name, foreign_key_name, unique_name
from ...model.schema import AUTOINCREMENT, Check, Column, Default, ForeignKey, PrimaryKey, Table, Unique
from ...model.types import Type
from .conditions import read_condition
from .native import NOTHING, Extras
from .own_form import type_named
from .parse import ColumnText, Constraint, TableText, parse_table
from .types import PLAIN, is_declared, read_default, type_check
from .words import quote

Enums = Mapping[str, Sequence[str]]


@dataclass
class _Found:
    """What has been gathered of one table so far."""

    name: str
    names: Mapping[str, str]
    primary_key: Optional[Constraint] = None
    uniques: list[Unique] = field(default_factory=list)
    foreign_keys: list[ForeignKey] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    rests: dict[tuple[str, str], str] = field(default_factory=dict)

    def columns_of(self, constraint: Constraint) -> tuple[str, ...]:
        """Give the columns as the table spells them; SQLite does not mind the case of a name."""
        return tuple(self.names.get(part.name.lower(), part.name) for part in constraint.parts)


class TableReader:
    """Reads tables in any form. ``enums`` fills with those that only a column's check remembers."""

    def __init__(self, enums: Enums) -> None:
        self._known = enums
        self.enums: dict[str, Sequence[str]] = {}

    def read(self, name: str, sql: str) -> tuple[Table, Extras]:
        text = parse_table(sql)
        found = _Found(name, {column.name.lower(): column.name for column in text.columns})
        for constraint in text.constraints:
            self._constraint(found, constraint)
        columns = tuple([self._column(found, column, text) for column in text.columns])
        key = found.primary_key
        table = Table(
            name,
            columns,
            PrimaryKey(found.columns_of(key)) if key else None,
            tuple(found.uniques),
            (),
            tuple(found.foreign_keys),
            tuple(found.checks),
        )
        return table, self._extras(found, text)

    # --- columns -------------------------------------------------------------------------------------------------

    def _column(self, found: _Found, text: ColumnText, table: TableText) -> Column:
        kind = self._type(found, text)
        key = found.primary_key
        default = read_default(kind, text.default) if text.default else None
        required = text.not_null
        if key is not None and text.name in found.columns_of(key):
            default = Default(function=AUTOINCREMENT) if key.autoincrement else default
            without_rowid = "WITHOUT" in table.options.upper()
            if len(key.parts) == 1 and text.declared.upper() == "INTEGER" and not without_rowid:
                # The number of the row itself, which is never null; said here, so that a rebuild keeps it so.
                required = True
                self._keep(found, "primary_key", "primary_key", key.rest or f"PRIMARY KEY ({quote(text.name)})")
            required = required or without_rowid
        if text.rest:
            found.rests["column", text.name] = text.rest
        collation = "" if text.collation.upper() == "BINARY" else text.collation
        return Column(text.name, kind, not required, default, False, "", "", collation, text.generated)

    def _type(self, found: _Found, text: ColumnText) -> Type:
        """Find the check that carries the type's name; all others are rules of the table."""
        kind = None
        for name, body in text.checks:
            said = type_named(name)
            if said is None or kind is not None or not is_declared(said, text.declared):
                found.checks.append(_check(found.name, name, body))
            elif body == type_check(said, quote(text.name), self._values(said, body)):
                kind = said
            else:
                kind = Type("foreign", (f"{text.declared} CONSTRAINT {quote(name)} CHECK ({body})",))
        return kind or PLAIN.get(text.declared.upper()) or Type("foreign", (text.declared,))

    def _values(self, kind: Type, body: str) -> Sequence[str]:
        if kind.name != "enum":
            return ()
        if kind.enum not in self._known and kind.enum not in self.enums:
            self.enums[kind.enum] = _listed(body)
        return self._known.get(kind.enum) or self.enums[kind.enum]

    # --- constraints ---------------------------------------------------------------------------------------------

    def _constraint(self, found: _Found, text: Constraint) -> None:
        if text.kind == "check":
            found.checks.append(_check(found.name, text.name, text.body))
            return
        columns = found.columns_of(text)
        if text.kind == "primary_key":
            found.primary_key = text
            self._keep(found, "primary_key", "primary_key", text.rest)
        elif text.kind == "unique":
            unique = Unique(text.name or unique_name(found.name, columns), columns)
            found.uniques.append(unique)
            self._keep(found, "unique", unique.name, text.rest)
        else:
            name = text.name or foreign_key_name(found.name, columns)
            rule = text.on_delete or "no_action"
            found.foreign_keys.append(ForeignKey(name, columns, text.ref_table, text.ref_columns, rule))
            self._keep(found, "foreign_key", name, text.rest)

    def _keep(self, found: _Found, kind: str, name: str, rest: str) -> None:
        if rest:
            found.rests[kind, name] = rest

    def _extras(self, found: _Found, text: TableText) -> Extras:
        inner = frozenset(unique.name for unique in found.uniques)
        if not (found.rests or inner or text.options):
            return NOTHING
        return Extras(text.options, found.rests, {}, inner)


def _check(table: str, name: str, body: str) -> Check:
    condition = read_condition(body)
    return Check(name or check_name(table, condition), condition)


def _listed(body: str) -> tuple[str, ...]:
    from .words import tokenize, unquote

    return tuple(unquote(token.text) for token in tokenize(body) if token.text.startswith("'"))


def with_references(table: Table, tables: Mapping[str, Table]) -> Table:
    """Complete foreign keys that name no columns (they mean the primary key), and spell names as the tables do.

    ``tables`` are all there are, by name in lower case.
    """
    keys = tuple(_completed(key, tables.get(key.ref_table.lower())) for key in table.foreign_keys)
    return replace(table, foreign_keys=keys)


def _completed(key: ForeignKey, parent: Table | None) -> ForeignKey:
    if parent is None:
        return key
    columns = key.ref_columns or (parent.primary_key.columns if parent.primary_key else ())
    names = {name.lower(): name for name in parent.column_names}
    spelled = tuple(names.get(column.lower(), column) for column in columns)
    return replace(key, ref_table=parent.name, ref_columns=spelled)
