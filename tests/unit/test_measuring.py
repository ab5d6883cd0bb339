# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Live facts of hazards: what is asked of a server, how often, under which names, and what follows from the answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.base import (
    Capabilities,
    Catalogue,
    Engine,
    Server,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import StatementFailed
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.measuring import assess
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.diff import difference
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.operations import (
    Add,
    Drop,
    Execute,
    Operation,
    Rename,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.plan import (
    BLOCK,
    INFO,
    WARN,
    Hazard,
    Stage,
    Step,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.schema import (
    Check,
    Column,
    Index,
    IndexColumn,
    Schema,
    Table,
    Unique,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.types import Type
from ansible_collections.ctrlaltplay.paneldb.tests.support.models import model

SCHEMA = model("tables: {t: {columns: {a: {type: integer, null: true}, b: {type: string(9), null: true}}}}")
UNIQUE = Add("t", Unique("u", ("a",)))


class Answers:
    """A server that answers from a list and remembers what it was asked."""

    name = "postgresql"
    capabilities = Capabilities(transactional_ddl=True, transactions=True, enforces_foreign_keys=True)

    own: tuple[Hazard, ...] = ()

    def __init__(self, rows: int = 5, facts: Mapping[str, Any] | None = None) -> None:
        self.rows = rows
        self.facts = facts or {}
        self.asked: list[tuple[Any, ...]] = []

    def server(self) -> Server:
        return Server("PostgreSQL", "17", (17,), self.facts)

    def count(self, table: Table) -> int:
        self.asked.append(("count", table.name))
        return self.rows

    def count_nulls(self, table: Table, column: str) -> int:
        self.asked.append(("nulls", table.name, column))
        return 2

    def hazards(self, operations: tuple[Any, ...], before: Any) -> tuple[Hazard, ...]:
        assert before.schema.tables
        return self.own if operations else ()

    def table_bytes(self, table: Table) -> int:
        self.asked.append(("bytes", table.name))
        return 8192

    def duplicates(self, table: Table, columns: tuple[str, ...], where: str = "") -> tuple[int, tuple[Any, ...]]:
        self.asked.append(("duplicates", table.name, columns, where))
        return 1, (("twice",),)

    def violations(self, table: Table, check: Check) -> int:
        raise StatementFailed(f"no function for {check.expression} in {table.name}")


def weighed(server: Answers, *operations: Operation, steps: tuple[Step, ...] = ()) -> tuple[Hazard, ...]:
    """The hazards of one change of the schema above."""
    return assess(cast(Engine, server), [Stage("m", operations, steps)], Catalogue(SCHEMA))


def test_of_an_empty_table_nothing_more_is_asked() -> None:
    server = Answers(rows=0)
    (found,) = weighed(server, UNIQUE)
    assert found.severity == INFO
    assert server.asked == [("count", "t")]


def test_each_fact_is_asked_once() -> None:
    server = Answers()
    weighed(server, UNIQUE, Add("t", Unique("v", ("b",))))
    assert sorted(server.asked) == [
        ("bytes", "t"),
        ("count", "t"),
        ("duplicates", "t", ("a",), ""),
        ("duplicates", "t", ("b",), ""),
    ]


def test_names_are_those_that_the_database_has_now() -> None:
    index = Index("i", (IndexColumn("c"),), unique=True, where="c > 1 and b is null")
    server = Answers()
    weighed(server, Rename("", "table", "t", "s"), Rename("s", "column", "a", "c"), Add("s", index))
    assert ("duplicates", "t", ("a",), "a > 1 and b is null") in server.asked


def test_what_is_not_there_yet_is_not_asked_about() -> None:
    server = Answers()
    found = weighed(server, Add("t", Column("c", Type("integer"), null=True)), Add("t", Unique("u", ("c",))))
    assert [each.severity for each in found if each.code == "add-unique"] == [WARN]
    assert not [asked for asked in server.asked if asked[0] == "duplicates"]


def test_a_table_of_the_same_name_that_comes_later_is_another_one() -> None:
    server = Answers()
    again = SCHEMA.tables[0]
    found = weighed(server, Drop("", again), Add("", again), UNIQUE)
    assert [(each.code, each.severity) for each in found] == [("drop-table", BLOCK)]
    assert ("duplicates", "t", ("a",), "") not in server.asked


def test_what_cannot_be_told_stays_a_warning() -> None:
    (found,) = weighed(Answers(), Add("t", Check("c", "a > 0")))
    assert found.severity == WARN
    assert dict(found.facts) == {"rows": 5, "bytes": 8192}


def test_a_persons_step_before_may_have_mended_the_rows() -> None:
    mend = Execute("mend", {"postgresql": ("SELECT 1",)})
    elsewhere = Execute("mend", {"postgresql": (), "sqlite": ("SELECT 1",)})
    assert [each.severity for each in weighed(Answers(), mend, UNIQUE)] == [WARN]
    assert [each.severity for each in weighed(Answers(), UNIQUE, mend)] == [BLOCK]
    assert [each.severity for each in weighed(Answers(), elsewhere, UNIQUE)] == [BLOCK]


def test_what_an_engine_finds_itself_is_weighed_as_well() -> None:
    mend = Execute("mend", {"postgresql": ("SELECT 1",)})
    server = Answers(rows=0)
    server.own = (Hazard("own", BLOCK, "add_unique t.u", "It breaks."), Hazard("lost", BLOCK, "", "", destroys=True))
    found = {each.code: each for each in weighed(server, UNIQUE)}
    assert (found["own"].severity, found["own"].origin, found["lost"].severity) == (BLOCK, "m", BLOCK)
    found = {each.code: each for each in weighed(server, mend, UNIQUE)}
    assert (found["own"].severity, found["lost"].severity) == (WARN, BLOCK)


def test_what_is_done_beside_others_locks_nobody_out() -> None:
    index = Add("t", Index("i", (IndexColumn("a"),)))
    (blocking,) = weighed(Answers(), index, steps=(Step((0,), ()),))
    (beside,) = weighed(Answers(), index, steps=(Step((0,), (), transactional=False),))
    assert (blocking.severity, beside.severity) == (WARN, INFO)
    assert "Nobody can write" in blocking.message
    assert "Nobody can write" not in beside.message


def test_examples_of_secrets_are_not_shown() -> None:
    (shown,) = weighed(Answers(), UNIQUE)
    assert dict(shown.facts)["samples"] == [["twice"]]
    (renamed, hidden) = weighed(Answers(), Rename("t", "column", "a", "apiToken"), Add("t", Unique("u", ("apiToken",))))
    assert renamed.code == "rename-column"
    assert "samples" in dict(hidden.facts), "the database calls the column a, and that is what is asked about"
    secret = Catalogue(model("tables: {t: {columns: {token: {type: string(9)}}}}"))
    (hidden,) = assess(cast(Engine, Answers()), [Stage("m", (Add("t", Unique("u", ("token",))),), ())], secret)
    assert "samples" not in dict(hidden.facts)


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"longest_transaction_seconds": 3600.5}, "long-transaction-open"),
        ({"replication_lag_seconds": 45}, "replication-lag"),
        ({"disk_free_bytes": 4096}, "low-disk"),
    ],
)
def test_reasons_not_to_start_now(facts: dict[str, Any], code: str) -> None:
    wider = model("tables: {t: {columns: {a: {type: bigint, null: true}, b: {type: string(9), null: true}}}}")
    operations = difference(SCHEMA, wider, prune=True)
    assert code in [each.code for each in weighed(Answers(facts=facts), *operations)]
    calm = {"longest_transaction_seconds": 0.1, "replication_lag_seconds": None, "disk_free_bytes": 10**9}
    assert [each.code for each in weighed(Answers(facts=calm), *operations)] == ["type-rewrite"]


def test_nothing_to_do_has_no_hazards() -> None:
    assert weighed(Answers()) == ()
    assert assess(cast(Engine, Answers()), [], Catalogue(Schema())) == ()
