"""Terminals, shells and SPICE from the dashboard: it steps aside, and comes back as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from textual.app import SuspendNotSupported

from proxtui.errors import ProxtuiError, UsageError
from proxtui.features.terminals.joining import joined, opened_for, seated
from proxtui.features.terminals.service import SshWish
from proxtui.kit.away import away
from proxtui.pve.sanitize import clean

if TYPE_CHECKING:
    from proxtui.core.operation import Target
    from proxtui.core.runtime import Runtime

GROUP: Final = "terminals"
BAD_NEWS: Final = 15.0
"""Seconds for which it stands in the corner why one could not be opened."""


async def open_terminal(app: Any, runtime: Runtime, target: Target) -> None:
    """The console of a container, a VM with a serial port or a node."""
    _step_aside(app, runtime, target, "term")


async def open_shell(app: Any, runtime: Runtime, target: Target) -> None:
    """A shell by SSH, at the address that is known or asked for now."""
    _step_aside(app, runtime, target, "ssh")


async def open_spice(app: Any, runtime: Runtime, target: Target) -> None:
    """The display of a VM in a viewer of its own."""
    from proxtui.features.terminals.spice import open_display

    app.notify(clean(await open_display(runtime, target)), markup=False)


def _step_aside(app: Any, runtime: Runtime, target: Target, use: str) -> None:
    """In a worker, for the app has to hear of signals and of servers meanwhile."""
    if any(worker.group == GROUP and not worker.is_finished for worker in app.workers):
        raise UsageError("another one is being opened")
    app.run_worker(_told(app, runtime, target, use), name=use, group=GROUP)


async def _told(app: Any, runtime: Runtime, target: Target, use: str) -> None:
    try:
        line = await _attached(app, runtime, target, use)
    except ProxtuiError as error:
        label = runtime.consoles.operation("ssh" if use == "ssh" else "term").label
        app.notify(clean(f"{label} {target.label}: {error}"), severity="error", markup=False, timeout=BAD_NEWS)
    else:
        app.notify(clean(line), markup=False)


async def _attached(app: Any, runtime: Runtime, target: Target, use: str) -> str:
    """Opened before the screen is left: what keeps it from opening is told on it. The poller goes on meanwhile."""
    with seated() as seat:
        async with opened_for(runtime, target, use, seat=seat, wish=SshWish()) as opened:
            try:
                with away(app):
                    _, line = await joined(seat, opened, touched=app.touched)
            except SuspendNotSupported as error:
                raise UsageError("the dashboard cannot leave this terminal") from error
    return line
