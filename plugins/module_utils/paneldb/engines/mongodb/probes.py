# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What this server can do: asked of it where it tells, else learnt from its refusals, and kept for the session."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ...errors import PanelDbError, Unsupported
from .faults import translated
from .product import ferretdb_1, product_of

if TYPE_CHECKING:
    from .session import Client

VALIDATORS = "validators"
COLL_MOD = "collMod"
TTL_INDEXES = "ttl_indexes"
PARTIAL_INDEXES = "partial_indexes"
COLLATIONS = "collations"
TRANSACTIONS = "transactions"
LOOKUP = "lookup"
PIPELINE_UPDATES = "pipeline_updates"
EXPRESSIONS = "expressions"
DECIMALS = "decimal128"
NESTED_ARRAYS = "nested_arrays"
ANY_KEYS = "any_keys"
ROLES = "roles"
#: All names, in the order in which results tell them.
NAMES = (
    VALIDATORS,
    COLL_MOD,
    TTL_INDEXES,
    PARTIAL_INDEXES,
    COLLATIONS,
    TRANSACTIONS,
    LOOKUP,
    PIPELINE_UPDATES,
    EXPRESSIONS,
    DECIMALS,
    NESTED_ARRAYS,
    ANY_KEYS,
    ROLES,
)

#: FerretDB 1 keeps a connection for each update of a command until the command ends, and hangs where it has none left.
FERRETDB_UPDATES = 50
#: So many writes go in one command elsewhere: the drivers' own limit is 100,000.
USUAL_UPDATES = 1000
#: The wire protocols of MongoDB 4.2 (transactions and pipeline updates everywhere) and 5.0 (field names with dots).
WIRE_4_2, WIRE_5_0 = 8, 13
#: A collection that is in no database, for questions that a server answers by what it knows alone.
_NOWHERE = "_paneldb_probe"


class Probes:
    """The answers of one server. Nothing is ever written to find one out."""

    def __init__(self, hello: Mapping[str, Any], build: Mapping[str, Any]) -> None:
        self.hello = dict(hello)
        self.build = dict(build)
        self._known = self._told()

    @property
    def ferretdb(self) -> str:
        """Version of FerretDB 1, empty where it is not one; FerretDB 2 tells it otherwise, and has more of MongoDB."""
        return ferretdb_1(self.build)

    @property
    def product(self) -> tuple[str, str]:
        """Name and version of the server."""
        return product_of(self.build)

    @property
    def replicated(self) -> bool:
        """Whether a replica set or a sharded cluster answers, so that the majority means something."""
        return bool(self.hello.get("setName")) or self.hello.get("msg") == "isdbgrid"

    @property
    def updates_at_once(self) -> int:
        """How many updates or deletes one command may hold."""
        return FERRETDB_UPDATES if self.ferretdb else USUAL_UPDATES

    @property
    def wire_version(self) -> int:
        """The highest version of the wire protocol that the server speaks."""
        return int(self.hello.get("maxWireVersion", 0))

    def can(self, name: str) -> bool:
        """Tell whether the server has what the name stands for, as far as is known: until it refuses, it has."""
        return self._known.get(name, True)

    def note(self, name: str, able: bool) -> None:
        """Keep what a refusal, or what reading back, has shown."""
        self._known[name] = able

    def facts(self) -> dict[str, bool]:
        """Give all that is known, for people."""
        return {name: self.can(name) for name in NAMES}

    def _told(self) -> dict[str, bool]:
        sessions = self.hello.get("logicalSessionTimeoutMinutes") is not None
        recent = self.wire_version >= WIRE_4_2
        known = {
            TRANSACTIONS: self.replicated and sessions and recent and not self.ferretdb,
            PIPELINE_UPDATES: recent,
            ANY_KEYS: self.wire_version >= WIRE_5_0,
        }
        return {**known, **dict.fromkeys(NAMES, False)} if self.ferretdb else known


def probe(client: Client, database: str) -> Probes:
    """Ask the server who it is, and try what can be tried without writing.

    A server says what it does not know before it looks whether the collection is there, so a collection that is
    nowhere is asked about.
    """
    with translated("Asking the server who it is"):
        build = client.admin.command("buildInfo")
    probes = Probes(say_hello(client), build)
    if not probes.ferretdb:
        stage = {"$lookup": {"from": _NOWHERE, "localField": "a", "foreignField": "b", "as": "c"}}
        probes.note(LOOKUP, _answers(client, database, {"aggregate": _NOWHERE, "pipeline": [stage], "cursor": {}}))
    return probes


def say_hello(client: Client) -> dict[str, Any]:
    """Ask the server who and what it is, and how late; servers before 4.4.2 know the older name alone."""
    action = "Asking the server who it is"
    try:
        with translated(action):
            return client.admin.command("hello")
    except Unsupported:
        with translated(action):
            return client.admin.command("isMaster")


def has_roles(client: Client, database: str) -> bool:
    """Tell whether accounts can have roles of a database; where there are accounts only, each may do everything."""
    return probe(client, database).can(ROLES) and _answers(client, database, {"rolesInfo": 1})


def _answers(client: Client, database: str, command: Mapping[str, Any]) -> bool:
    try:
        with translated("Asking the server what it can do"):
            client[database].command(dict(command))
    except Unsupported:
        return False
    except PanelDbError:
        return True
    return True
