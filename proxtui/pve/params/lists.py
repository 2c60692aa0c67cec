"""Several guests or storages in one parameter, and rules of names shared by changes to storages, HA and pools."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated

from pydantic import BeforeValidator, Field

from proxtui.pve.params.base import StorageName, Vmid, obeys
from proxtui.pve.rules import POOL_RULE, SERVICE_RULE, SID_RULE, URL_RULE, VOLID_RULE
from proxtui.pve.validators import InputValidator

_BETWEEN = re.compile(r"[;,\s]+")


def _split(value: object) -> object:
    if isinstance(value, str):
        return [word for word in _BETWEEN.split(value) if word]
    return list(value) if isinstance(value, tuple | set | frozenset) else value


# A list that came out empty must not be read as "all of them".
Vmids = Annotated[list[Vmid], Field(min_length=1), BeforeValidator(_split)]
Storages = Annotated[list[StorageName], Field(min_length=1), BeforeValidator(_split)]
Volid = Annotated[str, obeys(InputValidator.validate_volid, VOLID_RULE)]
PoolId = Annotated[str, obeys(InputValidator.validate_pool, POOL_RULE)]
Service = Annotated[str, obeys(InputValidator.validate_service, SERVICE_RULE)]
Sid = Annotated[str, obeys(InputValidator.validate_sid, SID_RULE)]
Url = Annotated[str, obeys(InputValidator.validate_url, f"{URL_RULE}, no user and no password in it")]


def joined(items: Iterable[object]) -> str:
    """As PVE takes lists."""
    return ",".join(str(item) for item in items)
