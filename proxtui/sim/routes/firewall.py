"""``firewall`` of the cluster, of nodes and of guests: options, rules and what was logged."""

from __future__ import annotations

import hashlib
import time

from proxtui.sim.api import Answer, Call
from proxtui.sim.state import Guest
from proxtui.sim.views import Row

UNOPENED = "unable to open file - No such file or directory"
NOTHING = hashlib.sha1(b"", usedforsecurity=False).hexdigest()
"""The digest of a firewall file that is not there."""
PORTS = {"web": "80,443", "db": "5432", "mail": "25,465,587", "dns": "53", "windows": "3389"}
STRANGERS = ("198.51.100.7", "203.0.113.44", "192.0.2.18")


def _digest(text: str) -> str:
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


def cluster_options(call: Call) -> Row:
    return {"enable": 1, "policy_in": "DROP", "policy_out": "ACCEPT", "digest": _digest(call.site.name)}


def cluster_rules(call: Call) -> list[Row]:
    network = call.site.entry.ip.rsplit(".", 1)[0] + ".0/24"
    return _numbered(
        call.site.name,
        [
            {"type": "in", "action": "ACCEPT", "source": network, "proto": "tcp", "dport": "8006", "comment": "admins"},
            {"type": "in", "action": "ACCEPT", "source": network, "macro": "SSH", "log": "nolog"},
            {"type": "in", "action": "ACCEPT", "proto": "icmp"},
        ],
    )


def node_options(_call: Call) -> Row:
    return {"digest": NOTHING}


def node_rules(_call: Call) -> list[Row]:
    return []


def guest_options(call: Call) -> Row:
    guest = call.guest
    if not guest.firewall:
        return {"digest": NOTHING}
    row: Row = {"enable": 1, "policy_in": "DROP", "policy_out": "ACCEPT", "dhcp": 1, "digest": _digest(guest.id)}
    return row | {"log_level_in": "info", "ipfilter": 1}


def guest_rules(call: Call) -> list[Row]:
    guest = call.guest
    if not guest.firewall:
        return []
    rules: list[Row] = [{"type": "in", "action": "ACCEPT", "macro": "Ping"}]
    for tag in guest.tags:
        if tag in PORTS:
            rules.append({"type": "in", "action": "ACCEPT", "proto": "tcp", "dport": PORTS[tag], "comment": tag})
    rules.append({"type": "in", "action": "DROP", "proto": "tcp", "dport": "23", "log": "info"})
    return _numbered(guest.id, rules)


def _numbered(name: str, rules: list[Row]) -> list[Row]:
    """Rules with their places; the last of several is switched off."""
    digest = _digest(name)
    last = len(rules) - 1
    return [
        rule | {"pos": place, "enable": int(place < last or place < 2), "digest": digest}
        for place, rule in enumerate(rules)
    ]


def paged(call: Call, lines: list[str]) -> Answer:
    """Lines with numbers from 1. One that cannot be opened is an object on 8.4, and no list."""
    if not lines:
        nothing: Row = {"n": 1, "t": UNOPENED}
        return Answer([nothing] if call.site.modern else nothing, total=1)
    rows = [{"n": number, "t": text} for number, text in enumerate(lines, 1)]
    start, limit = call.params.get("start", 0), call.params.get("limit", 50)
    return Answer(rows[start : start + limit] if limit else rows[start:], total=len(rows))


def guest_log(call: Call) -> Answer:
    guest = call.guest
    return paged(call, _dropped(call, guest) if guest.firewall and guest.running else [])


def node_log(call: Call) -> Answer:
    guests = call.site.held_by(call.node.name)
    lines = [line for guest in guests[:20] if guest.firewall and guest.running for line in _dropped(call, guest)]
    return paged(call, sorted(lines, key=lambda line: line.partition("]")[0]))


def _dropped(call: Call, guest: Guest) -> list[str]:
    """Packets of the last hour that nobody had asked for."""
    step = 240 + guest.vmid % 300
    first = (int(call.now) - 3600) // step * step
    net = f"{'tap' if guest.kind == 'qemu' else 'veth'}{guest.vmid}i0-IN"
    return [
        f"{guest.vmid} 6 {net} {time.strftime('%d/%b/%Y:%H:%M:%S +0000', time.gmtime(moment))} "
        f"DROP: IN=fwbr{guest.vmid}i0 OUT=fwbr{guest.vmid}i0 SRC={STRANGERS[moment // step % 3]} LEN=60 TTL=54 "
        f"PROTO=TCP SPT={30_000 + moment % 30_000} DPT=23 SYN"
        for moment in range(first + step, int(call.now), step)
    ]
