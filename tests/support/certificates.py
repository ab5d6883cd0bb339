# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates of an authority that is made for a test, by the program openssl."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Certificates:
    """The files: the authority's certificate, and a server's certificate and key."""

    ca: Path
    cert: Path
    key: Path


def certificates(folder: Path, address: str) -> Certificates:
    """Make an authority and the certificate of a server at the IP address; anybody may read the files."""
    made = Certificates(folder / "ca.pem", folder / "server.pem", folder / "server.key")
    key = folder / "ca.key"
    _openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=authority", key, made.ca)
    request = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=server"]
    signed = ["-CA", str(made.ca), "-CAkey", str(key), "-addext", f"subjectAltName=IP:{address}"]
    _openssl(*request, *signed, "-addext", "basicConstraints=critical,CA:FALSE", made.key, made.cert)
    for path in (*folder.iterdir(), folder, *list(folder.parents)[:3]):
        path.chmod(path.stat().st_mode | (0o755 if path.is_dir() else 0o644))
    return made


def _openssl(*arguments: str | Path) -> None:
    *options, key, out = map(str, arguments)
    subprocess.run(["openssl", *options, "-keyout", key, "-out", out], check=True, capture_output=True)
