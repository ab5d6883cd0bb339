# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows on every engine: what is written is what is read, in bulk and all or nothing."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.base import Engine, Row
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import ConstraintViolated
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.operations import Add
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.schema import (
    Check,
    Column,
    Default,
    Enum,
    ForeignKey,
    PrimaryKey,
    Table,
    Unique,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.types import parse_type
from ansible_collections.ctrlaltplay.paneldb.tests.support.grid import Bed, SqlBed, apply_operations

COLOURS = Enum("colour", ("red", "it's blue"))
KINDS = {
    "id": "integer",
    "uuid": "uuid",
    "short": "string(20)",
    "long text %s": "text",
    "flag": "boolean",
    "big": "bigint",
    "price": "decimal(20,4)",
    "ratio": "float",
    "at": "timestamp",
    "data": "json",
    "colour": "enum(colour)",
    "raw": "bytes",
}
THINGS = Table(
    "all things",
    tuple(Column(name, parse_type(kind), null=name not in ("id", "flag")) for name, kind in KINDS.items()),
    PrimaryKey(("id",)),
    (Unique("things_short", ("short",)),),
    checks=(Check("things_big", "big > -5"),),
)
NAMES = THINGS.column_names
NASTY = ["", "\\N", "\\.", "tab\there", "line\nbreak\r\n", "'\"%s`", "\x1f\x1e\x1d", "ü€😀", "NULL", "a,b;{}"]


def thing(number: int) -> Row:
    """A row of logical values; every fourth has nulls wherever it can."""
    if number % 4 == 3:
        return tuple({"id": number, "flag": True}.get(name) for name in NAMES)
    text = NASTY[number % len(NASTY)]
    return (
        number,
        f"00000000-0000-4000-8000-{number:012x}",
        f"{number} {text}"[:20],
        text * (number % 3),
        number % 2 == 0,
        number * 10**14,
        Decimal(number) * Decimal("-1.0625") + Decimal("0.0001"),
        number / 3,
        datetime(2026, 2, 28, 23, 59, 59, 999000, timezone.utc) + timedelta(milliseconds=number, days=number % 500),
        [{"key": [number, None, True, 1.5], "it's": {text: text}}, [], text, number, False][number % 5],
        COLOURS.values[number % 2],
        bytes([0, 255, number % 256, 92]) * (number % 3),
    )


def stored(engine: Engine, table: Table, names: Sequence[str], rows: Iterator[Row]) -> Iterator[Row]:
    encoders = engine.encoders([table.column(name) for name in names])
    return (tuple(value if encode is None else encode(value) for encode, value in zip(encoders, row)) for row in rows)


def logical(engine: Engine, table: Table, names: Sequence[str], rows: Iterator[Row]) -> list[Row]:
    decoders = engine.decoders([table.column(name) for name in names])
    return sorted(
        (tuple(value if decode is None else decode(value) for decode, value in zip(decoders, row)) for row in rows),
        key=lambda row: row[0],
    )


@pytest.fixture
def things(engine: Engine) -> Engine:
    apply_operations(engine, [Add("", COLOURS), Add("", THINGS)])
    return engine


def fill(engine: Engine, numbers: range) -> int:
    return engine.insert(THINGS, NAMES, stored(engine, THINGS, NAMES, map(thing, numbers)))


@pytest.mark.parametrize("count", [0, 1, 100, 12_345])
def test_rows_come_back_value_for_value(things: Engine, count: int) -> None:
    assert fill(things, range(count)) == count
    assert things.count(THINGS) == count
    found = logical(things, THINGS, NAMES, things.fetch(THINGS, NAMES))
    assert found == [thing(number) for number in range(count)]
    assert [list(map(type, row)) for row in found[:50]] == [
        list(map(type, thing(number))) for number in range(min(count, 50))
    ]


def test_stored_values_compare_equal_to_what_is_read(things: Engine) -> None:
    """This is what a seed's difference rests on."""
    fill(things, range(500))
    expected = list(stored(things, THINGS, NAMES, map(thing, range(500))))
    assert sorted(things.fetch(THINGS, NAMES), key=lambda row: row[0]) == expected


@pytest.mark.dialect
@pytest.mark.parametrize("name", [name for name in NAMES if KINDS[name] not in ("json", "float")])
def test_rows_are_found_by_values_of_any_column(things: Engine, name: str) -> None:
    fill(things, range(100))
    position = NAMES.index(name)
    rows = list(stored(things, THINGS, NAMES, map(thing, range(100))))
    wanted = [rows[number][position] for number in (5, 6)]
    found = sorted(row[0] for row in things.fetch(THINGS, ("id",), where=(name, wanted)))
    assert found == [row[0] for row in rows if row[position] in wanted]
    assert list(things.fetch(THINGS, ("id",), where=(name, []))) == []


@pytest.mark.parametrize("count", [1, 40, 3000])
def test_rows_are_updated_in_bulk(things: Engine, count: int) -> None:
    fill(things, range(4000))
    names = ("id", *NAMES[2:])
    changed = {number: thing(number + 4001)[2:] for number in range(count)}
    rows = stored(things, THINGS, names, ((number, *values) for number, values in changed.items()))
    assert things.update(THINGS, ("id",), names[1:], rows) == count
    found = logical(things, THINGS, names, things.fetch(THINGS, names))
    assert found == [(number, *changed.get(number, thing(number)[2:])) for number in range(4000)]


@pytest.mark.parametrize("count", [0, 3, 3000])
def test_rows_are_deleted_in_bulk(things: Engine, count: int) -> None:
    fill(things, range(4000))
    keys = stored(things, THINGS, ("id",), ((number,) for number in range(3999, 3999 - count, -1)))
    assert things.delete(THINGS, ("id",), keys) == count
    assert things.count(THINGS) == 4000 - count


def test_keys_of_several_columns(things: Engine) -> None:
    fill(things, range(100))
    key = ("short", "colour")
    rows = list(stored(things, THINGS, key, (thing(number)[2:11:8] for number in (4, 5))))
    assert things.update(THINGS, key, ("big",), [(*row, 77) for row in rows]) == 2
    assert things.delete(THINGS, key, rows) == 2
    assert things.count(THINGS) == 98


@pytest.mark.parametrize("count", [1, 100])
def test_null_is_found_in_a_key_that_may_be_null(things: Engine, count: int) -> None:
    fill(things, range(400))
    keys = [(number, None) for number in range(3, 400, 4)][:count]
    texts = [(*key, f"50% {key[0]}") for key in keys]
    assert things.update(THINGS, ("id", "short"), ("long text %s",), texts) == count
    found = things.fetch(THINGS, ("id", "long text %s"), where=("long text %s", ["50% 3"]))
    assert list(found) == [(3, "50% 3")]
    assert things.delete(THINGS, ("id", "short"), keys) == count
    assert things.count(THINGS) == 400 - count


@pytest.mark.dialect
def test_rows_that_are_not_there_are_not_counted(things: Engine) -> None:
    fill(things, range(10))
    assert things.update(THINGS, ("id",), ("big",), [(5, 1), (50, 1)]) == 1
    assert things.delete(THINGS, ("id",), [(5,), (50,)]) == 1


BROKEN = [
    ("id", 17),
    ("flag", None),
    ("big", -5),
    ("short", "0 "),
]


@pytest.mark.parametrize(("name", "value"), BROKEN)
def test_one_bad_row_of_many_undoes_all_and_is_named(things: Engine, name: str, value: Any) -> None:
    fill(things, range(1))

    def rows() -> Iterator[Row]:
        for number in range(1, 9001):
            row = thing(number)
            yield tuple(value if number == 7001 and name == each else old for each, old in zip(NAMES, row))

    with pytest.raises(ConstraintViolated) as caught:
        things.insert(THINGS, NAMES, stored(things, THINGS, NAMES, rows()))
    assert caught.value.details["row"] == 7000
    assert things.count(THINGS) == 1


@pytest.mark.dialect
def test_error_of_the_rows_themselves_comes_through(things: Engine) -> None:
    def rows() -> Iterator[Row]:
        yield thing(1)
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        things.insert(THINGS, NAMES, stored(things, THINGS, NAMES, rows()))
    assert things.count(THINGS) == 0


def test_reading_is_not_disturbed_by_writing(things: Engine) -> None:
    fill(things, range(6000))
    for (number,) in things.fetch(THINGS, ("id",)):
        if number % 1000 == 0:
            things.update(THINGS, ("id",), ("big",), [(number, 1)])
    assert things.count(THINGS) == 6000


def test_reading_may_be_left_early(things: Engine) -> None:
    fill(things, range(6000))
    with things.transaction():
        rows = things.fetch(THINGS, ("id",))
        next(rows)
        del rows
        assert things.count(THINGS) == 6000


def test_memory_is_flat_both_ways(bed: Bed, engine: Engine) -> None:
    table = Table(
        "numbers", (Column("id", parse_type("integer")), Column("text", parse_type("text"))), PrimaryKey(("id",))
    )
    apply_operations(engine, [Add("", table)])
    count = bed.scaled(200_000)
    tracemalloc.start()
    try:
        engine.insert(table, ("id", "text"), ((number, "x" * 100) for number in range(count)))
        total = sum(number for number, _unused in engine.fetch(table, ("id", "text")))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert total == (count - 1) * count // 2
    assert peak < 12_000_000


@pytest.mark.dialect
def test_counted_keys_go_on_behind_rows_that_bring_theirs(engine: Engine) -> None:
    counted = Column("id", parse_type("bigint"), default=Default(function="autoincrement()"))
    table = Table("counted", (counted, Column("name", parse_type("text"))), PrimaryKey(("id",)))
    apply_operations(engine, [Add("", table)])
    engine.insert(table, ("name",), [("first",)])
    engine.insert(table, ("id", "name"), [(50, "brought")])
    engine.insert(table, ("name",), [("next",)])
    assert {name: number for number, name in engine.fetch(table, ("id", "name"))} == {
        "first": 1,
        "brought": 50,
        "next": 51,
    }


@pytest.mark.dialect
def test_live_facts(things: Engine) -> None:
    children = Table(
        "children",
        (Column("id", parse_type("integer")), Column("thing", parse_type("integer"), null=True)),
        PrimaryKey(("id",)),
    )
    apply_operations(things, [Add("", children)])
    fill(things, range(40))
    things.insert(children, ("id", "thing"), [(1, 1), (2, 900), (3, 900), (4, 901), (5, None)])
    key = ForeignKey("fk", ("thing",), "all things", ("id",), "cascade")
    assert things.count_nulls(children, "thing") == 1
    orphans, values = things.orphans(children, key)
    assert (orphans, set(values)) == (3, {(900,), (901,)})
    assert things.duplicates(children, ("thing",)) == (1, ((900,),))
    assert things.duplicates(children, ("thing",), where="id > 2") == (0, ())
    assert things.duplicates(THINGS, ("flag", "colour"))[0] == 2
    assert things.violations(children, Check("c", "thing < 900")) == 3


@pytest.mark.dialect
def test_transactions_keep_or_lose_rows_together(things: Engine) -> None:
    def stopped() -> None:
        with things.transaction():
            fill(things, range(10))
            things.delete(THINGS, ("id",), [(1,)])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        stopped()
    # Where there are no transactions, what was written stands.
    assert things.count(THINGS) == (0 if things.capabilities.transactions else 9)
    with things.transaction():
        fill(things, range(10, 20))
    assert things.count(THINGS) == (10 if things.capabilities.transactions else 19)


@pytest.mark.dialect
def test_statement_of_a_person_with_bound_values(bed: Bed, things: Engine) -> None:
    fill(things, range(10))
    assert things.query(bed.choosing("all things", "id", "short"), [1, 2]).rows == ((1, thing(1)[2]), (2, thing(2)[2]))
    result = things.query(bed.changing("all things", "big", "id"), {"value": 5, "below": 3})
    assert (result.rows, result.affected) == ((), 3)
    if isinstance(bed, SqlBed):
        assert things.query("SELECT '100%' AS share").columns == ("share",)
