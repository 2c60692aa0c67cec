"""A server as it is configured: its addresses, the ways to them, whom to trust there and who we are."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from proxtui.config.address import Address, parse_address, parse_fingerprint
from proxtui.config.checks import Value, refuse_no_slug, refuse_outside
from proxtui.config.secret import Secret

MIN_TIMEOUT_MS = 1_000
MAX_TIMEOUT_MS = 600_000
DEFAULT_TIMEOUT_MS = 30_000
DEFAULT_PORT = 8006
SSH_PORT = 22
MOST_PINS = 3
"""Fingerprints of one server: each further one is somebody else's chance."""
UNSAID = -1
"""The port of an endpoint that names none."""
_LOGIN = re.compile(r"([A-Za-z0-9_][A-Za-z0-9._@-]{0,63})?")
_HOST_KEY = re.compile(r"SHA256:[A-Za-z0-9+/]{43}|(ssh|ecdsa|sk)-[a-z0-9@.-]{3,60} [A-Za-z0-9+/]{40,4000}={0,2}")


def _host_key(text: str) -> str:
    kept = " ".join(text.split()[:2]).removesuffix("=" if text.startswith("SHA256:") else "")
    if not _HOST_KEY.fullmatch(kept):
        raise ValueError("host_keys: needs lines such as ssh-ed25519 AAAA... or SHA256:...")
    return kept


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class TlsTrust(Value):
    """How the certificate of a server is judged."""

    mode: Literal["system", "ca", "fingerprint", "off"] = "system"
    """``off`` checks nothing; it needs an API token and shows as a red badge."""
    fingerprints: tuple[str, ...] = ()
    """SHA-256 of the server's own certificate, kept as ``AA:BB:...``; up to three while one is being replaced."""
    ca_file: Path | None = None
    """PEM file, such as a copy of ``/etc/pve/pve-root-ca.pem``."""

    def __post_init__(self) -> None:
        self._keep("fingerprints", tuple(parse_fingerprint(one) for one in self.fingerprints))
        if len(self.fingerprints) > MOST_PINS:
            raise ValueError(
                f"fingerprints: at most {MOST_PINS}, the current one, the next and the old one; take one away first"
            )
        if self.mode == "fingerprint" and not self.fingerprints:
            raise ValueError("trust mode fingerprint needs fingerprints")
        if self.mode == "ca" and self.ca_file is None:
            raise ValueError("trust mode ca needs ca_file")


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Endpoint(Value):
    """One address of a server. ``host`` may be a pasted one; it is kept without its port and the brackets of IPv6."""

    host: str
    port: int = UNSAID
    """8006 unless it is said here or in ``host``."""

    def __post_init__(self) -> None:
        host, named = parse_address(self.host)
        if named is not None and self.port not in (UNSAID, named):
            raise ValueError(f"host names port {named}, port says {self.port}")
        if self.port != UNSAID:
            refuse_outside("port", self.port, 1, 65_535)
        self._keep("host", host)
        self._keep("port", named or (DEFAULT_PORT if self.port == UNSAID else self.port))

    @property
    def label(self) -> str:
        """``host:port``, IPv6 in brackets."""
        return Address(self.host, self.port).label


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Credentials(Value):
    """An API token, or a user with a password. The token wins where both are given."""

    username: str = ""
    """With or without ``@realm``; may be empty when ``token_id`` names the user."""
    realm: str = "pam"
    password: Secret | None = None
    token_id: str | None = None
    """``id`` or ``user@realm!id``."""
    token_secret: Secret | None = None

    def __post_init__(self) -> None:
        if (self.token_id is None) != (self.token_secret is None):
            raise ValueError("token_id and token_secret belong together")

    @property
    def lacks_password(self) -> bool:
        """True when somebody has to be asked before the first request."""
        return self.token_id is None and self.password is None

    @property
    def userid(self) -> str:
        """``user@realm`` as PVE writes it."""
        named = (self.token_id or "").partition("!")
        user = named[0] if named[1] else self.username
        return user if "@" in user or not user else f"{user}@{self.realm}"


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class JumpHost(Value):
    """A host that SSH goes through on the way to a server."""

    host: str
    """Name or address; a port may stand behind it."""
    port: int = UNSAID
    """22 unless it is said here or in ``host``."""
    username: str = ""
    """Empty: the name of who runs proxtui."""
    host_keys: tuple[str, ...] = ()
    """Of the host, as ``ssh-ed25519 AAAA...`` or ``SHA256:...``; empty: what ``~/.ssh/known_hosts`` says counts."""
    key_file: Path | None = None
    """Private key; None: those of the SSH agent, then the usual ones in ``~/.ssh``."""
    key_passphrase: Secret | None = None
    """Of ``key_file``, where it has one."""

    def __post_init__(self) -> None:
        at = Endpoint(host=self.host, port=self.port)
        said = self.port != UNSAID or at.port != DEFAULT_PORT
        self._keep("host", at.host)
        self._keep("port", at.port if said else SSH_PORT)
        if not _LOGIN.fullmatch(self.username):
            raise ValueError("username: needs the name of a login, without blanks")
        self._keep("host_keys", tuple(_host_key(one) for one in self.host_keys))

    @property
    def label(self) -> str:
        """``host:port``, IPv6 in brackets."""
        return Address(self.host, self.port).label


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Server(Value):
    """A cluster or a standalone node."""

    name: str
    """A slug: part of every key, so it never changes by itself."""
    endpoints: tuple[Endpoint, ...]
    """In order of preference: the next one is used when one does not answer."""
    trust: TlsTrust = TlsTrust()
    credentials: Credentials = Credentials()
    timeout_ms: int | None = None
    """Total deadline of an ordinary call; None: what the tenant says."""
    use_tailscale: bool = False
    """Try ``tailscale_hostname`` before the endpoints, and these when it does not answer."""
    tailscale_hostname: str | None = None
    """The same server on a second path, at the port of the first endpoint."""
    jumps: tuple[JumpHost, ...] = ()
    """Hosts that SSH goes through, the nearest first; the endpoints are then as the last of them sees them."""
    is_active: bool = True
    """False: kept here, and asked nothing."""
    use_learned_timeout: bool = False
    """Take the deadline that the connection's own history suggests."""

    def __post_init__(self) -> None:
        refuse_no_slug("name", self.name)
        if self.timeout_ms is not None:
            refuse_outside("timeout_ms", self.timeout_ms, MIN_TIMEOUT_MS, MAX_TIMEOUT_MS)
        if not self.endpoints:
            raise ValueError(f"server {self.name} has no endpoints")
        if self.tailscale_hostname is not None:
            self._keep("tailscale_hostname", Endpoint(host=self.tailscale_hostname).host)
        elif self.use_tailscale:
            raise ValueError("use_tailscale needs tailscale_hostname")
        if self.trust.mode == "off" and self.credentials.token_id is None:
            raise ValueError("trust mode off is allowed with an API token only")

    @property
    def deadline_ms(self) -> int:
        """Total deadline of an ordinary call."""
        return self.timeout_ms or DEFAULT_TIMEOUT_MS

    @property
    def tailscale(self) -> Endpoint | None:
        """The second path, where it is to be used."""
        if not self.use_tailscale or self.tailscale_hostname is None:
            return None
        return Endpoint(host=self.tailscale_hostname, port=self.endpoints[0].port)
