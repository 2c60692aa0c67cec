"""The view of tenants makes, changes and switches them, says what is wrong at its field, and who may not."""

from __future__ import annotations

from pathlib import Path

from textual.widgets import Static

from proxtui.kit.setup_view import NO_FILE

from .fleets import two_tenants
from .screens import SMALL, stage, text_of
from .setups import setup


async def test_a_tenant_is_made_and_a_taken_slug_is_told_at_its_field(tmp_path: Path) -> None:
    async with setup(tmp_path, "8") as one:
        assert "acme" in one.table
        await one.choose("a")
        form = await one.fill(name="Other", slug="acme")
        await one.acting.until(lambda: "another tenant has it" in one.problems(form).get("slug", ""))
        await one.fill(name="Gamma", slug="gamma")
        await one.until_said("tenant gamma is there")
        await one.acting.until(lambda: "gamma" in one.table)
    assert "gamma" in {tenant.slug for tenant in one.registrar.config.tenants}


async def test_colours_are_changed_and_shown(tmp_path: Path) -> None:
    async with setup(tmp_path, "8") as one:
        await one.choose("e")
        form = await one.fill(colour="not a colour")
        await one.acting.until(lambda: bool(one.problems(form).get("colour")))
        await one.fill(colour="#112233")
        await one.until_said("is changed")
        await one.acting.until(lambda: "#112233" in one.table)


async def test_one_is_switched_off_only_after_a_question(tmp_path: Path) -> None:
    async with setup(tmp_path, "8") as one:
        await one.choose("o")
        question = await one.confirm()
        assert "asked nothing" in question.question.warning
        await one.until_said("switched off")
    assert [tenant.is_active for tenant in one.registrar.config.tenants].count(False) == 1


async def test_read_only_greys_all_with_the_reason(tmp_path: Path) -> None:
    async with setup(tmp_path, "8", size=SMALL, read_only=True) as one:
        await one.acting.press("m")
        menu = one.app.screen
        await one.acting.until(lambda: "read-only" in text_of(menu.query_one("LiveTable")))
        await one.acting.press("a")
        assert one.app.screen is menu
        assert "/ filters" in str(menu.query_one(".dialog-keys", Static).render())


async def test_without_a_file_it_is_said_what_to_do() -> None:
    async with stage(two_tenants(), size=SMALL) as acting:
        await acting.press("8")
        await acting.until(lambda: acting.front.notice.text == NO_FILE)
        # On a narrow screen it is as many lines as it needs: the advice stands at its end.
        await acting.until(lambda: "makes one" in text_of(acting.front.notice))
        await acting.press("m")
        await acting.until(lambda: "no config.toml" in text_of(acting.app.screen.query_one("LiveTable")))
