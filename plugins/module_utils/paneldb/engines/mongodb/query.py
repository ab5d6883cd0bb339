# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands of a person, with bound values.

A command is a mapping whose first key names it (``find: users``), or the same as extended JSON. A bound value goes
where ``{"$param": "name"}`` or ``{"$param": 0}`` stands, whatever kind of value it is; one with operators in it is
refused, so that no input can become a part of the command. ``$db: admin`` sends the command to another database.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from itertools import islice
from typing import TYPE_CHECKING, Any

from ...errors import InputError, StatementFailed, Unsupported, WriteRefused
from ..base import Result
from .faults import RULE_BROKEN, translated, violated
from .jsontext import from_json, to_json

if TYPE_CHECKING:
    from .engine import MongodbEngine

Command = dict[str, Any]

PARAMETER = "$param"
_ACTION = "Running the command"
#: Commands whose answer is a cursor.
_CURSORS = frozenset(("find", "aggregate", "listCollections", "listIndexes"))
_ROWS = frozenset(("insert", "update", "delete", "findAndModify", "findandmodify"))
#: What a session that only reads may run; whatever stands not here may write.
_READING = _CURSORS | frozenset(
    (
        *("count", "distinct", "explain", "ping", "hello", "isMaster", "ismaster", "buildInfo", "buildinfo"),
        *("collStats", "dbStats", "serverStatus", "hostInfo", "connectionStatus", "listCommands", "listDatabases"),
        *("replSetGetStatus", "getParameter", "usersInfo", "rolesInfo", "dataSize", "dbHash", "validate"),
    )
)
_WRITING_STAGES = ("$out", "$merge")
#: What an answer holds besides what was asked for.
_AROUND = ("ok", "$clusterTime", "operationTime", "lastCommittedOpTime")


def run_query(
    engine: MongodbEngine, statement: Any, parameters: Sequence[Any] | Mapping[str, Any] | None, limit: int | None
) -> Result:
    """See ``Engine.query``."""
    command = bound(read_command(statement), parameters)
    name = next(iter(command))
    if not only_reads(command):
        if engine.read_only:
            raise WriteRefused(f"{_ACTION}: {name} may write, and the session only reads.", hint="Use `write: true`.")
        engine.before_writing(_ACTION)
    try:
        with _in_time(engine), translated(_ACTION):
            return _cursor(engine, command, limit) if name in _CURSORS else _answer(engine, command, name, limit)
    except Unsupported as error:
        # To a person, what this server does not know is a statement that it refuses.
        raise StatementFailed(error.message, hint=error.hint, **error.details) from None


def _in_time(engine: MongodbEngine) -> AbstractContextManager[Any]:
    """Have the driver give up, and the server with it, when the time is over; it counts calls of one block together."""
    if engine.deadline == math.inf:
        return nullcontext()
    import pymongo

    return pymongo.timeout(engine.time_left)


def read_command(statement: Any) -> Command:
    """Read a command.

    :raises InputError: where it is neither a mapping nor JSON, or is empty.
    """
    try:
        text = statement if isinstance(statement, str) else to_json(statement)
        command = from_json(text)
    except (ValueError, TypeError):
        command = None
    if not isinstance(command, dict) or not command:
        raise InputError(
            "This is no command of MongoDB.",
            source="statement",
            expected='a mapping or its JSON, such as {"find": "users", "filter": {}}',
        )
    return command


def only_reads(command: Mapping[str, Any]) -> bool:
    """Tell whether the command cannot change anything."""
    name = next(iter(command))
    if name == "explain":
        return isinstance(command[name], Mapping) and bool(command[name]) and only_reads(command[name])
    stages = command.get("pipeline") if name == "aggregate" else ()
    listed = stages if isinstance(stages, (list, tuple)) else ()
    return name in _READING and not any(stage in each for each in listed for stage in _WRITING_STAGES)


# --- values ----------------------------------------------------------------------------------------------------------


def bound(command: Command, parameters: Sequence[Any] | Mapping[str, Any] | None) -> Command:
    """Put values in their places.

    :raises StatementFailed: where places and values do not fit.
    """
    values = dict(parameters) if isinstance(parameters, Mapping) else dict(enumerate(parameters or ()))
    used: set[Any] = set()
    made: Command = _filled(command, values, used)
    if len(used) < len(values):
        raise _unfit()
    return made


def _filled(part: Any, values: Mapping[Any, Any], used: set[Any]) -> Any:
    if isinstance(part, dict):
        if PARAMETER in part:
            return _value(part, values, used)
        return {key: _filled(member, values, used) for key, member in part.items()}
    return [_filled(member, values, used) for member in part] if isinstance(part, list) else part


def _value(part: Mapping[str, Any], values: Mapping[Any, Any], used: set[Any]) -> Any:
    name = part[PARAMETER]
    if len(part) > 1 or isinstance(name, (dict, list)) or name not in values:
        raise _unfit()
    used.add(name)
    if _has_operator(values[name]):
        raise StatementFailed(
            f"{_ACTION}: a bound value holds a key that begins with $.",
            hint="Write operators into the command, and bind what they compare with.",
        )
    return values[name]


def _has_operator(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(str(key).startswith("$") or _has_operator(member) for key, member in value.items())
    return isinstance(value, (list, tuple)) and any(map(_has_operator, value))


def _unfit() -> StatementFailed:
    return StatementFailed(
        f"{_ACTION}: the values do not fit the places in the command.",
        hint='Write {"$param": 0} for the first value of a list, {"$param": "name"} for one of a mapping.',
    )


# --- answers ---------------------------------------------------------------------------------------------------------


def _database(engine: MongodbEngine, command: Command) -> Any:
    name = command.pop("$db", "")
    return engine.client[name] if name else engine.database


def _cursor(engine: MongodbEngine, command: Command, limit: int | None) -> Result:
    """Read the documents of a cursor: no more than are wanted, and one."""
    database = _database(engine, command)
    if "aggregate" in command:
        command.setdefault("cursor", {})
    wanted = None if limit is None else limit + 1
    cursor = database.cursor_command(command, session=engine.session)
    try:
        documents = list(islice(cursor, wanted))
    finally:
        cursor.close()
    cut = limit is not None and len(documents) > limit
    return _table(documents[:limit] if cut else documents, truncated=cut)


def _table(documents: Sequence[Mapping[str, Any]], *, truncated: bool = False) -> Result:
    """Make rows: a column for each field of any document, in the order in which they come first."""
    columns = tuple(dict.fromkeys(name for document in documents for name in document))
    rows = tuple(tuple(plain_value(document.get(name)) for name in columns) for document in documents)
    return Result(columns, rows, truncated=truncated)


def _answer(engine: MongodbEngine, command: Command, name: str, limit: int | None) -> Result:
    database = _database(engine, command)
    writes = not only_reads(command)
    if writes and engine.session is None and name in _ROWS:
        command.setdefault("writeConcern", {"w": "majority"})
    answer = database.command(command, session=engine.session)
    _refuse_errors(answer)
    if name in _ROWS:
        return _written(answer, name)
    if name == "distinct":
        values = answer["values"]
        return _table(
            [{"value": value} for value in values[:limit]], truncated=limit is not None and len(values) > limit
        )
    said = {key: value for key, value in answer.items() if key not in _AROUND}
    told = _table([said] if said else [])
    return Result(told.columns, told.rows, altered=writes)


def _written(answer: Mapping[str, Any], name: str) -> Result:
    if name.lower() == "findandmodify":
        found = answer.get("value")
        told = _table([found] if isinstance(found, Mapping) else [])
        changed = int((answer.get("lastErrorObject") or {}).get("n", 0))
        return Result(told.columns, told.rows, changed)
    return Result(affected=int(answer.get("n", 0)))


def _refuse_errors(answer: Mapping[str, Any]) -> None:
    """A command that writes is answered by ``ok`` even where documents are refused."""
    errors = answer.get("writeErrors") or ()
    if errors:
        code, row = int(errors[0].get("code", 0)), int(errors[0].get("index", 0))
        if code in RULE_BROKEN:
            raise violated(_ACTION, code, str(errors[0].get("errmsg", "")), row=row)
        raise StatementFailed(f"{_ACTION}: the server refused it, code {code}.", server_code=code, row=row)
    if answer.get("writeConcernError"):
        raise StatementFailed(f"{_ACTION}: the server could not tell that the majority has it.")


def plain_value(value: Any) -> Any:
    """Give BSON's own types as Python's: decimals, whole numbers, and the text of an ObjectId."""
    kind = value.__class__.__name__
    if isinstance(value, Mapping):
        return {key: plain_value(member) for key, member in value.items()}
    if isinstance(value, list):
        return [plain_value(member) for member in value]
    if kind == "Decimal128":
        return value.to_decimal()
    if kind == "Int64":
        return int(value)
    return str(value) if kind == "ObjectId" else value
