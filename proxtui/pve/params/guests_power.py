"""Guests switched on and off."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from proxtui.pve.params.base import Params, StorageName
from proxtui.pve.params.words import Blank, Keys, Seconds


class ShutdownParams(Params):
    """Asks the guest to shut down: ``POST .../status/shutdown``."""

    timeout: Annotated[Seconds | None, Blank] = Field(
        None, title="Timeout", description="Seconds that it has; empty for PVE's default."
    )
    force_stop: bool = Field(
        False, title="Then stop it", description="Stop it hard when the time is over.", serialization_alias="forceStop"
    )


class RebootParams(Params):
    """Shuts the guest down and starts it: ``POST .../status/reboot``."""

    timeout: Annotated[Seconds | None, Blank] = Field(
        None, title="Timeout", description="Seconds that it has to shut down; empty for PVE's default."
    )


class StopParams(Params):
    """Stops the guest hard, as if the plug were pulled: ``POST .../status/stop``."""

    timeout: Annotated[Seconds | None, Blank] = Field(
        None,
        title="Timeout",
        description="Seconds that QEMU has to end; empty for PVE's default.",
        json_schema_extra={"kind": "qemu"},
    )
    overrule_shutdown: bool = Field(
        False, title="Overrule a shutdown", description="End a shutdown of it that still waits."
    )


class HibernateParams(Params):
    """Saves the memory of a VM and stops it: ``POST .../status/suspend`` with ``todisk``."""

    statestorage: Annotated[StorageName | None, Blank] = Field(
        None, title="Storage", description="Where the memory is kept; empty for PVE's choice."
    )


class SendKeyParams(Params):
    """A key pressed at the VM's keyboard: ``PUT .../sendkey``."""

    key: Keys = Field(title="Key", description="As QEMU names it: ctrl-alt-delete, ret, f2.")
