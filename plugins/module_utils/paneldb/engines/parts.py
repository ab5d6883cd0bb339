# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules that each engine consists of, as types: what they do is said in ``Engine``, which calls them.

``engine`` is the session. Nothing of this is imported when it runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from ..model.plan import Statement
from ..model.schema import Check, ForeignKey, Table
from .account import AccountPlan, WantedAccount
from .base import Result, Row
from .target import Target

Columns = Sequence[str]
Settings = Mapping[str, Any]


class Bulk(Protocol):
    def insert(self, engine: Any, table: Table, columns: Columns, rows: Iterable[Row], /) -> int: ...
    def update(self, engine: Any, table: Table, key: Columns, columns: Columns, rows: Iterable[Row], /) -> int: ...
    def delete(self, engine: Any, table: Table, key: Columns, keys: Iterable[Row], /) -> int: ...


class Query(Protocol):
    def run_query(
        self, engine: Any, statement: Any, parameters: Sequence[Any] | Settings | None, limit: int | None, /
    ) -> Result: ...


class Statistics(Protocol):
    def count(self, engine: Any, table: Table, /) -> int: ...
    def count_nulls(self, engine: Any, table: Table, column: str, /) -> int: ...
    def duplicates(self, engine: Any, table: Table, columns: Columns, where: str, /) -> tuple[int, tuple[Row, ...]]: ...
    def orphans(self, engine: Any, table: Table, key: ForeignKey, /) -> tuple[int, tuple[Row, ...]]: ...
    def violations(self, engine: Any, table: Table, check: Check, /) -> int: ...
    def table_bytes(self, engine: Any, table: Table, /) -> int | None: ...


class DatabaseItself(Protocol):
    def describe(self, target: Target, /) -> dict[str, Any] | None: ...

    def plan(
        self, target: Target, wanted: Settings, current: Settings | None, /
    ) -> tuple[dict[str, Any], tuple[Statement, ...]]: ...
    def apply(self, target: Target, statements: Sequence[Statement], /) -> None: ...
    def drop(self, target: Target, /) -> None: ...


class Accounts(Protocol):
    def plan(self, target: Target, accounts: Sequence[WantedAccount], /) -> tuple[AccountPlan, ...]: ...
    def apply(self, target: Target, plans: Sequence[AccountPlan], /) -> None: ...
