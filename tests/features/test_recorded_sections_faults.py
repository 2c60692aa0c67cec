"""Every section of nodes and guests when the server refuses, fails or is silent: what is missing is said, and why."""

from __future__ import annotations

from typing import Any

import pytest

from proxtui.core.model import NodeKey
from proxtui.core.series import Span
from proxtui.errors import DeadlineExceeded, NetworkError, ProxtuiError
from proxtui.features.guests.reading import GuestReader
from proxtui.features.guests.service import GuestService
from proxtui.features.nodes.details import status_lines
from proxtui.features.nodes.reading import NodeReader
from proxtui.features.nodes.service import NodeService

from .fleets import ACME
from .recordings import RELEASES, ReplayClient, needed, refused, runtime_of
from .test_recorded_sections import GUEST_WORDS, NODE_WORDS, guest_key, lines_of, problems_of

pytestmark = needed
NODE = NodeKey(*ACME, "pve1")
NEEDS = {"updates": "Sys.Modify"}
FAULTS: dict[str, tuple[ProxtuiError, str]] = {
    "root only": (refused(403, "Permission check failed (user != root@pam)"), "user != root@pam"),
    "500": (refused(500, "got no worker upid - start worker failed"), "got no worker upid"),
    "501": (refused(501, "Method 'GET /x' not implemented"), "does not know the call"),
    "595": (refused(595, "No route to host"), "the node behind the server does not answer: No route to host"),
    "596": (refused(596, "Connection timed out"), "the node behind the server does not answer: Connection timed out"),
    "timeout": (DeadlineExceeded("no answer within 10 s", stage="deadline"), "no answer within 10 s"),
    "refused": (NetworkError("pve:8006 refuses connections", stage="connect"), "refuses connections"),
}
EMPTY_HEADINGS = ("not read", "none that we may see", "no data")


def assert_says_only_what_is_missing(page: Any, words: str) -> None:
    """No row, no point and no number out of nothing."""
    assert page.drawings == ()
    assert page.sheet is None or (page.sheet.rows == () and page.sheet.empty in EMPTY_HEADINGS)
    assert problems_of(page)
    assert all(words in problem for problem in problems_of(page))
    assert {note.label for note in page.notes} == {"not read"}


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("fault", list(FAULTS))
@pytest.mark.parametrize("section", list(NODE_WORDS))
async def test_a_section_of_a_node_that_fails(release: str, fault: str, section: str) -> None:
    error, words = FAULTS[fault]
    runtime, _ = runtime_of(release, ReplayClient(release, always=error))
    page = await NodeReader(runtime).read(NODE, section, Span())
    assert_says_only_what_is_missing(page, words)


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("fault", list(FAULTS))
@pytest.mark.parametrize("section", list(GUEST_WORDS))
async def test_a_section_of_a_guest_that_fails(release: str, fault: str, section: str) -> None:
    error, words = FAULTS[fault]
    runtime, _ = runtime_of(release, ReplayClient(release, always=error))
    for kind in ("qemu", "lxc"):
        page = await GuestReader(runtime).read(guest_key(release, kind), section, Span())
        assert_says_only_what_is_missing(page, words)


@pytest.mark.parametrize("section", list(NODE_WORDS))
async def test_the_privilege_that_a_node_wants_is_named(section: str) -> None:
    needs = NEEDS.get(section, "Sys.Audit")
    error = refused(403, f"Permission check failed (/nodes/pve1, {needs})")
    runtime, _ = runtime_of("9.2", ReplayClient("9.2", always=error))
    page = await NodeReader(runtime).read(NODE, section, Span())
    assert_says_only_what_is_missing(page, f"missing privilege {needs} on /nodes/pve1")


@pytest.mark.parametrize("section", list(GUEST_WORDS))
async def test_the_privilege_that_a_guest_wants_is_named(section: str) -> None:
    error = refused(403, "Permission check failed (/vms/100, VM.Audit)")
    runtime, _ = runtime_of("8.4", ReplayClient("8.4", always=error))
    page = await GuestReader(runtime).read(guest_key("8.4", "qemu"), section, Span())
    assert_says_only_what_is_missing(page, "missing privilege VM.Audit on /vms/100")


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize(
    ("part", "what"), [("config", "configuration"), ("pending", "pending changes")], ids=["config", "pending"]
)
async def test_half_of_a_configuration_is_shown_and_the_other_half_said(release: str, part: str, what: str) -> None:
    where = f"/nodes/pve1/qemu/100/{part}"
    runtime, _ = runtime_of(release, ReplayClient(release, {where: refused(500, "broken")}))
    page = await GuestReader(runtime).read(guest_key(release, "qemu"), "config", Span())
    assert problems_of(page) == [f"{what}: broken"]
    assert page.sheet is not None
    assert bool(page.sheet.rows) is (part == "pending")
    assert part == "pending" or page.sheet.empty == "not read"


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("part", ["options", "rules"])
async def test_half_of_a_firewall_is_no_firewall(release: str, part: str) -> None:
    where = f"/nodes/pve1/qemu/100/firewall/{part}"
    runtime, _ = runtime_of(release, ReplayClient(release, {where: refused(500, "broken")}))
    page = await GuestReader(runtime).read(guest_key(release, "qemu"), "firewall", Span())
    told = list(lines_of(page))
    assert "not read firewall: broken" in told
    assert not any(line.startswith("Rules") for line in told)


@pytest.mark.parametrize("release", RELEASES)
async def test_names_and_clock_stay_when_the_subscription_is_forbidden(release: str) -> None:
    error = refused(403, "Permission check failed (/nodes/pve1, Sys.Audit)")
    runtime, _ = runtime_of(release, ReplayClient(release, {"/nodes/pve1/subscription": error}))
    page = await NodeReader(runtime).read(NODE, "subscription", Span())
    told = list(lines_of(page))
    assert "not read subscription: missing privilege Sys.Audit on /nodes/pve1" in told
    assert "DNS 10.255.255.53" in told
    assert not any(line.startswith("Status") for line in told)


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("fault", list(FAULTS))
async def test_the_first_page_of_a_node_and_of_a_guest(release: str, fault: str) -> None:
    error, words = FAULTS[fault]
    runtime, snapshot = runtime_of(release, ReplayClient(release, always=error))
    node = await NodeService(runtime).detail(NODE)
    assert [words in problem for problem in node.problems] == [True]
    assert status_lines(node.status, node.version) == []
    guest = await GuestService(runtime).detail(guest_key(release, "qemu"))
    assert [words in problem for problem in guest.problems] == [True]
    assert (guest.config, guest.history) == (None, None)
    # What was polled is not touched by what was asked beside it.
    assert runtime.store.snapshot(ACME).guests == snapshot.guests


@pytest.mark.parametrize("release", RELEASES)
async def test_an_old_reading_stays_when_a_newer_one_fails(release: str) -> None:
    client = ReplayClient(release)
    runtime, _ = runtime_of(release, client)
    service = NodeService(runtime)
    first = await service.detail(NODE)
    client.always = refused(595, "No route to host")
    runtime.clock.now += 60
    second = await service.detail(NODE, first)
    assert (second.status, second.history, second.version) == (first.status, first.history, first.version)
    assert len(second.problems) == 1
