"""Whether a task can be stopped, and by whom. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from proxtui.pve.access import Permissions
    from proxtui.pve.models import Task

NEEDED = "Sys.Modify"


@dataclass(frozen=True, slots=True)
class Stoppable:
    """A task, and the login that would stop it."""

    task: Task
    user: str
    """Of the login, as in ``root@pam``."""
    permissions: Permissions | None = None
    """None: not known, and nothing is held back for it."""

    def why_not(self) -> str | None:
        """Why it is no use to try; None when it is."""
        task, where = self.task, f"/nodes/{self.task.node}"
        if not task.running:
            return "has ended already"
        if task.user == self.user or self.permissions is None or self.permissions.allows(where, NEEDED):
            return None
        return f"is a task of {task.user}: the login lacks {NEEDED} on {where}"
