"""Between tenants: ``:tenant`` and ``ctrl+t``, the colour of the header, and what the key does not open."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.style import Style
from textual.color import Color

from proxtui.config.models import Config, Server, Tenant
from proxtui.core.model import Scope
from proxtui.kit.command_line import CommandInput, CommandLine
from proxtui.kit.header_bar import HeaderBar
from proxtui.kit.one_line import Notice
from proxtui.kit.palette import Palette
from proxtui.kit.setup_view import closed_line
from proxtui.kit.tenants import readable, states_of, tint_of
from tests.config.vaults import WALL_KEY, fill, new_vault, opened, seat_in

from .fleets import two_tenants
from .screens import Stage, stage, text_of
from .setups import setup

TEAL = "#2aa198"


def coloured() -> Config:
    endpoints: Any = ({"host": "pve1"},)
    berlin, paris = (Server(name=name, endpoints=endpoints) for name in ("berlin", "paris"))
    return Config(
        tenants=(
            Tenant(slug="acme", name="Acme", colour=TEAL, servers=(berlin,)),
            Tenant(slug="zeta", name="Zeta GmbH", servers=(paris,)),
        )
    )


async def command(acting: Stage, text: str) -> None:
    await acting.press("colon")
    acting.app.screen.query_one(CommandInput).put(text)
    await acting.press("enter")


def ink_of_trail(acting: Stage) -> Style:
    """The style of what stands first in the header."""
    strip = acting.app.screen.query_one(HeaderBar).render_line(0)
    return next(segment.style for segment in strip if segment.text.strip() and segment.style)


async def test_a_name_narrows_and_a_wrong_one_names_the_nearest() -> None:
    async with stage(two_tenants()) as acting:
        await command(acting, "tenant zeta")
        assert acting.app.screen.scope == Scope("zeta")  # type: ignore[attr-defined]
        await command(acting, "tenant zetta")
        assert "there is no tenant zetta; nearest is zeta" in acting.app.screen.query_one(CommandLine).said


async def test_the_list_shows_states_and_leads_there_and_back() -> None:
    async with stage(two_tenants(), config=coloured()) as acting:
        await acting.press("ctrl+t")
        palette = acting.app.screen
        assert isinstance(palette, Palette)
        shown = text_of(palette.query_one("LiveTable"))
        assert [line.split()[0].lstrip("▸") for line in shown.splitlines()[1:4]] == ["tenant"] * 3
        assert "1 fresh" in shown
        # By its long name, too.
        await acting.press(*"gmbh", "enter")
        assert acting.app.screen.scope == Scope("zeta")  # type: ignore[attr-defined]
        await command(acting, "tenant")
        await acting.press(*"all", "enter")
        assert acting.app.screen.scope == Scope()  # type: ignore[attr-defined]


async def test_the_header_wears_the_colour_of_the_tenant_in_scope() -> None:
    async with stage(two_tenants(), config=coloured()) as acting:
        usual = ink_of_trail(acting)
        await command(acting, "tenant acme")
        assert ink_of_trail(acting).color == Color.parse(TEAL).rich_color
        await command(acting, "tenant zeta")
        assert ink_of_trail(acting) == usual


def test_the_only_tenant_is_always_in_scope() -> None:
    one = Config(tenants=coloured().tenants[:1])
    assert tint_of(one, Scope()) == TEAL
    assert tint_of(coloured(), Scope()) == ""
    assert tint_of(coloured(), Scope("zeta")) == ""


def test_a_colour_that_cannot_be_read_is_mixed_until_it_can() -> None:
    black, white = Color(0, 0, 0), Color(255, 255, 255)
    assert readable("#000011", black, white) not in (None, Color.parse("#000011"))
    assert readable("#ffff00", black, white) == Color.parse("#ffff00")
    assert readable("no colour", black, white) is None


def test_states_are_counted() -> None:
    assert states_of(two_tenants(), "acme") == "1 fresh"
    assert states_of(two_tenants(), "nowhere") == ""


async def test_what_the_key_does_not_open_is_counted_in_views_and_list(tmp_path: Path) -> None:
    first = fill(new_vault(seat_in(tmp_path)))
    first.add_slot("wall", WALL_KEY, tenants={"acme": "admin"})
    mine = opened(seat_in(tmp_path), WALL_KEY)
    line = "1 tenant is closed to your key"
    assert closed_line(mine) == line
    async with setup(tmp_path, "8", vault=mine) as one:
        await one.acting.until(lambda: one.acting.front.notice.text == line)
        await one.acting.press("ctrl+t")
        assert line in one.app.screen.query_one("#palette-hint", Notice).text
