#!/usr/bin/python
# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: node_info
short_description: Read the panel's nodes
version_added: 1.0.0
description:
  - Reads nodes by name, status and age of token, each with the number of servers that live on it. Changes nothing.
author: Ctrl-Alt-Play PanelDB contributors (@ctrl-alt-play)
options:
  model:
    description: File with the model, read on the controller. V(panel) is the model that comes with the collection.
    type: str
    default: panel
  names:
    description: Names of nodes, or patterns such as C(eu-*). Without any, all nodes.
    type: list
    elements: str
    default: []
  status:
    description: Only nodes with one of these statuses.
    type: list
    elements: str
    default: []
  token_older_than:
    description:
      - Only nodes whose token is older than this, such as C(90d), or whose token's age nobody knows. Units are C(s),
        C(m), C(h), C(d), C(w).
      - Needs a column C(tokenIssuedAt).
    type: str
  with_tokens:
    description: Give tokens, too. The result is then shown by nobody, only registered.
    type: bool
    default: false
  limit:
    description: Give so many nodes at the most. RV(counts) tells of all.
    type: int
    default: 1000
  probe:
    description: See whether the agents of these nodes answer.
    type: dict
    suboptions:
      port:
        description: Port to look at instead of the node's own, such as that of the agent's health page.
        type: int
      path:
        description: Path of a health page, asked for by HTTP. Without it a connection is enough.
        type: str
      timeout:
        description: Seconds that a node has to answer.
        type: float
        default: 3
      parallel:
        description: How many nodes are looked at at once.
        type: int
        default: 32
extends_documentation_fragment:
  - ctrlaltplay.paneldb.attributes
  - ctrlaltplay.paneldb.attributes.info
  - ctrlaltplay.paneldb.connection
seealso:
  - module: ctrlaltplay.paneldb.node
"""

EXAMPLES = r"""
- name: What is in maintenance
  ctrlaltplay.paneldb.node_info:
    url: "{{ panel_database_url }}"
    status: [MAINTENANCE]
  register: resting

- name: Which agents of one site are not well
  ctrlaltplay.paneldb.node_info:
    url: "{{ panel_database_url }}"
    names: [eu-*]
    probe: {port: 8081, path: /health}
  register: seen
"""

RETURN = r"""
engine:
  description: The engine that answered.
  returned: success
  type: str
  sample: postgresql
server_version:
  description: Version of the server, as it says it itself.
  returned: success
  type: str
  sample: "15.18"
nodes:
  description:
    - The nodes in order of name, with every column of the model but those of tokens.
    - C(retired) tells whether a node is retired, C(servers) how many servers it has, C(token_age_seconds) how old its
      token is where the model keeps that, C(token) the token with O(with_tokens=true), C(problem) what a probe found
      wrong.
  returned: success
  type: list
  elements: dict
  sample: [{name: alpha, hostname: alpha.example.com, port: 8080, status: ONLINE, retired: false, servers: 3}]
counts:
  description:
    - Nodes in all, those that are retired, their servers, nodes by status, and how many are given in RV(nodes).
  returned: success
  type: dict
  sample: {nodes: 1, retired: 0, servers: 3, by_status: {ONLINE: 1}, shown: 1}
probe:
  description: What the probe saw, as RV(ctrlaltplay.paneldb.node#module:probe) tells it.
  returned: success, with O(probe)
  type: dict
  sample: {reachable: 1, unreachable: 0, problems: []}
missing_tables:
  description: C(nodes) where that table does not exist.
  returned: success
  type: list
  elements: str
duration_ms:
  description: Milliseconds that the module worked.
  returned: success
  type: float
  sample: 12.5
"""

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils._ansible import CONNECTION, PROBE, Call, Spec, run

if TYPE_CHECKING:
    from paneldb.nodes.information import Filter

SPEC: Spec = {
    "model": {"type": "str", "default": "panel"},
    "names": {"type": "list", "elements": "str", "default": []},
    "status": {"type": "list", "elements": "str", "default": []},
    "token_older_than": {"type": "str", "no_log": False},
    "with_tokens": {"type": "bool", "default": False, "no_log": False},
    "limit": {"type": "int", "default": 1000},
}


def node_info(call: Call) -> Mapping[str, Any]:
    """Read the nodes and look at them where that is asked for."""
    from paneldb.nodes.information import find

    with call.connect(read_only=True) as engine:
        found = find(engine, call.model(), _filter(call.params), datetime.now(timezone.utc))
        told = {"engine": engine.name, "server_version": engine.version()}
    seen = _seen(call.params["probe"], found.nodes)
    shown = found.nodes[: max(call.params["limit"], 0)]
    return {
        **told,
        "nodes": shown,
        "counts": {**found.counts(), "shown": len(shown)},
        "missing_tables": list(found.missing_tables),
        **seen,
    }


def _filter(params: Mapping[str, Any]) -> Filter:
    from paneldb.model.reading import Place
    from paneldb.nodes.information import Filter
    from paneldb.nodes.tokens import duration

    age = params["token_older_than"]
    older_than = duration(age, Place("option token_older_than")) if age else None
    return Filter(params["names"], params["status"], older_than, params["with_tokens"])


def _seen(option: Mapping[str, Any] | None, nodes: list[dict[str, Any]]) -> Mapping[str, Any]:
    """Look at the nodes; each gets ``problem``, which is empty where it is well."""
    if option is None:
        return {}
    from paneldb.nodes.probing import read_probe
    from paneldb.nodes.statuses import see

    seen = see(read_probe(option), nodes)
    for found, sight in zip(nodes, seen.sights):
        found["problem"] = sight.problem
    return {"probe": seen.to_data()}


def main() -> None:
    run(node_info, CONNECTION, PROBE, SPEC)


if __name__ == "__main__":
    main()
