"""The sections of a node's pane, out of what was read for them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from proxtui.core import text
from proxtui.core.rows import UNKNOWN, Tone
from proxtui.core.sheet import Cell, Head, Note, Page, one_line, said, sheet
from proxtui.features.nodes.charts import every_drawing, pressures
from proxtui.pve.models import NodeNetwork, NodeService
from proxtui.pve.models_node import NodeCertificate, NodeDns, NodeSubscription, NodeTime, NodeUpdate
from proxtui.pve.rrd import RrdSeries

NOT_READ = "not read"
SERVICES = (Head("Service", 16), Head("State", 9), Head("At start", 9, 3), Head("What it is", 14, 4, grow=True))
NETWORK = (
    Head("Interface", 10),
    Head("Type", 8, 2),
    Head("Active", 6, 2),
    Head("Address", 18, grow=True),
    Head("Gateway", 14, 3),
    Head("Ports", 10, 4),
    Head("Comment", 10, 5),
)
UPDATES = (Head("Package", 16, grow=True), Head("New", 16), Head("Installed", 16, 3), Head("From", 9, 4))
CERTIFICATES = (
    Head("Of", 16, grow=True),
    Head("Days left", 9, 1, "right"),
    Head("By", 16, 4),
    Head("File", 18, 3),
    Head("Key", 10, 5),
)
SOON, AT_ONCE = 30, 7
"""Days left of a certificate from which it is yellow, and red."""
LEVELS = {"c": "community", "b": "basic", "s": "standard", "p": "premium"}
"""What PVE means by the letter of a subscription."""


def services_page(services: Iterable[NodeService] | None) -> Page:
    """Every service that PVE lists; one that should run and does not stands out."""
    rows = (_service(one) for one in services or ())
    return Page(sheet=sheet(SERVICES, rows, NOT_READ if services is None else "no services"))


def _service(one: NodeService) -> tuple[Cell, ...]:
    failed = one.active_state == "failed" or (one.unit_state == "enabled" and one.state not in ("running", None))
    tone = Tone.GOOD if one.state == "running" else Tone.BAD if failed else Tone.MUTED
    return said(one.service), said(one.state, tone), said(one.unit_state), said(one.desc)


def network_page(interfaces: Iterable[NodeNetwork] | None) -> Page:
    """Every interface that is configured or there."""
    rows = (_interface(one) for one in interfaces or ())
    return Page(sheet=sheet(NETWORK, rows, NOT_READ if interfaces is None else "no interfaces"))


def _interface(one: NodeNetwork) -> tuple[Cell, ...]:
    missing = Tone.WARN if one.autostart else Tone.MUTED
    return (
        said(one.iface),
        said(one.type),
        Cell("yes", True, Tone.GOOD) if one.active else Cell("no", False, missing),
        said(" ".join(part for part in (one.cidr, one.cidr6) if part)),
        said(one.gateway or one.gateway6),
        Cell(one.bridge_ports or "", one.bridge_ports),
        Cell(one_line(one.comments) or "", one.comments),
    )


def updates_page(updates: Iterable[NodeUpdate] | None) -> Page:
    """What could be upgraded; as true as the node's last refresh of its package lists."""
    if updates is None:
        return Page(sheet=sheet(UPDATES, (), NOT_READ))
    found = sheet(UPDATES, (_update(one) for one in updates), "nothing to upgrade")
    count = len(found.rows)
    told = f"{count} package{'' if count == 1 else 's'}, as of the node's last refresh of its lists"
    return Page((Note("Updates", told),), found)


def _update(one: NodeUpdate) -> tuple[Cell, ...]:
    return said(one.package), said(one.version), said(one.old_version or "new"), said(one.origin)


def certificates_page(certificates: Iterable[NodeCertificate] | None, now: float) -> Page:
    """``now`` is seconds since the epoch."""
    rows = (_certificate(one, now) for one in certificates or ())
    return Page(sheet=sheet(CERTIFICATES, rows, NOT_READ if certificates is None else "no certificates"))


def _certificate(one: NodeCertificate, now: float) -> tuple[Cell, ...]:
    left = one.days_left(now)
    tone = Tone.MUTED if left is None else Tone.BAD if left < AT_ONCE else Tone.WARN if left < SOON else Tone.GOOD
    words = UNKNOWN if left is None else "expired" if left < 0 else str(left)
    key = " ".join(str(part) for part in (one.key_type, one.key_bits) if part)
    whose, by = _named(one.subject, "CN"), _named(one.issuer, "O", "CN")
    return said(whose), Cell(words, left, tone), said(by), said(one.filename), said(key)


def _named(name: str | None, *fields: str) -> str | None:
    """``pve1`` of ``/OU=PVE Cluster Node/O=Proxmox Virtual Environment/CN=pve1``: the first of these that it has."""
    parts = dict(part.split("=", 1) for part in (name or "").split("/") if "=" in part)
    return next((parts[field] for field in fields if parts.get(field)), name)


def subscription_page(
    subscription: NodeSubscription | None, dns: NodeDns | None, clock: NodeTime | None, now: float
) -> Page:
    """The subscription, and how the node looks up names and times."""
    return Page((*_subscription(subscription), *_names(dns), *_clock(clock, now)))


def _subscription(one: NodeSubscription | None) -> Iterator[Note]:
    if one is None:
        return
    words = "none" if one.status == "notfound" else one.status or UNKNOWN
    yield Note("Status", words, Tone.GOOD if one.status == "active" else Tone.WARN)
    for label, value in (
        ("Product", one.productname),
        ("Level", LEVELS.get(one.level or "", one.level)),
        ("Due", one.nextduedate),
    ):
        if value:
            yield Note(label, value)
    if one.message:
        yield Note("Message", one.message)


def _names(dns: NodeDns | None) -> Iterator[Note]:
    if dns is not None:
        yield Note("DNS", " ".join(dns.servers) or UNKNOWN)
        yield Note("Search", dns.search or UNKNOWN)


def _clock(clock: NodeTime | None, now: float) -> Iterator[Note]:
    if clock is None:
        return
    yield Note("Time zone", clock.timezone or UNKNOWN)
    if clock.time is not None:
        apart = clock.time - now
        # The way of the question and whole seconds are no skew.
        tone = Tone.WARN if abs(apart) > 5 else Tone.PLAIN
        words = f"{text.duration(abs(apart))} {'ahead of' if apart > 0 else 'behind'} this machine"
        yield Note("Clock", words if abs(apart) > 2 else "as here", tone)


def charts_page(history: RrdSeries | None) -> Page:
    """All series but the pressures."""
    return Page(drawings=tuple(every_drawing(history)), times=history.times) if history is not None else Page()


def pressure_page(history: RrdSeries | None) -> Page:
    """How long its processes waited for CPU, disks and memory."""
    if history is None:
        return Page()
    found = tuple(pressures(history))
    note = Note("", "this server keeps no pressure: PVE does so from 9.0 on", Tone.MUTED)
    return Page((note,) if history.times and not found else (), drawings=found, times=history.times)
