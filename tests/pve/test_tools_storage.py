from __future__ import annotations

import pytest

from proxtui.errors import InvalidInput
from proxtui.pve.storage import StorageTools

from .fakes import FakeClient, data

ROW = {"storage": "local", "type": "dir", "active": 1, "enabled": "1", "shared": 0, "content": "iso,backup"}
SIZES = {"used": 5, "total": 10, "avail": 3}


async def test_storages_of_the_cluster_have_a_row_for_every_node() -> None:
    rows = [
        {"type": "storage", "storage": "ceph", "node": node, "status": status, "shared": 1, "disk": 5, "maxdisk": 9}
        for node, status in (("pve1", "available"), ("pve2", "unknown"))
    ]
    client = FakeClient({"/cluster/resources": data([*rows, {"type": "node", "node": "pve1", "status": "online"}])})
    found = await StorageTools(client).list_storage()
    assert [(one.node, one.active, one.used, one.total) for one in found] == [
        ("pve1", True, 5, 9),
        ("pve2", None, 5, 9),
    ]
    assert [source.state for source in found.sources] == ["online", "unknown"]
    assert client.asked == ["/cluster/resources"]


async def test_storages_of_a_node_asked_for_now() -> None:
    client = FakeClient({"/nodes/pve1/storage": data([{**ROW, **SIZES}, {"storage": "../x"}])})
    found = await StorageTools(client).list_node_storage("pve1")
    assert (found[0].node, found[0].type, found[0].content) == ("pve1", "dir", ("backup", "iso"))
    assert (found[0].active, found[0].enabled, found[0].shared) == (True, True, False)
    assert (found[0].used, found[0].total, found[0].avail, found[0].status) == (5, 10, 3, "available")
    assert found.invalid == 1


async def test_the_status_of_a_storage_knows_its_name_from_the_path() -> None:
    client = FakeClient({"/nodes/pve1/storage/local-lvm.1/status": data({"type": "lvmthin", "active": 0})})
    storage = await StorageTools(client).get_storage_status("pve1", "local-lvm.1")
    assert (storage.storage, storage.node, storage.type, storage.active) == ("local-lvm.1", "pve1", "lvmthin", False)
    assert (storage.used, storage.status) == (None, "unknown")


async def test_the_content_of_a_storage() -> None:
    rows = [
        {"volid": "local:iso/tiny.iso", "content": "iso", "format": "iso", "size": "1048576", "ctime": 1795304946},
        {"volid": "local:100/vm-100-disk-0.qcow2", "content": "images", "vmid": 100, "parent": None, "used": 344064},
        {"volid": "local:backup/x.tar.zst", "content": "backup", "subtype": "lxc", "protected": 1, "notes": "a\x07b"},
        {"volid": "local:iso/\u202egnp.iso"},
        {"volid": "no-storage"},
        {"volid": None},
        "x",
    ]
    client = FakeClient({"/nodes/pve1/storage/local/content": data(rows)})
    found = await StorageTools(client).list_storage_content("pve1", "local")
    assert [volume.volid for volume in found] == [
        "local:100/vm-100-disk-0.qcow2",
        "local:backup/x.tar.zst",
        "local:iso/tiny.iso",
    ]
    disk, backup, iso = found
    assert (disk.vmid, disk.used, disk.parent) == (100, 344064, None)
    assert (backup.subtype, backup.protected, backup.notes) == ("lxc", True, "a␇b")
    assert (iso.size, iso.ctime) == (1048576, 1795304946)
    assert client.asked == ["/nodes/pve1/storage/local/content"]


async def test_one_type_of_content() -> None:
    client = FakeClient({"/nodes/pve1/storage/local/content": data([])})
    await StorageTools(client).list_storage_content("pve1", "local", "iso")
    assert client.asked == ["/nodes/pve1/storage/local/content?content=iso"]


async def test_bad_arguments_never_reach_the_wire() -> None:
    client = FakeClient({})
    tools = StorageTools(client)
    with pytest.raises(InvalidInput):
        await tools.get_storage_status("pve1", "../local")
    with pytest.raises(InvalidInput):
        await tools.list_storage_content("a/b", "local")
    with pytest.raises(InvalidInput):
        await tools.list_storage_content("pve1", "local", "everything")
    with pytest.raises(InvalidInput):
        await tools.list_node_storage("")
    assert client.asked == []
