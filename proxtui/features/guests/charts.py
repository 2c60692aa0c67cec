"""What the charts of a guest draw, out of its RRD history. Pure."""

from __future__ import annotations

from proxtui.core.series import Drawing, shares, sums
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
