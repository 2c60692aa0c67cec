"""The keys that we log in with: one file, or those of the agent and the usual ones in ``~/.ssh``."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncssh

from proxtui.errors import TunnelRefused
from proxtui.pve.sanitize import clean
from proxtui.pve.ssh.hops import Hop, Ours


async def login_options(hop: Hop, ours: Ours) -> dict[str, Any]:
    """What asyncssh needs to log in. ``TunnelRefused`` when ``key_file`` cannot be used.

    With a ``key_file`` neither the agent nor another key is tried: servers count every key as a bad login.
    """
    if hop.key_file is None:
        return {"agent_path": ours.agent}
    # Off the loop: the passphrase of a key is stretched for half a second or more.
    pairs = await asyncio.to_thread(_pairs, hop)
    return {"client_keys": pairs, "agent_path": None}


def _pairs(hop: Hop) -> list[asyncssh.SSHKeyPair]:
    assert hop.key_file is not None  # noqa: S101  asked before
    what = f"key_file {hop.key_file} for {hop.title}"
    try:
        pairs = list(asyncssh.load_keypairs(hop.key_file, hop.key_passphrase))
    except OSError as error:
        raise _refused(hop, f"{what} cannot be read: {error.strerror}") from error
    except asyncssh.KeyEncryptionError as error:
        if hop.key_passphrase is None:
            raise _refused(hop, f"{what} is encrypted: give its key_passphrase, or use the SSH agent") from error
        raise _refused(hop, f"{what} does not open: key_passphrase is wrong") from error
    except (asyncssh.KeyImportError, ValueError) as error:
        if hop.key_passphrase is None and "passphrase" in str(error).lower():
            raise _refused(hop, f"{what} is encrypted: give its key_passphrase, or use the SSH agent") from error
        raise _refused(hop, f"{what} is no private key that can be used: {clean(str(error), limit=80)}") from error
    if not pairs:
        raise _refused(hop, f"{what} holds no private key")
    return pairs


def _refused(hop: Hop, line: str) -> TunnelRefused:
    return TunnelRefused(f"{line}. Nothing was sent", hop=hop.label, kind="login")


async def why_refused(hop: Hop, ours: Ours) -> str:
    """What to look at after a login that was refused."""
    if hop.key_file is not None:
        return f"is the public part of {hop.key_file} in the authorized_keys of {hop.login} there?"
    there = f"is one of its keys in the authorized_keys of {hop.login} there?"
    if ours.agent is None:
        return "there is no SSH agent (SSH_AUTH_SOCK is not set): start one and `ssh-add` a key, or name a key_file"
    agent = asyncssh.SSHAgentClient(ours.agent)
    try:
        async with asyncio.timeout(3):
            held = await agent.get_keys()
    except (ValueError, OSError, TimeoutError):
        return (
            f"no SSH agent answers at SSH_AUTH_SOCK ({ours.agent}): start one and `ssh-add` a key, or name a key_file"
        )
    finally:
        agent.close()
    if not held:
        return "the SSH agent holds no key, or is locked: `ssh-add` one (`ssh-add -X` unlocks), or name a key_file"
    return f"the SSH agent holds {len(held)} keys: {there}"
