"""What is known from inside a guest: the QEMU guest agent, and the addresses of containers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from proxtui.sim.api import Call, failed
from proxtui.sim.state import GIB, Guest
from proxtui.sim.views import Row

WINDOWS = {
    "id": "mswindows",
    "name": "Microsoft Windows",
    "pretty-name": "Windows Server 2022 Standard",
    "version": "Microsoft Windows Server 2022",
    "version-id": "2022",
    "variant": "server",
    "variant-id": "server",
    "kernel-release": "20348",
    "kernel-version": "10.0",
    "machine": "x86_64",
}
LINUXES = (
    ("debian", "Debian GNU/Linux", "13 (trixie)", "13", "6.12.48+deb13-amd64"),
    ("debian", "Debian GNU/Linux", "12 (bookworm)", "12", "6.1.0-40-amd64"),
    ("ubuntu", "Ubuntu", "24.04.3 LTS (Noble Numbat)", "24.04", "6.8.0-86-generic"),
    ("almalinux", "AlmaLinux", "9.6 (Sage Margay)", "9.6", "5.14.0-570.el9.x86_64"),
)
COMMANDS = "guest-get-fsinfo guest-get-host-name guest-get-osinfo guest-info guest-network-get-interfaces guest-ping"


def check(call: Call) -> None:
    """8.4 asks for VM.Monitor, 9.x has privileges for the agent."""
    names = ("VM.GuestAgent.Audit", "VM.GuestAgent.Unrestricted") if call.site.modern else ("VM.Monitor",)
    call.require(f"/vms/{call.path['vmid']}", *names)


def address(guest: Guest) -> str:
    return f"10.{guest.vlan or 20}.{guest.vmid // 250 % 250}.{guest.vmid % 250 + 2}"


def answered(tell: Callable[[Call, Guest], Any]) -> Callable[[Call], Row]:
    """An endpoint that asks the agent. Raises the 500s of a guest that has none, is off, or does not answer."""

    def run(call: Call) -> Row:
        guest = call.guest
        silence(guest)
        return {"result": tell(call, guest)}

    return run


def silence(guest: Guest) -> None:
    """Raise the 500s of an agent that cannot answer."""
    if not guest.agent:
        raise failed("No QEMU guest agent configured")
    if not guest.running:
        raise failed(f"VM {guest.vmid} is not running")
    if not guest.agent_up or guest.qmpstatus == "paused":
        raise failed("QEMU guest agent is not running")


@answered
def info(_call: Call, _guest: Guest) -> Row:
    commands = [{"name": name, "enabled": True, "success-response": True} for name in COMMANDS.split(" ")]
    return {"version": "10.0.3", "supported_commands": commands}


@answered
def osinfo(_call: Call, guest: Guest) -> Row:
    if guest.ostype.startswith("win"):
        return dict(WINDOWS)
    ident, name, version, number, kernel = LINUXES[guest.vmid % len(LINUXES)]
    return {
        "id": ident,
        "name": name,
        "pretty-name": f"{name} {version}",
        "version": version,
        "version-id": number,
        "kernel-release": kernel,
        "kernel-version": "#1 SMP PREEMPT_DYNAMIC",
        "machine": "x86_64",
    }


@answered
def host_name(_call: Call, guest: Guest) -> Row:
    return {"host-name": guest.name}


@answered
def interfaces(call: Call, guest: Guest) -> list[Row]:
    reading = call.site.world.weather.reading(guest, call.now)
    outside: list[Row] = [{"ip-address-type": "ipv4", "ip-address": address(guest), "prefix": 24}]
    if guest.vmid % 3 == 0:
        outside.append({"ip-address-type": "ipv6", "ip-address": f"2001:db8:{guest.vlan or 20}::{guest.vmid:x}"})
        outside[-1]["prefix"] = 64
    moved = {"rx-bytes": reading.netin, "tx-bytes": reading.netout}
    moved |= {"rx-packets": reading.netin // 900, "tx-packets": reading.netout // 700}
    moved |= dict.fromkeys(("rx-errs", "tx-errs", "rx-dropped", "tx-dropped"), 0)
    local = [{"ip-address-type": "ipv4", "ip-address": "127.0.0.1", "prefix": 8}]
    windows = guest.ostype.startswith("win")
    return [
        {"name": "lo", "hardware-address": "00:00:00:00:00:00", "ip-addresses": local},
        {
            "name": "Ethernet" if windows else "eth0",
            "hardware-address": guest.mac.lower(),
            "ip-addresses": outside,
            "statistics": moved,
        },
    ]


@answered
def fsinfo(_call: Call, guest: Guest) -> list[Row]:
    share = 0.2 + (guest.vmid * 53 % 75) / 100
    windows = guest.ostype.startswith("win")
    disk = {"bus-type": "scsi", "bus": 0, "unit": 0, "target": 0, "dev": "/dev/sda", "serial": "0QEMU_QEMU_HARDDISK"}
    root: Row = {"name": "sda1", "mountpoint": "/", "type": "ext4"}
    if windows:
        root = {"name": "\\\\?\\Volume{4b1f0000-0000-0000-0000-100000000000}\\", "mountpoint": "C:\\", "type": "NTFS"}
    size = guest.maxdisk - GIB
    rows = [root | {"total-bytes": size, "used-bytes": int(size * share), "disk": [disk]}]
    if not windows:
        boot: Row = {"name": "sda15", "mountpoint": "/boot/efi", "type": "vfat", "disk": [disk]}
        rows.append(boot | {"total-bytes": 129_718_272, "used-bytes": 9_204_736})
    return rows


def lxc_interfaces(call: Call) -> list[Row]:
    """Addresses of a running container."""
    guest = call.guest
    if not guest.running:
        return []
    return [
        _interface("lo", "00:00:00:00:00:00", [("inet", "127.0.0.1", 8), ("inet6", "::1", 128)]),
        _interface("eth0", guest.mac.lower(), [("inet", address(guest), 24)]),
    ]


def _interface(name: str, mac: str, addresses: list[tuple[str, str, int]]) -> Row:
    listed = [{"ip-address-type": kind, "ip-address": ip, "prefix": str(prefix)} for kind, ip, prefix in addresses]
    row: Row = {"name": name, "hwaddr": mac, "hardware-address": mac, "ip-addresses": listed}
    for kind, ip, prefix in addresses:
        row[kind] = f"{ip}/{prefix}"
    return row
