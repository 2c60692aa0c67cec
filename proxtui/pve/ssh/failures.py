"""What goes wrong on the way through jump hosts, in one line that names the host and says what to do."""

from __future__ import annotations

import socket

import asyncssh

from proxtui.errors import HostKeyError, TunnelError, TunnelRefused
from proxtui.pve.sanitize import clean
from proxtui.pve.ssh.hops import Hop
from proxtui.pve.ssh.trust import HostTrust

_DENIED = "administratively prohibited"


def untrusted(hop: Hop, trust: HostTrust, shown: asyncssh.SSHKey | None, why: str) -> HostKeyError:
    """The host is not known, or it shows another key than it should."""
    seen = shown.get_fingerprint() if shown is not None else None
    if trust.knows_any or seen is None:
        return _changed(hop, trust, seen, why)
    assert shown is not None  # noqa: S101  it has a fingerprint
    kind = shown.get_algorithm()
    line = (
        f"{hop.title} is not known: it shows {seen} ({kind}). No login was tried. "
        f"If `ssh-keygen -lf /etc/ssh/ssh_host_*_key.pub` on it shows the same, accept it: "
        f"{_accepting(hop, seen, trust)}"
    )
    return HostKeyError(line, hop=hop.label, kind="unknown", seen=seen)


def _accepting(hop: Hop, seen: str, trust: HostTrust) -> str:
    if hop.is_end:
        return f"put that key into {trust.source} as one of {hop.known_as}"
    return f"`proxtui servers update SERVER --jump-host-key {hop.label}={seen}`, or its line in {trust.source}"


def _changed(hop: Hop, trust: HostTrust, seen: str | None, why: str) -> HostKeyError:
    expected = trust.expected
    shows = f"it shows {seen}" if seen else clean(why, limit=80)
    line = f"THE HOST KEY OF {hop.title} HAS CHANGED: {shows}"
    if expected:
        line += f", expected {' or '.join(expected)} ({trust.source})"
    line += (
        ". No login was tried. Somebody may be in between, or the host was set up anew: ask those who run it; "
        "only then replace the old key there by hand"
    )
    return HostKeyError(line, hop=hop.label, kind="changed", seen=seen, expected=expected)


def refused_login(hop: Hop, hint: str) -> TunnelRefused:
    """Nobody let us in."""
    return TunnelRefused(f"{hop.title} refused the login of {hop.login}: {hint}", hop=hop.label, kind="login")


def unreachable(hop: Hop, before: Hop | None, error: BaseException, seconds: float) -> TunnelError:
    """There was no SSH connection to ``hop``, seen from the hop ``before`` it or from here."""
    who = f"{hop.title}" + (f" (through {before.label})" if before else "")
    if isinstance(error, socket.gaierror):
        return _error(hop, f"{who}: unknown host: {clean(error.strerror or 'the name does not resolve')}", "name")
    if isinstance(error, asyncssh.ChannelOpenError):
        return _no_channel(hop, before or hop, error)
    if isinstance(error, TimeoutError):
        return _error(hop, f"{who} does not answer: no SSH login within {seconds:g} s", "route")
    if isinstance(error, ConnectionRefusedError):
        return _error(hop, f"{who} refused the connection: does sshd run there?", "route")
    if isinstance(error, OSError):
        return _error(hop, f"{who}: {clean(error.strerror or 'no connection')}", "route")
    if isinstance(error, asyncssh.ConnectionLost):
        return _error(hop, f"{who} closed the connection before the login was done", "route")
    return _error(hop, f"{who}: SSH failed: {clean(str(error), limit=120)}", "route")


def no_way(host: str, port: int, last: Hop, error: BaseException, seconds: float) -> TunnelError:
    """The last hop got no connection to the endpoint."""
    target = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    if isinstance(error, asyncssh.ChannelOpenError):
        if error.code == asyncssh.OPEN_ADMINISTRATIVELY_PROHIBITED or _DENIED in error.reason.lower():
            return _forbidden(last, target)
        return _error(last, f"{last.title} cannot reach {target}: {clean(error.reason, limit=80)}", "target")
    if isinstance(error, TimeoutError):
        return _error(last, f"{target} does not answer {last.title} within {seconds:g} s", "target")
    return lost(last)


def lost(hop: Hop) -> TunnelError:
    """The connection to a jump host ended while it was in use."""
    return _error(hop, f"the connection to {hop.title} broke off; it is opened again with the next poll", "route")


def _no_channel(hop: Hop, before: Hop, error: asyncssh.ChannelOpenError) -> TunnelError:
    if error.code == asyncssh.OPEN_ADMINISTRATIVELY_PROHIBITED or _DENIED in error.reason.lower():
        return _forbidden(before, hop.label)
    why = clean(error.reason, limit=80)
    return _error(hop, f"{before.title} cannot reach {hop.title}: {why}", "route")


def _forbidden(hop: Hop, target: str) -> TunnelRefused:
    line = f"{hop.title} forbids the way to {target}: AllowTcpForwarding and PermitOpen in its sshd_config"
    return TunnelRefused(line, hop=hop.label, kind="route")


def _error(hop: Hop, line: str, kind: str) -> TunnelError:
    return TunnelError(line, hop=hop.label, kind=kind)
