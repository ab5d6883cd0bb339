# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of the host command on the host: compared by digest and permissions, each written whole or not at all."""

from __future__ import annotations

import hashlib
import os
import re
import stat
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ..errors import AccessDenied, InputError, PanelDbError, StorageFull

#: What needs no quotes, neither in a shell nor for systemd nor for cron.
_PLAIN = re.compile(r"[A-Za-z0-9_@%+=:,./?-]*")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class File:
    """A file as it should be; ``content`` may stay on the controller as long as ``digest`` (SHA-256) names it."""

    path: str
    mode: int
    digest: str
    content: bytes | None = None

    @classmethod
    def of(cls, path: str, mode: int, content: bytes) -> File:
        """Make a file of its content."""
        return cls(path, mode, hashlib.sha256(content).hexdigest(), content)

    @property
    def is_private(self) -> bool:
        """Whether only the owner reads it; then not even its digest is told, against which guesses could be tried."""
        return not self.mode & 0o077

    def told(self, before: File | None = None) -> str:
        """Give a line for a diff; ``before`` is what is there now."""
        told = f"{self.path} {self.mode:04o}"
        if not self.is_private:
            return f"{told} sha256:{self.digest}"
        return told if before is None or before.digest == self.digest else f"{told} with other contents"


@dataclass(frozen=True)
class Folder:
    """A folder that is there, made with ``mode``; of one that is ``ours`` the mode stays and files of others go."""

    path: str
    mode: int
    ours: bool = False


@dataclass(frozen=True)
class Changes:
    """What differs: folders to make, files to write, files to remove."""

    folders: tuple[Folder, ...]
    files: tuple[File, ...]
    stale: tuple[str, ...]
    before: str
    after: str

    @property
    def changed(self) -> bool:
        """Whether anything differs."""
        return bool(self.folders or self.files or self.stale)

    @property
    def lacking(self) -> tuple[str, ...]:
        """Files that have to be written and whose content is not at hand."""
        return tuple(file.path for file in self.files if file.content is None)


def compare(folders: Sequence[Folder], files: Sequence[File]) -> Changes:
    """Compare with what is there; nothing is changed.

    :raises InputError: something else is in the place of a file or folder.
    """
    there = {file.path: _existing(file.path) for file in files}
    wanted = set(there)
    stale = [path for folder in folders if folder.ours for path in _files_in(folder.path) if path not in wanted]
    gone = [found for found in map(_existing, stale) if found is not None]
    differing = tuple(file for file in files if _differs(there[file.path], file))
    missing = tuple(folder for folder in folders if _is_to_be_made(folder))
    before = [found.told() for found in (*there.values(), *gone) if found is not None]
    after = [file.told(there[file.path]) for file in files]
    return Changes(missing, differing, tuple(stale), _lines(before), _lines(after))


def carry_out(changes: Changes) -> None:
    """Make the folders, write and remove the files.

    :raises StorageFull: the disk is full; files are as they were or as they should be, none in between.
    :raises AccessDenied: the account may not write there.
    """
    try:
        for folder in changes.folders:
            _make(folder)
        for file in changes.files:
            _write(file)
        for path in changes.stale:
            Path(path).unlink()
    except OSError as error:
        raise _told(error) from error


def settings_text(settings: Mapping[str, str]) -> str:
    """Give settings as lines that a shell, systemd and the host command read alike.

    :raises InputError: a name or a value cannot stand in such a file; the value is not in the message.
    """
    lines = ["# Written by Ansible (module host_command of ctrlaltplay.paneldb). Changes are overwritten."]
    for name, value in settings.items():
        text = str(value)
        if not _NAME.fullmatch(name):
            raise InputError("This is no name of a setting.", source="settings", found=name)
        if "'" in text or "\n" in text or "\0" in text:
            raise InputError("The value cannot stand on one line between single quotes.", source=f"settings.{name}")
        lines.append(f"{name}={text}" if _PLAIN.fullmatch(text) else f"{name}='{text}'")
    return _lines(lines)


def _existing(path: str) -> File | None:
    try:
        facts = os.lstat(path)
        if not stat.S_ISREG(facts.st_mode):
            raise InputError("There is something else in the place of the file.", source=path, expected="a file")
        return File.of(path, stat.S_IMODE(facts.st_mode), Path(path).read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise _told(error) from error


def _differs(found: File | None, wanted: File) -> bool:
    return found is None or (found.digest, found.mode) != (wanted.digest, wanted.mode)


def _files_in(folder: str) -> list[str]:
    path = Path(folder)
    return sorted(str(each) for each in path.iterdir() if not each.is_dir()) if path.is_dir() else []


def _is_to_be_made(folder: Folder) -> bool:
    path = Path(folder.path)
    if path.exists() and not path.is_dir():
        raise InputError("There is something else in the place of the folder.", source=folder.path, expected="a folder")
    return not path.exists() or (folder.ours and stat.S_IMODE(path.stat().st_mode) != folder.mode)


def _make(folder: Folder) -> None:
    path = Path(folder.path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.mkdir(mode=folder.mode, exist_ok=True)
    path.chmod(folder.mode)


def _write(file: File) -> None:
    """Write beside the final name with a private mode, then rename, so that nobody ever reads half a file."""
    if file.content is None:
        raise PanelDbError(f"The content of {file.path} was not sent.")
    descriptor, temporary = tempfile.mkstemp(prefix=".paneldb-", dir=str(Path(file.path).parent))
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(file.content)
            stream.flush()
            os.fchmod(stream.fileno(), file.mode)
            os.fsync(stream.fileno())
        Path(temporary).replace(file.path)
    except BaseException:
        with suppress(FileNotFoundError):
            Path(temporary).unlink()
        raise


def _told(error: OSError) -> PanelDbError:
    import errno

    place = error.filename or "the folder"
    if error.errno == errno.ENOSPC:
        return StorageFull(f"The disk is full: {place} was not written.", hint="Free some space and run this again.")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return AccessDenied(f"{place}: {error.strerror}.", hint="Run this as an account that may write there.")
    return PanelDbError(f"{place}: {error.strerror}.")


def _lines(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
