# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Results of commands as people, or programs, want them."""

from __future__ import annotations

from . import output

# A status call has no time to import typing.
TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping
    from typing import Any

    from ..migrations.parts import Outcome
    from ..model.plan import Plan


def print_status(data: Mapping[str, Any], *, as_json: bool) -> None:
    """Print where a database stands; ``data`` is that of ``info.Status`` with the database's identity."""
    if as_json:
        output.write_json(data)
        return
    lines = [
        ("Database", data["url"]),
        ("Server", f"{data['engine']} {data['server_version']}"),
        ("Applied", _applied(data)),
        ("Pending", ", ".join(data["pending"]) or "none"),
    ]
    if "drift" in data:
        lines += [("Drift", ", ".join(data["drift"]) or "none"), ("Unmanaged", ", ".join(data["unmanaged"]))]
    lines += [
        ("Run", f"{run['kind']} {run['state']} since {run['started_at']}: {run['error']}") for run in data["runs"]
    ]
    lines += [
        ("Hazard", f"{each['code']} ({each['severity']}): {each['message']}") for each in data.get("hazards") or ()
    ]
    if data.get("problem"):
        lines.append(("Problem", f"{data['problem']['message']} {data['problem']['hint']}".strip()))
    output.write(output.pairs(lines))


def _applied(data: Mapping[str, Any]) -> str:
    newest = f", the newest is {data['applied'][-1]['id']}" if data["applied"] else ""
    return f"{data['counts']['applied']}{newest}"


def print_outcome(options: argparse.Namespace, outcome: Outcome, **more: Any) -> None:
    """Print what was done or, with ``--check``, would be; ``more`` goes into the JSON where it is not None."""
    if options.json:
        output.write_json({**_outcome(outcome), **{name: value for name, value in more.items() if value is not None}})
        return
    names = ", ".join(outcome.migrations)
    output.write(f"{'Would be applied' if options.check else 'Applied'}: {names}" if names else "Nothing is pending.")
    if options.check and outcome.plan.changed:
        output.write(_told_plan(outcome.plan))
    if options.diff:
        output.write(output.diff(outcome.plan.diff()))


def _outcome(outcome: Outcome) -> dict[str, Any]:
    plan = outcome.plan
    return {
        "changed": plan.changed,
        "engine": plan.engine,
        "server_version": plan.server_version,
        "applied": list(outcome.migrations),
        "resumed": outcome.resumed,
        "plan": plan.to_data(),
        "fingerprint": plan.fingerprint,
        "hazards": [hazard.to_data() for hazard in plan.hazards],
    }


def _told_plan(plan: Plan) -> str:
    statements = [text for row in plan.to_data() for text in row["statements"]]
    hazards = [f"Hazard {each.code} ({each.severity}) at {each.operation}: {each.message}" for each in plan.hazards]
    return "\n".join([*statements, *hazards, f"Fingerprint {plan.fingerprint}"])


def told_file(data: Mapping[str, Any]) -> str:
    return f"Migration {data['file']}" if "file" in data else "The model has no changes that no file has."


def told_rows(data: Mapping[str, Any]) -> str:
    """Give a table of counts, and what was left out."""
    names = list(data["counts"])
    rows = [(table, *(numbers[name] for name in names)) for table, numbers in data["tables"].items()]
    told = output.table(("table", *names), [*rows, ("all", *data["counts"].values())])
    missing = [f"No table yet: {', '.join(data['missing_tables'])}"] if data["missing_tables"] else []
    return "\n".join([told, *missing, *(f"Left out: {reason}" for reason in data["left_out"])])
