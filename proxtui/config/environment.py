"""One server without any file: from variables and flags. A flag beats its variable."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import NamedTuple, get_args

from proxtui.config.address import parse_address, parse_fingerprint, parse_port, short_name
from proxtui.config.models import (
    DEFAULT_PORT,
    MAX_TIMEOUT_MS,
    MIN_TIMEOUT_MS,
    Config,
    Credentials,
    Endpoint,
    Server,
    Settings,
    Sweep,
    Tenant,
    TlsTrust,
    User,
)
from proxtui.config.rules import role_of, rules_of
from proxtui.config.secret import Secret
from proxtui.config.variables import VARIABLES, Variable
from proxtui.errors import UsageError

__all__ = ["VARIABLES", "ConnectionFlags", "Variable", "from_environment", "wanted_sweep", "wants_read_only"]

DEFAULT_TENANT = "default"
DEFAULT_REALM = "pam"
_REALM = re.compile(r"[A-Za-z][A-Za-z0-9._-]{1,31}")
_SECRET = re.compile(r"[\x21-\x7e]+")
_TOKEN_NAME = re.compile(r"[A-Za-z][A-Za-z0-9._-]*")
_USER = re.compile(r"[^\s:/\x00-\x1f\x7f]{1,64}")
_YES = frozenset({"1", "true", "yes", "on"})
_NO = frozenset({"0", "false", "no", "off"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionFlags:
    """What the command line said about the connection; None where it said nothing."""

    host: str | None = None
    port: int | str | None = None
    username: str | None = None
    realm: str | None = None
    token_id: str | None = None
    fingerprint: str | None = None
    ca_file: str | None = None
    read_only: bool = False


class _Said(NamedTuple):
    """A value and where it came from, so that a complaint can name the place."""

    value: str
    source: str

    def wrong(self, why: object) -> UsageError:
        line = f"{self.source}: {why}"
        # It is shown again on a terminal: control characters must not come out as such.
        return UsageError("".join(sign if sign.isprintable() else "?" for sign in line))


class _Sources:
    """Flags over variables; an empty variable counts as not set."""

    def __init__(self, environ: Mapping[str, str], flags: ConnectionFlags) -> None:
        self._environ = environ
        self._flags = flags

    def of(self, name: str) -> _Said | None:
        """What was said about ``name`` (``host``, ``token_id``, ...)."""
        flag = getattr(self._flags, name, None)
        if flag is not None:
            said = _Said(str(flag).strip(), "--" + name.replace("_", "-"))
            if not said.value:
                # Not the variable instead: nobody who wrote the flag meant that server.
                raise said.wrong("is empty")
            return said
        variable = f"PROXMOX_{name.upper()}"
        value = self._environ.get(variable, "")
        if any("\ud800" <= sign <= "\udfff" for sign in value):
            raise UsageError(f"{variable}: is not UTF-8")
        # A password may begin or end with a blank; nothing else does on purpose.
        value = value if name == "password" else value.strip()
        return _Said(value, variable) if value else None

    def by_flag(self, name: str) -> bool:
        return getattr(self._flags, name, None) is not None

    def first(self) -> _Said | None:
        """Any one thing that was said, or None when nothing was."""
        named = [field.name for field in fields(ConnectionFlags) if field.name != "read_only"]
        named += ["password", "token_secret", "verify_ssl", "timeout"]
        return next((said for name in named if (said := self.of(name))), None)


def from_environment(environ: Mapping[str, str], *, overrides: ConnectionFlags | None = None) -> Config | None:
    """The configuration of one server in tenant ``default``, or None when nothing about a server is set.

    Its password is None when it has to be asked for (``Credentials.lacks_password``).
    Raises UsageError with one line that names the variable or flag.
    """
    flags = overrides or ConnectionFlags()
    settings = Settings(
        read_only=flags.read_only or wants_read_only(environ), sweep=wanted_sweep(environ) or "off", **rules_of(environ)
    )
    sources = _Sources(environ, flags)
    something = sources.first()
    if something is None:
        return None
    if (host := sources.of("host")) is None:
        raise UsageError(f"{something.source} is set, but no server: set PROXMOX_HOST or --host")
    endpoint = _endpoint(sources, host)
    credentials = _credentials(sources)
    trust = _trust(sources, has_token=credentials.token_id is not None)
    server = Server(
        name=short_name(endpoint.host),
        endpoints=(endpoint,),
        trust=trust,
        credentials=credentials,
        timeout_ms=_timeout(sources),
    )
    tenant = Tenant(slug=DEFAULT_TENANT, name=DEFAULT_TENANT, servers=(server,))
    user = User(name=credentials.userid[:80], system_role="admin", roles={DEFAULT_TENANT: role_of(environ)})
    return Config(tenants=(tenant,), users=(user,), settings=settings)


def wants_read_only(environ: Mapping[str, str]) -> bool:
    """Whether ``PROXTUI_READ_ONLY`` asks for the lock; an unclear value is an error, never a no."""
    value = environ.get("PROXTUI_READ_ONLY", "").strip()
    return _boolean(_Said(value, "PROXTUI_READ_ONLY")) if value else False


def wanted_sweep(environ: Mapping[str, str]) -> Sweep | None:
    """What ``PROXTUI_SWEEP`` says is to be asked slowly; None when it says nothing, UsageError for another word."""
    value = environ.get("PROXTUI_SWEEP", "").strip()
    known: dict[str, Sweep] = {word: word for word in get_args(Sweep)}
    if value and value not in known:
        raise _Said(value, "PROXTUI_SWEEP").wrong(f"{value[:40]!r} is none of {', '.join(known)}")
    return known.get(value)


def _endpoint(sources: _Sources, said: _Said) -> Endpoint:
    try:
        host, port = parse_address(said.value)
    except ValueError as error:
        raise said.wrong(error) from None
    explicit = sources.of("port")
    if explicit is None:
        return Endpoint(host=host, port=DEFAULT_PORT if port is None else port)
    try:
        number = parse_port(explicit.value)
    except ValueError as error:
        raise explicit.wrong(error) from None
    if port not in (None, number):
        raise explicit.wrong(f"says {number}, but {said.source} says {port}")
    return Endpoint(host=host, port=number)


def _credentials(sources: _Sources) -> Credentials:
    token, secret = sources.of("token_id"), sources.of("token_secret")
    if token and not secret:
        raise token.wrong("PROXMOX_TOKEN_SECRET is missing")
    if secret and not token:
        raise secret.wrong("PROXMOX_TOKEN_ID is missing")
    if secret and not _SECRET.fullmatch(secret.value):
        raise secret.wrong("is not the secret of a token: a UUID, without blanks or line ends")
    username, realm = _user(sources)
    if token is None:
        if not username:
            raise UsageError("no login: set PROXMOX_TOKEN_ID and PROXMOX_TOKEN_SECRET, or PROXMOX_USERNAME")
        password = sources.of("password")
        hidden = Secret(password.value) if password else None
        return Credentials(username=username, realm=realm or DEFAULT_REALM, password=hidden)
    owner, owner_realm = _token_owner(token, username, realm)
    return Credentials(
        username=owner,
        realm=owner_realm,
        token_id=token.value,
        token_secret=Secret(secret.value) if secret else None,
    )


def _user(sources: _Sources) -> tuple[str, str]:
    """User without realm, and realm; each empty where nothing was said."""
    username, realm = sources.of("username"), sources.of("realm")
    if realm and not _REALM.fullmatch(realm.value):
        raise realm.wrong(f"{realm.value[:40]!r} is not a realm")
    chosen = realm.value if realm else ""
    if username is None:
        return "", chosen
    if "!" in username.value:
        raise username.wrong("that is an API token; set PROXMOX_TOKEN_ID")
    if not _USER.fullmatch(username.value):
        raise username.wrong(f"{username.value[:80]!r} is not a user of PVE: at most 64 characters, no blank, : or /")
    # A user name may hold an @ itself; the realm follows the last one.
    user, at, named = username.value.rpartition("@")
    if not at:
        return username.value, chosen
    if not (user and named):
        raise username.wrong(f"{username.value[:80]!r} is not USER or USER@REALM")
    if realm and realm.value != named:
        raise username.wrong(f"names realm {named}, but {realm.source} says {realm.value}")
    return user, named


def _token_owner(token: _Said, username: str, realm: str) -> tuple[str, str]:
    """User and realm of a token, which must not contradict the user and realm that were set."""
    owner, bang, name = token.value.partition("!")
    if not _TOKEN_NAME.fullmatch(name if bang else owner) or (bang and not _USER.fullmatch(owner)):
        raise token.wrong(f"{token.value[:80]!r} is not ID or USER@REALM!ID")
    if not bang:
        if not username:
            raise token.wrong("whose token? write USER@REALM!ID, or set PROXMOX_USERNAME")
        return username, realm or DEFAULT_REALM
    user, _, named = owner.rpartition("@")
    if not (user and named and name) or "!" in name:
        raise token.wrong(f"{token.value[:80]!r} is not ID or USER@REALM!ID")
    if realm and realm != named:
        raise token.wrong(f"belongs to realm {named}, but the realm is set to {realm}")
    if username and username != user:
        raise token.wrong(f"belongs to {owner}, but the user is set to {username}")
    return user, named


def _trust(sources: _Sources, *, has_token: bool) -> TlsTrust:
    pins, authority, verify = sources.of("fingerprint"), sources.of("ca_file"), sources.of("verify_ssl")
    if pins and authority:
        if sources.by_flag("fingerprint") == sources.by_flag("ca_file"):
            raise pins.wrong(f"cannot go together with {authority.source}")
        pins, authority = (pins, None) if sources.by_flag("fingerprint") else (None, authority)
    checked = _boolean(verify) if verify else True
    if pins:
        return TlsTrust(mode="fingerprint", fingerprints=_pins(pins))
    if authority:
        return TlsTrust(mode="ca", ca_file=_authority(authority))
    if not checked and not has_token and verify:
        raise verify.wrong("allowed with an API token only; for a password set PROXMOX_FINGERPRINT instead")
    return TlsTrust(mode="system" if checked else "off")


def _authority(said: _Said) -> Path:
    """The PEM file of an authority, tried out: what is wrong with it is told before anything is sent."""
    import ssl

    try:
        path = Path(said.value).expanduser()
    except RuntimeError:
        raise said.wrong(f"{said.value}: nobody knows that home folder") from None
    if path.is_dir():
        raise said.wrong(f"{said.value} is a folder; name the PEM file in it")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=path)
    except ssl.SSLError:
        raise said.wrong(f"{said.value} holds no PEM certificate") from None
    except FileNotFoundError:
        raise said.wrong(f"there is no file {said.value}") from None
    except OSError as error:
        raise said.wrong(f"{said.value} cannot be read: {error.strerror}") from None
    return path


def _pins(said: _Said) -> tuple[str, ...]:
    try:
        pins = tuple(parse_fingerprint(part) for part in said.value.split(",") if part.strip())
    except ValueError as error:
        raise said.wrong(error) from None
    if not pins:
        raise said.wrong("no fingerprint in it")
    return tuple(dict.fromkeys(pins))


def _timeout(sources: _Sources) -> int:
    said = sources.of("timeout")
    if said is None:
        return 30_000
    digits = said.value.isascii() and said.value.isdigit() and len(said.value) <= 7
    if not digits or not MIN_TIMEOUT_MS <= int(said.value) <= MAX_TIMEOUT_MS:
        raise said.wrong(f"{said.value[:40]!r} is not a number of ms from {MIN_TIMEOUT_MS} to {MAX_TIMEOUT_MS}")
    return int(said.value)


def _boolean(said: _Said) -> bool:
    value = said.value.lower()
    if value in _YES | _NO:
        return value in _YES
    raise said.wrong(f"{said.value[:40]!r} is neither true nor false (1 0 yes no on off)")
