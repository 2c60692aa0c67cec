"""What of the settings no viewer can be started by."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from proxtui.config.models import Config
from proxtui.core.feature import Feature
from proxtui.errors import UsageError


def wrong(config: Config, _features: Sequence[Feature]) -> Iterator[str]:
    """A line when ``viewer`` is neither a name nor a command; what starts viewers is loaded only where one is said."""
    if config.settings.viewer:
        from proxtui.features.consoles.viewers import check

        try:
            check(config.settings.viewer)
        except UsageError as error:
            yield f"settings.{error}"
