"""``WRITE 14:32`` and ``2 RUNNING`` in the header, and what ``:write`` does. Small: the header loads it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from proxtui.core.model import Fleet, Scope, ServerRef
from proxtui.core.rows import Tone
from proxtui.errors import UsageError

if TYPE_CHECKING:
    from proxtui.core.runtime import Runtime

Badge = tuple[str, Tone]
USAGE = ":write 15m REASON opens, :write off locks"


def can_change(runtime: Runtime) -> bool:
    """Whether there is a gate. It is not built by asking."""
    return hasattr(type(runtime), "gate")


def lock_of(runtime: Runtime) -> Any:
    """The lock that may be open or closed now; None where all is as ever, so that the first picture builds none."""
    if not can_change(runtime):
        return None
    acting = getattr(runtime, "acting", None)
    is_built = acting is None or "write_lock" in vars(acting)
    return runtime.write_lock if is_built or _is_guarded(runtime) else None


def _is_guarded(runtime: Runtime) -> bool:
    """Whether the configuration closes the lock of any tenant."""
    config = runtime.config
    return any(rules.write_mode != "always" for tenant in config.tenants for rules in config.rules(tenant.slug))


def remaining(runtime: Runtime, fleet: Fleet, scope: Scope) -> float | None:
    """Seconds until the first lock in scope closes; None when none is open for a time."""
    lock = lock_of(runtime)
    if lock is None:
        return None
    left = [lock.remaining(one.ref) for one in fleet.snapshots if scope.covers_server(one.ref)]
    return min((seconds for seconds in left if seconds is not None), default=None)


def is_locked(runtime: Runtime, fleet: Fleet, scope: Scope) -> bool:
    """Whether nothing in scope may be changed now."""
    lock = lock_of(runtime)
    refs = [one.ref for one in fleet.snapshots if scope.covers_server(one.ref)]
    return runtime.read_only or (lock is not None and bool(refs) and all(lock.locked(ref) for ref in refs))


def change_badges(runtime: Runtime, fleet: Fleet, scope: Scope, running: int) -> tuple[Badge, ...]:
    """What the header says of changes: how long they are open for, and how many run."""
    found: list[Badge] = []
    seconds = remaining(runtime, fleet, scope)
    if seconds is not None:
        found.append((f"WRITE {countdown(seconds)}", Tone.WARN))
    if running:
        found.append((runs_text(running).upper(), Tone.ACCENT))
    return tuple(found)


def runs_text(running: int) -> str:
    """``2 running``; nothing for none."""
    return f"{running} running" if running else ""


def countdown(seconds: float) -> str:
    """``14:32``, ``1:05:00``; never less than nothing."""
    whole = max(0, int(seconds))
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"


async def obey_write(runtime: Runtime, scope: Scope, text: str) -> str:
    """Open or close the lock of what is in scope; gives a line to show. UsageError when it cannot be meant."""
    if not can_change(runtime):
        raise UsageError("nothing can be changed here, so there is no lock to open")
    lock = runtime.write_lock
    fleet = runtime.store.fleet()
    word, _, reason = text.partition(" ")
    if not word:
        seconds = remaining(runtime, fleet, scope)
        locked = is_locked(runtime, fleet, scope)
        state = f"open for {countdown(seconds)}" if seconds is not None else "locked" if locked else "open"
        return f"{state}; {USAGE}"
    if word == "off":
        await lock.close(_place(fleet, scope))
        return "locked"
    from proxtui.core.unlocking import seconds_of

    if (time := seconds_of(word)) is None:
        raise UsageError(USAGE)
    place = _place(fleet, scope)
    if place is None:
        raise UsageError("choose a tenant or a server first (:scope): the lock is opened for one of them")
    if lock.is_always_open(place if isinstance(place, str) else place.tenant):
        return "nothing to open: write_mode is always"
    await lock.open(place, time, reason.strip())
    name = place if isinstance(place, str) else f"{place.tenant}/{place.server}"
    return f"{name} can be changed for {word}"


def _place(fleet: Fleet, scope: Scope) -> ServerRef | str | None:
    """What is opened: the server in scope, else its tenant; a fleet of one tenant is that tenant."""
    if scope.tenant and scope.server:
        return ServerRef(scope.tenant, scope.server)
    if scope.tenant:
        return scope.tenant
    tenants = {one.ref.tenant for one in fleet.snapshots}
    return tenants.pop() if len(tenants) == 1 else None
