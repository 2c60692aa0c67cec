"""What the charts of a guest draw, out of its RRD history. Pure."""

from __future__ import annotations

from proxtui.core.series import Drawing, Values, parts, shares, sums
from proxtui.pve.rrd import RrdSeries


def drawings(history: RrdSeries | None) -> list[Drawing]:
    """CPU, memory, network and disk of the last hour; empty series where nothing is known."""
    known = history.values if history is not None else {}
    return [
        Drawing("CPU", known.get("cpu", ()), "%"),
        Drawing("Memory", shares(known.get("mem", ()), known.get("maxmem", ())), "%"),
        Drawing("Network in + out", sums(known.get("netin", ()), known.get("netout", ())), "B/s"),
        Drawing("Disk read + write", sums(known.get("diskread", ()), known.get("diskwrite", ())), "B/s"),
    ]


def every_drawing(kind: str, history: RrdSeries) -> list[Drawing]:
    """Every series that PVE keeps of a guest but the pressures. A VM's disk is always 0 there: not drawn."""
    known = history.values
    found = [Drawing("CPU", known.get("cpu", ()), "%"), Drawing("Memory", _share(history, "mem", "maxmem"), "%")]
    if "memhost" in known:
        found.append(Drawing("Memory taken from the node", known["memhost"], "B"))
    if kind == "lxc":
        found.append(Drawing("Root disk", _share(history, "disk", "maxdisk"), "%"))
    rates = (("Network in", "netin"), ("Network out", "netout"), ("Disk read", "diskread"), ("Disk write", "diskwrite"))
    return [*found, *(Drawing(title, known.get(key, ()), "B/s") for title, key in rates)]


PRESSURES = (
    ("CPU, some wait", "pressurecpusome"),
    ("CPU, all wait", "pressurecpufull"),
    ("IO, some wait", "pressureiosome"),
    ("IO, all wait", "pressureiofull"),
    ("Memory, some wait", "pressurememorysome"),
    ("Memory, all wait", "pressurememoryfull"),
)


def pressures(history: RrdSeries) -> list[Drawing]:
    """How long processes waited, of all time; empty on 8.x, which does not count it."""
    known = history.values
    return [Drawing(title, parts(known[key]), "%") for title, key in PRESSURES if key in known]


def _share(history: RrdSeries, used: str, total: str) -> Values:
    return shares(history.values.get(used, ()), history.values.get(total, ()))
