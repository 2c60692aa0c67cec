"""``:settings``: all settings of the installation in one form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from proxtui.errors import UsageError
from proxtui.features.settings import service
from proxtui.features.settings.models import SettingsChange
from proxtui.kit.prepared import Prepared
from proxtui.kit.setup_view import NO_FILE, fill_form

if TYPE_CHECKING:
    from proxtui.core.registrar import Registrar
    from proxtui.kit.console import Console


async def open_settings(console: Console, _text: str) -> None:
    """Show the form. UsageError when nobody may change them now, or there is no file that they stand in."""
    registrar: Registrar | None = getattr(console.runtime, "registrar", None)
    if registrar is None:
        raise UsageError(NO_FILE)
    if (refused := registrar.refusal("settings.change")) is not None:
        raise UsageError(refused)
    console.app.run_worker(_asked(console, registrar), name="settings", group="setup")


async def _asked(console: Console, registrar: Registrar) -> None:
    now = service.shown(registrar)

    async def send(params: Any) -> str:
        after = await service.change(registrar, params)
        changed = [name for name, value in after.items() if value != now[name]]
        return f"changed: {', '.join(changed)}" if changed else "nothing was changed"

    first = {name: now[name] for name in SettingsChange.model_fields if name in now}
    await fill_form(console.app, "settings of this installation", SettingsChange, send, Prepared(initial=first))
