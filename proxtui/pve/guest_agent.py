"""VMs asked from inside: the QEMU guest agent pinged, questioned, and told to run a program."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from proxtui.errors import ApiError, DeadlineExceeded, NetworkError, NodeUnreachable, OutcomeUnknown, UnexpectedAnswer
from proxtui.pve import params
from proxtui.pve.agent import agent_state_in
from proxtui.pve.fields import Row, answer_of, object_of, objects
from proxtui.pve.guest_readers import interface_of
from proxtui.pve.guest_sending import GuestSender
from proxtui.pve.listing import Listing, read_listing
from proxtui.pve.models import ProxmoxVM
from proxtui.pve.models_change import AgentExecResult, AgentFilesystem, AgentVersion
from proxtui.pve.models_guest import AgentState, GuestInterface
from proxtui.pve.sanitize import LONGEST_VALUE, clean
from proxtui.pve.sending import changer

FIRST_WAIT = 0.2
LONGEST_WAIT = 2.0


class VMAgent(GuestSender[ProxmoxVM]):
    """Needs VM.Monitor on ``/vms/{vmid}`` on 8.x; on 9.x VM.GuestAgent.Audit, to run programs .Unrestricted.

    That there is no agent is an ``ApiError`` in PVE's words, but for ``agent_ping``.
    """

    async def agent_ping(self, node: str, vmid: int) -> AgentState:
        """``POST .../agent/ping``: ``running``, ``absent``, ``silent`` or ``stopped``. Changes nothing."""
        where = self._path(node, vmid, "agent", "ping")
        try:
            await changer(self._client).post(where)
        except ApiError as error:
            state = agent_state_in(error)
            if state is None:
                raise
            return state
        return "running"

    async def agent_info(self, node: str, vmid: int) -> AgentVersion:
        """``GET .../agent/info``: its version, and what it is willing to do."""
        found = Row(await self._asked(node, vmid, "info")).part("result")
        commands = (row for row in objects(found.items("supported_commands")) if row is not None)
        names = (row.text("name") for row in commands if row.flag("enabled") is not False)
        return AgentVersion(version=found.text("version"), commands=tuple(name for name in names if name is not None))

    async def agent_network(self, node: str, vmid: int) -> Listing[GuestInterface]:
        """``GET .../agent/network-get-interfaces``, by name."""
        rows = Row(await self._asked(node, vmid, "network-get-interfaces")).items("result")
        where = self._path(node, vmid, "agent", "network-get-interfaces")
        return read_listing(rows, where, interface_of, lambda interface: interface.name)

    async def agent_filesystems(self, node: str, vmid: int) -> Listing[AgentFilesystem]:
        """``GET .../agent/get-fsinfo``, by mount point."""
        rows = Row(await self._asked(node, vmid, "get-fsinfo")).items("result")
        where = self._path(node, vmid, "agent", "get-fsinfo")
        return read_listing(rows, where, _filesystem, lambda found: found.mountpoint)

    async def agent_exec(
        self,
        node: str,
        vmid: int,
        command: str | Sequence[str],
        input: str | None = None,
        timeout: int = 30,  # noqa: ASYNC109 - seconds
        *,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> AgentExecResult:
        """Run a program and wait for its end: ``POST .../agent/exec``, then ``GET .../agent/exec-status``.

        A ``command`` in one text is split as a shell would, but no shell runs it. ``DeadlineExceeded`` after
        ``timeout`` seconds and ``OutcomeUnknown`` when the node is lost meanwhile: it may run on, nothing ends it.
        """
        given = command if isinstance(command, str) else list(command)
        wanted = params.AgentExecParams.model_validate({"command": given, "input": input, "timeout": timeout})
        where = self._path(node, vmid, "agent", "exec")
        started = await changer(self._client).post(where, wanted.form(self._type))
        pid = Row(started).integer("pid") if isinstance(started, dict) else None
        if pid is None:
            line = "it was accepted, but no process was named"
            raise UnexpectedAnswer(line, status=200, method="POST", path=where)
        running = f"process {pid} in VM {vmid} may still run"
        try:
            async with asyncio.timeout(wanted.timeout):
                return await self._end_of(pid, self._path(node, vmid, "agent", "exec-status"), wanted.timeout, sleep)
        except TimeoutError as error:
            raise DeadlineExceeded(f"no end after {timeout} s: {running}", stage="deadline") from error
        except (NetworkError, NodeUnreachable) as error:
            raise OutcomeUnknown(f"{running}: {error}") from error

    async def _end_of(
        self, pid: int, where: str, seconds: float, sleep: Callable[[float], Awaitable[object]]
    ) -> AgentExecResult:
        waited, pause = 0.0, FIRST_WAIT
        while True:
            # Raw, because PVE gives each byte of the output as a character, and cleaning would break those.
            answer = answer_of(await self._client.read(where, params={"pid": pid}), where)
            row = Row(object_of(answer.get("data"), where))
            if row.flag("exited"):
                return _result(pid, row, object_of(answer["data"], where))
            if waited >= seconds:
                raise TimeoutError
            await sleep(pause)
            waited, pause = waited + pause, min(pause * 1.5, LONGEST_WAIT)

    async def _asked(self, node: str, vmid: int, question: str) -> dict[str, Any]:
        where = self._path(node, vmid, "agent", question)
        return object_of(await self._client.get(where), where)


def _filesystem(row: Row) -> AgentFilesystem | None:
    mountpoint = row.text("mountpoint")
    if mountpoint is None:
        return None
    return AgentFilesystem(
        mountpoint=mountpoint,
        name=row.text("name"),
        type=row.text("type"),
        used=row.integer("used-bytes"),
        total=row.integer("total-bytes"),
    )


def _result(pid: int, row: Row, raw: dict[str, Any]) -> AgentExecResult:
    return AgentExecResult(
        pid=pid,
        exitcode=row.integer("exitcode"),
        signal=row.integer("signal"),
        out=_output(raw.get("out-data")),
        err=_output(raw.get("err-data")),
        out_truncated=row.flag("out-truncated") or False,
        err_truncated=row.flag("err-truncated") or False,
    )


def _output(value: object) -> str:
    if not isinstance(value, str):
        return ""
    try:
        # UTF-8 that was read as Latin-1 on its way; anything else stays as it came.
        value = value.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return clean(value, multiline=True, limit=LONGEST_VALUE)
    return clean(value, multiline=True, limit=LONGEST_VALUE)
