"""Every section of nodes and guests, out of what real servers of 8.4 and 9.2 answered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from proxtui.core.model import GuestKey, NodeKey
from proxtui.core.rows import UNKNOWN
from proxtui.core.series import TIMEFRAMES, Span
from proxtui.core.sheet import Page
from proxtui.features.guests.reading import GuestReader
from proxtui.features.guests.screen import GuestsView
from proxtui.features.guests.service import GuestService
from proxtui.features.nodes.details import status_lines
from proxtui.features.nodes.reading import NodeReader
from proxtui.features.nodes.screen import NodesView
from proxtui.features.nodes.service import NodeService

from .fleets import ACME
from .recordings import CONTAINERS, RELEASES, ReplayClient, needed, recorded, refused, runtime_of

pytestmark = needed
NODE = NodeKey(*ACME, "pve1")
SPANS = [Span(timeframe, cf) for timeframe in TIMEFRAMES for cf in ("AVERAGE", "MAX")]
NODE_WORDS = {
    "services": ("pveproxy", "running"),
    "network": ("vmbr0 bridge yes", "eth0"),
    "disks": (f"/dev/vda ? {UNKNOWN} {UNKNOWN} {UNKNOWN} 256 GiB mounted {UNKNOWN} {UNKNOWN}",),
    "updates": ("dpkg 1.21.23 1.21.22 Debian", "as of the node's last refresh"),
    "certificates": ("pve-root-ca.pem", "pve-ssl.pem"),
    "subscription": ("DNS 10.255.255.53", "Time zone Etc/UTC"),
    "tasks": ("OK",),
    "charts": ("CPU", "IO wait", "Load average", "Memory", "Swap", "Root disk", "Network in", "Network out"),
    "pressure": (),
}
GUEST_WORDS = {
    "config": ("memory", "net0", "vmbr0"),
    "snapshots": (),
    "tasks": (),
    "backups": (),
    "firewall": ("Firewall off", "Incoming DROP, PVE's default", "Rules none"),
    "charts": ("CPU", "Memory", "Network in", "Network out", "Disk read", "Disk write"),
    "pressure": (),
}


def lines_of(page: Page) -> Iterator[str]:
    """Everything that a page says, a line each."""
    yield from (f"{note.label} {note.text}".strip() for note in page.notes)
    if page.sheet is not None:
        yield from (" ".join(cell.text for cell in row.cells) for row in page.sheet.rows)
        if not page.sheet.rows:
            yield page.sheet.empty
    yield from (drawing.title for drawing in page.drawings)


def problems_of(page: Page) -> list[str]:
    return [note.text for note in page.notes if note.label == "not read"]


def known(values: Sequence[float | None]) -> list[float]:
    return [value for value in values if value is not None]


def guest_key(release: str, kind: str) -> GuestKey:
    return GuestKey(*ACME, "qemu", 100) if kind == "qemu" else GuestKey(*ACME, "lxc", CONTAINERS[release])


def sections(view: Any) -> list[str]:
    """Without the first, which is the overview."""
    return [one.name.lower() for one in view.SECTIONS[1:]]


def test_no_section_is_left_out() -> None:
    assert set(sections(NodesView)) == set(NODE_WORDS)
    assert set(sections(GuestsView)) == set(GUEST_WORDS)


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("section", list(NODE_WORDS))
async def test_a_section_of_a_node(release: str, section: str) -> None:
    runtime, _ = runtime_of(release, ReplayClient(release))
    page = await NodeReader(runtime).read(NODE, section, Span())
    told = list(lines_of(page))
    assert told
    assert not any("None" in line for line in told)
    for words in NODE_WORDS[section]:
        assert any(words in line for line in told), told
    if section == "subscription" and release == "9.2":
        # 9.2 dies of an own mistake here: the rest of the section is there all the same.
        assert problems_of(page)[0].startswith("subscription: ")
        assert not any(line.startswith("Status") for line in told)
    else:
        assert problems_of(page) == []


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("kind", ["qemu", "lxc"])
@pytest.mark.parametrize("section", list(GUEST_WORDS))
async def test_a_section_of_a_guest(release: str, kind: str, section: str) -> None:
    client = ReplayClient(release)
    runtime, _ = runtime_of(release, client)
    page = await GuestReader(runtime).read(guest_key(release, kind), section, Span())
    told = list(lines_of(page))
    assert told
    assert client.asked
    assert problems_of(page) == []
    assert not any("None" in line for line in told)
    for words in GUEST_WORDS[section]:
        assert any(words in line for line in told), told
    if section == "snapshots":
        assert (told == ["no snapshots"]) is (kind == "lxc")
        assert any("snap1" in line for line in told) is (kind == "qemu")
    if section == "backups":
        # The only recorded backup is one of the container, on 8.4.
        assert (told == ["no backups"]) is not (release == "8.4" and kind == "lxc")
        assert told == ["no backups"] or told[0].endswith(f"1 MiB local  {UNKNOWN}")
    if section == "tasks":
        assert any(line.endswith(" OK") for line in told)
    if section == "pressure":
        # A container of 9.2 has none though its node has: it must not be put down to the version.
        assert bool(page.drawings) is (release == "9.2" and kind == "qemu")
        assert page.drawings or "of this guest" in told[0]


@pytest.mark.parametrize("release", RELEASES)
async def test_pending_changes_stand_beside_what_holds(release: str) -> None:
    where = "/nodes/pve1/qemu/100/pending"
    rows = [{"key": "memory", "value": "64", "pending": "128"}, {"key": "onboot", "value": 1, "delete": 1}]
    runtime, _ = runtime_of(release, ReplayClient(release, {where: rows}))
    page = await GuestReader(runtime).read(guest_key(release, "qemu"), "config", Span())
    told = list(lines_of(page))
    assert "Pending 2 options wait for a stop and start" in told
    assert {"memory 64 → 128", "onboot 1 removed"} <= set(told)


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("rights", ["permissions without rights", "permissions of auditor", None])
async def test_backups_that_may_be_hidden_are_not_called_none(release: str, rights: str | None) -> None:
    client = ReplayClient(release, {"/nodes/pve1/storage/local/content": []})
    runtime, _ = runtime_of(release, client, rights)
    page = await GuestReader(runtime).read(guest_key(release, "qemu"), "backups", Span())
    assert page.sheet is not None
    assert page.sheet.empty == "none that we may see"
    [doubt] = [note.text for note in page.notes if note.label == "may hide"]
    assert ("is not known" if rights is None else "missing privilege Datastore.A") in doubt


@pytest.mark.parametrize("release", RELEASES)
async def test_tasks_that_may_be_hidden_are_said_to_be_our_own(release: str) -> None:
    runtime, _ = runtime_of(release, ReplayClient(release), "permissions without rights")
    for page in (
        await NodeReader(runtime).read(NODE, "tasks", Span()),
        await GuestReader(runtime).read(guest_key(release, "lxc"), "tasks", Span()),
    ):
        assert "own only missing privilege Sys.Audit on /nodes/pve1" in list(lines_of(page))


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("span", SPANS, ids=lambda span: span.text)
@pytest.mark.parametrize("about", ["node", "qemu", "lxc"])
async def test_charts_of_every_window(release: str, span: Span, about: str) -> None:
    client = ReplayClient(release)
    runtime, _ = runtime_of(release, client)
    if about == "node":
        page = await NodeReader(runtime).read(NODE, "charts", span)
    else:
        page = await GuestReader(runtime).read(guest_key(release, about), "charts", span)
    [asked] = client.asked
    assert asked.endswith(f"/rrddata?timeframe={span.timeframe}&cf={span.cf}")
    assert problems_of(page) == []
    assert len(page.times) in (60, 70, 1440)
    for drawing in page.drawings:
        assert len(drawing.values) in (0, len(page.times))
        assert all(value >= 0 for value in known(drawing.values))
        assert drawing.unit != "%" or all(value <= 1 for value in known(drawing.values)), drawing.title


@pytest.mark.parametrize("release", RELEASES)
async def test_points_are_those_of_the_answer_and_gaps_stay_gaps(release: str) -> None:
    runtime, _ = runtime_of(release, ReplayClient(release))
    page = await NodeReader(runtime).read(NODE, "charts", Span())
    points = recorded(release)["GET /nodes/{node}/rrddata"]["body"]["data"]
    points = sorted(points, key=lambda point: point["time"])
    drawn = {drawing.title: list(drawing.values) for drawing in page.drawings}
    assert drawn["IO wait"] == [point.get("iowait") for point in points]
    assert drawn["Load average"] == [point.get("loadavg") for point in points]
    assert drawn["Memory"] == [point["memused"] / point["memtotal"] if "memused" in point else None for point in points]
    assert None in drawn["CPU"]
    assert known(drawn["Root disk"])
    # Of no swap there is no share: 0 % would say that it is free.
    assert known(drawn["Swap"]) == []


async def test_a_day_of_which_nothing_was_kept_yet_is_empty() -> None:
    runtime, _ = runtime_of("8.4", ReplayClient("8.4"))
    page = await NodeReader(runtime).read(NODE, "charts", Span("day"))
    assert len(page.times) == 70
    assert all(known(drawing.values) == [] for drawing in page.drawings)
    assert page.empty == "no data"


@pytest.mark.parametrize("release", RELEASES)
async def test_pressure_of_a_node(release: str) -> None:
    runtime, _ = runtime_of(release, ReplayClient(release))
    page = await NodeReader(runtime).read(NODE, "pressure", Span())
    assert len(page.drawings) == (5 if release == "9.2" else 0)
    assert all(known(drawing.values) for drawing in page.drawings)
    assert bool(page.notes) is (release == "8.4")


@pytest.mark.parametrize("release", RELEASES)
async def test_the_status_of_a_node_has_no_zero_that_is_unknown(release: str) -> None:
    runtime, _ = runtime_of(release, ReplayClient(release))
    detail = await NodeService(runtime).detail(NODE)
    assert (detail.problems, detail.version and detail.version[:3]) == ((), release)
    raw = recorded(release)["GET /nodes/{node}/status"]["body"]["data"]
    assert (raw["cpu"], raw["wait"]) == (0, 0)
    assert detail.status is not None
    assert (detail.status.cpu, detail.status.wait) == (None, None)
    lines = {line.label: line.text for line in status_lines(detail.status, detail.version)}
    assert lines["IO wait"] == UNKNOWN
    assert lines["Swap"] == "none"
    assert lines["Memory"].endswith("of 24 GiB")
    assert {"CPUs", "Load", "Root disk", "Kernel", "PVE"} <= set(lines)


async def test_a_status_that_was_measured_is_told() -> None:
    title = "3 s after the link to pve2 went down: GET /nodes/pve1/status"
    body = recorded("8.4-faults")[title]["body"]["data"]
    runtime, _ = runtime_of("8.4", ReplayClient("8.4", {"/nodes/pve1/status": body}))
    detail = await NodeService(runtime).detail(NODE)
    lines = {line.label: line.text for line in status_lines(detail.status, detail.version)}
    assert lines["IO wait"] == "0.7 %"


FAULTS = [
    title
    for title in (recorded("8.4-faults") if needed.args[0] is False else {})
    if "GET /nodes/pve2/status" in title or "qemu/101/status/current" in title
]


@pytest.mark.parametrize("title", FAULTS)
async def test_a_node_in_trouble_keeps_what_was_polled(title: str) -> None:
    found = recorded("8.4-faults")[title]
    answer = found["body"]["data"] if found["status"] == 200 else refused(found["status"], found["reason"])
    runtime, snapshot = runtime_of("8.4", ReplayClient("8.4", {found["asked"]: answer}))
    if "qemu" in title:
        key = next(key for key in snapshot.guests if key.vmid == 101)
        problems: Sequence[str] = (await GuestService(runtime).detail(key)).problems
        assert runtime.store.snapshot(ACME).guests[key].status in ("running", "stopped")
    else:
        detail = await NodeService(runtime).detail(NodeKey(*ACME, "pve2"))
        problems = detail.problems
        assert (detail.status is None) is (found["status"] != 200)
        assert bool(status_lines(detail.status, None)) is (found["status"] == 200)
    said = f"status: the node behind the server does not answer: {found['reason']}"
    assert (said in problems) is (found["status"] == 595)
