# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the tables of docs/engines.md: what each engine has, leaves out and refuses, as the engines themselves say it.

Nothing is connected to: engines are asked about a model that has everything, as if their server had answered.

Usage: python -m ansible_collections.ctrlaltplay.paneldb.tests.tools.engine_guide
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines import engine_class
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.base import (
    Capabilities,
    Catalogue,
    Engine,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.mongodb.probes import (
    NAMES,
    TRANSACTIONS,
    Probes,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.mysql.flavour import Flavour
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.mysql.native import Native
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import InputError, Unsupported
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.operations import Add, Alter, Operation
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.schema import (
    Check,
    Column,
    Default,
    Enum,
    ForeignKey,
    Index,
    IndexColumn,
    PrimaryKey,
    Schema,
    Table,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.types import parse_type

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "engines.md"
BEGIN, END = "<!-- generated: begin -->", "<!-- generated: end -->"
TYPES = (
    "uuid",
    "string(50)",
    "text",
    "boolean",
    "integer",
    "bigint",
    "decimal(10,2)",
    "float",
    "timestamp",
    "json",
    "bytes",
    "enum(mood)",
)


@dataclass(frozen=True)
class Kind:
    """A server as it would answer: its heading, an engine without a session, and its empty catalogue."""

    title: str
    engine: Engine
    empty: Catalogue


def kinds() -> tuple[Kind, ...]:
    """Every engine, and the servers of one that differ."""
    replica_set = {"setName": "rs0", "maxWireVersion": 21, "logicalSessionTimeoutMinutes": 30}
    return (
        Kind("SQLite", _bare("sqlite"), Catalogue(Schema())),
        Kind("PostgreSQL", _bare("postgresql"), Catalogue(Schema())),
        _mysql("MariaDB 10.6", "MariaDB", (10, 6)),
        _mysql("MariaDB 10.11, 11", "MariaDB", (10, 11)),
        _mysql("MySQL 8", "MySQL", (8, 0)),
        _mongodb("MongoDB", Probes(replica_set, {})),
        _mongodb("FerretDB 1", Probes({"maxWireVersion": 21}, {"ferretdbVersion": "v1.24.2"})),
    )


def _bare(name: str, **attributes: Any) -> Engine:
    kind = engine_class(name)
    engine: Engine = object.__new__(kind)
    for attribute, value in attributes.items():
        setattr(engine, attribute, value)
    return engine


def _mysql(title: str, product: str, numbers: tuple[int, ...]) -> Kind:
    engine = _bare("mysql", product=product, numbers=numbers)
    return Kind(title, engine, Catalogue(Schema(), native=Native(flavour=Flavour(product, numbers))))


def _mongodb(title: str, probes: Probes) -> Kind:
    able = replace(engine_class("mongodb").capabilities, transactions=probes.can(TRANSACTIONS))
    return Kind(title, _bare("mongodb", probes=probes, capabilities=able), Catalogue(Schema()))


# --- what is asked ---------------------------------------------------------------------------------------------------


def everything() -> Schema:
    """A model with one of everything that can be stated."""
    number = Default(function="autoincrement()")
    columns = (
        Column("id", parse_type("bigint"), default=number, comment="counts"),
        Column("other", parse_type("bigint"), null=True),
        Column("name", parse_type("string(50)"), default=Default("x")),
        Column("mood", parse_type("enum(mood)")),
        Column("data", parse_type("json"), null=True),
        Column("changed", parse_type("timestamp"), updated_at=True),
    )
    things = Table(
        "things",
        columns,
        PrimaryKey(("id",)),
        indexes=(
            Index("some", (IndexColumn("name"),), where="mood = 'CALM'"),
            Index("some_unique", (IndexColumn("name"),), unique=True, where="mood = 'CALM'"),
            Index("downwards", (IndexColumn("name", descending=True),)),
        ),
        foreign_keys=(ForeignKey("key", ("other",), "things", ("id",), "set_null"),),
        checks=(
            Check("of_a_number_that_counts", "id > 0"),
            Check("of_a_key_that_is_emptied", "other > 0"),
            Check("data", "name <> ''"),
            Check("of_two_columns", "name <> 'x' or mood = 'CALM'"),
        ),
        comment="all",
    )
    second = Table(
        "second_counter",
        (Column("id", parse_type("uuid")), Column("number", parse_type("bigint"), default=number)),
        PrimaryKey(("id",)),
    )
    return Schema((things, second), (Enum("mood", ("CALM", "BUSY")),))


def _attempts() -> Mapping[str, Sequence[Operation]]:
    """Changes that some engine refuses, by what they are called in the guide."""
    key = Column("id", parse_type("integer"))
    wide = tuple(Column(f"c{number}", parse_type("string(9000)")) for number in range(3))
    return {
        "a table without a column": [Add("", Table("t", ()))],
        "an enum without a value": [Add("", Enum("e", ())), Add("", _with(Column("e", parse_type("enum(e)"))))],
        "27,000 characters in strings of one row": [Add("", Table("t", (key, *wide), PrimaryKey(("id",))))],
        "a name with a character above U+FFFF": [Add("", Table("\N{PILE OF POO}", (key,), PrimaryKey(("id",))))],
        "a column whose name begins with a dollar sign": [Add("", _with(Column("$a", parse_type("text"))))],
        "a column with a dot in its name": [Add("", _with(Column("a.b", parse_type("text"))))],
        "a check about a column that counts": [Add("", _counting())],
    }


def _with(column: Column) -> Table:
    return Table("t", (Column("id", parse_type("integer")), column), PrimaryKey(("id",)))


def _counting() -> Table:
    column = Column("id", parse_type("bigint"), default=Default(function="autoincrement()"))
    return Table("t", (column,), PrimaryKey(("id",)), checks=(Check("c", "id > 0"),))


# --- what is answered ------------------------------------------------------------------------------------------------


def _refusal(kind: Kind, operations: Sequence[Operation]) -> str:
    try:
        kind.engine.compile(operations, kind.empty)
    except (Unsupported, InputError) as error:
        return str(error).partition("\n")[0]
    return ""


def _conversion(kind: Kind, before: str, after: str) -> bool:
    """Whether a column of one type can become one of the other."""
    enum = Add("", Enum("mood", ("CALM", "BUSY")))
    old, new = (Column("c", parse_type(each), null=True) for each in (before, after))
    _steps, catalogue = kind.engine.compile([enum, Add("", _with(old))], kind.empty)
    try:
        kind.engine.compile([Alter("t", old, new)], catalogue)
    except Unsupported:
        return False
    return True


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', '&#124;') for cell in row)} |"
    yield ""


_CAPABILITIES = {
    "transactional_ddl": "schema changes are undone with their transaction",
    "transactions": "several writes are all or nothing",
    "enforces_foreign_keys": "references are kept by the server",
    "online_indexes": "indexes are built while others write",
}


def _capabilities(servers: Sequence[Kind]) -> Iterator[str]:
    yield "## What each one has"
    yield ""
    rows = [
        [
            _CAPABILITIES[each.name],
            *("yes" if getattr(kind.engine.capabilities, each.name) else "no" for kind in servers),
        ]
        for each in fields(Capabilities)
    ]
    yield from _table(["", *(kind.title for kind in servers)], rows)
    yield "What a server that speaks MongoDB's protocol can do is asked of it at the start of each session:"
    yield ""
    probed = [kind for kind in servers if kind.engine.name == "mongodb"]
    facts = [kind.engine.probes.facts() for kind in probed]  # type: ignore[attr-defined]
    rows = [[f"`{name}`", *("yes" if fact[name] else "no" for fact in facts)] for name in NAMES]
    yield from _table(["", *(kind.title for kind in probed)], rows)


def _limits(servers: Sequence[Kind]) -> Iterator[str]:
    yield "## What a model may say and an engine leaves out"
    yield ""
    yield "It is reported as a limit in the result, by its place in the model (here one that has everything)."
    yield ""
    told: dict[tuple[str, str], list[str]] = {}
    for kind in servers:
        for limit in kind.engine.limits(everything()):
            told.setdefault((limit.place, limit.reason), []).append(kind.title)
    rows = [[", ".join(titles), f"`{place}`", reason] for (place, reason), titles in told.items()]
    yield from _table(["on", "place", "reason"], rows)


def _refusals(servers: Sequence[Kind]) -> Iterator[str]:
    yield "## What an engine refuses before anything runs"
    yield ""
    told: dict[tuple[str, str], list[str]] = {}
    for label, operations in _attempts().items():
        for kind in servers:
            refusal = _refusal(kind, operations)
            if refusal:
                told.setdefault((label, refusal), []).append(kind.title)
    yield from _table(
        ["change", "on", "answer"], [[label, ", ".join(titles), answer] for (label, answer), titles in told.items()]
    )
    yield "Columns become these types in place, with their rows; others need a new column and an `execute` step:"
    yield ""
    rows = [[f"`{before}`", *(_targets(kind, before) for kind in _distinct(servers))] for before in TYPES]
    yield from _table(["from", *(_HEADS.get(kind.engine.name, kind.title) for kind in _distinct(servers))], rows)


_HEADS = {"mysql": "MariaDB, MySQL"}


def _distinct(servers: Sequence[Kind]) -> list[Kind]:
    """One server per engine."""
    return list({kind.engine.name: kind for kind in reversed(servers)}.values())[::-1]


def _targets(kind: Kind, before: str) -> str:
    able = [after.partition("(")[0] for after in TYPES if after != before and _conversion(kind, before, after)]
    others = [each.partition("(")[0] for each in TYPES if each != before]
    if able == others:
        return "all"
    missing = [name for name in others if name not in able]
    return f"all but {', '.join(missing)}" if len(missing) < len(able) else ", ".join(able) or "none"


def generated() -> str:
    """The text between the two marks of the guide."""
    servers = kinds()
    lines = [*_capabilities(servers), *_limits(servers), *_refusals(servers)]
    return "\n".join(lines)


def renewed(guide: str) -> str:
    """The guide with its generated part made anew."""
    before, _unused, rest = guide.partition(BEGIN)
    after = rest.partition(END)[2]
    return f"{before}{BEGIN}\n\n{generated()}\n{END}{after}"


def main() -> None:
    """Write the guide."""
    GUIDE.write_text(renewed(GUIDE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
