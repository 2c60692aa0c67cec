"""A rehearsal reads for real and sends nothing."""

import pytest

from proxtui.errors import InvalidInput
from proxtui.pve.rehearsal import PlannedRequest, Rehearsal
from proxtui.pve.storage import StorageTools
from proxtui.pve.upid import Upid


class Reader:
    """Answers reads; it has no way to write."""

    async def get(self, path, *, params=None):
        return {"asked": path, "params": params}

    async def read(self, path, *, params=None):
        return b"{}"


async def test_reads_go_through():
    rehearsal = Rehearsal(Reader())
    assert await rehearsal.get("/version", params={"a": 1}) == {"asked": "/version", "params": {"a": 1}}
    assert rehearsal.requests == []


async def test_no_node_is_made_to_ask_elsewhere():
    rehearsal = Rehearsal(Reader())
    found = await StorageTools(rehearsal).query_url_metadata("pve1", "https://images.example/a.iso")
    assert (found.filename, found.size) == (None, None)
    assert rehearsal.requests == []


async def test_writes_are_written_down_as_they_would_go_out():
    rehearsal = Rehearsal(Reader())
    upid = await rehearsal.post("/nodes/pve1/qemu/100/status/start", {"timeout": None, "skiplock": False})
    await rehearsal.put("/nodes/pve1/lxc/101/config", {"memory": 512})
    await rehearsal.delete("/nodes/pve1/qemu/100", params={"purge": True})
    assert Upid(upid).node == "pve1"
    assert rehearsal.requests == [
        PlannedRequest("POST", "/nodes/pve1/qemu/100/status/start", {"skiplock": False}),
        PlannedRequest("PUT", "/nodes/pve1/lxc/101/config", {"memory": 512}),
        PlannedRequest("DELETE", "/nodes/pve1/qemu/100", {"purge": True}),
    ]
    assert str(rehearsal.requests[1]) == "PUT /nodes/pve1/lxc/101/config memory=512"


async def test_what_could_not_be_sent_is_refused_in_a_rehearsal_too():
    with pytest.raises(InvalidInput):
        await Rehearsal(Reader()).post("/nodes/../access")
