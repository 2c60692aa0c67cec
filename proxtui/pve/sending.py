"""What a change answers: the name of its task, or nothing."""

from __future__ import annotations

from typing import cast

from proxtui.errors import InvalidInput, UnexpectedAnswer
from proxtui.pve.asking import Asker, Changer, Uploader
from proxtui.pve.paths import Params
from proxtui.pve.upid import Upid


def upid_of(data: object, method: str, path: str) -> Upid:
    """The task that PVE started; ``UnexpectedAnswer`` when it named none, though it accepted the change."""
    upid = maybe_upid(data, method, path)
    if upid is None:
        raise UnexpectedAnswer("it was accepted, but no task was named", status=200, method=method, path=path)
    return upid


def maybe_upid(data: object, method: str = "", path: str = "") -> Upid | None:
    """The same, where PVE may have done it at once and answer null; ``UnexpectedAnswer`` for anything else."""
    if data is None:
        return None
    try:
        return Upid(cast(str, data))
    except InvalidInput:
        # The answer is not shown: it may be anything.
        line = "it was accepted, but the answer names no task"
        raise UnexpectedAnswer(line, status=200, method=method, path=path) from None


def changer(client: Asker) -> Changer:
    """``client``, of which the tools that only read ask less."""
    return cast(Changer, client)


def uploader(client: Asker) -> Uploader:
    """The same, for files."""
    return cast(Uploader, client)


async def start_task(client: Asker, method: str, path: str, form: Params | None = None) -> Upid:
    """Send a change that PVE makes in a task."""
    return upid_of(await _send(client, method, path, form), method, path)


async def send_change(client: Asker, method: str, path: str, form: Params | None = None) -> Upid | None:
    """Send a change that PVE makes at once (None) or in a task."""
    return maybe_upid(await _send(client, method, path, form), method, path)


async def _send(client: Asker, method: str, path: str, form: Params | None) -> object:
    able = changer(client)
    if method == "POST":
        return cast(object, await able.post(path, form))
    if method == "PUT":
        return cast(object, await able.put(path, form))
    return cast(object, await able.delete(path, params=form))
