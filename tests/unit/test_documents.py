# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Strict reading of what people write, and the YAML that we write."""

from __future__ import annotations

import builtins
import json
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.documents import (
    parse_document,
    read_document,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.documents.csv_reader import (
    parse_rows,
    read_rows,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.documents.json_reader import parse_json
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.documents.text import read_text
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.documents.yaml_reader import parse_yaml
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.documents.yaml_writer import dump_yaml
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import InputError

TEXT = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=12)
NUMBERS = st.one_of(st.integers(-(10**30), 10**30), st.floats(allow_nan=False, allow_infinity=False))
WORDS = (
    "NO on yes y ~ null Null true TRUE 22:22 2020-01-01 017 0o17 0x1F 1e5 1. .5 -0 +1 1_000 << = - ? : .inf .NaN --- "
    "#no a:b a#b !x &x *x %x @x `x [x {x |x >x 'x \"x \\x"
)
LAYOUTS = ["", " x", "x ", "a: b", "a #b", "a:", "a\nb", "a\n", "\na", " a\nb", "a\n\n b\n\n", "a \nb", "\t", "a\r\nb"]
TRICKY = st.sampled_from([*WORDS.split(), *LAYOUTS])
SCALARS = st.one_of(st.none(), st.booleans(), NUMBERS, TEXT, TRICKY, st.lists(TRICKY, max_size=3).map("\n".join))
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.one_of(TEXT, TRICKY), inner, max_size=4)),
    max_leaves=12,
)


def refusal(call: Callable[..., Any], *arguments: Any, **options: Any) -> str:
    with pytest.raises(InputError) as caught:
        call(*arguments, **options)
    return str(caught.value)


def outcome(text: str) -> Any:
    """Give what the text is read as, or the only error that may come instead."""
    try:
        return parse_yaml(text, "a.yml")
    except InputError as error:
        return type(error)


@pytest.fixture(params=["libyaml", "python"])
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """PyYAML with and without its C library."""
    if request.param == "python":
        monkeypatch.delattr(yaml, "CSafeLoader")
    return str(request.param)


# --- YAML: values


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("NO", "NO"),
        ("on", "on"),
        ("yes", "yes"),
        ("y", "y"),
        ("true", True),
        ("False", False),
        ("TRUE", True),
        ("tRUE", "tRUE"),
        ("null", None),
        ("~", None),
        ("", None),
        ("'null'", "null"),
        ("2020-01-01", "2020-01-01"),
        ("2020-01-01T10:00:00Z", "2020-01-01T10:00:00Z"),
        ("22:22", "22:22"),
        ("0o17", 15),
        ("017", 17),
        ("0x1F", 31),
        ("1_000", "1_000"),
        ("+12", 12),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("1.", 1.0),
        ("1.2.3", "1.2.3"),
        ("0.1234567890123456", 0.1234567890123456),
        ("!!str 12", "12"),
        ("! 12", "12"),
        ('"12"', "12"),
        ("=", "="),
        ("[1, x]", [1, "x"]),
        ("{x: 1}", {"x": 1}),
        ("|\n  one\n  \ttwo\n", "one\n\ttwo\n"),
        (r'"\x41"', "A"),
    ],
)
def test_yaml_scalars_follow_the_core_schema(written: str, value: Any) -> None:
    read = parse_yaml(f"key: {written}", "a.yml")
    assert read == {"key": value}
    assert read["key"].__class__ is type(value)


@pytest.mark.usefixtures("parser")
def test_yaml_anchors_aliases_and_merge_keys() -> None:
    text = "base: &base {id: 1, tags: [a]}\nown: {<<: *base, id: 2}\nsame: *base\nmany: {<<: [{x: 1}, {x: 2, y: 3}]}\n"
    read = parse_yaml(text, "a.yml")
    assert read["own"] == {"id": 2, "tags": ["a"]}
    assert read["many"] == {"x": 1, "y": 3}
    assert read["same"] == read["base"]
    assert read["same"]["tags"] is not read["base"]["tags"]


@pytest.mark.usefixtures("parser")
def test_yaml_quoted_merge_key_is_an_ordinary_key() -> None:
    assert parse_yaml("'<<': 1", "a.yml") == {"<<": 1}


@pytest.mark.usefixtures("parser")
def test_yaml_tags_are_given_to_their_constructor() -> None:
    read = parse_yaml("a: !vault |\n  secret\nb: [!vault x]", "a.yml", tag_constructors={"!vault": str.upper})
    assert read == {"a": "SECRET\n", "b": ["X"]}


@pytest.mark.usefixtures("parser")
def test_yaml_begins_with_a_document_mark_or_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(b"\xef\xbb\xbf---\r\na: 1\r\n...\r\n")
    assert read_document(str(path)) == {"a": 1}


# --- YAML: refusals


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a: 1\n<<<<<<< HEAD\nb: 1\n=======\nb: 2\n>>>>>>> x\n", ["Line 2, column 1", "merge conflict", "<<<<<<<"]),
        ("a: 1\n=======\nb: 2\n", ["Line 2", "merge conflict"]),
        ("a: 1\n>>>>>>> topic\n", ["Line 2", "merge conflict"]),
        ("a: 1\r\n=======\r\n", ["Line 2", "merge conflict"]),
        ("a:\n\tb: 1\n", ["Line 2", "tab", "spaces"]),
        ("a:\n  b: 1\n\tc: 2\n", ["Line 3", "tab"]),
        ("a: |\n  x\n\ty\n", ["Line 3", "tab"]),
        ("a: 1\nb:\n  - c: 1\n    d: 2\n    c: 3\n", ["Line 5, column 5", "b[0].c", "'c'", "first is on line 3"]),
        ("a: {b: 1, 'b': 2}", ["Line 1, column 11", "a.b", "second time"]),
        ("a: 1\n<<: {}\n<<: {}\n", ["Line 3", "'<<'", "line 2"]),
        ("a: {<<: 1}", ["Line 1", "names no mapping"]),
        ("a: !!python/object/apply:os.system [x]", ["Line 1, column 4", "python/object", "no tags"]),
        ("a: !mine x", ["a: Line 1", "'!mine'"]),
        ("a: !vault x", ["Line 1", "Vault", "controller"]),
        ("a: !!int 1", ["Line 1", "tag is unknown"]),
        ("1: x", ["Line 1", "key is not a string", "'1'", "quotes"]),
        ("true: x", ["key is not a string"]),
        ("? [a]\n: x", ["key is not a string"]),
        ("a: &a x\n*a : y", ["Line 2", "key is not a string"]),
        ("a: &a [*a]", ["alias names no anchor", "*a"]),
        ("a: *b", ["Line 1", "*b"]),
        ("a: 1\n---\nb: 2", ["Line 2", "second document"]),
        ("", ["empty"]),
        ("# only this\n", ["empty"]),
        ("---\n", ["empty"]),
        ("a: .nan", ["a: Line 1", "number"]),
        ("a: -.inf", ["number"]),
        ("a: 1e999", ["number", "quotes"]),
        ("a: 0.12345678901234567890123", ["number", "quotes"]),
        ("a: " + "1" * 101, ["number"]),
        ("a: x\0y", ["Line 1, column 5", "NUL"]),
        ("a: x\x07y", ["Line 1, column 5", "not allow"]),
        (r'a: "\0"', ["no engine"]),
        ("a: b: c", ["Line 1, column 5", "not YAML"]),
        ("a: 'x", ["not YAML"]),
        ("a: [1,", ["not YAML"]),
        ("$ANSIBLE_VAULT;1.1;AES256\n3132", ["Vault"]),
        ("[" * 100 + "]" * 100, ["nesting"]),
        ("[" * 100_000, ["nesting"]),
    ],
)
def test_yaml_refusals_name_the_place(text: str, parts: list[str]) -> None:
    message = refusal(parse_yaml, text, "model.yml")
    assert message.startswith("model.yml")
    assert [part for part in parts if part not in message] == [], message


@pytest.mark.usefixtures("parser")
def test_yaml_bomb_is_refused_before_it_expands() -> None:
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    bomb += "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12))
    assert "aliases stand for too much" in refusal(parse_yaml, bomb, "a.yml")


@pytest.mark.usefixtures("parser")
def test_yaml_aliases_do_not_get_around_the_depth() -> None:
    text = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 80))
    assert "64 levels" in refusal(parse_yaml, text, "a.yml")


def test_yaml_without_pyyaml_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without_yaml(name: str, *arguments: Any, **options: Any) -> Any:
        if name == "yaml":
            raise ImportError(name)
        return real(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", without_yaml)
    message = refusal(parse_yaml, "a: 1", "a.yml")
    assert "python3-yaml" in message
    assert "JSON" in message


@given(st.text(max_size=60), st.randoms(use_true_random=False))
def test_yaml_any_text_is_read_alike_by_both_parsers_or_refused(text: str, rng: random.Random) -> None:
    text = "".join(rng.choice("ab: -\n\t[]{}&*!'\"#|>%,\\0") if rng.random() < 0.7 else each for each in text)
    fast = outcome(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.delattr(yaml, "CSafeLoader")
        slow = outcome(text)
    assert fast == slow or InputError in (fast, slow)


# --- YAML: writing


@given(VALUES.filter(lambda value: value is not None))
def test_written_yaml_reads_back_the_same_by_us_and_by_a_yaml_1_1_reader(value: Any) -> None:
    text = dump_yaml(value)
    assert dump_yaml(value) == text
    own = parse_yaml(text, "a.yml")
    assert own == value
    assert repr(own) == repr(value)
    # The key null, which models have, is written plainly; such a reader takes it for the constant.
    assert repr(yaml.safe_load(text)) == re.sub(r"'null'(?=: )", "None", repr(value))


def test_written_yaml_is_made_to_be_read() -> None:
    data = {
        "id": "20260101_first",
        "operations": [
            {"add_column": {"table": "users", "null": True, "default": "NO", "when": "22:22", "note": "it's: so"}},
            {"execute": {"sqlite": "create view v\nas select 1\n", "skip": [], "of": {}}},
            [1, 2.5, None],
        ],
    }
    assert dump_yaml(data) == (
        "id: '20260101_first'\n"
        "operations:\n"
        "  - add_column: {table: users, null: true, default: 'NO', when: '22:22', note: 'it''s: so'}\n"
        "  - execute:\n"
        "      sqlite: |\n"
        "        create view v\n"
        "        as select 1\n"
        "      skip: []\n"
        "      of: {}\n"
        "  - [1, 2.5, null]\n"
    )


@pytest.mark.parametrize(("value", "error"), [(object(), TypeError), ({1: 2}, TypeError), (float("nan"), ValueError)])
def test_what_yaml_cannot_hold_is_not_written(value: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        dump_yaml({"a": value})


# --- JSON


@given(VALUES)
def test_json_reads_what_json_writes(value: Any) -> None:
    assert repr(parse_json(json.dumps(value), "a.json")) == repr(value)
    assert repr(parse_json(json.dumps(value, ensure_ascii=False), "a.json")) == repr(value)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ('{"a": 1,\n "b": {"c": 1,\n "d": "{:", "c": 2}}', ["Line 3, column 13", "'c'", "first is on line 2"]),
        ('{"a": 1, "\\u0061": 2}', ["Line 1, column 10", "'a'"]),
        ('[{"a": 1}, {"a": 1, "b": 1, "b": 2}]', ["Line 1, column 29", "'b'"]),
        ('{"a":\n NaN}', ["Line 2, column 2", "NaN"]),
        ("[-Infinity]", ["Infinity"]),
        ("[1e999]", ["Line 1, column 2", "exactly"]),
        ("[0.12345678901234567890123]", ["exactly"]),
        ('{"a": 1,}', ["Line 1", "not JSON"]),
        ("{'a': 1}", ["Line 1, column 2", "not JSON"]),
        ("[1] [2]", ["Line 1, column 5", "not JSON"]),
        ("  \n", ["empty"]),
        ("[" * 70 + "]" * 70, ["deep"]),
        ("[" * 200_000, ["deep"]),
        ('["\\ud800"]', ["no engine", "ud800"]),
        ('["\\u0000"]', ["no engine", "u0000"]),
        ('["\\\\\\u0000"]', ["no engine"]),
        ('{\n<<<<<<< HEAD\n"a": 1\n', ["Line 2", "merge conflict"]),
    ],
)
def test_json_refusals_name_the_place(text: str, parts: list[str]) -> None:
    message = refusal(parse_json, text, "seed.json")
    assert message.startswith("seed.json")
    assert [part for part in parts if part not in message] == [], message


def test_json_keeps_an_escaped_backslash_before_u0000() -> None:
    assert parse_json(r'["\\u0000", "\ud83d\ude00"]', "a.json") == ["\\u0000", "\U0001f600"]


# --- CSV


def test_csv_cells_are_text_and_empty_ones_null() -> None:
    text = '\ufeffid,name,note\r\n1,"a, ""b""\r\nc",\r\n2,"",x\r\n\r\n'
    assert list(parse_rows(text, "a.csv")) == [
        {"id": "1", "name": 'a, "b"\r\nc', "note": None},
        {"id": "2", "name": None, "note": "x"},
    ]
    kept = list(parse_rows(text, "a.csv", empty_is_text=["name", "other"]))
    assert [row["name"] for row in kept] == ['a, "b"\r\nc', ""]


def test_csv_is_read_row_by_row_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"\xef\xbb\xbfid,name\n1,\xc3\xa9\n2\n")
    rows = read_rows(str(path), required=["id"])
    assert next(rows) == {"id": "1", "name": "\u00e9"}
    assert "Line 3: The row has no cell for name." in refusal(next, rows)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", ["empty", "names of columns"]),
        ("\n1,2\n", ["empty"]),
        ("a,b\n1\n", ["Line 2", "no cell for b", "2 cells"]),
        ('a,b\n"x\ny",2\n1,2,3\n', ["Line 4", "1 cells too many"]),
        ('a,b\n1,2\n"x\n\n', ["not CSV"]),
        ('a,b\n"x"y,2\n', ["Line 2", "not CSV"]),
        ("a,b,a\n", ["Line 1", "Columns 1 and 3", "'a'"]),
        ("a,,c\n", ["Column 2"]),
        ("a, b\n", ["Column 2", "' b'"]),
        ("a;b\n1;2\n", ["semicolons", "commas"]),
        ("a\tb\n", ["tabs"]),
        ("a,b\n1,x\0\n", ["Line 2, column 4", "NUL"]),
        ("a\n<<<<<<< HEAD\n1\n", ["Line 2", "merge conflict"]),
        ("$ANSIBLE_VAULT;1.1;AES256\n3132", ["Vault"]),
        ("a\n" + "x" * 200_000, ["Line 2", "limit"]),
    ],
)
def test_csv_refusals_name_the_line(text: str, parts: list[str]) -> None:
    message = refusal(list, parse_rows(text, "seed.csv"))
    assert message.startswith("seed.csv")
    assert [part for part in parts if part not in message] == [], message


def test_csv_required_columns() -> None:
    message = refusal(list, parse_rows("id,name\n", "a.csv", required=["id", "role", "key"]))
    assert "also role, key" in message


def test_csv_names_the_line_that_is_not_utf8(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"id\n" + b"1\n" * 5000 + b"\xe9\n")
    assert "Line 5002, column 1: The text is not UTF-8." in refusal(list, read_rows(str(path)))


@given(st.lists(st.tuples(TEXT, TEXT), max_size=8))
def test_csv_reads_what_a_writer_writes(rows: list[tuple[str, str]]) -> None:
    quoted = ["".join(['"', cell.replace('"', '""'), '"']) for row in rows for cell in row]
    lines = [",".join(quoted[at : at + 2]) for at in range(0, len(quoted), 2)]
    read = list(parse_rows("a,b\r\n" + "\r\n".join(lines), "a.csv", empty_is_text=["a", "b"]))
    assert [(row["a"], row["b"]) for row in read] == rows


# --- files


def test_documents_are_told_apart_by_the_ending(tmp_path: Path) -> None:
    for name, text in (("a.YML", "a: 1"), ("a.json", '{"a": 1}'), ("a.csv", "a\n1")):
        (tmp_path / name).write_text(text)
    read = [read_document(str(tmp_path / name)) for name in ("a.YML", "a.json", "a.csv")]
    assert read == [{"a": 1}, {"a": 1}, [{"a": "1"}]]
    assert "'.txt'" in refusal(parse_document, "a: 1", "a.txt")
    assert parse_document("a: !up x", "a.yml", tag_constructors={"!up": str.upper}) == {"a": "X"}


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    assert "No such file" in refusal(read_document, str(tmp_path / "none.yml"))
    assert "No such file" in refusal(list, read_rows(str(tmp_path / "none.csv")))
    assert "directory" in refusal(read_text, str(tmp_path))
    path = tmp_path / "a.yml"
    path.write_bytes(b"a: 1\nb: x\xe9y\n")
    message = refusal(read_document, str(path))
    assert "Line 2, column 5: The text is not UTF-8." in message
    assert "larger than 5 bytes" in refusal(read_text, str(path), largest=5)


@pytest.mark.parametrize("mark", list("\t\0:-[{&*!'\"\x07\x85\ud800"))
def test_any_damage_to_a_good_document_is_read_or_refused(mark: str) -> None:
    good = dump_yaml({"tables": {"users": {"columns": {"id": {"type": "uuid", "null": False}}, "key": ["id"]}}})
    outcomes = [outcome(good[:at] + mark + good[at + 1 :]) for at in range(len(good))]
    assert InputError in outcomes
