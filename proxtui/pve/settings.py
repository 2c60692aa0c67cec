"""What a client needs to know about one PVE endpoint."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from ipaddress import IPv6Address
from typing import Literal

from proxtui.errors import InvalidInput

Trust = Literal["system", "ca", "fingerprint", "off"]

DEFAULT_PORT = 8006
_HOST_NAME = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*\.?")
_USER = re.compile(r"[^\s:/\x00-\x1f\x7f]{1,64}")
_REALM = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,31}")
_TOKEN_ID = re.compile(r"[A-Za-z][A-Za-z0-9._-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxmoxConfig:
    """One endpoint, who we are there, and whom we trust. Secrets are not in the ``repr``.

    ``InvalidInput`` (field, value, rule) when a field cannot be meant.
    """

    host: str
    """``pve1``, ``10.0.0.1``, ``[::1]`` or as pasted, ``https://pve1:8006/#v1``; kept as the bare name or address."""
    port: int = DEFAULT_PORT
    username: str = ""
    """With or without ``@realm``; may be empty when ``token_id`` tells the user."""
    password: str | None = field(default=None, repr=False)
    token_id: str | None = None
    """``id`` or ``user@realm!id``."""
    token_secret: str | None = field(default=None, repr=False)
    realm: str = "pam"
    verify_ssl: bool = True
    """False is honoured for API tokens only: a password or ticket never goes to an unknown server."""
    timeout: int = 30_000
    """Total deadline of an ordinary call, milliseconds."""
    fingerprints: tuple[str, ...] = ()
    """SHA-256 of trusted certificates, ``AA:BB:..``; the only trust there is when not empty."""
    ca_file: str | None = None
    """PEM file with the only authorities to trust, such as ``pve-root-ca.pem``."""

    def __post_init__(self) -> None:
        host, port = _host_and_port(self.host)
        if port is not None and self.port == DEFAULT_PORT:
            object.__setattr__(self, "port", port)
        object.__setattr__(self, "host", host)
        object.__setattr__(self, "fingerprints", tuple(normal_fingerprint(pin) for pin in self.fingerprints))
        _check_number("port", self.port, 1, 65_535)
        _check_number("timeout", self.timeout, 1, 86_400_000)
        self._check_identity()
        if self.trust == "off" and not (self.token_id and self.token_secret):
            raise InvalidInput(
                "verify_ssl", False, "only with an API token; pin the certificate with fingerprints instead"
            )

    def _check_identity(self) -> None:
        if not _REALM.fullmatch(self.realm):
            raise InvalidInput("realm", self.realm, "a realm such as pam or pve")
        if self.username and not _USER.fullmatch(self.username):
            raise InvalidInput("username", self.username, "a PVE user, at most 64 characters, with or without @realm")
        if self.token_secret is not None and not re.fullmatch(r"[\x21-\x7e]+", self.token_secret):
            raise InvalidInput("token_secret", "(hidden)", "the token's UUID, without blanks or line ends")
        if self.token_id is None:
            return
        user, _, token = self.token_id.rpartition("!")
        if not _TOKEN_ID.fullmatch(token) or (user and not _USER.fullmatch(user)):
            raise InvalidInput("token_id", self.token_id, "the token's name, or user@realm!name")
        if not user and not self.username:
            raise InvalidInput("token_id", self.token_id, "needs a username, or the form user@realm!name")

    @property
    def userid(self) -> str:
        """``root@pam``: who we are; the token's owner when there is a token. Empty when nobody is named."""
        owner = (self.token_id or "").rpartition("!")[0]
        user = owner or self.username
        if not user or "@" in user:
            return user
        return f"{user}@{self.realm}"

    @property
    def full_token_id(self) -> str | None:
        """``root@pam!monitor``, or None without a token."""
        if self.token_id is None:
            return None
        return f"{self.userid}!{self.token_id.rpartition('!')[2]}"

    @property
    def trust(self) -> Trust:
        """How the server's certificate is judged; pins win over an authority, both over the system's store."""
        if self.fingerprints:
            return "fingerprint"
        if self.ca_file:
            return "ca"
        return "system" if self.verify_ssl else "off"

    @property
    def endpoint(self) -> str:
        """``pve1:8006``, ``[::1]:8006``."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @property
    def base_url(self) -> str:
        """``https://pve1:8006``, without a path."""
        return f"https://{self.endpoint}"


def normal_fingerprint(text: str) -> str:
    """A SHA-256 fingerprint in PVE's own spelling, ``AA:BB:..`` (32 bytes)."""
    digits = re.sub(r"^sha-?256[:= ]", "", text.strip(), flags=re.IGNORECASE).replace(":", "").replace(" ", "")
    if not re.fullmatch(r"[0-9A-Fa-f]{64}", digits):
        raise InvalidInput("fingerprint", text, "the SHA-256 of a certificate: 32 bytes in hex, as in AA:BB:CC:..")
    digits = digits.upper()
    return ":".join(digits[i : i + 2] for i in range(0, 64, 2))


def _host_and_port(given: str) -> tuple[str, int | None]:
    text = given.strip()
    if text.lower().startswith("http://"):
        raise InvalidInput("host", given, "PVE speaks https only")
    if text.lower().startswith("https://"):
        # With what a browser shows behind it, as in ``https://pve1:8006/#v1:0:18:4``.
        text = re.split(r"[/?#]", text[len("https://") :], maxsplit=1)[0]
    text = text.rstrip("/")
    if "@" in text:
        raise InvalidInput("host", given, "a user name does not belong into the host")
    if text.count(":") > 1 and not text.startswith("["):
        return _address(given, text), None
    if text.startswith("["):
        inside, bracket, rest = text[1:].partition("]")
        return _address(given, inside if bracket else ""), _port(given, rest)
    name, colon, digits = text.partition(":")
    if not _HOST_NAME.fullmatch(name) or len(name) > 253:
        raise InvalidInput("host", given, "a host name or an address")
    return name, _port(given, colon + digits)


def _address(given: str, text: str) -> str:
    try:
        return str(IPv6Address(text))
    except ValueError:
        raise InvalidInput("host", given, "a host name or an address") from None


def _port(given: str, text: str) -> int | None:
    if not text:
        return None
    if not re.fullmatch(r":[0-9]{1,5}", text):
        raise InvalidInput("host", given, "a host name or an address, then perhaps :port")
    return int(text[1:])


def _check_number(name: str, value: object, low: int, high: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise InvalidInput(name, value, f"a whole number from {low} to {high}")
