"""Servers behind jump hosts: what a change keeps of them, and a check that goes through them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import asyncssh
import pytest

from proxtui.config.models import Place
from proxtui.errors import HostKeyError, InvalidInput, UsageError
from proxtui.features.servers import trusting
from proxtui.features.servers.checking import check, pass_jump_hosts, tried
from proxtui.features.servers.models import NewServer, ServerChange
from proxtui.features.servers.service import add, made_of, update
from proxtui.features.servers.spelling import plain_server
from proxtui.pve.probes import TunnelNetwork
from proxtui.pve.stages import Diagnosis, Stage
from tests.pve.ssh.conftest import host_key, user_key  # noqa: F401  keys that are made once
from tests.pve.ssh.jumps import jump_host, public, written

from .registrars import Desk

KEY, OTHER = f"SHA256:{'A' * 43}", f"SHA256:{'B' * 43}"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path, "acme")


def new(**more: Any) -> NewServer:
    return NewServer(**({"tenant": "acme", "name": "prod", "host": "pve1", "token_secret": "mon@pve!x=abc"} | more))


async def test_a_jump_host_that_stays_keeps_its_keys_and_its_login(desk: Desk) -> None:
    said = {"jump_host_keys": [f"j1={KEY}", f"j1={OTHER}", f"j2:2222={OTHER}"], "jump_key_files": ["j1=/k/one"]}
    entry = await add(desk.registrar, new(jumps="ops@j1, me@j2:2222", **said))
    assert [one.host_keys for one in entry.server.jumps] == [(KEY, OTHER), (OTHER,)]
    entry = await update(desk.registrar, "prod", ServerChange(jumps=["ops@j0", "j1", "you@j2:2222"]))
    told = [(one.username, one.host_keys, str(one.key_file or "")) for one in entry.server.jumps]
    assert told == [("ops", (), ""), ("ops", (KEY, OTHER), "/k/one"), ("you", (OTHER,), "")]
    entry = await update(desk.registrar, "prod", ServerChange(jump_host_keys=[f"j0={KEY}"], timeout_ms=2000))
    assert [len(one.host_keys) for one in entry.server.jumps] == [1, 2, 1]
    assert (await update(desk.registrar, "prod", ServerChange(jumps=[]))).server.jumps == ()


async def test_a_passphrase_stays_with_its_key_file_and_goes_with_it(desk: Desk) -> None:
    from proxtui.config.vault.edits import Put

    await add(desk.registrar, new(jumps="ops@j1", jump_key_files=["/k/one"]))
    plain = desk.registrar.vault.plain["tenants"]["acme"]["servers"]["prod"]
    hop = plain["jumps"][0] | {"key_passphrase": "Zebra-Phrase-9"}
    desk.registrar.vault.save(Put(("tenants", "acme", "servers", "prod"), {**plain, "jumps": [hop]}))
    entry = await update(desk.registrar, "prod", ServerChange(jumps=["ops@j1", "ops@j2"]))
    held = entry.server.jumps[0].key_passphrase
    assert held is not None
    assert held.get_secret_value() == "Zebra-Phrase-9"
    entry = await update(desk.registrar, "prod", ServerChange(jump_key_files=["j1=/k/two"]))
    assert entry.server.jumps[0].key_passphrase is None
    assert "Zebra" not in repr(desk.journal.entries)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"jump_host_keys": ["nonsense"], "jumps": "j1"}, "jump_host_keys"),
        ({"jump_host_keys": ["SHA256:short"], "jumps": "j1"}, "jump_host_keys"),
        ({"jump_host_keys": [KEY]}, "jump_host_keys"),
        ({"jump_host_keys": [KEY], "jumps": "j1, j2"}, "jump_host_keys"),
        ({"jump_host_keys": [f"j3={KEY}"], "jumps": "j1, j2"}, "jump_host_keys"),
        ({"jump_key_files": ["/k"], "jumps": "j1, j2"}, "jump_key_files"),
    ],
)
def test_a_key_of_no_jump_host_is_told_at_its_field(wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        plain_server(new(**wrong))
    assert caught.value.field == field


SHOWN: Any = object()


class Behind:
    """Stands for ``diagnose``: stands the way, and answers for each endpoint what it is told."""

    def __init__(self, *verdicts: str) -> None:
        self.verdicts, self.asked = list(verdicts), []  # type: ignore[var-annotated]

    async def __call__(self, config: Any, *, no_login: str = "", network: Any = None) -> Diagnosis:
        self.asked.append((config.endpoint, type(network), no_login))
        verdict = self.verdicts[len(self.asked) - 1]
        if verdict == "ssh":
            with pytest.raises(HostKeyError):
                await network.tunnel.stand()
        stages = (Stage("login", "failed", None, ""),) if verdict == "login" else ()
        return Diagnosis(
            endpoint=config.endpoint,
            stages=stages,
            verdict=verdict,  # type: ignore[arg-type]
            advice="",
            certificate=SHOWN,
            is_trusted=False if verdict == "tls" else None,
        )


async def test_endpoints_behind_jump_hosts_are_asked_in_turn_through_one_tunnel(desk: Desk) -> None:
    extra = {"more_hosts": "pve2", "tailscale_hostname": "pve.ts.net"}
    entry = await add(desk.registrar, new(jumps="ops@jump", jump_host_keys=[KEY], **extra))
    behind = Behind("route", "tls", "login")
    checked = await check(entry.place, entry.server, behind)
    assert [(who, kind is TunnelNetwork) for who, kind, _ in behind.asked] == [
        ("pve.ts.net:8006", False),
        ("pve1:8006", True),
        ("pve2:8006", True),
    ]
    assert (checked.state, checked.path) == ("offline", "tailscale")
    behind = Behind("route", "login", "route")
    await check(entry.place, entry.server, behind)
    assert "not sent again" in behind.asked[2][2]
    with pytest.raises(UsageError, match="behind jump hosts"):
        await trusting.look(entry.server)


async def test_a_certificate_that_is_not_trusted_is_shown_through_the_jump_hosts(desk: Desk) -> None:
    entry = await add(desk.registrar, new(jumps="ops@jump", jump_host_keys=[KEY]))
    checked = await check(entry.place, entry.server, Behind("tls"))
    assert (checked.state, checked.path, checked.certificate) == ("untrusted", "ssh", SHOWN)


async def test_a_jump_host_that_nobody_knows_ends_a_check_and_tells_its_key(
    user_key: asyncssh.SSHKey,  # noqa: F811
    host_key: asyncssh.SSHKey,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    key = written(user_key, tmp_path / "key")
    async with jump_host([host_key], user_key) as jump:
        said = {"jumps": f"op@127.0.0.1:{jump.port}", "jump_key_files": [str(key)], "more_hosts": "pve2"}
        server = made_of("acme", "prod", plain_server(new(**said)))
        behind = Behind("ssh", "ssh")
        with pytest.raises(HostKeyError) as caught:
            await tried(Place("acme", "prod"), server, behind)
        assert (caught.value.seen, caught.value.kind) == (host_key.get_fingerprint(), "unknown")
        assert len(behind.asked) == 1, "the second endpoint is behind the same stranger"
        with pytest.raises(HostKeyError):
            await pass_jump_hosts(server)
        assert jump.logins == []
        known = made_of("acme", "prod", plain_server(new(**said, jump_host_keys=[public(host_key)])))
        await pass_jump_hosts(known)
        assert jump.logins == ["op"]
