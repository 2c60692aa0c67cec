"""What the sections of guests and nodes say, made by hand and out of recorded answers."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from proxtui.core.model import GuestKey, NodeKey
from proxtui.core.rows import UNKNOWN, Tone
from proxtui.core.series import Span
from proxtui.core.sheet import Page, Sheet, columns
from proxtui.core.task_sheet import task_sheet
from proxtui.features.guests import pages as guest_pages
from proxtui.features.guests.reading import GuestReader
from proxtui.features.nodes import pages as node_pages
from proxtui.features.nodes.disks import disks_page
from proxtui.features.nodes.reading import NodeReader
from proxtui.pve.models import NodeService, StorageContent, Task
from proxtui.pve.models_guest import FirewallState, PendingChange
from proxtui.pve.models_node import NodeCertificate, NodeDisk, NodeSubscription, NodeTime
from proxtui.pve.rrd import RrdSeries
from proxtui.pve.upid import Upid

from .fakes import FakeClient, denied, runtime_of
from .fleets import ACME, GIB, container, fleet, node, snapshot, storage, vm

REFERENCE = Path(os.environ.get("PVE_REFERENCE", Path(__file__).resolve().parents[3] / "shared" / "pve"))
NOW = 1_795_305_420.0
DAY = 86_400


def cells(made: Sheet | None) -> list[list[str]]:
    assert made is not None
    for row in made.rows:
        assert [column.text(row) for column in columns(made.heads)] == [cell.text for cell in row.cells]
    return [[cell.text for cell in row.cells] for row in made.rows]


def notes(page: Page) -> dict[str, str]:
    return {note.label: note.text for note in page.notes}


def test_an_option_that_is_new_or_goes_away_is_in_the_list() -> None:
    pending = [PendingChange(key="net1", pending="virtio"), PendingChange(key="agent", value="1", delete=True)]
    page = guest_pages.config_page({"cores": 2, "digest": "abc"}, pending)
    assert cells(page.sheet) == [["agent", "1", "removed"], ["cores", "2", ""], ["net1", UNKNOWN, "→ virtio"]]
    assert notes(page) == {"Pending": "2 options wait for a stop and start"}


def test_a_configuration_that_was_not_read_is_not_called_empty() -> None:
    page = guest_pages.config_page(None, ())
    assert page.sheet is not None
    assert page.sheet.empty == "not read"


@pytest.mark.parametrize(
    ("doubts", "complete", "empty"),
    [((), True, "no backups"), (("x",), True, "none that we may see"), ((), False, "none that we may see")],
)
def test_none_is_called_none_only_where_nothing_can_be_hidden(
    doubts: tuple[str, ...], complete: bool, empty: str
) -> None:
    page = guest_pages.backups_page((), doubts, complete=complete)
    assert page.sheet is not None
    assert page.sheet.empty == empty


def test_the_newest_backup_comes_first() -> None:
    old = StorageContent(volid="a", ctime=1, size=GIB, notes="x\ny")
    new = StorageContent(volid="b", ctime=2, size=None, protected=True)
    found = cells(guest_pages.backups_page([("local", old), ("pbs", new)], (), complete=True).sheet)
    assert [row[1:] for row in found] == [[UNKNOWN, "pbs", "protected", UNKNOWN], ["1 GiB", "local", "", "x / y"]]


def test_a_firewall_without_policies_has_those_of_pve() -> None:
    said = notes(guest_pages.firewall_page(FirewallState(enabled=True, rules=3, active_rules=1)))
    assert said["Incoming"] == "DROP, PVE's default"
    assert said["Rules"] == "3, 1 of them on"
    assert notes(guest_pages.firewall_page(FirewallState(rules=0, active_rules=0)))["Rules"] == "none"
    assert guest_pages.firewall_page(None) == Page()


def test_the_disk_of_a_vm_is_not_drawn() -> None:
    history = RrdSeries((1.0,), {"disk": (0.0,), "maxdisk": (8.0,), "memhost": (5.0,)})
    titles = [one.title for one in guest_pages.charts_page("qemu", history).drawings]
    assert "Root disk" not in titles
    assert "Memory taken from the node" in titles
    assert "Root disk" in [one.title for one in guest_pages.charts_page("lxc", history).drawings]


def test_pressure_is_a_part_of_the_time() -> None:
    page = node_pages.pressure_page(RrdSeries((1.0, 2.0), {"pressureiosome": (25.0, None)}))
    assert [tuple(one.values) for one in page.drawings] == [(0.25, None)]
    assert page.notes == ()


def test_services_that_should_run_and_do_not_are_bad() -> None:
    dead = NodeService(service="pvestatd", state="dead", unit_state="enabled")
    idle = NodeService(service="ksmtuned", state="dead", unit_state="disabled")
    made = node_pages.services_page([dead, idle]).sheet
    assert made is not None
    assert [row.cells[1].tone for row in made.rows] == [Tone.BAD, Tone.MUTED]


@pytest.mark.parametrize(
    ("days", "words", "tone"),
    [(90, "90", Tone.GOOD), (12, "12", Tone.WARN), (1, "1", Tone.BAD), (-3, "expired", Tone.BAD)],
)
def test_a_certificate_tells_the_days_it_has_left(days: int, words: str, tone: Tone) -> None:
    one = NodeCertificate(filename="pve-ssl.pem", notafter=int(NOW) + days * DAY)
    made = node_pages.certificates_page([one, NodeCertificate(filename="x")], NOW).sheet
    assert made is not None
    assert made.rows[0].cells[1][::2] == (words, tone)
    assert made.rows[1].cells[1].text == UNKNOWN


def test_a_certificate_says_first_whose_it_is() -> None:
    issuer = "/CN=Proxmox Virtual Environment/OU=4bb44cfb/O=PVE Cluster Manager CA"
    own = NodeCertificate(
        filename="pve-ssl.pem", subject="/OU=PVE Cluster Node/O=Proxmox Virtual Environment/CN=pve1", issuer=issuer
    )
    bought = NodeCertificate(filename="pveproxy-ssl.pem", subject="/CN=pve.example.org", issuer="/O=ACME & Sons/CN=R11")
    odd = NodeCertificate(filename="x.pem", subject="somebody", issuer="/CN=R11")
    made = cells(node_pages.certificates_page([own, bought, odd], NOW).sheet)
    assert [(row[0], row[2], row[3]) for row in made] == [
        ("pve1", "PVE Cluster Manager CA", "pve-ssl.pem"),
        ("pve.example.org", "ACME & Sons", "pveproxy-ssl.pem"),
        ("somebody", "R11", "x.pem"),
    ]


def test_what_smart_does_not_tell_is_unknown() -> None:
    disks = [NodeDisk(devpath="/dev/sda"), NodeDisk(devpath="/dev/sdb", health="FAILED!", wearout=3.0)]
    made = disks_page(disks).sheet
    assert made is not None
    assert cells(made)[0][1:3] == [f"? {UNKNOWN}", UNKNOWN]
    assert [cell.tone for cell in made.rows[1].cells[1:3]] == [Tone.BAD, Tone.BAD]


def test_no_subscription_and_a_clock_that_is_wrong() -> None:
    page = node_pages.subscription_page(NodeSubscription(status="notfound"), None, NodeTime(time=int(NOW) + 90), NOW)
    assert notes(page)["Status"] == "none"
    assert notes(page)["Clock"] == "1m 30s ahead of this machine"


@pytest.mark.parametrize(
    ("letter", "level"), [("c", "community"), ("b", "basic"), ("s", "standard"), ("p", "premium"), ("x", "x")]
)
def test_the_level_of_a_subscription_is_written_out(letter: str, level: str) -> None:
    page = node_pages.subscription_page(NodeSubscription(status="active", level=letter), None, None, NOW)
    assert notes(page)["Level"] == level


def test_a_task_says_how_it_ended() -> None:
    upid = Upid("UPID:pve1:00000001:00000002:6B000000:vzdump:100:root@pam:")
    ends = [None, "OK", "WARNINGS: 2", "no space left"]
    tasks = [
        Task(upid=upid, running=end is None, node="pve1", type="vzdump", starttime=1, exitstatus=end) for end in ends
    ]
    made = task_sheet(tasks, "none")
    assert {row.cells[1].text for row in made.rows} == {"back up"}
    assert [row.cells[-1][::2] for row in made.rows] == [
        ("running", Tone.ACCENT),
        ("OK", Tone.GOOD),
        ("WARNINGS: 2", Tone.WARN),
        ("no space left", Tone.BAD),
    ]


def reader_of(client: FakeClient) -> tuple[GuestReader, NodeReader]:
    stores = (storage("local", content=("backup",)), storage("pbs", content=("backup",)), storage("ceph"))
    runtime: Any = runtime_of(
        fleet(snapshot(ACME, (vm(100), container(200)), (node("pve1"),), stores)), clients={ACME: client}
    )
    return GuestReader(runtime), NodeReader(runtime)


async def test_each_storage_for_backups_is_asked_and_answers_for_itself() -> None:
    content = "/nodes/pve1/storage/{}/content"
    volume = {"volid": "local:backup/x", "content": "backup", "ctime": 5, "size": GIB, "vmid": 100}
    client = FakeClient(
        **{content.format("local"): [volume], content.format("pbs"): denied("/storage/pbs", "Datastore.Audit")}
    )
    page = await reader_of(client)[0].read(GuestKey(*ACME, "qemu", 100), "backups", Span())
    assert [row[2] for row in cells(page.sheet)] == ["local"]
    assert "Datastore.Audit on /storage/pbs" in notes(page)["not read"]
    assert sorted(client.asked) == [content.format("local"), content.format("pbs")]


async def test_a_guest_that_is_gone_is_said_to_be() -> None:
    page = await reader_of(FakeClient())[0].read(GuestKey(*ACME, "qemu", 999), "config", Span())
    assert notes(page) == {"not read": "the guest is gone"}


def recorded(release: str) -> dict[str, Any]:
    """Bodies by the path that was asked, renamed to our node and guests."""
    file = REFERENCE / "recorded" / f"{release}.json"
    if not file.is_file():
        pytest.skip("no recorded answers here (PVE_REFERENCE)")
    found: dict[str, Any] = {}
    for title, one in json.loads(file.read_text(encoding="utf-8")).items():
        if title.startswith("GET /nodes/{node}") and one["status"] == 200:
            parts = urlsplit(one["asked"]).path.strip("/").split("/")
            parts[1] = "pve1"
            if parts[2:3] in (["qemu"], ["lxc"]) and len(parts) > 3:
                parts[3] = "100" if parts[2] == "qemu" else "200"
            found["/" + "/".join(parts)] = one["body"]["data"]
    return found


@pytest.mark.parametrize("release", ["8.4", "9.2"])
async def test_recorded_answers_make_a_page_of_every_section(release: str) -> None:
    from proxtui.features.guests.screen import GuestsView
    from proxtui.features.nodes.screen import NodesView

    client = FakeClient(**recorded(release))
    guests, nodes = reader_of(client)
    for section in GuestsView.SECTIONS[1:]:
        for key in (GuestKey(*ACME, "qemu", 100), GuestKey(*ACME, "lxc", 200)):
            page = await guests.read(key, section.name.lower(), Span())
            assert page.sheet or page.notes or page.drawings
    titles = {}
    for section in NodesView.SECTIONS[1:]:
        page = await nodes.read(NodeKey(*ACME, "pve1"), section.name.lower(), Span())
        titles[section.name] = [one.title for one in page.drawings]
        assert page.sheet or page.notes or page.drawings
    assert len(titles["Charts"]) >= 8
    assert bool(titles["Pressure"]) is (release == "9.2")
