# Copyright (c) 2026, Ctrl-Alt-Play PanelDB contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Database URLs of all engines, as libpq, Prisma, SQLAlchemy and the MongoDB drivers write them.

Nothing of a URL is ever put into a message but its scheme and the names of its parameters: the rest may be a secret.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote_to_bytes

from ..errors import InputError
from .target import Target, convert
from .url_dialects import BY_SCHEME, MYSQL, POSTGRESQL, SQLITE, Dialect

MASK = "***"

_SECRET_OPTIONS = ("sslpassword", "tlsCertificateKeyFilePassword")
_ENCODE = "Write : / ? # [ ] @ % and spaces in a user, password or name percent-encoded, such as %40 for @."
_SCHEMES = "sqlite:///, file:, postgresql://, postgres://, mysql://, mariadb://, mongodb:// or mongodb+srv://"


def parse_url(url: str) -> dict[str, Any]:
    """Give the fields of a target that the URL states.

    :raises InputError: for an unknown scheme or parameter, a bad port, or broken percent-encoding.
    """
    scheme, colon, rest = url.strip().partition(":")
    dialect = BY_SCHEME.get(scheme.lower()) or BY_SCHEME.get(scheme.lower().partition("+")[0])
    if not colon or dialect is None:
        raise InputError("This is no URL of a database.", source="url", expected=f"one that begins with {_SCHEMES}")
    body, _unused, query = rest.partition("?")
    fields = {"engine": dialect.engine, **_parameters(dialect, query)}
    stated = _file(scheme.lower(), body) if dialect is SQLITE else _server(dialect, body)
    if scheme.lower() == "mongodb+srv":
        fields["options"] = {**fields.get("options", {}), "srv": True}
    return _socket_apart(_together(_socket_apart(fields), stated))


def _file(scheme: str, body: str) -> dict[str, Any]:
    """``sqlite:///relative``, ``sqlite:////absolute``, ``file:./relative``, ``file:/absolute``, ``file:///absolute``."""
    if scheme == "file":
        path = "/" + body.lstrip("/") if body.startswith("//") else body
    elif body.startswith("///"):
        path = body[3:]
    else:
        raise InputError("This URL has no path.", source="url", expected="sqlite:///FILE, or sqlite:////FOLDER/FILE")
    return {"path": _decoded(path)} if path else {}


def _server(dialect: Dialect, body: str) -> dict[str, Any]:
    if not body.startswith("//"):
        raise InputError("There is no // behind the scheme.", source="url", expected=_SCHEMES)
    if "#" in body:
        raise InputError("A # stands in the URL.", source="url", hint=_ENCODE)
    authority, _unused, database = body[2:].partition("/")
    credentials, _unused, hosts = authority.rpartition("@")
    user, _unused, password = credentials.partition(":")
    found = {"user": user, "password": password, "database": database.rstrip("/")}
    fields: dict[str, Any] = {name: _decoded(value) for name, value in found.items() if value}
    return {**fields, **_hosts(dialect, hosts)}


def _hosts(dialect: Dialect, text: str) -> dict[str, Any]:
    """One host gives ``host`` and ``port``; several stay together in ``host``."""
    if not text:
        return {}
    pairs = [_host(each) for each in text.split(",")]
    if len(pairs) > 1:
        if dialect is MYSQL:
            raise InputError("A MySQL URL names one server.", source="url", hint="Name one server.")
        return {"host": ",".join(_joined(host, port) for host, port in pairs)}
    host, port = pairs[0]
    return {name: value for name, value in (("host", host), ("port", port)) if value}


def _host(text: str) -> tuple[str, int]:
    match = re.fullmatch(r"(\[(?P<address>[^\[\]]*)\]|(?P<name>[^\[\]:]*))(:(?P<port>[^:]*))?", text)
    if match is None:
        raise InputError(
            "Host and port cannot be told apart.", source="url", hint=f"IPv6 stands in brackets. {_ENCODE}"
        )
    host = _decoded(match["address"] if match["name"] is None else match["name"])
    return host, _url_port(match["port"]) if match["port"] else 0


def _url_port(text: str) -> int:
    try:
        return int(convert("port", text, "url"))
    except InputError as error:
        raise InputError("What stands in the place of the port is none.", source="url", hint=_ENCODE) from error


def _joined(host: str, port: int) -> str:
    host = f"[{host}]" if ":" in host else host
    return f"{host}:{port}" if port else host


def split_hosts(target: Target) -> list[tuple[str, int]]:
    """Give host and port (0 where unsaid) of every server that the target names."""
    if "," not in target.host:
        return [(target.host, target.port)] if target.host else []
    return [_host(each) for each in target.host.split(",")]


def _parameters(dialect: Dialect, query: str) -> dict[str, Any]:
    if "#" in query:
        raise InputError("A # stands in the URL.", source="url", hint=_ENCODE)
    pairs = _prisma_certificates(dialect, [_pair(each) for each in query.split("&") if each])
    fields: dict[str, Any] = {}
    options: dict[str, Any] = {}
    for name, value in pairs:
        if name in dialect.fields:
            fields = _together(fields, _field(dialect.fields[name], name, value))
        elif name in dialect.options:
            options[name] = value
        else:
            raise InputError(
                f"The URL has a parameter that {dialect.engine} does not know.",
                source="url",
                found=name,
                expected=f"one of {dialect.known()}",
            )
    return {**fields, "options": options} if options else fields


def _pair(text: str) -> tuple[str, str]:
    name, _unused, value = text.partition("=")
    return _decoded(name), _decoded(value)


def _prisma_certificates(dialect: Dialect, pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Where ``sslaccept`` shows that Prisma wrote the URL, ``sslcert`` is the authority's certificate.

    See "SSL connections" in Prisma's reference of PostgreSQL and MySQL connection URLs.
    """
    accept = dict(pairs).get("sslaccept")
    if dialect is not POSTGRESQL or accept is None:
        return pairs
    names = {"sslcert": "sslrootcert"}
    modes = {"require": "verify-full"} if accept == "strict" else {}
    kept = [pair for pair in pairs if pair[0] != "sslaccept"]
    return [(names.get(name, name), modes.get(value, value) if name == "sslmode" else value) for name, value in kept]


def _field(field: str, name: str, value: str) -> dict[str, Any]:
    if value == "":
        return {}
    if name in ("tls", "ssl"):
        return {field: "require" if _truth(name, value) else "disable"}
    if name == "connectTimeoutMS":
        return {field: convert(field, value, f"url: {name}") / 1000}
    return {field: convert(field, value, f"url: {name}")}


def _truth(name: str, value: str) -> bool:
    if value.lower() not in ("true", "false"):
        raise InputError("This is neither true nor false.", source=f"url: {name}", expected="true or false")
    return value.lower() == "true"


def _together(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    for name in second:
        if name in first and first[name] != second[name]:
            raise InputError(f"The URL says {name.replace('_', ' ')} twice, and differently.", source="url")
    return {**first, **second}


def _socket_apart(fields: dict[str, Any]) -> dict[str, Any]:
    """A host that is a folder is where the socket lies (libpq); Prisma writes ``localhost`` beside the socket."""
    host = fields.get("host", "")
    if host.startswith("/"):
        fields["unix_socket"] = fields.pop("host")
    elif fields.get("unix_socket") and host == "localhost":
        del fields["host"]
        fields.pop("port", None)
    return fields


def _decoded(text: str) -> str:
    if re.search(r"%(?![0-9A-Fa-f]{2})", text):
        raise InputError("A % in the URL is not followed by two hexadecimal digits.", source="url", hint=_ENCODE)
    try:
        decoded = unquote_to_bytes(text).decode()
    except UnicodeDecodeError as error:
        raise InputError("The URL's percent-encoded bytes are not UTF-8.", source="url", hint=_ENCODE) from error
    if "\0" in decoded:
        raise InputError("The URL holds %00, which no engine takes.", source="url", hint="Leave it out.")
    return decoded


# --- writing -----------------------------------------------------------------------------------------------------


def to_url(target: Target, *, mask: bool, style: str = "generic") -> str:
    """Write the target as a URL; ``mask`` puts ``***`` in place of secrets.

    ``style`` is ``generic`` (``parse_url`` reads it back), ``prisma`` or ``sqlalchemy``. The session's own timeouts
    for locks and statements stand in no URL.
    """
    if target.engine == "sqlite":
        return _file_url(target, style)
    parameters = [(name, MASK if mask and name in _SECRET_OPTIONS else value) for name, value in _said(target, style)]
    query = "&".join(f"{name}={_encoded(_text(value), '*' if mask else '')}" for name, value in parameters)
    path = "/" + _encoded(target.database) if target.database or query else ""
    return f"{_scheme(target, style)}://{_authority(target, mask, style)}{path}" + (f"?{query}" if query else "")


def _file_url(target: Target, style: str) -> str:
    path = quote(target.path, safe="/:.")
    query = "&".join(f"{name}={_encoded(_text(value))}" for name, value in target.options.items())
    return (f"file:{path}" if style == "prisma" else f"sqlite:///{path}") + (f"?{query}" if query else "")


def _scheme(target: Target, style: str) -> str:
    if target.options.get("srv"):
        return "mongodb+srv"
    drivers = {"postgresql": "postgresql+psycopg2", "mysql": "mysql+pymysql"} if style == "sqlalchemy" else {}
    return drivers.get(target.engine, target.engine)


def _authority(target: Target, mask: bool, style: str) -> str:
    password = "" if not target.password else ":" + (MASK if mask else _encoded(target.password))
    credentials = f"{_encoded(target.user)}{password}@" if target.user or password else ""
    if target.unix_socket:
        # Prisma and PyMySQL want a host even where a socket is used.
        host, port = ("localhost", 0) if target.engine == "mysql" or style == "prisma" else ("", target.port)
        return credentials + (_joined(host, port) if host or port else "")
    pairs = split_hosts(target) or ([("", target.port)] if target.port else [])
    return credentials + ",".join(_joined(_encoded(host, ":"), port) for host, port in pairs)


def _said(target: Target, style: str) -> list[tuple[str, Any]]:
    """The query parameters, in the names of the style."""
    names = _parameter_names(target, style)
    parameters: list[tuple[str, Any]] = []
    for field, name in names.items():
        value = getattr(target, field)
        if value not in ("", 0):
            parameters.extend(_parameter(target, style, name, value))
    if target.connect_timeout != Target.connect_timeout:
        parameters.append(_connect_timeout(target))
    return parameters + [(name, value) for name, value in target.options.items() if name != "srv"]


def _parameter_names(target: Target, style: str) -> dict[str, str]:
    if target.engine == "mongodb":
        names = {"auth_database": "authSource", "replica_set": "replicaSet", "tls_mode": "tls", "tls_ca": "tlsCAFile"}
        return {**names, "tls_cert": "tlsCertificateKeyFile"}
    if target.engine == "mysql":
        names = {"unix_socket": "socket" if style == "prisma" else "unix_socket", "tls_ca": "ssl_ca"}
        names = {**names, "tls_cert": "ssl_cert", "tls_key": "ssl_key"}
        if style == "prisma":
            return {**names, "tls_ca": "sslcert"}
        return names if style == "sqlalchemy" else {**names, "tls_mode": "ssl_mode"}
    names = {"unix_socket": "host", "schema": "schema", "tls_mode": "sslmode", "tls_ca": "sslrootcert"}
    return {**names, "tls_cert": "sslcert", "tls_key": "sslkey"}


def _parameter(target: Target, style: str, name: str, value: Any) -> list[tuple[str, Any]]:
    if target.engine == "mongodb" and name == "tls":
        return [(name, "false" if value == "disable" else "true")]
    if target.engine == "postgresql" and style == "prisma":
        return _prisma_parameter(target, name, value)
    if style == "sqlalchemy" and name == "schema":
        return [("options", f"-c search_path={libpq_option(quoted_identifier(value))}")]
    return [(name, value)]


def _prisma_parameter(target: Target, name: str, value: Any) -> list[tuple[str, Any]]:
    if name == "sslmode" and value in ("verify-ca", "verify-full"):
        return [("sslmode", "require"), ("sslaccept", "strict")]
    if name == "sslrootcert":
        strict = target.tls_mode in ("verify-ca", "verify-full")
        return [("sslcert", value)] + ([] if strict else [("sslaccept", "accept_invalid_certs")])
    return [] if name in ("sslcert", "sslkey") else [(name, value)]


def _connect_timeout(target: Target) -> tuple[str, Any]:
    if target.engine == "mongodb":
        return "connectTimeoutMS", f"{target.connect_timeout * 1000:.15g}"
    return "connect_timeout", f"{target.connect_timeout:.15g}"


def quoted_identifier(name: str) -> str:
    """Quote a name as the SQL standard does."""
    return '"' + name.replace('"', '""') + '"'


def libpq_option(value: str) -> str:
    """Escape a value for libpq's ``options``, which are split at spaces."""
    return re.sub(r"([\\\s])", r"\\\1", value)


def _encoded(text: str, safe: str = "") -> str:
    return quote(text, safe=safe)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
