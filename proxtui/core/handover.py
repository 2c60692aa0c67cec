"""What one runtime may leave to the next: only of servers that are configured alike to the last value."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from msgspec.structs import replace

from proxtui.config.models import Config
from proxtui.core.model import Scope, ServerRef


def unchanged(old: Config, new: Config) -> frozenset[ServerRef]:
    """The servers that are asked by both, at the same place, with the same credentials, by the same trust.

    What a person's key opens no more is in no configuration of theirs.
    """
    before = dict(old.active_servers())
    return frozenset(ServerRef(*place) for place, server in new.active_servers() if before.get(place) == server)


def may_pass(key: Any, same: Collection[ServerRef]) -> bool:
    """Whether the key of a row may be handed over: what stands at another server now may be another thing."""
    tenant, server = getattr(key, "tenant", None), getattr(key, "server", None)
    return not isinstance(tenant, str) or not isinstance(server, str) or ServerRef(tenant, server) in same


def narrowed(scope: Scope, config: Config) -> Scope:
    """The scope, or the nearest one above it that is still there."""
    places = [place for place, _ in config.active_servers()]
    if scope.server is not None and (scope.tenant, scope.server) not in places:
        scope = replace(scope, server=None, node=None)
    if scope.tenant is not None and all(place.tenant != scope.tenant for place in places):
        return Scope()
    return scope
