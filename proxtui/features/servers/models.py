"""What a server is made of and what of it can be changed, as forms and verbs ask for it."""

from __future__ import annotations

import re
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, SecretStr, model_validator
from pydantic_core import PydanticCustomError

from proxtui.config.address import parse_address, parse_fingerprint
from proxtui.config.checks import SLUG, SLUG_RULE
from proxtui.config.server import DEFAULT_PORT, MAX_TIMEOUT_MS, MIN_TIMEOUT_MS, JumpHost
from proxtui.errors import InvalidInput
from proxtui.pve.params.base import HIDDEN, Params, Text, Whole
from proxtui.pve.params.words import Blank, matching

TOKEN = re.compile(r"(?P<id>[\w.-]+@[\w.-]+![\w.-]+)=(?P<secret>[\w-]+)")
"""A whole token, as PVE shows it once."""
_TOKEN_ID = re.compile(r"[\w.-]+@[\w.-]+![\w.-]+")
_WORDS = re.compile(r"[,\s]+")


def _one_rule(check: Any) -> Any:
    """A ``ValueError`` of the configuration as a rule at the field."""

    def taken(value: Any) -> Any:
        try:
            return check(value)
        except ValueError as error:
            raise PydanticCustomError("rule", "{rule}", {"rule": str(error).rpartition("needs ")[2]}) from None

    return taken


def _address(text: Any) -> Any:
    return text if not isinstance(text, str) or not text else parse_address(text).label


def _words(value: Any) -> Any:
    return [word for word in _WORDS.split(value) if word] if isinstance(value, str) else value


def _pins(value: Any) -> Any:
    lines = [one for one in re.split(r"[,;\n]+", value) if one.strip()] if isinstance(value, str) else value
    return [parse_fingerprint(str(one)) for one in lines] if isinstance(lines, list | tuple) else lines


def jump_of(text: str) -> dict[str, Any]:
    """``user@host:port`` as the fields of a jump host. ValueError when it cannot be read."""
    user, _, host = text.strip().rpartition("@")
    made = JumpHost(host=host, username=user)
    return {"host": made.host, "port": made.port} | ({"username": user} if user else {})


_OF_HOP = re.compile(r"(?:(?P<hop>[^=\s]+)=)?(?P<key>(?:SHA256:|ssh-|ecdsa-|sk-).+)")


def hop_and_key(text: str) -> tuple[str, str]:
    """``[HOST[:PORT]=]KEY`` as a host, empty where none is said, and a host key. ValueError when it cannot be meant."""
    said = _OF_HOP.fullmatch(text.strip())
    if said is None:
        raise ValueError("needs SHA256:... or a line such as ssh-ed25519 AAAA..., after HOST= where there are several")
    (key,) = JumpHost(host="h", host_keys=(said["key"],)).host_keys
    return (JumpHost(host=said["hop"]).label if said["hop"] else ""), key


def _hop_keys(value: Any) -> Any:
    lines = [one.strip() for one in re.split(r"[,;\n]+", value) if one.strip()] if isinstance(value, str) else value
    if isinstance(lines, list | tuple):
        for line in lines:
            hop_and_key(str(line))
    return lines


def _jumps(value: Any) -> Any:
    lines = _words(value)
    if isinstance(lines, list | tuple):
        for line in lines:
            jump_of(str(line))
    return lines


Slug = Annotated[str, matching(SLUG, SLUG_RULE)]
Host = Annotated[Text, BeforeValidator(_one_rule(_address))]
Hosts = Annotated[list[Host], BeforeValidator(_words)]
Pins = Annotated[list[str], BeforeValidator(_one_rule(_pins))]
Jumps = Annotated[list[str], BeforeValidator(_one_rule(_jumps))]
HopKeys = Annotated[list[str], BeforeValidator(_one_rule(_hop_keys))]
Port = Annotated[Whole, Field(ge=1, le=65_535)]
Milliseconds = Annotated[Whole, Field(ge=MIN_TIMEOUT_MS, le=MAX_TIMEOUT_MS)]
TokenId = Annotated[str, matching(_TOKEN_ID, "USER@REALM!ID, and never its secret")]


class _Ways(Params):
    """What adding and changing have in common: the ways, the trust and the logins."""

    more_hosts: Hosts | None = Field(
        None, title="More endpoints", description="Other nodes of the same cluster, in order: pve2, pve3:8006."
    )
    fingerprints: Pins | None = Field(
        None, title="Fingerprints", description="SHA-256 of its certificate: trust exactly this one."
    )
    ca_file: Annotated[Text | None, Blank] = Field(
        None, title="CA file", description="Trust what this authority signed: a copy of /etc/pve/pve-root-ca.pem."
    )
    token_id: Annotated[TokenId | None, Blank] = Field(None, title="API token", description="USER@REALM!ID.")
    token_secret: Annotated[SecretStr | None, Blank] = Field(
        None, title="Its secret", description="Or the whole token, USER@REALM!ID=SECRET."
    )
    username: Annotated[Text | None, Blank] = Field(
        None, title="User", description="USER@REALM, where there is no token.", json_schema_extra={"rare": True}
    )
    password: Annotated[SecretStr | None, Blank] = Field(
        None, title="Password", description="Of this user; empty: it is asked for.", json_schema_extra={"rare": True}
    )
    monitor_token_id: Annotated[TokenId | None, Blank] = Field(
        None, title="Read-only token", description="For keys that may only look.", json_schema_extra={"rare": True}
    )
    monitor_token_secret: Annotated[SecretStr | None, Blank] = Field(
        None, title="Its secret", description="Or the whole token.", json_schema_extra={"rare": True}
    )
    timeout_ms: Annotated[Milliseconds | None, Blank] = Field(
        None, title="Time-out", description="Of an ordinary call; empty: as the tenant says.",
        json_schema_extra={"unit": "ms", "rare": True},
    )  # fmt: skip
    use_learned_timeout: bool | None = Field(
        None, title="Learned time-out", description="yes: take what its calls so far suggest, 5 to 120 s, instead.",
        json_schema_extra={"rare": True, "unsaid": "as usual"},
    )  # fmt: skip
    tailscale_hostname: Annotated[Host | None, Blank] = Field(
        None, title="Tailscale name", description="Tried first; then the endpoints.", json_schema_extra={"rare": True}
    )
    use_tailscale: bool | None = Field(
        None,
        title="Use it",
        description="no: keep the name, and go to the endpoints.",
        json_schema_extra={"rare": True, "unsaid": "where it has a name"},
    )
    jumps: Jumps | None = Field(
        None, title="Jump hosts", description="SSH goes through them, the nearest first: ops@jump:22.",
        json_schema_extra={"rare": True},
    )  # fmt: skip
    jump_host_keys: HopKeys | None = Field(
        None, title="Their host keys", description="SHA256:... or a whole line; of several hosts: jump2:22=SHA256:...",
        json_schema_extra={"rare": True},
    )  # fmt: skip
    jump_key_files: Annotated[list[str], BeforeValidator(_words)] | None = Field(
        None, title="Key files", description="The only private key tried there; of several hosts: jump2:22=~/.ssh/two.",
        json_schema_extra={"rare": True},
    )  # fmt: skip

    @model_validator(mode="before")
    @classmethod
    def _whole_tokens(cls, values: Any) -> Any:
        """Take a token that was given as one text apart."""
        if not isinstance(values, dict):
            return values
        made = dict(values)
        for which in ("", "monitor_"):
            if "=" in str(made.get(f"{which}token_id") or ""):
                raise InvalidInput(f"{which}token_id", HIDDEN, "USER@REALM!ID: its secret belongs into another field")
            given = made.get(f"{which}token_secret")
            text = given.get_secret_value() if isinstance(given, SecretStr) else given
            if isinstance(text, str) and (whole := TOKEN.fullmatch(text.strip())):
                said = made.get(f"{which}token_id")
                if said and said != whole["id"]:
                    raise InvalidInput(f"{which}token_id", said, "the secret that was given is of another token")
                made[f"{which}token_id"], made[f"{which}token_secret"] = whole["id"], whole["secret"]
        return made

    @model_validator(mode="after")
    def _go_together(self) -> Self:
        for which in ("token", "monitor_token"):
            secret = getattr(self, f"{which}_secret")
            if secret is not None and not re.fullmatch(r"[\w-]+", secret.get_secret_value()):
                raise InvalidInput(f"{which}_secret", HIDDEN, "letters, digits, hyphens: as PVE shows it once")
            if (getattr(self, f"{which}_id") is None) != (secret is None):
                name = f"{which}_id" if secret is not None else f"{which}_secret"
                raise InvalidInput(name, "", "a token needs both its id and its secret")
        if self.fingerprints and self.ca_file:
            raise InvalidInput("ca_file", self.ca_file, "fingerprints or a CA file, not both")
        return self


class NewServer(_Ways):
    """A cluster or a standalone node."""

    tenant: Slug = Field(title="Tenant", description="Its slug.")
    name: Slug = Field(title="Name", description="Lower case letters, digits, - and _.")
    host: Host = Field(title="Host", description="Name or address of a node; a pasted URL works.")
    port: Annotated[Port | None, Blank] = Field(None, title="Port", description=f"Of its API; empty: {DEFAULT_PORT}.")

    @model_validator(mode="after")
    def _has_login(self) -> Self:
        if self.token_id is None and self.username is None:
            raise InvalidInput("token_id", "", "a server needs an API token, or a user")
        return self


class ServerChange(_Ways):
    """What of a server can be changed; what is None stays. Of jump hosts and more endpoints: all of them."""

    name: Annotated[Slug | None, Blank] = Field(
        None, title="Name", description="Another one: its history stays under the old one."
    )
    host: Annotated[Host | None, Blank] = Field(None, title="Host", description="The first endpoint.")
    port: Annotated[Port | None, Blank] = Field(None, title="Port", description="Of the first endpoint.")
    is_active: bool | None = Field(
        None, title="Active", description="no: kept here, and asked nothing.", json_schema_extra={"unsaid": "as it is"}
    )
