# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the core meets Ansible, and the only place: options in, results out.

The core is imported by its own name, ``paneldb``, once ``run`` has made it known (see ``_core``).

A module says what it does in one function of a ``Call`` and hands it to ``run``. Action plugins of the same names read
model, migration and seed files on the controller; they send them, and every secret option, sealed in one string.
Ansible masks that one string wherever it might appear, and masks nothing else: a password that happens to be a common
word does not blank out half of a result.
"""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from ansible.module_utils.basic import AnsibleModule

from ._core import Core

if TYPE_CHECKING:
    from paneldb.engines.base import Engine
    from paneldb.engines.target import Target
    from paneldb.errors import PanelDbError
    from paneldb.migrations.chain import Chain
    from paneldb.model.plan import Plan
    from paneldb.model.reading import Document
    from paneldb.model.schema import Schema
    from paneldb.planning import Consent
    from paneldb.schemas.push import Push

Spec = dict[str, dict[str, Any]]

#: How to reach the database; the documentation stands in the fragment ``connection``.
CONNECTION: Spec = {
    "url": {"type": "str", "no_log": True, "aliases": ["database_url"]},
    "engine": {"type": "str", "choices": ["sqlite", "postgresql", "mysql", "mongodb"]},
    "path": {"type": "path"},
    "login_host": {"type": "str", "aliases": ["host"]},
    "login_port": {"type": "int", "aliases": ["port"]},
    "login_unix_socket": {"type": "path", "aliases": ["unix_socket"]},
    "login_user": {"type": "str", "aliases": ["login"]},
    "login_password": {"type": "str", "no_log": True},
    "database": {"type": "str", "aliases": ["login_db", "db"]},
    "schema": {"type": "str"},
    "auth_database": {"type": "str", "aliases": ["login_database"]},
    "replica_set": {"type": "str"},
    "tls_mode": {"type": "str", "aliases": ["ssl_mode"]},
    "tls_ca": {"type": "path", "aliases": ["ca_cert", "ssl_rootcert"]},
    "tls_cert": {"type": "path", "aliases": ["ssl_cert"]},
    "tls_key": {"type": "path", "aliases": ["ssl_key"]},
    "connect_timeout": {"type": "float"},
    "lock_timeout": {"type": "float"},
    "statement_timeout": {"type": "float"},
    "sealed": {"type": "str", "no_log": True},
    "core": {"type": "dict", "no_log": True},
}

#: Times of a target for which something is waited.
_WAITS = ("connect_timeout", "lock_timeout")

#: What a plan may do; the documentation stands in the fragment ``consent``.
CONSENT: Spec = {
    "accept_hazards": {"type": "list", "elements": "str", "default": []},
    "allow_destructive": {"type": "list", "elements": "str", "default": []},
    "expect_fingerprint": {"type": "str"},
    "plan_only": {"type": "bool", "default": False},
}

#: How to look at nodes from outside; the documentation stands in the modules that do.
PROBE: Spec = {
    "probe": {
        "type": "dict",
        "options": {
            "port": {"type": "int"},
            "path": {"type": "str"},
            "timeout": {"type": "float", "default": 3},
            "parallel": {"type": "int", "default": 32},
        },
    },
}


class Call:
    """One call of a module: its options, its sealed files and secrets, and how it answers."""

    def __init__(self, module: AnsibleModule) -> None:
        self._module = module
        self._sealed = _unseal(module.params.get("sealed"))
        self._started = time.monotonic()
        self.params: dict[str, Any] = {**module.params, **self._sealed.get("secrets", {})}

    @property
    def check_mode(self) -> bool:
        """Whether nothing may be changed: Ansible's check mode, or option ``plan_only``."""
        return bool(self._module.check_mode or self.params.get("plan_only"))

    @property
    def target(self) -> Target:
        """The database that the options name, or that ``DATABASE_URL`` names where they name none."""
        from paneldb.engines.target import parse_target

        named = any(self.params.get(option) for option in ("url", "engine", "path", "database"))
        url = self.params.get("url") or (None if named else os.environ.get("DATABASE_URL"))
        return parse_target({**self.params, "url": url})

    def connect(self, *, read_only: bool = False, longest: float = 0.0) -> Engine:
        """Open a session with the target. Nothing waits for more than the ``longest`` seconds, where that is said."""
        from paneldb.engines import connect

        target = self.target
        if longest:
            from dataclasses import replace

            waits: dict[str, Any] = {name: min(getattr(target, name) or longest, longest) for name in _WAITS}
            target = replace(target, **waits)
        return connect(target, read_only=read_only)

    def documents(self, name: str) -> Any:
        """Give what the action plugin read: ``model``, ``migrations`` or ``seeds``.

        :raises InputError: where the option that names the files was not given.
        """
        if name not in self._sealed.get("documents", {}):
            from paneldb.errors import InputError

            raise InputError("This option is needed here.", source=f"option {name}")
        return self._sealed["documents"][name]

    def has(self, name: str) -> bool:
        """Tell whether the action plugin read such files."""
        return name in self._sealed.get("documents", {})

    def model(self) -> Schema:
        """Give the model, checked."""
        from paneldb.model.load import load_model

        return load_model(as_documents(self.documents("model")))

    def chain(self) -> Chain:
        """Give the migrations, checked."""
        from paneldb.migrations.chain import load_chain

        lock, files = self.documents("migrations")[1:]
        return load_chain(as_documents(files), as_documents([lock])[0] if lock else None)

    def warn(self, text: str) -> None:
        """Say something beside the result."""
        self._module.warn(text)

    @property
    def consent(self) -> Consent:
        """What the options agree to beforehand."""
        from paneldb.planning import Consent

        params = self.params
        return Consent(params["accept_hazards"], params["allow_destructive"], params["expect_fingerprint"] or "")

    def warn_of(self, plan: Plan) -> None:
        """In check mode, say which hazards a real run would stop at."""
        blocking = plan.blocking(self.consent.accepted, self.consent.allowed)
        if blocking:
            told = "; ".join(f"{hazard.code} at {hazard.operation}: {hazard.message}" for hazard in blocking)
            self.warn(f"A real run stops at these hazards: {told}")

    def exit(self, result: Mapping[str, Any]) -> NoReturn:
        """End the task well."""
        from paneldb.plain import plain

        took = round((time.monotonic() - self._started) * 1000, 1)
        self._module.exit_json(**plain({"changed": False, "duration_ms": took, **result}))
        raise AssertionError("exit_json came back")

    def fail(self, error: PanelDbError) -> NoReturn:
        """End the task with an error that says what happened and what to do."""
        from paneldb.plain import plain

        data = {key: value for key, value in error.to_data().items() if key not in ("message", "hint")}
        self._module.fail_json(msg=str(error), **plain(data))
        raise AssertionError("fail_json came back")


def run(work: Callable[[Call], Mapping[str, Any]], *specs: Spec, check_mode: bool = True, **options: Any) -> None:
    """Make the module out of its specs, do the work, and exit with what it gives.

    ``options`` go to AnsibleModule, such as ``required_if``.
    """
    spec = {name: dict(value) for each in specs for name, value in each.items()}
    module = AnsibleModule(argument_spec=spec, supports_check_mode=check_mode, **options)
    if not module.params["core"]:
        module.fail_json(msg="This module works together with the action plugin of its name, which did not run.")
    # A module lives for one task: what it leaves lying about goes with it, and looking for that takes time.
    gc.disable()
    Core(module.params["core"]).install()
    from paneldb.errors import PanelDbError

    call = Call(module)
    try:
        result = work(call)
    except PanelDbError as error:
        call.fail(error)
    call.exit(result)


def plan_result(plan: Plan) -> dict[str, Any]:
    """Give the part of a result that every plan has; long lists are capped and say so."""
    from paneldb.errors import LONGEST_LIST

    operations = plan.to_data()
    return {
        "changed": plan.changed,
        "diff": plan.diff(),
        "engine": plan.engine,
        "server_version": plan.server_version,
        "plan": operations[:LONGEST_LIST],
        "fingerprint": plan.fingerprint,
        "hazards": [hazard.to_data() for hazard in plan.hazards[:LONGEST_LIST]],
        "counts": {
            "operations": len(operations),
            "operations_shown": min(len(operations), LONGEST_LIST),
            "hazards": len(plan.hazards),
        },
    }


def push_result(call: Call, pushed: Push) -> dict[str, Any]:
    """Give ``unmanaged`` and ``unsupported``; what an engine cannot have is a warning, too."""
    from paneldb.errors import LONGEST_LIST

    for limit in pushed.limits:
        call.warn(f"{pushed.plan.engine} cannot have {limit.place}: {limit.reason}")
    return {
        "unmanaged": [str(each) for each in pushed.unmanaged[:LONGEST_LIST]],
        "unsupported": [{"place": limit.place, "reason": limit.reason} for limit in pushed.limits],
    }


def as_documents(rows: list[list[Any]]) -> list[Document]:
    """Give documents as they were before JSON made lists of them."""
    from paneldb.model.reading import Document

    return [Document(source, data) for source, data in rows]


def _unseal(sealed: str | None) -> dict[str, Any]:
    if not sealed:
        return {}
    from paneldb.packing import unpack

    unsealed: dict[str, Any] = unpack(sealed)
    return unsealed
