"""A node's status in the few lines that an operator looks for. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from proxtui.core import text
from proxtui.core.rows import UNKNOWN, Tone, tone_of_load
from proxtui.features.nodes.rows import NodeRow, guests_text, status_text, usage_text
from proxtui.pve.models import NodeStatus, Usage


class Line(NamedTuple):
    """One line of the summary."""

    label: str
    text: str
    tone: Tone = Tone.PLAIN


def polled_lines(row: NodeRow) -> list[Line]:
    """What is known of every node without asking for it."""
    status = Line("State", status_text(row), Tone.BAD if row.is_offline else Tone.PLAIN)
    return [status, Line("Guests", f"{guests_text(row)} running"), Line("Uptime", text.duration(row.node.uptime))]


def status_lines(status: NodeStatus | None, version: str | None) -> list[Line]:
    """The summary of ``/nodes/N/status`` and ``/nodes/N/version``; what is never told makes no line."""
    lines = list(_status_lines(status)) if status is not None else []
    if version:
        lines.append(Line("PVE", version))
    return lines


def _status_lines(status: NodeStatus) -> Iterator[Line]:
    info = status.cpuinfo
    if info.cpus:
        sockets = f", {info.sockets} sockets" if (info.sockets or 1) > 1 else ""
        yield Line("CPUs", f"{info.cpus}{sockets}  {info.model or ''}".rstrip())
    if status.loadavg:
        tone = tone_of_load(status.loadavg[0] / info.cpus) if info.cpus else Tone.PLAIN
        yield Line("Load", "  ".join(f"{load:.2f}" for load in status.loadavg), tone)
    # Known at one look and unknown at the next: a line that comes and goes would move all below it.
    yield Line("IO wait", text.percent(status.wait))
    yield _usage_line("Memory", status.memory)
    yield _usage_line("Swap", status.swap)
    yield _usage_line("Root disk", status.rootfs)
    if status.ksm:
        yield Line("KSM shares", text.size(status.ksm))
    if status.kversion:
        yield Line("Kernel", status.kversion)


def _usage_line(label: str, usage: Usage) -> Line:
    if usage.total == 0:
        return Line(label, "none", Tone.MUTED)
    part = text.share(usage.used, usage.total)
    of = f" of {text.size(usage.total)}" if usage.total is not None else ""
    written = usage_text(usage.used, usage.total)
    return Line(label, UNKNOWN if usage.used is None else written + of, tone_of_load(part) if part else Tone.PLAIN)
