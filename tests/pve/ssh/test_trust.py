"""Whom we take a jump host for, who we are there, and what is said when either is refused. No test sends a byte on."""

from __future__ import annotations

import os
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import asyncssh
import pytest

from proxtui.errors import HostKeyError, TunnelError, TunnelRefused
from proxtui.pve.ssh.hops import Hop, Ours
from proxtui.pve.ssh.tunnel import Tunnel
from tests import needs
from tests.pve.ssh.jumps import Home, jump_host, public, written


async def refusal(hops: Sequence[Hop], ours: Ours) -> TunnelError:
    tunnel = Tunnel(hops, ours=ours)
    with pytest.raises(TunnelError) as caught:
        await tunnel.open_connection("127.0.0.1", 9)
    await tunnel.aclose()
    assert "\n" not in str(caught.value)
    return caught.value


async def accepts(hop: Hop, ours: Ours) -> bool:
    """Whether the way as far as behind the hop stands."""
    error = await refusal([hop], ours)
    return error.kind == "target"


async def test_an_unknown_host_is_shown_and_gets_no_login(
    home: Home, user_key: asyncssh.SSHKey, host_key: asyncssh.SSHKey
) -> None:
    async with jump_host([host_key], user_key) as jump:
        error = await refusal([home.hop(jump)], home.ours)
    assert isinstance(error, HostKeyError)
    assert error.kind == "unknown"
    assert error.seen == host_key.get_fingerprint()
    assert f"jump host 127.0.0.1:{jump.port} is not known: it shows {error.seen} (ssh-ed25519)" in str(error)
    assert f"--jump-host-key {error.hop}={error.seen}" in str(error)
    assert jump.logins == []


@pytest.mark.parametrize("pin", ["line", "fingerprint"])
async def test_a_changed_host_key_is_refused_with_both_fingerprints_and_no_way_to_accept_it(
    home: Home, user_key: asyncssh.SSHKey, host_key: asyncssh.SSHKey, other_host_key: asyncssh.SSHKey, pin: str
) -> None:
    wanted = public(other_host_key) if pin == "line" else other_host_key.get_fingerprint()
    async with jump_host([host_key], user_key) as jump:
        error = await refusal([home.hop(jump, wanted)], home.ours)
    assert isinstance(error, HostKeyError)
    assert error.kind == "changed"
    assert error.seen == host_key.get_fingerprint()
    assert error.expected == (other_host_key.get_fingerprint(),)
    assert "HAS CHANGED" in str(error)
    assert "accept" not in str(error)
    assert jump.logins == []


async def test_the_key_of_a_host_with_several_is_found_by_its_fingerprint(
    home: Home, user_key: asyncssh.SSHKey, host_key: asyncssh.SSHKey, other_host_key: asyncssh.SSHKey
) -> None:
    async with jump_host([host_key, other_host_key], user_key) as jump:
        assert await accepts(home.hop(jump, other_host_key.get_fingerprint()), home.ours)
        assert await accepts(home.hop(jump, host_key.get_fingerprint()), home.ours)
        assert await accepts(home.hop(jump, public(other_host_key)), home.ours)


async def test_known_hosts_count_where_nothing_is_configured_port_and_all(
    home: Home, user_key: asyncssh.SSHKey, host_key: asyncssh.SSHKey, other_host_key: asyncssh.SSHKey
) -> None:
    async with jump_host([host_key], user_key) as jump:
        home.knows(f"[127.0.0.1]:{jump.port} {public(host_key)}")
        assert await accepts(home.hop(jump), home.ours)
        assert (await refusal([home.hop(jump, public(other_host_key))], home.ours)).kind == "changed", "host_keys win"
        # The sshd on port 22 is another one.
        home.knows(f"127.0.0.1 {public(host_key)}")
        assert (await refusal([home.hop(jump)], home.ours)).kind == "unknown"
        home.knows(f"[127.0.0.1]:{jump.port} {public(other_host_key)}")
        assert (await refusal([home.hop(jump)], home.ours)).kind == "changed"
        home.knows(
            f"@revoked [127.0.0.1]:{jump.port} {public(host_key)}", f"[127.0.0.1]:{jump.port} {public(host_key)}"
        )
        assert (await refusal([home.hop(jump)], home.ours)).kind == "changed"


async def test_broken_files_and_lines_are_named(
    home: Home, user_key: asyncssh.SSHKey, host_key: asyncssh.SSHKey
) -> None:
    async with jump_host([host_key], user_key) as jump:
        home.knows("@nonsense host key")
        assert "known_hosts is damaged" in str(await refusal([home.hop(jump)], home.ours))
        line = "ssh-ed25519 " + "A" * 60
        assert "no public key" in str(await refusal([home.hop(jump, line)], home.ours))


async def test_the_second_hop_is_judged_too(
    home: Home, user_key: asyncssh.SSHKey, host_key: asyncssh.SSHKey, other_host_key: asyncssh.SSHKey
) -> None:
    async with jump_host([host_key], user_key) as first, jump_host([other_host_key], user_key) as second:
        hops = [home.hop(first, public(host_key)), home.hop(second)]
        error = await refusal(hops, home.ours)
        assert isinstance(error, HostKeyError)
        assert error.hop == f"127.0.0.1:{second.port}"
        assert error.seen == other_host_key.get_fingerprint()
        assert second.logins == []


async def test_a_refused_login_names_the_host_the_name_and_the_key(
    home: Home, host_key: asyncssh.SSHKey, other_host_key: asyncssh.SSHKey
) -> None:
    async with jump_host([host_key], other_host_key) as jump:
        error = await refusal([home.hop(jump, public(host_key))], home.ours)
    assert isinstance(error, TunnelRefused)
    assert error.kind == "login"
    assert f"jump host 127.0.0.1:{jump.port} refused the login of op" in str(error)
    assert str(home.key_file) in str(error)


async def test_without_a_key_file_the_agent_is_asked_and_its_absence_told(
    home: Home, user_key: asyncssh.SSHKey, host_key: asyncssh.SSHKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Keys of whoever runs the tests are none of ours.
    monkeypatch.setenv("HOME", str(home.folder))
    async with jump_host([host_key], user_key) as jump:
        hop = Hop(host="127.0.0.1", port=jump.port, username="op", host_keys=(public(host_key),))
        absent = await refusal([hop], Ours(home.folder / "known_hosts", None))
        assert "there is no SSH agent (SSH_AUTH_SOCK is not set)" in str(absent)
        dead = await refusal([hop], Ours(home.folder / "known_hosts", str(home.folder / "no-agent")))
        assert "no SSH agent answers" in str(dead)
        (home.folder / ".ssh").mkdir()
        written(user_key, home.folder / ".ssh" / "id_ed25519")
        assert await accepts(hop, Ours(home.folder / "known_hosts", None)), "the usual key was not used"


async def test_encrypted_keys_open_with_their_passphrase_only(
    home: Home, user_key: asyncssh.SSHKey, host_key: asyncssh.SSHKey
) -> None:
    locked = written(user_key, home.folder / "locked", "right")
    async with jump_host([host_key], user_key) as jump:

        def hop(passphrase: str | None) -> Hop:
            return Hop(
                host="127.0.0.1",
                port=jump.port,
                username="op",
                host_keys=(public(host_key),),
                key_file=locked,
                key_passphrase=passphrase,
            )

        assert "is encrypted: give its key_passphrase" in str(await refusal([hop(None)], home.ours))
        wrong = await refusal([hop("wrong")], home.ours)
        assert "key_passphrase is wrong" in str(wrong)
        assert "wrong-" not in repr(hop("wrong-secret"))
        assert jump.logins == []
        assert await accepts(hop("right"), home.ours)


async def test_key_files_that_cannot_be_used_are_named(home: Home, user_key: asyncssh.SSHKey) -> None:
    empty = home.folder / "empty"
    empty.write_text("no key")
    for path, said in ((home.folder / "absent", "cannot be read"), (empty, "no private key")):
        hop = Hop(host="127.0.0.1", port=9, key_file=path, host_keys=(public(user_key),))
        assert said in str(await refusal([hop], home.ours))


async def test_a_host_that_is_not_there(home: Home, user_key: asyncssh.SSHKey) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        hop = Hop(host="127.0.0.1", port=port, key_file=home.key_file, host_keys=(public(user_key),))
        error = await refusal([hop], home.ours)
    assert error.kind == "route"
    assert not isinstance(error, TunnelRefused), "it may come back by itself"
    assert f"jump host 127.0.0.1:{port} refused the connection" in str(error)


def test_a_host_is_known_by_its_port_where_that_is_another() -> None:
    assert Hop(host="jump1").known_as == "jump1"
    assert Hop(host="jump1", port=2222).known_as == "[jump1]:2222"
    assert Hop(host="::1", port=22).label == "[::1]:22"


@pytest.fixture
def agent() -> Iterator[str]:
    """The socket of an SSH agent that holds nothing yet."""
    # A path of a socket has 107 signs at the most; pytest's are longer on some machines.
    with tempfile.TemporaryDirectory(prefix="agent") as folder:
        where = f"{folder}/socket"
        with subprocess.Popen(["ssh-agent", "-D", "-a", where], stdout=subprocess.PIPE) as running:
            assert running.stdout is not None
            assert running.stdout.readline(), "it names its socket once it listens"
            yield where
            running.terminate()


def add_to(agent: str, key_file: Path) -> None:
    subprocess.run(["ssh-add", "-q", str(key_file)], env={**os.environ, "SSH_AUTH_SOCK": agent}, check=True)


@needs.programs("ssh-agent", "ssh-add")
async def test_the_keys_of_the_agent_are_used_and_an_empty_one_is_told(
    home: Home, user_key: asyncssh.SSHKey, host_key: asyncssh.SSHKey, agent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(home.folder))
    ours = Ours(home.folder / "known_hosts", agent)
    async with jump_host([host_key], user_key) as jump:
        hop = Hop(host="127.0.0.1", port=jump.port, username="op", host_keys=(public(host_key),))
        assert "holds no key" in str(await refusal([hop], ours))
        add_to(agent, home.key_file)
        assert await accepts(hop, ours)
