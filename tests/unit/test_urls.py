# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""URLs and parts of all engines become one target, and a target becomes a URL again."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.target import Target, parse_target
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.engines.urls import split_hosts, to_url
from ansible_collections.ctrlaltplay.paneldb.plugins.module_utils.paneldb.errors import InputError

PG = "postgresql"
READ = [
    ("sqlite:///var/panel.db", Target("sqlite", path="var/panel.db")),
    ("sqlite:////srv/a%20b.db", Target("sqlite", path="/srv/a b.db")),
    ("file:./dev.db", Target("sqlite", path="./dev.db")),
    ("file:dev#1.db", Target("sqlite", path="dev#1.db")),
    ("file:/srv/dev.db?connection_limit=1", Target("sqlite", path="/srv/dev.db", options={"connection_limit": "1"})),
    ("file:///srv/dev.db", Target("sqlite", path="/srv/dev.db")),
    ("postgresql://", Target(PG)),
    ("postgresql:///panel", Target(PG, database="panel")),
    ("postgres://u@h/d", Target(PG, user="u", host="h", database="d")),
    ("POSTGRES://u:p@h:5433/d/", Target(PG, user="u", password="p", host="h", port=5433, database="d")),
    ("postgresql+psycopg2://u@h/d", Target(PG, user="u", host="h", database="d")),
    ("postgresql://u:p%40%3A%2F%3F%23%25@h/d%2Fe", Target(PG, user="u", password="p@:/?#%", host="h", database="d/e")),
    ("postgresql://u:p+q@h/d", Target(PG, user="u", password="p+q", host="h", database="d")),
    ("postgresql://[::1]:5433/d", Target(PG, host="::1", port=5433, database="d")),
    ("postgresql://[fe80::1%25eth0]/d", Target(PG, host="fe80::1%eth0", database="d")),
    ("postgresql://%2Fvar%2Frun%2Fpostgresql/d", Target(PG, unix_socket="/var/run/postgresql", database="d")),
    ("postgresql://localhost/d?host=/run/pg", Target(PG, unix_socket="/run/pg", database="d")),
    ("postgresql:///d?host=/run/pg&port=6000", Target(PG, unix_socket="/run/pg", port=6000, database="d")),
    ("postgresql:///d?user=u&password=p%26", Target(PG, user="u", password="p&", database="d")),
    ("postgresql://one:1,[::2]:2,three/d", Target(PG, host="one:1,[::2]:2,three", database="d")),
    (
        "postgresql://h/d?schema=panel&sslmode=require&connection_limit=5&pool_timeout=2&pgbouncer=true",
        Target(
            PG,
            host="h",
            database="d",
            schema="panel",
            tls_mode="require",
            options={"connection_limit": "5", "pool_timeout": "2", "pgbouncer": "true"},
        ),
    ),
    (
        "postgresql://h/d?sslmode=require&sslaccept=strict&sslcert=/ca.pem",
        Target(PG, host="h", database="d", tls_mode="verify-full", tls_ca="/ca.pem"),
    ),
    (
        "postgresql://h/d?sslmode=verify-full&sslcert=/c.pem&sslkey=/k.pem&sslrootcert=/ca.pem&connect_timeout=3",
        Target(
            PG,
            host="h",
            database="d",
            tls_mode="verify-full",
            tls_ca="/ca.pem",
            tls_cert="/c.pem",
            tls_key="/k.pem",
            connect_timeout=3.0,
        ),
    ),
    ("mysql://u:p@h:3307/d", Target("mysql", user="u", password="p", host="h", port=3307, database="d")),
    ("mariadb://h/d?charset=utf8mb4", Target("mysql", host="h", database="d", options={"charset": "utf8mb4"})),
    ("mysql://u@localhost/d?socket=/run/m.sock", Target("mysql", user="u", unix_socket="/run/m.sock", database="d")),
    ("mysql://h/d?ssl-mode=VERIFY_IDENTITY", Target("mysql", host="h", database="d", tls_mode="verify-full")),
    (
        "mongodb://u:p@a:1,b:2/d?replicaSet=rs0&authSource=admin&tls=true&connectTimeoutMS=1500&w=majority",
        Target(
            "mongodb",
            user="u",
            password="p",
            host="a:1,b:2",
            database="d",
            replica_set="rs0",
            auth_database="admin",
            tls_mode="require",
            connect_timeout=1.5,
            options={"w": "majority"},
        ),
    ),
    ("mongodb+srv://h.example/d", Target("mongodb", host="h.example", database="d", options={"srv": True})),
]


@pytest.mark.parametrize(("url", "target"), READ)
def test_url_becomes_target(url: str, target: Target) -> None:
    assert parse_target({"url": url}) == target


@pytest.mark.parametrize("target", [target for _unused, target in READ])
def test_generic_url_reads_back(target: Target) -> None:
    assert parse_target({"url": to_url(target, mask=False, style="generic")}) == target


NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=12)
PATHS = NAMES.map(lambda name: f"/srv/{name}")
PORTS = st.just(0) | st.integers(1, 65535)
HOSTS = st.sampled_from(["", "localhost", "db.example", "10.0.0.1", "::1", "2001:db8::7"])
OPTIONS = st.dictionaries(st.sampled_from(["pgbouncer", "application_name", "options"]), NAMES)


@given(
    st.builds(
        Target,
        engine=st.just(PG),
        host=HOSTS,
        port=PORTS,
        user=NAMES,
        password=st.just("") | NAMES,
        database=NAMES,
        schema=st.just("") | NAMES,
        tls_ca=st.just("") | PATHS,
        tls_mode=st.sampled_from(["", "disable", "verify-full"]),
        connect_timeout=st.sampled_from([10.0, 0.0, 2.5]),
        options=OPTIONS,
    )
)
def test_every_character_survives_a_postgresql_url(target: Target) -> None:
    assert parse_target({"url": to_url(target, mask=False, style="generic")}) == target


@given(PATHS)
def test_every_character_survives_a_file_url(path: str) -> None:
    target = Target("sqlite", path=path)
    assert parse_target({"url": to_url(target, mask=False, style="generic")}) == target
    assert parse_target({"url": to_url(target, mask=False, style="prisma")}) == target


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=4))
def test_masked_url_holds_no_secret(password: str) -> None:
    hard = f"s3cret{password}"
    url = f"postgresql://u:{quote(hard, safe='')}@h/d?sslpassword={quote(hard, safe='')}"
    target = parse_target({"url": url})
    for style in ("generic", "prisma", "sqlalchemy"):
        masked = to_url(target, mask=True, style=style)
        assert "s3cret" not in masked
        assert "u:***@h" in masked
        assert "sslpassword=***" in masked
    assert "s3cret" not in repr(Target(PG, password=hard))


FULL = Target(
    PG, host="h", port=5432, user="u", password="p w", database="d", schema="my s", tls_mode="verify-full", tls_ca="/ca"
)
WRITTEN = [
    (FULL, "prisma", "postgresql://u:p%20w@h:5432/d?schema=my%20s&sslmode=require&sslaccept=strict&sslcert=%2Fca"),
    (
        Target(PG, host="h", port=5432, user="u", password="p w", database="d", schema="my s", tls_mode="require"),
        "sqlalchemy",
        "postgresql+psycopg2://u:p%20w@h:5432/d?options=-c%20search_path%3D%22my%5C%20s%22&sslmode=require",
    ),
    (Target(PG, unix_socket="/run/pg", database="d"), "prisma", "postgresql://localhost/d?host=%2Frun%2Fpg"),
    (Target("sqlite", path="/srv/p.db"), "prisma", "file:/srv/p.db"),
    (Target("sqlite", path="/srv/p.db"), "sqlalchemy", "sqlite:////srv/p.db"),
    (Target("mysql", user="u", unix_socket="/s", database="d"), "prisma", "mysql://u@localhost/d?socket=%2Fs"),
    (
        Target("mysql", user="u", unix_socket="/s", database="d"),
        "sqlalchemy",
        "mysql+pymysql://u@localhost/d?unix_socket=%2Fs",
    ),
]


@pytest.mark.parametrize(("target", "style", "url"), WRITTEN)
def test_styles(target: Target, style: str, url: str) -> None:
    assert to_url(target, mask=False, style=style) == url


def test_parts() -> None:
    target = parse_target(
        {
            "engine": PG,
            "login_host": "h",
            "login_port": "5433",
            "login_user": "u",
            "login_password": None,
            "database": "d",
            "tls_mode": "VERIFY_CA",
            "lock_timeout": 5,
            "path": "",
            "model": "something of the module",
        }
    )
    assert target == Target(
        PG, host="h", port=5433, user="u", database="d", tls_mode="verify-ca", lock_timeout=5.0, options={}
    )


def test_path_alone_means_sqlite() -> None:
    assert parse_target({"path": "/srv/p.db"}) == Target("sqlite", path="/srv/p.db")


def test_parts_complete_a_url() -> None:
    target = parse_target({"url": "postgresql://u@h/d", "login_password": "p", "login_user": "u"})
    assert target == Target(PG, host="h", user="u", password="p", database="d")


def test_several_hosts_are_split() -> None:
    assert split_hosts(Target(PG, host="one:1,[::2]:2,three")) == [("one", 1), ("::2", 2), ("three", 0)]
    assert split_hosts(Target(PG, host="one", port=7)) == [("one", 7)]
    assert split_hosts(Target(PG)) == []


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({}, "which database"),
    ({"engine": "oracle"}, "one of sqlite, postgresql"),
    ({"engine": "sqlite"}, "needs a file"),
    ({"url": "sqlite://"}, "no path"),
    ({"url": "sqlite:///"}, "needs a file"),
    ({"url": "oracle://h/d"}, "begins with"),
    ({"url": "nonsense"}, "begins with"),
    ({"url": "postgresql:h/d"}, "no //"),
    ({"url": "postgresql://h/d?shema=x"}, "schema"),
    ({"url": "mysql://h/d?schema=x"}, "charset"),
    ({"url": "mongodb://h/d?schema=x"}, "replicaSet"),
    ({"url": "sqlite:///p.db?schema=x"}, "mode"),
    ({"url": "postgresql://h:99999/d"}, "port"),
    ({"url": "postgresql://h/d?sslmode=maybe"}, "verify-full"),
    ({"url": "postgresql://h/d?connect_timeout=soon"}, "seconds"),
    ({"url": "postgresql://h/d?host=other"}, "twice"),
    ({"url": "postgresql://::1/d"}, "brackets"),
    ({"url": "postgresql://h/d%zz"}, "hexadecimal"),
    ({"url": "postgresql://h/d%ff"}, "UTF-8"),
    ({"url": "postgresql://h/d%00"}, "%00"),
    ({"url": "postgresql://h/d#frag"}, "#"),
    ({"url": "mongodb://h/d?tls=perhaps"}, "true or false"),
    ({"url": "mysql://a,b/d"}, "one server"),
    ({"url": "postgresql://h/d", "engine": "sqlite"}, "different things"),
    ({"url": "postgresql://h/d", "login_host": "other"}, "login_host"),
    ({"url": "postgresql://h/d", "path": "/srv/p.db"}, "no path"),
    ({"engine": "sqlite", "path": "p", "login_host": "h"}, "no login_host"),
    ({"engine": PG, "replica_set": "rs"}, "no replica_set"),
    ({"engine": PG, "login_host": "h", "login_unix_socket": "/run"}, "not both"),
    ({"engine": PG, "login_port": 0}, "1 to 65535"),
    ({"engine": PG, "lock_timeout": -1}, "seconds"),
]


@pytest.mark.parametrize(("params", "said"), REFUSED)
def test_refused(params: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_target(params)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:s3cret/x@h/d",
        "postgresql://u:s3cret?x@h/d",
        "postgresql://u:s3cret#x@h/d",
        "postgresql://u:s3cret%@h/d",
        "postgresql://u:[s3cret@h:x/d",
        "nonsense://u:s3cret@h/d",
    ],
)
def test_no_error_shows_a_password(url: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_target({"url": url})
    assert "s3cret" not in str(caught.value)
    assert "s3cret" not in repr(caught.value.details)


def test_contradicting_password_is_not_shown() -> None:
    with pytest.raises(InputError) as caught:
        parse_target({"url": "postgresql://u:s3cret@h/d", "login_password": "0ther"})
    assert "s3cret" not in str(caught.value)
    assert "0ther" not in str(caught.value)
