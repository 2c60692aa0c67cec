"""What of the settings cannot be meant, beyond their bounds: a theme, a view or a key that there is not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from proxtui.config.models import Config, Settings
from proxtui.core.feature import Feature, chosen_views
from proxtui.errors import ProxtuiError, UsageError

USUAL = Settings()


def wrong(config: Config, features: Sequence[Feature]) -> Iterator[str]:
    """A line for each. The screen's code is loaded only for a theme or keys of one's own."""
    said = config.settings
    if said.theme != USUAL.theme and (line := _theme(said.theme)):
        yield line
    try:
        chosen_views(features, said.wall_views)
    except UsageError as error:
        yield str(error)
    if said.keys:
        from proxtui.kit.keymap import read_keymap

        try:
            read_keymap(said.keys, features)
        except UsageError as error:
            yield str(error)


def _theme(name: str) -> str:
    from proxtui.config.paths import themes_folder
    from proxtui.kit.theme import Looks

    try:
        Looks.gather(themes_folder()).get(name)
    except ProxtuiError as error:
        return f"settings.theme: {error}"
    return ""
