"""What the charts of a node draw, out of its RRD history. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from proxtui.core.series import Drawing, Values, parts, shares, sums
from proxtui.pve.rrd import RrdSeries


def drawings(history: RrdSeries | None) -> list[Drawing]:
    """CPU, memory, network and load of the last hour; empty series where nothing is known."""
    known = history.values if history is not None else {}
    return [
        Drawing("CPU", known.get("cpu", ()), "%"),
        Drawing("Memory", _memory(known), "%"),
        Drawing("Network in + out", sums(known.get("netin", ()), known.get("netout", ())), "B/s"),
        Drawing("Load average", known.get("loadavg", ()), ""),
    ]


def every_drawing(history: RrdSeries) -> list[Drawing]:
    """Every series that PVE keeps of a node but the pressures."""
    known = history.values
    found = [
        Drawing("CPU", known.get("cpu", ()), "%"),
        Drawing("IO wait", known.get("iowait", ()), "%"),
        Drawing("Load average", known.get("loadavg", ()), ""),
        Drawing("Memory", _memory(known), "%"),
        Drawing("Swap", shares(known.get("swapused", ()), known.get("swaptotal", ())), "%"),
        Drawing("Root disk", shares(known.get("rootused", ()), known.get("roottotal", ())), "%"),
        Drawing("Network in", known.get("netin", ()), "B/s"),
        Drawing("Network out", known.get("netout", ()), "B/s"),
    ]
    return [*found, Drawing("ZFS cache", known["arcsize"], "B")] if any(known.get("arcsize", ())) else found


PRESSURES = (
    ("CPU, some wait", "pressurecpusome"),
    ("IO, some wait", "pressureiosome"),
    ("IO, all wait", "pressureiofull"),
    ("Memory, some wait", "pressurememorysome"),
    ("Memory, all wait", "pressurememoryfull"),
)


def pressures(history: RrdSeries) -> list[Drawing]:
    """How long processes waited, of all time; empty on 8.x, which does not count it."""
    known = history.values
    return [Drawing(title, parts(known[key]), "%") for title, key in PRESSURES if key in known]


def _memory(known: Mapping[str, Values]) -> Values:
    # 8.x says memused and memtotal, and so does 9.x today; mem and maxmem are the names of every other answer.
    return shares(known.get("memused", known.get("mem", ())), known.get("memtotal", known.get("maxmem", ())))
