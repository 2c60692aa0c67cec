"""What the charts of a node draw, out of its RRD history. Pure."""

from __future__ import annotations

from proxtui.core.series import Drawing, shares, sums
from proxtui.pve.rrd import RrdSeries


def drawings(history: RrdSeries | None) -> list[Drawing]:
    """CPU, memory, network and load of the last hour; empty series where nothing is known."""
    known = history.values if history is not None else {}
    # 8.x says memused and memtotal, and so does 9.x today; mem and maxmem are the names of every other answer.
    used, total = known.get("memused", known.get("mem", ())), known.get("memtotal", known.get("maxmem", ()))
    return [
        Drawing("CPU", known.get("cpu", ()), "%"),
        Drawing("Memory", shares(used, total), "%"),
        Drawing("Network in + out", sums(known.get("netin", ()), known.get("netout", ())), "B/s"),
        Drawing("Load average", known.get("loadavg", ()), ""),
    ]
