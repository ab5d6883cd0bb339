# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carrying out what ``compiler`` made: commands of the server, and our own work over many documents.

Every statement can be run again, whatever part of it has happened: what is there already, or gone already, is no error.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ...errors import PanelDbError, StatementFailed, Unsupported
from ...model.plan import Statement
from .faults import NAMESPACE_EXISTS, NAMESPACE_NOT_FOUND
from .probes import COLL_MOD, VALIDATORS

if TYPE_CHECKING:
    from .engine import MongodbEngine

INDEX_NOT_FOUND = 27
#: Answers that say that a command's work is done already.
_DONE = {
    "create": (NAMESPACE_EXISTS,),
    "drop": (NAMESPACE_NOT_FOUND,),
    "dropIndexes": (INDEX_NOT_FOUND, NAMESPACE_NOT_FOUND),
}
_RENAME = "renameCollection"


def run_command(engine: MongodbEngine, statement: Statement) -> None:
    """Carry out one statement.

    :raises StatementFailed: where the server refuses it, or documents do not fit.
    :raises ConstraintViolated: where documents break a rule that comes.
    """
    command = statement.command
    if not isinstance(command, Mapping):
        engine.query(statement.text)
    elif "dropIndexes" in command:
        # One that is gone already would keep the others from being dropped.
        for name in command["index"]:
            _run(engine, {**command, "index": name})
    elif "verify" in command:
        from .obeying import verify

        verify(engine, command)
    elif "passes" in command:
        from .updates import run_passes

        run_passes(engine, command)
    elif "makeSure" in command:
        _make_sure(engine, command)
    else:
        _run(engine, dict(command))


def _run(engine: MongodbEngine, command: dict[str, Any]) -> None:
    name = next(iter(command))
    action = f"{name} {command[name]}"
    try:
        if name == _RENAME:
            _rename(engine, command, action)
        else:
            run_written(engine, command, action)
    except PanelDbError as error:
        if error.details.get("server_code") not in _DONE.get(name, ()):
            raise
        if name == "create" and "validator" in command:
            told = {key: value for key, value in command.items() if key != "create"}
            engine.command({"collMod": command["create"], **told}, action, write=True)


def run_written(engine: MongodbEngine, command: Mapping[str, Any], action: str) -> dict[str, Any]:
    """Send a command that writes; give the answer.

    :raises StatementFailed: where the server took the command, but not each document.
    """
    from .faults import RULE_BROKEN, violated

    answer = engine.command(_acknowledged(engine, _fenced(engine, command)), action, write=True)
    refused = answer.get("writeErrors") or []
    if refused:
        code, text = refused[0].get("code", 0), str(refused[0].get("errmsg", ""))
        if code in RULE_BROKEN:
            raise violated(action, code, text)
        raise StatementFailed(f"{action}: {text or 'the server refused to write'}.")
    if answer.get("writeConcernError"):
        raise StatementFailed(f"{action}: {answer['writeConcernError'].get('errmsg', 'not acknowledged')}.")
    return answer


def _acknowledged(engine: MongodbEngine, command: Mapping[str, Any]) -> dict[str, Any]:
    """The driver lets commands be acknowledged as the server likes; ours wait for the majority."""
    return {**command, **({"writeConcern": {"w": "majority"}} if engine.probes.replicated else {})}


def _rename(engine: MongodbEngine, command: Mapping[str, Any], action: str) -> None:
    """Rename a collection; one that has the new name already, while the former is gone, is renamed."""
    before, after = (command[key].partition(".")[2] for key in (_RENAME, "to"))
    there = engine.existing_tables([before, after])
    if after in there and before not in there:
        return
    engine.before_writing(action)
    from .faults import translated

    with translated(action):
        engine.client.admin.command(dict(command))


def _fenced(engine: MongodbEngine, command: Mapping[str, Any]) -> Mapping[str, Any]:
    """Let documents of ours carry the number of the lock under which they were written."""
    fence = engine.fence(str(command.get("update", "")))
    if fence is None:
        return command
    updates = [
        {**each, "u": {**each["u"], "$set": {**each["u"].get("$set", {}), "fence": fence}}}
        for each in command["updates"]
    ]
    return {**command, "updates": updates}


def _make_sure(engine: MongodbEngine, command: Mapping[str, Any]) -> None:
    """Read back a validator that was written with its collection.

    A server that did not keep it may keep one that comes later (so does FerretDB 2); one that does not is noted, for
    all that comes.
    """
    from .records import forgotten

    name = command["makeSure"]
    if not _is_forgotten(engine, name):
        return
    try:
        engine.command({"collMod": name, **command["options"]}, f"collMod {name}", write=True)
    except Unsupported:
        engine.probes.note(COLL_MOD, able=False)
    if _is_forgotten(engine, name):
        engine.probes.note(VALIDATORS, able=False)
        run_written(engine, forgotten([name], command["server"]), "Noting what the server forgot")


def _is_forgotten(engine: MongodbEngine, name: str) -> bool:
    from .faults import translated

    with translated(f"Reading the options of {name}"):
        told = list(engine.database.list_collections(filter={"name": name}))
    return bool(told) and not (told[0].get("options") or {}).get("validator")
