"""What the login or token may do. An empty list can mean "forbidden"; this tells which."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from proxtui.pve.asking import Asker
from proxtui.pve.fields import Row, object_of
from proxtui.pve.sanitize import clean


@dataclass(frozen=True, slots=True)
class Permissions:
    """Privileges by path of the access control list."""

    paths: Mapping[str, Mapping[str, bool]] = field(default_factory=lambda: MappingProxyType({}))
    """Path to privilege; True when it also holds for everything below."""

    def allows(self, path: str, privilege: str) -> bool:
        """Whether ``privilege`` is held on ``path``, such as ``VM.PowerMgmt`` on ``/vms/100``.

        PVE lists a path of its own wherever the list says something about it, and what it says there replaces what
        stands above. So the nearest listed path decides, and nothing beyond it.
        """
        wanted = "/" + path.strip("/")
        if wanted in self.paths:
            return privilege in self.paths[wanted]
        while wanted != "/":
            wanted = wanted.rpartition("/")[0] or "/"
            if wanted in self.paths:
                return self.paths[wanted].get(privilege, False)
        return False

    def __bool__(self) -> bool:
        """False for a token to which nothing has been granted."""
        return any(self.paths.values())


class AccessTools:
    """Reads who may do what."""

    def __init__(self, client: Asker) -> None:
        self._client = client

    async def permissions(self) -> Permissions:
        """``GET /access/permissions`` of ourselves; needs no privilege."""
        return permissions_of(object_of(await self._client.get("/access/permissions"), "/access/permissions"))


def permissions_of(fields: Mapping[str, Any]) -> Permissions:
    """``{"/vms/100": {"VM.Audit": 1}}``: 1 holds below as well, 0 only here."""
    paths = {path: Row(fields).part(path) for path in fields}
    return Permissions(MappingProxyType({clean(path): _held(row) for path, row in paths.items()}))


def _held(row: Row) -> Mapping[str, bool]:
    flags = {clean(name): row.flag(name) for name in row.keys()}  # noqa: SIM118 - a Row is no dict
    return MappingProxyType({name: flag for name, flag in flags.items() if flag is not None})
