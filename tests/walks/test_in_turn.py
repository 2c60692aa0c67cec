"""Keys that were posted in one batch, before anything was handled: each acts on what the one before it led to."""

from __future__ import annotations

import pytest
from textual._xterm_parser import XTermParser

from proxtui.kit.form import ParamsForm
from proxtui.kit.menu import ActionMenu

from .journeys import SMALL, Journey, journey


def type_at_once(walk: Journey, keys: str) -> None:
    """As the terminal sends them, in one piece."""
    for event in XTermParser().feed(keys):
        walk.app.post_message(event)


@pytest.mark.parametrize(
    ("keys", "about"),
    [
        ("jjm", "{guests[2]}"),
        ("jj\x1b[Bm", "{guests[3]}"),
        ("Ggjm", "{guests[1]}"),
        ("*m", "20 marked"),
        (" j m", "2 marked"),
        ("/db\rm", "{db}"),
        ("2jm", "{nodes[1]}"),
        ("j2j[m", "{guests[1]}"),
        ("2j[j]m", "{nodes[1]}"),
        (":nodes\rjm", "{nodes[1]}"),
        ("\x10{name}\rm", "{named}"),
    ],
)
async def test_the_menu_is_about_what_the_keys_before_it_led_to(keys: str, about: str) -> None:
    async with journey(SMALL) as walk:
        rows = walk.view.table.rows.shown
        guests = [walk.view.subject_of(row).target.label for row in rows]
        nodes = [f"node {one.node}" for one in walk.runtime.store.fleet().snapshots[0].nodes.values()]
        db = next(label for label, row in zip(guests, rows, strict=True) if "db" in row.guest.name)
        expected = about.format(guests=guests, nodes=sorted(nodes), db=db, named=guests[7])
        type_at_once(walk, keys.format(name=rows[7].guest.name))
        await walk.until(lambda: isinstance(walk.app.screen, ActionMenu))
        menu = walk.app.screen
        assert isinstance(menu, ActionMenu)
        assert menu._title.startswith(expected)


async def test_a_new_guest_out_of_a_backup_is_asked_for_by_a_command() -> None:
    async with journey(SMALL) as walk:
        type_at_once(walk, ":create restore\r")
        form = await walk.at(ParamsForm)
        assert form._title.startswith("Restore as new")
        assert "archive" in form.texts


@pytest.mark.parametrize("keys", ["m", ":", "/", "\x10", "\x14", "?", "R"])
async def test_ctrl_q_leaves_wherever_one_is(keys: str) -> None:
    async with journey(SMALL) as walk:
        type_at_once(walk, f"{keys}\x11")
        await walk.until(lambda: not walk.app.is_running or walk.app._exit)
        assert walk.app.return_code == 0
