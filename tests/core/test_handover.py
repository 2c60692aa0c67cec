"""What one runtime may leave to the next: rows with their age, of servers that are the same to the last value."""

from __future__ import annotations

import pytest

from proxtui.config.models import Config, Credentials, Endpoint, Server, Tenant, TlsTrust
from proxtui.config.secret import Secret
from proxtui.core.handover import may_pass, narrowed, unchanged
from proxtui.core.model import GuestKey, Scope, ServerRef, SourceState
from proxtui.core.store import Store
from proxtui.errors import NetworkError
from proxtui.pve.resources import Inventory
from tests.features.fakes import FakeClock
from tests.features.fleets import ACME, ZETA, vm

PIN = ":".join(["AB"] * 32)


def server(name: str = "berlin", host: str = "pve1", word: str = "one", **more: object) -> Server:
    credentials = Credentials(token_id="a@pam!b", token_secret=Secret(word))
    return Server(name=name, endpoints=(Endpoint(host=host),), credentials=credentials, **more)  # type: ignore[arg-type]


def over(*servers: Server, slug: str = "acme", **more: object) -> Config:
    return Config(tenants=(Tenant(slug=slug, name="Acme", servers=servers, **more),))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "other",
    [
        over(server(host="pve2")),
        over(server(word="two")),
        over(server(trust=TlsTrust(mode="fingerprint", fingerprints=(PIN,)))),
        over(server(name="bonn")),
        over(server(is_active=False)),
        over(server(), is_active=False),
        over(server(), slug="beta"),
        over(),
        Config(),
    ],
)
def test_a_server_that_is_asked_otherwise_is_another_one(other: Config) -> None:
    assert unchanged(over(server()), over(server(), server("bonn"), colour="red")) == {ACME}
    assert unchanged(over(server()), other) == frozenset()


def test_rows_keep_their_age_and_errors_and_only_of_those_servers() -> None:
    clock = FakeClock()
    first, second = Store(clock), Store(clock)
    for ref in (ACME, ZETA):
        first.register(ref)
        second.register(ref, interval=9.0)
        first.put(ref, Inventory((vm(100),), (), (), (), 0), taken_at=clock.now, endpoint="pve1", interval=4.0)
    failure = NetworkError("gone", stage="connect", endpoint="pve1")
    first.fail(ACME, failure, next_try_at=1010.0)
    clock.now += 7
    second.take_over(first, [ACME, ServerRef("acme", "gone")])
    known, other = second.snapshot(ACME), second.snapshot(ZETA)
    assert (known.taken_at, known.error, list(known.guests)) == (1000.0, "gone", [GuestKey(*ACME, "qemu", 100)])
    assert known.interval == 9.0
    assert second.failure(ACME) is failure
    assert (other.state, dict(other.guests)) == (SourceState.WAITING, {})
    # The next poll goes on from there: an older answer is ignored, a newer one taken.
    second.put(ACME, Inventory((), (), (), (), 0), taken_at=999.0, endpoint="pve1", interval=9.0)
    assert second.snapshot(ACME).guests
    second.put(ACME, Inventory((), (), (), (), 0), taken_at=1007.0, endpoint="pve1", interval=9.0)
    assert not second.snapshot(ACME).guests


def test_keys_of_other_servers_stay_behind_and_scopes_lead_to_what_is_left() -> None:
    assert may_pass(GuestKey(*ACME, "qemu", 100), {ACME})
    assert not may_pass(GuestKey(*ZETA, "qemu", 100), {ACME})
    assert not may_pass(ServerRef("acme", "bonn"), {ACME})
    assert may_pass("anna", {ACME})
    config = over(server())
    assert narrowed(Scope("acme", "berlin", "pve1"), config) == Scope("acme", "berlin", "pve1")
    assert narrowed(Scope("acme", "bonn", "pve1"), config) == Scope("acme")
    assert narrowed(Scope("zeta", "paris"), config) == Scope()
