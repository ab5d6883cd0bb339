# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A SQLite database as a whole: a file with its folder, rights and journal."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from ...errors import AccessDenied, InputError, PanelDbError, StorageFull, Unsupported
from ...model.plan import Statement
from ..target import Target
from .failures import translated
from .lock import SUFFIX
from .session import file_uri

SETTINGS = ("mode", "owner", "group", "journal_mode")
NEW_FILE = 0o600
NEW_FOLDER = 0o700
_ALL_RIGHTS = 0o777
_JOURNALS = ("wal", "delete")


def describe(target: Target) -> dict[str, Any] | None:
    """Give mode, owner, group and journal mode of the file; None where there is none."""
    path = Path(target.path)
    try:
        facts = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise _refused(path, error) from error
    return {
        "mode": f"{stat.S_IMODE(facts.st_mode):04o}",
        "owner": user_name(facts.st_uid),
        "group": group_name(facts.st_gid),
        "journal_mode": _journal_mode(target),
    }


def plan(
    target: Target, wanted: Mapping[str, Any], current: Mapping[str, Any] | None
) -> tuple[dict[str, Any], tuple[Statement, ...]]:
    """Give the settings as they will be, and what leads there."""
    _known(wanted)
    before = dict(current) if current is not None else {}
    after = {**(before or _new_file()), **_normalized(wanted)}
    statements = [] if current is not None else _creation(target, after)
    statements.extend(_changes(target, before or {"mode": after["mode"], **_new_owner()}, after))
    return after, tuple(statements)


def apply(target: Target, statements: Sequence[Statement]) -> None:
    """Do it, in order."""
    actions: dict[str, Callable[..., None]] = {
        "folder": _make_folder,
        "file": _make_file,
        "mode": _set_mode,
        "owner": _set_owner,
        "journal": _set_journal,
    }
    for statement in statements:
        action, *arguments = statement.command
        try:
            with translated(target.path):
                actions[action](*arguments)
        except OSError as error:
            raise _refused(Path(target.path), error) from error


def drop(target: Target) -> None:
    """Remove the file and all that SQLite and the lock have put beside it."""
    for suffix in ("", "-wal", "-shm", "-journal", SUFFIX):
        path = Path(target.path + suffix)
        try:
            path.unlink()
        except FileNotFoundError:
            continue
        except OSError as error:
            raise _refused(path, error) from error


# --- what is wanted -------------------------------------------------------------------------------------------------


def _known(wanted: Mapping[str, Any]) -> None:
    for name in wanted:
        if name not in SETTINGS:
            raise Unsupported(
                f"A SQLite database has no setting {name}.", hint=f"It has {', '.join(SETTINGS)}; leave {name} out."
            )


def _normalized(wanted: Mapping[str, Any]) -> dict[str, Any]:
    settings = dict(wanted)
    if "mode" in settings:
        settings["mode"] = _octal(str(settings["mode"]))
    if settings.get("journal_mode", "wal") not in _JOURNALS:
        raise InputError("There is no such journal.", path="journal_mode", expected=" or ".join(_JOURNALS))
    if "owner" in settings:
        settings["owner"] = user_name(user_id(settings["owner"]))
    if "group" in settings:
        settings["group"] = group_name(group_id(settings["group"]))
    return settings


def _octal(text: str) -> str:
    try:
        mode = int(text, 8)
    except ValueError:
        mode = -1
    if not 0 <= mode <= _ALL_RIGHTS:
        raise InputError("This is no mode of a file.", path="mode", found=text, expected='octal text such as "0640"')
    return f"{mode:04o}"


def _new_owner() -> dict[str, Any]:
    return {"owner": user_name(os.geteuid()), "group": group_name(os.getegid())}


def _new_file() -> dict[str, Any]:
    return {"mode": f"{NEW_FILE:04o}", "journal_mode": "wal", **_new_owner()}


# --- statements -----------------------------------------------------------------------------------------------------


def _creation(target: Target, after: Mapping[str, Any]) -> list[Statement]:
    path = Path(target.path).absolute()
    missing = [folder for folder in (path.parent, *path.parent.parents) if not folder.exists()]
    statements = []
    for folder in reversed(missing):
        statements.append(Statement(f"mkdir --mode={NEW_FOLDER:04o} {folder}", ("folder", str(folder))))
        statements.extend(_ownership(str(folder), _new_owner(), after))
    mode = after["mode"]
    statements.append(Statement(f"create {path} with mode {mode}", ("file", str(path), int(mode, 8))))
    return statements


def _changes(target: Target, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Statement]:
    path, mode, journal = str(Path(target.path).absolute()), after["mode"], after["journal_mode"]
    statements = []
    if journal != before.get("journal_mode"):
        statements.append(Statement(f"PRAGMA journal_mode = {journal.upper()}", ("journal", path, journal)))
    if mode != before["mode"]:
        statements.append(Statement(f"chmod {mode} {path}", ("mode", path, int(mode, 8))))
    return statements + _ownership(path, before, after)


def _ownership(path: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Statement]:
    wanted = [after[name] if after[name] != before[name] else "" for name in ("owner", "group")]
    if not any(wanted):
        return []
    return [Statement(f"chown {':'.join(wanted).rstrip(':')} {path}", ("owner", path, *wanted))]


# --- what they do ---------------------------------------------------------------------------------------------------


def _make_folder(path: str) -> None:
    Path(path).mkdir(NEW_FOLDER)


def _make_file(path: str, mode: int) -> None:
    """Make an empty file with its mode from the first moment on; SQLite takes it for an empty database."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        os.fchmod(descriptor, mode)
    finally:
        os.close(descriptor)


def _set_mode(path: str, mode: int) -> None:
    for beside in files_of(path):
        beside.chmod(mode)


def _set_owner(path: str, owner: str, group: str) -> None:
    user = user_id(owner) if owner else -1
    number = group_id(group) if group else -1
    for beside in files_of(path):
        os.chown(beside, user, number)


def files_of(path: str) -> list[Path]:
    """SQLite gives the files beside a database the database's rights only when it makes them."""
    return [each for each in map(Path, (path, f"{path}-wal", f"{path}-shm", path + SUFFIX)) if each.exists()]


def _set_journal(path: str, journal: str) -> None:
    with closing(sqlite3.connect(file_uri(path, "rw"), uri=True, isolation_level=None)) as connection:
        (found,) = connection.execute(f"PRAGMA journal_mode = {journal}").fetchone()
    if found != journal:
        raise Unsupported(
            f"SQLite keeps the journal {found} for {path}.",
            hint="Another session holds the file, or its file system cannot share memory.",
        )


def _journal_mode(target: Target) -> str:
    with (
        translated(target.path),
        closing(
            sqlite3.connect(file_uri(target.path, "ro"), uri=True, isolation_level=None, timeout=target.lock_timeout)
        ) as connection,
    ):
        return str(connection.execute("PRAGMA journal_mode").fetchone()[0])


# --- accounts -------------------------------------------------------------------------------------------------------


def user_name(number: int) -> str:
    """Give the name of an account; its number where it has none."""
    import pwd

    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def group_name(number: int) -> str:
    """Give the name of a group; its number where it has none."""
    import grp

    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)


def user_id(name: str) -> int:
    """Give the number of an account by name or number.

    :raises InputError: where there is none of that name.
    """
    import pwd

    if name.isdigit():
        return int(name)
    try:
        return pwd.getpwnam(name).pw_uid
    except KeyError:
        raise InputError("There is no such account on this host.", path="owner", found=name) from None


def group_id(name: str) -> int:
    """Give the number of a group by name or number.

    :raises InputError: where there is none of that name.
    """
    import grp

    if name.isdigit():
        return int(name)
    try:
        return grp.getgrnam(name).gr_gid
    except KeyError:
        raise InputError("There is no such group on this host.", path="group", found=name) from None


def _refused(path: Path, error: OSError) -> PanelDbError:
    import errno

    if error.errno == errno.ENOSPC:
        return StorageFull(f"The disk of {path} is full.", hint="Free some space and run again.", path=str(path))
    return AccessDenied(
        f"{error.filename or path}: {error.strerror}.",
        hint="Run as an account that may do this, or choose another place.",
        path=str(path),
    )
