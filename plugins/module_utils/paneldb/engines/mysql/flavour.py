# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of the two servers it is, and in what they differ where the schema is concerned."""

from __future__ import annotations

from dataclasses import dataclass

from ..base import Server
from .naming import EXACT_COLLATIONS

MARIADB, MYSQL = "MariaDB", "MySQL"

#: MariaDB read DESC in an index and forgot it before this release; MySQL keeps it since 8.0.
_DESCENDING_SINCE = (10, 8)


@dataclass(frozen=True)
class Flavour:
    """A product and its release."""

    product: str = MARIADB
    numbers: tuple[int, ...] = (10, 11)

    @classmethod
    def of(cls, server: Server) -> Flavour:
        return cls(server.product, server.numbers)

    @property
    def mariadb(self) -> bool:
        return self.product == MARIADB

    @property
    def collation(self) -> str:
        """The collation of all text that we make: it compares code points, and a blank at the end is one."""
        return EXACT_COLLATIONS[self.product]

    @property
    def descends(self) -> bool:
        """Whether an index keeps the direction of its columns."""
        return not self.mariadb or self.numbers >= _DESCENDING_SINCE
