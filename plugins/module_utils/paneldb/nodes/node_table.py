# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the model has for nodes: which table, which columns, and how tokens are kept.

=========================  =======================================================================================
``name``                   unique; names the node
``hostname``, ``port``     where its agent answers; together they occur once
``token``                  the agent's secret as it is, or ``tokenHash``: its SHA-256 in 64 hexadecimal digits
``status``                 optional, an enum
``tags``                   optional, ``json``: a list of texts
``tokenIssuedAt``          optional: when the token was made; rotation by age needs it
``previousToken``          optional (``previousTokenHash`` beside ``tokenHash``), with ``previousTokenExpiresAt``: the
                           token before, and until when it is valid; overlap needs both
=========================  =======================================================================================
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..engines.base import Encoder, Engine
from ..errors import InputError
from ..model.schema import Column, Schema, Table
from ..seeds.files import unique_sets
from .tokens import hashed

TABLE = "nodes"
NAME, HOSTNAME, PORT, STATUS, TAGS = "name", "hostname", "port", "status", "tags"
TOKEN, TOKEN_HASH, ISSUED = "token", "tokenHash", "tokenIssuedAt"
PREVIOUS, PREVIOUS_HASH, PREVIOUS_UNTIL = "previousToken", "previousTokenHash", "previousTokenExpiresAt"
CREATED = "createdAt"

#: What a list of nodes cannot name: these are written by registration and rotation alone.
_KEPT = (TOKEN, TOKEN_HASH, ISSUED, PREVIOUS, PREVIOUS_HASH, PREVIOUS_UNTIL)
#: A retired node's status where the enum has it, else the next best.
_RETIRED = ("RETIRED", "MAINTENANCE")


@dataclass(frozen=True)
class NodeTable:
    """The table of nodes; names of columns are empty where the model does not have them."""

    table: Table
    key: str
    token: str
    hashed: bool
    issued: str
    previous: str
    previous_until: str
    status: str
    retired_status: str

    @property
    def names(self) -> frozenset[str]:
        return frozenset(self.table.column_names)

    @property
    def kept(self) -> frozenset[str]:
        """Columns that hold tokens or belong to them; never shown, never taken from a list."""
        return self.names.intersection(_KEPT)

    @property
    def secret(self) -> frozenset[str]:
        """Columns that hold tokens or hashes of them."""
        return self.names.intersection((TOKEN, TOKEN_HASH, PREVIOUS, PREVIOUS_HASH))

    def kept_form(self, token: str) -> str:
        """Give what is kept of a token: itself, or its hash."""
        return hashed(token) if self.hashed else token

    def column(self, name: str) -> Column:
        return self.table.column(name)


class Codec:
    """Leads single values of the table's columns to what the engine stores, and back."""

    def __init__(self, engine: Engine, nodes: NodeTable) -> None:
        columns = nodes.table.columns
        names = nodes.table.column_names
        self._encoders: dict[str, Encoder] = dict(zip(names, engine.encoders(columns)))
        self._decoders: dict[str, Encoder] = dict(zip(names, engine.decoders(columns)))

    def stored(self, name: str, value: Any) -> Any:
        """Give what the engine stores for a logical value."""
        encoder = self._encoders[name]
        return encoder(value) if encoder is not None and value is not None else value

    def logical(self, name: str, value: Any) -> Any:
        """Give the logical value of a stored one."""
        decoder = self._decoders[name]
        return decoder(value) if decoder is not None and value is not None else value


def node_table(schema: Schema) -> NodeTable:
    """Find in the model what nodes are made of.

    :raises InputError: where a table of nodes with name, hostname, port and token is not in it.
    """
    table = schema.table(TABLE)
    if table is None:
        raise InputError(f"The model has no table {TABLE!r}.", source="model", hint="Use a model that extends panel.")
    names = frozenset(table.column_names)
    keeps_hashes = TOKEN_HASH in names
    for name in (NAME, HOSTNAME, PORT, *(() if keeps_hashes else (TOKEN,))):
        if name not in names:
            raise _misses(f"column {name!r}")
    if frozenset((NAME,)) not in unique_sets(table):
        raise _misses("a unique name")
    if table.primary_key is None or len(table.primary_key.columns) != 1:
        raise _misses("a primary key of one column")
    previous = PREVIOUS_HASH if keeps_hashes else PREVIOUS
    overlaps = previous in names and PREVIOUS_UNTIL in names
    return NodeTable(
        table=table,
        key=table.primary_key.columns[0],
        token=TOKEN_HASH if keeps_hashes else TOKEN,
        hashed=keeps_hashes,
        issued=ISSUED if ISSUED in names else "",
        previous=previous if overlaps else "",
        previous_until=PREVIOUS_UNTIL if overlaps else "",
        status=STATUS if STATUS in names else "",
        retired_status=_retired_status(schema, table),
    )


def _misses(what: str) -> InputError:
    hint = "Nodes need name (unique), hostname, port, token (or tokenHash) and a primary key of one column."
    return InputError(f"Table {TABLE!r} of the model lacks {what}.", source="model", path=f"tables.{TABLE}", hint=hint)


def _retired_status(schema: Schema, table: Table) -> str:
    if STATUS not in table.column_names or table.column(STATUS).type.name != "enum":
        return ""
    enum = schema.enum(table.column(STATUS).type.enum)
    return next((word for word in _RETIRED if enum is not None and word in enum.values), "")
