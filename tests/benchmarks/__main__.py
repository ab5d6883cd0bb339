# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures the speed of the collection and prints it beside its goals. Nothing here fails because something is slow.

Usage: python -m ansible_collections.ctrlaltplay.paneldb.tests.benchmarks [--quick] [--rounds N] [--json FILE]
       [--markdown FILE] [NAME...]
Names are the keys of BENCHMARKS; without any all of them run.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from ansible_collections.ctrlaltplay.paneldb.tests.benchmarks import (
    alterations,
    differences,
    drifts,
    growth,
    imports,
    loads,
    migration_runs,
    node_lists,
    status_calls,
    whole_plays,
)
from ansible_collections.ctrlaltplay.paneldb.tests.benchmarks.bench import Bench, Benchmark, benches
from ansible_collections.ctrlaltplay.paneldb.tests.benchmarks.results import Row, markdown, table

BENCHMARKS: Mapping[str, Benchmark] = {
    "schema": whole_plays.schema,
    "seeds": whole_plays.seeds,
    "migrations": whole_plays.migrations,
    "site": whole_plays.site,
    "imports": imports.weight,
    "deploy": migration_runs.engine_part,
    "differences": differences.check_mode,
    "drift": drifts.none,
    "status": status_calls.host_command,
    "loads": loads.bulk,
    "alterations": alterations.merged,
    "growth": growth.sizes,
    "nodes": node_lists.nodes,
}


def main() -> None:
    """Run the benchmarks named on the command line and print the table."""
    arguments = _arguments()
    with benches(quick=arguments.quick, rounds=arguments.rounds) as bench:
        rows = list(_rows(bench, arguments.names or list(BENCHMARKS)))
        print(table(rows))
        print(_footer(bench, rows))
    if arguments.markdown:
        arguments.markdown.write_text(markdown(rows))
    if arguments.json:
        arguments.json.write_text(json.dumps([row.to_data() for row in rows], indent=2) + "\n")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks", description="Speed beside its goals.")
    parser.add_argument("names", nargs="*", choices=[[], *BENCHMARKS], metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument(
        "--quick", action="store_true", help="three rounds and a tenth of the sizes, to see that it runs"
    )
    parser.add_argument("--rounds", type=int, default=0, help="rounds of every measurement")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the rows to a file")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="also write the table for the documentation")
    return parser.parse_args()


def _rows(bench: Bench, names: Sequence[str]) -> Iterator[Row]:
    for name in names:
        for row in BENCHMARKS[name](bench):
            print("  ".join(row.cells()), file=sys.stderr, flush=True)
            yield row


def _footer(bench: Bench, rows: Sequence[Row]) -> str:
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    missed = sum(not row.met for row in rows)
    return (
        f"\n{len(rows)} goals, {missed} not met. {os.cpu_count()} cores, load at the end {load}.\n"
        f"A play with one ping takes {bench.pace:.2f} times as long as where the goals were set; milliseconds are "
        f"divided by that."
    )


if __name__ == "__main__":
    main()
