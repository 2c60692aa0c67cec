"""Sends a request as it was told. Called by the gate and by nobody else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from proxtui.core.operation import Target, Told
from proxtui.pve.upid import Upid

if TYPE_CHECKING:
    from proxtui.features.passthrough.models import RequestParams
    from proxtui.pve.asking import Changer


async def send(client: Changer, _target: Target, params: RequestParams) -> Upid | Told | None:
    """The task that PVE started, or what it answered as JSON."""
    answer: Any
    if params.method == "POST":
        answer = await client.post(params.path, params.body)
    elif params.method == "PUT":
        answer = await client.put(params.path, params.body)
    else:
        answer = await client.delete(params.path, params=params.body)
    if isinstance(answer, str) and answer.startswith("UPID:"):
        return Upid(answer)
    return None if answer is None else Told(json.dumps(answer))
