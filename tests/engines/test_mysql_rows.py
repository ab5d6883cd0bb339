# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of MariaDB: what only this server does with them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.mysql import bulk, loading, reading
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.mysql.engine import MysqlEngine
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.mysql.transfer import Transfer
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import Target
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import (
    ConstraintViolated,
    InputError,
    StatementFailed,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.operations import Add
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.schema import (
    Check,
    Column,
    Enum,
    ForeignKey,
    PrimaryKey,
    Table,
    Unique,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.types import Type, parse_type
from ansible_collections.ctrlaltplay.paneldb.tests.support.grid import apply_operations
from ansible_collections.ctrlaltplay.paneldb.tests.support.mariadb import MysqlFamilyServer

COLOURS = Enum("colour", ("red", "blue"))
TABLE = Table(
    "100% of `it`",
    (
        Column("id", Type("integer")),
        Column("a%s", Type("text"), null=True),
        Column("parent", Type("integer"), null=True),
        Column("price", parse_type("decimal(20,4)"), null=True),
        Column("short", parse_type("string(10)"), null=True),
        Column("raw", Type("bytes"), null=True),
        Column("ratio", Type("float"), null=True),
        Column("flag", Type("boolean"), null=True),
        Column("colour", parse_type("enum(colour)"), null=True),
    ),
    PrimaryKey(("id",)),
    (Unique("once", ("short",)),),
    foreign_keys=(ForeignKey("of_parent", ("parent",), "100% of `it`", ("id",)),),
    checks=(Check("positive", "id > 0"),),
)
NAMES = TABLE.column_names


@pytest.fixture
def session(family_target: Target) -> Iterator[MysqlEngine]:
    with MysqlEngine.connect(family_target) as made:
        apply_operations(made, [Add("", COLOURS), Add("", TABLE)])
        yield made


@pytest.fixture(params=["LOAD DATA", "INSERT", "INSERT of a few"])
def either(request: pytest.FixtureRequest, session: MysqlEngine, monkeypatch: pytest.MonkeyPatch) -> MysqlEngine:
    """Rows are written in every way that there is."""
    session.transfer.loads = request.param == "LOAD DATA"
    if request.param != "INSERT of a few":
        monkeypatch.setattr(loading, "FEW", 0)
    return session


REFUSED: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"id": None}, ConstraintViolated, "column"),
    ({"id": 1}, ConstraintViolated, "constraint"),
    ({"id": -1}, ConstraintViolated, "constraint"),
    ({"parent": 99_999}, ConstraintViolated, "constraint"),
    ({"price": "s3cret"}, StatementFailed, ""),
    ({"price": "12345678901234567890.0"}, ConstraintViolated, "column"),
    ({"short": "s3cret s3cret"}, ConstraintViolated, "column"),
    ({"short": "n1"}, ConstraintViolated, "constraint"),
    ({"colour": "s3cret"}, ConstraintViolated, "column"),
    ({"ratio": float("nan")}, InputError, ""),
    ({"a%s": "\ud83d"}, InputError, ""),
]


@pytest.mark.parametrize(("change", "kind", "told"), REFUSED)
def test_bad_row_is_named_but_not_shown(
    either: MysqlEngine, change: dict[str, Any], kind: type[Exception], told: str
) -> None:
    bad = 11_001 if not loading.FEW else 21

    def rows() -> Iterator[tuple[Any, ...]]:
        for number in range(1, bad + 10):
            row = {**dict.fromkeys(NAMES), "id": number, "a%s": "s3cret", "short": f"n{number}"}
            row.update(change if number == bad else {})
            yield tuple(row.values())

    with pytest.raises(kind) as caught:
        either.insert(TABLE, NAMES, rows())
    error = caught.value
    assert isinstance(error, (StatementFailed, InputError))
    if kind is not InputError:
        assert error.details["row"] == bad - 1
    assert not told or error.details[told]
    assert "s3cret" not in str(error) + repr(error.to_data())
    assert either.count(TABLE) == 0


TEXTS = st.text(st.characters(codec="utf-8"), max_size=30) | st.sampled_from(
    ["\\N", "\\.", "\t\n\r\\", "\x1f", "a\x1e\x1db", "", "\0", "\\0", "\x1a", "'", '"', "`", "%s", "😀", "NULL"]
)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
ROWS = st.lists(
    st.tuples(st.none() | TEXTS, st.none() | st.binary(max_size=20), st.none() | FLOATS, st.none() | st.booleans()),
    max_size=30,
)


def test_any_value_comes_back(either: MysqlEngine) -> None:
    session = either
    names = ("id", "a%s", "raw", "ratio", "flag")

    @settings(max_examples=60)
    @given(ROWS)
    def holds(rows: list[tuple[Any, ...]]) -> None:
        wanted = [(number, *row) for number, row in enumerate(rows, 1)]
        session.query("DELETE FROM `100% of ``it```")
        session.insert(TABLE, names, wanted)
        assert list(session.fetch(TABLE, names)) == wanted
        changed = [(number, *reversed(row[:1]), *row[1:]) for number, row in enumerate(reversed(rows), 1)]
        assert session.update(TABLE, ("id",), names[1:], changed) == len(rows)
        assert list(session.fetch(TABLE, names)) == changed

    holds()


@pytest.mark.parametrize("number", [0.0, -0.0, 5e-324, sys.float_info.max, 0.1 + 0.2, 1e22, 123456789.123456789])
def test_floats_keep_every_bit(either: MysqlEngine, number: float) -> None:
    either.insert(TABLE, ("id", "ratio"), [(1, number)])
    assert [repr(row[0]) for row in either.fetch(TABLE, ("ratio",))] in ([repr(number)], [repr(number + 0.0)])


def test_texts_are_told_apart_to_the_letter(either: MysqlEngine) -> None:
    texts = ["a", "A", "á", "a ", "a\0", "ß", "ss", "", " "]
    either.insert(TABLE, ("id", "short"), list(enumerate(texts, 1)))
    for number, text in enumerate(texts, 1):
        assert list(either.fetch(TABLE, ("id",), where=("short", [text]))) == [(number,)]


def test_values_looked_for_are_exact_beyond_doubles(session: MysqlEngine) -> None:
    prices = ["1234567890123456.0001", "1234567890123456.0002"]
    session.insert(TABLE, ("id", "price"), list(enumerate(prices, 1)))
    assert list(session.fetch(TABLE, ("id",), where=("price", prices[1:]))) == [(2,)]


# --- reading -----------------------------------------------------------------------------------------------------


@pytest.fixture
def in_blocks(session: MysqlEngine, monkeypatch: pytest.MonkeyPatch) -> MysqlEngine:
    """Every table counts as a large one."""
    monkeypatch.setattr(reading, "_MOST_ROWS", 1000)
    session.insert(TABLE, ("id",), ((number,) for number in range(1, 12_346)))
    return session


def test_large_table_is_read_block_by_block(in_blocks: MysqlEngine) -> None:
    assert list(in_blocks.fetch(TABLE, ("id",))) == [(number,) for number in range(1, 12_346)]
    with in_blocks.transaction():
        wanted = [*range(1, 5000), 99_999]
        assert len(list(in_blocks.fetch(TABLE, ("id",), where=("id", wanted)))) == 4999


def test_several_are_read_at_once_while_rows_change(in_blocks: MysqlEngine) -> None:
    first, second = (in_blocks.fetch(TABLE, ("id",)) for _unused in range(2))
    assert next(first) == next(second) == (1,)
    in_blocks.delete(TABLE, ("id",), ((number,) for number in range(10_000, 10_500)))
    assert len(list(first)) == len(list(second)) == 12_344 - 500


KEYS = [
    ("string(20)", [f"k'{number:05}\\" for number in range(3000)]),
    ("uuid", [f"00000000-0000-4000-8000-{number:012x}" for number in range(3000)]),
    ("decimal(20,4)", [f"{number - 1500}.0001" for number in range(3000)]),
    ("timestamp", [f"2026-01-01 00:{number // 60:02}:{number % 60:02}.001" for number in range(3000)]),
    ("bigint", [number * 10**14 for number in range(3000)]),
    ("enum(colour)", ["blue", "red"]),
    ("float", [number / 7 for number in range(3000)]),
]


@pytest.mark.parametrize(("kind", "values"), KEYS)
def test_keys_of_any_type_lead_from_block_to_block(
    session: MysqlEngine, monkeypatch: pytest.MonkeyPatch, kind: str, values: list[Any]
) -> None:
    monkeypatch.setattr(reading, "_MOST_ROWS", 700)
    columns = (Column("k", parse_type(kind)), Column("half", Type("integer")))
    for name, key in (("single", ("k",)), ("double", ("half", "k")), ("without", ())):
        table = Table(name, columns, PrimaryKey(key) if key else None)
        apply_operations(session, [Add("", table)])
        rows = [(value, number % 2) for number, value in enumerate(values)]
        session.insert(table, ("k", "half"), rows)
        assert sorted(session.fetch(table, ("k", "half"))) == sorted(rows)


def test_rows_longer_than_a_packet_together_are_read(session: MysqlEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    session.ask("SET SESSION group_concat_max_len = 100000")
    rows = [(number, f"{number:04}" * 25) for number in range(1, 3001)]
    session.insert(TABLE, ("id", "a%s"), rows)
    monkeypatch.setattr(reading, "_FIRST_ROWS", 3000)
    assert list(session.fetch(TABLE, ("id", "a%s"))) == rows


def test_values_of_different_collations_are_read(session: MysqlEngine) -> None:
    session.query(
        "CREATE TABLE mixed (id integer PRIMARY KEY, a varchar(9) CHARACTER SET latin1 COLLATE latin1_swedish_ci,"
        " b varchar(9) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci, c varchar(9) CHARACTER SET cp1251, d geometry,"
        " e bit(9), f time(3), g varbinary(9))"
    )
    session.query(
        "INSERT INTO mixed VALUES (1, 'ü', '😀', 'ж', ST_GeomFromText('POINT(1 2)'), b'101', '-12:30:00.5', x'00ff')"
    )
    kinds = {"a": "string(9)", "b": "string(9)", "c": "string(9)"}
    foreign = {"d": "geometry", "e": "bit(9)", "f": "time(3)", "g": "varbinary(9)"}
    columns = [Column("id", Type("integer"))]
    columns += [Column(name, parse_type(kind), null=True) for name, kind in kinds.items()]
    columns += [Column(name, Type("foreign", (kind,)), null=True) for name, kind in foreign.items()]
    table = Table("mixed", tuple(columns), PrimaryKey(("id",)))
    [row] = session.fetch(table, table.column_names)
    assert row[:4] == (1, "ü", "😀", "ж")
    assert row[5:] == ("5", "-12:30:00.500", "00FF")


# --- writing -----------------------------------------------------------------------------------------------------


def test_server_that_lets_clients_load_nothing(family_server: MysqlFamilyServer, session: MysqlEngine) -> None:
    rows = [(number, f"n{number}") for number in range(1, 2501)]
    assert session.transfer.loads
    family_server.run("SET GLOBAL local_infile = 0")
    try:
        assert session.insert(TABLE, ("id", "short"), rows) == 2500
        assert not session.transfer.loads
        assert session.update(TABLE, ("id",), ("short",), [(number, f"m{number}") for number in range(1, 501)]) == 500
    finally:
        family_server.run("SET GLOBAL local_infile = 1")
    assert session.count(TABLE) == 2500


def test_statements_are_smaller_than_what_the_server_takes(either: MysqlEngine) -> None:
    session = either
    session.transfer.packet = packet = 1 << 20
    session.insert(TABLE, ("id", "a%s"), [(number, "x" * (packet // 3)) for number in range(1, 8)])
    assert session.count(TABLE) == 7
    rows = [(8, "x"), (9, "x" * (packet + 1)), (10, "x")]
    with pytest.raises(InputError, match="max_allowed_packet") as caught:
        session.insert(TABLE, ("id", "a%s"), rows)
    assert caught.value.details["row"] == 1
    with pytest.raises(StatementFailed, match="more than the server takes") as told:
        session.update(TABLE, ("id",), ("a%s",), [(1, "x" * (packet * 2))])
    assert told.value.details["row"] == 0
    assert session.count(TABLE) == 7
    assert sum(len(text) for _unused, text in session.fetch(TABLE, ("id", "a%s"))) == 7 * (packet // 3)


def test_values_looked_for_may_be_long(session: MysqlEngine) -> None:
    session.transfer.packet = 1 << 20
    texts = [f"{number}" + "x" * 10_000 for number in range(500)]
    session.insert(TABLE, ("id", "a%s"), list(enumerate(texts, 1)))
    assert len(list(session.fetch(TABLE, ("id",), where=("a%s", texts)))) == 500


@pytest.mark.parametrize("count", [3, 500])
def test_change_that_breaks_a_rule_undoes_all(session: MysqlEngine, count: int) -> None:
    session.insert(TABLE, ("id", "short"), [(number, f"n{number}") for number in range(1, 501)])
    rows = [(number, f"m{number}" if number < count else "n500") for number in range(1, count + 1)]
    session.insert(TABLE, ("id", "short"), [(501, "m0")])
    broken = [(number, "m0" if number == count else text) for number, text in rows]
    with pytest.raises(ConstraintViolated) as caught:
        session.update(TABLE, ("id",), ("short",), broken)
    assert caught.value.details["constraint"] == "once"
    assert len(list(session.fetch(TABLE, ("id",), where=("short", [f"n{number}" for number in range(1, 501)])))) == 500


def test_staged_rows_leave_no_table_behind_and_undo_nothing(session: MysqlEngine) -> None:
    session.insert(TABLE, ("id",), ((number,) for number in range(1, 501)))
    with session.transaction():
        for price in ("2.0000", "3.0000"):
            assert session.update(TABLE, ("id",), ("price",), ((number, price) for number in range(1, 501))) == 500
        assert session.delete(TABLE, ("id",), ((number,) for number in range(1, 101))) == 100
        assert session.in_transaction
    assert session.count(TABLE) == 400
    with pytest.raises(StatementFailed):
        session.query(f"SELECT 1 FROM {bulk.STAGED}")


def test_account_that_may_make_no_temporary_tables(
    family_server: MysqlFamilyServer, session: MysqlEngine, family_target: Target
) -> None:
    user = f"u{family_target.database}"
    family_server.create_user(user, "pw", f"SELECT, INSERT, UPDATE, DELETE ON `{family_target.database}`.*")
    session.insert(TABLE, ("id",), ((number,) for number in range(1, 501)))
    with MysqlEngine.connect(replace(family_target, user=user, password="pw")) as other:
        assert other.update(TABLE, ("id",), ("short",), [(number, f"n{number}") for number in range(1, 501)]) == 500
        assert other.delete(TABLE, ("id",), ((number,) for number in range(1, 101))) == 100
    assert session.count(TABLE) == 400


def test_size_of_a_table(session: MysqlEngine) -> None:
    session.insert(TABLE, ("id",), ((number,) for number in range(1, 501)))
    assert (session.table_bytes(TABLE) or 0) >= 16384
    assert session.table_bytes(Table("missing")) is None


def test_what_the_server_takes_is_asked_once(session: MysqlEngine) -> None:
    assert session.transfer is session.transfer
    [(largest,)] = session.query("SELECT @@max_allowed_packet").rows
    assert session.transfer == Transfer(largest - (1 << 16), loads=True)


WRITES: list[Callable[[MysqlEngine], object]] = [
    lambda session: session.update(TABLE, ("id",), ("a%s",), [(1, "\ud83d")]),
    lambda session: session.fetch(TABLE, ("id",), where=("a%s", ["\ud83d"])),
]


@pytest.mark.parametrize("write", WRITES)
def test_half_a_character_is_refused(session: MysqlEngine, write: Callable[[MysqlEngine], object]) -> None:
    with pytest.raises(InputError, match="half"):
        write(session)


def test_zero_dates_are_told_when_they_are_read(session: MysqlEngine) -> None:
    session.query("CREATE TABLE times (id integer PRIMARY KEY, at datetime(3) NOT NULL)")
    session.query("SET SESSION sql_mode = ''")
    session.query("INSERT INTO times VALUES (1, '0000-00-00'), (2, '2026-00-01')")
    table = Table("times", (Column("id", Type("integer")), Column("at", Type("timestamp"))), PrimaryKey(("id",)))
    decode = session.decoders([table.column("at")])[0]
    assert decode is not None
    for (text,) in session.fetch(table, ("at",)):
        with pytest.raises(ValueError, match=f"{text} is no time"):
            decode(text)
