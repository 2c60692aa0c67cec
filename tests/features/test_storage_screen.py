"""The storage browser as its user meets it, and what it asks."""

from __future__ import annotations

from typing import Any

import pytest

from proxtui.core.model import Scope, StorageKey
from proxtui.features.storage.cli import find_content
from proxtui.features.storage.service import AGAIN_AFTER, EVERY, WEEK, StorageService
from proxtui.kit.live_table import LiveTable
from proxtui.pve.access import Permissions

from .fakes import FakeClient, denied, runtime_of
from .fleets import ACME, GIB
from .screens import LARGE, SMALL, Stage, stage, text_of
from .test_storage_rows import PLACE, cluster

BASE = "/nodes/pve2/storage/nfs"
CONTENT = [
    {"volid": "nfs:iso/[b]debian.iso", "content": "iso", "format": "iso", "size": GIB},
    {"volid": "nfs:backup/a.zst", "content": "backup", "vmid": 100, "size": 2 * GIB, "ctime": 1_795_300_000},
    {"volid": "nfs:backup/b.zst", "content": "backup", "vmid": 100, "size": 2 * GIB, "ctime": 1_795_200_000},
]
RRD = [{"time": 1_795_000_000 + 1_800 * at, "used": 60 * GIB, "total": 100 * GIB} for at in range(70)]
ADMIN = {"/": {"Datastore.Allocate": 1, "VM.Backup": 1}}
AUDITOR = {"/": {"Datastore.Audit": 1, "VM.Audit": 1}}


def client(rights: Any = ADMIN, **answers: Any) -> FakeClient:
    usual = {"content": CONTENT, "status": {"avail": 30 * GIB, "active": 1, "enabled": 1}, "rrddata": RRD, **answers}
    return FakeClient(**{f"{BASE}/{name}": answer for name, answer in usual.items()}, **{"/access/permissions": rights})


async def come(acting: Stage) -> None:
    """To the pane of the shared storage."""
    await acting.press("3", "G", "enter")
    await acting.until(lambda: acting.front.panel.title == "storage nfs of acme / berlin")


@pytest.mark.parametrize("size", [SMALL, LARGE])
async def test_shared_storages_once_with_what_lies_on_them(size: tuple[int, int]) -> None:
    async with stage(cluster(), size, clients={ACME: client()}) as acting:
        await come(acting)
        assert "4 storages" in acting.header
        assert "3 nodes" in acting.lines(acting.table)[-1]
        await acting.until(lambda: acting.front.panel.content.total == 3)
        shown = text_of(acting.front.panel.content)
        assert "iso/[b]debian.iso" in shown
        assert "100 web1" in shown
        assert "30 GiB free" in text_of(acting.front.panel.query_one("Facts"))
        assert "backups 2" in text_of(acting.front.panel.kinds)
        if size == LARGE:
            assert "Used, last week" in text_of(acting.front.panel.chart)
            assert "60 GiB" in text_of(acting.front.panel.chart)


async def test_one_type_at_a_time_and_the_backups_of_each_guest() -> None:
    async with stage(cluster(), clients={ACME: client()}) as acting:
        await come(acting)
        content = acting.front.panel.content
        await acting.until(lambda: content.total == 3)
        await acting.press("full_stop")
        assert content.total == 2
        await acting.press("full_stop")
        assert "debian" in text_of(content)
        await acting.press("comma", "comma")
        assert content.total == 3
        await acting.press("B")
        [line] = acting.lines(content)[1:]
        assert "100 web1" in " ".join(line.split())
        assert content.rows.shown[0].field("disk") == 4 * GIB
        await acting.press("B")
        assert content.total == 3


async def test_the_filter_is_for_storages_and_their_content_stays() -> None:
    async with stage(cluster(), clients={ACME: client()}) as acting:
        await come(acting)
        await acting.until(lambda: acting.front.panel.content.total == 3)
        await acting.press("slash", *"type:nfs", "enter")
        assert (acting.table.shown, acting.front.panel.content.shown) == (1, 3)
        acting.front.panel.content.focus()
        await acting.press("down", "enter")
        assert acting.front.row.key.storage == "nfs"
        await acting.press("escape")
        assert isinstance(acting.app.focused, LiveTable)


async def test_an_auditor_reads_why_there_are_no_backups() -> None:
    listing = [CONTENT[0]]
    async with stage(cluster(), clients={ACME: client(AUDITOR, content=listing)}) as acting:
        await come(acting)
        await acting.until(lambda: acting.front.panel.content.total == 1)
        assert "backups 0" not in text_of(acting.front.panel.kinds)
        await acting.press("full_stop")
        shown = text_of(acting.front.panel.content)
        assert "not allowed to see backups" in shown
        assert "(Datastore.AllocateSpace + VM.Backup)" in shown
        assert "available" in text_of(acting.table)


async def test_a_refused_list_names_the_privilege() -> None:
    refused = denied("/storage/nfs", "Datastore.Audit")
    async with stage(cluster(), clients={ACME: client(content=refused, status=refused, rrddata=refused)}) as acting:
        await come(acting)
        await acting.until(lambda: "Datastore.Audit" in text_of(acting.front.panel.query_one("Facts")))
        assert "not read" in text_of(acting.front.panel.content)


async def test_a_storage_of_an_offline_node_is_not_asked() -> None:
    answers = client()
    async with stage(cluster(), clients={ACME: answers}) as acting:
        await acting.press("3", "enter")
        await acting.until(lambda: "none of its nodes" in text_of(acting.front.panel.query_one("Facts")))
        assert answers.asked == []


async def test_a_shared_storage_is_found_by_the_name_of_any_node() -> None:
    async with stage(cluster()) as acting:
        await acting.press("3")
        assert acting.front.reveal(StorageKey(*ACME, "pve3", "nfs"))
        assert acting.front.row.key == PLACE
        assert acting.front.reveal(StorageKey(*ACME, "pve3", "local"))
        assert acting.front.row.key.node == "pve3"
        assert not acting.front.reveal(StorageKey(*ACME, "pve9", "nfs"))
        assert not acting.front.reveal(StorageKey(*ACME, "pve3", "gone"))


async def test_another_span_is_read_at_once() -> None:
    answers = client()
    async with stage(cluster(), clients={ACME: answers}) as acting:
        await come(acting)
        await acting.until(lambda: acting.front.panel.content.total == 3)
        answers.asked.clear()
        await acting.press("w")
        await acting.until(lambda: f"{BASE}/rrddata" in answers.asked)
        await acting.until(lambda: "60 GiB" in text_of(acting.front.panel.chart))
        assert "Used, last month" in text_of(acting.front.panel.chart)


async def test_a_list_is_not_read_at_every_look() -> None:
    answers = client()
    runtime = runtime_of(cluster(), clients={ACME: answers})
    service = StorageService(runtime)  # type: ignore[arg-type]
    first = await service.detail(PLACE, "pve2", WEEK)
    assert first.volumes is not None
    runtime.clock.now += EVERY - 1
    assert await service.detail(PLACE, "pve2", WEEK, first) is first
    answers.answers[f"{BASE}/content"] = denied("/storage/nfs", "Datastore.Audit")
    runtime.clock.now += 1
    second = await service.detail(PLACE, "pve2", WEEK, first)
    assert (second.volumes, len(second.problems)) == (first.volumes, 1)
    assert second.is_due(runtime.clock.now + AGAIN_AFTER)


async def test_content_on_the_command_line_says_what_is_left_out() -> None:
    runtime = runtime_of(cluster(), clients={ACME: client(AUDITOR, content=[])})
    found = await find_content(runtime, "nfs", kind="backup")  # type: ignore[arg-type]
    assert found.rows == []
    assert [note.partition(" (")[0] for note in found.notes] == ["not allowed to see backups"]


async def test_a_server_that_hides_storages_is_named_and_not_down() -> None:
    runtime = runtime_of(cluster(), clients={ACME: client()})
    connection = runtime.connection(ACME)
    runtime.connection = lambda ref: connection  # type: ignore[method-assign,assignment]
    service = StorageService(runtime)  # type: ignore[arg-type]
    assert service.limits(cluster(), Scope()) == []
    connection.permissions = Permissions({"/": {"VM.Audit": True}})
    [line] = service.limits(cluster(), Scope())
    assert line.startswith("acme / berlin: storages are hidden (missing Datastore.Audit")
    assert service.limits(cluster(), Scope("zeta")) == []
    connection.permissions = Permissions({"/": {"Datastore.Audit": True}})
    assert service.limits(cluster(), Scope()) == []


async def test_another_span_or_maxima_ask_for_the_history_alone() -> None:
    answers = client()
    async with stage(cluster(), LARGE, clients={ACME: answers}) as acting:
        await come(acting)
        chart = acting.front.panel.chart
        await acting.until(lambda: "Used, last week, average, UTC" in text_of(chart))
        lists = answers.asked.count(f"{BASE}/content")
        await acting.press("M")
        await acting.until(lambda: "Used, last week, maximum" in text_of(chart) and "60 GiB" in text_of(chart))
        await acting.press("w")
        await acting.until(lambda: "Used, last month, maximum" in text_of(chart) and "60 GiB" in text_of(chart))
        assert answers.asked.count(f"{BASE}/content") == lists
        assert answers.asked.count(f"{BASE}/rrddata") >= 3


@pytest.mark.parametrize(("holds", "offered"), [(("images",), False), (("images", "backup"), True)])
async def test_backups_per_guest_are_offered_where_backups_may_lie(holds: tuple[str, ...], offered: bool) -> None:
    async with stage(cluster(content=holds), clients={ACME: client(content=[])}) as acting:
        await come(acting)
        assert acting.front.check_action("per_guest", ()) is offered


@pytest.mark.parametrize("size", [SMALL, LARGE])
async def test_volumes_that_make_no_sense_are_counted(size: tuple[int, int]) -> None:
    async with stage(cluster(), size, clients={ACME: client(content=[*CONTENT, {"content": "iso"}, 7])}) as acting:
        await come(acting)
        await acting.until(lambda: acting.front.panel.content.total == 3)
        assert "2 volumes could not be read" in text_of(acting.front.panel.query_one("Facts"))


async def test_a_list_of_which_nothing_could_be_read_is_not_called_empty() -> None:
    world = cluster(content=("images", "backup"))
    async with stage(world, clients={ACME: client(content=[{"content": "iso"}])}) as acting:
        await come(acting)
        await acting.until(lambda: "1 volume could not be read" in text_of(acting.front.panel.content))
        assert "backups 0" not in text_of(acting.front.panel.kinds)
