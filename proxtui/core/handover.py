"""What one runtime may leave to the next: only of servers that are configured alike to the last value."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from proxtui.config.models import Config
from proxtui.core.model import Scope, ServerRef

if TYPE_CHECKING:
    from proxtui.core.consoles import ConsoleSession
    from proxtui.core.runtime import Runtime


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


class Successor:
    """The configuration that is taken next: it judges what is open until then. Built only where something is."""

    def __init__(self, runtime: Runtime, config: Config) -> None:
        from proxtui.core.policy import Policy
        from proxtui.core.write_lock import WriteLock

        self._now = runtime
        self._kept = frozenset(ServerRef(*place) for place, _ in config.active_servers())
        self._same = unchanged(runtime.config, config)
        self._policy = Policy(config, runtime.actor, names=runtime.catalogue.names)
        self._lock = WriteLock(config, runtime.clock, read_only=config.settings.read_only)

    def why_not(self, console: ConsoleSession) -> str | None:
        """Why it may not go on; None where it would have been opened all the same."""
        ref = console.target.ref
        if ref not in self._kept:
            return f"{ref.tenant}/{ref.server} was removed or switched off"
        if ref not in self._same:
            return f"{ref.tenant}/{ref.server} is configured otherwise now"
        operation = self._now.consoles.operation(console.use)
        return self._policy.refusal(operation, ref) or self._locked(ref)

    def _locked(self, ref: ServerRef) -> str | None:
        # What was opened for a time is open until that is over, whoever looks.
        is_open = self._now.write_lock.remaining(ref) is not None and self._lock.mode(ref.tenant) == "timed"
        return None if is_open else self._lock.locked(ref)
