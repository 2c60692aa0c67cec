"""What can be done to a guest as it is, and the words where it cannot."""

from __future__ import annotations

from typing import Any

import pytest

from proxtui.features.guests import availability
from proxtui.pve.models import Guest, ProxmoxContainer, ProxmoxVM


def vm(status: str, **more: Any) -> ProxmoxVM:
    return ProxmoxVM(vmid=100, node="pve1", status=status, **more)


def ct(status: str, **more: Any) -> ProxmoxContainer:
    return ProxmoxContainer(vmid=200, node="pve1", status=status, **more)


@pytest.mark.parametrize(
    ("guest", "why"),
    [
        (vm("paused", qmpstatus="paused"), None),
        (vm("stopped", lock="suspended"), None),
        (vm("running"), "is not known to be suspended"),
        (vm("running", qmpstatus="running"), "is not suspended"),
        (vm("stopped"), "is not suspended"),
        (vm("paused", qmpstatus="paused", lock="backup"), "is locked (backup)"),
        (vm("stopped", template=True), "is a template"),
        (ct("stopped"), None),
        (ct("running"), "is not suspended"),
        (ct("stopped", lock="mounted"), "is locked (mounted)"),
        (ct("stopped", template=True), "is a template"),
    ],
)
def test_only_what_may_stand_still_is_resumed(guest: Guest, why: str | None) -> None:
    assert availability.resume(guest) == why


@pytest.mark.parametrize("asked", [availability.awake, availability.running])
def test_only_what_runs_hears(asked: Any) -> None:
    assert asked(vm("running")) is asked(ct("running")) is asked(vm("unknown")) is None
    assert asked(vm("stopped")) == "does not run"


def test_what_is_paused_hears_nothing() -> None:
    assert availability.awake(vm("paused")) == "is paused: resume it, or stop it"
    assert availability.stop(vm("paused")) is None


@pytest.mark.parametrize(
    ("state", "why"), [(None, None), ("", None), ("ignored", None), ("started", "is managed by HA")]
)
def test_what_ha_looks_after_is_not_hibernated(state: str | None, why: str | None) -> None:
    assert availability.hibernate(vm("running", hastate=state)) == why
    assert availability.hibernate(vm("stopped", hastate=state)) == (why or "does not run")
