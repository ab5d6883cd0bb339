# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parameters that database URLs of each engine know: those of the drivers, and those that Prisma adds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

#: Parameters that Prisma's pool reads; they mean nothing to a single session and are kept as they are.
PRISMA = "connection_limit pool_timeout pgbouncer socket_timeout statement_cache_size sslidentity sslpassword sslaccept"


@dataclass(frozen=True)
class Dialect:
    """URLs of one engine. ``fields`` leads from a parameter to the target's field; ``options`` are kept by name."""

    engine: str
    schemes: tuple[str, ...]
    fields: Mapping[str, str]
    options: frozenset[str]

    def known(self) -> str:
        """The known parameters, for messages."""
        return ", ".join(sorted({*self.fields, *self.options}))


def _words(*lists: str) -> frozenset[str]:
    return frozenset(word for words in lists for word in words.split())


POSTGRESQL = Dialect(
    "postgresql",
    ("postgresql", "postgres"),
    {
        "host": "host",
        "port": "port",
        "user": "user",
        "password": "password",
        "dbname": "database",
        "schema": "schema",
        "sslmode": "tls_mode",
        "sslrootcert": "tls_ca",
        "sslcert": "tls_cert",
        "sslkey": "tls_key",
        "connect_timeout": "connect_timeout",
    },
    _words(
        PRISMA,
        "application_name fallback_application_name channel_binding client_encoding gssencmode gsslib hostaddr"
        " keepalives keepalives_count keepalives_idle keepalives_interval krbsrvname load_balance_hosts options"
        " passfile require_auth requirepeer service ssl_max_protocol_version ssl_min_protocol_version sslcompression"
        " sslcrl sslcrldir sslnegotiation sslsni target_session_attrs tcp_user_timeout",
    ),
)
MYSQL = Dialect(
    "mysql",
    ("mysql", "mariadb"),
    {
        "socket": "unix_socket",
        "unix_socket": "unix_socket",
        "sslmode": "tls_mode",
        "ssl-mode": "tls_mode",
        "ssl_mode": "tls_mode",
        "ssl_ca": "tls_ca",
        "ssl_cert": "tls_cert",
        "ssl_key": "tls_key",
        "sslcert": "tls_ca",
        "connect_timeout": "connect_timeout",
    },
    _words(PRISMA, "charset read_timeout write_timeout"),
)
MONGODB = Dialect(
    "mongodb",
    ("mongodb", "mongodb+srv"),
    {
        "authSource": "auth_database",
        "replicaSet": "replica_set",
        "tls": "tls_mode",
        "ssl": "tls_mode",
        "tlsCAFile": "tls_ca",
        "tlsCertificateKeyFile": "tls_cert",
        "connectTimeoutMS": "connect_timeout",
    },
    _words(
        "appName authMechanism authMechanismProperties compressors directConnection heartbeatFrequencyMS journal"
        " loadBalanced localThresholdMS maxConnecting maxIdleTimeMS maxPoolSize maxStalenessSeconds minPoolSize"
        " readConcernLevel readPreference readPreferenceTags retryReads retryWrites serverSelectionTimeoutMS"
        " socketTimeoutMS srvMaxHosts srvServiceName tlsAllowInvalidCertificates tlsAllowInvalidHostnames"
        " tlsCertificateKeyFilePassword tlsInsecure uuidRepresentation w waitQueueTimeoutMS wtimeoutMS"
        " zlibCompressionLevel"
    ),
)
SQLITE = Dialect(
    "sqlite",
    ("sqlite", "file"),
    {"connect_timeout": "connect_timeout"},
    _words("connection_limit pool_timeout socket_timeout mode cache immutable timeout"),
)
#: Every URL scheme.
BY_SCHEME = {scheme: dialect for dialect in (POSTGRESQL, MYSQL, MONGODB, SQLITE) for scheme in dialect.schemes}
