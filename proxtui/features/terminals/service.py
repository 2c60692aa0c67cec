"""Opens terminals and shells: what has to be known before, who may, the ticket or login, and how it is told of."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from proxtui.core.operation import GUESTS, Kind, Target
from proxtui.core.text import duration, size
from proxtui.errors import ConsoleError, InvalidInput, PermissionDenied, ProxtuiError, UsageError
from proxtui.pve.sanitize import clean

if TYPE_CHECKING:
    from proxtui.core.consoles import ConsoleSession
    from proxtui.core.runtime import Runtime
    from proxtui.pve.client import ProxmoxClient
    from proxtui.pve.console import ConsoleKind
    from proxtui.pve.ssh.hops import Hop
    from proxtui.pve.ssh.shell import SshShell
    from proxtui.pve.terminal import Terminal

SERIALS = ("serial0", "serial1", "serial2", "serial3")
SSH_PORT = 22


Trying = Callable[[str, float], None]
"""Told what is waited for now, and for how many seconds at most; 0: nobody knows."""


def _untold(_what: str, _seconds: float) -> None:
    """For who does not care."""


class NoWay(ConsoleError):
    """What is wanted has no such console; nothing was opened."""


@dataclass(slots=True)
class Opened:
    """A terminal, ready to be attached to."""

    session: ConsoleSession
    terminal: Terminal
    title: str
    """``vm 100 web-2``"""
    notes: list[str] = field(default_factory=list)
    """What somebody ought to know before."""
    status: int = 0
    """What the shell answered at its end; 0 for what answers nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SshWish:
    """What somebody said of an SSH shell; what is empty is found out."""

    host: str = ""
    port: int = SSH_PORT
    user: str = ""


def called(target: Target) -> str:
    """``vm 100 web-2``, ``ct 200 db``, ``node pve1``."""
    kind = {Kind.QEMU: "vm", Kind.LXC: "ct"}.get(target.kind, "node")
    return " ".join(dict.fromkeys(part for part in (kind, target.id, clean(target.name)) if part))


def told(what: str, title: str, seconds: float, received: int) -> str:
    """``console of vm 100 web-2 ended after 5m, 12 KiB``."""
    return f"{what} of {title} ended after {duration(seconds)}, {size(received)}"


@asynccontextmanager
async def terminal_of(
    runtime: Runtime, target: Target, *, reason: str = "", serial: str | None = None, trying: Trying = _untold
) -> AsyncIterator[Opened]:
    """The terminal of a container, of a VM with a serial port, or of a node, for as long as the block lasts.

    Raises what ``ConsoleDesk.open`` and the console raise, and ``NoWay`` for a VM without such a port.
    """
    from proxtui.pve.console import ConsoleTools, taken_line
    from proxtui.pve.terminal import open_terminal

    async with runtime.consoles.open("term", target, reason) as session:
        kind: ConsoleKind = "node" if target.kind is Kind.NODE else "qemu" if target.kind is Kind.QEMU else "lxc"
        vmid = target.vmid if target.kind in GUESTS else None
        trying(f"asking {session.client.config.endpoint} for its terminal", 0)
        with _given_up(session):
            if kind == "qemu":
                await _require_serial(session.client, target, serial)
            tools = ConsoleTools(session.client)
            notes = await _taken(tools, target.node, vmid, kind, taken_line)
            ticket = await tools.term_proxy(target.node or target.id, vmid, kind, serial=serial)
            session.upid = ticket.upid
            terminal = await open_terminal(session.client, ticket)
        try:
            yield Opened(session, terminal, called(target), notes)
        finally:
            await terminal.aclose()


@contextmanager
def _given_up(session: ConsoleSession) -> Iterator[None]:
    """Who did not wait for it did not have it, and the audit must not tell that."""
    try:
        yield
    except asyncio.CancelledError:
        session.message = "given up before it was open"
        raise


async def _require_serial(client: ProxmoxClient, target: Target, wanted: str | None) -> None:
    """Said before it is tried: PVE would open a terminal that ends at once."""
    if wanted is not None and wanted not in SERIALS:
        raise InvalidInput("serial", wanted, f"needs one of {', '.join(SERIALS)}")
    ports = await _ports(client, target)
    if not ports:
        raise NoWay(
            f"{called(target)} has no serial port: add one (serial0: socket), start it anew and run a getty on it "
            "in the guest; its screen needs none of that"
        )
    if wanted is not None and wanted not in ports:
        raise NoWay(f"{called(target)} has no {wanted}; it has {', '.join(ports)}")


async def _ports(client: ProxmoxClient, target: Target) -> list[str]:
    from proxtui.pve.vms import VMTools

    config: Mapping[str, Any] = await VMTools(client).get_vm_config(target.node, target.vmid)
    return [name for name in SERIALS if str(config.get(name, "")) == "socket"]


async def why_none(runtime: Runtime, target: Target) -> str | None:
    """Why this has no terminal, for a menu; None also where it cannot be known: opening it will tell."""
    from proxtui.pve.console import ConsoleTools

    client = runtime.connection(target.ref).client
    try:
        if target.kind is Kind.QEMU and not await _ports(client, target):
            return "has no serial port (serial0: socket, and a getty in it)"
        if target.kind is Kind.NODE:
            await ConsoleTools(client).require_node_console()
    except PermissionDenied as refused:
        # Who may not read the configuration of a VM may have its console all the same.
        return str(refused) if target.kind is Kind.NODE else None
    except ProxtuiError:
        return None
    return None


async def _taken(tools: Any, node: str, vmid: int | None, kind: ConsoleKind, line: Any) -> list[str]:
    """Who is there already. Not knowing it keeps nobody out."""
    try:
        said = line(await tools.open_now(node, vmid, kind), kind)
    except ProxtuiError as error:
        return [f"who else is at it is not known: {error}"]
    return [said] if said else []


@asynccontextmanager
async def shell_of(
    runtime: Runtime,
    target: Target,
    wish: SshWish,
    *,
    reason: str = "",
    term: str = "",
    size: tuple[int, int] = (80, 24),
    command: str | None = None,
    trying: Trying = _untold,
) -> AsyncIterator[tuple[Opened, SshShell]]:
    """A shell by SSH on a node or in a guest, through the jump hosts of its server, for as long as the block lasts."""
    from proxtui.pve.ssh.chain import LOGIN_SECONDS
    from proxtui.pve.ssh.shell import open_shell

    def asks(hop: Hop) -> None:
        trying(f"connecting to {hop.title} as {hop.login}", LOGIN_SECONDS)

    async with runtime.consoles.open("ssh", target, reason) as session:
        with _given_up(session):
            trying(f"asking {session.client.config.endpoint} for its address", 0)
            host = await host_of(runtime, session.client, target, wish)
            tunnel = runtime.connection(target.ref).tunnel
            jumps = tunnel.hops if tunnel else ()
            shell = await open_shell(jumps, host, term=term, size=size, command=command, asks=asks)
        try:
            title = f"{host.login}@{host.label} ({called(target)})"
            yield Opened(session, shell, title), shell
        finally:
            await shell.aclose()


async def host_of(runtime: Runtime, client: ProxmoxClient, target: Target, wish: SshWish) -> Hop:
    """Where to and as whom. ``NoWay`` when nobody knows its address."""
    from proxtui.pve.ssh.hops import Hop

    address = wish.host or await _address(runtime, client, target)
    user = wish.user or runtime.config.settings.ssh_user
    return Hop(host=address, port=wish.port, username=user, is_end=True)


async def _address(runtime: Runtime, client: ProxmoxClient, target: Target) -> str:
    found = await _node_address(client, target) if target.kind is Kind.NODE else await _guest(runtime, client, target)
    if found is None or not _is_reachable(found):
        how = "it has to run, a VM with the guest agent" if target.kind in GUESTS else "the cluster does not tell it"
        raise NoWay(f"the address of {called(target)} is not known ({how}): proxtui ssh {target.id} --host ADDRESS")
    return found


async def _node_address(client: ProxmoxClient, target: Target) -> str | None:
    """As the cluster knows it; that of the endpoint where it is the only node, or the one that answers."""
    from proxtui.pve.cluster import ClusterTools

    nodes = (await ClusterTools(client).status()).nodes
    member = next((one for one in nodes if one.name == target.id), None)
    if member is not None and (member.local or len(nodes) == 1):
        return client.config.host
    return None if member is None else member.ip


async def _guest(runtime: Runtime, client: ProxmoxClient, target: Target) -> str | None:
    """As the sweep learned it, else asked now."""
    snapshot = runtime.store.fleet().snapshot(target.ref)
    key: Any = target.key
    learned = snapshot.learned.get(key) if snapshot is not None else None
    known = learned.inside.addresses if learned is not None and learned.inside is not None else None
    return next(iter(known or await _asked(client, target)), None)


async def _asked(client: ProxmoxClient, target: Target) -> tuple[str, ...]:
    from proxtui.pve.containers import ContainerTools
    from proxtui.pve.guest_readers import reachable
    from proxtui.pve.vms import VMTools

    if target.kind is Kind.LXC:
        return reachable(await ContainerTools(client).get_interfaces(target.node, target.vmid))
    return (await VMTools(client).get_agent_info(target.node, target.vmid)).addresses or ()


def _is_reachable(address: str) -> bool:
    """What a guest tells of itself must not lead back to this machine."""
    try:
        found = ip_address(address)
    except ValueError:
        return True  # the endpoint of the server may have a name
    return not (found.is_multicast or found.is_unspecified or found.is_link_local)


def require_one_line(name: str, text: str) -> str:
    """Of an option that goes into a login. ``UsageError`` for what cannot be meant."""
    if not text.isprintable() or text.startswith("-") or " " in text:
        raise UsageError(f"--{name}: {clean(text)[:40]!r} cannot be meant")
    return text
