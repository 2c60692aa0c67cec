"""The address of a PostgreSQL database: judged, and shown without its password. Loads no database code."""

from __future__ import annotations

from urllib.parse import parse_qs, unquote, urlsplit, urlunsplit

from proxtui.config.secret import Secret

SCHEMES = ("postgresql", "postgres", "postgresql+psycopg")
_CHECKED = ("require", "verify-ca", "verify-full")
_LOCAL = ("localhost", "127.0.0.1", "::1")


def check_database_url(url: Secret) -> None:
    """ValueError, without a word of the address, unless it may be one."""
    try:
        parts = urlsplit(url.get_secret_value())
        _port = parts.port
    except ValueError:
        raise ValueError("is no address such as postgresql://USER:PASSWORD@HOST/DATABASE") from None
    if parts.scheme not in SCHEMES:
        raise ValueError("needs an address such as postgresql://USER:PASSWORD@HOST/DATABASE")
    if len(parts.path) < 2:
        raise ValueError("names no database: postgresql://USER:PASSWORD@HOST/DATABASE")


def shown(url: Secret) -> str:
    """The address as people may see it: without passwords."""
    try:
        parts = urlsplit(url.get_secret_value())
    except ValueError:
        return "postgresql://?"
    user, at, host = parts.netloc.rpartition("@")
    kept = "&".join(one for one in parts.query.split("&") if "pass" not in one.lower())
    text = urlunsplit(("postgresql", user.partition(":")[0] + at + host, parts.path, kept, ""))
    return "".join(sign for sign in text if sign.isprintable())


def password_of(url: Secret) -> str:
    """The password inside; empty where there is none."""
    try:
        parts = urlsplit(url.get_secret_value())
        return unquote(parts.password or "") or parse_qs(parts.query).get("password", [""])[0]
    except ValueError:
        return ""


def is_plain(url: Secret) -> bool:
    """Whether the address lets a connection over the network go without TLS."""
    parts = urlsplit(url.get_secret_value())
    query = parse_qs(parts.query)
    hosts = [host for host in (parts.hostname, *query.get("host", [])) if host]
    is_local = all(host in _LOCAL or host.startswith("/") for host in hosts)
    return not is_local and query.get("sslmode", [""])[0] not in _CHECKED
