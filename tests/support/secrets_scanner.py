# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks for planted secrets in everything a run leaves behind."""

from __future__ import annotations

import base64
import json
import re
import secrets
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, quote_plus

#: zlib's first two bytes at its levels, as they begin in base64, and enough after them to hold a secret.
_ZLIB_IN_BASE64 = re.compile(rb"(?:eAE|eF4|eJw|eNo)[A-Za-z0-9+/]{16,}")


@dataclass(frozen=True)
class Finding:
    """A secret's name (never its value), the form it had, and where it was."""

    secret: str
    form: str
    where: str


@dataclass
class SecretsScanner:
    """Knows the planted secrets and finds each of them, plain or in an encoding that anybody can undo."""

    planted: dict[str, str] = field(default_factory=dict)

    def plant(self, name: str) -> str:
        """Return a new secret with characters that URLs, shells and JSON escape; ``name`` stands for it in findings."""
        value = f"S3cret-{secrets.token_hex(8)}/@:%\"'é"
        self.planted[name] = value
        return value

    def forms(self, value: str) -> Sequence[bytes]:
        """The encodings of a secret that are looked for."""
        return tuple(_forms(value).values())

    def in_bytes(self, content: bytes, where: str) -> list[Finding]:
        """Findings in ``content``, and in what was packed in it for the way to a host."""
        found = self._in_plain(content, where)
        for packed in _packed(content):
            found.extend(Finding(each.secret, f"packed {each.form}", where) for each in self._in_plain(packed, where))
        return found

    def _in_plain(self, content: bytes, where: str) -> list[Finding]:
        return [
            Finding(name, form, where)
            for name, value in self.planted.items()
            for form, encoded in _forms(value).items()
            if encoded in content
        ]

    def in_text(self, content: str, where: str) -> list[Finding]:
        """Findings in ``content``."""
        return self.in_bytes(content.encode(errors="surrogateescape"), where)

    def in_value(self, content: object, where: str) -> list[Finding]:
        """Findings in a structure of plain values, such as a module's result."""
        return self.in_text(json.dumps(content, default=str, ensure_ascii=False), where)

    def in_tree(self, root: Path) -> list[Finding]:
        """Findings in the names and contents of all files under ``root`` (or in the one file ``root``)."""
        found: list[Finding] = []
        for path in [root, *sorted(root.rglob("*"))]:
            found.extend(self.in_text(path.name, f"name of {path}"))
            if path.is_file() and not path.is_symlink():
                found.extend(self.in_bytes(path.read_bytes(), str(path)))
        return found

    def in_argv(self, samples: Iterable[Sequence[str]]) -> list[Finding]:
        """Findings in sampled command lines; only the program is named, so that the report is no leak itself."""
        return [finding for argv in samples for finding in self.in_text("\0".join(argv), f"command line of {argv[0]}")]


def _packed(content: bytes) -> Iterator[bytes]:
    """Give what is in runs of base64 of zlib's format, whole or cut off."""
    for run in _ZLIB_IN_BASE64.findall(content):
        try:
            yield zlib.decompressobj().decompress(base64.b64decode(run[: len(run) // 4 * 4]))
        except (ValueError, zlib.error):
            continue


def _forms(value: str) -> dict[str, bytes]:
    raw = value.encode()
    return {
        "plain": raw,
        "url": quote(value, safe="").encode(),
        "form": quote_plus(value).encode(),
        "json": json.dumps(value)[1:-1].encode(),
        "json-unicode": json.dumps(value, ensure_ascii=False)[1:-1].encode(),
        "repr": repr(value)[1:-1].encode(),
        "yaml-quoted": value.replace("'", "''").encode(),
        "base64": base64.b64encode(raw).rstrip(b"="),
        "hex": raw.hex().encode(),
    }
