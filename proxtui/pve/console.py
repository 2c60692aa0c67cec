"""Tickets for consoles, and the sockets that they open: screens, terminals and SPICE."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from proxtui.errors import ApiError, ConsoleError, PermissionDenied, UnexpectedAnswer, ValidationError
from proxtui.pve.client import ProxmoxClient
from proxtui.pve.cluster import ClusterTools
from proxtui.pve.fields import Row, object_of
from proxtui.pve.models import Task
from proxtui.pve.paths import path as api_path
from proxtui.pve.rfb.streams import ConsoleSocket
from proxtui.pve.validators import InputValidator

ConsoleKind = Literal["qemu", "lxc", "node"]

NODE_TOKENS_SINCE: Final = (9, 0, 4)
"""The first PVE that lets an API token into the shell of a node."""
FIRST_PORT, LAST_PORT = 5900, 5999
_TASKS: Final = frozenset({"vncproxy", "vncshell", "termproxy", "spiceproxy"})
_NO_USER: Final = "does not look like a valid user name"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleTicket:
    """Good for one connection, made within ten seconds, to the endpoint that gave it. Secrets are in no repr."""

    path: str
    """Of the guest or node: ``/nodes/pve1/qemu/100``."""
    endpoint: str
    """``host:port``; no other one knows the port."""
    port: int
    user: str
    """User or token as PVE names it."""
    upid: str
    """Its task, which runs as long as the console."""
    ticket: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class VncTicket(ConsoleTicket):
    """For a screen."""

    password: str = field(repr=False)
    """For VncAuth, which looks at the first eight characters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TermTicket(ConsoleTicket):
    """For a terminal."""

    @property
    def greeting(self) -> bytes:
        """The first message on its socket; the answer to it is ``OK``."""
        return f"{self.user}:{self.ticket}\n".encode()


def console_path(node: str, vmid: int | None, kind: ConsoleKind) -> str:
    """``/nodes/pve1/qemu/100``, ``/nodes/pve1``. ``InvalidInput`` for what cannot be a node or VMID."""
    if kind == "node" or vmid is None:
        return api_path("nodes", InputValidator.check_node_name(node))
    return api_path("nodes", InputValidator.check_node_name(node), kind, InputValidator.check_vmid(vmid))


class ConsoleTools:
    """Asks for tickets. Each is a POST that starts a task, so the read-only lock refuses it. Needs VM.Console, or
    Sys.Console on the node.
    """

    def __init__(self, client: ProxmoxClient) -> None:
        self._client = client

    async def vnc_proxy(self, node: str, vmid: int | None, kind: ConsoleKind) -> VncTicket:
        """``POST /nodes/{node}/{qemu|lxc}/{vmid}/vncproxy``, of a node ``/nodes/{node}/vncshell``."""
        where = console_path(node, vmid, kind)
        form: dict[str, int] = {"websocket": 1}
        if kind == "qemu":
            # Servers before 8.4.7 and 9.1.7 make a password only when asked; newer ones make it always.
            form["generate-password"] = 1
        call = where + ("/vncshell" if kind == "node" else "/vncproxy")
        row, basis = await self._asked(call, form, where, kind)
        ticket = str(basis["ticket"])
        return VncTicket(password=row.text("password") or ticket, **basis)

    async def term_proxy(
        self, node: str, vmid: int | None, kind: ConsoleKind, *, serial: str | None = None
    ) -> TermTicket:
        """``POST .../termproxy`` of a guest or a node. ``serial`` is ``serial0`` ... ``serial3`` of a VM."""
        where = console_path(node, vmid, kind)
        form = {} if serial is None else {"serial": serial}
        _row, basis = await self._asked(where + "/termproxy", form, where, kind)
        return TermTicket(**basis)

    async def spice_proxy(
        self, node: str, vmid: int | None, kind: ConsoleKind, *, proxy: str | None = None
    ) -> dict[str, str]:
        """``POST .../spiceproxy`` (of a node ``spiceshell``): what ``remote-viewer`` reads, the password in it.

        ``proxy`` is the host that the viewer goes through; the endpoint's own unless given.
        """
        where = console_path(node, vmid, kind)
        await self.require_node_console(kind)
        call = where + ("/spiceshell" if kind == "node" else "/spiceproxy")
        form = {"proxy": proxy or self._client.config.host}
        try:
            answer = object_of(await self._client.post(call, form), call)
        except ApiError as error:
            raise _plainer(error, kind) from error
        return {name: str(value) for name, value in answer.items() if isinstance(value, str | int)}

    async def open_now(self, node: str, vmid: int | None, kind: ConsoleKind) -> tuple[Task, ...]:
        """Tasks of consoles of this guest or node that run now, the newest first: ``GET /cluster/tasks``.

        Only our own without Sys.Audit on ``/``. PVE does not tell a screen from a terminal here.
        """
        return consoles_among(await ClusterTools(self._client).tasks(), node, vmid, kind)

    async def _asked(
        self, call: str, form: dict[str, Any], where: str, kind: ConsoleKind
    ) -> tuple[Row, dict[str, Any]]:
        await self.require_node_console(kind)
        try:
            answer = await self._posted(call, form)
        except ApiError as error:
            raise _plainer(error, kind) from error
        row = Row(object_of(answer, call))
        return row, _basis(row, call, where, self._client.config.endpoint)

    async def _posted(self, call: str, form: dict[str, Any]) -> Any:
        """Sent once more without the parameters that this server does not know: a refused one started nothing."""
        try:
            return await self._client.post(call, form)
        except ValidationError as error:
            known = {name: value for name, value in form.items() if name not in error.errors}
            if len(known) == len(form):
                raise
            return await self._client.post(call, known)

    async def require_node_console(self, kind: ConsoleKind = "node") -> None:
        """``PermissionDenied`` where a token cannot open the shell of a node; asks ``GET /version`` for it."""
        self._client.dialer.require_unlocked("a console")
        if kind != "node" or self._client.config.full_token_id is None:
            return
        version = (await ClusterTools(self._client).version()).version or ""
        numbers = tuple(int(part) for part in re.findall(r"\d+", version)[:3])
        if numbers and numbers < NODE_TOKENS_SINCE:
            raise PermissionDenied(_no_node_tokens(f" (this one is {version})"))


async def open_socket(client: ProxmoxClient, path: str, ticket: ConsoleTicket) -> ConsoleSocket:
    """The other half of a ticket: ``GET {path}/vncwebsocket``, at the endpoint that gave it, with its certificate.

    ``ReadOnlyError`` under the lock; ``AuthenticationError`` for a ticket that is too old or another's; every other
    failure is a ``ProxtuiError``, too. Loads websockets.
    """
    if ticket.endpoint != client.config.endpoint:
        raise ConsoleError(f"the ticket is one of {ticket.endpoint}, not of {client.config.endpoint}")
    client.dialer.require_unlocked("a console")
    from proxtui.pve.websocket import dial

    return await dial(client.dialer, path, ticket.port, ticket.ticket)


def consoles_among(tasks: Iterable[Task], node: str, vmid: int | None, kind: ConsoleKind) -> tuple[Task, ...]:
    """The running consoles of one guest or node."""
    id_ = "" if kind == "node" or vmid is None else str(vmid)
    return tuple(
        task for task in tasks if task.running and task.type in _TASKS and task.id == id_ and (id_ or task.node == node)
    )


def taken_line(open_ones: Iterable[Task], kind: ConsoleKind, own: Iterable[str] = ()) -> str:
    """Who is at a terminal already, and what that means; empty when nobody is. ``own`` are UPIDs of ours.

    A container has one console that all share; a serial port serves the first and leaves the next without an answer.
    """
    mine = frozenset(own)
    who = list(dict.fromkeys(task.user or "somebody" for task in open_ones if task.upid not in mine))
    if not who:
        return ""
    names = ", ".join(who)
    if kind == "lxc":
        return f"{names} may be at this console: everybody sees and types the same"
    if kind == "qemu":
        return f"{names} may be at this serial port: it serves one, and stays silent for the next"
    return ""


def _basis(row: Row, call: str, where: str, endpoint: str) -> dict[str, Any]:
    port, ticket = row.integer("port"), row.text("ticket")
    if not ticket or port is None or not FIRST_PORT <= port <= LAST_PORT:
        raise UnexpectedAnswer("the answer holds no ticket and port of a console", method="POST", path=call)
    return {
        "path": where,
        "endpoint": endpoint,
        "port": port,
        "user": row.text("user") or "",
        "upid": row.text("upid") or "",
        "ticket": ticket,
    }


def _no_node_tokens(which: str) -> str:
    return f"an API token cannot open the console of a node before PVE 9.0.4{which}: log in with user and password"


def _plainer(error: ApiError, kind: ConsoleKind) -> ApiError:
    """What PVE says, as what it means."""
    if kind == "node" and _NO_USER in error.reason:
        return PermissionDenied(_no_node_tokens(""), status=error.status, method=error.method, path=error.path)
    if "no spice port" in error.reason:
        line = "it has no SPICE display: set its display to SPICE (vga qxl) and start it anew"
        return ApiError(line, status=error.status, method=error.method, path=error.path)
    return error
