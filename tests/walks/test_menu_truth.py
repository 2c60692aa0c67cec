"""What the menu offers is what PVE would take: it asks the VMs, for the lists show a paused one as running."""

from __future__ import annotations

from typing import Any

from proxtui.core.model import GuestKey
from proxtui.core.run import RunState
from proxtui.kit.deeds import Deeds
from proxtui.kit.menu import ActionMenu
from proxtui.kit.menu_entries import MenuEntry

from .changes import guests
from .journeys import SMALL, Journey, journey


def entry(menu: Any, verb: str) -> MenuEntry:
    found: MenuEntry = next(one for one in menu.entries if one.operation.name == f"guests.{verb}")
    return found


def asked(walk: Journey) -> dict[str, int]:
    """What the VMs were asked, and how often."""
    counts = walk.world.requests.counts
    return {line.split()[2]: n for line, n in counts.items() if "/qemu" in line and " GET " in line}


async def test_a_paused_vm_is_resumed_and_not_shut_down() -> None:
    async with journey(SMALL) as walk:
        guest = guests(walk.world, "lab", running=True, kind="qemu")[0]
        guest.turn(walk.world.now(), "running", "paused")
        walk.go_to(guest)
        await walk.press("m")
        menu = await walk.at(ActionMenu)
        await walk.until(lambda: entry(menu, "resume").targets)
        for verb in ("shutdown", "reboot", "exec"):
            assert (entry(menu, verb).targets, entry(menu, verb).why) == ((), "is paused: resume it, or stop it")
        assert entry(menu, "suspend").why == "is paused already"
        assert entry(menu, "stop").targets
        await walk.press("e")
        await walk.back()
        assert (await walk.run("guests.resume")).state is RunState.OK
        assert guest.qmpstatus == "running"


async def test_what_runs_is_not_resumed() -> None:
    async with journey(SMALL) as walk:
        guest = guests(walk.world, "lab", running=True, kind="qemu")[0]
        walk.go_to(guest)
        await walk.press("m")
        menu = await walk.at(ActionMenu)
        await walk.until(lambda: entry(menu, "resume").why == "is not suspended")
        assert not entry(menu, "resume").targets
        assert entry(menu, "shutdown").targets
        await walk.press("e")
        assert walk.app.screen is menu
        assert walk.posts == 0


async def test_of_many_each_node_is_asked_once() -> None:
    async with journey(SMALL) as walk:
        chosen = guests(walk.world, "lab", running=True, kind="qemu")[:4]
        still = chosen[:2]
        for guest in still:
            guest.turn(walk.world.now(), "running", "paused")
        for guest in chosen:
            walk.go_to(guest)
            await walk.press("space")
        assert len(walk.view.marks) == len(chosen)
        walk.world.requests.clear()
        await walk.press("m")
        menu = await walk.at(ActionMenu)
        await walk.until(lambda: entry(menu, "resume").targets)
        assert {target.vmid for target in entry(menu, "resume").targets} == {guest.vmid for guest in still}
        assert entry(menu, "resume").why == f"for {len(still)} of {len(chosen)}: is not suspended"
        assert asked(walk) == dict.fromkeys({f"/nodes/{guest.node}/qemu" for guest in chosen}, 1)


async def test_a_vm_that_does_not_answer_leaves_it_open() -> None:
    async with journey(SMALL) as walk:
        guest = guests(walk.world, "lab", running=True, kind="qemu")[0]
        walk.go_to(guest)
        site = walk.world.sites["lab"]
        key = GuestKey("lab", "lab", guest.kind, guest.vmid)
        del site.guests[guest.vmid]
        walk.world.requests.clear()
        await walk.press("m")
        menu = await walk.at(ActionMenu)
        await walk.until(lambda: asked(walk).get(f"/nodes/{guest.node}/qemu/{guest.vmid}/status/current"))
        await walk.press("slash")
        await walk.type("resume")
        assert [one.why for one in menu._table.rows.all] == ["is not known to be suspended"]
        site.guests[guest.vmid] = guest
        assert walk.row(guest).key == key


async def test_a_menu_sends_keys_in_one_way_and_the_palette_has_the_other_for_many() -> None:
    async with journey(SMALL) as walk:
        walk.go_to(guests(walk.world, "lab", running=True, kind="qemu")[0])
        await walk.press("m")
        menu = await walk.at(ActionMenu)
        about_keys = [one for one in menu.entries if "key" in one.operation.label]
        assert [(one.letter, one.operation.name) for one in about_keys] == [("k", "consoles.sendkeys")]
        await walk.press("escape")
        screen: Any = walk.app.screen
        named = {one.name.partition(" VM ")[0] for one in Deeds(screen).palette() if one.name.startswith("Send ")}
        assert len(named) == 2, named
