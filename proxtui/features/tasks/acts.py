"""What the gate calls to change a task."""

from __future__ import annotations

from typing import TYPE_CHECKING

from proxtui.pve.tasks import TaskTools

if TYPE_CHECKING:
    from proxtui.core.operation import Target
    from proxtui.pve.asking import Changer


async def stop(client: Changer, target: Target, _params: None) -> None:
    """PVE answers once its process has gone; there is no task of its own for that."""
    await TaskTools(client).stop_task(target.id)
