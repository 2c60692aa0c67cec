"""How often the servers of a tenant were called lately, as the metrics have it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from proxtui.core.model import ServerRef
from proxtui.errors import StoreUnavailable

if TYPE_CHECKING:
    from proxtui.core.runtime import Runtime

HOURS = 24
log = logging.getLogger(__name__)


async def recent_connections(runtime: Runtime, tenant: str) -> int | None:
    """Calls within 24 h to all servers of the tenant, of every proxtui that shares the metrics; None is unknown."""
    recording = runtime.recording
    if recording is None:
        return None
    refs = [ServerRef(*place) for place, _ in runtime.config.servers() if place.tenant == tenant]

    def count(metrics: Any) -> int:
        return sum(metrics.summary(ref, HOURS).attempts for ref in refs)

    try:
        return await recording.ask(count)
    except StoreUnavailable as error:
        log.warning("calls cannot be counted: %s", error)
        return None
