"""The view of people adds them with their keys, and shows what has to be made anew when one goes."""

from __future__ import annotations

from pathlib import Path

from proxtui.config.vault import slots
from proxtui.kit.form_fields import Line, Picker
from proxtui.kit.setup_menu import Lines
from tests.config.vaults import fill, new_vault, opened, seat_in

from .setups import setup


async def test_a_person_with_a_keyfile_that_is_made_can_open_it(tmp_path: Path) -> None:
    key = tmp_path / "ben.key"
    vault = fill(new_vault(seat_in(tmp_path)))
    async with setup(tmp_path, "9", vault=vault) as one:
        await one.choose("f")
        form = await one.fill(name="ben", roles="acme=viewer", keyfile="ben.key")
        await one.acting.until(lambda: "full path" in one.problems(form).get("keyfile", ""))
        await one.fill(keyfile=str(key))
        await one.until_said("user ben is there")
        await one.acting.until(lambda: "ben" in one.table)
    assert key.stat().st_mode & 0o777 == 0o600
    assert opened(seat_in(tmp_path), slots.keyfile(key.read_bytes())).slot.label == "ben"


async def test_a_short_passphrase_and_a_strange_tenant_are_told(tmp_path: Path) -> None:
    async with setup(tmp_path, "9") as one:
        await one.choose("a")
        form = await one.fill(name="ben", roles="nowhere=viewer")
        await one.acting.until(lambda: "no tenant" in one.problems(form).get("roles", ""))
        await one.fill(roles="acme=viewer", passphrase="short", again="short")
        await one.acting.until(lambda: "12 characters" in form._notice.text or bool(one.problems(form)))
    assert all(user.name != "ben" for user in one.registrar.config.users)


async def test_a_passphrase_is_typed_twice(tmp_path: Path) -> None:
    async with setup(tmp_path, "9") as one:
        await one.choose("a")
        form = await one.fill(name="ben", roles="acme=viewer", passphrase="correct horse battery")
        await one.acting.until(lambda: one.problems(form).get("again") == "the two passphrases differ")
        await one.fill(again="correct horse butter")
        await one.acting.until(lambda: one.problems(form).get("again") == "the two passphrases differ")
        assert all(user.name != "ben" for user in one.registrar.config.users)
        await one.fill(again="correct horse battery")
        await one.until_said("user ben is there")
        there = {slot.label: slot.kind for slot in one.registrar.vault.slots}
    assert there["ben"] == "passphrase"


async def test_on_a_small_terminal_what_is_wrong_comes_into_view(tmp_path: Path) -> None:
    async with setup(tmp_path, "9", size=(80, 24)) as one:
        await one.choose("a")
        form = await one.fill(name="ben", passphrase="correct horse battery")
        await one.acting.until(lambda: bool(one.problems(form).get("again")))
        line = next(line for line in form.query(Line) if line.asked.name == "again")
        fields = form.query_one("#fields")
        await one.acting.until(lambda: fields.region.contains_region(line.region))
        assert any("as their roles need" in str(picker.runs(40)) for picker in form.query(Picker))


async def test_who_comes_in_by_a_keyfile_is_asked_for_no_passphrase(tmp_path: Path) -> None:
    async with setup(tmp_path, "9") as one:
        await one.choose("f")
        form = await one.fill()
        assert "keyfile" in form.texts
        assert not form.texts.keys() & {"passphrase", "again"}


async def test_who_goes_leaves_a_list_of_what_they_could_read(tmp_path: Path) -> None:
    vault = fill(new_vault(seat_in(tmp_path)))
    vault.add_slot("ben", slots.keyfile(b"b" * 32), tenants={"acme": "admin"})
    async with setup(tmp_path, "9", vault=vault) as one:
        one.acting.table.move_to("ben")
        await one.acting.until(lambda: one.acting.front.row.key == "ben")
        await one.choose("D")
        await one.confirm("ben")
        await one.acting.until(lambda: isinstance(one.app.screen, Lines))
        told = "\n".join(one.app.screen.lines)  # type: ignore[attr-defined]
        assert "acme / prod: root@pam!full" in told
        assert "beta" not in told
        await one.acting.press("escape")
    assert all(slot.label != "ben" for slot in vault.slots)


async def test_nobody_deletes_themselves(tmp_path: Path) -> None:
    async with setup(tmp_path, "9") as one:
        await one.acting.press("m")
        await one.acting.press("D")
        assert type(one.app.screen).__name__ == "SetupMenu"
