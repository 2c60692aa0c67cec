"""What the one who serves decides about consoles."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field


@dataclass(slots=True)
class ConsoleOptions:
    """Plain settings of a world; everything else about consoles is as on the real thing."""

    shell: bool = False
    """True: terminals are shells of this machine, as whoever serves. Only ever on loopback."""
    bridges: dict[int, Target] = field(default_factory=dict)
    """VMID -> the VNC server that plays its screen."""
    connect: float = 10.0
    """Seconds in which a console must be connected to."""
    password: float = 30.0
    """Seconds for which a VNC password is good after the connection."""
    idle: float = 900.0
    """Seconds without a byte after which a VNC console ends."""


@dataclass(frozen=True, slots=True)
class Target:
    """A VNC server: a loopback address with its port, or a unix socket."""

    host: str = ""
    port: int = 0
    path: str = ""


def parse_bridge(text: str) -> tuple[int, Target]:
    """``VMID=HOST:PORT`` or ``VMID=/path/of/socket``. Raises ValueError with a line for whoever typed it."""
    vmid, sign, where = text.partition("=")
    if not sign or not vmid.isdigit() or int(vmid) < 100:
        raise ValueError(f"{text!r} is not VMID=HOST:PORT or VMID=/SOCKET")
    if where.startswith("/"):
        return int(vmid), Target(path=where)
    host, _, port = where.rpartition(":")
    host = host.strip("[]")
    if not port.isdigit() or not 0 < int(port) < 65_536:
        raise ValueError(f"{where!r} has no port from 1 to 65535")
    if not is_loopback(host):
        raise ValueError(f"{host or 'no host'!r} is not this machine: only loopback addresses and sockets")
    return int(vmid), Target(host, int(port))


def is_loopback(host: str) -> bool:
    """Whether an address is one of this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
