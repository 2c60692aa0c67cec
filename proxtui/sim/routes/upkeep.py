"""What a node is asked by those who look after it: packages, certificates, system log, network counters."""

from __future__ import annotations

import base64
import datetime
import hashlib
import time

from proxtui.sim.api import Answer, Call
from proxtui.sim.routes.firewall import paged
from proxtui.sim.state import Node
from proxtui.sim.views import Row, reading_at

YEAR = 365 * 86400
PACKAGES = (
    ("pve-manager", "admin", "Proxmox", "Proxmox Virtual Environment Management Tools"),
    ("qemu-server", "admin", "Proxmox", "Qemu Server Tools"),
    ("pve-qemu-kvm", "admin", "Proxmox", "Full virtualization on x86 hardware"),
    ("proxmox-backup-client", "admin", "Proxmox", "Proxmox Backup Client tools"),
    ("libpve-storage-perl", "perl", "Proxmox", "Proxmox VE storage management library"),
    ("dpkg", "admin", "Debian", "Debian package management system"),
    ("libssh2-1", "libs", "Debian", "SSH2 client-side library"),
    ("libcurl4", "libs", "Debian", "easy-to-use client-side URL transfer library (OpenSSL flavour)"),
    ("krb5-locales", "localization", "Debian", "internationalization support for MIT Kerberos"),
    ("openssl", "utils", "Debian", "Secure Sockets Layer toolkit - cryptographic utility"),
    ("tzdata", "localization", "Debian", "time zone and daylight-saving time data"),
    ("vim-tiny", "editors", "Debian", "Vi IMproved - enhanced vi editor - compact version"),
)
SHIPPED = (
    "ceph-fuse",
    "corosync",
    "ifupdown2",
    "libknet1",
    "lvm2",
    "lxcfs",
    "smartmontools",
    "swtpm",
    "zfsutils-linux",
)


def number_of(node: Node, name: str) -> int:
    return int.from_bytes(hashlib.sha256(f"{node.name}/{name}".encode()).digest()[:4], "big")


def updates(call: Call) -> list[Row]:
    """``apt/update``: what could be installed; some nodes are behind, some are not."""
    rows = []
    behind = number_of(call.node, "behind") % 5
    for name, section, origin, title in PACKAGES:
        place = number_of(call.node, name)
        if place % 5 >= behind:
            continue
        base = f"{place % 9 + 1}.{place // 7 % 20}"
        rows.append(
            {
                "Package": name,
                "Title": title,
                "Description": title,
                "Section": section,
                "Origin": origin,
                "Priority": "optional",
                "Arch": "all" if section in ("localization", "perl") else "amd64",
                "OldVersion": f"{base}.{place // 11 % 9}-1",
                "Version": f"{base}.{place // 11 % 9 + 1}-1",
            }
        )
    return rows


def versions(call: Call) -> list[Row]:
    """``apt/versions``: the packages that make a Proxmox VE."""
    site = call.site
    kernel = "6.17.4-1-pve" if site.modern else "6.8.12-15-pve"
    own: list[Row] = [
        {"Package": "proxmox-ve", "Version": f"{site.release.split('.')[0]}.0.0", "RunningKernel": kernel},
        {"Package": "pve-manager", "Version": site.version, "ManagerVersion": f"{site.version}/{site.repoid}"},
    ]
    for row in own:
        row |= {"Origin": "Proxmox", "Title": row["Package"], "CurrentState": "Installed"}
    for name in SHIPPED:
        place = number_of(call.node, name) if name == "swtpm" else sum(name.encode())
        version = f"{place % 9 + 1}.{place % 17}-{place % 4 + 1}"
        row = {"Package": name, "Version": version, "Origin": "Debian", "Title": f"{name} package"}
        row["CurrentState"] = "NotInstalled" if name in ("ceph-fuse", "lxcfs") else "Installed"
        own.append(row)
    for row in own:
        row |= {"Section": "admin", "Priority": "optional", "Arch": "amd64", "Description": row["Title"]}
        if row["CurrentState"] == "Installed":
            row["OldVersion"] = row["Version"]
    return own


def certificates(call: Call) -> list[Row]:
    """``certificates/info``: the cluster's authority and the node's own."""
    node, site = call.node, call.site
    made = int(site.world.born) - 80 * 86400
    until = int(node.certified_until) or made + 2 * YEAR
    unit = f"/CN=Proxmox Virtual Environment/OU={site.key.hex()[:8]}-0000-4000-8000-{site.key.hex()[8:20]}"
    authority = f"{unit}/O=PVE Cluster Manager CA"
    own = f"/OU=PVE Cluster Node/O=Proxmox Virtual Environment/CN={node.name}"
    names = ["127.0.0.1", "0000:0000:0000:0000:0000:0000:0000:0001", "localhost", node.ip, node.name]
    root = _certificate("pve-root-ca.pem", authority, authority, made, made + 10 * YEAR, 4096, [])
    mine = _certificate("pve-ssl.pem", own, authority, until - 2 * YEAR, until, 2048, names)
    if node.fingerprint:
        mine["fingerprint"] = node.fingerprint
    if node.pem:
        mine["pem"] = node.pem
    return [root, mine]


def _certificate(file: str, subject: str, issuer: str, start: int, end: int, bits: int, names: list[str]) -> Row:
    seed = hashlib.sha512(f"{file}{subject}".encode()).digest()
    print_ = hashlib.sha256(seed).hexdigest().upper()
    # Looks like one; whoever decodes it finds noise.
    text = base64.encodebytes(seed * 20).decode()
    return {
        "filename": file,
        "subject": subject,
        "issuer": issuer,
        "notbefore": start,
        "notafter": end,
        "public-key-type": "rsaEncryption",
        "public-key-bits": bits,
        "san": names,
        "fingerprint": ":".join(print_[place : place + 2] for place in range(0, 64, 2)),
        "pem": f"-----BEGIN CERTIFICATE-----\n{text}-----END CERTIFICATE-----\n",
    }


def netstat(call: Call) -> list[Row]:
    """Bytes of each running guest's network card, as texts."""
    return [
        {"vmid": str(guest.vmid), "dev": "net0", "in": str(reading.netin), "out": str(reading.netout)}
        for guest in call.site.held_by(call.node.name)
        if guest.running
        for reading in [reading_at(call.site, guest, call.now)]
    ]


def _system_lines(call: Call, since: float, until: float) -> list[str]:
    """What the system log of a node holds: the cluster log's lines of this node, and what timers write."""
    node = call.node
    lines = [
        (entry.time, f"{entry.tag}[{entry.pid}]: {entry.msg}") for entry in call.site.log if entry.node == node.name
    ]
    end = int(call.now)
    first = (end - 6 * 3600) // 600 * 600
    lines += [(float(at), "pvestatd[1743]: status update time (5.2 seconds)") for at in range(first, end, 3600)]
    lines += [(float(at), "chronyd[1021]: Selected source 192.0.2.123") for at in range(first + 77, end, 600)]
    wanted = call.params.get("service")
    return [
        f"{time.strftime('%b %d %H:%M:%S', time.gmtime(at))} {node.name} {text}"
        for at, text in sorted(lines)
        if since <= at <= until and (wanted is None or text.startswith(f"{wanted}["))
    ]


def _moment(text: str | None, otherwise: float) -> float:
    """``2026-11-22`` with or without a time of day, in seconds since the epoch."""
    return otherwise if text is None else datetime.datetime.fromisoformat(f"{text}+00:00").timestamp()


def syslog(call: Call) -> Answer:
    since, until = _moment(call.params.get("since"), 0.0), _moment(call.params.get("until"), call.now)
    return paged(call, _system_lines(call, since, until))


def journal(call: Call) -> list[str]:
    """Lines between two cursors."""
    lines = _system_lines(call, call.params.get("since", 0), call.params.get("until", call.now))
    lines = lines[max(0, len(lines) - call.params.get("lastentries", len(lines))) :]
    base = f"s={hashlib.md5(call.node.name.encode(), usedforsecurity=False).hexdigest()};i="
    return [f"{base}{0:x}", *lines, f"{base}{len(lines):x}"]
