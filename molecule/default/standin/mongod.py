#!/usr/bin/python3
# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""In the place of the vendor's server: reads its configuration and runs FerretDB over PostgreSQL.

Takes the settings that role ``mongodb`` writes and refuses others, keeps the log where they say and opens it anew on
SIGUSR1, and looks at the key file as the real one does. It has no replica set, no roles, and its first administrator
is there from the start: what the role does about those is not shown with it.
"""

from __future__ import annotations

import argparse
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import IO, Any, Optional

import yaml

KNOWN = {
    "net": {"port", "bindIp"},
    "security": {"authorization", "keyFile"},
    "storage": {"dbPath"},
    "systemLog": {"destination", "path", "logAppend", "logRotate"},
    "operationProfiling": {"slowOpThresholdMs"},
}
POSTGRESQL = "postgres:///ferretdb?host=/var/run/postgresql&pool_max_conns=90"


class Log:
    """The log, which another program may have renamed."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._file: Optional[IO[bytes]] = None
        self.open()

    def open(self, *_unused: Any) -> None:
        """Open the file of that name, now and after every signal."""
        if self._file is not None:
            self._file.close()
        self._file = Path(self._path).open("ab", buffering=0)  # noqa: SIM115 - kept open

    def write(self, line: bytes) -> None:
        """Write a line."""
        assert self._file is not None
        self._file.write(line)


def settings_in(path: str) -> dict[str, Any]:
    """Read the configuration; SystemExit for what the server would not take."""
    read = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    for section, settings in read.items():
        for name in settings:
            if name not in KNOWN.get(section, ()):
                raise SystemExit(f"Error parsing YAML config: unrecognized option {section}.{name}")
    if not isinstance(read["net"]["port"], int):
        raise SystemExit("Error parsing YAML config: net.port is no number")
    return dict(read)


def run(settings: dict[str, Any]) -> int:
    """Run the server until it ends."""
    if stat.S_IMODE(Path(settings["security"]["keyFile"]).stat().st_mode) & 0o077:
        raise SystemExit(f"permissions on {settings['security']['keyFile']} are too open")
    log = Log(settings["systemLog"]["path"])
    signal.signal(signal.SIGUSR1, log.open)
    address = f"{settings['net']['bindIp'].split(',')[0]}:{settings['net']['port']}"
    options = [f"--listen-addr={address}", "--debug-addr=", "--telemetry=disable", "--test-enable-new-auth"]
    state = f"--state-dir={settings['storage']['dbPath']}"
    with subprocess.Popen(
        ["/usr/lib/standin/ferretdb", "--handler=postgresql", state, *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, **administrator()},
    ) as server:
        signal.signal(signal.SIGTERM, lambda *_unused: server.terminate())
        assert server.stdout is not None
        for line in server.stdout:
            log.write(line)
    return server.returncode


def administrator() -> dict[str, str]:
    """The account that there is from the start."""
    password = Path(os.environ["CREDENTIALS_DIRECTORY"], "administrator").read_text(encoding="utf-8").strip()
    names = {"URL": POSTGRESQL, "DATABASE": "admin", "USERNAME": "admin", "PASSWORD": password}
    return {f"FERRETDB_{'POSTGRESQL' if name == 'URL' else 'SETUP'}_{name}": value for name, value in names.items()}


def main() -> int:
    """Do what the command line says."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--config", required=True)
    parser.add_argument("--outputConfig", action="store_true")
    options = parser.parse_args()
    settings = settings_in(options.config)
    if options.outputConfig:
        sys.stdout.write(yaml.safe_dump(settings))
        return 0
    return run(settings)


if __name__ == "__main__":
    raise SystemExit(main())
