# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of the host command: compared, written whole, and where they are."""

from __future__ import annotations

import hashlib
import os
import shlex
import stat
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import InputError, PanelDbError
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.host.installing import (
    File,
    Folder,
    carry_out,
    compare,
    settings_text,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.host.layout import lay_out
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.host.settings import read_settings


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_second_run_finds_nothing_to_do(tmp_path: Path) -> None:
    folders = [Folder(f"{tmp_path}/a/b", 0o700, ours=True)]
    files = [File.of(f"{tmp_path}/a/b/one", 0o640, b"1"), File.of(f"{tmp_path}/a/two", 0o755, b"2")]
    first = compare(folders, files)
    carry_out(first)
    second = compare(folders, files)
    assert first.changed
    assert not second.changed
    assert second.before == second.after == first.after
    assert [_mode(tmp_path / name) for name in ("a/b", "a/b/one", "a/two")] == [0o700, 0o640, 0o755]
    assert (tmp_path / "a/two").read_bytes() == b"2"


def test_comparing_changes_nothing(tmp_path: Path) -> None:
    assert compare([Folder(f"{tmp_path}/a", 0o700)], [File.of(f"{tmp_path}/a/one", 0o600, b"1")]).changed
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("mode", [0o644, 0o600, 0o4755])
def test_wrong_permissions_are_mended(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "one"
    path.write_bytes(b"1")
    path.chmod(mode)
    changes = compare([], [File.of(str(path), 0o640, b"1")])
    carry_out(changes)
    assert [file.path for file in changes.files] == [str(path)]
    assert _mode(path) == 0o640


def test_a_folder_of_ours_is_whole_and_one_of_others_is_left_alone(tmp_path: Path) -> None:
    for folder in ("ours", "others"):
        (tmp_path / folder).mkdir(mode=0o755)
        (tmp_path / folder / "old").write_text("")
        (tmp_path / folder / "inner").mkdir()
    changes = compare([Folder(f"{tmp_path}/ours", 0o700, ours=True), Folder(f"{tmp_path}/others", 0o700)], [])
    carry_out(changes)
    assert changes.stale == (f"{tmp_path}/ours/old",)
    assert [_mode(tmp_path / folder) for folder in ("ours", "others")] == [0o700, 0o755]
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["inner", "inner", "old", "others", "ours"]


def test_content_that_stayed_on_the_controller_is_asked_for_only_where_it_is_needed(tmp_path: Path) -> None:
    path = tmp_path / "one"
    lacking = File(str(path), 0o755, hashlib.sha256(b"1").hexdigest())
    assert compare([], [lacking]).lacking == (str(path),)
    with pytest.raises(PanelDbError, match="content"):
        carry_out(compare([], [lacking]))
    assert list(tmp_path.iterdir()) == []
    carry_out(compare([], [File.of(str(path), 0o755, b"1")]))
    assert compare([], [lacking]).lacking == ()


@pytest.mark.parametrize("place", ["a folder", "a link"])
def test_what_is_no_file_is_not_written_over(tmp_path: Path, place: str) -> None:
    path = tmp_path / "one"
    if place == "a folder":
        path.mkdir()
    else:
        path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InputError, match="something else"):
        compare([], [File.of(str(path), 0o600, b"1")])


def test_a_file_in_the_place_of_a_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "one").write_text("")
    with pytest.raises(InputError, match="something else in the place of the folder"):
        compare([Folder(f"{tmp_path}/one", 0o700)], [])


def test_a_write_that_fails_leaves_the_old_file_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "one"
    path.write_bytes(b"old")

    def full(_unused: int) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(PanelDbError, match="disk is full"):
        carry_out(compare([], [File.of(str(path), 0o600, b"new")]))
    assert [(each.name, each.read_bytes()) for each in tmp_path.iterdir()] == [("one", b"old")]


def test_a_private_file_is_told_without_its_digest(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_bytes(b"old")
    path.chmod(0o600)
    changes = compare([], [File.of(str(path), 0o600, b"new")])
    assert changes.before != changes.after
    for content in (b"old", b"new"):
        assert hashlib.sha256(content).hexdigest() not in changes.before + changes.after


VALUES = st.text(st.characters(codec="utf-8", exclude_characters="'\n\r\0\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"))


@given(value=VALUES)
def test_a_shell_reads_the_settings_as_they_were(value: str) -> None:
    line = settings_text({"NAME": value}).splitlines()[1]
    assert shlex.split(line) == [f"NAME={value}"]


@given(value=VALUES.map(str.strip).filter(bool))
def test_the_command_reads_the_settings_as_they_were(tmp_path_factory: pytest.TempPathFactory, value: str) -> None:
    path = tmp_path_factory.mktemp("settings") / "paneldb.env"
    path.write_text(settings_text({"DATABASE_URL": value}), encoding="utf-8")
    path.chmod(0o600)
    assert read_settings({}, {}, str(path)).values["DATABASE_URL"] == value


@pytest.mark.parametrize("value", ["two\nlines", "it's", "nul\0"])
def test_what_cannot_stand_in_a_settings_file_is_refused_and_not_shown(value: str) -> None:
    with pytest.raises(InputError, match=r"settings\.SECRET") as caught:
        settings_text({"SECRET": value})
    assert value not in str(caught.value)


def test_a_name_that_is_none_is_refused() -> None:
    with pytest.raises(InputError, match="no name of a setting"):
        settings_text({"A B": "c"})


DOCUMENTS: dict[str, Any] = {
    "command": {"digest": hashlib.sha256(b"#!").hexdigest(), "content": b64encode(b"#!").decode()},
    "model": ["model.yml", "tables: {}"],
    "migrations": [["1.yml", "a"], ["migrations.lock", "b"]],
    "seeds": [["000_x.yml", "c"]],
}


def _params(tmp_path: Path, **settings: str) -> dict[str, Any]:
    return {
        "path": f"{tmp_path}/bin/paneldb",
        "share": f"{tmp_path}/share",
        "settings_file": f"{tmp_path}/etc/paneldb.env",
        "settings": settings or None,
    }


def test_seeds_and_settings_are_private_and_the_rest_is_not(tmp_path: Path) -> None:
    carry_out(compare(*lay_out(_params(tmp_path, DATABASE_URL="sqlite:////a"), DOCUMENTS)))
    modes = {str(path.relative_to(tmp_path)): f"{_mode(path):o}" for path in tmp_path.rglob("*")}
    assert modes == {
        "bin": "755",
        "bin/paneldb": "755",
        "etc": "700",
        "etc/paneldb.env": "600",
        "share": "755",
        "share/migrations": "755",
        "share/migrations/1.yml": "644",
        "share/migrations/migrations.lock": "644",
        "share/model": "755",
        "share/model/model.yml": "644",
        "share/seeds": "700",
        "share/seeds/000_x.yml": "600",
    }


def test_without_settings_there_is_no_settings_file(tmp_path: Path) -> None:
    carry_out(compare(*lay_out(_params(tmp_path), DOCUMENTS)))
    assert not (tmp_path / "etc").exists()


def test_a_name_cannot_leave_its_folder(tmp_path: Path) -> None:
    _unused, files = lay_out(_params(tmp_path), {**DOCUMENTS, "seeds": [["../../out.yml", ""]]})
    assert files[-1].path == f"{tmp_path}/share/seeds/out.yml"
