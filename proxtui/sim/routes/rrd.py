"""``rrddata``: history, computed on demand from the functions that make the present.

8.4 keeps 70 points of every span; 9.x keeps finer ones (the last day minute by minute). Unknown points hold their time
alone, and so does one whose last report has not come in yet.
"""

from __future__ import annotations

from collections.abc import Callable

from proxtui.sim.api import Call, Param
from proxtui.sim.state import Guest, Node, Storage
from proxtui.sim.views import Row, filesystem, node_root, pressure_of, reading_at
from proxtui.sim.world import BROADCAST

OLD = {"hour": (70, 60), "day": (70, 1800), "week": (70, 10800), "month": (70, 43200), "year": (70, 604800)}
NEW = {"hour": (60, 60), "day": (1440, 60), "week": (336, 1800), "month": (1440, 1800), "year": (1440, 21600)}
PARAMS = {
    "timeframe": Param(choices=("hour", "day", "week", "month", "year"), required=True),
    "cf": Param(choices=("AVERAGE", "MAX")),
}
SPREAD = 3
"""Moments that are looked at inside one point."""
GAP = 1500.0
"""Length in seconds of the nightly reboot of a node, during which nothing was recorded."""


def times(call: Call) -> tuple[list[int], int]:
    """The moments of the points, oldest first, and the seconds between them."""
    count, step = (NEW if call.site.modern else OLD)[call.params["timeframe"]]
    last = int(call.now) // step * step
    return [last - step * (count - 1 - place) for place in range(count)], step


def series(call: Call, node: Node | None, since: float, point: Callable[[float], Row]) -> list[Row]:
    """One row per point. ``point`` reads everything at a moment; its numbers are averaged or, for MAX, maximised."""
    moments, step = times(call)
    peak = call.params.get("cf") == "MAX"
    rows: list[Row] = []
    for end in moments:
        if end > call.now - BROADCAST or end - step < since or (node is not None and _silent(node, end, step)):
            rows.append({"time": end})
            continue
        spread = 1 if step <= 60 else SPREAD
        samples = [point(end - step + step * (place + 0.5) / spread) for place in range(spread)]
        rows.append(_joined(samples, peak) | {"time": end})
    return rows


def _joined(samples: list[Row], peak: bool) -> Row:
    if len(samples) == 1:
        return samples[0]
    row: Row = {}
    for key in samples[0]:
        values = [sample[key] for sample in samples]
        row[key] = max(values) if peak else sum(values) / len(values)
    return row


def _silent(node: Node, end: float, step: int) -> bool:
    """Whether the node was down then: since it went offline, or in its weekly reboot."""
    if node.offline_since is not None and end > node.offline_since:
        return True
    week = 7 * 86400.0
    into = (end - step - node.nodeid * 91_000.0) % week
    return into < GAP and step <= 1800 and end < node.booted


def guest(call: Call) -> list[Row]:
    subject = call.guest
    site = call.site
    ago = call.now - 400 * 86400.0

    def point(moment: float) -> Row:
        return _guest_point(call, subject, moment)

    since = max(ago, min(subject.created, subject.power[0].at))
    return series(call, site.nodes[subject.node], since, point)


def _guest_point(call: Call, subject: Guest, moment: float) -> Row:
    weather = call.site.world.weather
    reading = reading_at(call.site, subject, moment)
    load, on = subject.load, 1 if subject.started_at(moment) is not None and not subject.template else 0
    row: Row = {
        "cpu": reading.cpu,
        "maxcpu": subject.cores,
        "mem": float(reading.mem),
        "maxmem": subject.maxmem,
        "disk": reading.disk,
        "maxdisk": filesystem(subject) if subject.kind == "lxc" and on else subject.maxdisk,
        "netin": weather.rate(load, load.net_in, moment) * on,
        "netout": weather.rate(load, load.net_out, moment) * on,
        "diskread": weather.rate(load, load.disk_read, moment) * on,
        "diskwrite": weather.rate(load, load.disk_write, moment) * on,
    }
    if call.site.modern and subject.kind == "qemu":
        row["memhost"] = reading.mem * 1.04
        row |= pressure_of(subject, reading)
    return row


def node(call: Call) -> list[Row]:
    subject = call.node
    moments, step = times(call)
    sums = _Sums(call, subject, moments[0] - step, step)
    return series(call, subject, call.now - 400 * 86400.0, sums.point)


class _Sums:
    """A node's load as the sum of its guests. The guests are read on a coarse grid; between lie straight lines."""

    def __init__(self, call: Call, subject: Node, first: float, step: int) -> None:
        self.call, self.node, self.first = call, subject, first
        # 288 places are enough for a chart, and looking at every guest at more of them takes long.
        self.grid = max(60.0, (call.now - first) / 288)
        self.guests = [guest for guest in call.site.held_by(subject.name) if not guest.template]
        self.known: dict[int, tuple[float, float, float, float]] = {}

    def at(self, index: int) -> tuple[float, float, float, float]:
        """Cores, memory, bytes in and out per second of all guests at a grid point."""
        values = self.known.get(index)
        if values is None:
            moment = self.first + index * self.grid
            weather = self.call.site.world.weather
            cores = memory = netin = netout = 0.0
            for guest in self.guests:
                start = guest.started_at(moment)
                if start is None:
                    continue
                cores += weather.cpu(guest.load, moment) * guest.cores * 0.85
                memory += guest.maxmem * weather.memory(guest.load, moment, moment - start)
                netin += weather.rate(guest.load, guest.load.net_in, moment)
                netout += weather.rate(guest.load, guest.load.net_out, moment)
            values = self.known[index] = (cores, memory, netin, netout)
        return values

    def point(self, moment: float) -> Row:
        node, site = self.node, self.call.site
        place = (moment - self.first) / self.grid
        index = int(place)
        part = place - index
        low, high = self.at(index), self.at(index + 1)
        cores, memory, netin, netout = (a * (1 - part) + b * part for a, b in zip(low, high, strict=True))
        weather = site.world.weather
        cpu = min(0.999, (cores + weather.cpu(node.load, moment) * node.cpus) / node.cpus)
        used = min(node.maxmem * 0.98, memory + node.load.memory * node.maxmem)
        row: Row = {
            "cpu": cpu,
            "maxcpu": node.cpus,
            "loadavg": cpu * node.cpus,
            "iowait": 0.004 * (1.1 + weather.noise(node.load.offset + 3, moment, 300.0)),
            "memused": used,
            "memtotal": node.maxmem,
            "swapused": 0,
            "swaptotal": 8 * 1024**3,
            "rootused": float(node_root(node)),
            "roottotal": node.rootfs,
            "netin": netin,
            "netout": netout,
        }
        if site.modern:
            row |= {"arcsize": node.maxmem * 0.05, "memavailable": node.maxmem - used * 0.9}
            row |= {"pressurecpusome": max(0.0, cpu - 0.6) * 30, "pressureiosome": 0.4, "pressureiofull": 0.3}
            row |= {"pressurememorysome": 0, "pressurememoryfull": 0}
        return row


def storage(call: Call) -> list[Row]:
    subject: Storage = call.storage
    name = call.node.name

    def point(moment: float) -> Row:
        return {"total": subject.total, "used": float(call.site.used(subject, name, moment))}

    return series(call, call.node if subject.active else None, 0.0, point)
