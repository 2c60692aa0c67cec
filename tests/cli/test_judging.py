"""By which thresholds a server is judged, and the numbers behind the line."""

from __future__ import annotations

from typing import Any

import pytest

from proxtui.cli.health import Level, server_row, server_rows
from proxtui.cli.judging import Judging
from proxtui.cli.perfdata import one_line, perfdata
from proxtui.config.models import Settings
from proxtui.config.thresholds import Thresholds
from proxtui.core.learned import Backup, Learned
from proxtui.core.model import GuestKey, ServerRef
from tests.features.fleets import ACME, GIB, NOW, ZETA, fleet, node, snapshot, storage, two_tenants, vm

DAY, HOUR = 86_400.0, 3_600.0


def judged(judging: Judging, **known: Any) -> tuple[Level, tuple[str, ...]]:
    row = server_row(snapshot(**known), judging=judging)
    return row.level, row.problems


@pytest.mark.parametrize(
    ("used", "level"), [(89, Level.OK), (90, Level.WARNING), (96, Level.WARNING), (97, Level.CRITICAL)]
)
def test_a_storage_fills(used: int, level: Level) -> None:
    assert judged(Judging(), storages=(storage("local", used=used, total=100),))[0] is level


def test_thresholds_are_settings_and_zero_switches_one_off() -> None:
    full = {"storages": (storage("local", used=99, total=100),), "nodes": (node("pve1", mem=63 * GIB),)}
    off = Judging(Settings(warn_storage=0, crit_storage=0, warn_memory=0))
    assert judged(off, **full) == (Level.OK, ())
    hard = Judging(Settings(warn_storage=10, crit_storage=20, crit_memory=95))
    level, problems = judged(hard, **full)
    assert (level, len(problems)) == (Level.CRITICAL, 2)


@pytest.mark.parametrize(
    ("days", "level", "line"),
    [
        (14.5, Level.OK, None),
        (10.0, Level.WARNING, "the certificate ends in 10d"),
        (2.0, Level.CRITICAL, "the certificate ends in 2d"),
        (-2.0, Level.CRITICAL, "the certificate has ended 2d ago"),
    ],
)
def test_a_certificate_ends(days: float, level: Level, line: str | None) -> None:
    found, problems = judged(Judging(certificates={ACME: days * DAY}))
    assert found is level
    assert [one[: len(line)] for one in problems] == [line] if line else problems == ()


def backed(hours: float | None, *, sure: bool = True) -> Learned:
    return Learned(backup=Backup(taken_at=NOW, made_at=None if hours is None else NOW - hours * HOUR, sure=sure))


BACKUPS = Judging(Thresholds(warn_backup_hours=36, crit_backup_hours=168), now=NOW)


@pytest.mark.parametrize(
    ("learned", "level", "line"),
    [
        (backed(1), Level.OK, None),
        (backed(1, sure=False), Level.OK, None),
        (backed(40), Level.WARNING, "no backup for 36 h: VM 100"),
        (backed(200), Level.CRITICAL, "no backup for 168 h: VM 100"),
        (backed(None), Level.CRITICAL, "no backup: VM 100"),
        (backed(200, sure=False), Level.UNKNOWN, "backups cannot be told: VM 100"),
        (backed(None, sure=False), Level.UNKNOWN, "backups cannot be told: VM 100"),
        (Learned(), Level.UNKNOWN, "backups cannot be told: VM 100"),
    ],
)
def test_a_backup_grows_old(learned: Learned, level: Level, line: str | None) -> None:
    guests = (vm(100), vm(9, template=True))
    known = {"guests": guests, "learned": {GuestKey(*ACME, "qemu", 100): learned}}
    assert judged(BACKUPS, **known) == (level, (line,) if line else ())
    assert judged(Judging(now=NOW), **known) == (Level.OK, ())


def test_many_guests_without_a_backup_are_counted() -> None:
    guests = tuple(vm(100 + at) for at in range(5))
    known = {GuestKey(*ACME, "qemu", guest.vmid): backed(None) for guest in guests}
    assert judged(BACKUPS, guests=guests, learned=known)[1] == ("no backup: VM 100, VM 101, VM 102 and 2 more",)


def test_the_numbers_behind_the_line() -> None:
    rows = server_rows(two_tenants(), judging=Judging(certificates={ACME: 30 * DAY}))
    assert perfdata(rows, Thresholds()) == (
        "'servers'=2;;;0;2 'nodes_online'=3;;;0;3 'guests_running'=3;;;0;4 "
        "'acme/berlin storage'=64.0%;90;97;0;100 'acme/berlin memory'=75.0%;90;;0;100 "
        "'acme/berlin certificate'=2592000s;1209600:;259200: "
        "'zeta/paris storage'=64.0%;90;97;0;100 'zeta/paris memory'=75.0%;90;;0;100"
    )


def test_what_is_unknown_has_no_number() -> None:
    rows = server_rows(fleet(snapshot(ZETA, taken_at=None)))
    assert perfdata(rows, Thresholds()) == "'servers'=0;;;0;1"


def test_a_name_cannot_break_the_line() -> None:
    rows = server_rows(fleet(snapshot(ServerRef("a'b", "c=|d"), storages=(storage("x"),))))
    assert "'a_b/c__d storage'=64.0%" in perfdata(rows, Thresholds())
    assert one_line("OK - a|b", "'x'=1") == "OK - a/b | 'x'=1"


@pytest.mark.parametrize(
    "wrong",
    [
        {"warn_storage": 101},
        {"crit_memory": -1},
        {"warn_storage": 90, "crit_storage": 80},
        {"warn_certificate_days": 3, "crit_certificate_days": 14},
        {"warn_backup_hours": 48, "crit_backup_hours": 24},
    ],
)
def test_thresholds_that_cannot_be_meant(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong)).partition("_")[2]):
        Settings(**wrong)
