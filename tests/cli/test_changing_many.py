"""Changes by the command line to many, to one server of several, and with an audit that is lost on the way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from proxtui.cli.simulation import Announced, configuration
from proxtui.core.journal import AuditEntry, Phase
from proxtui.errors import AuditUnavailable
from proxtui.features.audit.journal import AuditJournal
from tests.cli.conftest import Call, Simulator
from tests.walks.conftest import simulator

from .test_changing import run_of, sent, told


@pytest.fixture(scope="session")
def two_processes() -> Iterator[list[Simulator]]:
    """Two clusters that know nothing of each other."""
    flags = ("--scenario", "small", "--auth-delay", "0", "--still", "--speed", "5")
    with simulator(*flags) as one, simulator(*flags) as other:
        yield [Simulator(each.servers[0], each.control_token) for each in (one, other)]


@pytest.fixture
def two(two_processes: list[Simulator], monkeypatch: pytest.MonkeyPatch) -> list[Simulator]:
    """``acme/one`` and ``bolt/two``, both configured."""
    known = [Announced.read(each.server) for each in two_processes]
    names = (("acme", "one"), ("bolt", "two"))
    servers = [replace(one, tenant=tenant, server=server) for one, (tenant, server) in zip(known, names, strict=True)]
    config = configuration(servers)
    monkeypatch.setattr("proxtui.cli.session.Session.configuration", lambda _session: config)
    for each in two_processes:
        each.control("DELETE", "requests")
    return two_processes


def asked(each: Simulator) -> Any:
    return each.control("GET", "requests")["counts"]


@pytest.mark.parametrize("server", ["two", "bolt/two"])
def test_a_change_on_one_server_asks_no_other(call: Call, two: list[Simulator], server: str) -> None:
    one, other = two
    answer = call("guests", "tags", "101", "--tags", server.replace("/", "-"), "--server", server, "--json")
    assert answer.code == 0, answer.err
    assert [source["server"] for source in told(answer)["sources"]] == ["two"]
    assert asked(one) == {}
    assert sent(other) == ["PUT /nodes/pve1/qemu/101/config"]


def test_a_server_that_is_none_is_told_before_any_is_asked(call: Call, two: list[Simulator]) -> None:
    answer = call("guests", "tags", "101", "--tags", "a", "--server", "bolt/one")
    assert answer.code == 2
    assert "there are acme/one, bolt/two" in answer.err
    assert [asked(each) for each in two] == [{}, {}]


def test_what_was_left_on_another_server_is_left_for_whoever_asks_it(
    call: Call, two: list[Simulator], monkeypatch: pytest.MonkeyPatch
) -> None:
    # All commands of a test are one process, which lives.
    monkeypatch.setattr("proxtui.features.audit.journal.is_alive", lambda _actor: False)
    begun = run_of(call("guests", "reboot", "114", "--server", "one", "--yes", "--no-wait", "--json"))
    assert begun["state"] == "running"
    elsewhere = call("guests", "tags", "101", "--tags", "b", "--server", "two")
    assert elsewhere.code == 0
    assert "left behind" not in elsewhere.err
    here = call("guests", "tags", "101", "--tags", "c", "--server", "one")
    assert "left behind by an earlier command: Reboot container 114" in here.err


def test_few_that_are_not_waited_for_do_not_speak_of_turns(call: Call, two: list[Simulator]) -> None:
    answer = call("guests", "reboot", "105", "114", "--server", "two", "--yes", "--no-wait", "--json")
    assert "at a time on one server" not in answer.err
    assert len(told(answer)["runs"]) == 2


@pytest.fixture
def broken_journal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its disk is full once the change was sent."""
    append = AuditJournal.append

    async def full(self: AuditJournal, entry: AuditEntry) -> None:
        if entry.phase is Phase.OUTCOME:
            raise AuditUnavailable("the audit cannot be written: the disk is full", why="full")
        await append(self, entry)

    monkeypatch.setattr(AuditJournal, "append", full)


@pytest.mark.usefixtures("broken_journal")
def test_a_change_that_the_audit_lost_was_made_and_is_not_all_right(call: Call, two: list[Simulator]) -> None:
    one, _other = two
    answer = call("guests", "tags", "101", "--tags", "lost", "--server", "one", "--json")
    assert answer.code == AuditUnavailable.exit_code == 9
    assert len(sent(one)) == 1
    run = run_of(answer)
    assert run["state"] == "ok"
    assert "disk is full" in run["unrecorded"]
    words = "the change WAS made, but the audit lacks it: the audit cannot be written: the disk is full"
    assert answer.line == f"Tags VM 101 shop-web02 on pve1: {words}"
