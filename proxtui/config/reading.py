"""From what stands in a configuration file to its values: pydantic judges types and unknown names."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from proxtui.config.models import Config
from proxtui.errors import ConfigError


def read_config(values: Mapping[str, Any]) -> Config:
    """The configuration of parsed TOML. ConfigError names the first place that is wrong, and never a value."""
    try:
        return _adapter().validate_python(values)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        why = first["msg"].removeprefix("Value error, ")
        raise ConfigError(f"configuration: {place}: {why}" if place else f"configuration: {why}") from None


@cache
def _adapter() -> TypeAdapter[Config]:
    return TypeAdapter(Config)
