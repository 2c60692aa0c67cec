"""What a trusted node tells of the certificates of the others."""

from __future__ import annotations

from typing import Any

import pytest

from proxtui.errors import ApiError, NodeUnreachable, PermissionDenied
from proxtui.pve.fingerprints import JOIN, fetch_fingerprints

from .fakes import FakeClient
from .test_recorded import entry

PINS = {name: ":".join([pair] * 32) for name, pair in (("pve1", "1B"), ("pve2", "E5"))}


def data(value: Any) -> dict[str, Any]:
    return {"data": value}


def info(*files: tuple[str, str]) -> dict[str, Any]:
    return data([{"filename": name, "fingerprint": seen} for name, seen in files])


NODES = data([{"node": "pve1", "status": "online"}, {"node": "pve2", "status": "online"}])


async def test_a_cluster_tells_all_at_once() -> None:
    members = [{"name": name, "pve_fp": seen} for name, seen in PINS.items()]
    client = FakeClient({JOIN: data({"nodelist": members}), "/nodes": NODES})
    assert await fetch_fingerprints(client) == PINS
    assert client.asked == [JOIN, "/nodes"]


async def test_as_it_was_recorded() -> None:
    _, join = entry("8.4", f"GET {JOIN}")
    found = await fetch_fingerprints(FakeClient({JOIN: join, "/nodes": NODES}))
    assert found["pve1"].startswith("1B:AF:84:2D")
    assert found["pve2"].startswith("E5:39:98:84")


@pytest.mark.parametrize("refusal", [PermissionDenied("no", status=403), ApiError("not in a cluster", status=424)])
async def test_else_each_node_is_asked_and_its_own_certificate_counts(refusal: ApiError) -> None:
    answers = {
        JOIN: refusal,
        "/nodes": data([*NODES["data"], {"node": "pve3", "status": "offline"}]),
        "/nodes/pve1/certificates/info": info(("pve-root-ca.pem", PINS["pve2"]), ("pve-ssl.pem", PINS["pve1"])),
        "/nodes/pve2/certificates/info": info(("pve-ssl.pem", PINS["pve1"]), ("pveproxy-ssl.pem", PINS["pve2"])),
    }
    assert await fetch_fingerprints(FakeClient(answers)) == PINS


async def test_what_cannot_be_told_is_left_out() -> None:
    answers = {
        JOIN: data({"nodelist": [{"name": "pve1", "pve_fp": "nonsense"}, "nonsense"]}),
        "/nodes": NODES,
        "/nodes/pve1/certificates/info": NodeUnreachable("595", status=595),
        "/nodes/pve2/certificates/info": info(("pve-ssl.pem", "short")),
    }
    assert await fetch_fingerprints(FakeClient(answers)) == {}
