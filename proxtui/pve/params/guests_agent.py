"""What a VM's guest agent is asked to do."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from proxtui.pve.params.base import Params, Whole
from proxtui.pve.params.words import Command


class AgentExecParams(Params):
    """A program run inside the VM, as root or SYSTEM: ``POST .../agent/exec``."""

    command: Command = Field(title="Command", description="Program and arguments; no shell reads them.")
    input: str | None = Field(
        None, title="Input", description="What it reads; 64 KiB at most.", max_length=65_536,
        serialization_alias="input-data",
    )  # fmt: skip
    timeout: Annotated[Whole, Field(ge=1, le=3600)] = Field(
        30, title="Timeout", description="Seconds to wait for its end; it is not killed then.", exclude=True
    )
