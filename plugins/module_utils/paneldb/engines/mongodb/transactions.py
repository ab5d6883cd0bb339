# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Transactions, on servers that have them (replica sets and sharded clusters); elsewhere nothing is undone."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from ...errors import PanelDbError
from .faults import translated

if TYPE_CHECKING:
    from pymongo.client_session import ClientSession

    from .engine import MongodbEngine

#: A commit whose answer is lost is sent again for so many seconds, as the drivers' own ``with_transaction`` does
#: ("Transactions Convenient API" of the drivers' specifications).
LONGEST_COMMIT = 120.0
_UNKNOWN = "UnknownTransactionCommitResult"
_PAUSE = 0.1


@contextmanager
def transaction(engine: MongodbEngine) -> Iterator[None]:
    """See ``Engine.transaction``: a snapshot is read, and the majority must have what is committed."""
    if engine.session is not None or engine.read_only or not engine.capabilities.transactions:
        yield
        return
    from pymongo.read_concern import ReadConcern
    from pymongo.write_concern import WriteConcern

    with translated("Opening a transaction"):
        session = engine.client.start_session()
        session.start_transaction(ReadConcern("snapshot"), WriteConcern("majority"))
    engine.session = session
    try:
        yield
        _commit(session)
    except BaseException:
        _abort(session)
        raise
    finally:
        engine.session = None
        session.end_session()


def _commit(session: ClientSession) -> None:
    """Commit; the server takes the same commit twice for one."""
    from pymongo.errors import PyMongoError

    deadline = time.monotonic() + LONGEST_COMMIT
    with translated("Committing"):
        while True:
            try:
                session.commit_transaction()
            except PyMongoError as error:
                if not error.has_error_label(_UNKNOWN) or error.timeout or time.monotonic() > deadline:
                    raise
                time.sleep(_PAUSE)
            else:
                return


def _abort(session: ClientSession) -> None:
    """What cannot be aborted any more, the server has aborted or does so soon."""
    if session.in_transaction:
        with suppress(PanelDbError), translated("Undoing the transaction"):
            session.abort_transaction()
