"""Reads and changes the settings of the installation, through the registrar. Those of a tenant are the tenant's."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from proxtui.config.secret import Secret
from proxtui.errors import InvalidInput
from proxtui.features.settings.models import SettingsChange

if TYPE_CHECKING:
    from proxtui.config.vault.edits import Edit
    from proxtui.core.registrar import Registrar


def shown(registrar: Registrar) -> dict[str, Any]:
    """Every setting by its name, with the value that counts by the file alone: no flag and no variable."""
    return {
        # An address with a password in it shows itself to nobody.
        name: list(value) if isinstance(value, tuple) else str(value) if isinstance(value, Secret) else value
        for name, value in asdict(registrar.config.settings).items()
    }


def is_said(registrar: Registrar) -> frozenset[str]:
    """The settings that stand in the file; the others are what they are without it."""
    return frozenset(registrar.vault.plain["settings"])


async def change(
    registrar: Registrar,
    wanted: SettingsChange,
    keys: Mapping[str, str] | None = None,
    unset: Collection[str] = (),
) -> dict[str, Any]:
    """Change what was said, and take away what is ``unset``, in one save; gives what ``shown`` does then.

    ``keys`` are keys of one's own by action, all of them. A change that changes nothing saves nothing. InvalidInput for
    a name that no setting has, UsageError for what cannot be, and what ``Registrar.save`` raises.
    """
    from proxtui.config.vault.edits import Delete, Put

    now, there = shown(registrar), is_said(registrar)
    if strangers := [name for name in unset if name not in now]:
        raise InvalidInput(strangers[0], "", f"there is no such setting; there are {', '.join(now)}")
    said = {name: getattr(wanted, name) for name in wanted.model_fields_set}
    if keys is not None:
        said["keys"] = dict(keys)
    edits: list[Edit] = [
        Put(("settings", name), value) for name, value in said.items() if value is not None and value != now[name]
    ]
    edits += [Delete(("settings", name)) for name in unset if name in there]
    if edits:
        about = {name: str(said[name]) if name in said else "-" for name in (edit.path[-1] for edit in edits)}
        await registrar.save("settings.change", edits, about=about)
    return shown(registrar)


async def reset(registrar: Registrar, *names: str) -> dict[str, Any]:
    """What these settings are without the file. Raises what ``change`` does."""
    return await change(registrar, SettingsChange(), unset=names)
