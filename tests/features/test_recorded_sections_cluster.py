"""The sections of clusters and the content of storages, out of recorded answers, and when these fail."""

from __future__ import annotations

from typing import Any

import pytest

from proxtui.core.model import Scope
from proxtui.core.rows import UNKNOWN
from proxtui.core.series import TIMEFRAMES, Span
from proxtui.errors import DeadlineExceeded, ProxtuiError
from proxtui.features.cluster.board import Board
from proxtui.features.cluster.sections import SECTIONS, SWEPT, section
from proxtui.features.storage.contents import backup_rows, content_rows
from proxtui.features.storage.details import storage_lines
from proxtui.features.storage.rows import storage_rows
from proxtui.features.storage.screen import StorageView
from proxtui.features.storage.service import StorageService

from .fleets import ACME
from .recordings import RELEASES, ReplayClient, needed, recorded, refused, runtime_of
from .screens import stage, text_of

pytestmark = needed
ASKED = [one.name for one in SECTIONS if one.name != SWEPT]
SYS_AUDIT = "Permission check failed (/, Sys.Audit)"
FAULTS: dict[str, tuple[ProxtuiError, str]] = {
    "403": (refused(403, SYS_AUDIT), "missing privilege Sys.Audit on /"),
    "500": (refused(500, "got timeout"), "got timeout"),
    "595": (refused(595, "No route to host"), "does not answer: No route to host"),
    "596": (refused(596, "Connection timed out"), "does not answer: Connection timed out"),
    "timeout": (DeadlineExceeded("no answer within 10 s", stage="deadline"), "no answer within 10 s"),
}
FILTERED = {"pools": "/pools", "log": "/cluster/log", "access": "/access/acl", "replication": "/cluster/replication"}
"""The lists from which PVE leaves out silently what we may not see."""


async def board_of(release: str, name: str, client: ReplayClient) -> Board:
    runtime, _ = runtime_of(release, client)
    board = Board(runtime)
    board.fleet, board.scope, board.section = runtime.store.fleet(), Scope(), section(name)
    await board.ask(lambda: None)
    return board


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("name", ASKED)
async def test_a_section_of_a_cluster(release: str, name: str) -> None:
    board = await board_of(release, name, ReplayClient(release))
    rows = board.records()
    assert not any(line.label == "not read" for line in board.lines())
    assert board.counted(len(rows), len(rows)) == board.section.counted(len(rows))
    assert board.empty() == f"no {board.section.nouns}"
    for row in rows:
        assert all("None" not in column.text(row) for column in board.section.columns)


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("fault", list(FAULTS))
@pytest.mark.parametrize("name", ASKED)
async def test_a_section_of_a_cluster_that_fails(release: str, name: str, fault: str) -> None:
    error, words = FAULTS[fault]
    board = await board_of(release, name, ReplayClient(release, always=error))
    assert board.records() == []
    assert board.counted(0, 0) == f"{UNKNOWN} {board.section.nouns}"
    assert board.empty() == f"no {board.section.nouns} are known"
    [line] = board.lines()
    assert (line.label, words in line.text) == ("not read", True)


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("name", list(FILTERED))
async def test_an_empty_list_is_not_sure_while_our_rights_are_unknown(release: str, name: str) -> None:
    spoilt: dict[str, Any] = {FILTERED[name]: [], "/access/users": [], "/access/permissions": refused(500, "broken")}
    board = await board_of(release, name, ReplayClient(release, spoilt))
    assert board.records() == []
    assert board.counted(0, 0) == f"at least {board.section.counted(0)}"
    assert [line.text for line in board.lines()] == ["what we may see: broken"]


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("rights", ["permissions of auditor", "permissions without rights"])
async def test_an_empty_log_names_what_would_show_more(release: str, rights: str) -> None:
    held = recorded(release)[rights]["body"]["data"]
    board = await board_of(release, "log", ReplayClient(release, {"/cluster/log": [], "/access/permissions": held}))
    assert board.counted(0, 0) == "at least 0 lines"
    [line] = board.lines()
    assert line.text == "only what we may see: missing privilege Sys.Syslog on /"


async def swept(release: str, client: ReplayClient) -> Board:
    """The snapshots of all guests, asked once."""
    board = await board_of(release, SWEPT, client)
    await board.sweep.run(board.fleet, board.scope, lambda: None)
    return board


@pytest.mark.parametrize("release", RELEASES)
async def test_the_snapshots_of_all_guests(release: str) -> None:
    _, snapshot = runtime_of(release, ReplayClient(release))
    none = recorded(release)["GET /nodes/{node}/lxc/{vmid}/snapshot"]["body"]["data"]
    guests = [one for one in snapshot.guests.values() if one.vmid != 100]
    answers = {f"/nodes/{one.node}/{one.type}/{one.vmid}/snapshot": none for one in guests}
    board = await swept(release, ReplayClient(release, answers))
    [row] = board.records()
    assert [column.text(row) for column in board.section.columns].count("snap1") == 1
    assert board.counted(1, 1) == "1 snapshot"
    assert [line.text.partition(" guests")[0] for line in board.lines()] == ["4 of 4"]


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("fault", list(FAULTS))
async def test_snapshots_that_could_not_be_read_are_not_none(release: str, fault: str) -> None:
    error, words = FAULTS[fault]
    board = await swept(release, ReplayClient(release, always=error))
    assert board.records() == []
    assert board.empty() == "no snapshots are known"
    assert board.counted(0, 0) == f"{UNKNOWN} snapshots"
    missing = [line.text for line in board.lines() if line.label == "not read"]
    assert missing
    assert all(words in line for line in missing)


@pytest.mark.parametrize(("when", "quorate"), [("3 s after", True), ("30 s after", False), ("15 s after", True)])
async def test_a_cluster_that_loses_its_quorum_and_finds_it_again(when: str, quorate: bool) -> None:
    [title] = [one for one in recorded("8.4-faults") if one.startswith(when) and one.endswith("GET /cluster/status")]
    body = recorded("8.4-faults")[title]["body"]["data"]
    board = await board_of("8.4", "nodes", ReplayClient("8.4", {"/cluster/status": body}))
    [line] = board.lines()
    assert ("NO QUORUM" in line.text) is not quorate
    assert len(board.records()) == 2


def place_of(runtime: Any) -> Any:
    """The storage of the node that answered."""
    return next(row for row in storage_rows(runtime.store.fleet()) if row.key.node == "pve1")


@pytest.mark.parametrize("release", RELEASES)
async def test_what_lies_on_a_storage(release: str) -> None:
    runtime, snapshot = runtime_of(release, ReplayClient(release))
    row = place_of(runtime)
    detail = await StorageService(runtime).detail(row.key, row.ask_at, Span())
    assert (detail.problems, detail.permissions is not None) == ((), True)
    volumes = recorded(release)["GET /nodes/{node}/storage/{storage}/content"]["body"]["data"]
    assert detail.volumes is not None
    shown = content_rows(detail.volumes, row.key, snapshot)
    assert sorted(one.key for one in shown) == sorted(volume["volid"] for volume in volumes)
    assert {one.owner for one in shown if one.volume.content == "iso"} == {""}
    backups = backup_rows(detail.volumes, row.key, snapshot)
    assert [one.vmid for one in backups] == ([200] if release == "8.4" else [])
    told = {line.label: line.text for line in storage_lines(row, detail.status)}
    assert told["State"] == "available, dir, local"
    assert "of 252 GiB" in told["Used"]


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("span", [Span(one, cf) for one in TIMEFRAMES for cf in ("AVERAGE", "MAX")], ids=str)
async def test_the_use_of_a_storage_in_every_window(release: str, span: Span) -> None:
    client = ReplayClient(release)
    runtime, _ = runtime_of(release, client)
    row = place_of(runtime)
    detail = await StorageService(runtime).detail(row.key, row.ask_at, span)
    wanted = f"/nodes/pve1/storage/local/rrddata?timeframe={span.timeframe}&cf={span.cf}"
    assert wanted in client.asked
    assert detail.history is not None
    used = [value for value in detail.history.values["used"] if value is not None]
    assert used
    assert all(value > 28_000_000_000 for value in used)


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("fault", list(FAULTS))
async def test_a_storage_that_fails(release: str, fault: str) -> None:
    error, words = FAULTS[fault]
    runtime, _ = runtime_of(release, ReplayClient(release, always=error), rights=None)
    row = place_of(runtime)
    detail = await StorageService(runtime).detail(row.key, row.ask_at, Span())
    assert (detail.volumes, detail.status, detail.history, detail.permissions) == (None, None, None, None)
    [problem] = detail.problems
    assert problem.startswith("content, status, history, rights: ")
    assert words in problem


async def test_an_empty_storage_is_not_called_empty_while_our_rights_are_unknown() -> None:
    spoilt = {"/nodes/pve1/storage/local/content": [], "/access/permissions": refused(500, "broken")}
    runtime, _ = runtime_of("9.2", ReplayClient("9.2", spoilt), rights=None)
    async with stage(runtime.store.fleet(), clients={ACME: runtime.clients[ACME]}) as acting:
        await acting.press("3", "enter")
        assert isinstance(acting.front, StorageView)
        content = acting.front.panel.content
        await acting.until(lambda: "no volumes that we may see" in text_of(content))
        kinds = text_of(acting.front.panel.kinds)
        assert "backups" in kinds
        assert "backups 0" not in kinds
        assert "ISO images 0" in kinds
        await acting.press("full_stop")
        assert "no VM disks that we may see" in text_of(content)
