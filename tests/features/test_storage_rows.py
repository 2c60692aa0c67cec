"""Storages as rows: shared ones once, local ones per node, and nothing unknown becomes zero."""

from __future__ import annotations

from typing import Any

import pytest

from proxtui.core.filters import parse
from proxtui.core.model import Fleet, Scope, SourceState, StorageKey
from proxtui.errors import NotFoundError, UsageError
from proxtui.features.storage.cli import pick_storage
from proxtui.features.storage.contents import (
    CONTENT_COLUMNS,
    backup_rows,
    content_rows,
    first_line,
    kinds_of,
    not_shown,
)
from proxtui.features.storage.details import storage_lines, title_of
from proxtui.features.storage.rows import COLUMNS, StorageRow, storage_rows
from proxtui.pve.access import Permissions
from proxtui.pve.models import ProxmoxStorage, StorageContent

from .fleets import ACME, GIB, ZETA, container, fleet, node, snapshot, storage, vm

PLACE = StorageKey(*ACME, "pve1", "nfs")


def usual(**known: Any) -> dict[str, Any]:
    return {"status": "available", "type": "nfs", "content": ("backup", "iso"), "shared": True, **known}


def cluster(**known: Any) -> Fleet:
    """Three nodes, of which pve1 is offline, a shared storage that all see, and a local one for each."""
    nodes = (node("pve1", status="offline"), node("pve2"), node("pve3"))
    nfs = [storage("nfs", one.node, **usual(**known)) for one in nodes]
    local = [storage("local", one.node, **usual(type="dir", shared=False)) for one in nodes]
    return fleet(snapshot(ACME, (vm(100, name="web1"), container(200, name="dns")), nodes, (*nfs, *local)))


def rows(known: Fleet | None = None, scope: Scope | None = None) -> list[StorageRow]:
    return storage_rows(known or cluster(), scope or Scope())


def text(row: StorageRow, key: str) -> str:
    return next(column.text(row) for column in COLUMNS if column.key == key)


def test_a_shared_storage_is_one_row_and_a_local_one_a_row_for_each_node() -> None:
    found = rows()
    assert [(row.key.storage, text(row, "node")) for row in found] == [
        ("local", "pve1"), ("local", "pve2"), ("local", "pve3"), ("nfs", "3 nodes"),
    ]  # fmt: skip
    nfs = found[-1]
    assert (nfs.key, nfs.ask_at, nfs.nodes) == (PLACE, "pve2", ("pve1", "pve2", "pve3"))


def test_of_a_storage_whose_node_is_offline_nobody_can_be_asked() -> None:
    local = rows()[0]
    assert (local.ask_at, local.status, local.muted) == (None, "available?", True)
    assert not rows()[1].muted


def test_a_storage_of_a_server_that_does_not_answer_has_a_question_mark() -> None:
    silent = fleet(
        snapshot(ACME, (), (node("pve1"),), (storage("local", status="available"),), state=SourceState.STALE)
    )
    assert [(row.status, row.muted) for row in rows(silent)] == [("available?", True)]


def test_sizes_that_no_node_knows_are_unknown() -> None:
    [bare] = rows(fleet(snapshot(ACME, (), (node("pve1"),), (ProxmoxStorage(storage="x", node="pve1"),))))
    assert [text(bare, key) for key in ("status", "disk", "maxdisk", "share", "plugintype", "content")] == [
        "unknown", "–", "–", "–", "–", "–",
    ]  # fmt: skip
    assert dict((line.label, line.text) for line in storage_lines(bare, None))["Used"] == "–"


def test_the_node_that_knows_most_tells() -> None:
    unsure = storage("nfs", "pve2", **usual(status="unknown", used=None, total=None))
    known = fleet(snapshot(ACME, (), (node("pve2"), node("pve3")), (unsure, storage("nfs", "pve3", **usual()))))
    [row] = rows(known)
    assert (row.ask_at, row.status, row.share) == ("pve3", "available", 0.64)


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        ("nfs", 1),
        ("node:pve3", 2),
        ("type:dir", 3),
        ("type:shared", 1),
        ("storage:local node:pve1", 1),
        ("status:available", 4),
        ("disk>60", 4),
        ("disk>70", 0),
        ("disk>50G", 4),
        ("tenant:zeta", 0),
    ],
)
def test_the_filter_language(terms: str, expected: int) -> None:
    wanted = parse(terms)
    assert sum(wanted.matches(row) for row in rows()) == expected


def test_the_scope_of_a_node_has_the_shared_storages_that_it_sees() -> None:
    found = rows(scope=Scope(*ACME, "pve3"))
    assert [(row.key.storage, row.key.node) for row in found] == [("local", "pve3"), ("nfs", "pve1")]


def test_rows_of_a_stale_server_are_grey() -> None:
    stale = snapshot(ACME, (), (node("pve1"),), (storage("nfs"),), state=SourceState.STALE)
    assert rows(fleet(stale))[0].muted


def test_the_title_says_whose_storage_it_is() -> None:
    assert title_of(rows()[1]) == "storage local of pve2, acme / berlin"
    assert title_of(rows()[3]) == "storage nfs of acme / berlin"


VOLUMES = (
    StorageContent(volid="nfs:backup/a", content="backup", vmid=100, size=GIB, ctime=300, protected=True, notes="x\ny"),
    StorageContent(volid="nfs:backup/b", content="backup", vmid=100, size=GIB, ctime=100),
    StorageContent(volid="nfs:backup/c", content="backup", vmid=999, size=None, ctime=200),
    StorageContent(volid="nfs:iso/debian.iso", content="iso", format="iso", size=GIB),
)


def test_volumes_with_their_owners_and_by_type() -> None:
    known = cluster().snapshots[0]
    found = content_rows(VOLUMES, PLACE, known)
    assert [row.owner for row in found] == ["100 web1", "100 web1", "999", ""]
    texts = {column.key: column.text(found[0]) for column in CONTENT_COLUMNS}
    assert (texts["volid"], texts["size"], texts["protected"], texts["notes"]) == (
        "backup/a", "1 GiB", "protected", "x …",
    )  # fmt: skip
    assert [row.key for row in content_rows(VOLUMES, PLACE, known, "iso")] == ["nfs:iso/debian.iso"]
    assert [row.key for row in found if parse("type:iso disk>1M").matches(row)] == ["nfs:iso/debian.iso"]
    assert first_line(None) == ""


def test_backups_of_each_guest_the_oldest_first() -> None:
    stale, fresh = backup_rows(VOLUMES, PLACE, cluster().snapshots[0])
    assert (fresh.vmid, fresh.name, fresh.count, fresh.newest, fresh.oldest, fresh.size) == (
        100, "web1", 2, 300, 100, 2 * GIB,
    )  # fmt: skip
    assert (stale.vmid, stale.name, stale.size) == (999, None, None)


def test_types_are_those_offered_and_those_found() -> None:
    assert kinds_of(VOLUMES, ("rootdir", "iso")) == {"rootdir": 0, "backup": 3, "iso": 1}
    assert kinds_of(None, ("backup",)) == {"backup": 0}


def test_what_an_auditor_does_not_see_is_not_called_none() -> None:
    auditor = Permissions({"/": {"Datastore.Audit": True, "VM.Audit": True}})
    hidden = not_shown(auditor, "nfs", ("backup", "iso", "images"))
    assert list(hidden) == ["images", "backup"]
    assert hidden["backup"].short == "not allowed to see backups\n(Datastore.AllocateSpace + VM.Backup)"
    assert hidden["backup"].missing == "Datastore.AllocateSpace on /storage/nfs"
    assert not_shown(Permissions({"/": {"Datastore.Allocate": True}}), "nfs", ("backup",)) == {}
    assert not_shown(None, "nfs", ("backup",)) == {}


def test_some_guests_may_be_hidden_only() -> None:
    held = {"Datastore.AllocateSpace": True, "VM.Backup": True}
    some = Permissions({"/": held, "/vms/200": {}})
    assert not_shown(some, "nfs", ("backup",))["backup"].what == "not allowed to see all backups"


def test_a_storage_is_picked_by_name_and_node() -> None:
    known = cluster()
    assert pick_storage(known, "nfs", "").key == PLACE
    assert pick_storage(known, "acme/berlin/local", "pve2").key.node == "pve2"
    with pytest.raises(UsageError, match="--node pve1 or pve2 or pve3"):
        pick_storage(known, "local", "")
    with pytest.raises(NotFoundError):
        pick_storage(known, "nfs", "pve9")
    two = fleet(*known.snapshots, snapshot(ZETA, (), (node("pve1"),), (storage("nfs"),)))
    with pytest.raises(UsageError, match="2 storages"):
        pick_storage(two, "nfs", "")
