"""What the audit keeps of a request: its method and the kind of its path, never a value."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from proxtui.pve.witness import Witness, template_of

from .changing import Recorder
from .schema import REFERENCE, VERSIONS, needs_schema

CHANGED = re.compile(
    r"/nodes/\{node\}(?!/(ceph|disks|network|replication))|/cluster/ha/|/pools|/storage|/cluster/backup"
)
"""What the library changes; the firewall of a guest is not among it."""


async def test_changes_are_noted_before_they_go_out_and_reads_are_not() -> None:
    client = Recorder({"/nodes/pve1/qemu/100/config": {"data": {}}}, [None, ValueError("lost"), None])
    witness: Any = Witness(client)  # type: ignore[arg-type]
    await witness.get("/nodes/pve1/qemu/100/config")
    await witness.put("/nodes/pve1/qemu/100/config", {"cipassword": "hush"})
    with pytest.raises(ValueError, match="lost"):
        await witness.post("/nodes/pve1/lxc/200/snapshot/my%20secret/rollback")
    await witness.delete("/nodes/pve1/storage/tank/content/tank%3Abackup%2Fx", params={"delay": 5})
    assert witness.sent == [
        ("PUT", "/nodes/{node}/qemu/{vmid}/config"),
        ("POST", "/nodes/{node}/lxc/{vmid}/snapshot/{snapname}/rollback"),
        ("DELETE", "/nodes/{node}/storage/{storage}/content/{volume}"),
    ]
    assert [one.params for one in client.sent] == [{"cipassword": "hush"}, {}, {"delay": 5}]


@needs_schema
@pytest.mark.parametrize("version", VERSIONS)
def test_templates_are_those_of_the_schema(version: str) -> None:
    document = json.loads((REFERENCE / f"schema-{version}.json").read_text(encoding="utf-8"))
    paths = {one["path"] for one in document["endpoints"] if one["method"] != "GET"}
    paths = {path for path in paths if CHANGED.match(path) and "/firewall/" not in path}
    assert len(paths) > 90
    assert {template_of(re.sub(r"\{[^}]*\}", "x1", path)) for path in paths} == paths
