"""``guests show`` and ``nodes show``: finding the one that is meant, and saying all that is known of it."""

from __future__ import annotations

from typing import Any

import pytest

from proxtui.core.model import SourceState
from proxtui.errors import NotFoundError, UsageError
from proxtui.features.guests.cli import guest_details
from proxtui.features.nodes.cli import node_details
from tests.features.fakes import FakeClient, denied, runtime_of
from tests.features.fleets import ACME, ZETA, fleet, node, snapshot, two_tenants, vm

WEB1 = "/nodes/pve1/qemu/100"
CONFIG = {"cores": 4, "memory": "4096", "net0": "virtio=BC:24:11:00:00:01,bridge=vmbr0", "description": "a\nb"}


async def details_of(wanted: str, **answers: Any) -> Any:
    client = FakeClient(**{f"{WEB1}/config": CONFIG, **answers})
    runtime = runtime_of(two_tenants(), clients={ACME: client})
    return await guest_details(runtime, wanted)  # type: ignore[arg-type]


@pytest.mark.parametrize("wanted", ["web1", "WEB1", "berlin/100", "acme/berlin/web1", "acme/berlin/100"])
async def test_a_guest_is_found_by_name_id_and_place(wanted: str) -> None:
    details = await details_of(wanted)
    assert (details.row["tenant"], details.row["server"], details.row["vmid"]) == ("acme", "berlin", 100)


async def test_a_guest_is_shown_with_all_of_its_configuration() -> None:
    details = await details_of("web1")
    titles = [title for title, _ in details.sections]
    assert titles == ["VM 100", "Configuration"]
    assert dict(details.sections[1][1]) == {key: str(value) for key, value in CONFIG.items()}
    assert details.row["config"] == CONFIG


async def test_two_guests_with_one_id_are_both_named() -> None:
    with pytest.raises(UsageError) as caught:
        await details_of("100")
    assert "2 guests" in str(caught.value)
    assert "acme/berlin/100 (web1), zeta/paris/100 (shop)" in str(caught.value)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("wanted", ["nothing", "999", "paris/web1", "", "/"])
async def test_no_such_guest(wanted: str) -> None:
    with pytest.raises(NotFoundError) as caught:
        await details_of(wanted)
    assert caught.value.exit_code == 14


async def test_not_found_is_unsure_while_a_server_is_silent() -> None:
    runtime = runtime_of(fleet(snapshot(ACME), snapshot(ZETA, taken_at=None, state=SourceState.WAITING)))
    runtime.store.fail(ZETA, UsageError("any failure"), next_try_at=None)
    with pytest.raises(NotFoundError, match="1 of 2 servers could not be asked"):
        await guest_details(runtime, "web1")  # type: ignore[arg-type]


async def test_a_configuration_that_may_not_be_read_is_unknown_with_a_note() -> None:
    path = f"{WEB1}/config"
    details = await details_of("web1", **{path: denied(path, "VM.Audit")})
    assert details.row["config"] is None
    assert [title for title, _ in details.sections] == ["VM 100"]
    assert any("VM.Audit" in note for note in details.notes)


async def test_history_is_not_missed() -> None:
    details = await details_of("web1")
    assert not any(note.startswith("history") for note in details.notes)


async def test_a_node_is_shown_with_its_status() -> None:
    status = {
        "uptime": 5,
        "kversion": "Linux 6.8",
        "loadavg": ["0.10", "0.20", "0.30"],
        "swap": {"used": 0, "total": 0},
    }
    answers = {"/nodes/pve2/status": status, "/nodes/pve2/version": {"version": "8.4.21", "release": "8.4"}}
    runtime = runtime_of(two_tenants(), clients={ACME: FakeClient(**answers)})
    details = await node_details(runtime, "pve2")  # type: ignore[arg-type]
    lines = dict(details.sections[1][1])
    assert (lines["PVE"], lines["Kernel"], lines["Load average"]) == ("8.4.21", "Linux 6.8", "0.10 0.20 0.30")
    assert details.row["version"] == "8.4.21"
    assert details.row["status"]["kversion"] == "Linux 6.8"


async def test_a_node_without_the_right_to_see_it_has_a_note() -> None:
    path = "/nodes/pve1/status"
    lone = fleet(snapshot(ACME, (vm(1),), (node("pve1"),)))
    runtime = runtime_of(lone, clients={ACME: FakeClient(**{path: denied(path, "Sys.Audit")})})
    details = await node_details(runtime, "berlin/pve1")  # type: ignore[arg-type]
    assert details.row["status"] is None
    assert any("Sys.Audit" in note for note in details.notes)


async def test_a_node_name_of_two_servers_must_be_said_in_full() -> None:
    with pytest.raises(UsageError, match="acme/berlin/pve1, zeta/paris/pve1"):
        await node_details(runtime_of(two_tenants()), "pve1")  # type: ignore[arg-type]
