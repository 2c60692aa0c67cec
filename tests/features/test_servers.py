"""Servers: what may be added, how a token is spelled, what a change keeps, CSV, and checks without a network."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from proxtui.config.models import Place
from proxtui.config.vault.edits import Put
from proxtui.core.belonging import Identity
from proxtui.errors import (
    InvalidInput,
    NotFoundError,
    UnsafeFile,
    UsageError,
)
from proxtui.features.servers import checking, merging, trusting
from proxtui.features.servers.checking import Checked, NotWell, Untrusted, check, one_cluster, tried, ways
from proxtui.features.servers.importing import import_servers
from proxtui.features.servers.models import NewServer, ServerChange
from proxtui.features.servers.rows import COLUMNS, as_json, rows_of
from proxtui.features.servers.service import MOST, add, delete, found, listed, set_active, update
from proxtui.pve.stages import Diagnosis, Stage
from proxtui.pve.tls import CertificateInfo

from .registrars import PIN, Desk

SHOWN = CertificateInfo(
    "CN=pve1", "CN=PVE", ("pve1",), datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC), PIN
)
TOKEN = "mon@pve!x=abc-def"
NOW = datetime(2026, 1, 20, tzinfo=UTC).timestamp()


def new(name: str = "prod", host: str = "pve1", token: str = TOKEN, **more: Any) -> NewServer:
    return NewServer(**({"tenant": "acme", "name": name, "host": host, "token_secret": token} | more))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path, "acme", "beta")


@pytest.mark.parametrize("host", ["pve1", "pve1:8006", "https://pve1:8006/#v1:0", "10.0.0.1", "[fd00::1]:8007"])
async def test_an_address_as_people_paste_it(desk: Desk, host: str) -> None:
    entry = await add(desk.registrar, new(host=host))
    assert entry.server.endpoints[0].port == (8007 if "8007" in host else 8006)


async def test_a_token_in_one_piece_or_in_two(desk: Desk) -> None:
    whole = await add(desk.registrar, new("one", "pve1"))
    parts = await add(desk.registrar, new("two", "pve2", "abc-def", token_id="mon@pve!x"))
    for entry in (whole, parts):
        assert entry.server.credentials.token_id == "mon@pve!x"
        assert entry.server.credentials.token_secret is not None
        assert entry.server.credentials.token_secret.get_secret_value() == "abc-def"
    assert "abc-def" not in repr(desk.journal.entries)
    login = await add(desk.registrar, new("three", "pve3", token="", username="root@pam", password="pw-secret"))
    assert login.server.credentials.userid == "root@pam"
    assert "pw-secret" not in repr(desk.journal.entries)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": "Prod!"}, "name"),
        ({"host": "http://pve1"}, "host"),
        ({"host": "root@pve1"}, "host"),
        ({"port": 70_000}, "port"),
        ({"token_secret": "secret with blanks"}, "token_secret"),
        ({"token_id": "mon@pve!y"}, "token_id"),
        ({"token_id": "mon@pve!x=abc", "token_secret": "abc"}, "token_id"),
        ({"token_secret": "", "token_id": "mon@pve!x"}, "token_secret"),
        ({"token_secret": ""}, "token_id"),
        ({"timeout_ms": 10}, "timeout_ms"),
        ({"fingerprints": "AB:CD"}, "fingerprints"),
        ({"fingerprints": PIN, "ca_file": "/ca.pem"}, "ca_file"),
        ({"jumps": "ops@bad host!"}, "jumps"),
        ({"monitor_token_secret": "abc"}, "monitor_token_id"),
    ],
)
def test_wrong_input_is_told_at_its_field_without_secrets(wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        new(**wrong)
    assert caught.value.field == field
    assert "secret with" not in str(caught.value)
    assert "abc" not in str(caught.value)


async def test_no_double_and_no_more_than_fifty(desk: Desk) -> None:
    await add(desk.registrar, new())
    with pytest.raises(InvalidInput, match="server of that name"):
        await add(desk.registrar, new(host="pve9"))
    with pytest.raises(InvalidInput, match="there already with the user mon@pve"):
        await add(desk.registrar, new("again", more_hosts="pve8, pve1"))
    await add(desk.registrar, new("other-user", token="ops@pve!x=abc"))
    await add(desk.registrar, new(tenant="beta"))
    with pytest.raises(NotFoundError):
        await add(desk.registrar, new(tenant="nobody"))
    from proxtui.config.vault.edits import Put

    plain = {"endpoints": [{"host": "h"}]}
    many = [Put(("tenants", "acme", "servers", f"s{at}"), plain) for at in range(MOST - 2)]
    desk.registrar.vault.save(*many)
    with pytest.raises(InvalidInput, match="50 servers"):
        await add(desk.registrar, new("last", "pve77"))


async def test_a_change_keeps_what_it_does_not_name(desk: Desk) -> None:
    more = {
        "fingerprints": PIN,
        "jumps": "ops@j1, j2:2222",
        "monitor_token_id": "ro@pve!x",
        "monitor_token_secret": "ro-1",
    }
    entry = await add(desk.registrar, new(more_hosts="pve2, pve3:8007", **more))
    assert [one.label for one in entry.server.endpoints] == ["pve1:8006", "pve2:8006", "pve3:8007"]
    assert entry.has_monitor
    entry = await update(desk.registrar, "prod", ServerChange(host="pve9", timeout_ms=5000))
    assert [one.label for one in entry.server.endpoints] == ["pve9:8006", "pve2:8006", "pve3:8007"]
    assert (entry.server.timeout_ms, len(entry.server.jumps), entry.has_monitor) == (5000, 2, True)
    assert entry.server.credentials.token_secret is not None
    entry = await update(desk.registrar, "acme/prod", ServerChange(jumps=[], more_hosts=[], timeout_ms=None))
    assert (entry.server.jumps, len(entry.server.endpoints), entry.server.timeout_ms) == ((), 1, None)
    entry = await update(desk.registrar, "prod", ServerChange(token_secret=SecretStr("mon@pve!new=xyz")))
    assert entry.server.credentials.token_id == "mon@pve!new"
    await update(desk.registrar, "prod", ServerChange(host="pve9"))
    entry = await update(desk.registrar, "prod", ServerChange(name="main"))
    assert [one.place for one in listed(desk.registrar)] == [Place("acme", "main")]
    assert (await set_active(desk.registrar, "main", False)).is_asked is False
    assert (await delete(desk.registrar, "main")).place == Place("acme", "main")
    with pytest.raises(NotFoundError):
        found(desk.registrar, "main")
    assert desk.done == ["servers.add"] + ["servers.update"] * 5 + ["servers.delete"]
    assert "ro-1" not in repr(desk.journal.entries)


async def test_a_change_of_pins_has_a_name_of_its_own_with_old_and_new_in_whole(desk: Desk) -> None:
    pins = [":".join([f"{number:02X}"] * 32) for number in range(4)]
    await add(desk.registrar, new(fingerprints=[pins[0]]))
    await trusting.pin(desk.registrar, "prod", pins[1:3], beside=True)
    entry = desk.journal.entries[-1]
    assert (entry.event, entry.target_kind, entry.server) == ("tls.pin_added", "server", "prod")
    assert entry.params["fingerprints_before"] == pins[0]
    assert entry.params["fingerprints"] == " ".join(pins[:3])
    await trusting.pin(desk.registrar, "prod", pins[3:])
    entry = desk.journal.entries[-1]
    assert (entry.event, entry.params["fingerprints"]) == ("tls.pin_changed", pins[3])
    assert entry.params["fingerprints_before"] == " ".join(pins[:3])
    await trusting.trust_authority(desk.registrar, "prod", None)
    entry = desk.journal.entries[-1]
    assert (entry.event, entry.params["trust"], entry.params["trust_before"]) == (
        "servers.update", "system", "fingerprint",
    )  # fmt: skip
    await update(desk.registrar, "prod", ServerChange(fingerprints=pins[:1], timeout_ms=9000))
    assert desk.journal.entries[-1].event == "servers.update"


async def test_a_name_of_two_servers_needs_its_tenant(desk: Desk) -> None:
    await add(desk.registrar, new())
    await add(desk.registrar, new(tenant="beta"))
    with pytest.raises(UsageError, match="could be"):
        found(desk.registrar, "prod")
    assert found(desk.registrar, "beta/prod").place.tenant == "beta"
    assert [one.place.tenant for one in listed(desk.registrar, "acme")] == ["acme"]


async def test_what_is_double_already_can_be_switched_off_and_renamed(desk: Desk) -> None:
    await add(desk.registrar, new("one", "pve1"))
    await add(desk.registrar, new("two", "pve2"))
    plain = desk.registrar.vault.plain["tenants"]["acme"]["servers"]["one"]
    twin = Put(("tenants", "acme", "servers", "twin"), {**plain}, is_new=True)
    await desk.registrar.save("servers.add", [twin], tenant="acme", server="twin", about={"name": "twin"})
    assert not (await set_active(desk.registrar, "twin", False)).server.is_active
    assert (await update(desk.registrar, "twin", ServerChange(name="second"))).server.name == "second"
    with pytest.raises(InvalidInput, match="is there already"):
        await update(desk.registrar, "second", ServerChange(host="pve2"))


async def test_a_way_to_another_cluster_is_no_way(desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    told = {"pve1": Identity("prod", frozenset({"n1"})), "pve2": Identity("lab", frozenset({"n1"}))}
    gone: set[str] = set()

    async def identity(config: Any, _tunnel: Any) -> Identity | None:
        return told[config.host]

    async def answers(config: Any, *, no_login: str) -> Diagnosis:
        bad = {"verdict": "route", "version": None}
        return diagnosis(config.endpoint, **(bad if config.host in gone else {}))

    monkeypatch.setattr(checking, "_identity", identity)
    entry = await add(desk.registrar, new(more_hosts="pve2"))
    assert (await check(entry.place, entry.server, answers)).state == "online"
    gone.add("pve1")
    checked = await check(entry.place, entry.server, answers)
    assert (checked.state, checked.exit_code, checked.endpoint) == ("offline", 10, "pve2:8006")
    assert checked.error.startswith("pve2:8006 belongs to cluster lab, not cluster prod: not used. Was it rebuilt")
    await trusting.accept_cluster(desk.registrar, "prod")
    assert (await check(entry.place, entry.server, answers)).state == "online"


def diagnosis(endpoint: str, **more: Any) -> Diagnosis:
    usual = {"stages": (), "verdict": "ok", "advice": "", "version": "8.4.1", "nodes": 3, "certificate": SHOWN}
    return Diagnosis(endpoint=endpoint, **(usual | more))


async def test_each_way_is_tried_and_a_refused_login_once(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def nobody(_config: Any, _tunnel: Any) -> None:
        return None

    monkeypatch.setattr(checking, "_identity", nobody)
    entry = await add(desk.registrar, new(more_hosts="pve2", tailscale_hostname="pve.ts.net"))
    assert [path for path, _ in ways(entry.server)] == ["tailscale", "direct", "direct"]
    asked: list[tuple[str, str]] = []

    async def second(config: Any, *, no_login: str) -> Diagnosis:
        asked.append((config.host, no_login))
        bad = {"verdict": "route", "version": None, "stages": (Stage("connect", "failed", 1.0, "refused"),)}
        return diagnosis(config.endpoint, **({} if config.host == "pve1" else bad))

    checked = await check(entry.place, entry.server, second)
    assert (checked.state, checked.path, checked.endpoint) == ("online", "direct", "pve1:8006")
    assert asked == [("pve.ts.net", ""), ("pve1", "")]

    async def refusing(config: Any, *, no_login: str) -> Diagnosis:
        asked.append((config.host, no_login))
        stage = Stage("login", "skipped" if no_login else "failed", 1.0, "401")
        return diagnosis(config.endpoint, verdict="login", version=None, stages=(stage,))

    asked.clear()
    checked = await check(entry.place, entry.server, refusing)
    assert (checked.state, checked.exit_code) == ("refused", 11)
    assert [bool(no_login) for _, no_login in asked] == [False, True, True]
    with pytest.raises(NotWell) as caught:
        await tried(entry.place, entry.server, refusing)
    assert caught.value.exit_code == 11

    async def strange(config: Any, *, no_login: str) -> Diagnosis:
        stages = (Stage("tls", "failed", 1.0, "not trusted"),)
        return diagnosis(config.endpoint, verdict="tls", is_trusted=False, version=None, stages=stages)

    with pytest.raises(Untrusted) as shown:
        await tried(entry.place, entry.server, strange)
    assert shown.value.certificate["fingerprint"] == PIN
    assert (await check(entry.place, replace(entry.server, is_active=False), strange)).state == "off"


def told(name: str, cluster: str | None, *nodes: str, tenant: str = "acme") -> Checked:
    return Checked(place=Place(tenant, name), state="online", identity=Identity(cluster, frozenset(nodes)))


def test_one_cluster_is_known_by_its_name_and_a_node() -> None:
    checks = [
        told("a", "east", "n1", "n2"),
        told("b", "east", "n2", "n3"),
        told("c", "east", "x1"),
        told("d", "west", "n1"),
        told("e", None, "pve"),
        told("f", None, "pve"),
        told("g", "east", "n1", tenant="beta"),
        Checked(place=Place("acme", "h"), state="offline"),
    ]
    assert one_cluster(checks) == [(Place("acme", "a"), Place("acme", "b"))]


async def test_merge_joins_endpoints_and_pins(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    other = ":".join(["CD"] * 32)
    await add(desk.registrar, new("a", "pve1", fingerprints=PIN))
    await add(desk.registrar, new("b", "pve2", fingerprints=other))
    await add(desk.registrar, new("c", "pve3"))
    clusters = {"a": "east", "b": "east", "c": "west"}

    async def checks(servers: Any, _diagnose: Any = None) -> list[Checked]:
        return [told(place.server, clusters[place.server], "n1") for place, _ in servers]

    monkeypatch.setattr(merging, "check_all", checks)
    with pytest.raises(UsageError, match="not one cluster"):
        await merging.merge(desk.registrar, "a", "c")
    clusters["c"] = "east"
    with pytest.raises(UsageError, match="different ways"):
        await merging.merge(desk.registrar, "a", "c")
    entry = await merging.merge(desk.registrar, "a", "b")
    assert [one.label for one in entry.server.endpoints] == ["pve1:8006", "pve2:8006"]
    assert entry.server.trust.fingerprints == (PIN, other)
    assert [one.place.server for one in listed(desk.registrar)] == ["a", "c"]
    assert desk.done[-1] == "servers.merge"


async def test_pins_are_set_added_and_taken_away(desk: Desk) -> None:
    await add(desk.registrar, new(fingerprints=PIN))
    pins = [":".join([word] * 32) for word in ("01", "02", "03")]
    assert (await trusting.pin(desk.registrar, "prod", pins[:1])).server.trust.fingerprints == (pins[0],)
    with pytest.raises(UsageError, match="only pin"):
        await trusting.unpin(desk.registrar, "prod", pins[0])
    await trusting.pin(desk.registrar, "prod", pins[1:], beside=True)
    with pytest.raises(InvalidInput, match="at most 3"):
        await trusting.pin(desk.registrar, "prod", [PIN], beside=True)
    assert (await trusting.unpin(desk.registrar, "prod", pins[1])).server.trust.fingerprints == (pins[0], pins[2])
    assert (await trusting.trust_authority(desk.registrar, "prod", "/etc/ca.pem")).server.trust.mode == "ca"
    assert (await trusting.trust_authority(desk.registrar, "prod", None)).server.trust.mode == "system"


async def test_a_file_that_others_may_read_is_not_imported(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "s.csv"
    file.write_text("\ufeffName;Host;API token;Timeout\nprod;pve1;mon@pve!x=abc;2.5\n", encoding="utf-8")
    file.chmod(0o640)
    with pytest.raises(UnsafeFile):
        await import_servers(desk.registrar, file, tenant="acme")
    file.chmod(0o600)
    (row,) = await import_servers(desk.registrar, file, tenant="acme", dry_run=True)
    assert (row.line, row.name, row.ok) == (2, "acme/prod", True)
    assert listed(desk.registrar) == []
    await import_servers(desk.registrar, file, tenant="acme")
    assert found(desk.registrar, "prod").server.timeout_ms == 2500


async def test_a_row_tells_what_is_known(desk: Desk) -> None:
    entry = await add(desk.registrar, new())
    checked = Checked(place=entry.place, state="online", path="direct", ms=12.3, version="8.4.1", certificate=SHOWN)
    (row,) = rows_of([entry], [checked], NOW)
    texts = {column.key: column.text(row) for column in COLUMNS}
    assert (texts["status"], texts["path"], texts["ms"], texts["expires"]) == ("online", "direct", "12", "12 d")
    (unasked,) = rows_of([entry])
    assert {column.key: column.text(unasked) for column in COLUMNS}["status"] == "–"
    value = as_json(row)
    assert (value["status"], value["fingerprint"], value["token_id"]) == ("online", PIN, "mon@pve!x")
    assert "abc-def" not in repr(value)
    (off,) = rows_of([replace(entry, tenant_active=False)])
    assert (off.state, off.muted) == ("off", True)
    (shut,) = rows_of([replace(entry, shut="this key does not open it")])
    assert (shut.state, shut.error) == ("closed", "this key does not open it")


async def test_the_learned_timeout_is_chosen_and_given_up(desk: Desk) -> None:
    await add(desk.registrar, new())
    entry = await update(desk.registrar, "prod", ServerChange(use_learned_timeout=True))
    assert entry.server.use_learned_timeout
    entry = await update(desk.registrar, "prod", ServerChange(use_learned_timeout=False))
    assert not entry.server.use_learned_timeout


def test_what_a_server_leaves_open_is_not_left_to_pve() -> None:
    for model in (NewServer, ServerChange):
        for name, field in model.model_fields.items():
            if field.annotation == bool | None:
                assert isinstance(field.json_schema_extra, dict), name
                assert "unsaid" in field.json_schema_extra, name
