# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why goals are not met, where that is so: by what the row's work begins with, and its engine."""

from __future__ import annotations

_READ = (
    "files are read strictly on the controller (each key once, no value guessed), packed, sent and read again; "
    "the comparison itself is a small part"
)

_COMMITS = (
    "MariaDB commits each change of the schema by itself, so each is written down before and after it, by which a run "
    "that was stopped is gone on with; processor time is that of the plan and its hazards"
)
_WRITTEN_DOWN = (
    "MongoDB knows no columns: what was written down of forty tables is read, parsed and compared, too, and in all so "
    "are the journal and two hundred migrations"
)
_KNOWN = (
    "half a kilobyte for each node: a list is known as a whole before anything is written, so that what is in it twice "
    "is refused"
)

#: Beginning of the work, engine (empty: any), reason; the first that fits is told.
REASONS = (
    ("seed of", "", _READ),
    ("registration of", "", _READ),
    ("100 migrations, fresh", "mysql", _COMMITS),
    ("100 migrations, engine", "mysql", _COMMITS),
    (
        "100 migrations, fresh",
        "",
        "the statements alone are a tenth of a ping play, the plan with its hazards half of it",
    ),
    ("100 migrations, nothing", "", f"a hundred {_READ}"),
    ("100 migrations, engine", "", "the bare loop has no plan, no hazards, no diff and no check of where files lead"),
    ("schema", "postgresql", "the driver, the connection and six questions of the catalogue"),
    ("schema, 7 tables, nothing", "mysql", "the driver, the connection and six questions of the catalogue"),
    (
        "schema",
        "mysql",
        "each table is a commit to the disk; processor time, which other work stretches less, is within",
    ),
    ("site.yml", "", "Ansible packs three modules where it packs one ping; the other tasks take the rest"),
    ("imports", "mysql", "PyMySQL is half of it, and half of that is what it loads for passwords without TLS"),
    ("imports", "", "forty classes of plain data take two thirds of it; on another Python all is compiled from source"),
    (
        "growth: migrations deployed",
        "sqlite",
        "SQLite reads its schema again after each change; so grows the driver alone",
    ),
    ("growth: tables made", "mysql", "each table is a commit to the disk; processor time is within"),
    (
        "growth: rows compared",
        "mysql",
        "rows come in the order of a random key, so that in a long list each of them waits for memory",
    ),
    ("growth: rows", "postgresql", "processor time grows linearly; the clock's is that of a disk that others use too"),
    ("drift of", "mongodb", _WRITTEN_DOWN),
    ("drift of", "", "most of the clock's time is that of a server that other work keeps waiting; see processor time"),
    ("difference", "", "reading the rows is most of it; processor time, which other work does not stretch, is within"),
    ("status", "", "tens of milliseconds on a busy machine; the command loads more than a script does"),
    ("memory of 100,000 nodes", "", _KNOWN),
    ("growth: nodes", "", "rows of a large list are no longer in the processor's cache; so grow those of seeds"),
    ("growth: rows seeded", "", "random keys find fewer and fewer of their pages in memory"),
)
