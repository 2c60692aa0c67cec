"""From what stands in a configuration file to its values: types and unknown names are judged, and places told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from typing import TYPE_CHECKING, Any

from msgspec import ValidationError, convert

from proxtui.config.models import Config, Settings, Tenant, User
from proxtui.config.server import Credentials, Endpoint, JumpHost, Server, TlsTrust
from proxtui.errors import ConfigError

if TYPE_CHECKING:
    from pydantic import TypeAdapter

_PARTS: dict[type, dict[str, type]] = {
    Config: {"tenants": Tenant, "users": User, "settings": Settings},
    Tenant: {"servers": Server},
    Server: {"endpoints": Endpoint, "trust": TlsTrust, "credentials": Credentials, "jumps": JumpHost},
}
"""Values that hold other values, by field."""


def read_config(values: Mapping[str, Any]) -> Config:
    """The configuration of parsed TOML. ConfigError names the first place that is wrong, and never a value.

    A good one is read without pydantic, which takes as long to load as half of Textual does; pydantic tells what is
    wrong with any other, and has the last word.
    """
    try:
        if _knows(Config, values):
            return convert(values, Config, dec_hook=_made)
    except (ValidationError, TypeError, AttributeError):
        pass
    return _judged(values)


def _made(kind: type, value: Any) -> Any:
    if isinstance(value, kind) or not isinstance(value, str):
        return value
    return kind(value)


def _knows(kind: type, values: Any) -> bool:
    """Whether there is no name that this kind of value has not, here or below."""
    if isinstance(values, list | tuple):
        return all(_knows(kind, one) for one in values)
    parts = _PARTS.get(kind, {})
    return _names(kind) >= values.keys() and all(_knows(part, values.get(at, {})) for at, part in parts.items())


@cache
def _names(kind: Any) -> frozenset[str]:
    return frozenset(one.name for one in fields(kind))


def _judged(values: Mapping[str, Any]) -> Config:
    from pydantic import ValidationError as Wrong

    try:
        return _adapter().validate_python(values)
    except Wrong as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        why = first["msg"].removeprefix("Value error, ")
        raise ConfigError(f"configuration: {place}: {why}" if place else f"configuration: {why}") from None


@cache
def _adapter() -> TypeAdapter[Config]:
    from pydantic import TypeAdapter

    return TypeAdapter(Config)
