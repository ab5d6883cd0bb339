# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of models, migrations and seeds, as they are found."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb import sources
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import InputError
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.sources import Document


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    root = tmp_path / "shipped"
    write(root / "model" / "panel.yml", "tables: {users: {columns: {id: {type: uuid}}}}")
    write(root / "migrations" / "20260101000000_first.yml", "id: 20260101000000_first")
    write(root / "seeds" / "10_a.yml", "seeds: []")
    return root


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def refused(call: Any, *arguments: Any, **options: Any) -> InputError:
    with pytest.raises(InputError) as caught:
        call(*arguments, **options)
    return caught.value


# --- models ----------------------------------------------------------------------------------------------------------


def test_the_word_panel_is_the_shipped_model(shipped: Path) -> None:
    source = str(shipped / "model" / "panel.yml")
    assert [each.source for each in sources.read_model("panel", shipped)] == [source]


def test_a_model_comes_behind_those_that_it_extends(shipped: Path, tmp_path: Path) -> None:
    own = write(tmp_path / "play" / "own.yml", "extends: ../common/base.json")
    base = write(tmp_path / "common" / "base.json", '{"extends": "panel", "tables": {}}')
    documents = sources.read_model(own, shipped)
    assert [Path(each.source).resolve() for each in documents] == [shipped / "model" / "panel.yml", base, own]
    assert documents[1].data == {"extends": "panel", "tables": {}}


def test_a_file_called_panel_does_not_hide_the_shipped_one(shipped: Path, tmp_path: Path) -> None:
    write(tmp_path / "panel", "not a model")
    own = write(tmp_path / "own.yml", "extends: panel")
    assert len(sources.read_model(str(own), str(shipped))) == 2


def test_a_model_at_hand_is_put_behind_what_it_extends(shipped: Path, tmp_path: Path) -> None:
    model = Document("option model", {"extends": "panel", "tables": {}})
    assert sources.extend_model(model, tmp_path, shipped)[1] is model
    alone = Document("option model", {"tables": {}})
    assert sources.extend_model(alone, tmp_path, shipped) == [alone]


def test_models_in_a_circle_are_named(shipped: Path, tmp_path: Path) -> None:
    first = write(tmp_path / "a.yml", "extends: b.yml")
    second = write(tmp_path / "b.yml", "extends: ./a.yml")
    error = refused(sources.read_model, first, shipped)
    assert error.details["path"] == "extends"
    assert error.details["source"] == str(second)
    assert f"{first} -> {second} -> {first}" in str(error)


def test_a_model_that_extends_nothing_there_says_so(shipped: Path, tmp_path: Path) -> None:
    own = write(tmp_path / "own.yml", "extends: pannel")
    error = refused(sources.read_model, own, shipped)
    assert (error.details["source"], error.details["path"]) == (str(own), "extends")
    assert "Found 'pannel'" in str(error)
    assert f"panel, or a file: {tmp_path / 'pannel'}" in str(error)


@pytest.mark.parametrize(("text", "said"), [("extends: [a]", "Expected text"), ("- a", "This is not a model")])
def test_a_model_of_another_form_is_refused(shipped: Path, tmp_path: Path, text: str, said: str) -> None:
    assert said in str(refused(sources.read_model, write(tmp_path / "own.yml", text), shipped))


def test_a_missing_model_is_refused(shipped: Path, tmp_path: Path) -> None:
    error = refused(sources.read_model, tmp_path / "none.yml", shipped)
    assert error.details["source"] == str(tmp_path / "none.yml")


def test_the_reader_of_files_can_be_another_one(shipped: Path) -> None:
    asked: list[str] = []

    def read(path: str) -> Any:
        asked.append(Path(path).name)
        return {"tables": {}}

    sources.read_model("panel", shipped, read=read)
    sources.read_migrations(shipped / "migrations", read=read)
    sources.read_seeds([shipped / "seeds", {"table": "a", "src": "rows.csv"}], read=lambda path: [read(path)][:0])
    assert asked == ["panel.yml", "20260101000000_first.yml", "10_a.yml", "rows.csv"]


# --- migrations ------------------------------------------------------------------------------------------------------


def test_migrations_come_in_order_of_name_with_their_lock(tmp_path: Path) -> None:
    for name in ("20260102000000_b.yml", "20260101000000_a.yml", "20260103000000_c.yaml"):
        write(tmp_path / name, f"id: {name[:16]}")
    for name in (".hidden.yml", "README.md", "20260101000000_a.yml~", "sub/20260104000000_d.yml"):
        write(tmp_path / name, "not: read")
    write(tmp_path / "migrations.lock", "# text\n20260101000000_a sha256-v1:0\n")
    found = sources.read_migrations(tmp_path)
    assert found.folder == str(tmp_path)
    assert [each.data["id"] for each in found.files] == ["20260101000000_a", "20260102000000_b", "20260103000000_c"]
    assert found.files[0].source == str(tmp_path / "20260101000000_a.yml")
    assert found.lock == Document(str(tmp_path / "migrations.lock"), "# text\n20260101000000_a sha256-v1:0\n")
    assert json.loads(json.dumps(found))[1][1].startswith("# text")


def test_a_folder_without_a_lock_has_none(shipped: Path) -> None:
    found = sources.read_migrations("panel", shipped)
    assert (found.lock, len(found.files)) == (None, 1)


def test_a_missing_folder_is_empty_only_where_that_is_allowed(tmp_path: Path) -> None:
    folder = tmp_path / "none"
    assert sources.read_migrations(folder, may_miss=True) == (str(folder), None, [])
    assert refused(sources.read_migrations, folder).details["source"] == str(folder)


def test_a_file_in_the_place_of_a_folder_is_refused(tmp_path: Path) -> None:
    error = refused(sources.read_migrations, write(tmp_path / "file", ""), may_miss=True)
    assert "Not a directory" in str(error)


# --- seeds -----------------------------------------------------------------------------------------------------------

INLINE = {"table": "settings", "key": ["key"], "rows": [{"key": "a", "value": 1}]}


def test_seeds_are_files_folders_the_shipped_ones_and_seeds_themselves(shipped: Path, tmp_path: Path) -> None:
    write(tmp_path / "more" / "b.json", "[]")
    write(tmp_path / "more" / "a.yaml", "table: a")
    write(tmp_path / "more" / "rows.csv", "id\n1\n")
    write(tmp_path / "one.yml", "table: b")
    found = sources.read_seeds(["panel", tmp_path / "more", "one.yml", INLINE, [INLINE]], shipped, folder=tmp_path)
    assert [(Path(each.source).name, each.data) for each in found] == [
        ("10_a.yml", {"seeds": []}),
        ("a.yaml", {"table": "a"}),
        ("b.json", []),
        ("one.yml", {"table": "b"}),
        ("seeds[3]", INLINE),
        ("seeds[4]", [INLINE]),
    ]


SEED = "{table: a, key: [id], src: rows/a.csv}"


@pytest.mark.parametrize("text", ["{seeds: [%s]}", "[%s]", "%s"])
def test_rows_of_other_files_are_put_in(tmp_path: Path, text: str) -> None:
    write(tmp_path / "rows" / "a.csv", 'id,name\n1,"x, y"\n2,\n')
    [document] = sources.read_seeds([write(tmp_path / "a.yml", text % SEED)])
    rows = [{"id": "1", "name": "x, y"}, {"id": "2", "name": None}]
    seed = {"table": "a", "key": ["id"], "src": "rows/a.csv", "rows": rows}
    assert document.data == {"{": {"seeds": [seed]}, "[": [seed], "%": seed}[text[0]]


def test_rows_may_be_yaml_or_json(tmp_path: Path) -> None:
    write(tmp_path / "a.json", '[{"id": 1}]')
    write(tmp_path / "b.yml", "- id: 2")
    seeds = [{"table": "a", "src": "a.json"}, {"table": "b", "src": "b.yml"}]
    [document] = sources.read_seeds([seeds], folder=tmp_path)
    assert [seed["rows"] for seed in document.data] == [[{"id": 1}], [{"id": 2}]]


def test_what_was_given_is_not_changed(tmp_path: Path) -> None:
    write(tmp_path / "a.json", "[]")
    seed = {"table": "a", "src": "a.json"}
    sources.read_seeds([seed], folder=tmp_path)
    assert seed == {"table": "a", "src": "a.json"}


@pytest.mark.parametrize(
    ("seed", "path", "said"),
    [
        ({"table": "a", "src": "a.json", "rows": []}, "", "not from both"),
        ({"table": "a", "src": "a.json", "columns": []}, "", "`src` or `columns`"),
        ({"table": "a", "src": ["a.json"]}, "src", "Expected text"),
        ([{"table": "a"}, "b"], "[1]", "not a seed"),
        ({"seeds": {"table": "a"}}, "seeds", "not a list of seeds"),
    ],
)
def test_a_seed_of_another_form_is_refused(tmp_path: Path, seed: Any, path: str, said: str) -> None:
    write(tmp_path / "a.json", "[]")
    error = refused(sources.read_seeds, [seed], folder=tmp_path)
    assert (error.details["source"], error.details["path"]) == ("seeds[0]", path)
    assert said in str(error)


@pytest.mark.parametrize(("name", "said"), [("none.csv", "cannot be read"), ("a.json", "not a list of rows")])
def test_rows_that_cannot_be_read_name_their_file(tmp_path: Path, name: str, said: str) -> None:
    write(tmp_path / "a.json", "{}")
    error = refused(sources.read_seeds, [{"table": "a", "src": name}], folder=tmp_path)
    assert error.details["source"] == str(tmp_path / name)
    assert said in str(error)


def test_rows_alone_do_not_tell_their_table(tmp_path: Path) -> None:
    error = refused(sources.read_seeds, [write(tmp_path / "a.csv", "id\n1\n")])
    assert "`table`, `key` and this file as `src`" in str(error)


def test_a_missing_file_of_seeds_is_refused(tmp_path: Path) -> None:
    assert refused(sources.read_seeds, [tmp_path / "none"]).details["source"] == str(tmp_path / "none")
