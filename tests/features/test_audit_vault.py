"""The audit under the key of an open configuration: from the move on only that key proves what was written."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from proxtui.config.vault.opened import OpenVault
from proxtui.errors import AuditUnavailable
from proxtui.features.audit.checking import check, note
from proxtui.features.audit.keys import keys_of, name_of
from proxtui.features.audit.places import AuditFiles
from proxtui.features.audit.segments import KEY
from proxtui.features.audit.store import open_store
from tests.config.vaults import fill, new_vault, opened, seat_in

from .audits import Audit, append, entry


@pytest.fixture
def vault(tmp_path: Path) -> OpenVault:
    return fill(new_vault(seat_in(tmp_path)))


@pytest.fixture
def audit(tmp_path: Path) -> Audit:
    return Audit(AuditFiles(tmp_path / "audit"))


def write(audit: Audit, keys: Sequence[bytes] = (), count: int = 1) -> None:
    store = open_store(audit.files, keys=keys_of(audit.files, keys), told=lambda _line: True)
    try:
        for _ in range(count):
            append(store, entry())
    finally:
        store.close()


def told(audit: Audit) -> list[str]:
    return [event for (event,) in audit.rows("event")]


def test_the_move_is_a_row_of_the_chain(audit: Audit, vault: OpenVault) -> None:
    write(audit, count=2)
    write(audit, vault.audit_keys, 2)
    write(audit, vault.audit_keys)
    assert told(audit) == ["guests.start"] * 2 + [KEY] + ["guests.start"] * 3
    assert audit.rows("target")[2] == (name_of(vault.audit_keys[0]),)
    verdict = check(audit.files, vault=vault.audit_keys)
    assert (verdict.whole, verdict.rows, verdict.anchor) == (True, 6, 6)


def test_a_first_row_can_be_under_the_vault(audit: Audit, vault: OpenVault) -> None:
    write(audit, vault.audit_keys)
    assert told(audit) == [KEY, "guests.start"]
    assert check(audit.files, vault=vault.audit_keys).whole


def test_without_the_vault_its_rows_are_not_judged(audit: Audit, vault: OpenVault) -> None:
    write(audit, count=2)
    write(audit, vault.audit_keys, 3)
    verdict = check(audit.files)
    assert (verdict.whole, verdict.problems, verdict.unjudged) == (False, [], 4)
    assert "4 of 6 rows cannot be judged without the key of config.toml" in verdict.summary
    audit.alter("UPDATE audit SET user = 'eve' WHERE seq = 2")
    assert [one.seq for one in check(audit.files).problems] == [2]


def test_who_has_no_vault_still_writes_and_all_is_judged_with_it(audit: Audit, vault: OpenVault) -> None:
    write(audit, vault.audit_keys)
    assert note(audit.files, "unlock.failed", whole=False) == ""
    write(audit, vault.audit_keys)
    assert told(audit) == [KEY, "guests.start", "unlock.failed", "guests.start"]
    assert check(audit.files, vault=vault.audit_keys).whole


def test_after_new_keys_all_of_it_is_still_judged(audit: Audit, vault: OpenVault) -> None:
    write(audit)
    write(audit, vault.audit_keys)
    before = vault.audit_keys
    vault.rekey()
    assert vault.audit_keys[0] != before[0]
    write(audit, vault.audit_keys)
    assert told(audit).count(KEY) == 2
    again = opened(vault._seat)
    assert check(audit.files, vault=again.audit_keys).whole
    assert check(audit.files, vault=before).unjudged == 2


@pytest.mark.parametrize(
    "spoil",
    [
        "UPDATE audit SET body = replace(body, 'alice', 'mallo') WHERE seq = 5",
        "DELETE FROM audit WHERE seq = 4",
        "DELETE FROM audit WHERE seq > 4",
        "DELETE FROM audit WHERE seq > 2",
    ],
)
def test_what_was_altered_since_is_found(audit: Audit, vault: OpenVault, spoil: str) -> None:
    write(audit, count=2)
    write(audit, vault.audit_keys, 4)
    assert check(audit.files, vault=vault.audit_keys).whole
    audit.alter(spoil)
    assert check(audit.files, vault=vault.audit_keys).problems


def test_the_key_file_alone_forges_no_row_of_the_vault(audit: Audit, vault: OpenVault) -> None:
    write(audit, vault.audit_keys, 3)
    audit.alter("DELETE FROM audit WHERE seq > 1")
    # Whoever has the account, and not the passphrase, builds another end on what is left.
    with pytest.raises(AuditUnavailable):
        write(audit, vault.audit_keys)
    audit.files.anchor.unlink()
    audit.alter("DELETE FROM audit")
    write(audit, count=5)
    problems = [one.what for one in check(audit.files, vault=vault.audit_keys).problems]
    assert any("another than the anchor knows" in one for one in problems)
    with pytest.raises(AuditUnavailable):
        write(audit, vault.audit_keys)


def test_an_anchor_that_is_gone_is_missed(audit: Audit, vault: OpenVault) -> None:
    write(audit, vault.audit_keys, 3)
    audit.files.vault_anchor.unlink()
    with pytest.raises(AuditUnavailable, match=r"its anchor .*audit\.vault\.anchor is gone"):
        write(audit, vault.audit_keys)
    assert not check(audit.files, vault=vault.audit_keys).whole


def test_the_anchor_is_none_that_the_key_file_could_write(audit: Audit, vault: OpenVault) -> None:
    write(audit, vault.audit_keys, 3)
    audit.files.vault_anchor.write_bytes(audit.files.anchor.read_bytes())
    with pytest.raises(AuditUnavailable, match="not what proxtui wrote"):
        write(audit, vault.audit_keys)


def test_a_row_under_a_key_that_nobody_told_of_is_forged(audit: Audit, vault: OpenVault) -> None:
    write(audit, count=2)
    audit.alter('UPDATE audit SET body = replace(body, \'"key":"\', \'"key":"x\') WHERE seq = 2')
    assert check(audit.files).problems


def test_no_key_shows_itself(vault: OpenVault) -> None:
    from proxtui.config.keyed import keyed

    config = keyed(vault, {})
    assert config.audit_keys == vault.audit_keys
    assert repr(vault.audit_keys[0]) not in repr(config)
