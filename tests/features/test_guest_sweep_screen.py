"""The slow sweep on the screen: somebody starts it, somebody ends it, and the view says what it may not see."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from proxtui.config.models import Config, Settings
from proxtui.core.filters import parse
from proxtui.core.learned import Inside, Learned
from proxtui.core.model import GuestKey, Scope, SourceState
from proxtui.features.guests.details import doubt, learned_lines
from proxtui.features.guests.hidden import hidden_guests
from proxtui.features.guests.rows import guest_rows
from proxtui.features.guests.screen import facts_of
from proxtui.features.tree.rows import keep_matching, tree_lines
from proxtui.kit.finder import Finder, fleet_entries
from proxtui.pve.access import permissions_of

from .fakes import FakeClient
from .fleets import ACME, NOW, ZETA, fleet, node, snapshot, two_tenants, vm
from .screens import LARGE, stage, text_of

KEY = GuestKey(*ACME, "qemu", 100)
CONFIG = "/nodes/pve1/qemu/100/config"


def clients() -> dict[Any, FakeClient]:
    agent = {"result": [{"name": "eth0", "ip-addresses": [{"ip-address": "10.3.0.5", "prefix": 24}]}]}
    known = {CONFIG: {"agent": "1", "ostype": "l26"}, "/nodes/pve1/qemu/100/agent/network-get-interfaces": agent}
    return {ACME: FakeClient(**known), ZETA: FakeClient(**known)}


async def test_nothing_is_asked_before_somebody_wants_it_and_nothing_after() -> None:
    asked = clients()
    async with stage(two_tenants(), LARGE, clients=asked) as acting:
        assert asked[ACME].asked == []
        assert "OS" not in text_of(acting.table).splitlines()[0].split()
        await acting.press("A")
        await acting.until(lambda: asked[ACME].asked and asked[ZETA].asked)
        assert "IP" in text_of(acting.table).splitlines()[0].split()
        assert {"ip", "os", "backup"} <= acting.front.wanted
        assert "for IPs" in acting.header
        await acting.press("A")
        assert "for IPs" not in acting.header
        assert not [worker for worker in acting.app.workers if worker.group == "sweep" and worker.is_running]
        assert "IP" not in text_of(acting.table).splitlines()[0].split()


async def test_the_setting_starts_it_and_a_filter_finds_what_was_told() -> None:
    config = Config(settings=Settings(sweep="guests"))
    async with stage(two_tenants(), LARGE, clients=clients(), config=config) as acting:
        await acting.until(lambda: [one for one in acting.app.workers if one.group == "sweep"])
        assert "Backup" not in text_of(acting.table).splitlines()[0].split()
        acting.runtime.store.learn(ACME, {KEY: Learned(inside=Inside(taken_at=NOW, addresses=("10.3.0.5",)))})
        await acting.press("slash", *"ip:10.3.", "enter")
        await acting.until(lambda: acting.table.shown == 1)
        assert "10.3.0.5" in text_of(acting.table)


async def test_the_backup_column_asks_for_backups_alone() -> None:
    async with stage(two_tenants(), LARGE, clients=clients()) as acting:
        acting.front.wanted |= {"backup"}
        acting.front.changed()
        await acting.until(lambda: [one for one in acting.app.workers if one.group == "sweep"])
        assert not acting.front._asking.guests
        assert acting.front._asking.backups


def test_servers_that_may_hide_guests_are_named_with_the_privilege() -> None:
    known = fleet(snapshot(ACME, (vm(100),)), replace(snapshot(ZETA), guests_unseen=True))
    rights = {ACME: permissions_of({"/vms/100": {"VM.Audit": 1}}), ZETA: permissions_of({})}
    lines = hidden_guests(known, Scope(), rights.get)
    assert lines == [
        "zeta / paris: the login may see no guest: missing privilege VM.Audit",
        "acme / berlin: guests may be hidden: missing privilege VM.Audit on /vms",
    ]
    everything = permissions_of({"/": {"VM.Audit": 1}})
    assert hidden_guests(known, Scope("acme"), lambda _ref: everything) == []
    assert hidden_guests(known, Scope(), lambda _ref: None) == []


def test_a_state_that_is_not_of_now_says_so() -> None:
    fresh = guest_rows(fleet(snapshot(ACME, (vm(100),), (node("pve1"),))))[0]
    assert doubt(fresh) == ""
    late = snapshot(ACME, (vm(100),), (node("pve1"),), state=SourceState.STALE, taken_at=NOW - 200)
    assert facts_of(guest_rows(fleet(late))[0], None)[0].text == "◌ running? (3m old)"
    away = guest_rows(fleet(snapshot(ACME, (vm(100),), (node("pve1", status="offline"),))))[0]
    assert doubt(away) == " (node pve1 is offline: what was last heard)"


def test_the_pane_tells_what_was_learned_with_its_age() -> None:
    told = Learned(inside=Inside(taken_at=NOW - 7_300, addresses=("10.3.0.5", "fd00::5"), system="Debian"))
    known = replace(snapshot(ACME, (vm(100),), (node("pve1"),)), learned={KEY: told})
    lines = {line.label: line.text for line in learned_lines(guest_rows(fleet(known))[0])}
    assert lines == {"IP": "10.3.0.5  fd00::5, asked 2h ago", "OS": "Debian, asked 2h ago"}
    assert list(learned_lines(guest_rows(two_tenants())[0])) == []


def test_palette_and_tree_find_a_guest_by_part_of_its_address() -> None:
    told = {KEY: Learned(inside=Inside(taken_at=NOW, addresses=("10.3.0.5",)))}
    known = fleet(replace(snapshot(ACME, (vm(100), vm(101)), (node("pve1"),)), learned=told))
    found = Finder(fleet_entries(known, {GuestKey})).search("10.3.")
    assert [entry.place for entry in found] == [KEY]
    keep = keep_matching(known, parse("ip:10.3.").matches)
    assert [keep(key) for key in known.snapshots[0].guests] == [True, False]


def test_the_tree_says_where_no_guest_may_be_seen() -> None:
    blind = fleet(replace(snapshot(ACME, (), (node("pve1"),)), guests_unseen=True))
    [line] = [line for line in tree_lines(blind) if line.kind == "server"]
    assert line.note == "hidden"
