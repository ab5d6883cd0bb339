# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Authoring: one readable file for what changed, nothing for what did not, a question where a rename is likely."""

from __future__ import annotations

import os
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import InputError
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.migrations import errors, folder, writing
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.migrations.author import (
    Draft,
    draft,
    require_current,
    sanitized,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.migrations.chain import (
    Chain,
    load_chain,
    unsealed_chain,
)
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.migrations.files import to_text
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.load import load_model
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.model.schema import Schema
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.sources import read_migrations, read_model
from ansible_collections.ctrlaltplay.paneldb.tests.support.migration_chains import FIRST_DAY, chain_to, model

NAME = {"name": {"type": "string(50)"}}
BEFORE = model({"users": NAME})
AFTER = model({"users": {**NAME, "motd": {"type": "text", "null": True}}})
SHIPPED = Path(__file__).resolve().parents[2] / "roles" / "panel" / "files"


def drafted(chain: Chain, target: Schema, name: str = "add motd", now: datetime = FIRST_DAY) -> Draft:
    made = draft(chain, target, name, now)
    assert made is not None
    return made


def written(made: Draft, where: Path) -> Path:
    return Path(folder.write_migration(made.migration, made.text, made.chain, str(where)))


def read(where: Path) -> Chain:
    found = read_migrations(where)
    return load_chain(found.files, found.lock)


def test_what_changed_becomes_one_file_and_one_line(tmp_path: Path) -> None:
    first = drafted(Chain(), BEFORE, "Initial", datetime(2026, 11, 24, 12, 30, 5, tzinfo=timezone.utc))
    written(first, tmp_path)
    second = drafted(read(tmp_path), AFTER, "add motd", datetime(2026, 11, 25, tzinfo=timezone.utc))
    path = written(second, tmp_path)
    assert sorted(each.name for each in tmp_path.iterdir()) == [
        "20261124123005_initial.yml",
        "20261125000000_add_motd.yml",
        "migrations.lock",
    ]
    text = path.read_text()
    assert text.startswith("---\nid: '20261125000000_add_motd'\nparent: '20261124123005_initial'\nmodel: 'sha256-v1:")
    assert (
        "accept_hazards: []\noperations:\n  - add_column: {table: users, name: motd, type: text, null: true}\n" in text
    )
    assert read(tmp_path).state().normalized() == AFTER.normalized()


def test_the_same_change_gives_the_same_text() -> None:
    chain = chain_to(BEFORE)
    assert drafted(chain, AFTER).text == drafted(chain, AFTER).text


def test_nothing_changed_gives_nothing() -> None:
    assert draft(chain_to(BEFORE), BEFORE, "nothing", FIRST_DAY) is None


def test_current_names_what_no_file_has() -> None:
    require_current(chain_to(BEFORE), BEFORE)
    with pytest.raises(errors.ModelNotCurrent, match=r"add_column users\.motd") as caught:
        require_current(chain_to(BEFORE), AFTER)
    assert caught.value.details == {"operations": ["add_column users.motd"]}


def test_a_clock_that_is_behind_still_gives_the_newest_id() -> None:
    chain = chain_to(BEFORE)
    made = drafted(chain, AFTER, now=FIRST_DAY - timedelta(days=400))
    assert made.migration.id > chain.head


def test_a_local_time_is_written_in_utc() -> None:
    made = drafted(Chain(), BEFORE, now=datetime(2026, 1, 1, 3, tzinfo=timezone(timedelta(hours=5))))
    assert made.migration.id == "20251231220000_add_motd"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Add MOTD!", "add_motd"),
        ("../../etc/passwd", "etc_passwd"),
        ("  spaced   out ", "spaced_out"),
        ("Größe: ändern", "groe_andern"),
        ("a" * 300, "a" * 80),
    ],
)
def test_names_become_names_of_files(name: str, expected: str) -> None:
    assert sanitized(name) == expected


@pytest.mark.parametrize("name", ["", "///", "日本語"])
def test_a_name_of_nothing_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="what it is about"):
        sanitized(name)


def test_a_likely_rename_that_is_not_said_stops_with_the_question() -> None:
    target = model({"users": {"login": {"type": "string(50)"}}})
    with pytest.raises(errors.RenameNotSaid, match="Is column login of table users the former name") as caught:
        draft(chain_to(BEFORE), target, "login", FIRST_DAY)
    assert len(caught.value.details["questions"]) == 1


def test_a_rename_that_is_said_is_one_operation() -> None:
    target = model({"users": {"login": {"type": "string(50)", "renamed_from": "name"}}})
    made = drafted(chain_to(BEFORE), target)
    assert [(each.name, each.target) for each in made.migration.operations] == [("rename_column", "users.name")]
    assert draft(made.chain, target, "again", FIRST_DAY) is None


def test_a_drop_that_is_meant_asks_nothing() -> None:
    target = model({"users": {"login": {"type": "string(50)"}}})
    made = draft(chain_to(BEFORE), target, "login", FIRST_DAY, allowed=["drop_column users.name"])
    assert made is not None
    assert [each.name for each in made.migration.operations] == ["add_column", "drop_column"]


def test_consent_that_is_needed_stands_above_the_file() -> None:
    made = drafted(chain_to(AFTER), BEFORE)
    assert (
        "# These need consent, by their codes under accept_hazards:\n#   drop-column: drop_column users.motd"
        in made.text
    )
    assert made.migration.accept_hazards == ()


def test_a_folder_that_is_missing_alone_is_made(tmp_path: Path) -> None:
    assert written(drafted(Chain(), BEFORE), tmp_path / "migrations").is_file()
    with pytest.raises(InputError, match="cannot be written: No such file or directory"):
        written(drafted(Chain(), BEFORE), tmp_path / "no" / "such")


def test_a_write_that_fails_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(drafted(Chain(), BEFORE), tmp_path)
    there = {each.name: each.read_bytes() for each in tmp_path.iterdir()}

    def full(_unused: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InputError, match="No space left on device"):
        written(drafted(read(tmp_path), AFTER), tmp_path)
    assert {each.name: each.read_bytes() for each in tmp_path.iterdir()} == there


def test_an_edit_that_is_meant_is_sealed_with_its_comments(tmp_path: Path) -> None:
    path = written(drafted(Chain(), BEFORE), tmp_path)
    path.write_text("# why\n" + path.read_text().replace("string(50)", "string(60)"))
    with pytest.raises(errors.NotSealed):
        read(tmp_path)
    changed = folder.seal(unsealed_chain(read_migrations(tmp_path).files), str(tmp_path))
    assert changed == (path.stem,)
    assert path.read_text().startswith("# why\n---\n")
    assert str(read(tmp_path).state().tables[0].column("name").type) == "string(60)"


def test_sealing_keeps_comments_above_the_lock(tmp_path: Path) -> None:
    written(drafted(Chain(), BEFORE), tmp_path)
    lock = tmp_path / "migrations.lock"
    lines = [line for line in lock.read_text().splitlines() if not line.startswith("#")]
    lock.write_text("# ours\n" + "\n".join(lines) + "\n")
    folder.seal(unsealed_chain(read_migrations(tmp_path).files), str(tmp_path))
    assert lock.read_text().splitlines() == ["# ours", *lines]
    sealed = writing.plan(read_migrations(tmp_path), BEFORE, writing.Authoring(state=writing.SEALED), FIRST_DAY)
    assert not sealed.changed


def test_the_shipped_migrations_lead_to_the_shipped_model() -> None:
    found = read_migrations(SHIPPED / "migrations")
    chain = load_chain(found.files, found.lock)
    shipped = load_model(read_model(SHIPPED / "model" / "panel.yml", SHIPPED))
    require_current(chain, shipped)
    assert chain.state().normalized() == shipped.normalized()


def test_files_survive_a_journey_as_text(tmp_path: Path) -> None:
    chain = chain_to(BEFORE, AFTER, BEFORE)
    for count, migration in enumerate(chain.migrations, 1):
        text = to_text(migration, ["a note", "of two\nlines"])
        folder.write_migration(migration, text, Chain(chain.migrations[:count]), str(tmp_path))
    assert [each.checksum for each in read(tmp_path).migrations] == [each.checksum for each in chain.migrations]
