"""Each defect of the file yields what it should, with its exit code, and the file stays as it is."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from proxtui.config.models import Place
from proxtui.config.vault import slots
from proxtui.config.vault.contents import DAMAGED, FILE, SYSTEM, admin_of, monitor_of
from proxtui.config.vault.crypto import digest
from proxtui.config.vault.draft import Draft, _file_value, _system_value, _tenant_value
from proxtui.config.vault.edits import Put
from proxtui.config.vault.opened import OpenVault, Seat
from proxtui.config.vault.shape import Document
from proxtui.config.vault.unlocking import generations, restore, unlock
from proxtui.errors import (
    Malformed,
    NewerFormat,
    NotConfigured,
    OlderCopy,
    ProxtuiError,
    Tampered,
    UnsafeFile,
    UsageError,
    WrongKey,
)
from tests.config.vaults import ANNA, FULL, ROOT_KEY, by, fill, new_vault, opened, seat_in, secrets_of


@pytest.fixture
def seat(tmp_path: Path) -> Seat:
    return seat_in(tmp_path)


def refused(seat: Seat, kind: type[ProxtuiError], code: int, material: slots.Material = ROOT_KEY) -> str:
    before = seat.path.read_bytes()
    with pytest.raises(kind) as caught:
        opened(seat, material)
    assert type(caught.value) is kind
    assert caught.value.exit_code == code
    assert seat.path.read_bytes() == before
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_no_file(seat: Seat) -> None:
    seat.path.parent.mkdir(mode=0o700)
    with pytest.raises(NotConfigured, match="no configuration at") as caught:
        opened(seat)
    assert caught.value.exit_code == 2
    assert not seat.path.exists()


@pytest.mark.parametrize(
    "content",
    [
        b"", b"\0\1\2", b"\xff\xfe", b"settings = 1", b"[proxtui]", b"proxtui = 1", b"[proxtui]\nformat = 'x'",
        b"a = " + b"[" * 100_000, b"[proxtui]\nformat = 1\nfile_id = 2026-01-01", b"[settings]\ninterval = 4.0",
    ],
)  # fmt: skip
def test_a_file_that_is_no_vault(content: bytes, seat: Seat) -> None:
    new_vault(seat)
    seat.path.write_bytes(content)
    assert "proxtui config restore" in refused(seat, Malformed, 4)


def test_the_place_is_named_and_the_content_is_not(seat: Seat) -> None:
    new_vault(seat)
    seat.path.write_bytes(b"[proxtui]\nhush hush\n")
    said = refused(seat, Malformed, 4)
    assert "line 2, column 6" in said
    assert "hush" not in said


EDITS: list[tuple[str, str]] = [
    (r"(?m)^endpoints = .*$", 'endpoints = "evil.example.com"'),
    (r'mode = "fingerprint"', 'mode = "system"'),
    (r'mode = "fingerprint"', 'mode = "off"'),
    (r"AB:AB:AB", "AB:AB:AC"),
    (r"(?m)^rev = .*$", "rev = 40"),
    (r'label = "anna"', 'label = "eve"'),
    (r'every = "admin"', 'every = "none"'),
    (r"\[data\.settings\]", "[data.settings]\nread_only = false"),
    (r'system_role = "admin"', 'system_role = "user"'),
    (r'(?m)^system = "[^"]{43}"$', ""),
    (r'(?s)\[data\.tenants.*', ""),
]  # fmt: skip


@pytest.mark.parametrize(("found", "put"), EDITS)
def test_an_edit_by_hand_is_refused(found: str, put: str, seat: Seat) -> None:
    fill(new_vault(seat))
    text = seat.path.read_text(encoding="utf-8")
    changed = re.sub(found, put, text, count=1)
    assert changed != text
    seat.path.write_text(changed, encoding="utf-8")
    assert "changed outside proxtui (whole file)" in refused(seat, Tampered, 5)


@pytest.mark.parametrize(
    ("name", "value"),
    [("m", 2**31), ("m", 19_455), ("t", 10**9), ("t", 0), ("p", 0), ("p", 17), ("salt", '"AAAAAA"'), ("name", '"md5"')],
)
def test_a_derivation_out_of_bounds_is_not_tried(name: str, value: Any, seat: Seat) -> None:
    new_vault(seat, slots.new_passphrase(ANNA))
    text = seat.path.read_text(encoding="utf-8")
    seat.path.write_text(re.sub(rf"(?m)^{name} = .*$", f"{name} = {value}", text, count=1), encoding="utf-8")
    begun = time.process_time()
    refused(seat, Malformed, 4, slots.passphrase(ANNA))
    assert time.process_time() - begun < 0.1


@pytest.mark.parametrize("word", ["format", "min_reader"])
def test_a_newer_format_is_left_alone(word: str, seat: Seat) -> None:
    vault = new_vault(seat)
    text = seat.path.read_text(encoding="utf-8")
    seat.path.write_text(text.replace(f"{word} = 1", f"{word} = 2\nwhat_comes = 'later'"), encoding="utf-8")
    assert "needs a newer proxtui" in refused(seat, NewerFormat, 6)
    before = seat.path.read_bytes()
    with pytest.raises(NewerFormat):
        vault.save(Put(("settings", "interval"), 5.0))
    assert seat.path.read_bytes() == before


def test_a_wrong_passphrase_three_times(seat: Seat) -> None:
    new_vault(seat, slots.new_passphrase(ANNA))
    pauses: list[float] = []
    wrong: list[int] = []
    sources = by(slots.passphrase("wrong"), seat.path.parent)
    with pytest.raises(WrongKey) as caught:
        unlock(seat, sources, pause=pauses.append, on_wrong=lambda: wrong.append(1))
    assert caught.value.exit_code == 3
    assert pauses == [1.0, 2.0, 4.0]
    assert len(wrong) == 3
    assert refused(seat, WrongKey, 3, slots.keyfile(b"x" * 32)) == str(caught.value)


@pytest.mark.parametrize(
    ("typed", "again"),
    [
        ("  leading and trailing  ", None),
        ("Stra\u00dfe nach K\u00f6ln", "Stra\u00dfe nach Ko\u0308ln"),
        ("x" * 1024, None),
        ("x" * 5000 + "end", None),
        ("\N{GRINNING FACE}" * 12, None),
    ],
)
def test_a_passphrase_is_taken_as_it_is(typed: str, again: str | None, seat: Seat) -> None:
    new_vault(seat, slots.new_passphrase(typed))
    opened(seat, slots.passphrase(again or typed))
    for other in (typed.strip() + "!", typed[:-1], f"{typed} "):
        refused(seat, WrongKey, 3, slots.passphrase(other))


@pytest.mark.parametrize("text", ["", "short", "x" * 11, "x" * 65_537])
def test_a_passphrase_that_guards_nothing_is_not_taken(text: str) -> None:
    with pytest.raises(UsageError):
        slots.new_passphrase(text)


def _change(seat: Seat, change: Callable[[Document], None]) -> None:
    """Change the sealed data and sign all of it anew, as only who holds every key could."""
    vault = opened(seat)
    draft: Draft = vault._draft
    header, data, keys = draft.document.header, draft.document.data, draft.keys
    change(draft.document)
    for tenant_id, raw in data["tenants"].items():
        for scope in (monitor_of(tenant_id), admin_of(tenant_id)):
            header.mac[scope] = digest(keys[scope], _tenant_value(header, tenant_id, raw, scope))
    header.mac[SYSTEM] = digest(keys[SYSTEM], _system_value(header, data))
    header.mac[FILE] = digest(keys[FILE], _file_value(header, data))
    seat.path.write_bytes(Document(header, data).text())


def _with_twins(seat: Seat) -> OpenVault:
    vault = fill(new_vault(seat))
    first = vault._draft.contents.plain["tenants"]["acme"]["servers"]["prod"]
    vault.save(Put(("tenants", "acme", "servers", "second"), first | {"endpoints": [{"host": "other"}]}))
    return vault


def test_two_values_that_were_swapped_lock_their_servers_alone(seat: Seat) -> None:
    vault = _with_twins(seat)

    def swap(document: Document) -> None:
        one, other = next(raw["servers"].values() for raw in document.tenants.values() if len(raw["servers"]) == 2)
        held, others = one["credentials"], other["credentials"]
        held["token_secret"], others["token_secret"] = others["token_secret"], held["token_secret"]

    _change(seat, swap)
    found = opened(seat)
    assert found.shut == {Place("acme", "prod"): DAMAGED, Place("acme", "second"): DAMAGED}
    assert secrets_of(found)["beta/prod"] == f"beta-{FULL}"
    found.save(Put(("tenants", "acme", "colour"), "red"))
    assert opened(seat).shut == found.shut
    credentials = {"token_id": "root@pam!full", "token_secret": "typed-again"}
    found.save(Put(("tenants", "acme", "servers", "prod", "credentials"), credentials))
    assert list(opened(seat).shut) == [Place("acme", "second")]
    assert vault.rev < found.rev


@pytest.mark.parametrize(
    "change", [{"mode": "system"}, {"mode": "fingerprint", "fingerprints": [":".join(["CD"] * 32)]}]
)
def test_a_token_does_not_follow_to_another_trust(change: dict[str, Any], seat: Seat) -> None:
    _with_twins(seat)

    def redirect(document: Document) -> None:
        raw = next(raw for raw in document.tenants.values() if len(raw["servers"]) == 1)
        next(iter(raw["servers"].values()))["trust"] = change

    _change(seat, redirect)
    found = opened(seat)
    assert found.shut == {Place("beta", "prod"): DAMAGED}
    assert secrets_of(found)["beta/prod"] is None


def test_a_token_does_not_follow_to_another_address(seat: Seat) -> None:
    _with_twins(seat)

    def redirect(document: Document) -> None:
        one, other = next(raw["servers"] for raw in document.tenants.values() if len(raw["servers"]) == 2).items()
        other[1]["endpoints"] = one[1]["endpoints"]

    _change(seat, redirect)
    found = opened(seat)
    assert len(found.hidden) == 1
    assert "acme/second" not in secrets_of(found)
    assert secrets_of(found)["acme/prod"] == f"acme-{FULL}"


def test_an_older_copy_has_to_be_confirmed(seat: Seat) -> None:
    vault = fill(new_vault(seat))
    old = seat.path.read_bytes()
    vault.save(Put(("settings", "interval"), 7.0))
    seat.path.write_bytes(old)
    refused(seat, OlderCopy, 5)
    with pytest.raises(OlderCopy):
        vault.save(Put(("settings", "interval"), 8.0))
    asked: list[tuple[int, int]] = []
    sources = by(ROOT_KEY, seat.path.parent)
    with pytest.raises(OlderCopy):
        unlock(seat, sources, confirm_older=lambda rev, seen: bool(asked.append((rev, seen))))
    found = unlock(seat, sources, confirm_older=lambda _rev, _seen: True)
    assert asked == [(4, 5)]
    assert found.is_older
    found.save(Put(("settings", "interval"), 9.0))
    assert found.rev == 6
    assert not opened(seat).is_older


def test_an_earlier_generation_comes_back_when_it_is_asked_for(seat: Seat) -> None:
    vault = fill(new_vault(seat))
    vault.save(Put(("settings", "interval"), 7.0))
    seat.path.write_bytes(b"damaged")
    assert generations(seat.path) == [1, 2, 3]
    assert restore(seat, 1) == 4
    assert opened(seat).config.settings.interval == 4.0
    assert seat.path.with_name("config.toml.1").read_bytes() == b"damaged"
    with pytest.raises(Malformed):
        restore(seat, 1)
    with pytest.raises(NotConfigured):
        restore(seat, 4)


def _link(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to("elsewhere")


def _pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path, 0o600)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda path: path.chmod(0o644), "chmod 600 {path}"),
        (lambda path: path.chmod(0o640), "chmod 600 {path}"),
        (lambda path: path.parent.chmod(0o770), "chmod 700 {folder}"),
        (lambda path: path.parent.chmod(0o707), "chmod 700 {folder}"),
        (_link, "mv TARGET {path}"),
        (_pipe, "no ordinary file"),
    ],
)
def test_a_file_that_others_may_touch_is_not_used(spoil: Callable[[Path], None], said: str, seat: Seat) -> None:
    vault = new_vault(seat)
    sources = by(ROOT_KEY, seat.path.parent)
    spoil(seat.path)
    with pytest.raises(UnsafeFile, match=re.escape(said.format(path=seat.path, folder=seat.path.parent))) as caught:
        unlock(seat, sources)
    assert caught.value.exit_code == 7
    with pytest.raises(UnsafeFile):
        vault.save(Put(("settings", "interval"), 8.0))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_somebody_else_is_not_used(seat: Seat) -> None:
    new_vault(seat)
    os.chown(seat.path, 12_345, -1)
    assert f"chown 0 {seat.path}" in refused(seat, UnsafeFile, 7)


def test_a_vault_is_not_made_over_anything(seat: Seat) -> None:
    new_vault(seat)
    seat.path.write_bytes(b"unreadable")
    with pytest.raises(UsageError, match="is there already"):
        new_vault(seat)
    assert seat.path.read_bytes() == b"unreadable"
