# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host command: settings, tables, exit codes, and the one file that it is built into."""

from __future__ import annotations

import io
import json
import os
import stat
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb import cli
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import AccessDenied, InputError
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.host import bootstrap, commands, output
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.host.settings import read_settings
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.zipapp_build import build
from ansible_collections.ctrlaltplay.paneldb.tests.support.ansible_runner import CHECKOUT

CORE = CHECKOUT / "plugins" / "module_utils" / "paneldb"
SHIPPED = CHECKOUT / "roles" / "panel" / "files"
SECRET = "hush-hush"


def _settings_file(folder: Path, text: str, mode: int = 0o600) -> str:
    path = folder / "paneldb.env"
    path.write_text(text)
    path.chmod(mode)
    return str(path)


def _database(folder: Path, environment: str = "development") -> str:
    """Settings of an empty SQLite database with the shipped model."""
    (folder / "panel.db").touch()
    lines = {
        "DATABASE_URL": f"sqlite:///{folder}/panel.db",
        "PANELDB_ENVIRONMENT": environment,
        "PANELDB_MODEL": f"{SHIPPED}/model/panel.yml",
        "PANELDB_MIGRATIONS": f"{SHIPPED}/migrations",
        "PANELDB_SEEDS": f"{SHIPPED}/seeds",
    }
    return _settings_file(folder, "".join(f"{name}={value}\n" for name, value in lines.items()))


def _json(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    code = cli.main([*arguments, "--json"])
    return code, json.loads(capsys.readouterr().out)


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("PANELDB_") or name == "DATABASE_URL":
            monkeypatch.delenv(name)


# --- settings --------------------------------------------------------------------------------------------------------


def test_options_stand_before_the_environment_and_that_before_the_file(tmp_path: Path) -> None:
    file = _settings_file(
        tmp_path, "# a comment\n\nDATABASE_URL = 'file'\nPANELDB_MODEL=\"m\"\nPANELDB_SEEDS=s\nX=a=b\n"
    )
    settings = read_settings({"model": "option", "url": None}, {"PANELDB_MODEL": "env", "PANELDB_SEEDS": "env"}, file)
    kept = settings.values
    assert (settings.url, kept["PANELDB_MODEL"], kept["PANELDB_SEEDS"], kept["X"]) == ("file", "option", "env", "a=b")
    assert kept["PANELDB_ENVIRONMENT"] == "production"


@pytest.mark.parametrize("mode", [0o604, 0o620, 0o666])
def test_settings_that_others_can_get_at_are_refused(tmp_path: Path, mode: int) -> None:
    with pytest.raises(AccessDenied, match="chmod 600"):
        read_settings({}, {}, _settings_file(tmp_path, "A=b\n", mode))


@pytest.mark.parametrize(("text", "words"), [("A=b\nnonsense\n", "Line 2 is no setting"), ("1A=b\n", "Line 1")])
def test_a_file_that_is_not_one_of_settings(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        read_settings({}, {}, _settings_file(tmp_path, text))


def test_a_named_settings_file_must_be_there_and_the_default_one_need_not(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such settings file"):
        read_settings({}, {}, str(tmp_path / "nowhere"))
    with pytest.raises(InputError, match="No database is named"):
        _unused = read_settings({}, {}).url


def test_settings_do_not_show_themselves(tmp_path: Path) -> None:
    settings = read_settings({}, {"DATABASE_URL": SECRET}, _settings_file(tmp_path, f"A={SECRET}\n"))
    assert SECRET not in repr(settings)


# --- output ----------------------------------------------------------------------------------------------------------


def test_tables_stand_below_their_heading_and_numbers_to_the_right() -> None:
    assert output.table(("table", "rows"), [("a", 5), ("longer name", 1000)]) == (
        "table        rows\na               5\nlonger name  1000"
    )
    assert output.table(("table", "rows"), []) == "table  rows"


def test_pairs_leave_out_what_has_no_value() -> None:
    assert output.pairs([("Database", "x"), ("Run", ""), ("N", 0)]) == "Database  x\nN         0"


# --- commands --------------------------------------------------------------------------------------------------------


def test_deploy_seed_and_status_of_an_empty_database(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = _database(tmp_path)
    code, before = _json(capsys, "status", "--env-file", file)
    assert (code, before["counts"], before["engine"]) == (0, {"applied": 0, "pending": 1, "runs": 0}, "sqlite")
    code, checked = _json(capsys, "migrate", "deploy", "--check", "--env-file", file)
    assert (code, checked["applied"], checked["changed"]) == (0, before["pending"], True)
    code, done = _json(capsys, "migrate", "deploy", "--env-file", file, "--expect-fingerprint", checked["fingerprint"])
    assert (code, done["plan"]) == (0, checked["plan"])
    code, rows = _json(capsys, "seed", "--env-file", file)
    assert (code, rows["changed"]) == (0, True)
    code, rows = _json(capsys, "seed", "--env-file", file)
    assert (code, rows["changed"], rows["counts"]["created"]) == (0, False, 0)
    code, after = _json(capsys, "status", "--env-file", file)
    assert (code, [row["id"] for row in after["applied"]], after["pending"]) == (0, before["pending"], [])
    code, whole = _json(capsys, "migrate", "status", "--env-file", file)
    assert (code, whole["drift"], {name: whole[name] for name in after}) == (0, [], after)


def test_people_get_tables(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = _database(tmp_path)
    assert cli.main(["migrate", "deploy", "--env-file", file]) == 0
    told = capsys.readouterr()
    assert told.out.startswith("Applied: ")
    assert ": step 1 of " in told.err
    assert cli.main(["seed", "--env-file", file, "--diff"]) == 0
    assert '+roles name="ADMIN"' in capsys.readouterr().out
    assert cli.main(["status", "--env-file", file]) == 0
    assert "Pending   none" in capsys.readouterr().out


def test_dev_writes_a_migration_and_applies_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = _database(tmp_path)
    model, folder = tmp_path / "model.yml", tmp_path / "migrations"
    folder.mkdir()
    model.write_text("tables: {notes: {columns: {id: {type: uuid, default: uuid()}}, primary_key: [id]}}\n")
    own = ("--env-file", file, "--model", str(model), "--migrations", str(folder))
    assert cli.main(["migrate", "dev", "--name", "notes", "--check", *own]) == 0
    assert list(folder.iterdir()) == []
    capsys.readouterr()
    code, done = _json(capsys, "migrate", "dev", "--name", "notes", *own)
    assert (code, Path(done["file"]).parent, len(done["applied"])) == (0, folder, 1)
    assert cli.main(["migrate", "dev", "--name", "again", *own]) == 0
    assert "no changes that no file has" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["migrate", "dev", "--name", "x"], 2, "where development happens"),
        (["migrate", "reset", "--confirm", "panel.db"], 2, "never reset"),
        (["status", "--url", f"postgresql://u:{SECRET}@localhost:1/x"], 15, ""),
        (["status", "--url", f"nonsense:{SECRET}"], 2, "no URL of a database"),
        (["seed", "--seeds", "/nowhere/x.yml"], 2, "/nowhere/x.yml"),
    ],
)
@pytest.mark.parametrize("as_json", [True, False])
def test_errors_have_their_exit_code_and_no_secret(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    code: int,
    words: str,
    as_json: bool,
) -> None:
    file = _database(tmp_path, "production")
    assert cli.main([*arguments, "--env-file", file, *(["--json"] if as_json else [])]) == code
    told = capsys.readouterr()
    assert words in (told.out if as_json else told.err)
    assert SECRET not in told.out + told.err
    if as_json:
        assert json.loads(told.out)["exit_code"] == code


def test_a_reset_needs_the_name_of_the_database(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["migrate", "reset", "--confirm", "other.db", "--env-file", _database(tmp_path)]) == 2
    assert "confirm" in capsys.readouterr().err


def test_a_fault_shows_neither_a_traceback_nor_a_value(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_unused: object) -> int:
        raise RuntimeError(SECRET)

    monkeypatch.setattr(commands, "seed", broken)
    assert cli.main(["seed", "--env-file", _database(tmp_path)]) == cli.FAULT
    told = capsys.readouterr().err
    assert "RuntimeError at test_host_command.py:" in told
    assert SECRET not in told
    assert "Traceback" not in told


def test_an_interrupted_command_ends_as_shells_expect(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_unused: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(commands, "seed", interrupted)
    assert cli.main(["seed", "--env-file", _database(tmp_path)]) == 130


# --- one file --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("built") / "paneldb"
    path.write_bytes(build(CORE, sys.executable))
    path.chmod(0o755)
    return path


def test_the_same_core_gives_the_same_bytes(built: Path) -> None:
    assert build(CORE, sys.executable) == built.read_bytes()


def test_the_file_holds_the_core_and_knows_its_build(built: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(built.read_bytes())) as archive:
        assert archive.testzip() is None
        assert "paneldb/cli.py" in archive.namelist()
        assert b'\nBUILD = ""\n' not in archive.read("__main__.py")


@pytest.mark.parametrize("python", ["python3", "/usr/bin/python 3", "/usr/bin/env\npython3", "/x;id", "/$(id)"])
def test_an_interpreter_that_the_shell_could_misread(python: str) -> None:
    with pytest.raises(InputError, match="no interpreter"):
        build(CORE, python)


def test_a_core_that_does_not_compile(tmp_path: Path) -> None:
    (tmp_path / "cli.py").write_text("def broken(:\n")
    with pytest.raises(InputError, match="does not compile"):
        build(tmp_path)


def test_a_folder_without_the_core(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="The core lacks"):
        build(tmp_path)


def _call(built: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the file as a user whose caches are in the folder."""
    environment = {"PATH": os.defpath, "XDG_CACHE_HOME": str(folder), "HOME": str(folder)}
    return subprocess.run(
        [str(built), *arguments], env=environment, cwd=folder, capture_output=True, text=True, check=False
    )


def test_the_file_runs_by_itself(built: Path, tmp_path: Path) -> None:
    file = _database(tmp_path)
    deploy = _call(built, tmp_path, "migrate", "deploy", "--json", "--env-file", file)
    assert (deploy.returncode, deploy.stderr) == (0, "")
    for _unused in range(2):
        done = _call(built, tmp_path, "status", "--json", "--env-file", file)
        assert (done.returncode, done.stderr) == (0, "")
        assert json.loads(done.stdout)["counts"] == {"applied": 1, "pending": 0, "runs": 0}


def test_exit_codes_go_through_the_shell(built: Path, tmp_path: Path) -> None:
    done = _call(built, tmp_path, "status", "--env-file", "/no where/$(id)")
    assert (done.returncode, done.stdout) == (2, "")
    assert "/no where/$(id)" in done.stderr


def test_unpacking_makes_a_private_folder_once(built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "BUILD", "b" * 32)
    caches = str(tmp_path / "caches")
    folder = bootstrap.unpacked(str(built), caches)
    assert Path(folder, "paneldb", "cli.py").is_file()
    assert list(Path(folder, "paneldb", "__pycache__").glob("cli.*.pyc"))
    assert stat.S_IMODE(Path(folder).stat().st_mode) == 0o700
    before = Path(folder).stat().st_mtime_ns
    assert bootstrap.unpacked(str(built), caches) == folder
    assert Path(folder).stat().st_mtime_ns == before
    assert list(Path(caches).iterdir()) == [Path(folder)]


def test_unpacking_removes_builds_that_are_long_out_of_use(
    built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, age in (("old", bootstrap.STALE + 60), ("recent", 60)):
        (tmp_path / name).mkdir()
        os.utime(tmp_path / name, (time.time() - age, time.time() - age))
    tmp_path.chmod(0o700)
    monkeypatch.setattr(bootstrap, "BUILD", "d" * 32)
    assert bootstrap.unpacked(str(built), str(tmp_path))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["d" * 32, "recent"]


def test_a_cache_that_others_can_write_to_is_not_used(
    built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap, "BUILD", "c" * 32)
    open_to_all = tmp_path / "caches"
    open_to_all.mkdir()
    open_to_all.chmod(0o777)
    assert bootstrap.unpacked(str(built), str(open_to_all)) == ""
    link = tmp_path / "link"
    link.symlink_to(tmp_path)
    assert bootstrap.unpacked(str(built), str(link)) == ""
