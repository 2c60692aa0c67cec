"""The QEMU guest agent: what a VM says of itself."""

from __future__ import annotations

import re

from proxtui.errors import ApiError, AuthenticationError, NodeUnreachable, PermissionDenied
from proxtui.pve.asking import Asker
from proxtui.pve.fields import Row, object_of
from proxtui.pve.guest_readers import interface_of, reachable
from proxtui.pve.listing import read_listing
from proxtui.pve.models_guest import AgentInfo, AgentState

# PVE has no status of its own for these; its words are the same since 5.x.
_WORDS: tuple[tuple[re.Pattern[str], AgentState], ...] = (
    (re.compile(r"no qemu guest agent configured", re.IGNORECASE), "absent"),
    (re.compile(r"qemu guest agent is not running", re.IGNORECASE), "silent"),
    (re.compile(r"\bVM [0-9]+ (is )?not running", re.IGNORECASE), "stopped"),
    (re.compile(r"qga command .* failed - got timeout", re.IGNORECASE), "silent"),
)


async def read_agent(client: Asker, where: str) -> AgentInfo:
    """Both questions to the agent below ``where`` (``.../agent``); the second only when the first was answered."""
    asked = f"{where}/network-get-interfaces"
    try:
        answer = object_of(await client.get(asked), asked)
    except ApiError as error:
        state = agent_state_in(error)
        if state is None:
            raise
        return AgentInfo(state=state)
    interfaces = read_listing(Row(answer).items("result"), asked, interface_of, lambda interface: interface.name)
    system = await _system(client, f"{where}/get-osinfo")
    return AgentInfo(
        state="running",
        osname=system.text("pretty-name") or system.text("name"),
        kernel=system.text("kernel-release"),
        addresses=reachable(interfaces),
        interfaces=interfaces.rows,
    )


async def _system(client: Asker, asked: str) -> Row:
    try:
        return Row(object_of(await client.get(asked), asked)).part("result")
    except (AuthenticationError, PermissionDenied, NodeUnreachable):
        raise
    except ApiError:
        # Agents before 2.10 do not know the question; what they did answer is worth keeping.
        return Row({})


def agent_state_in(error: ApiError) -> AgentState | None:
    """What PVE's words say of the agent; None when the error is about something else."""
    text = str(error)
    return next((state for pattern, state in _WORDS if pattern.search(text)), None)
