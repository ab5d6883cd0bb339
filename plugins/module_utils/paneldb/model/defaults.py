# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values that columns hold by default, in the one form in which models, migrations and catalogues compare them.

=================  ===========================================================================
``uuid``           36 characters, small letters
``string text``    text
``boolean``        true or false
``integer bigint`` whole number
``decimal(p,s)``   text with exactly ``s`` digits behind the point: ``"12.50"``
``float``          float
``timestamp``      text in UTC with milliseconds: ``"2026-01-31T08:00:00.000+00:00"``
``json``           any plain JSON value
``enum``           text, one of the enum's values
=================  ===========================================================================
"""

from __future__ import annotations

import math
from typing import Any, Callable

from .types import Type

_LARGEST = {"integer": 2**31 - 1, "bigint": 2**63 - 1}


def canonical_value(kind: Type, value: Any) -> Any:
    """Give a default value in the form described above. Whether an enum has the value is not known here.

    :raises ValueError: the value does not fit the type; one sentence that says why.
    """
    if kind.name == "foreign":
        return value
    canonical = _FORMS.get(kind.name)
    if canonical is None:
        raise ValueError(f"A column of type {kind.name} cannot have a value as default.")
    return canonical(kind, value)


def _text(kind: Type, value: Any) -> str:
    if not isinstance(value, str):
        raise _misfit(kind)
    if "\0" in value:
        raise ValueError("Text cannot hold a NUL character.")
    if kind.name == "string" and len(value) > kind.length:
        raise ValueError(f"The text has {len(value)} characters, the column takes {kind.length}.")
    return str(value)


def _uuid(kind: Type, value: Any) -> str:
    lowered = value.lower() if isinstance(value, str) else ""
    groups = lowered.split("-")
    if [len(group) for group in groups] != [8, 4, 4, 4, 12] or not set(lowered) <= set("0123456789abcdef-"):
        raise _misfit(kind)
    return lowered


def _boolean(kind: Type, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _misfit(kind)
    return value


def _whole(kind: Type, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _misfit(kind)
    largest = _LARGEST[kind.name]
    if not -largest - 1 <= value <= largest:
        raise ValueError(f"The number is beyond what {kind.name} holds.")
    return int(value)


def _float(kind: Type, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _misfit(kind)
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ValueError("The number is beyond what float holds.")
    return number


def _decimal(kind: Type, value: Any) -> str:
    from decimal import Context, Decimal, InvalidOperation

    if isinstance(value, bool) or not isinstance(value, (int, float, str, Decimal)):
        raise _misfit(kind)
    try:
        number = Decimal(str(value))
        fitted = number.quantize(Decimal(1).scaleb(-kind.scale), context=Context(prec=kind.precision))
    except InvalidOperation:
        raise _misfit(kind) from None
    if not fitted.is_finite() or fitted != number:
        raise _misfit(kind)
    return f"{abs(fitted) if fitted.is_zero() else fitted:f}"


def _timestamp(kind: Type, value: Any) -> str:
    import re
    from datetime import datetime, timezone

    # Newer Pythons read more forms than older ones, so the form is looked at here.
    form = r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)?"
    match = re.fullmatch(form, value, re.ASCII) if isinstance(value, str) else None
    if match is None:
        raise _misfit(kind)
    day, time, fraction, zone = match.groups()
    if zone is None:
        raise ValueError("A timestamp needs its zone, such as +00:00 at the end.")
    digits = (fraction or "").rstrip("0").ljust(3, "0")
    if len(digits) > len("000"):
        raise ValueError("A timestamp holds milliseconds, no more.")
    try:
        moment = datetime.fromisoformat(f"{day}T{time}.{digits}{zone.replace('Z', '+00:00')}").astimezone(timezone.utc)
    except (ValueError, OverflowError):
        raise _misfit(kind) from None
    return moment.isoformat(timespec="milliseconds")


def _json(kind: Type, value: Any) -> Any:
    import json

    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):
        raise _misfit(kind) from None
    return value


def _misfit(kind: Type) -> ValueError:
    return ValueError(f"This is no {kind}: {_EXAMPLES[kind.name]} would be one.")


_EXAMPLES = {
    "uuid": "00000000-0000-4000-8000-000000000000",
    "string": "'text'",
    "text": "'text'",
    "enum": "a value of the enum",
    "boolean": "true",
    "integer": "1",
    "bigint": "1",
    "decimal": "'1.50' with no more digits than the type has",
    "float": "1.5",
    "timestamp": "'2026-01-31T08:00:00+00:00'",
    "json": "a mapping, a list, text, a number, true or false",
}

_FORMS: dict[str, Callable[[Type, Any], Any]] = {
    "uuid": _uuid,
    "string": _text,
    "text": _text,
    "enum": _text,
    "boolean": _boolean,
    "integer": _whole,
    "bigint": _whole,
    "decimal": _decimal,
    "float": _float,
    "timestamp": _timestamp,
    "json": _json,
}
