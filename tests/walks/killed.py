"""A process that makes one change and is killed on its way: ``python -m tests.walks.killed`` with JSON on stdin."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from proxtui.core.journal import AuditEntry, Phase
from proxtui.core.model import ServerRef
from proxtui.core.operation import Kind, Target
from proxtui.features.audit.journal import AuditJournal
from proxtui.features.audit.places import AuditFiles
from proxtui.wiring import open_runtime

from .changes import ROOMS, START
from .fleets import fleet_of, token_server


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class DeadlyJournal(AuditJournal):
    """The real audit, in a process that dies at one of its steps."""

    step = ""

    async def append(self, entry: AuditEntry) -> None:
        if (self.step, entry.phase) in (("before the intent", Phase.INTENT), ("after the POST", Phase.SENT)):
            die()
        await super().append(entry)
        if (self.step, entry.phase) in (("after the intent", Phase.INTENT), ("during the task", Phase.SENT)):
            die()


async def main(told: dict[str, Any]) -> None:
    journal = DeadlyJournal(AuditFiles(Path(told["folder"])))
    journal.step = told["step"]
    server = token_server(told["server"])
    target = Target(ServerRef("acme", server.name), Kind.QEMU, told["vmid"], told["name"], told["node"])
    async with open_runtime(fleet_of(server), make_journal=lambda: journal, features=ROOMS) as runtime:
        await (await runtime.gate.submit(START, target, reason="to be killed")).wait()


if __name__ == "__main__":
    asyncio.run(main(json.load(sys.stdin)))
