"""What is put into a vault, who can read it, and who can change it."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from proxtui.config.models import Place
from proxtui.config.reading import read_config
from proxtui.config.secret import Secret
from proxtui.config.vault import slots, unlocking
from proxtui.config.vault.contents import plain_of
from proxtui.config.vault.edits import Delete, Put, add_server, add_tenant, add_user
from proxtui.config.vault.opened import Seat
from proxtui.config.vault.shape import parse
from proxtui.errors import ProxtuiError, ScopeClosed, Tampered, UsageError, WrongKey
from tests.config.vaults import (
    ANNA,
    CHEAP,
    FULL,
    READING,
    ROOT_KEY,
    WALL_KEY,
    fill,
    new_vault,
    opened,
    seat_in,
    secrets_of,
)

TOP = Path(__file__).resolve().parents[2]
BEN_KEY = slots.keyfile(b"b" * 32)


@pytest.fixture
def seat(tmp_path: Path) -> Seat:
    return seat_in(tmp_path)


def test_what_was_saved_is_read_again(seat: Seat) -> None:
    saved = fill(new_vault(seat))
    again = opened(seat)
    assert again.config == saved.config
    assert secrets_of(again) == {"acme/prod": f"acme-{FULL}", "beta/prod": f"beta-{FULL}"}
    assert again.rev == 4
    assert oct(seat.path.stat().st_mode & 0o777) == "0o600"
    assert oct(seat.path.parent.stat().st_mode & 0o777) == "0o700"


def test_the_file_tells_no_name_and_no_secret(seat: Seat) -> None:
    fill(new_vault(seat))
    text = seat.path.read_text(encoding="utf-8")
    for word in ("acme", "Acme", "prod", "pve1", "watch@pve", "root@pam", FULL, READING):
        assert word not in text
    assert "fingerprint" in text


def test_the_whole_example_can_be_kept(seat: Seat) -> None:
    values = tomllib.loads((TOP / "config.example.toml").read_text(encoding="utf-8"))
    unlocking.create(seat, "anna", ROOT_KEY, plain_of(values))
    assert opened(seat).config == read_config(values)


def test_a_value_that_did_not_change_keeps_its_sealed_text(seat: Seat) -> None:
    vault = fill(new_vault(seat))
    before = parse(seat.path.read_bytes()).data
    vault.save(Put(("tenants", "acme", "servers", "prod", "timeout_ms"), 5000))
    after = parse(seat.path.read_bytes()).data
    changed = next(raw for raw in after["tenants"].values() if raw not in before["tenants"].values())
    server = next(iter(changed["servers"].values()))
    assert server.pop("timeout_ms") == 5000
    assert changed in before["tenants"].values()


def test_a_key_for_monitoring_opens_read_only_tokens_alone_and_changes_nothing(seat: Seat) -> None:
    fill(new_vault(seat)).add_slot("wall", WALL_KEY, every="monitor")
    wall = opened(seat, WALL_KEY)
    assert secrets_of(wall) == {"acme/prod": f"acme-{READING}", "beta/prod": f"beta-{READING}"}
    assert wall.shut == dict.fromkeys([Place("acme", "prod"), Place("beta", "prod")], "this key does not open it")
    before = seat.path.read_bytes()
    for edit in (
        Put(("tenants", "acme", "colour"), "red"),
        Put(("tenants", "acme", "servers", "prod", "endpoints"), [{"host": "evil"}]),
        Put(("settings", "interval"), 5.0),
        add_tenant("more", "More"),
        add_user("eve"),
        Delete(("tenants", "beta")),
    ):
        with pytest.raises(ScopeClosed) as caught:
            wall.save(edit)
        assert caught.value.exit_code == 13
    with pytest.raises(ScopeClosed):
        wall.add_slot("eve", BEN_KEY)
    with pytest.raises(ScopeClosed):
        wall.remove_slot("anna")
    assert seat.path.read_bytes() == before


def test_a_person_without_a_tenants_slot_reads_nothing_of_it_and_keeps_it_as_it_is(seat: Seat) -> None:
    fill(new_vault(seat)).add_slot("ben", BEN_KEY, tenants={"beta": "admin"})
    ben = opened(seat, BEN_KEY)
    assert secrets_of(ben) == {"beta/prod": f"beta-{FULL}"}
    assert [user.roles for user in ben.config.users] == [{"beta": "viewer"}]
    assert len(ben.hidden) == 1
    before = parse(seat.path.read_bytes())
    ben.save(Put(("tenants", "beta", "servers", "prod", "credentials", "token_secret"), Secret("rotated-0003")))
    after = parse(seat.path.read_bytes())
    closed = next(iter(ben.hidden))
    assert after.tenants[closed] == before.tenants[closed]
    assert after.header.mac[f"{closed}.admin"] == before.header.mac[f"{closed}.admin"]
    assert secrets_of(opened(seat)) == {"acme/prod": f"acme-{FULL}", "beta/prod": "rotated-0003"}


def test_a_new_tenant_opens_for_the_slots_that_get_every_one(seat: Seat) -> None:
    vault = fill(new_vault(seat))
    vault.add_slot("wall", WALL_KEY, every="monitor")
    vault.add_slot("ben", BEN_KEY, tenants={"beta": "admin"})
    token = {"token_id": "a@pve!b", "token_secret": "late-0004"}
    vault.save(add_tenant("late", "Late"), add_server("late", "one", ["pve9"], monitor=token))
    assert secrets_of(opened(seat, WALL_KEY))["late/one"] == "late-0004"
    assert "late/one" not in secrets_of(opened(seat, BEN_KEY))


def test_who_gets_every_tenant_gets_no_less_of_a_single_one(seat: Seat) -> None:
    vault = fill(new_vault(seat))
    vault.add_slot("ben", BEN_KEY, every="admin", tenants={"beta": "monitor"})
    assert secrets_of(opened(seat, BEN_KEY)) == secrets_of(vault)


def test_whoever_holds_the_file_key_cannot_forge_what_a_scope_authenticates(seat: Seat) -> None:
    fill(new_vault(seat)).add_slot("wall", WALL_KEY, every="monitor")
    wall = opened(seat, WALL_KEY)
    raw = next(iter(wall._draft.document.tenants.values()))
    next(iter(raw["servers"].values()))["trust"]["fingerprints"] = [":".join(["CD"] * 32)]
    wall._draft.contents.plain["settings"]["interval"] = 9.0
    seat.path.write_bytes(wall._draft.finish(wall.rev + 1).text())
    with pytest.raises(Tampered) as caught:
        opened(seat)
    assert caught.value.exit_code == 5


def test_a_removed_slot_opens_nothing_more_not_even_an_earlier_file(seat: Seat) -> None:
    vault = fill(new_vault(seat))
    vault.add_slot("wall", WALL_KEY, every="monitor")
    vault.add_slot("ben", BEN_KEY, tenants={"beta": "admin"})
    before = parse(seat.path.read_bytes())
    could_read = vault.remove_slot("ben")
    assert could_read == ((("beta", "prod"), "root@pam!full"), (("beta", "prod"), "watch@pve!ro"))
    for name in ("config.toml", "config.toml.1"):
        seat.path.write_bytes(seat.path.with_name(name).read_bytes())
        with pytest.raises(WrongKey):
            opened(seat, BEN_KEY)
    assert not seat.path.with_name("config.toml.2").exists()
    after = parse(seat.path.read_bytes())
    for tenant_id, raw in after.tenants.items():
        assert raw["name"] != before.tenants[tenant_id]["name"]
    assert secrets_of(opened(seat)) == secrets_of(vault)
    assert secrets_of(opened(seat, WALL_KEY))["beta/prod"] == f"beta-{READING}"
    with pytest.raises(UsageError):
        vault.remove_slot("anna")


def test_the_audit_keeps_its_former_keys(seat: Seat) -> None:
    vault = fill(new_vault(seat))
    first = vault.audit_keys
    vault.rekey()
    second = vault.audit_keys
    vault.rekey()
    assert second[1:] == first
    assert opened(seat).audit_keys == (vault.audit_keys[0], *second)
    assert len(set(vault.audit_keys)) == 3


def test_an_open_vault_lives_through_what_another_process_changes(seat: Seat) -> None:
    vault = fill(new_vault(seat))
    vault.add_slot("ben", BEN_KEY, every="admin")
    ben = opened(seat, BEN_KEY)
    vault.rekey()
    ben.save(Put(("settings", "interval"), 7.0))
    vault.reload()
    assert vault.config.settings.interval == 7.0
    ben.remove_slot("anna")
    with pytest.raises(WrongKey):
        vault.save(Put(("settings", "interval"), 8.0))
    with pytest.raises(WrongKey):
        vault.reload()


def test_a_changed_passphrase_is_the_only_one_that_opens(seat: Seat) -> None:
    vault = fill(new_vault(seat, slots.new_passphrase(ANNA)))
    vault.change_passphrase("another long passphrase", CHEAP)
    assert opened(seat, slots.passphrase("another long passphrase")).config == vault.config
    for name in ("config.toml", "config.toml.1"):
        seat.path.write_bytes(seat.path.with_name(name).read_bytes())
        with pytest.raises(WrongKey):
            opened(seat, slots.passphrase(ANNA))
    assert not seat.path.with_name("config.toml.2").exists()


def test_one_passphrase_costs_one_derivation(seat: Seat, monkeypatch: pytest.MonkeyPatch) -> None:
    vault = fill(new_vault(seat, slots.new_passphrase(ANNA)))
    vault.add_slot("ben", slots.new_passphrase("ben's own passphrase"), every="admin", cost=CHEAP)
    counted = []
    real = slots.stretched
    monkeypatch.setattr(slots, "stretched", lambda *given: counted.append(1) or real(*given))
    ben = opened(seat, slots.passphrase("ben's own passphrase"), label="ben")
    ben.save(Put(("settings", "interval"), 7.0))
    ben.reload()
    assert counted == [1]
    with pytest.raises(UsageError, match="'anna', 'ben'"):
        opened(seat, slots.passphrase(ANNA))


@pytest.mark.parametrize(
    "edit",
    [
        Put(("tenants",), {}),
        Put((), 1),
        Put(("tenants", "none", "colour"), "red"),
        Put(("tenants", "acme", "nonsense"), 1),
        Put(("tenants", "Not A Slug"), {"name": "x"}),
        Put(("tenants", "acme", "servers", "prod", "endpoints"), []),
        Put(("tenants", "acme", "servers", "prod", "monitor", "realm"), 5),
        Put(("settings", "interval"), float("nan")),
        Put(("settings", "theme"), "\ud800"),
        Put(("settings", "theme"), None),
        Put(("settings", "theme"), object()),
        Delete(("settings", "theme")),
        Delete(("users", "nobody")),
        add_tenant("acme", "Twice"),
        add_server("acme", "prod", ["pve1"]),
        add_user("anna"),
    ],
)
def test_an_edit_that_cannot_be_meant_is_refused_and_changes_nothing(seat: Seat, edit: Put | Delete) -> None:
    vault = fill(new_vault(seat))
    before = seat.path.read_bytes()
    with pytest.raises(UsageError) as caught:
        vault.save(edit)
    assert caught.value.exit_code == 2
    assert seat.path.read_bytes() == before
    vault.save(Put(("settings", "interval"), 7.0))


def test_a_tenant_that_goes_takes_its_keys_and_roles_along(seat: Seat) -> None:
    vault = fill(new_vault(seat))
    vault.save(Delete(("tenants", "beta")))
    again = opened(seat)
    assert list(secrets_of(again)) == ["acme/prod"]
    assert again.config.users[0].roles == {"acme": "admin"}
    assert len(again.slot.keys) == 4
    vault.save(add_tenant("beta", "Beta again"))
    assert opened(seat).config == vault.config


def test_nothing_shows_a_secret_by_itself(seat: Seat) -> None:
    vault = fill(new_vault(seat))
    shown = repr(Put(("a",), "hush-0005")) + repr(ROOT_KEY) + repr(vault) + repr(vault.config)
    assert "hush" not in shown
    assert "rrrr" not in shown
    assert FULL not in shown
    with pytest.raises(ProxtuiError) as caught:
        vault.save(Put(("tenants", "acme", "servers", "prod", "credentials"), {"token_secret": "hush-0005"}))
    assert "hush" not in str(caught.value)


def test_the_rest_of_the_configuration_does_without_it() -> None:
    code = "import sys, proxtui.config.environment, proxtui.config.reading, proxtui.config.vault\n"
    told = subprocess.run(
        [sys.executable, "-c", code + "print([name for name in ('cryptography', 'tomli_w') if name in sys.modules])"],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert told.stdout.strip() == "[]"
